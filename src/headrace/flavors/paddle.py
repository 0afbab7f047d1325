"""PaddlePaddle: a program and its parameters, which can be asked, or what training goes on from, which is a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.models.flavor import Saved, Saving, public
from headrace.models.keras import framed
from headrace.models.loading import load_flavor
from headrace.models.native import LibraryFlavor, broken, defaults, providers

FLAVOR_NAME = "paddle"
#: What the names of all its files begin with; a model cannot say another, so that the files are known beforehand.
_STEM = "model"
#: Programs, as Paddle 3 and 2 write them.
_PROGRAMS = (".json", ".pdmodel")
_PARAMETERS = ".pdparams"


class Options(msgspec.Struct, kw_only=True):
    """Whether what training goes on from is saved, the state of the optimizer included, in place of the program."""

    training: bool = False


class Paddle(LibraryFlavor[Options]):
    """A layer that ``paddle.jit.to_static`` has made a program of, or a ``paddle.Model``."""

    name = FLAVOR_NAME
    loader_module = "mlflow.paddle"
    save_order = (
        "pd_model path training conda_env code_paths mlflow_model signature input_example pip_requirements "
        "extra_pip_requirements metadata extra_files"
    )
    log_order = (
        "pd_model artifact_path training conda_env code_paths registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements metadata extra_files name params tags "
        "model_type step model_id"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        import paddle

        if not isinstance(model, paddle.nn.Layer | paddle.Model):
            raise BadRequest(f"A {type(model).__name__} is no model of Paddle: give a Layer or a paddle.Model")

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import paddle

        stem = str(folder / _STEM)
        try:
            if isinstance(model, paddle.Model):
                model.save(stem, training=options.training)
            else:
                paddle.jit.save(model, stem)
        except (ValueError, RuntimeError, TypeError) as error:
            raise BadRequest(
                f"Paddle cannot save this model: {error}. It needs to know the inputs: decorate forward with "
                "paddle.jit.to_static and an input_spec, or give paddle.Model its inputs"
            ) from error
        own = {"pickled_model": _STEM, "paddle_version": paddle.__version__}
        return Saved(own=own, pyfunc={"model_path": _STEM}, needs=providers("paddle", "numpy", "pandas"))

    def load(self, folder: Path, own: Mapping[str, Any], model: Any = None, **told: Any) -> Any:
        import paddle

        said = own.get("pickled_model", own.get("model_path"))
        if said != _STEM:
            raise BadRequest(f"Malformed MLmodel: a model of Paddle is in files called {_STEM!r}, not {said!r}")
        wanted = [_PARAMETERS] if model is not None else list(_PROGRAMS)
        if not any((folder / f"{_STEM}{each}").is_file() for each in wanted):
            raise BadRequest(_lacking(folder, wanted))
        try:
            if model is None:
                return paddle.jit.load(str(folder / _STEM), **told)
            model.load(str(folder / _STEM), **told)
        except (ValueError, RuntimeError, TypeError, OSError, KeyError, AssertionError) as error:
            raise broken(_STEM, error) from error
        return model

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        """A frame for a frame or an array of rows; arrays for what has several outputs, or more than two dimensions."""
        import numpy
        import paddle
        import pandas

        if not isinstance(data, numpy.ndarray | pandas.DataFrame):
            raise BadRequest(f"A model of Paddle takes a frame or an array, not a {type(data).__name__}")
        array = numpy.asarray(data)
        # Doubles are what tables hold, and single precision is what programs take.
        fed = paddle.to_tensor(array.astype("float32") if array.dtype == numpy.float64 else array)
        network = getattr(model, "network", model)
        training = network.training
        network.eval()
        try:
            with paddle.no_grad():
                answer = network(fed)
        except (ValueError, RuntimeError) as error:
            raise BadRequest(f"The model cannot be asked with this {type(data).__name__}: {error}") from error
        finally:
            if training:
                network.train()
        if isinstance(answer, list | tuple) and len(answer) > 1:
            return [each.numpy() for each in answer]
        only = answer[0] if isinstance(answer, list | tuple) else answer
        return framed(
            only.numpy(), data if isinstance(data, pandas.DataFrame) else pandas.DataFrame(index=range(len(array)))
        )


def _lacking(folder: Path, wanted: list[str]) -> str:
    if _PARAMETERS not in wanted and (folder / f"{_STEM}{_PARAMETERS}").is_file():
        return (
            "This model was saved with training=True, so it has parameters and no program: load it into one, with "
            "paddle.load_model(uri, model=...)"
        )
    return f"The model is not whole: {' or '.join(_STEM + each for each in wanted)} is missing"


FLAVOR = Paddle()
save_model, log_model, _ = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("paddle")


def load_model(model_uri: str, model: Any = None, dst_path: str | None = None, **kwargs: Any) -> Any:
    """Load a Paddle model from a path or a URI: its program, or its parameters into ``model``, which is returned.

    ``kwargs`` go to ``paddle.jit.load``, or to the model's own ``load``.
    """
    return load_flavor(FLAVOR, model_uri, dst_path, model=model, **kwargs)
