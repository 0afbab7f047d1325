"""ONNX models, which are data: a graph of known operators, run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.models.flavor import Flavor, Saved, Saving, public
from headrace.models.native import broken, defaults, providers
from headrace.models.trust import file_in

FLAVOR_NAME = "onnx"
ONNX_EXECUTION_PROVIDERS = ["CUDAExecutionProvider", "CPUExecutionProvider"]
_FILE = "model.onnx"
#: Settings of ONNX Runtime's SessionOptions that a model may bring.
_SETTINGS = frozenset(
    """
    enable_cpu_mem_arena enable_mem_pattern enable_mem_reuse enable_profiling execution_mode execution_order
    extra_session_config graph_optimization_level inter_op_num_threads intra_op_num_threads log_severity_level
    log_verbosity_level logid optimized_model_filepath profile_file_prefix use_deterministic_compute
    """.split()
)
#: Those that would write files where the model says.
_WRITING = {"enable_profiling", "optimized_model_filepath", "profile_file_prefix"}


class Options(msgspec.Struct, kw_only=True):
    """How ONNX Runtime runs the graph, and whether big tensors lie in a file beside it."""

    onnx_execution_providers: list[str] | None = None
    onnx_session_options: dict[str, Any] | None = None
    save_as_external_data: bool = True


class OnnxModel:
    """A graph asked as a ``python_function``: a frame, an array, or a dict of arrays by the names of its inputs."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._inputs = {each.name: each for each in session.get_inputs()}
        self._outputs = [each.name for each in session.get_outputs()]

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """A dict of arrays by the names of the outputs; for a frame, a frame with these as columns."""
        import numpy
        import pandas

        answers = self._session.run(self._outputs, self._fed(data))
        if not isinstance(data, pandas.DataFrame):
            return dict(zip(self._outputs, answers, strict=True))
        flat = {name: numpy.asarray(each).reshape(-1) for name, each in zip(self._outputs, answers, strict=True)}
        return pandas.DataFrame.from_dict(flat)

    def get_raw_model(self) -> Any:
        """The session of ONNX Runtime."""
        return self._session

    def _fed(self, data: Any) -> dict[str, Any]:
        import numpy
        import pandas

        if isinstance(data, dict):
            arrays = {name: numpy.asarray(each) for name, each in data.items()}
        elif isinstance(data, pandas.DataFrame) and len(self._inputs) > 1:
            arrays = {name: data[name].to_numpy() for name in self._inputs if name in data.columns}
        elif not isinstance(data, numpy.ndarray | pandas.DataFrame):
            raise BadRequest(f"An ONNX model takes a frame, an array or a dict of arrays, not a {type(data).__name__}")
        elif len(self._inputs) > 1:
            raise BadRequest(f"This model has several inputs: give a dict or a frame with {list(self._inputs)}")
        else:
            arrays = {next(iter(self._inputs)): numpy.asarray(data)}
        if missing := sorted(self._inputs.keys() - arrays.keys()):
            raise BadRequest(f"The model's inputs {missing} are missing; it takes {list(self._inputs)}")
        return {name: self._fitted(name, arrays[name]) for name in self._inputs}

    def _fitted(self, name: str, array: Any) -> Any:
        said = self._inputs[name]
        if said.type == "tensor(float)" and array.dtype == "float64":
            array = array.astype("float32")
        # A column of a frame is what such a graph calls rows of one value.
        return array.reshape(-1, 1) if array.ndim == 1 and len(said.shape) == 2 else array


class Onnx(Flavor[Options]):
    """A ``ModelProto``, run by ONNX Runtime."""

    name = FLAVOR_NAME
    loader_module = "mlflow.onnx"
    save_order = (
        "onnx_model path conda_env code_paths mlflow_model signature input_example pip_requirements "
        "extra_pip_requirements onnx_execution_providers onnx_session_options metadata save_as_external_data "
        "extra_files"
    )
    log_order = (
        "onnx_model artifact_path conda_env code_paths registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements onnx_execution_providers onnx_session_options "
        "metadata save_as_external_data extra_files name params tags model_type step model_id"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        import onnx

        if not isinstance(model, onnx.ModelProto):
            raise BadRequest(f"A {type(model).__name__} is no onnx model: give a ModelProto, as onnx.load returns it")
        _session_options(options.onnx_session_options)

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import onnx

        # A copy: writing tensors into another file takes them out of the model.
        kept = onnx.ModelProto()
        kept.CopyFrom(model)
        onnx.save_model(kept, str(folder / _FILE), save_as_external_data=options.save_as_external_data)
        try:
            onnx.checker.check_model(str(folder / _FILE))
        except onnx.checker.ValidationError as error:
            raise BadRequest(f"This is no valid ONNX model: {error}") from error
        own = {
            "onnx_version": onnx.__version__,
            "data": _FILE,
            "providers": options.onnx_execution_providers or ONNX_EXECUTION_PROVIDERS,
            "onnx_session_options": options.onnx_session_options,
        }
        return Saved(own=own, pyfunc={"data": _FILE}, needs=providers("onnx", "onnxruntime", "numpy", "pandas"))

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        import onnx
        from google.protobuf.message import DecodeError

        file = file_in(folder, own, "data")
        try:
            # Both refuse tensors that are said to lie outside the folder.
            onnx.checker.check_model(str(file))
            return onnx.load(str(file))
        except (onnx.checker.ValidationError, DecodeError, ValueError, OSError) as error:
            raise broken(file.name, error) from error

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> OnnxModel:
        own = saved.get(self.name, saved["python_function"])
        self.load(folder, own)
        return OnnxModel(_session(str(file_in(folder, own, "data")), own.get("providers"), own))

    def asked(self, model: Any, options: Options) -> OnnxModel:
        said = {"onnx_session_options": options.onnx_session_options}
        return OnnxModel(_session(model.SerializeToString(), options.onnx_execution_providers, said))


def _session(model: str | bytes, wanted: Any, own: Mapping[str, Any]) -> Any:
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf, NotImplemented

    here = onnxruntime.get_available_providers()
    # By name only: a provider's own options may name libraries to load.
    chosen = [each for each in wanted or ONNX_EXECUTION_PROVIDERS if isinstance(each, str) and each in here]
    options = _session_options(own.get("onnx_session_options"))
    try:
        return onnxruntime.InferenceSession(model, options, providers=chosen or ["CPUExecutionProvider"])
    except (Fail, InvalidGraph, InvalidProtobuf, NotImplemented) as error:
        raise broken(_FILE, error) from error


def _session_options(said: Any) -> Any:
    import onnxruntime

    _check_settings(said)
    options = onnxruntime.SessionOptions()
    try:
        for name, value in (said or {}).items():
            if name == "extra_session_config":
                for key, text in value.items():
                    options.add_session_config_entry(str(key), str(text))
            else:
                setattr(options, name, _enumerated(name, value))
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise BadRequest(f"ONNX Runtime does not take onnx_session_options={said!r}: {error}") from error
    return options


def _enumerated(name: str, value: Any) -> Any:
    """The value of a setting; those that ONNX Runtime enumerates are said in words, or as its numbers."""
    import onnxruntime

    kinds = {
        "execution_mode": (onnxruntime.ExecutionMode, {"sequential": "ORT_SEQUENTIAL", "parallel": "ORT_PARALLEL"}),
        "execution_order": (onnxruntime.ExecutionOrder, {}),
        "graph_optimization_level": (onnxruntime.GraphOptimizationLevel, {}),
    }
    if name not in kinds:
        return value
    kind, words = kinds[name]
    if isinstance(value, str):
        return kind.__members__[words.get(value.lower(), value.upper())]
    return {int(each): each for each in kind.__members__.values()}[value]


def _check_settings(said: Any) -> None:
    if said is None:
        return
    if not isinstance(said, Mapping) or not said.keys() <= _SETTINGS:
        raise BadRequest(f"onnx_session_options must be a dict of {sorted(_SETTINGS)}, not {said!r}")
    if writing := sorted(said.keys() & _WRITING):
        raise BadRequest(f"onnx_session_options of a model cannot write files: {writing}")


FLAVOR = Onnx()
save_model, log_model, load_model = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("onnx", "onnxruntime")
