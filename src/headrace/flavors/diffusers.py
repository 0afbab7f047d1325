"""Adapters of Hugging Face's diffusers: LoRA weights, as safetensors, and the name of the model that they are for."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import msgspec

from headrace.base import settings
from headrace.base.errors import BadRequest
from headrace.models.flavor import Flavor, Saved, Saving, public
from headrace.models.native import broken, defaults, providers
from headrace.models.signature import ModelSignature
from headrace.models.trust import place_in
from headrace.models.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

FLAVOR_NAME = "diffusers"
_FOLDER, _SUFFIX = "adapter_weights", ".safetensors"
_NEEDS = ("diffusers", "transformers", "torch", "peft", "safetensors", "accelerate")
_UNREADABLE = (TypeError, ValueError, LookupError, OSError, RuntimeError, ImportError, AttributeError)


class Options(msgspec.Struct, kw_only=True):
    """What the adapter is for, and its kind."""

    base_model: str
    adapter_type: str = "lora"


@dataclass
class DiffusersAdapterModel:
    """An adapter on this machine, and the model it is for: a name at the Hugging Face hub, or a folder."""

    adapter_path: str
    base_model: str
    adapter_type: Literal["lora"]
    base_model_revision: str | None = None
    weight_name: str | None = None

    def load_pipeline(self, *, base_model: str | None = None, **kwargs: Any) -> Any:
        """The pipeline of the base, or of another ``base_model``, with the adapter in it.

        ``kwargs`` go to ``DiffusionPipeline.from_pretrained``.
        """
        import diffusers

        told: dict[str, Any] = {"use_safetensors": True, **kwargs}
        if base_model is None and self.base_model_revision:
            told.setdefault("revision", self.base_model_revision)
        weights = {"weight_name": self.weight_name} if self.weight_name else {}
        try:
            pipeline = diffusers.DiffusionPipeline.from_pretrained(base_model or self.base_model, **told)
            pipeline.load_lora_weights(self.adapter_path, use_safetensors=True, **weights)
        except _UNREADABLE as error:
            raise broken(f"{Path(self.adapter_path).name} on {base_model or self.base_model}", error) from error
        return pipeline


class Drawing:
    """An adapter asked as a ``python_function``: prompts become pictures. The base is loaded for the first of them."""

    def __init__(self, adapter: DiffusersAdapterModel, device: str | None = None) -> None:
        self._adapter, self._pipeline, self._lock = adapter, None, Lock()
        self._device = device or settings.text("DEFAULT_PREDICTION_DEVICE")

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> list[bytes]:
        """The PNG of each prompt's picture; ``params`` go to the pipeline."""
        pipeline, pictures = self.get_raw_model(), []
        for prompt in _prompts(data):
            try:
                picture = pipeline(prompt=prompt, **(params or {})).images[0]
            except (TypeError, ValueError) as error:
                raise BadRequest(f"The pipeline does not take this: {error}") from error
            drawn = io.BytesIO()
            picture.save(drawn, "PNG")
            pictures.append(drawn.getvalue())
        return pictures

    def get_raw_model(self) -> Any:
        """The pipeline, with the adapter in it."""
        import torch

        with self._lock:
            if self._pipeline is None:
                device = self._device or ("cuda" if torch.cuda.is_available() else "cpu")
                dtype = torch.float16 if device.startswith("cuda") else torch.float32
                self._pipeline = self._adapter.load_pipeline().to(device, dtype)
        return self._pipeline


class Diffusers(Flavor[Options]):
    """A file or folder with an adapter's weights."""

    name = FLAVOR_NAME
    loader_module = "mlflow.diffusers"
    save_order = (
        "adapter_path path base_model adapter_type conda_env code_paths mlflow_model signature input_example "
        "pip_requirements extra_pip_requirements metadata"
    )
    log_order = (
        "adapter_path base_model adapter_type artifact_path conda_env code_paths registered_model_name signature "
        "input_example await_registration_for pip_requirements extra_pip_requirements metadata params tags model_type "
        "step model_id name kwargs"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        if options.adapter_type != "lora":
            raise BadRequest(f"adapter_type must be 'lora', not {options.adapter_type!r}")
        if not isinstance(options.base_model, str) or not options.base_model:
            raise BadRequest(
                "base_model must name what the adapter is for: a model of the Hugging Face hub, or a folder"
            )
        place = Path(model.adapter_path if isinstance(model, DiffusersAdapterModel) else model)
        if not place.exists():
            raise BadRequest(f"There is no adapter at {str(place)!r}")
        if not _weights(place):
            raise BadRequest(f"There are no {_SUFFIX} files at {str(place)!r}; other formats can run code when read")
        if saving.signature is None:
            saving.signature = _usual()

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import diffusers

        place = Path(model.adapter_path if isinstance(model, DiffusersAdapterModel) else model)
        if place.is_dir():
            shutil.copytree(place, folder / _FOLDER)
        else:
            (folder / _FOLDER).mkdir()
            shutil.copy2(place, folder / _FOLDER)
        own = {
            "diffusers_version": diffusers.__version__,
            "base_model": options.base_model,
            "adapter_type": options.adapter_type,
            "adapter_weights": _FOLDER,
        }
        return Saved(own=own, pyfunc={}, needs=providers(*_NEEDS))

    def load(self, folder: Path, own: Mapping[str, Any]) -> DiffusersAdapterModel:
        place = place_in(folder, {"adapter_weights": _FOLDER, **own}, "adapter_weights")
        files = _weights(place)
        if own.get("adapter_type", "lora") != "lora" or not files or not isinstance(own.get("base_model"), str):
            raise BadRequest("Malformed MLmodel: an adapter has the type 'lora', a base_model, and safetensors")
        said = own.get("weight_name")
        if said is not None and said not in {file.name for file in files}:
            raise BadRequest(f"Malformed MLmodel: 'weight_name' must name one of {[file.name for file in files]}")
        if said is None and len(files) == 1:
            said = files[0].name
        return DiffusersAdapterModel(str(place), own["base_model"], "lora", own.get("base_model_revision"), said)

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> Drawing:
        return Drawing(self.load(folder, saved.get(self.name, {})), (config or {}).get("device"))

    def asked(self, model: Any, options: Options) -> Drawing:
        place = Path(model.adapter_path if isinstance(model, DiffusersAdapterModel) else model)
        inside = place if place.is_dir() else place.parent
        return Drawing(DiffusersAdapterModel(str(inside), options.base_model, "lora", None, _weights(place)[0].name))


def _weights(place: Path) -> list[Path]:
    found = sorted(place.iterdir()) if place.is_dir() else [place]
    return [file for file in found if file.suffix == _SUFFIX and file.is_file()]


def _usual() -> ModelSignature:
    params = [
        ParamSpec("num_inference_steps", DataType.integer, 30),
        ParamSpec("guidance_scale", DataType.double, 7.5),
        ParamSpec("height", DataType.integer, 512),
        ParamSpec("width", DataType.integer, 512),
        ParamSpec("negative_prompt", DataType.string, ""),
    ]
    return ModelSignature(
        Schema([ColSpec(DataType.string, "prompt")]),
        Schema([ColSpec(DataType.binary, "image")]),
        ParamSchema(params),
    )


def _prompts(data: Any) -> list[str]:
    if hasattr(data, "columns"):
        data = data["prompt" if "prompt" in data.columns else data.columns[0]]
    if isinstance(data, Mapping):
        data = data.get("prompt")
    found = [data] if isinstance(data, str) else list(data.tolist() if hasattr(data, "tolist") else data or [])
    if not found or not all(isinstance(each, str) for each in found):
        raise BadRequest("An adapter is asked with a 'prompt', a text or a list or column of them")
    return found


FLAVOR = Diffusers()
save_model, log_model, load_model = public(FLAVOR)

get_default_pip_requirements, get_default_conda_env = defaults(*_NEEDS)
