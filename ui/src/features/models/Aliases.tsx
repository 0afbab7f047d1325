import { type FormEvent, useState } from "react";
import type { RegisteredModelAlias } from "../../generated/calls";
import { Button } from "../../parts/basics";
import { Popover } from "../../parts/popover";
import { send } from "../../wire/send";
import { useModelChange } from "./queries";

/** The names that point at a version: shown, added, removed. */
export function Aliases(props: { name: string; version: string; aliases: string[]; all: RegisteredModelAlias[] }) {
  const { name, version } = props;
  const remove = useModelChange((alias: string) => send("DeleteRegisteredModelAlias", { name, alias }));
  return (
    <div className="chips aliases">
      {props.aliases.map((alias) => (
        <span className="chip alias" key={alias} data-testid="alias">
          @{alias}
          <Button look="quiet" icon="close" aria-label={`Remove the alias ${alias}`} onClick={() => remove.mutate(alias)} />
        </span>
      ))}
      <Popover label={`Add an alias to version ${version}`} icon="plus" quiet iconOnly>
        {(close) => <Add name={name} version={version} all={props.all} close={close} />}
      </Popover>
    </div>
  );
}

function Add({ name, version, all, close }: { name: string; version: string; all: RegisteredModelAlias[]; close: () => void }) {
  const [alias, setAlias] = useState("");
  const set = useModelChange(() => send("SetRegisteredModelAlias", { name, alias, version }), true);
  const elsewhere = all.find((each) => each.alias === alias && each.version !== version);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set.mutate(undefined, { onSuccess: close });
  };
  return (
    <form className="add-alias" onSubmit={submit}>
      <div className="add-tag">
        <input
          className="field"
          aria-label="Alias"
          placeholder="champion"
          value={alias}
          onChange={(event) => setAlias(event.target.value)}
        />
        <Button type="submit" look="primary" disabled={!alias || set.isPending}>
          Set
        </Button>
      </div>
      {elsewhere && (
        <p className="small soft">
          Now at version {elsewhere.version}; it moves to version {version}.
        </p>
      )}
      {set.error && (
        <p className="small" role="alert">
          {set.error.message}
        </p>
      )}
    </form>
  );
}
