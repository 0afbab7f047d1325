import { useDeferredValue, useState } from "react";
import type { RegisteredModel } from "../../generated/calls";
import { Button, Empty, Failure, Page, Skeleton } from "../../parts/basics";
import { Dialog } from "../../parts/dialog";
import { More } from "../../parts/end";
import { go, to, useQueryState, useTitle } from "../../parts/router";
import { SearchField } from "../../parts/search";
import { Time } from "../../parts/time";
import { address, send } from "../../wire/send";
import { useModelChange, useModels } from "./queries";
import "./models.css";

/** All registered models. */
export default function ModelsPage() {
  useTitle("Models");
  const [search, setSearch] = useQueryState("searchQuery");
  const [creating, create] = useState(false);
  const found = useModels(useDeferredValue(search));
  const models = found.data?.pages.flatMap((page) => page.registered_models ?? []);
  return (
    <Page
      title="Models"
      actions={
        <Button look="primary" icon="plus" onClick={() => create(true)}>
          New model
        </Button>
      }
    >
      <div className="toolbar">
        <SearchField label="Search models by name" placeholder="Search by name" value={search} set={setSearch} />
      </div>
      {found.error && <Failure error={found.error} retry={() => void found.refetch()} />}
      {!models && !found.error && <Skeleton />}
      {models?.length === 0 &&
        (search ? (
          <Empty title="No name matches">No model has “{search}” in its name.</Empty>
        ) : (
          <Empty
            title="No registered models yet"
            code={`import headrace\nheadrace.set_tracking_uri("${address("").replace(/\/$/, "")}")\nheadrace.register_model("runs:/<run id>/model", "my model")`}
          >
            Register what a run has logged, here or in Python:
          </Empty>
        ))}
      {models && models.length > 0 && (
        <div className="card scroll">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Newest</th>
                <th scope="col">Aliases</th>
                <th scope="col">Tags</th>
                <th scope="col">Last change</th>
              </tr>
            </thead>
            <tbody>
              {models.map((model) => (
                <Row key={model.name} model={model} />
              ))}
            </tbody>
          </table>
          {found.hasNextPage && <More load={() => void found.fetchNextPage()} busy={found.isFetchingNextPage} />}
        </div>
      )}
      {creating && <Create onClose={() => create(false)} />}
    </Page>
  );
}

function Row({ model }: { model: RegisteredModel }) {
  const newest = Math.max(0, ...(model.latest_versions ?? []).map((version) => Number(version.version)));
  return (
    <tr data-testid="model-row">
      <td>
        <a className="name" href={to(["models", model.name])}>
          {model.name}
        </a>
        {model.description && <div className="small soft">{model.description.split("\n")[0]}</div>}
      </td>
      <td>
        {newest > 0 ? (
          <a href={to(["models", model.name, "versions", String(newest)])}>Version {newest}</a>
        ) : (
          <span className="faint">–</span>
        )}
      </td>
      <td>
        <div className="chips">
          {(model.aliases ?? []).map((alias) => (
            <a className="chip alias" key={alias.alias} href={to(["models", model.name, "versions", alias.version])}>
              @{alias.alias} <span className="faint">{alias.version}</span>
            </a>
          ))}
        </div>
      </td>
      <td>
        <div className="chips">
          {(model.tags ?? []).slice(0, 4).map((tag) => (
            <span className="chip" key={tag.key}>
              {tag.key} <b>{tag.value}</b>
            </span>
          ))}
        </div>
      </td>
      <td>
        <Time at={model.last_updated_timestamp} />
      </td>
    </tr>
  );
}

function Create({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = useModelChange(
    () => send("CreateRegisteredModel", { name, description: description || undefined }),
    true,
  );
  return (
    <Dialog
      title="New model"
      action="Create"
      busy={create.isPending || !name.trim()}
      error={create.error}
      onSubmit={() =>
        create.mutate(undefined, {
          onSuccess: () => {
            onClose();
            go(to(["models", name]));
          },
        })
      }
      onClose={onClose}
    >
      <label className="labelled">
        Name
        <input className="field" autoFocus value={name} onChange={(event) => setName(event.target.value)} />
      </label>
      <label className="labelled">
        Description (optional)
        <textarea className="field" rows={3} value={description} onChange={(event) => setDescription(event.target.value)} />
      </label>
    </Dialog>
  );
}
