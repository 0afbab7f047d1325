"""Artifacts of runs, as ``MlflowClient`` offers them."""

from __future__ import annotations

import io
import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from headrace.artifacts.port import CHUNK
from headrace.base.errors import BadRequest
from headrace.base.paths import ArtifactKey
from headrace.schema.artifacts import FileInfo
from headrace.tracking import documents, files, images, later, tables
from headrace.tracking.client.runs import Runs
from headrace.tracking.operations import at_once
from headrace.tracking.tag_names import MLFLOW_LOGGED_IMAGES


class Artifacts(Runs):
    """Methods of the client about the artifacts of runs."""

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        """What is directly in a folder of a run's artifacts, with what was said to be stored later."""
        later.flush((self._tracking_uri, run_id))
        return files.listing(self.artifact_location(run_id), path, self._tracking_uri)

    def download_artifacts(self, run_id: str, path: str, dst_path: str | None = None) -> str:
        """A local path with a file or folder of a run's artifacts, with what was said to be stored later."""
        later.flush((self._tracking_uri, run_id))
        return files.download(self.artifact_location(run_id), path, dst_path, self._tracking_uri)

    def log_artifact(self, run_id: str, local_path: str, artifact_path: str | None = None) -> None:
        """Store one file, or one folder under its own name."""
        files.upload(self.artifact_location(run_id), local_path, artifact_path, self._tracking_uri)

    def log_artifacts(self, run_id: str, local_dir: str, artifact_path: str | None = None) -> None:
        """Store what is in a folder."""
        files.upload_contents(self.artifact_location(run_id), local_dir, artifact_path, self._tracking_uri)

    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        """Store a text, as UTF-8."""
        with self._new_file(run_id, artifact_file) as path:
            path.write_text(text, encoding="utf-8", newline="")

    def log_dict(self, run_id: str, dictionary: dict[str, Any], artifact_file: str) -> None:
        """Store a dictionary: as YAML where the name ends in .yaml or .yml, else as JSON."""
        with self._new_file(run_id, artifact_file) as path:
            documents.write_dict(dictionary, path)

    def log_stream(self, run_id: str, stream: io.BufferedIOBase | io.RawIOBase, artifact_file: str) -> None:
        """Store what a binary stream has left."""
        store = files.store_of(self.artifact_location(run_id), self._tracking_uri)
        store.write(_key(artifact_file), _pieces(stream))

    def log_figure(
        self, run_id: str, figure: Any, artifact_file: str, *, save_kwargs: dict[str, Any] | None = None
    ) -> None:
        """Store a matplotlib or plotly figure, in the format its name ends in."""
        with self._new_file(run_id, artifact_file) as path:
            documents.write_figure(figure, path, save_kwargs)

    def log_image(
        self,
        run_id: str,
        image: Any,
        artifact_file: str | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
        synchronous: bool | None = None,
    ) -> None:
        """Store a picture: under a file name, or as the next one of the series ``key``.

        A picture is a PIL image, an ``Image``, or an array (height, width[, channels]) of 0…255, 0.0…1.0 or bools.
        """
        picture = images.as_pillow(image)
        if artifact_file is not None:
            if (key, step, timestamp) != (None, None, None):
                raise TypeError("artifact_file names one picture; key, step and timestamp belong to a series: give one")
            store = partial(self._store_picture, run_id, picture, _key(artifact_file))
        elif key is None:
            raise TypeError("Say where the picture goes: artifact_file for a single one, key for one of a series")
        else:
            store = partial(self._store_next, run_id, picture, images.series_name(key, step, timestamp))
        if at_once(synchronous):
            store()
        else:
            later.act(self, run_id, store)

    def log_table(self, run_id: str, data: Any, artifact_file: str) -> None:
        """Store a data frame, or a dictionary of columns, as JSON or Parquet; a table already there grows."""
        key = _key(tables.checked_name(artifact_file))
        frame = tables.frame_of(data, lambda name, image: self._log_cell(run_id, name, image))
        folder, _, _ = key.rpartition("/")
        if any(info.path == key for info in self.list_artifacts(run_id, folder or None)):
            frame = tables.appended(tables.fetch(self, run_id, key), frame)
        with self._new_file(run_id, key) as path:
            tables.write(frame, path)
        said = tables.noted(self.get_run(run_id).data.tags, artifact_file)
        if said is not None:
            self.set_tag(run_id, *said)

    def load_table(
        self,
        experiment_id: str,
        artifact_file: str,
        run_ids: list[str] | None = None,
        extra_columns: list[str] | None = None,
    ) -> Any:
        """One data frame of the tables that runs of an experiment logged under one name.

        ``extra_columns`` are columns of ``search_runs``, such as ``run_id``, that each row is given of its run.
        """
        return tables.gathered(self, experiment_id, artifact_file, run_ids, extra_columns or [])

    def artifact_location(self, run_id: str) -> str:
        """Where the artifacts of a run are."""
        location = self.get_run(run_id).info.artifact_uri
        if not location:
            raise BadRequest(f"The run {run_id} has no place for artifacts")
        return location

    def _store_picture(self, run_id: str, picture: Any, artifact_file: str) -> None:
        with self._new_file(run_id, artifact_file) as path:
            images.save(picture, path)

    def _store_next(self, run_id: str, picture: Any, stem: str) -> None:
        self._store_picture(run_id, picture, f"{stem}.png")
        with self._new_file(run_id, f"{stem}+compressed.webp") as path:
            images.save_small(picture, path)
        self.set_tag(run_id, MLFLOW_LOGGED_IMAGES, True, synchronous=True)

    def _log_cell(self, run_id: str, column: str, image: images.Image) -> dict[str, str]:
        stem = images.cell_name(column)
        paths = {"filepath": f"{stem}.png", "compressed_filepath": f"{stem}.webp"}
        with self._new_file(run_id, paths["filepath"]) as path:
            images.save(image.to_pil(), path)
        with self._new_file(run_id, paths["compressed_filepath"]) as path:
            images.save_small(image.to_pil(), path)
        return {"type": "image", **paths}

    @contextmanager
    def _new_file(self, run_id: str, artifact_file: str) -> Iterator[Path]:
        """A local path that is stored under ``artifact_file`` when the block ends."""
        key = _key(artifact_file)
        with tempfile.TemporaryDirectory(prefix="headrace-") as folder:
            path = Path(folder, key.rpartition("/")[2])
            yield path
            files.store_of(self.artifact_location(run_id), self._tracking_uri).put(path, key)


def _key(artifact_file: str) -> ArtifactKey:
    """A file's key; ``./a/../b`` is how some people write ``b``."""
    text = str(artifact_file)
    return ArtifactKey.parse(posixpath.normpath(text) if text and not text.endswith("/") else text)


def _pieces(stream: io.BufferedIOBase | io.RawIOBase) -> Iterator[bytes]:
    while piece := stream.read(CHUNK):
        yield piece
