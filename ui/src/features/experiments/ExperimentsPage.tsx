import { useDeferredValue, useState } from "react";
import type { Experiment } from "../../generated/calls";
import { Button, Empty, Failure, Page, Skeleton } from "../../parts/basics";
import { More } from "../../parts/end";
import { to, useQueryState, useTitle } from "../../parts/router";
import { SearchField } from "../../parts/search";
import { Time } from "../../parts/time";
import { address } from "../../wire/send";
import { CreateExperiment } from "./CreateExperiment";
import { firstLine, NOTE, ownTags, type Stage, tagOf, useExperiments, useExperimentStage } from "./queries";

/** All experiments: the first page that people see. */
export function ExperimentsPage() {
  useTitle("Experiments");
  const [search, setSearch] = useQueryState("search");
  const [stageParam, setStage] = useQueryState("stage");
  const stage: Stage = stageParam === "deleted" ? "DELETED_ONLY" : "ACTIVE_ONLY";
  const [creating, create] = useState(false);
  const found = useExperiments(useDeferredValue(search), stage);
  const experiments = found.data?.pages.flatMap((page) => page.experiments ?? []);
  return (
    <Page
      title="Experiments"
      actions={
        <Button look="primary" icon="plus" onClick={() => create(true)}>
          New experiment
        </Button>
      }
    >
      <div className="toolbar">
        <SearchField
          label="Search experiments by name"
          placeholder="Search by name"
          testid="experiment-search"
          value={search}
          set={setSearch}
        />
        <StageSwitch stage={stage} set={(next) => setStage(next === "DELETED_ONLY" ? "deleted" : "")} />
      </div>
      {found.error && <Failure error={found.error} retry={() => void found.refetch()} />}
      {!experiments && !found.error && <Skeleton />}
      {experiments?.length === 0 && <Nothing search={search} stage={stage} />}
      {experiments && experiments.length > 0 && (
        <div className="card scroll">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Tags</th>
                <th scope="col">Last change</th>
                <th scope="col">Created</th>
                <th scope="col">
                  <span className="hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {experiments.map((experiment) => (
                <Row key={experiment.experiment_id} experiment={experiment} />
              ))}
            </tbody>
          </table>
          {found.hasNextPage && <More load={() => void found.fetchNextPage()} busy={found.isFetchingNextPage} />}
        </div>
      )}
      {creating && <CreateExperiment onClose={() => create(false)} />}
    </Page>
  );
}

function Row({ experiment }: { experiment: Experiment }) {
  const { deleting, restoring } = useExperimentStage();
  const deleted = experiment.lifecycle_stage === "deleted";
  const note = tagOf(experiment.tags, NOTE);
  const tags = ownTags(experiment.tags);
  return (
    <tr data-testid="experiment-row">
      <td>
        <a className="name" href={to(["experiments", experiment.experiment_id, "runs"])}>
          {experiment.name}
        </a>
        {note && <div className="small soft note-line">{firstLine(note)}</div>}
      </td>
      <td>
        <div className="chips">
          {tags.slice(0, 4).map((tag) => (
            <span className="chip" key={tag.key}>
              {tag.key} <b>{tag.value}</b>
            </span>
          ))}
        </div>
      </td>
      <td>
        <Time at={experiment.last_update_time} />
      </td>
      <td>
        <Time at={experiment.creation_time} />
      </td>
      <td className="row-actions">
        {deleted ? (
          <Button look="quiet" icon="restore" onClick={() => restoring.mutate(experiment)}>
            Restore
          </Button>
        ) : (
          experiment.experiment_id !== "0" && (
            <Button
              look="quiet"
              icon="trash"
              aria-label={`Delete ${experiment.name}`}
              onClick={() => deleting.mutate(experiment)}
            />
          )
        )}
      </td>
    </tr>
  );
}

function StageSwitch({ stage, set }: { stage: Stage; set: (stage: Stage) => void }) {
  return (
    <div className="segmented" role="group" aria-label="Show">
      <button type="button" aria-pressed={stage === "ACTIVE_ONLY"} onClick={() => set("ACTIVE_ONLY")}>
        Active
      </button>
      <button type="button" aria-pressed={stage === "DELETED_ONLY"} onClick={() => set("DELETED_ONLY")}>
        Deleted
      </button>
    </div>
  );
}

function Nothing({ search, stage }: { search: string; stage: Stage }) {
  if (search) return <Empty title="No name matches">No experiment has “{search}” in its name.</Empty>;
  if (stage === "DELETED_ONLY") return <Empty title="Nothing was deleted">Deleted experiments wait here to be restored.</Empty>;
  return (
    <Empty
      title="No experiments yet"
      code={`import headrace\nheadrace.set_tracking_uri("${address("").replace(/\/$/, "")}")\nheadrace.set_experiment("my first experiment")`}
    >
      Three lines of Python make one:
    </Empty>
  );
}
