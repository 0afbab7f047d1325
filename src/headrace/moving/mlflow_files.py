"""A folder written by MLflow's file store (``mlruns``), of any version; nothing in it is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from headrace.base.errors import Forbidden, HeadraceError
from headrace.moving.mlflow_folder import Folder, Meta, whole
from headrace.moving.mlflow_models import registered_models
from headrace.moving.port import Chosen, Entity, Lost, Owner, SourceFiles
from headrace.moving.roots import Roots
from headrace.moving.trees import Parts
from headrace.schema.datasets import Dataset, DatasetInput, InputTag, ModelInput
from headrace.schema.experiments import ExperimentTag
from headrace.schema.imports import (
    ImportedExperiment,
    ImportedLoggedModel,
    ImportedPoint,
    ImportedRun,
    ImportedSeries,
)
from headrace.schema.logged_models import LoggedModelParameter, LoggedModelTag
from headrace.schema.runs import Metric, ModelOutput, Param, RunTag

#: Points in one piece.
_POINTS = 20_000
_TRASH, _REGISTRY = ".trash", "models"
#: Where a store of ours in the same folder keeps artifacts.
_OURS = "headrace"
#: Folders of an experiment that are no runs.
_NO_RUNS = frozenset(("tags", "datasets", "models", "traces", "assessments"))
_STATES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_MODEL_STATES = {1: "LOGGED_MODEL_PENDING", 2: "LOGGED_MODEL_READY", 3: "LOGGED_MODEL_UPLOAD_FAILED"}


class MlflowFiles:
    """Tells what a folder of the file store keeps."""

    def __init__(
        self, root: Path, *, artifacts_from: Sequence[str] = (), artifacts_destination: str | None = None
    ) -> None:
        self._folder = Folder(root)
        proxied = Path(artifacts_destination).resolve() if artifacts_destination else root.parent / "mlartifacts"
        self._roots = Roots([root, proxied], artifacts_from, base=root.parent, proxied=proxied)
        self._root = root

    @property
    def name(self) -> str:
        """Its path."""
        return str(self._root)

    def runs(self, chosen: Chosen) -> int | None:
        """How many runs there are."""
        if chosen.experiments:
            return None
        try:
            return sum(len(self._run_names(parts)) for parts in self._experiment_folders())
        except Forbidden:
            return None

    def close(self) -> None:
        """Nothing is kept open."""

    def entities(self, chosen: Chosen) -> Iterator[Entity]:
        """Everything that was chosen."""
        wanted: list[tuple[Parts, str]] = []
        for parts in self._experiment_folders():
            found = self._experiment(parts)
            if isinstance(found, Lost):
                if not chosen.experiments or found.id in chosen.experiments:
                    yield found
                    yield from self._links(parts)
            elif chosen.has(found.experiment_id, found.name):
                yield found
                wanted.append((parts, found.experiment_id))
        for parts, experiment_id in wanted:
            yield from _as_far_as_it_goes("runs of an experiment", experiment_id, self._runs_of(parts, experiment_id))
        for parts, experiment_id in wanted:
            models = self._logged_models(parts, experiment_id)
            yield from _as_far_as_it_goes("logged models of an experiment", experiment_id, models)
        if chosen.registry:
            models = registered_models(self._folder, (_REGISTRY,))
            yield from _as_far_as_it_goes("registered models", _REGISTRY, models)
        for parts, _ in wanted:
            traces = self._folder.tree.folders((*parts, "traces"))
            if traces:
                yield Lost("trace", "", "Headrace does not take over any trace yet", len(traces))

    def _experiment_folders(self) -> list[Parts]:
        tree = self._folder.tree
        live = [(name,) for name in tree.folders() if name not in (_TRASH, _REGISTRY, _OURS)]
        return [*live, *((_TRASH, name) for name in tree.folders((_TRASH,)))]

    def _run_names(self, experiment: Parts) -> list[str]:
        return [name for name in self._folder.tree.folders(experiment) if name not in _NO_RUNS]

    def _experiment(self, parts: Parts) -> ImportedExperiment | Lost:
        try:
            meta = self._folder.meta(parts)
            experiment_id = meta.text("experiment_id") or parts[-1]
            created, updated = meta.number("creation_time"), meta.number("last_update_time")
            deleted = parts[0] == _TRASH or meta.text("lifecycle_stage") == "deleted"
            return ImportedExperiment(
                experiment_id=experiment_id,
                name=meta.text("name") or experiment_id,
                artifact_location=meta.text("artifact_location"),
                creation_time=created or 0,
                last_update_time=updated or created or 0,
                deleted_time=(updated or created or 0) if deleted else None,
                tags=[ExperimentTag(*pair) for pair in self._folder.values((*parts, "tags"))],
            )
        except HeadraceError as error:
            return Lost("experiment", parts[-1], error.message)

    def _links(self, parts: Parts) -> Iterator[Lost]:
        for name in self._folder.tree.others(parts):
            yield Lost("file", "/".join((*parts, name)), "It is a link, a pipe or a device, and is not followed")

    def _runs_of(self, experiment: Parts, experiment_id: str) -> Iterator[Entity]:
        yield from self._links(experiment)
        for name in self._run_names(experiment):
            parts = (*experiment, name)
            lost: list[Lost] = []
            try:
                run = self._run(parts, experiment, experiment_id, lost)
            except HeadraceError as error:
                yield Lost("run", name, error.message)
                continue
            yield run
            yield from lost
            yield from _as_far_as_it_goes("metrics of a run", run.run_id, self._series(run.run_id, parts))
            yield self._files("run", run.run_id, run.artifact_uri)

    def _run(self, parts: Parts, experiment: Parts, experiment_id: str, lost: list[Lost]) -> ImportedRun:
        folder = self._folder
        meta = folder.meta(parts)
        deleted = meta.text("lifecycle_stage") == "deleted"
        start, end = meta.number("start_time"), meta.number("end_time")
        inputs, outputs = self._edges(parts, "inputs", lost), self._edges(parts, "outputs", lost)
        return ImportedRun(
            run_id=meta.text("run_id") or meta.text("run_uuid") or parts[-1],
            experiment_id=experiment_id,
            run_name=meta.text("run_name") or meta.text("name") or "",
            user_id=meta.text("user_id") or "",
            status=_STATES.get(meta.number("status") or 1, "RUNNING"),  # type: ignore[arg-type]
            start_time=start or 0,
            end_time=end,
            deleted_time=(meta.number("deleted_time") or end or start or 0) if deleted else None,
            artifact_uri=self._place(parts, meta.text("artifact_uri")),
            params=[Param(*pair) for pair in folder.values((*parts, "params"), lost)],
            tags=[RunTag(*pair) for pair in folder.values((*parts, "tags"), lost)],
            datasets=list(self._datasets(experiment, inputs, lost)),
            model_inputs=[
                ModelInput(each.required("destination_id")) for each in inputs if each.is_kind("MODEL_INPUT")
            ],
            model_outputs=[
                ModelOutput(each.required("destination_id"), each.number("step") or 0)
                for each in outputs
                if each.is_kind("MODEL_OUTPUT")
            ],
        )

    def _edges(self, run: Parts, which: str, lost: list[Lost]) -> list[Meta]:
        found = []
        for name in self._folder.tree.folders((*run, which)):
            try:
                meta = self._folder.meta((*run, which, name))
                meta.required("source_id")
                meta.required("destination_id")
                found.append(meta)
            except HeadraceError as error:
                lost.append(Lost("input" if which == "inputs" else "output", f"{run[-1]}/{name}", error.message))
        return found

    def _datasets(self, experiment: Parts, inputs: list[Meta], lost: list[Lost]) -> Iterator[DatasetInput]:
        for edge in inputs:
            if edge.text("source_type") != "DATASET":
                continue
            source = edge.required("source_id")
            try:
                meta = self._folder.meta((*experiment, "datasets", source))
                yield DatasetInput(
                    dataset=Dataset(
                        name=meta.required("name"),
                        digest=meta.required("digest"),
                        source_type=meta.required("source_type"),
                        source=meta.text("source") or "",
                        schema=meta.text("schema"),
                        profile=meta.text("profile"),
                    ),
                    tags=[InputTag(*pair) for pair in edge.pairs("tags")],
                )
            except HeadraceError as error:
                lost.append(Lost("dataset", f"{experiment[-1]}/{source}", error.message))

    def _series(self, run_id: str, parts: Parts) -> Iterator[ImportedSeries | Lost]:
        for key, file in self._folder.keys((*parts, "metrics")):
            if file is None:
                yield Lost("metric", f"{run_id}/{key}", "It is a link, a pipe or a device, and is not followed")
                continue
            seen: dict[tuple[str, int, int], int] = {}
            points: list[ImportedPoint] = []
            for number, line in enumerate(self._folder.lines(file), 1):
                if not line:
                    continue
                point = _point(line)
                if point is None:
                    yield Lost("point", f"{run_id}/{key}, line {number}", "It is no time, value and step")
                    continue
                value, timestamp, step = point
                # By their spelling NaNs are equal, and -0.0 is another than 0.0.
                same = (repr(value), timestamp, step)
                copy = seen[same] = seen.get(same, -1) + 1
                points.append(ImportedPoint(value, timestamp, step, copy))
                if len(points) == _POINTS:
                    yield ImportedSeries(run_id, key, points)
                    points = []
            if points:
                yield ImportedSeries(run_id, key, points)

    def _logged_models(self, experiment: Parts, experiment_id: str) -> Iterator[Entity]:
        for name in self._folder.tree.folders((*experiment, "models")):
            parts = (*experiment, "models", name)
            lost: list[Lost] = []
            try:
                model = self._logged_model(parts, experiment_id, lost)
            except HeadraceError as error:
                yield Lost("logged model", name, error.message)
                continue
            yield model
            yield from lost
            yield self._files("logged model", model.model_id, model.artifact_uri)

    def _logged_model(self, parts: Parts, experiment_id: str, lost: list[Lost]) -> ImportedLoggedModel:
        meta = self._folder.meta(parts)
        updated = meta.number("last_updated_timestamp") or 0
        return ImportedLoggedModel(
            model_id=meta.text("model_id") or parts[-1],
            experiment_id=experiment_id,
            name=meta.required("name"),
            artifact_uri=self._place(parts, meta.text("artifact_location")),
            creation_timestamp_ms=meta.number("creation_timestamp") or 0,
            last_updated_timestamp_ms=updated,
            deleted_time=updated if meta.text("lifecycle_stage") == "deleted" else None,
            status=_MODEL_STATES.get(meta.number("status") or 0, "LOGGED_MODEL_STATUS_UNSPECIFIED"),  # type: ignore[arg-type]
            status_message=meta.text("status_message"),
            model_type=meta.text("model_type"),
            source_run_id=meta.text("source_run_id"),
            params=[LoggedModelParameter(*pair) for pair in self._folder.values((*parts, "params"), lost)],
            tags=[LoggedModelTag(*pair) for pair in self._folder.values((*parts, "tags"), lost)],
            metrics=list(self._model_metrics(parts, lost)),
        )

    def _model_metrics(self, parts: Parts, lost: list[Lost]) -> Iterator[Metric]:
        """Points of a model: lines of time, value, step and run, and maybe a dataset's name and digest."""
        for key, file in self._folder.keys((*parts, "metrics")):
            for number, line in enumerate(self._folder.lines(file) if file else (), 1):
                words = line.split(" ")
                point = _point(" ".join(words[:3]))
                if point is None or len(words) not in (4, 5, 6):
                    lost.append(
                        Lost("point", f"{parts[-1]}/{key}, line {number}", "It is no time, value, step and run")
                    )
                    continue
                run_id, name, digest = [*words[3:], None, None][:3]
                yield Metric(key, *point, parts[-1], name, digest, run_id)

    def _place(self, parts: Parts, location: str | None) -> str:
        """Where the artifacts of a run or model are: in its own folder, as they are after a move too, or elsewhere."""
        own = (*parts, "artifacts")
        here = str(self._root.joinpath(*own))
        ours = not location or location.endswith((f"/{'/'.join(own)}", f"/{parts[-2]}/{parts[-1]}/artifacts"))
        return here if ours and self._folder.tree.has_folder(own) else self._roots.now(location or here)

    def _files(self, owner: Owner, id: str, place: str | None) -> SourceFiles:
        return SourceFiles(owner, id, lambda: self._roots.files(place or ""))


def _as_far_as_it_goes(kind: str, id: str, told: Iterator[Entity]) -> Iterator[Entity]:
    """What is told until something cannot be read, and then that."""
    try:
        yield from told
    except HeadraceError as error:
        yield Lost(kind, id, error.message)


def _point(line: str) -> tuple[float, int, int] | None:
    """Value, time and step of a line ``time value [step]``; None for any other."""
    words = line.split(" ")
    if len(words) not in (2, 3):
        return None
    timestamp, step = whole(words[0]), whole(words[2]) if len(words) == 3 else 0
    try:
        value = float(words[1])
    except ValueError:
        return None
    return None if timestamp is None or step is None else (value, timestamp, step)
