/** Where the bytes of artifacts are. They are not calls and have addresses of their own. */
import { address } from "./send";

export type Owner = { run: string } | { model: string };

/** The address of one artifact's bytes. */
export function fileUrl(owner: Owner, path: string): string {
  return "run" in owner
    ? address("get-artifact", { path, run_uuid: owner.run })
    : address(`ajax-api/2.0/mlflow/logged-models/${encodeURIComponent(owner.model)}/artifacts/files`, {
        artifact_file_path: path,
      });
}

/** The address of one file of a model version. */
export function versionFileUrl(name: string, version: string, path: string): string {
  return address("model-versions/get-artifact", { path, name, version });
}
