"""Sentence transformers: texts become vectors. Their weights are safetensors, which run no code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.models import tasks
from headrace.models.flavor import Flavor, Saved, Saving, public
from headrace.models.native import broken, defaults, providers
from headrace.models.signature import ModelSignature
from headrace.models.trust import place_in
from headrace.models.types import ColSpec, DataType, Schema, TensorSpec

FLAVOR_NAME = "sentence_transformers"
_FOLDER, _CONFIG = "model.sentence_transformer", "inference_config"


class Options(msgspec.Struct, kw_only=True):
    """The task, if it is one of OpenAI's, and what ``encode`` is told whenever the model is asked."""

    task: str | None = None
    inference_config: dict[str, Any] | None = None
    kwargs: dict[str, Any] = {}


class Sentences:
    """A model asked as a ``python_function``: texts, a frame with a column of them, or a request for embeddings."""

    def __init__(self, model: Any, task: str | None, told: Mapping[str, Any]) -> None:
        self._model, self._task, self._told = model, task, dict(told)

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """An array with a row for each text, or the answer of ``llm/v1/embeddings``. ``params`` go to ``encode``."""
        told = {"show_progress_bar": False, **self._told, **(params or {})}
        if self._task is None:
            return self._encoded(_texts(data), told)
        texts, _ = tasks.asked(tasks.EMBEDDINGS, data)
        # Early releases call it tokenize.
        read = getattr(self._model, "preprocess", None) or self._model.tokenize
        tokens = int(read(texts)["attention_mask"].sum())
        return tasks.embeddings(self._encoded(texts, told).tolist(), tokens)

    def get_raw_model(self) -> Any:
        """The sentence transformer."""
        return self._model

    def _encoded(self, texts: list[str], told: dict[str, Any]) -> Any:
        try:
            return self._model.encode(texts, **told)
        except (TypeError, ValueError) as error:
            raise BadRequest(f"The sentence transformer does not take this: {error}") from error


class SentenceTransformers(Flavor[Options]):
    """A ``SentenceTransformer``."""

    name = FLAVOR_NAME
    loader_module = "mlflow.sentence_transformers"
    save_order = (
        "model path task inference_config code_paths mlflow_model signature input_example pip_requirements "
        "extra_pip_requirements conda_env metadata extra_files kwargs"
    )
    log_order = (
        "model artifact_path task inference_config code_paths registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements conda_env metadata extra_files prompts name "
        "params tags model_type step model_id kwargs"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        import sentence_transformers

        if not isinstance(model, sentence_transformers.SentenceTransformer):
            raise BadRequest(f"A {type(model).__name__} is no SentenceTransformer")
        if options.task is not None:
            tasks.check(options.task, [tasks.EMBEDDINGS], "a sentence transformer")
            saving.metadata = {**(saving.metadata or {}), "task": options.task}
            saving.signature = tasks.signature_of(options.task) if saving.signature is None else saving.signature
        elif saving.signature is None and saving.input_example is None:
            saving.signature = _usual()

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import sentence_transformers

        model.save(str(folder / _FOLDER))
        if options.inference_config is not None:
            (folder / _CONFIG).write_text(json.dumps(options.inference_config), encoding="utf-8")
        first = getattr(model[0], "auto_model", model[0])
        own = {
            "sentence_transformers_version": sentence_transformers.__version__,
            "source_model_name": str(getattr(getattr(first, "config", None), "name_or_path", "") or ""),
            "pipeline_model_type": type(first).__name__,
        }
        config = {"config": {"task": options.task}} if options.task else {}
        needs = providers("sentence_transformers", "transformers", "torch")
        return Saved(own=own, pyfunc={"data": _FOLDER, **config}, needs=needs)

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        import sentence_transformers

        place = place_in(folder, {"data": _FOLDER, **own}, "data")
        if not (place / "modules.json").is_file():
            raise BadRequest(f"The model is not whole: {_FOLDER}/modules.json is missing")
        try:
            return sentence_transformers.SentenceTransformer(str(place), local_files_only=True)
        except (TypeError, ValueError, LookupError, OSError, RuntimeError, ImportError, AttributeError) as error:
            raise broken(_FOLDER, error) from error

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> Sentences:
        told = json.loads((folder / _CONFIG).read_text("utf-8")) if (folder / _CONFIG).is_file() else {}
        return Sentences(self.load(folder, saved["python_function"]), (config or {}).get("task"), told)

    def asked(self, model: Any, options: Options) -> Sentences:
        return Sentences(model, options.task, options.inference_config or {})


def _usual() -> ModelSignature:
    import numpy

    return ModelSignature(Schema([ColSpec(DataType.string)]), Schema([TensorSpec(numpy.dtype("float64"), [-1])]))


def _texts(data: Any) -> list[str]:
    if hasattr(data, "columns"):
        data = data.iloc[:, 0]
    if isinstance(data, dict) and len(data) == 1:
        data = next(iter(data.values()))
    found = [data] if isinstance(data, str) else list(data.tolist() if hasattr(data, "tolist") else data)
    if not all(isinstance(each, str) for each in found):
        raise BadRequest("A sentence transformer is asked with a text, a list of texts, or a column of them")
    return found


FLAVOR = SentenceTransformers()
save_model, log_model, load_model = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("sentence_transformers", "transformers", "torch")
