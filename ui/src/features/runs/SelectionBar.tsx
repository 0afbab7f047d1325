import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button } from "../../parts/basics";
import { counted } from "../../parts/format";
import { to } from "../../parts/router";
import { say } from "../../parts/toast";
import { send } from "../../wire/send";

/** What can be done with the selected runs. */
export function SelectionBar(props: {
  experimentId: string;
  selected: ReadonlySet<string>;
  deleted: boolean;
  clear: () => void;
}) {
  const { selected, clear } = props;
  const { deleting, restoring } = useRunStage();
  if (selected.size === 0) return null;
  const ids = [...selected];
  const busy = deleting.isPending || restoring.isPending;
  return (
    <div className="selection" data-testid="selection">
      <span>{counted(selected.size, "run")} selected</span>
      {selected.size > 1 && (
        <a
          className="button"
          href={to(["compare-runs"], { runs: JSON.stringify(ids), experiments: JSON.stringify([props.experimentId]) })}
        >
          Compare
        </a>
      )}
      {props.deleted ? (
        <Button icon="restore" disabled={busy} onClick={() => restoring.mutate(ids, { onSuccess: clear })}>
          Restore
        </Button>
      ) : (
        <Button icon="trash" disabled={busy} onClick={() => deleting.mutate(ids, { onSuccess: clear })}>
          Delete
        </Button>
      )}
      <Button look="quiet" icon="close" aria-label="Clear the selection" onClick={clear} />
    </div>
  );
}

/** Deleting runs, which can be taken back, and restoring them. */
export function useRunStage() {
  const client = useQueryClient();
  const refresh = () =>
    Promise.all([client.invalidateQueries({ queryKey: ["runs"] }), client.invalidateQueries({ queryKey: ["run"] })]);
  const restoring = useMutation({
    mutationFn: async (ids: string[]) => {
      await each(ids, (id) => send("RestoreRun", { run_id: id }));
      await refresh();
      say(`Restored ${counted(ids.length, "run")}.`);
    },
  });
  const deleting = useMutation({
    mutationFn: async (ids: string[]) => {
      await each(ids, (id) => send("DeleteRun", { run_id: id }));
      await refresh();
      say(`Deleted ${counted(ids.length, "run")}.`, () => restoring.mutate(ids));
    },
  });
  return { deleting, restoring };
}

const AT_ONCE = 4;

/** Do something with each, a few at a time. */
async function each(ids: readonly string[], act: (id: string) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < ids.length; start += AT_ONCE) await Promise.all(ids.slice(start, start + AT_ONCE).map(act));
}
