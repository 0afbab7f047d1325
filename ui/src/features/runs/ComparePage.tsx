import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { Run } from "../../generated/calls";
import { Empty, Failure, Page, Skeleton } from "../../parts/basics";
import { measure } from "../../parts/format";
import { setQuery, to, usePlace, useTitle } from "../../parts/router";
import { send } from "../../wire/send";
import { useExperiment } from "../experiments/queries";
import { MetricCharts } from "../metrics/MetricCharts";
import { data, fieldsOf, runName } from "./fields";
import { latestOf } from "./RunsCharts";
import "./runs.css";
import "./compare.css";

const MOST = 100;

/** Runs side by side: what differs between them, and their curves over each other. */
export default function ComparePage() {
  const { query } = usePlace();
  const ids = list(query.get("runs")).slice(0, MOST);
  const experiments = list(query.get("experiments"));
  const everything = query.get("all") === "yes";
  useTitle("Compare runs");
  const found = useQuery({
    queryKey: ["runs", "compared", ids],
    queryFn: ({ signal }) => Promise.all(ids.map(async (id) => (await send("GetRun", { run_id: id }, signal)).run)),
    enabled: ids.length > 0,
  });
  const home = experiments[0] ?? found.data?.[0]?.info.experiment_id ?? "0";
  const experiment = useExperiment(home).data;
  const runs = found.data ?? [];
  const traced = useMemo(
    () => (found.data ?? []).map((run, index) => ({ id: run.info.run_id, name: runName(run), colour: index })),
    [found.data],
  );
  const fields = useMemo(() => fieldsOf(found.data ?? []), [found.data]);
  return (
    <Page
      crumbs={[
        { label: "Experiments", href: to(["experiments"]) },
        { label: experiment?.name ?? home, href: to(["experiments", home, "runs"]) },
        { label: "Compare" },
      ]}
      title={`Compare ${ids.length} runs`}
      actions={
        <label className="switch">
          <input
            type="checkbox"
            checked={!everything}
            onChange={(event) => setQuery({ all: event.target.checked ? "" : "yes" })}
          />
          Only differences
        </label>
      }
    >
      {found.error && <Failure error={found.error} retry={() => void found.refetch()} />}
      {ids.length === 0 && <Empty title="No runs to compare">Select some in the table of an experiment.</Empty>}
      {found.isLoading && <Skeleton />}
      {runs.length > 0 && (
        <>
          <div className="card scroll compared" tabIndex={0} role="group" aria-label="Params and metrics of the runs">
            <table className="list">
              <thead>
                <tr>
                  <th scope="col">
                    <span className="hidden">Name</span>
                  </th>
                  {runs.map((run, index) => (
                    <th scope="col" key={run.info.run_id}>
                      <span className={`swatch c${(index % 12) + 1}`} />{" "}
                      <a href={to(["experiments", run.info.experiment_id, "runs", run.info.run_id])}>{runName(run)}</a>
                    </th>
                  ))}
                </tr>
              </thead>
              <Section title="Params" runs={runs} names={fields.params.map((one) => one.name)} all={everything} value={(run, name) => data(run).params.get(name)} />
              <Section
                title="Metrics"
                runs={runs}
                names={fields.metrics.map((one) => one.name)}
                all={everything}
                value={(run, name) => data(run).metrics.get(name)}
                show={(value) => (typeof value === "number" ? <span title={String(value)}>{measure(value)}</span> : value)}
              />
              <Section title="Tags" runs={runs} names={fields.tags.map((one) => one.name)} all={everything} value={(run, name) => data(run).tags.get(name)} />
            </table>
          </div>
          <MetricCharts
            runs={traced}
            metrics={fields.metrics.map((one) => one.name)}
            latest={(metric) => runs.map((run) => latestOf(run, metric)).join(" ")}
          />
        </>
      )}
    </Page>
  );
}

function Section<V extends string | number>(props: {
  title: string;
  runs: Run[];
  names: string[];
  all: boolean;
  value: (run: Run, name: string) => V | undefined;
  show?: (value: V | undefined) => ReactNode;
}) {
  const { runs, value, show } = props;
  const differs = (name: string) => new Set(runs.map((run) => value(run, name))).size > 1;
  const names = props.all ? props.names : props.names.filter(differs);
  const equal = props.names.length - names.length;
  if (props.names.length === 0) return null;
  return (
    <tbody>
      <tr className="section-row">
        <th scope="rowgroup" colSpan={runs.length + 1}>
          {props.title} {equal > 0 && <span className="faint">{equal} equal</span>}
        </th>
      </tr>
      {names.map((name) => (
        <tr key={name} className={differs(name) ? "differs" : ""}>
          <th scope="row">{name}</th>
          {runs.map((run) => {
            const found = value(run, name);
            return (
              <td key={run.info.run_id} className="num">
                {found === undefined ? <span className="faint">–</span> : show ? show(found) : found}
              </td>
            );
          })}
        </tr>
      ))}
    </tbody>
  );
}

function list(text: string | null): string[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.map(String) : [];
  } catch {
    return [];
  }
}
