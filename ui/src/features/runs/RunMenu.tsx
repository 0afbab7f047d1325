import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Run } from "../../generated/calls";
import { Button } from "../../parts/basics";
import { Dialog } from "../../parts/dialog";
import { Popover } from "../../parts/popover";
import { send } from "../../wire/send";
import { NOTE, tagOf } from "../experiments/queries";
import { runName } from "./fields";
import { useRunStage } from "./SelectionBar";

/** What can be done with a run as a whole. */
export function RunMenu({ run }: { run: Run }) {
  const [asked, ask] = useState<"name" | "note" | null>(null);
  const { deleting, restoring } = useRunStage();
  const id = run.info.run_id;
  if (run.info.lifecycle_stage === "deleted") {
    return (
      <Button icon="restore" disabled={restoring.isPending} onClick={() => restoring.mutate([id])}>
        Restore
      </Button>
    );
  }
  return (
    <>
      <Popover label="More about this run" icon="more" iconOnly>
        {(close) => (
          <div className="menu">
            <button type="button" onClick={() => (close(), ask("name"))}>
              Rename…
            </button>
            <button type="button" onClick={() => (close(), ask("note"))}>
              Edit note…
            </button>
            <button type="button" onClick={() => (close(), deleting.mutate([id]))}>
              Delete
            </button>
          </div>
        )}
      </Popover>
      {asked === "name" && (
        <Ask
          run={run}
          title="Rename run"
          label="Name"
          start={runName(run)}
          needed
          save={(run_name) => send("UpdateRun", { run_id: id, run_name })}
          close={() => ask(null)}
        />
      )}
      {asked === "note" && (
        <Ask
          run={run}
          title="Note"
          label="Markdown"
          start={tagOf(run.data?.tags, NOTE)}
          long
          save={(value) => send("SetTag", { run_id: id, key: NOTE, value })}
          close={() => ask(null)}
        />
      )}
    </>
  );
}

function Ask(props: {
  run: Run;
  title: string;
  label: string;
  start: string;
  needed?: boolean;
  long?: boolean;
  save: (value: string) => Promise<unknown>;
  close: () => void;
}) {
  const [value, setValue] = useState(props.start);
  const client = useQueryClient();
  const saving = useMutation({
    mutationFn: () => props.save(value),
    onSuccess: () => client.invalidateQueries({ queryKey: ["run", props.run.info.run_id] }),
    onError: () => undefined,
  });
  const field = {
    className: "field",
    autoFocus: true,
    value,
    onChange: (event: { target: { value: string } }) => setValue(event.target.value),
  };
  return (
    <Dialog
      title={props.title}
      action="Save"
      busy={saving.isPending || (props.needed && !value.trim())}
      error={saving.error}
      onSubmit={() => saving.mutate(undefined, { onSuccess: props.close })}
      onClose={props.close}
    >
      <label className="labelled">
        {props.label}
        {props.long ? <textarea rows={10} {...field} /> : <input {...field} />}
      </label>
    </Dialog>
  );
}
