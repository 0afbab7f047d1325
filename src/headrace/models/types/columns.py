"""The schema of a model's input or output: columns, or tensors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models.types.datatypes import DataType, Type, type_from_dict, type_of


@dataclass
class ColSpec:
    """One column, or the only input of a model that takes no columns (then without a name)."""

    type: Type
    name: str | int | tuple[Any, ...] | None = None
    required: bool = True

    def __post_init__(self) -> None:
        self.type = type_of(self.type)

    def __repr__(self) -> str:
        rest = f"{self.type!r} ({'required' if self.required else 'optional'})"
        return rest if self.name is None else f"{self.name!r}: {rest}"

    def to_dict(self) -> dict[str, Any]:
        """As on disk."""
        name = {} if self.name is None else {"name": self.name}
        return {**self.type.to_dict(), **name, "required": self.required}

    @classmethod
    def from_json_dict(cls, **said: Any) -> ColSpec:
        """The inverse of ``to_dict``."""
        return cls(type_from_dict(said), _name(said.get("name")), said.get("required", True))


class TensorSpec:
    """One tensor: a numpy dtype and a shape, in which -1 stands for any length."""

    required = True

    def __init__(self, type: Any, shape: tuple[int, ...] | list[int], name: str | int | None = None) -> None:
        import numpy

        if not isinstance(type, numpy.dtype):
            raise TypeError(f"The type of a TensorSpec must be a numpy.dtype, not {type!r}")
        if not isinstance(shape, tuple | list):
            raise TypeError(f"The shape of a TensorSpec must be a tuple or a list, not {shape!r}")
        # Text and bytes tensors are of any width: the width seen in one example says nothing about the next.
        self.type = numpy.dtype({"U": "str", "S": "bytes"}.get(type.kind, type))
        self.shape = tuple(int(size) for size in shape)
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorSpec) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        tensor = f"Tensor({self.type.name!r}, {self.shape})"
        return tensor if self.name is None else f"{self.name!r}: {tensor}"

    def to_dict(self) -> dict[str, Any]:
        """As on disk."""
        name = {} if self.name is None else {"name": self.name}
        return {**name, "type": "tensor", "tensor-spec": {"dtype": self.type.name, "shape": list(self.shape)}}

    @classmethod
    def from_json_dict(cls, **said: Any) -> TensorSpec:
        """The inverse of ``to_dict``."""
        import numpy

        try:
            spec = said["tensor-spec"]
            return cls(numpy.dtype(spec["dtype"]), spec["shape"], said.get("name"))
        except (KeyError, TypeError) as error:
            raise BadRequest(f"Malformed tensor in a schema: {error}") from error


class Schema:
    """The columns or the tensors of a model's input or output; never both."""

    def __init__(self, inputs: list[ColSpec] | list[TensorSpec] | list[ColSpec | TensorSpec]) -> None:
        if not isinstance(inputs, list) or not inputs:
            raise BadRequest("A Schema needs a list of at least one ColSpec or TensorSpec")
        if not (_all(inputs, ColSpec) or _all(inputs, TensorSpec)):
            raise BadRequest("The inputs of a Schema must all be ColSpec, or all TensorSpec")
        named = [each.name is not None for each in inputs]
        if any(named) and not all(named):
            raise BadRequest(f"Either every input of a Schema has a name or none: {[each.name for each in inputs]}")
        if len(inputs) > 1 and isinstance(inputs[0], TensorSpec) and not all(named):
            raise BadRequest("A Schema of several tensors must give each of them a name")
        self.inputs: list[ColSpec | TensorSpec] = list(inputs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self.inputs == other.inputs

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self.inputs)

    def __iter__(self) -> Any:
        return iter(self.inputs)

    def __repr__(self) -> str:
        return repr(self.inputs)

    def is_tensor_spec(self) -> bool:
        """Whether this is a schema of tensors."""
        return isinstance(self.inputs[0], TensorSpec)

    def has_input_names(self) -> bool:
        """Whether the inputs have names."""
        return self.inputs[0].name is not None

    def input_names(self) -> list[Any]:
        """The names of the inputs, or their positions when they have none."""
        return [position if each.name is None else each.name for position, each in enumerate(self.inputs)]

    def required_input_names(self) -> list[Any]:
        """The names of the inputs that must be there."""
        return [name for name, each in zip(self.input_names(), self.inputs, strict=True) if each.required]

    def optional_input_names(self) -> list[Any]:
        """The names of the inputs that may be absent."""
        return [name for name, each in zip(self.input_names(), self.inputs, strict=True) if not each.required]

    def input_dict(self) -> dict[Any, ColSpec | TensorSpec]:
        """Inputs by name. Raises ``BadRequest`` when they have none."""
        if not self.has_input_names():
            raise BadRequest("This schema has no input names")
        return dict(zip(self.input_names(), self.inputs, strict=True))

    def input_types(self) -> list[Any]:
        """The type of each input: a ``DataType``, ``Array``, … or a numpy dtype."""
        return [each.type for each in self.inputs]

    def input_types_dict(self) -> dict[Any, Any]:
        """Types by name. Raises ``BadRequest`` when the inputs have none."""
        return {name: each.type for name, each in self.input_dict().items()}

    def numpy_types(self) -> list[Any]:
        """The numpy dtype of each input. Raises ``BadRequest`` when one has none."""
        return [_scalar(each).to_numpy() if isinstance(each, ColSpec) else each.type for each in self.inputs]

    def pandas_types(self) -> list[Any]:
        """What pandas keeps each column as. Raises ``BadRequest`` for tensors."""
        return [_scalar(each).to_pandas() for each in self.inputs]

    def to_dict(self) -> list[dict[str, Any]]:
        """As on disk, before it is JSON."""
        return [each.to_dict() for each in self.inputs]

    def to_json(self) -> str:
        """As on disk."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, json_str: str) -> Schema:
        """The inverse of ``to_json``. Raises ``BadRequest`` when the text is no schema."""
        return cls([_input_from_dict(each) for each in list_from_json(json_str)])


def list_from_json(text: str) -> list[dict[str, Any]]:
    """The list of objects that ``text`` is as JSON. Raises ``BadRequest`` when it is something else."""
    try:
        said = json.loads(text)
    except (TypeError, ValueError) as error:
        raise BadRequest(f"Malformed schema, it is not JSON: {error}") from error
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        raise BadRequest("Malformed schema: it must be a JSON list of objects")
    return said


def _input_from_dict(said: dict[str, Any]) -> ColSpec | TensorSpec:
    return TensorSpec.from_json_dict(**said) if said.get("type") == "tensor" else ColSpec.from_json_dict(**said)


def _all(inputs: list[Any], kind: type) -> bool:
    return all(isinstance(each, kind) for each in inputs)


def _name(said: Any) -> Any:
    """A column's name; JSON has no tuples, which is what columns of several levels are called by."""
    return tuple(map(_name, said)) if isinstance(said, list) else said


def _scalar(spec: ColSpec | TensorSpec) -> DataType:
    if not isinstance(spec.type, DataType):
        raise BadRequest(f"The input {spec!r} is no scalar column")
    return spec.type
