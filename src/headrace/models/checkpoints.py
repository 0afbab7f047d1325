"""Models of Hugging Face's transformers as files: the model, the components beside it, and an adapter on top."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base import settings
from headrace.base.errors import BadRequest
from headrace.models.native import broken
from headrace.models.trust import place_in

MODEL, COMPONENTS, ADAPTER = "model", "components", "peft"
#: What may stand beside a model, and the class that finds out what kind it is of.
KINDS = {
    "tokenizer": "AutoTokenizer",
    "feature_extractor": "AutoFeatureExtractor",
    "image_processor": "AutoImageProcessor",
    "processor": "AutoProcessor",
}
_UNREADABLE = (TypeError, ValueError, LookupError, OSError, RuntimeError, ImportError, AttributeError)


class Parts(msgspec.Struct, kw_only=True):
    """A model, what stands beside it, by kind, and the task of the whole."""

    task: str
    model: Any
    beside: dict[str, Any]

    @property
    def base(self) -> Any:
        """The model without an adapter."""
        return self.model.get_base_model() if is_adapted(self.model) else self.model


def is_adapted(model: Any) -> bool:
    """Whether ``model`` is PEFT's: a base and an adapter."""
    return type(model).__module__.partition(".")[0] == "peft"


def revision_of(model: Any) -> str | None:
    """The version at the Hugging Face hub that ``model`` was loaded from; None for one from elsewhere."""
    import huggingface_hub

    if found := getattr(model.config, "_commit_hash", None):
        return str(found)
    name = str(model.name_or_path or "")
    if not name or Path(name).exists():
        return None
    # Later releases do not keep it with the model; the cache has it in the place of the file.
    file = huggingface_hub.try_to_load_from_cache(name, "config.json")
    return Path(file).parent.name if isinstance(file, str) else None


def check(parts: Parts) -> None:
    """Raise ``BadRequest`` for a model of a class that transformers cannot read again."""
    import transformers

    name = type(parts.base).__name__
    if not isinstance(parts.base, transformers.PreTrainedModel):
        raise BadRequest(f"A {name} is no model of transformers")
    if getattr(transformers, name, None) is not type(parts.base):
        raise BadRequest(
            f"{name} is a class of your own, which transformers cannot find again. Save it in a PythonModel, with "
            "pyfunc.save_model"
        )


def write(parts: Parts, folder: Path, *, weights: bool) -> dict[str, Any]:
    """Write a model and what stands beside it; return how the MLmodel file names them."""
    said: dict[str, Any] = {}
    if weights:
        write_model(parts, folder / MODEL)
        said["model_binary"] = MODEL
    if is_adapted(parts.model):
        parts.model.save_pretrained(str(folder / ADAPTER))
        said["peft_adaptor"] = ADAPTER
    for kind, each in parts.beside.items():
        said[f"{kind}_type"] = type(each).__name__
        each.save_pretrained(str(folder / COMPONENTS / kind))
    return {**said, "components": [each for each in parts.beside if each != "processor"]}


def write_model(parts: Parts, folder: Path) -> None:
    """Write the weights of a model, without its adapter, as safetensors."""
    told: dict[str, Any] = {"max_shard_size": settings.text("HUGGINGFACE_MODEL_MAX_SHARD_SIZE", "500MB")}
    if is_adapted(parts.model):
        # Where an adapter sits, the layer below it goes by another name.
        state = {
            name.replace(".base_layer.", "."): each
            for name, each in parts.base.state_dict().items()
            if "lora_" not in name and "modules_to_save" not in name
        }
        told["state_dict"] = state
    parts.base.save_pretrained(str(folder), **told)


def read(folder: Path, said: Mapping[str, Any], told: Mapping[str, Any], base: str | None) -> Parts:
    """The model and what stands beside it, as the MLmodel file ``said``; ``told`` goes to ``from_pretrained``."""
    import transformers

    where, revision = _source(folder, said, base)
    name = str(said.get("pipeline_model_type", ""))
    found = getattr(transformers, name, None)
    if not isinstance(found, type) or not issubclass(found, transformers.PreTrainedModel):
        raise BadRequest(f"Malformed MLmodel: the model's class must be one of transformers, not {name!r}")
    kind: Any = found
    told = {"dtype": _dtype(said.get("torch_dtype")), **told}
    try:
        model: Any = kind.from_pretrained(where, **revision, **{key: each for key, each in told.items() if each})
        if said.get("peft_adaptor"):
            import peft

            model = peft.PeftModel.from_pretrained(model, str(place_in(folder, said, "peft_adaptor")))
        beside = {each: _component(folder, each, said) for each in KINDS if _has(each, said)}
    except _UNREADABLE as error:
        raise broken(Path(where).name, error) from error
    return Parts(task=str(said.get("task", "")), model=model, beside=beside)


def _source(folder: Path, said: Mapping[str, Any], base: str | None) -> tuple[str, dict[str, Any]]:
    """Where the weights are: in the model's folder, in one that is named, or at the hub, in the version that was."""
    if base or said.get("local_base_model_path"):
        place = str(base or said["local_base_model_path"])
        if not Path(place).is_dir():
            raise BadRequest(
                f"The model stands on {place!r}, which is no folder here: say where it is: base_model_path"
            )
        return place, {"local_files_only": True}
    if said.get("model_binary"):
        return str(place_in(folder, said, "model_binary")), {"local_files_only": True}
    if not said.get("source_model_name"):
        raise BadRequest("The model is not whole: its MLmodel file names neither weights nor where they came from")
    return str(said["source_model_name"]), {"revision": said.get("source_model_revision")}


def _has(kind: str, said: Mapping[str, Any]) -> bool:
    return kind in (said.get("components") or []) or (kind == "processor" and bool(said.get("processor_type")))


def _component(folder: Path, kind: str, said: Mapping[str, Any]) -> Any:
    import transformers

    place = folder / COMPONENTS / kind
    auto = getattr(transformers, KINDS[kind])
    if place.is_dir():
        return auto.from_pretrained(str(place), local_files_only=True, trust_remote_code=False)
    named = said.get(f"{kind}_name") or said.get("source_model_name")
    if not named:
        raise BadRequest(f"The model is not whole: its {kind} is missing")
    return auto.from_pretrained(str(named), revision=said.get(f"{kind}_revision"))


def _dtype(said: Any) -> Any:
    import torch

    found = getattr(torch, str(said).removeprefix("torch."), None) if said else None
    return found if isinstance(found, torch.dtype) else None
