"""DSPy programs: pickled, in DSPy's own way when asked for, or saved as the script that makes them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.models import imports, pickles, scripted
from headrace.models.code import read_config
from headrace.models.flavor import Flavor, Saved, Saving, public
from headrace.models.model import Model
from headrace.models.native import broken, class_name, defaults, providers
from headrace.models.programs import (
    DspyChatModelWrapper,
    DspyModelWrapper,
    settings_now,
    with_language_model,
    without_keys,
)
from headrace.models.signature import ModelSignature
from headrace.models.trust import place_in
from headrace.models.types import Array, ColSpec, DataType, Object, Property, Schema

FLAVOR_NAME = "dspy"
CHAT = "llm/v1/chat"
_PICKLE, _FOLDER, _SETTINGS, _CONFIG = "data/model.pkl", "data/model", "data/dspy_config.pkl", "data/model_config.json"


class Options(msgspec.Struct, kw_only=True):
    """What the program is asked as, and how it is written."""

    task: str | None = None
    model_config: Any = None
    use_dspy_model_save: bool = False
    #: Whether its fields can be streamed, which takes their names.
    streamable: bool = False
    #: The program that the script makes, or that was given.
    made: Any = None


class DSPy(Flavor[Options]):
    """A Module of DSPy, with the language model that it was made with, but not that model's keys."""

    name = FLAVOR_NAME
    loader_module = "mlflow.dspy"
    save_order = (
        "model path task model_config code_paths mlflow_model conda_env signature input_example pip_requirements "
        "extra_pip_requirements metadata resources use_dspy_model_save"
    )
    log_order = (
        "dspy_model artifact_path task model_config code_paths conda_env signature input_example "
        "registered_model_name await_registration_for pip_requirements extra_pip_requirements metadata resources "
        "prompts name params tags model_type step model_id use_dspy_model_save"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        import dspy

        if options.task not in (None, CHAT):
            raise BadRequest(f"task must be {CHAT!r}, or None, not {options.task!r}")
        options.model_config = read_config(options.model_config)
        if options.made is None:
            script = scripted.script_of(model)
            made = scripted.make(script, saving.code_paths, options.model_config) if script else model
            if not isinstance(made, dspy.Module):
                raise BadRequest(f"A {class_name(made)} is no Module of DSPy")
            options.made = made
        if options.task:
            saving.metadata = {**(saving.metadata or {}), "task": options.task}
            saving.signature = saving.signature or _chat_signature()
        else:
            options.streamable = bool(saving.signature or saving.input_example is not None)

    def script(self, model: Any, options: Options) -> Path | None:
        return scripted.script_of(model)

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        pyfunc: dict[str, Any] = {"streamable": options.streamable}
        task = {"inference_task": options.task} if options.task else {}
        if script := scripted.script_of(model):
            said, needs = scripted.write(script, folder, options.model_config)
            return Saved(own=task, pyfunc=pyfunc | said, needs=needs | providers("dspy"))
        (folder / "data").mkdir()
        program, settings = without_keys(options.made, settings_now())
        write = self._save_folder if options.use_dspy_model_save else self._save_pickle
        path = write(program, settings, folder, options)
        read = {module for file in folder.rglob("*.pkl") for module, _ in imports.globals_of_pickle(file.read_bytes())}
        needs = providers("dspy", "cloudpickle") | imports.distributions(read)
        return Saved(own={"model_path": path, **task}, pyfunc=pyfunc, needs=needs)

    @staticmethod
    def _save_pickle(program: Any, settings: dict[str, Any], folder: Path, options: Options) -> str:
        with (folder / _PICKLE).open("wb") as file:
            pickles.dump(_kind(options.task)(program, settings, options.model_config), file)
        return _PICKLE

    @staticmethod
    def _save_folder(program: Any, settings: dict[str, Any], folder: Path, options: Options) -> str:
        program.save(folder / _FOLDER, save_program=True)
        with (folder / _SETTINGS).open("wb") as file:
            pickles.dump(settings, file)
        if options.model_config is not None:
            (folder / _CONFIG).write_text(json.dumps(options.model_config), encoding="utf-8")
        return _FOLDER

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        made = _read(folder, own, scripted.pyfunc_of(folder), None)
        return with_language_model(made.model, made.dspy_settings)

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> Any:
        made = _read(folder, saved.get(self.name, {}), saved["python_function"], config)
        signature = Model.load(folder).signature
        # What the pickle says of it may be of any release of MLflow.
        made.output_schema = signature.outputs if signature else None
        return made

    def asked(self, model: Any, options: Options) -> Any:
        return _kind(options.task)(options.made, settings_now(), options.model_config)


def _read(
    folder: Path, own: Mapping[str, Any], pyfunc: Mapping[str, Any], config: Mapping[str, Any] | None
) -> DspyModelWrapper:
    kind = _kind(own.get("inference_task"))
    if scripted.PATH in pyfunc:
        made = scripted.read(folder, pyfunc, config)
        return kind(made, settings_now(), dict(config or {}))
    path = place_in(folder, own, "model_path")
    if path.is_file():
        found = pickles.load_file(path)
        if not isinstance(found, DspyModelWrapper):
            raise BadRequest(f"The model's pickle holds a {class_name(found)}, which is no program of DSPy")
        return found
    import dspy

    # Releases before 3.1 ask no leave.
    leave = {"allow_pickle": True} if "allow_pickle" in inspect.signature(dspy.load).parameters else {}
    try:
        program = dspy.load(str(path), **leave)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ImportError) as error:
        raise broken(path.name, error) from error
    settings = pickles.load_file(place_in(folder, {"settings": _SETTINGS}, "settings"))
    said = folder / _CONFIG
    return kind(program, settings, json.loads(said.read_text(encoding="utf-8")) if said.is_file() else None)


def _kind(task: Any) -> type[DspyModelWrapper]:
    return DspyChatModelWrapper if task == CHAT else DspyModelWrapper


def _chat_signature() -> ModelSignature:
    text = DataType.string
    message = Object([Property("content", text), Property("role", text)])
    choice = Object([Property("finish_reason", text), Property("index", DataType.long), Property("message", message)])
    return ModelSignature(Schema([ColSpec(Array(message), "messages")]), Schema([ColSpec(Array(choice), "choices")]))


FLAVOR = DSPy()
save_model, log_model, load_model = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("dspy")
