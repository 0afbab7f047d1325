"""Input examples: one input a model takes, kept beside it as data and as a request to its server."""

from __future__ import annotations

import base64
import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from headrace.base.errors import BadRequest, NotFound
from headrace.models.types import Array, ColSpec, DataType, Object, Schema

if TYPE_CHECKING:
    from headrace.models.model import Model

#: What an input example may be: a DataFrame, an array, a sparse matrix, a dict, a list, one value, or a tuple of one of
#: these and a dict of params.
ModelInputExample: TypeAlias = Any

#: The two files of an example: the data, and the request.
DATA, REQUEST = "input_example.json", "serving_input_example.json"
#: Dicts with one of these keys are requests of chat and completion models, which servers take as they are.
CHAT_KEYS = ("messages", "prompt", "input")


class InputExample:
    """One input, and the params beside it when the example is a tuple ``(input, params)``."""

    def __init__(self, example: Any) -> None:
        pair = isinstance(example, tuple) and len(example) == 2 and isinstance(example[1], dict)
        self.data: Any = example[0] if pair else example
        self.params: dict[str, Any] | None = example[1] if pair else None
        self.kind, self._stored, self._request = _encode(self.data)

    @property
    def info(self) -> dict[str, Any]:
        """What the MLmodel file says of this example."""
        said: dict[str, Any] = {"artifact_path": DATA, "type": self.kind, "serving_input_path": REQUEST}
        if self.kind == "dataframe":
            said["pandas_orient"] = "split" if "columns" in self._stored else "values"
        if self.params is not None:
            said["params"] = "true"
        return said

    @property
    def request(self) -> dict[str, Any]:
        """The body that asks a server for the prediction of this example."""
        return self._request if not self.params else {**self._request, "params": self.params}

    def save(self, folder: Path) -> None:
        """Write both files into ``folder``."""
        stored = self._stored if self.params is None else {"inputs": self._stored, "params": self.params}
        (folder / DATA).write_text(json.dumps(stored, default=_plain), encoding="utf-8")
        (folder / REQUEST).write_text(json.dumps(self.request, default=_plain, indent=2), encoding="utf-8")


def load(model: Model, folder: Path) -> Any:
    """The example of ``model`` in ``folder`` as it was given, without params; None if there is none."""
    info = model.saved_input_example_info
    if not info:
        return None
    stored = _stored(info, folder)
    if info.get("params"):
        stored = stored["inputs"]
    return _decode(info, stored, model.get_input_schema())


def load_params(model: Model, folder: Path) -> dict[str, Any] | None:
    """The params of the example of ``model`` in ``folder``, if there are any."""
    info = model.saved_input_example_info
    return _stored(info, folder)["params"] if info and info.get("params") else None


def serving_input(model: Model, folder: Path) -> str | None:
    """The request of the example of ``model`` in ``folder``, as JSON text, if there is one."""
    path = (model.saved_input_example_info or {}).get("serving_input_path")
    return (folder / Path(path).name).read_text(encoding="utf-8") if path else None


def convert_input_example_to_serving_input(input_example: Any) -> str | None:
    """The JSON text that asks a server for the prediction of ``input_example``."""
    if input_example is None:
        return None
    return json.dumps(InputExample(input_example).request, default=_plain, indent=2)


def _stored(info: dict[str, Any], folder: Path) -> Any:
    file = folder / Path(str(info.get("artifact_path"))).name
    if not file.is_file():
        raise NotFound(f"The model is not whole: its input example {file.name!r} is missing")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadRequest(f"The input example {file.name!r} is not JSON: {error}") from error


def _encode(data: Any) -> tuple[str, Any, dict[str, Any]]:
    """The kind of an example, what is stored of it, and the request it makes."""
    library = type(data).__module__.partition(".")[0]
    if library == "polars" and hasattr(data, "columns"):
        data, library = _pandas(data), "pandas"
    if library == "pandas" and hasattr(data, "columns"):
        stored = _split(data)
        return "dataframe", stored, {"dataframe_split": stored}
    if library == "numpy" and getattr(data, "ndim", None):
        return "ndarray", data.tolist(), {"inputs": data.tolist()}
    if isinstance(data, dict) and data and all(type(each).__module__ == "numpy" for each in data.values()):
        listed = {name: each.tolist() for name, each in data.items()}
        return "ndarray", listed, {"inputs": listed}
    if library == "scipy" and getattr(data, "format", None) in ("csr", "csc"):
        parts = {part: getattr(data, part).tolist() for part in ("data", "indices", "indptr")}
        request = {"inputs": data.toarray().tolist()}
        return f"sparse_matrix_{data.format}", {**parts, "shape": list(data.shape)}, request
    if hasattr(data, "model_dump"):
        data = data.model_dump()
    if isinstance(data, list):
        data = [each.model_dump() if hasattr(each, "model_dump") else each for each in data]
    if isinstance(data, dict) and any(key in data for key in CHAT_KEYS):
        return "json_object", data, data
    if data is None or isinstance(data, dict | list | str | bytes | int | float | datetime.date):
        return "json_object", data, {"inputs": data}
    raise BadRequest(
        f"An input example cannot be a {type(data).__name__}: give a DataFrame, an array, a sparse matrix in CSR or "
        "CSC form, a dict, a list, or one value (or a tuple of one of these and a dict of params)"
    )


def _pandas(frame: Any) -> Any:
    import pandas

    return pandas.DataFrame(frame.to_dict(as_series=False))


def _split(frame: Any) -> dict[str, Any]:
    import pandas

    data = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    # Columns that are only counted have no names to keep.
    return {"data": data} if isinstance(frame.columns, pandas.RangeIndex) else {"columns": list(frame), "data": data}


def _cell(value: Any) -> Any:
    return None if type(value).__name__ in ("NAType", "NaTType") else value


def _plain(value: Any) -> Any:
    """What JSON has for a value it does not know."""
    if isinstance(value, bytes | bytearray):
        return base64.encodebytes(value).decode()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if type(value).__name__ == "datetime64":
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "model_dump"):
        return value.model_dump()
    raise BadRequest(f"An input example cannot hold a {type(value).__name__}, which JSON has no form for")


def _decode(info: dict[str, Any], stored: Any, schema: Schema | None) -> Any:
    kind = info["type"]
    if kind == "dataframe":
        return _frame(stored, schema)
    if kind == "ndarray":
        return _arrays(stored, schema)
    if kind.startswith("sparse_matrix_"):
        from scipy import sparse

        of = sparse.csr_matrix if kind.endswith("csr") else sparse.csc_matrix
        return of((stored["data"], stored["indices"], stored["indptr"]), shape=stored["shape"])
    return stored if schema is None or schema.is_tensor_spec() else _object(stored, schema)


def _object(stored: Any, schema: Schema) -> Any:
    """What JSON has no word for, out of the texts that stand for it."""
    if not schema.has_input_names():
        kind = schema.inputs[0].type
        return [_restored(each, kind) for each in stored] if isinstance(stored, list) else _restored(stored, kind)
    if isinstance(stored, list):
        return [_object(row, schema) for row in stored]
    if not isinstance(stored, dict):
        return stored
    kinds = schema.input_types_dict()
    return {name: _restored(each, kinds.get(name)) for name, each in stored.items()}


def _restored(value: Any, kind: Any) -> Any:
    if kind is DataType.binary and isinstance(value, str):
        return base64.b64decode(value)
    if kind is DataType.datetime and isinstance(value, str):
        return datetime.datetime.fromisoformat(value)
    if isinstance(kind, Array) and isinstance(value, list):
        return [_restored(each, kind.dtype) for each in value]
    if isinstance(kind, Object) and isinstance(value, dict):
        kinds = {each.name: each.dtype for each in kind.properties}
        return {name: _restored(each, kinds.get(name)) for name, each in value.items()}
    return value


def _frame(stored: dict[str, Any], schema: Schema | None) -> Any:
    import pandas

    frame = pandas.DataFrame(stored["data"], columns=stored.get("columns"))
    for spec in schema or []:
        if not isinstance(spec, ColSpec) or spec.name not in frame:
            continue
        if spec.type is DataType.datetime:
            frame[spec.name] = pandas.to_datetime(frame[spec.name])
        elif spec.type is DataType.binary:
            frame[spec.name] = [base64.b64decode(each) if each else each for each in frame[spec.name]]
        elif isinstance(spec.type, DataType) and spec.type is not DataType.string and spec.required:
            frame[spec.name] = frame[spec.name].astype(spec.type.to_pandas())
    return frame


def _arrays(stored: Any, schema: Schema | None) -> Any:
    import numpy

    tensors = schema if schema is not None and schema.is_tensor_spec() else None
    if isinstance(stored, dict):
        types = tensors.input_types_dict() if tensors else {}
        return {key: numpy.array(each, dtype=types.get(key)) for key, each in stored.items()}
    return numpy.array(stored, dtype=tensors.input_types()[0] if tensors else None)
