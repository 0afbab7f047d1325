import type { Run } from "../../generated/calls";
import { duration } from "../../parts/format";
import { Time, useNow } from "../../parts/time";
import { cell, field } from "./fields";
import { Status } from "./Status";

/** One value of one run. */
export function RunCell({ run, id }: { run: Run; id: string }) {
  const one = field(id);
  if (!one) return null;
  if (id === "attributes.start_time") return <Time at={run.info.start_time} />;
  if (id === "attributes.end_time") return <Time at={run.info.end_time} />;
  if (id === "attributes.duration") return <Duration run={run} />;
  if (id === "attributes.status") return <Status status={run.info.status} word />;
  const { text, full } = cell(run, one);
  return (
    <span className="clip" title={full ?? text}>
      {text}
    </span>
  );
}

/** How long a run took, or takes so far. */
export function Duration({ run }: { run: Run }) {
  const now = Math.max(useNow(), Date.now() - 20_000);
  const { start_time: start, end_time: end, status } = run.info;
  if (!start) return <span className="faint">–</span>;
  if (end) return <span>{duration(end - start)}</span>;
  return status === "RUNNING" ? <span className="faint">{duration(now - start)}</span> : <span className="faint">–</span>;
}
