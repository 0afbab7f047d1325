"""PyTorch modules: as an exported graph, which runs no code of anybody's, or as a pickle when that is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import BadZipFile

import msgspec

from headrace.base import settings
from headrace.base.errors import BadRequest
from headrace.models import archives, pickles
from headrace.models.flavor import Flavor, Saved, Saving, public
from headrace.models.imports import distributions
from headrace.models.loading import fetch, load_flavor
from headrace.models.native import broken, defaults, providers
from headrace.models.trust import allow, place_in

FLAVOR_NAME = "pytorch"
PICKLE, PT2 = "pickle", "pt2"
_FOLDER, _PICKLED, _EXPORTED, _STATE, _PICKLER = (
    "data",
    "model.pth",
    "model.pt2",
    "state_dict.pth",
    "pickle_module_info.txt",
)
#: How MLflow names the module that pickles unless told otherwise, and others that ours stands for.
_USUAL = "mlflow.pytorch.pickle_module"
_OURS = {_USUAL, "cloudpickle", "pickle"}
_KINDS = (TypeError, ValueError, LookupError, AttributeError, RuntimeError, ImportError, EOFError, BadZipFile)


class Options(msgspec.Struct, kw_only=True):
    """The format, what ``torch.save`` is told besides, and what the graph of a ``pt2`` is traced with."""

    pickle_module: Any = None
    export_model: bool = False
    serialization_format: str | None = None
    kwargs: dict[str, Any] = {}
    #: Filled by ``check``: the example, and the extra files that the MLmodel file names.
    traced: tuple[Any, ...] = ()
    extra: list[str] = []


class Torch:
    """A module asked as a ``python_function``: an array or a frame of numbers."""

    def __init__(self, module: Any, device: str | None = None) -> None:
        self._module, self._device = module, device or settings.text("DEFAULT_PREDICTION_DEVICE")

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """An array for an array, a frame for a frame. ``params["device"]`` says where."""
        import numpy
        import pandas
        import torch

        frame = isinstance(data, pandas.DataFrame)
        if not frame and not isinstance(data, numpy.ndarray):
            raise BadRequest(f"A PyTorch model takes a frame or an array, not a {type(data).__name__}")
        device = (params or {}).get("device") or self._device or _best()
        self._module.to(device)
        # One row of a frame may hold several types of number, and layers take one.
        asked = torch.from_numpy(numpy.array(data.to_numpy("float32") if frame else data)).to(device)
        with torch.no_grad():
            answer = self._module(asked)
        if not isinstance(answer, torch.Tensor):
            raise BadRequest(f"A PyTorch model is asked for one tensor, and this one gives a {type(answer).__name__}")
        array = answer.cpu().numpy()
        return pandas.DataFrame(array, index=data.index if len(array) == len(data) else None) if frame else array

    def get_raw_model(self) -> Any:
        """The module."""
        return self._module


class PyTorch(Flavor[Options]):
    """A ``torch.nn.Module``."""

    name = FLAVOR_NAME
    loader_module = "mlflow.pytorch"
    save_order = (
        "pytorch_model path conda_env mlflow_model code_paths pickle_module signature input_example extra_files "
        "pip_requirements extra_pip_requirements metadata export_model serialization_format kwargs"
    )
    log_order = (
        "pytorch_model artifact_path conda_env code_paths pickle_module registered_model_name signature input_example "
        "await_registration_for extra_files pip_requirements extra_pip_requirements metadata name params tags "
        "model_type step model_id export_model serialization_format kwargs"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        import torch

        if not isinstance(model, torch.nn.Module):
            raise BadRequest(f"A {type(model).__name__} is no torch.nn.Module; save_state_dict saves a dict of tensors")
        form = _format(options)
        if form not in (PICKLE, PT2):
            raise BadRequest(f"serialization_format must be '{PT2}' or '{PICKLE}', not {form!r}")
        options.extra = [f"extra_files/{Path(each).name}" for each in saving.extra_files or []]
        if form == PT2:
            if isinstance(model, torch.jit.ScriptModule):
                raise BadRequest(f"A compiled module has no graph to export: {_INSTEAD}")
            if saving.input_example is None:
                raise BadRequest(
                    "A PyTorch model is saved as its graph, which is traced with an input_example: give one, or "
                    f"{_INSTEAD}"
                )
            options.traced = _tensors(saving.input_example)

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import torch

        (folder / _FOLDER).mkdir()
        own: dict[str, Any] = {"model_data": _FOLDER, "pytorch_version": str(torch.__version__)}
        if options.extra:
            own["extra_files"] = [{"path": each} for each in options.extra]
        needs = providers("torch")
        said = _USUAL
        if _format(options) == PT2:
            torch.export.save(_exported(model, options.traced), folder / _FOLDER / _EXPORTED)
        else:
            said = getattr(options.pickle_module, "__name__", _USUAL)
            needs |= {"cloudpickle", *_pickled(model, folder / _FOLDER / _PICKLED, said, options)}
            (folder / _FOLDER / _PICKLER).write_text(said, encoding="utf-8")
        pyfunc = {"data": _FOLDER, "pickle_module_name": said, "config": {"device": None}}
        return Saved(own=own, pyfunc=pyfunc, needs=needs)

    def load(self, folder: Path, own: Mapping[str, Any], device: Any = None, **told: Any) -> Any:
        place = place_in(folder, own, "model_data" if "model_data" in own else "data")
        if (place / _EXPORTED).is_file():
            module = _read_graph(place / _EXPORTED)
        else:
            module = _read(_found(place, _PICKLED), place / _PICKLER, told)
        return module.to(device) if device else module

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> Torch:
        module = self.load(folder, saved.get(self.name, saved["python_function"]))
        return Torch(_evaluating(module), (config or {}).get("device"))

    def asked(self, model: Any, options: Options) -> Torch:
        import copy

        # A copy: moving a user's module, or ending its training, is not ours to do.
        return Torch(_evaluating(copy.deepcopy(model)))


_INSTEAD = f"save it with serialization_format='{PICKLE}', which runs code when it is loaded"


def _format(options: Options) -> str:
    return PT2 if options.export_model else options.serialization_format or PT2


def _found(place: Path, name: str) -> Path:
    if not (place / name).is_file():
        raise BadRequest(f"The model is not whole: {name} is missing in {place.name}")
    return place / name


def _best() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _evaluating(module: Any) -> Any:
    import torch

    # An exported graph was traced as it is asked, and knows no other state.
    return module if isinstance(module, torch.fx.GraphModule) else module.eval()


def _tensors(example: Any) -> tuple[Any, ...]:
    import numpy
    import pandas
    import torch

    found = []
    for each in example if isinstance(example, tuple | list) else [example]:
        array = each.to_numpy("float32") if isinstance(each, pandas.DataFrame) else each
        if not isinstance(array, numpy.ndarray | torch.Tensor):
            raise BadRequest(
                f"The graph of a PyTorch model is traced with arrays or tensors, and input_example has a "
                f"{type(each).__name__}: give an array, or {_INSTEAD}"
            )
        tensor = torch.from_numpy(array.copy()) if isinstance(array, numpy.ndarray) else array
        # What is traced with one row holds for one row only.
        found.append(torch.cat([tensor, tensor]) if tensor.dim() and tensor.shape[0] == 1 else tensor)
    return tuple(found)


def _exported(model: Any, traced: tuple[Any, ...]) -> Any:
    import torch

    device = next((each.device for each in (*model.parameters(), *model.buffers())), torch.device("cpu"))
    rows = tuple({0: torch.export.Dim.AUTO} if each.dim() else None for each in traced)
    with _as_asked(model):
        try:
            return torch.export.export(
                model, tuple(each.to(device) for each in traced), dynamic_shapes=_named(model, rows)
            )
        except (*_KINDS, torch._dynamo.exc.TorchDynamoException) as error:
            raise BadRequest(f"PyTorch cannot export the graph of this model: {error}. Then {_INSTEAD}") from error


def _named(model: Any, rows: tuple[Any, ...]) -> Any:
    import inspect

    takes = list(inspect.signature(model.forward).parameters.values())
    if any(each.kind is each.VAR_POSITIONAL for each in takes):
        return (rows,)
    return rows


@contextmanager
def _as_asked(model: Any) -> Iterator[None]:
    """Let ``model`` stand as it is asked, and as it stood afterwards: a layer may be frozen while others learn."""
    learning = [each for each in model.modules() if each.training]
    model.eval()
    try:
        yield
    finally:
        for each in learning:
            each.training = True


def _pickled(model: Any, file: Path, said: str, options: Options) -> set[str]:
    """Write ``model``; return the distributions whose classes and functions the pickle names."""
    import torch

    module = pickles.module() if said in _OURS else options.pickle_module
    try:
        torch.save(model, file, pickle_module=module, **options.kwargs)
    except _KINDS as error:
        raise BadRequest(f"This {type(model).__name__} cannot be pickled: {error}") from error
    return distributions(archives.modules_of(file))


def _read_graph(file: Path) -> Any:
    import torch

    try:
        return torch.export.load(file).module()
    except (*_KINDS, AssertionError) as error:
        raise broken(file.name, error) from error


def _read(file: Path, said: Path, told: dict[str, Any]) -> Any:
    """What ``torch.save`` wrote: tensors as such, and anything else by the pickle module that is named beside it."""
    import torch

    told = {"map_location": _best(), **told}
    safe = archives.is_tensors(file)
    if not safe and "pickle_module" not in told:
        name = said.read_text(encoding="utf-8").strip() if said.is_file() else _USUAL
        told["pickle_module"] = pickles.module() if name in _OURS else importlib.import_module(name)
    try:
        return torch.load(file, **{"weights_only": safe, **told})
    except Exception as error:  # the classes in the pickle are the user's, and so is what they raise
        raise broken(file.name, error) from error


FLAVOR = PyTorch()
save_model, log_model, _ = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("torch", "cloudpickle")


def load_model(model_uri: str, dst_path: str | None = None, **kwargs: Any) -> Any:
    """Load a module from a path or a URI; ``device``, and whatever ``torch.load`` takes, such as ``map_location``."""
    return load_flavor(FLAVOR, model_uri, dst_path, **kwargs)


def save_state_dict(state_dict: dict[str, Any], path: str, **kwargs: Any) -> None:
    """Save a dict of tensors into the folder ``path``; ``kwargs`` go to ``torch.save``."""
    import torch

    if not isinstance(state_dict, dict):
        raise TypeError(f"A state_dict is a dict, not a {type(state_dict).__name__}: give module.state_dict()")
    Path(path).mkdir(parents=True, exist_ok=True)
    torch.save(state_dict, Path(path) / _STATE, **kwargs)


def log_state_dict(state_dict: dict[str, Any], artifact_path: str, **kwargs: Any) -> None:
    """Log a dict of tensors as an artifact of the active run; ``kwargs`` go to ``torch.save``."""
    from headrace.tracking.fluent import log_artifacts

    with TemporaryDirectory() as folder:
        save_state_dict(state_dict, folder, **kwargs)
        log_artifacts(folder, artifact_path)


def load_state_dict(state_dict_uri: str, **kwargs: Any) -> Any:
    """Load the dict of tensors at a path or a URI; ``kwargs`` go to ``torch.load``."""
    file = fetch(state_dict_uri) / _STATE
    if not file.is_file():
        raise BadRequest(f"There is no {_STATE} at {state_dict_uri!r}: give what log_state_dict was given")
    allow(str(state_dict_uri), archives.demands(file))
    return _read(file, file.parent / _PICKLER, kwargs)
