import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ModelVersion, RegisteredModel } from "../../generated/calls";
import { Button, Code, Empty, Failure, Page, Skeleton } from "../../parts/basics";
import { Dialog } from "../../parts/dialog";
import { Markdown } from "../../parts/markdown";
import { More } from "../../parts/end";
import { go, to, useTitle } from "../../parts/router";
import { Time } from "../../parts/time";
import { send } from "../../wire/send";
import { Aliases } from "./Aliases";
import { useModel, useVersions } from "./queries";
import { VersionStatus } from "./VersionStatus";
import "./models.css";

/** One registered model and its versions. */
export default function ModelPage({ name }: { name: string }) {
  useTitle(name, "models");
  const found = useModel(name);
  const model = found.data;
  return (
    <Page
      crumbs={[{ label: "Models", href: to(["models"]) }, { label: name }]}
      title={name}
      about={model?.description ? <Markdown text={model.description} /> : undefined}
      actions={model && <Delete name={name} />}
    >
      {found.error && <Failure error={found.error} retry={() => void found.refetch()} />}
      {!model && !found.error && <Skeleton />}
      {model && (
        <>
          {(model.tags ?? []).length > 0 && (
            <div className="chips model-tags">
              {model.tags?.map((tag) => (
                <span className="chip" key={tag.key}>
                  {tag.key} <b>{tag.value}</b>
                </span>
              ))}
            </div>
          )}
          <Versions model={model} />
          <Usage model={model} />
        </>
      )}
    </Page>
  );
}

function Versions({ model }: { model: RegisteredModel }) {
  const found = useVersions(model.name);
  const versions = found.data?.pages.flatMap((page) => page.model_versions ?? []);
  if (found.error) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (!versions) return <Skeleton />;
  if (versions.length === 0) {
    return (
      <Empty title="No versions yet" code={`headrace.register_model("runs:/<run id>/model", ${JSON.stringify(model.name)})`}>
        Register what a run has logged:
      </Empty>
    );
  }
  return (
    <div className="card scroll">
      <table className="list">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Aliases</th>
            <th scope="col">Source run</th>
            <th scope="col">Description</th>
            <th scope="col">Tags</th>
            <th scope="col">Registered</th>
          </tr>
        </thead>
        <tbody>
          {versions.map((version) => (
            <Row key={version.version} version={version} model={model} />
          ))}
        </tbody>
      </table>
      {found.hasNextPage && <More load={() => void found.fetchNextPage()} busy={found.isFetchingNextPage} />}
    </div>
  );
}

function Row({ version, model }: { version: ModelVersion; model: RegisteredModel }) {
  const aliases = (model.aliases ?? []).filter((alias) => alias.version === version.version).map((alias) => alias.alias);
  return (
    <tr data-testid="version-row">
      <td className="name">
        <span className="version-name">
          <VersionStatus status={version.status} />
          <a href={to(["models", model.name, "versions", version.version])}>Version {version.version}</a>
        </span>
      </td>
      <td>
        <Aliases name={model.name} version={version.version} aliases={aliases} all={model.aliases ?? []} />
      </td>
      <td>{version.run_id ? <RunLink id={version.run_id} /> : <span className="faint">–</span>}</td>
      <td className="soft">{version.description}</td>
      <td>
        <div className="chips">
          {(version.tags ?? []).map((tag) => (
            <span className="chip" key={tag.key}>
              {tag.key} <b>{tag.value}</b>
            </span>
          ))}
        </div>
      </td>
      <td>
        <Time at={version.creation_timestamp} />
      </td>
    </tr>
  );
}

export function RunLink({ id }: { id: string }) {
  return (
    <a className="mono" href={to(["runs", id])} title={id}>
      {id.slice(0, 8)}
    </a>
  );
}

function Usage({ model }: { model: RegisteredModel }) {
  const alias = (model.aliases?.find((each) => each.alias === "champion") ?? model.aliases?.[0])?.alias;
  if (!alias && !(model.latest_versions ?? []).length) return null;
  const which = alias ? `@${alias}` : `/${model.latest_versions?.[0]?.version ?? 1}`;
  return (
    <section className="usage">
      <h2>Use it</h2>
      <Code text={`import headrace\nmodel = headrace.pyfunc.load_model("models:/${model.name}${which}")\nmodel.predict(rows)`} />
    </section>
  );
}

function Delete({ name }: { name: string }) {
  const [asking, ask] = useState(false);
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => send("DeleteRegisteredModel", { name }),
    onSuccess: () => {
      go(to(["models"]));
      // Forgotten, not asked for again: there is nothing left to ask for.
      for (const key of ["model", "versions"]) client.removeQueries({ queryKey: [key, name] });
      return client.invalidateQueries({ queryKey: ["models"] });
    },
    onError: () => undefined,
  });
  return (
    <>
      <Button icon="trash" onClick={() => ask(true)}>
        Delete
      </Button>
      {asking && (
        <Dialog
          title="Delete this model?"
          action="Delete for good"
          danger
          busy={remove.isPending}
          error={remove.error}
          onSubmit={() => remove.mutate()}
          onClose={() => ask(false)}
        >
          <p className="soft">
            “{name}” and all its versions are removed from the registry. This cannot be undone. The files that runs have
            logged stay.
          </p>
        </Dialog>
      )}
    </>
  );
}
