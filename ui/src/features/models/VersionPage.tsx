import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { ModelVersion } from "../../generated/calls";
import { Code, Facts, Id, Failure, Page, Skeleton } from "../../parts/basics";
import { measure } from "../../parts/format";
import { Markdown } from "../../parts/markdown";
import { to, useTitle } from "../../parts/router";
import { Time } from "../../parts/time";
import { versionFileUrl } from "../../wire/files";
import { get, number, send } from "../../wire/send";
import { runName } from "../runs/fields";
import { Aliases } from "./Aliases";
import { RunLink } from "./ModelPage";
import { readSignature, Signature } from "./Signature";
import { useModel, useVersion } from "./queries";
import { VersionStatus } from "./VersionStatus";
import "./models.css";

/** One version of a registered model: where it came from, what it takes and gives. */
export default function VersionPage({ name, version }: { name: string; version: string }) {
  useTitle(`${name} ${version}`, "models");
  const found = useVersion(name, version);
  const model = useModel(name).data;
  const one = found.data;
  return (
    <Page
      crumbs={[
        { label: "Models", href: to(["models"]) },
        { label: name, href: to(["models", name]) },
        { label: `Version ${version}` },
      ]}
      title={
        <>
          {name} <span className="soft">version {version}</span>
        </>
      }
    >
      {found.error && <Failure error={found.error} retry={() => void found.refetch()} />}
      {!one && !found.error && <Skeleton />}
      {one && (
        <div className="version">
          <div className="version-main">
            {one.description && <Markdown text={one.description} />}
            <section>
              <h2>Use it</h2>
              <Code
                text={`import headrace\nmodel = headrace.pyfunc.load_model("models:/${name}/${version}")\nmodel.predict(rows)`}
              />
            </section>
            <Description name={name} version={version} />
            <Measured version={one} />
          </div>
          <section className="card" aria-label="Details">
            <h2>Details</h2>
            <Facts items={facts(one, model?.aliases ?? [])} />
          </section>
        </div>
      )}
    </Page>
  );
}

function facts(one: ModelVersion, all: { alias: string; version: string }[]): [string, ReactNode][] {
  const aliases = all.filter((alias) => alias.version === one.version).map((alias) => alias.alias);
  const items: [string, ReactNode][] = [
    ["Status", <span className="version-name"><VersionStatus status={one.status} /> {one.status === "READY" ? "Ready" : one.status_message}</span>],
    ["Aliases", <Aliases name={one.name} version={one.version} aliases={aliases} all={all} />],
    ["Registered", <Time at={one.creation_timestamp} />],
    ["Changed", <Time at={one.last_updated_timestamp} />],
  ];
  if (one.user_id) items.push(["User", one.user_id]);
  if (one.run_id) items.push(["Source run", <SourceRun id={one.run_id} />]);
  if (one.model_id) items.push(["Model id", <Id value={one.model_id} />]);
  if (one.source) items.push(["Source", <code className="wrap">{one.source}</code>]);
  if (one.current_stage && one.current_stage !== "None") items.push(["Stage", one.current_stage]);
  for (const tag of one.tags ?? []) items.push([tag.key, tag.value]);
  return items;
}

/** The run by its name, as soon as that is known. */
function SourceRun({ id }: { id: string }) {
  const run = useQuery({
    queryKey: ["run", id],
    queryFn: async ({ signal }) => (await send("GetRun", { run_id: id }, signal)).run,
    retry: false,
  }).data;
  return (
    <>
      {run && <a href={to(["experiments", run.info.experiment_id, "runs", id])}>{runName(run)}</a>} <RunLink id={id} />
    </>
  );
}

/** The signature, read from the model's own description. */
function Description({ name, version }: { name: string; version: string }) {
  const found = useQuery({
    queryKey: ["version", name, version, "MLmodel"],
    queryFn: async ({ signal }) => {
      const response = await get(versionFileUrl(name, version, "MLmodel"), { signal });
      return readSignature(await response.text());
    },
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!found.data) return null;
  return <Signature signature={found.data} />;
}

function Measured({ version }: { version: ModelVersion }) {
  const metrics = version.model_metrics ?? [];
  const params = version.model_params ?? [];
  if (metrics.length === 0 && params.length === 0) return null;
  return (
    <section className="card" aria-label="Metrics and params">
      <h2>Metrics and params</h2>
      <Facts
        items={[
          ...metrics.map((metric): [string, ReactNode] => [metric.key, measure(number(metric.value))]),
          ...params.map((param): [string, ReactNode] => [param.name, param.value]),
        ]}
      />
    </section>
  );
}
