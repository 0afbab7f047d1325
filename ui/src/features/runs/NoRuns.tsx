import { Empty } from "../../parts/basics";
import { setQuery } from "../../parts/router";
import { address } from "../../wire/send";
import { useExperiment } from "../experiments/queries";

/** Why there is no run to see, and how to change that. */
export function NoRuns(props: { experimentId: string; filter: string; deleted: boolean }) {
  const experiment = useExperiment(props.experimentId);
  if (props.filter) {
    return (
      <Empty title="No run matches">
        The filter <code>{props.filter}</code> leaves nothing.{" "}
        <button type="button" className="text-button" onClick={() => setQuery({ searchFilter: "" })}>
          Clear it
        </button>
      </Empty>
    );
  }
  if (props.deleted) return <Empty title="Nothing was deleted">Deleted runs wait here to be restored.</Empty>;
  const name = experiment.data?.name ?? props.experimentId;
  return (
    <Empty
      title="No runs yet"
      code={[
        "import headrace",
        `headrace.set_tracking_uri("${address("").replace(/\/$/, "")}")`,
        `headrace.set_experiment(${JSON.stringify(name)})`,
        `with headrace.start_run(): headrace.log_metric("loss", 0.5)`,
      ].join("\n")}
    >
      This page shows the first one as soon as it begins:
    </Empty>
  );
}
