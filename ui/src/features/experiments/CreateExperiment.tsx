import { useState } from "react";
import { Dialog } from "../../parts/dialog";
import { go, to } from "../../parts/router";
import { useCreateExperiment } from "./queries";

/** Asks for a name and makes an experiment. */
export function CreateExperiment({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [location, setLocation] = useState("");
  const create = useCreateExperiment();
  const submit = () =>
    create.mutate(
      { name, location },
      {
        onSuccess: (made) => {
          onClose();
          go(to(["experiments", made.experiment_id, "runs"]));
        },
      },
    );
  return (
    <Dialog
      title="New experiment"
      action="Create"
      busy={create.isPending || !name.trim()}
      error={create.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <label className="labelled">
        Name
        <input className="field" autoFocus value={name} onChange={(event) => setName(event.target.value)} />
      </label>
      <label className="labelled">
        Artifact location (optional)
        <input
          className="field"
          placeholder="the server's default"
          value={location}
          onChange={(event) => setLocation(event.target.value)}
        />
      </label>
    </Dialog>
  );
}
