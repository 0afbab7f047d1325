import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { LoggedModel } from "../../generated/calls";
import { Code, Facts, Failure, Id, Page, Skeleton } from "../../parts/basics";
import { measure } from "../../parts/format";
import { to, useTitle } from "../../parts/router";
import { Time } from "../../parts/time";
import { number, send } from "../../wire/send";
import { ArtifactsView } from "../artifacts/ArtifactsView";
import { useExperiment } from "../experiments/queries";
import { RunLink } from "./ModelPage";
import "./models.css";

/** A model that a run has logged: what was measured on it, and its files. */
export default function LoggedModelPage(props: { experimentId: string; modelId: string; path: string }) {
  const { experimentId, modelId } = props;
  const found = useQuery({
    queryKey: ["logged model", modelId],
    queryFn: async ({ signal }) => (await send("GetLoggedModel", { model_id: modelId }, signal)).model,
  });
  const model = found.data;
  const experiment = useExperiment(experimentId).data;
  useTitle(model?.info.name, experiment?.name, "models");
  const base = ["experiments", experimentId, "models", modelId];
  return (
    <Page
      crumbs={[
        { label: "Experiments", href: to(["experiments"]) },
        { label: experiment?.name ?? experimentId, href: to(["experiments", experimentId, "models"]) },
        { label: model?.info.name ?? modelId },
      ]}
      title={model?.info.name ?? "Model"}
      about={
        <div className="about small soft">
          <span>
            id <Id value={modelId} />
          </span>
        </div>
      }
    >
      {found.error && <Failure error={found.error} retry={() => void found.refetch()} />}
      {!model && !found.error && <Skeleton />}
      {model && (
        <>
          <div className="version">
            <section>
              <Code text={`import headrace\nmodel = headrace.pyfunc.load_model("models:/${modelId}")\nmodel.predict(rows)`} />
            </section>
            <section className="card" aria-label="Details">
              <h2>Details</h2>
              <Facts items={facts(model)} />
            </section>
          </div>
          <section className="usage-files">
            <h2>Files</h2>
            <ArtifactsView
              owner={{ model: modelId }}
              path={props.path}
              href={(next) => to([...base, "artifacts", ...next.split("/").filter(Boolean)])}
            />
          </section>
        </>
      )}
    </Page>
  );
}

function facts({ info, data }: LoggedModel): [string, ReactNode][] {
  const items: [string, ReactNode][] = [
    ["Status", info.status.replace("LOGGED_MODEL_", "").replaceAll("_", " ").toLowerCase()],
    ["Logged", <Time at={info.creation_timestamp_ms} />],
  ];
  if (info.model_type) items.push(["Type", info.model_type]);
  if (info.source_run_id) items.push(["Source run", <RunLink id={info.source_run_id} />]);
  for (const one of info.registrations ?? []) {
    items.push([
      "Registered as",
      <a href={to(["models", one.name, "versions", one.version])}>
        {one.name} version {one.version}
      </a>,
    ]);
  }
  for (const metric of data?.metrics ?? []) items.push([metric.key, measure(number(metric.value))]);
  for (const param of data?.params ?? []) items.push([param.key, param.value]);
  for (const tag of info.tags ?? []) if (!tag.key.startsWith("mlflow.")) items.push([tag.key, tag.value]);
  return items;
}
