"""Tables that runs log, and their gathering over runs."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.base.errors import BadRequest, NotFound
from headrace.schema.runs import Run
from headrace.tracking.entities import ViewType
from headrace.tracking.extras import need
from headrace.tracking.images import Image
from headrace.tracking.tag_names import MLFLOW_LOGGED_ARTIFACTS

if TYPE_CHECKING:
    from headrace.tracking.client.artifacts import Artifacts

_ENDINGS = (".json", ".parquet")


def checked_name(artifact_file: str) -> str:
    """The name, which says the format by its ending."""
    if not str(artifact_file).endswith(_ENDINGS):
        raise ValueError(f"{artifact_file!r} is not a name for a table; end it in .json or .parquet")
    return artifact_file


def frame_of(data: Any, store_image: Callable[[str, Image], dict[str, str]]) -> Any:
    """A data frame of what the user passed; pictures in it are stored by ``store_image`` and named instead."""
    pandas = need("pandas", "A table")
    if isinstance(data, dict):
        one_row = all(isinstance(cell, str | bytes) or not hasattr(cell, "__len__") for cell in data.values())
        data = pandas.DataFrame([data] if one_row else data)
    if not isinstance(data, pandas.DataFrame):
        raise BadRequest(f"A table is a pandas data frame or a dictionary of columns, not a {type(data).__name__}")
    with_images = [name for name in data.columns if data[name].map(lambda cell: isinstance(cell, Image)).any()]
    if not with_images:
        return data
    data = data.copy()
    for name in with_images:
        data[name] = [store_image(str(name), cell) if isinstance(cell, Image) else cell for cell in data[name]]
    return data


def fetch(client: Artifacts, run_id: str, artifact_file: str) -> Any:
    """A table that a run logged. Text is left as text, whatever it looks like."""
    pandas = need("pandas", "A table")
    with tempfile.TemporaryDirectory(prefix="headrace-") as folder:
        path = Path(client.download_artifacts(run_id, artifact_file, folder))
        if path.suffix == ".parquet":
            return pandas.read_parquet(path)
        said = json.loads(path.read_bytes())
    return pandas.DataFrame(said["data"], columns=said["columns"])


def appended(table: Any, more: Any) -> Any:
    """``more`` below ``table``; a column only one of them has is empty in the other's rows."""
    pandas = need("pandas", "A table")
    return pandas.concat([each for each in (table, more) if len(each.columns)], ignore_index=True)


def write(frame: Any, path: Path) -> None:
    """A table as JSON or Parquet."""
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_json(path, orient="split", index=False, date_format="iso")


def noted(tags: dict[str, str], artifact_file: str) -> tuple[str, str] | None:
    """The tag that says which tables a run has, with one more; None when it says so already."""
    entry = {"path": artifact_file, "type": "table"}
    known = json.loads(tags.get(MLFLOW_LOGGED_ARTIFACTS, "[]"))
    return None if entry in known else (MLFLOW_LOGGED_ARTIFACTS, json.dumps([*known, entry]))


def gathered(
    client: Artifacts, experiment_id: str, artifact_file: str, run_ids: list[str] | None, extra_columns: list[str]
) -> Any:
    """The tables of one name of several runs, below each other."""
    pandas = need("pandas", "A table")
    frames = []
    for run in _runs_with(client, experiment_id, artifact_file, run_ids):
        frame = fetch(client, run.info.run_id, artifact_file)
        for column in extra_columns:
            frame[column] = _value(run, column)
        frames.append(frame)
    if not frames:
        raise NotFound(f"No run of the experiment {experiment_id} has logged a table {artifact_file!r}")
    return pandas.concat(frames, ignore_index=True)


def _runs_with(client: Artifacts, experiment_id: str, artifact_file: str, run_ids: list[str] | None) -> list[Run]:
    entry = {"path": artifact_file, "type": "table"}
    spelled = json.dumps(entry).replace("'", "''")
    found: list[Run] = []
    token: str | None = None
    while True:
        page = client.search_runs(
            [experiment_id],
            f"tags.`{MLFLOW_LOGGED_ARTIFACTS}` LIKE '%{spelled}%'",
            ViewType.ACTIVE_ONLY,
            page_token=token,
        )
        found += [run for run in page if run_ids is None or run.info.run_id in run_ids]
        token = page.token
        if not token:
            # LIKE takes '_' for any character, so what it found is looked at again.
            return [run for run in found if entry in json.loads(run.data.tags.get(MLFLOW_LOGGED_ARTIFACTS, "[]"))]


def _value(run: Run, column: str) -> Any:
    kind, _, name = column.partition(".")
    if name and kind in ("metrics", "params", "tags"):
        return getattr(run.data, kind).get(name)
    if column in run.info.__struct_fields__:
        return getattr(run.info, column)
    raise BadRequest(f"Runs have no column {column!r}; say run_id, status, params.name, metrics.name or tags.name")
