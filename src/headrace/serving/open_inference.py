"""The Open Inference Protocol V2 over REST: the pages about a model, and ``infer``.

Format: https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md, with the
``content_type`` that MLServer adds to BYTES.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from headrace.base.errors import BadRequest, HeadraceError, NoSuchEndpoint, NotFound
from headrace.models.payload import JSON, Payload, loads
from headrace.models.tables import Table, frame_of
from headrace.models.tensors import tensor_of, tensors_of
from headrace.models.types import DataType, Schema
from headrace.serving import tensors
from headrace.serving.dialects import Model, Whole

#: What clients may rely on beyond the protocol.
EXTENSIONS: list[str] = []
_PLATFORM = "mlflow_python_function"


class _Tensor(msgspec.Struct):
    name: str
    shape: list[int]
    datatype: str
    data: list[Any]
    parameters: dict[str, Any] | None = None


class _Output(msgspec.Struct):
    name: str
    parameters: dict[str, Any] | None = None


class _Request(msgspec.Struct):
    inputs: list[_Tensor]
    id: str | None = None
    parameters: dict[str, Any] | None = None
    outputs: list[_Output] | None = None


@dataclass(frozen=True, slots=True)
class Asked(Payload):
    """A payload, the id to answer it under, and the outputs that are wanted; None for all."""

    id: str | None = None
    outputs: frozenset[str] | None = None


class OpenInference(Whole):
    """The protocol's dialect and pages for one model, served under ``name``."""

    def __init__(self, model: Model, *, name: str, version: str | None, server_version: str) -> None:
        signature = model.metadata.signature if model.metadata is not None else None
        self._inputs: Schema | None = signature.inputs if signature is not None else None
        self._outputs: Schema | None = signature.outputs if signature is not None else None
        params = signature.params if signature is not None else None
        self._params = frozenset(spec.name for spec in params.params) if params is not None else frozenset()
        self._hinted = signature is not None and bool(signature._is_signature_from_type_hint)
        self._name, self._version = name, version
        self._server = {"name": "headrace", "version": server_version, "extensions": EXTENSIONS}

    def page(self, path: str, *, ready: bool) -> tuple[int, dict[str, Any]] | None:
        """Status and body of the page at ``path``; None for the path that predicts.

        Raises ``NotFound`` for another model, ``NoSuchEndpoint`` for a path that the protocol does not have.
        """
        words = path.strip("/").split("/")[1:]
        if not words:
            return 200, self._server
        if words == ["health", "live"]:
            return 200, {"live": True}
        if words == ["health", "ready"]:
            return (200 if ready else 503), {"ready": ready}
        if words[0] != "models" or len(words) < 2:
            raise NoSuchEndpoint(f"There is nothing at {path[:80]!r}; the model is at /v2/models/{self._name}")
        self._check(words[1], words[3] if len(words) > 3 and words[2] == "versions" else None)
        match words[4:] if len(words) > 3 and words[2] == "versions" else words[2:]:
            case []:
                return 200, self.about
            case ["ready"]:
                return (200 if ready else 503), {"name": self._name, "ready": ready}
            case ["infer"]:
                return None
        raise NoSuchEndpoint(f"There is nothing at {path[:80]!r}; the model is asked at /v2/models/{self._name}/infer")

    def _check(self, name: str, version: str | None) -> None:
        if name != self._name:
            raise NotFound(f"The model {name[:80]!r} is not served here; {self._name!r} is")
        if version is not None and version != self._version:
            has = "has no versions here" if self._version is None else f"is served at version {self._version}"
            raise NotFound(f"The model {self._name!r} {has}, so there is no version {version[:80]!r}")

    @property
    def about(self) -> dict[str, Any]:
        """The model's metadata: its tensors, as the signature has them."""
        return {
            "name": self._name,
            "versions": [] if self._version is None else [self._version],
            "platform": _PLATFORM,
            "inputs": tensors.described(self._inputs),
            "outputs": tensors.described(self._outputs),
        }

    def read(self, body: bytes, content_type: str | None) -> Payload:
        """What the body asks. Raises ``BadRequest`` naming the tensor that is wrong."""
        if content_type is not None and content_type.partition(";")[0].strip().lower() not in ("", JSON):
            raise BadRequest(f"The Content-Type must be {JSON}, not {content_type[:80]!r}")
        try:
            asked = msgspec.convert(loads(body), _Request)
        except msgspec.ValidationError as error:
            raise BadRequest(f"The body is no request for inference: {error}") from None
        if not asked.inputs:
            raise BadRequest("The request has no inputs")
        names = [each.name for each in asked.inputs]
        if len(set(names)) < len(names):
            raise BadRequest(f"The request names an input twice: {names}")
        params = {name: value for name, value in (asked.parameters or {}).items() if name in self._params}
        outputs = None if asked.outputs is None else frozenset(each.name for each in asked.outputs)
        return Asked(self._data(asked), params or None, id=asked.id, outputs=outputs)

    def _data(self, asked: _Request) -> Any:
        arrays = {each.name: tensors.array_of(msgspec.structs.asdict(each)) for each in asked.inputs}
        if self._hinted:
            return _rows(*next(iter(arrays.items())), next(iter(asked.inputs)), flat=True)
        if self._inputs is None:
            return self._untyped(arrays, asked)
        if self._inputs.is_tensor_spec():
            return self._tensors(arrays, self._inputs)
        return frame_of(self._table(arrays, asked, self._inputs), self._inputs, wire=True)

    def _untyped(self, arrays: dict[str, Any], asked: _Request) -> Any:
        if (asked.parameters or {}).get("content_type") == "pd":
            import pandas

            return pandas.DataFrame({each.name: _rows(each.name, arrays[each.name], each) for each in asked.inputs})
        return next(iter(arrays.values())) if len(arrays) == 1 else arrays

    def _tensors(self, arrays: dict[str, Any], schema: Schema) -> Any:
        specs = tensors_of(schema)
        if not schema.has_input_names():
            if len(arrays) > 1:
                raise BadRequest(f"The model takes one tensor, and these came: {list(arrays)}")
            arrays = {0: next(iter(arrays.values()))}  # type: ignore[dict-item]
        made = {
            name: arrays[name]
            if arrays[name].dtype == spec.type
            else tensor_of(f"Input {name!r}", arrays[name].tolist(), spec)
            for name, spec in specs.items()
            if name in arrays
        }
        return made if schema.has_input_names() else made[0]

    def _table(self, arrays: dict[str, Any], asked: _Request, schema: Schema) -> Table:
        """The columns that the tensors spell, each of one value for a row."""
        table: dict[Any, Any] = {}
        if not schema.has_input_names() and len(arrays) == 1 and len(schema) > 1:
            array = next(iter(arrays.values()))
            if array.ndim != 2:
                raise BadRequest(f"The model takes {len(schema)} columns, and the input has the shape {array.shape}")
            table = dict(enumerate(array.T.tolist()))
        else:
            known = set(schema.input_names()) if schema.has_input_names() else set(arrays)
            for each in asked.inputs:
                if each.name in known:
                    table[each.name] = _rows(each.name, arrays[each.name], each, self._is_nested(each.name))
                else:
                    # What the signature does not name is only kept for the error that names it.
                    table[each.name] = ()
        lengths = {name: len(values) for name, values in table.items() if not isinstance(values, tuple)}
        if len(set(lengths.values())) > 1:
            raise BadRequest(f"All columns must be of one length, and these have {lengths} values")
        return table

    def _is_nested(self, name: str) -> bool:
        schema = self._inputs
        if schema is None or not schema.has_input_names():
            return False
        return not isinstance(schema.input_types_dict()[name], DataType)

    def write(self, prediction: Any, payload: Payload) -> bytes:
        """The answer, with the outputs that were asked for."""
        names = [] if self._outputs is None or not self._outputs.has_input_names() else self._outputs.input_names()
        parts = tensors.named(prediction, [str(name) for name in names])
        wanted = payload.outputs if isinstance(payload, Asked) else None
        if wanted is not None and (unknown := sorted(wanted - {name for name, _ in parts})):
            raise BadRequest(f"The model has no outputs named {unknown}; it has {[name for name, _ in parts]}")
        said: dict[str, Any] = {"model_name": self._name}
        if self._version is not None:
            said["model_version"] = self._version
        if isinstance(payload, Asked) and payload.id is not None:
            said["id"] = payload.id
        chosen = [(name, values) for name, values in parts if wanted is None or name in wanted]
        return tensors.dumps({**said, "outputs": [tensors.tensor(name, values) for name, values in chosen]})


def _rows(name: str, array: Any, said: _Tensor, nested: bool = False, *, flat: bool = False) -> list[Any]:
    """The values of a column, one for each row."""
    if not flat and not (array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)):
        raise BadRequest(f"Input {name!r} is a column, of shape [rows] or [rows, 1], not {list(array.shape)}")
    values: list[Any] = array.ravel().tolist()
    if said.datatype == "BYTES" and (nested or (said.parameters or {}).get("content_type") == tensors.JSON):
        return [loads(each.encode()) for each in values]
    return values


def fault_of(error: HeadraceError) -> bytes:
    """An error as the protocol writes it."""
    return msgspec.json.encode({"error": error.message})
