import type { ModelVersion } from "../../generated/calls";
import { Icon } from "../../parts/icons";

/** Whether a version can be used. */
export function VersionStatus({ status = "READY" }: { status?: ModelVersion["status"] }) {
  if (status === "READY") return <Icon name="check" className="ready" role="img" aria-label="Ready" aria-hidden={undefined} />;
  return (
    <span className="chip">{status === "FAILED_REGISTRATION" ? "failed" : "pending"}</span>
  );
}
