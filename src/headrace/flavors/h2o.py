"""H2O models, in H2O's binary files, which its Java makes objects of and a cluster of the same version reads."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.models.flavor import Saved, Saving, public
from headrace.models.native import LibraryFlavor, broken, defaults, providers
from headrace.models.trust import file_in, place_in

FLAVOR_NAME = "h2o"
_FOLDER, _SETTINGS = "model.h2o", "h2o.yaml"


class Options(msgspec.Struct, kw_only=True):
    """What is kept beside the model: under ``init``, how a cluster is started for it where none is connected."""

    settings: dict[str, Any] | None = None


class H2O(LibraryFlavor[Options]):
    """A model of H2O-3, asked in the cluster that is connected, or in one that is started on this machine."""

    name = FLAVOR_NAME
    loader_module = "mlflow.h2o"
    save_order = (
        "h2o_model path conda_env code_paths mlflow_model settings signature input_example pip_requirements "
        "extra_pip_requirements metadata extra_files"
    )
    log_order = (
        "h2o_model artifact_path conda_env code_paths registered_model_name signature input_example pip_requirements "
        "extra_pip_requirements metadata extra_files name params tags model_type step model_id settings"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        from h2o.model import ModelBase

        if not isinstance(model, ModelBase):
            raise BadRequest(f"A {type(model).__name__} is no model of H2O")
        if not getattr(model, "model_id", None):
            raise BadRequest("This model of H2O was never trained, so its cluster has nothing to save")
        if not isinstance(options.settings, dict | None):
            raise BadRequest(f"settings must be a dict, not {options.settings!r}")

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import h2o
        import yaml

        (folder / _FOLDER).mkdir()
        try:
            # By way of this process: the cluster may be on another machine.
            file = Path(h2o.download_model(model, path=str(folder / _FOLDER)))
        except (h2o.exceptions.H2OError, OSError) as error:
            raise BadRequest(f"H2O cannot save this model: {error}") from error
        said = {**(options.settings or {}), "model_file": file.name}
        (folder / _FOLDER / _SETTINGS).write_text(yaml.safe_dump(said), encoding="utf-8")
        own = {"h2o_version": h2o.__version__, "data": _FOLDER}
        return Saved(own=own, pyfunc={"data": _FOLDER}, needs=providers("h2o", "pandas"))

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        import h2o

        place = place_in(folder, own, "data")
        said = _settings(file_in(place, {"settings": _SETTINGS}, "settings"))
        file = file_in(place, said, "model_file")
        _connect(said.get("init") or {})
        try:
            return h2o.upload_model(str(file))
        except (h2o.exceptions.H2OError, OSError, ValueError) as error:
            raise broken(file.name, error) from error

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        """A frame with what the model predicts, and the index of the frame it is asked with."""
        import h2o
        import pandas

        rows = data if isinstance(data, pandas.DataFrame) else pandas.DataFrame(data)
        with _quietly():
            taken = h2o.H2OFrame(rows)
            try:
                answer = model.predict(taken)
                found = pandas.read_csv(io.StringIO(answer.get_frame_data()), low_memory=False, skip_blank_lines=False)
                h2o.remove(answer.frame_id)
            except (h2o.exceptions.H2OError, OSError) as error:
                raise BadRequest(f"H2O cannot ask the model: {error}") from error
            finally:
                # The cluster keeps every frame until it is told to let it go.
                h2o.remove(taken.frame_id)
        found.index = rows.index
        return found


def _settings(file: Path) -> dict[str, Any]:
    import yaml

    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise broken(file.name, error) from error
    if not isinstance(said, dict) or not isinstance(said.get("init") or {}, dict):
        raise BadRequest(f"Malformed model: {file.name} must be a YAML mapping")
    return said


def _connect(told: Mapping[str, Any]) -> None:
    """Use the cluster that is connected, or else start one as ``told``."""
    import h2o

    connection = h2o.connection()
    if connection is not None and connection.connected:
        return
    try:
        h2o.init(**told)
    except (h2o.exceptions.H2OError, TypeError, OSError) as error:
        raise BadRequest(f"H2O cannot be started for this model: {error}. It needs Java 8 to 17") from error


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Without bars of progress."""
    import h2o
    from h2o.job import H2OJob

    before = H2OJob.__PROGRESS_BAR__
    h2o.no_progress()
    try:
        yield
    finally:
        if before:
            h2o.show_progress()


FLAVOR = H2O()
save_model, log_model, load_model = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("h2o")
