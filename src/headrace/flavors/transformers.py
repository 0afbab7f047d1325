"""Hugging Face's transformers: pipelines, or the components of one; the weights are safetensors, which run no code."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base import settings
from headrace.base.errors import BadRequest, NotSupported
from headrace.models import changing, checkpoints, generation, pipelines, tasks
from headrace.models.checkpoints import KINDS, Parts
from headrace.models.code import read_config
from headrace.models.environment import conda_env, pinned
from headrace.models.flavor import Flavor, Saved, Saving, public
from headrace.models.loading import load_flavor
from headrace.models.model import Model
from headrace.models.native import providers

FLAVOR_NAME = "transformers"
_CONFIG = "inference_config.txt"
#: The tasks that stand on one of a pipeline's own.
_TASKS = {"text-generation": [tasks.COMPLETIONS, tasks.CHAT], "feature-extraction": [tasks.EMBEDDINGS]}
#: Tasks whose texts can be put into a template.
_TEMPLATED = ("feature-extraction", "fill-mask", "summarization", "text2text-generation", "text-generation")
_HEADS = {
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
    "ForMaskedLM": "fill-mask",
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForImageClassification": "image-classification",
    "ForAudioClassification": "audio-classification",
    "ForCTC": "automatic-speech-recognition",
}


class Options(msgspec.Struct, kw_only=True):
    """What is saved of a pipeline, and how it is asked."""

    processor: Any = None
    task: str | None = None
    torch_dtype: Any = None
    model_card: Any = None
    model_config: Any = None
    prompt_template: str | None = None
    save_pretrained: bool = True
    base_model_path: str | None = None
    kwargs: dict[str, Any] = {}


class Asked:
    """A pipeline asked as a ``python_function``."""

    def __init__(self, pipeline: Any, task: str, config: Mapping[str, Any], template: str | None) -> None:
        self._pipeline, self._task, self._config, self._template = pipeline, task, dict(config), template

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the task's answers are: texts, a frame of labels, an array, or an answer as OpenAI has it."""
        told = {**self._config, **(params or {})}
        if self._task.startswith("llm/"):
            return generation.answers(self._pipeline, self._task, data, told)
        return pipelines.ask(self._pipeline, self._task, data, told, self._template)

    def get_raw_model(self) -> Any:
        """The pipeline."""
        return self._pipeline


class Transformers(Flavor[Options]):
    """A ``transformers.Pipeline``, a dict of its components, or a folder with a checkpoint."""

    name = FLAVOR_NAME
    loader_module = "mlflow.transformers"
    save_order = (
        "transformers_model path processor task torch_dtype model_card code_paths mlflow_model signature input_example "
        "pip_requirements extra_pip_requirements conda_env metadata model_config prompt_template save_pretrained "
        "base_model_path kwargs"
    )
    log_order = (
        "transformers_model artifact_path processor task torch_dtype model_card code_paths registered_model_name "
        "signature input_example await_registration_for pip_requirements extra_pip_requirements conda_env metadata "
        "model_config prompt_template save_pretrained prompts name params tags model_type step model_id "
        "base_model_path kwargs"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        parts = _parts(model, options)
        checkpoints.check(parts)
        _check_template(options, parts.task)
        if _is_llm(options):
            tasks.check(options.task, _TASKS.get(parts.task, []), f"a {parts.task} pipeline")
            saving.metadata = {**(saving.metadata or {}), "task": options.task}
        if options.prompt_template is not None:
            saving.metadata = {**(saving.metadata or {}), "prompt_template": options.prompt_template}
        if options.base_model_path and not checkpoints.is_adapted(parts.model):
            raise BadRequest("base_model_path says what an adapter of PEFT stands on, and this model has none")
        if not options.save_pretrained and not options.base_model_path and not checkpoints.revision_of(parts.base):
            raise BadRequest(
                "save_pretrained=False refers to a version at the Hugging Face hub, and this model was not loaded "
                "from there: save its weights"
            )
        if saving.signature is None and _is_llm(options):
            saving.signature = tasks.signature_of(str(options.task))
        elif saving.signature is None and saving.input_example is None:
            saving.signature = pipelines.signature_of(parts.task)

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import transformers

        parts = _parts(model, options)
        weights = options.save_pretrained and not options.base_model_path
        said = checkpoints.write(parts, folder, weights=weights)
        own = {
            "transformers_version": transformers.__version__,
            "task": parts.task,
            "instance_type": type(_pipeline(model, parts)).__name__,
            "pipeline_model_type": type(parts.base).__name__,
            "source_model_name": str(parts.base.name_or_path or ""),
            "torch_dtype": str(options.torch_dtype or parts.base.dtype),
            **said,
        }
        if _is_llm(options):
            own["inference_task"] = options.task
        if options.base_model_path:
            own["local_base_model_path"] = str(options.base_model_path)
        elif not weights:
            own["source_model_revision"] = checkpoints.revision_of(parts.base)
        if options.model_card is not None:
            _write_card(options.model_card, folder)
        config = _config(options, parts.task)
        needs = {"transformers", "torch", *(["peft"] if checkpoints.is_adapted(parts.model) else [])}
        return Saved(own=own, pyfunc={"config": config} if config else {}, needs=providers(*needs, "accelerate"))

    def load(
        self,
        folder: Path,
        own: Mapping[str, Any],
        return_type: str = "pipeline",
        device: Any = None,
        base_model_path: str | None = None,
        **told: Any,
    ) -> Any:
        if return_type not in ("pipeline", "components"):
            raise BadRequest(f"return_type must be 'pipeline' or 'components', not {return_type!r}")
        if "torch_dtype" in told:
            told["dtype"] = told.pop("torch_dtype")
        if device is None and settings.flag("HUGGINGFACE_USE_DEVICE_MAP"):
            told.setdefault("device_map", settings.text("HUGGINGFACE_DEVICE_MAP_STRATEGY", "auto"))
        parts = checkpoints.read(folder, own, told, base_model_path)
        if return_type == "components":
            return {"task": parts.task, "dtype": parts.base.dtype, "model": parts.model, **parts.beside}
        place = device if device is not None else settings.text("DEFAULT_PREDICTION_DEVICE")
        return _built(parts, place if "device_map" not in told else None)

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> Asked:
        own = saved.get(self.name, {})
        metadata = Model.load(folder).metadata or {}
        earlier = json.loads((folder / _CONFIG).read_text("utf-8")) if (folder / _CONFIG).is_file() else {}
        told = {**earlier, **(config or {})}
        task = str(own.get("inference_task") or own.get("task", ""))
        return Asked(self.load(folder, own), task, told, own.get("prompt_template") or metadata.get("prompt_template"))

    def asked(self, model: Any, options: Options) -> Asked:
        parts = _parts(model, options)
        task = str(options.task) if _is_llm(options) else parts.task
        return Asked(_pipeline(model, parts), task, _config(options, parts.task) or {}, options.prompt_template)


def _is_llm(options: Options) -> bool:
    return str(options.task or "").startswith("llm/")


def _parts(model: Any, options: Options) -> Parts:
    import transformers

    task = None if _is_llm(options) else options.task
    if isinstance(model, str | Path):
        if not Path(model).is_dir() or task is None:
            raise BadRequest(
                "A model given as a folder needs to be one, with a checkpoint, and a task, such as 'fill-mask'"
            )
        model = transformers.pipeline(task, model=str(model))
    if isinstance(model, transformers.Pipeline):
        found = {"model": model.model, **{kind: getattr(model, kind, None) for kind in KINDS}}
        task = str(model.task)
    elif isinstance(model, Mapping) and "model" in model:
        found = dict(model)
        if odd := sorted(found.keys() - {"model", *KINDS}):
            raise BadRequest(f"The components of a model are 'model' and {sorted(KINDS)}, not {odd}")
    else:
        raise BadRequest(f"A {type(model).__name__} is no pipeline, and no dict of components that has a 'model'")
    beside = {kind: found[kind] for kind in KINDS if found.get(kind) is not None}
    if options.processor is not None:
        beside["processor"] = options.processor
    # A processor stands for the parts it is made of, which pipelines name beside it.
    return Parts(task=task or _task_of(found["model"]), model=found["model"], beside=beside)


def _task_of(model: Any) -> str:
    name = type(model.get_base_model() if checkpoints.is_adapted(model) else model).__name__
    found = next((task for ending, task in _HEADS.items() if name.endswith(ending)), None)
    if found is None:
        raise BadRequest(f"What a {name} is for cannot be told by its class: say task=, such as 'feature-extraction'")
    return found


def _pipeline(model: Any, parts: Parts) -> Any:
    import transformers

    return model if isinstance(model, transformers.Pipeline) else _built(parts, None)


def _built(parts: Parts, device: Any) -> Any:
    import transformers

    told = {"device": device} if device is not None else {}
    try:
        return transformers.pipeline(parts.task, model=parts.model, **parts.beside, **told)
    except (KeyError, ValueError, TypeError) as error:
        raise BadRequest(f"No pipeline can be made for the task {parts.task!r}: {error}") from error


def _config(options: Options, task: str) -> dict[str, Any] | None:
    config = read_config(options.model_config)
    if options.prompt_template is not None and task == "text-generation":
        # Who asks did not write the template, and does not want it back.
        return {"return_full_text": False, **(config or {})}
    return config


def _check_template(options: Options, task: str) -> None:
    said = options.prompt_template
    if said is None:
        return
    if task not in _TEMPLATED or _is_llm(options):
        raise BadRequest(f"prompt_template is for the tasks {list(_TEMPLATED)}, not {options.task or task}")
    if not isinstance(said, str) or re.findall(r"{[^{}]*}", said.replace("{{", "").replace("}}", "")) != ["{prompt}"]:
        raise BadRequest(f"prompt_template must be a text with one place for the question, {{prompt}}, not {said!r}")


def _write_card(card: Any, folder: Path) -> None:
    import yaml

    data = getattr(card, "data", None)
    if data is not None:
        text = yaml.safe_dump(data.to_dict() if hasattr(data, "to_dict") else dict(data), sort_keys=True)
        (folder / "model_card_data.yaml").write_text(text, encoding="utf-8")
    (folder / "model_card.md").write_text(str(getattr(card, "text", card)), encoding="utf-8")


FLAVOR = Transformers()
save_model, log_model, _ = public(FLAVOR)


def load_model(
    model_uri: str,
    dst_path: str | None = None,
    return_type: str = "pipeline",
    device: Any = None,
    base_model_path: str | None = None,
    **kwargs: Any,
) -> Any:
    """Load a pipeline, or with ``return_type="components"`` a dict of its parts.

    ``base_model_path`` says where the model below an adapter is; ``kwargs``, such as ``torch_dtype``, go to
    ``from_pretrained``.
    """
    told = {"return_type": return_type, "device": device, "base_model_path": base_model_path, **kwargs}
    return load_flavor(FLAVOR, model_uri, dst_path, **told)


def persist_pretrained_model(model_uri: str) -> None:
    """Put the weights into a model that was saved with ``save_pretrained=False`` and only says where they are."""
    with changing.enlarged(model_uri) as (folder, added):
        model = Model.load(folder)
        own = model.flavors.get(FLAVOR_NAME)
        if own is None:
            raise NotSupported(f"{model_uri!r} is no model of transformers")
        if own.get("model_binary"):
            return
        parts = checkpoints.read(folder, own, {}, None)
        checkpoints.write_model(parts, added / checkpoints.MODEL)
        own["model_binary"] = checkpoints.MODEL
        for name in ("source_model_revision", "local_base_model_path"):
            own.pop(name, None)
        model.save(added / "MLmodel")


def generate_signature_output(
    pipeline: Any, data: Any, model_config: Any = None, params: Any = None, flavor_config: Any = None
) -> Any:
    """What a pipeline answers as a ``python_function``, to infer a signature from."""
    options = Options(model_config=model_config, task=(flavor_config or {}).get("inference_task"))
    return FLAVOR.asked(pipeline, options).predict(data, params)


def is_gpu_available() -> bool:
    """Whether PyTorch sees a GPU."""
    import torch

    return bool(torch.cuda.is_available())


def get_default_pip_requirements(model: Any) -> list[str]:
    """What ``model`` needs at least."""
    adapter = {"peft"} if checkpoints.is_adapted(model) else set()
    return pinned(providers("transformers", "torch", "accelerate", *adapter))


def get_default_conda_env(model: Any) -> dict[str, Any]:
    """The conda environment that ``model`` needs at least."""
    return conda_env(get_default_pip_requirements(model))
