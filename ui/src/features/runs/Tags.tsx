import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { RunTag } from "../../generated/calls";
import { Button } from "../../parts/basics";
import { send } from "../../wire/send";

/** A run's own tags: shown, added, removed. */
export function Tags({ runId, tags }: { runId: string; tags: RunTag[] }) {
  const [adding, add] = useState(false);
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: ["run", runId] });
  const set = useMutation({
    mutationFn: (tag: { key: string; value: string }) => send("SetTag", { run_id: runId, ...tag }),
    onSuccess: refresh,
  });
  const remove = useMutation({
    mutationFn: (key: string) => send("DeleteTag", { run_id: runId, key }),
    onSuccess: refresh,
  });
  return (
    <section className="card" aria-label="Tags">
      <div className="card-head">
        <h2>Tags</h2>
        {!adding && <Button look="quiet" icon="plus" aria-label="Add a tag" onClick={() => add(true)} />}
      </div>
      {tags.length === 0 && !adding && <p className="none faint">No tags.</p>}
      <div className="chips padded">
        {tags.map((tag) => (
          <span className="chip" key={tag.key} data-testid="tag">
            {tag.key} <b>{tag.value}</b>
            <Button look="quiet" icon="close" aria-label={`Remove the tag ${tag.key}`} onClick={() => remove.mutate(tag.key)} />
          </span>
        ))}
      </div>
      {adding && <AddTag add={(tag) => set.mutate(tag)} close={() => add(false)} />}
    </section>
  );
}

function AddTag({ add, close }: { add: (tag: { key: string; value: string }) => void; close: () => void }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add({ key, value });
    close();
  };
  return (
    <form className="add-tag" onSubmit={submit} onKeyDown={(event) => event.key === "Escape" && close()}>
      <input className="field" aria-label="Key of the tag" placeholder="key" autoFocus value={key} onChange={(event) => setKey(event.target.value)} />
      <input className="field" aria-label="Value of the tag" placeholder="value" value={value} onChange={(event) => setValue(event.target.value)} />
      <Button type="submit" look="primary" icon="check" aria-label="Save the tag" disabled={!key} />
      <Button look="quiet" icon="close" aria-label="Cancel" onClick={close} />
    </form>
  );
}
