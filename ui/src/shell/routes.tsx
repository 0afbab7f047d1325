import { lazy, useEffect } from "react";
import { ExperimentsPage } from "../features/experiments/ExperimentsPage";
import { Empty } from "../parts/basics";
import { go, type Place, to } from "../parts/router";

const ExperimentPage = lazy(() => import("../features/experiments/ExperimentPage"));
const RunPage = lazy(() => import("../features/runs/RunPage"));
const RunById = lazy(() => import("../features/runs/RunById"));
const ComparePage = lazy(() => import("../features/runs/ComparePage"));
const LoggedModelPage = lazy(() => import("../features/models/LoggedModelPage"));
const ModelsPage = lazy(() => import("../features/models/ModelsPage"));
const ModelPage = lazy(() => import("../features/models/ModelPage"));
const VersionPage = lazy(() => import("../features/models/VersionPage"));

/** The page at a place. */
export function Room({ place }: { place: Place }) {
  const [room, id, part, child, ...rest] = place.segments;
  if (room === undefined || room === "home") return <ExperimentsPage />;
  if (room === "experiments") {
    if (id === undefined || id === "s") return <ExperimentsPage />;
    if (part === "runs" && child) {
      return <RunPage key={child} experimentId={id} runId={child} tab={rest[0] ?? ""} path={rest.slice(1).join("/")} />;
    }
    if (part === "models" && child) {
      return <LoggedModelPage key={child} experimentId={id} modelId={child} path={rest.slice(1).join("/")} />;
    }
    if (part === undefined || part === "runs" || part === "models") {
      return <ExperimentPage key={id} id={id} tab={part ?? "runs"} />;
    }
    return <Forward href={to(["experiments", id, "runs"])} />;
  }
  if (room === "runs" && id) return <RunById id={id} />;
  if (room === "compare-runs") return <ComparePage />;
  if (room === "models") {
    if (id === undefined) return <ModelsPage />;
    if (part === "versions" && child) return <VersionPage key={`${id}/${child}`} name={id} version={child} />;
    return <ModelPage key={id} name={id} />;
  }
  return (
    <div className="page">
      <Empty title="There is no such page">
        Go to the <a href={to(["experiments"])}>experiments</a> or the <a href={to(["models"])}>models</a>.
      </Empty>
    </div>
  );
}

function Forward({ href }: { href: string }) {
  useEffect(() => go(href, true), [href]);
  return null;
}
