import { useMemo } from "react";
import type { Run } from "../../generated/calls";
import { counted } from "../../parts/format";
import { MetricCharts } from "../metrics/MetricCharts";
import { fieldsOf, runName } from "./fields";

const DRAWN = 10;

/** The curves of the selected runs, or of the first few. */
export function RunsCharts({ runs, selected }: { runs: Run[]; selected: ReadonlySet<string> }) {
  const drawn = useMemo(() => {
    const wanted = selected.size ? runs.filter((run) => selected.has(run.info.run_id)) : runs;
    return wanted.slice(0, selected.size ? 100 : DRAWN);
  }, [runs, selected]);
  const traced = useMemo(
    () => drawn.map((run, index) => ({ id: run.info.run_id, name: runName(run), colour: index })),
    [drawn],
  );
  const metrics = useMemo(() => fieldsOf(drawn).metrics.map((one) => one.name), [drawn]);
  const latest = (metric: string) => drawn.map((run) => latestOf(run, metric)).join(" ");
  return (
    <div className="runs-charts" tabIndex={0} role="group" aria-label="Charts of runs">
      <p className="small soft hint">
        {selected.size ? counted(traced.length, "selected run") : `The first ${counted(traced.length, "run")} of the table`}
      </p>
      <MetricCharts runs={traced} metrics={metrics} latest={latest} />
    </div>
  );
}

/** Something that changes whenever a metric has a new last point. */
export function latestOf(run: Run, metric: string): string {
  const found = run.data?.metrics?.find((each) => each.key === metric);
  return found ? `${found.step}:${found.timestamp}:${found.value}` : "";
}
