import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Run } from "../../generated/calls";
import { Empty, Failure, Page, Skeleton, Tabs } from "../../parts/basics";
import { Live } from "../../parts/Live";
import { to, useTitle } from "../../parts/router";
import { useChanges, useThrottled } from "../../wire/live";
import { address, send } from "../../wire/send";
import { ArtifactsView } from "../artifacts/ArtifactsView";
import { useExperiment } from "../experiments/queries";
import { MetricCharts } from "../metrics/MetricCharts";
import { data, runName } from "./fields";
import { Overview } from "./Overview";
import { latestOf } from "./RunsCharts";
import { RunMenu } from "./RunMenu";
import { Status } from "./Status";
import "./runs.css";
import "./run.css";

const CHANGE_GAP_MS = 250;
const SYSTEM = "system/";

/** One run. */
export default function RunPage(props: { experimentId: string; runId: string; tab: string; path: string }) {
  const { runId } = props;
  const client = useQueryClient();
  const found = useQuery({
    queryKey: ["run", runId],
    queryFn: async ({ signal }) => (await send("GetRun", { run_id: runId }, signal)).run,
    placeholderData: keepPreviousData,
  });
  const refresh = useThrottled(() => void client.invalidateQueries({ queryKey: ["run", runId] }), CHANGE_GAP_MS);
  const liveness = useChanges({ run_id: runId }, refresh);
  const run = found.data;
  const experimentId = run?.info.experiment_id ?? props.experimentId;
  const experiment = useExperiment(experimentId).data;
  useTitle(run && runName(run), experiment?.name);
  const crumbs = [
    { label: "Experiments", href: to(["experiments"]) },
    { label: experiment?.name ?? experimentId, href: to(["experiments", experimentId, "runs"]) },
    { label: run ? runName(run) : runId },
  ];
  if (!run) {
    return (
      <Page crumbs={crumbs} title="Run">
        {found.error ? <Failure error={found.error} retry={() => void found.refetch()} /> : <Skeleton />}
      </Page>
    );
  }
  return (
    <Page
      crumbs={crumbs}
      title={
        <>
          {runName(run)} <Status status={run.info.status} word />
          {run.info.lifecycle_stage === "deleted" && <span className="chip">deleted</span>}
        </>
      }
      actions={
        <>
          <Live state={liveness} />
          <RunMenu run={run} />
        </>
      }
    >
      {found.error && <Failure error={found.error} retry={() => void found.refetch()} />}
      <Rooms run={run} experimentId={experimentId} tab={props.tab} path={props.path} />
    </Page>
  );
}

function Rooms({ run, experimentId, tab, path }: { run: Run; experimentId: string; tab: string; path: string }) {
  const names = useMemo(() => [...data(run).metrics.keys()].sort((a, b) => a.localeCompare(b)), [run]);
  const own = names.filter((name) => !name.startsWith(SYSTEM));
  const system = names.filter((name) => name.startsWith(SYSTEM));
  const base = ["experiments", experimentId, "runs", run.info.run_id];
  const room = tab === "model-metrics" || tab === "system-metrics" ? tab : /^artifact/.test(tab) ? "artifacts" : "";
  const link = (label: string, name: string, count?: number) => ({
    label,
    href: to(name ? [...base, name] : base),
    current: room === name,
    count,
  });
  const traced = useMemo(() => [{ id: run.info.run_id, name: runName(run), colour: 0 }], [run.info.run_id]);
  return (
    <>
      <Tabs
        items={[
          link("Overview", ""),
          link("Metrics", "model-metrics", own.length),
          ...(system.length ? [link("System", "system-metrics", system.length)] : []),
          link("Artifacts", "artifacts"),
        ]}
      />
      {room === "" && <Overview run={run} experimentId={experimentId} />}
      {room === "artifacts" && (
        <ArtifactsView owner={{ run: run.info.run_id }} path={path} href={(next) => to([...base, "artifacts", ...next.split("/").filter(Boolean)])} />
      )}
      {(room === "model-metrics" || room === "system-metrics") &&
        (room === "model-metrics" ? own : system).length > 0 && (
          <MetricCharts
            runs={traced}
            metrics={room === "model-metrics" ? own : system}
            latest={(metric) => latestOf(run, metric)}
          />
        )}
      {room === "model-metrics" && own.length === 0 && (
        <Empty
          title="No metrics yet"
          code={[
            "import headrace",
            `headrace.set_tracking_uri("${address("").replace(/\/$/, "")}")`,
            `with headrace.start_run(run_id="${run.info.run_id}"): headrace.log_metric("loss", 0.5, step=1)`,
          ].join("\n")}
        >
          A chart appears here with the first point:
        </Empty>
      )}
    </>
  );
}
