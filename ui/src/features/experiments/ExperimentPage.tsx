import { useState } from "react";
import type { Experiment } from "../../generated/calls";
import { Button, Failure, Id, Page, Tabs } from "../../parts/basics";
import { Dialog } from "../../parts/dialog";
import { Popover } from "../../parts/popover";
import { go, to, useTitle } from "../../parts/router";
import { LoggedModels } from "../models/LoggedModels";
import { RunsView } from "../runs/RunsView";
import { firstLine, NOTE, tagOf, useExperiment, useExperimentStage, useRenameExperiment } from "./queries";

/** One experiment: its runs, as a table or as charts, and its models. */
export default function ExperimentPage({ id, tab }: { id: string; tab: string }) {
  const found = useExperiment(id);
  const experiment = found.data;
  const deleted = experiment?.lifecycle_stage === "deleted";
  useTitle(experiment?.name, tab);
  if (found.error && !experiment) {
    return (
      <Page crumbs={[{ label: "Experiments", href: to(["experiments"]) }, { label: id }]} title="Experiment">
        <Failure error={found.error} retry={() => void found.refetch()} />
      </Page>
    );
  }
  const note = tagOf(experiment?.tags, NOTE);
  return (
    <Page
      fill
      crumbs={[{ label: "Experiments", href: to(["experiments"]) }, { label: experiment?.name ?? id }]}
      title={
        <>
          {experiment?.name ?? " "} {deleted && <span className="chip">deleted</span>}
        </>
      }
      about={
        <div className="about small soft">
          <span>
            id <Id value={id} />
          </span>
          {note && (
            <span className="clip" title={note}>
              {firstLine(note)}
            </span>
          )}
        </div>
      }
      actions={experiment && <Actions experiment={experiment} />}
    >
      <Tabs
        items={[
          { label: "Runs", href: to(["experiments", id, "runs"]), current: tab === "runs" },
          { label: "Models", href: to(["experiments", id, "models"]), current: tab === "models" },
        ]}
      />
      {tab === "models" ? <LoggedModels experimentId={id} /> : <RunsView experimentId={id} />}
    </Page>
  );
}

function Actions({ experiment }: { experiment: Experiment }) {
  const [renaming, rename] = useState(false);
  const { deleting, restoring } = useExperimentStage();
  if (experiment.lifecycle_stage === "deleted") {
    return (
      <Button icon="restore" onClick={() => restoring.mutate(experiment)}>
        Restore
      </Button>
    );
  }
  return (
    <>
      <Popover label="More about this experiment" icon="more" iconOnly>
        {(close) => (
          <div className="menu">
            <button
              type="button"
              onClick={() => {
                close();
                rename(true);
              }}
            >
              Rename…
            </button>
            <button
              type="button"
              disabled={experiment.experiment_id === "0"}
              onClick={() => {
                close();
                deleting.mutate(experiment, { onSuccess: () => go(to(["experiments"])) });
              }}
            >
              Delete
            </button>
          </div>
        )}
      </Popover>
      {renaming && <Rename experiment={experiment} onClose={() => rename(false)} />}
    </>
  );
}

function Rename({ experiment, onClose }: { experiment: Experiment; onClose: () => void }) {
  const [name, setName] = useState(experiment.name);
  const rename = useRenameExperiment();
  return (
    <Dialog
      title="Rename experiment"
      action="Rename"
      busy={rename.isPending || !name.trim()}
      error={rename.error}
      onSubmit={() => rename.mutate({ id: experiment.experiment_id, name }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <label className="labelled">
        Name
        <input className="field" autoFocus value={name} onChange={(event) => setName(event.target.value)} />
      </label>
    </Dialog>
  );
}
