"""What a column or a field of one may hold: scalars, and arrays, objects and maps of them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from headrace.base.errors import BadRequest


class DataType(Enum):
    """A scalar type, by the name it has on disk."""

    boolean = 1
    integer = 2
    long = 3
    float = 4
    double = 5
    string = 6
    binary = 7
    datetime = 8

    def __repr__(self) -> str:
        return self.name

    def to_dict(self) -> dict[str, Any]:
        """``{"type": <name>}``."""
        return {"type": self.name}

    def to_numpy(self) -> Any:
        """The numpy dtype of values of this type."""
        import numpy

        return numpy.dtype(_NUMPY[self])

    def to_pandas(self) -> Any:
        """What pandas keeps a column of this type as."""
        return object if self in (DataType.string, DataType.binary) else self.to_numpy()

    def to_python(self) -> type:
        """The Python type of one value."""
        return _PYTHON[self]

    @classmethod
    def all_types(cls) -> list[DataType]:
        """Every scalar type."""
        return list(cls)


_NUMPY = {
    DataType.boolean: "bool",
    DataType.integer: "int32",
    DataType.long: "int64",
    DataType.float: "float32",
    DataType.double: "float64",
    DataType.string: "str",
    DataType.binary: "bytes",
    DataType.datetime: "datetime64[ns]",
}
_PYTHON: dict[DataType, type] = {
    DataType.boolean: bool,
    DataType.integer: int,
    DataType.long: int,
    DataType.float: float,
    DataType.double: float,
    DataType.string: str,
    DataType.binary: bytes,
    DataType.datetime: datetime.datetime,
}


@dataclass
class Array:
    """A list whose elements are all of one type."""

    dtype: Type

    def __post_init__(self) -> None:
        self.dtype = type_of(self.dtype)

    def __repr__(self) -> str:
        return f"Array({self.dtype!r})"

    def to_dict(self) -> dict[str, Any]:
        """As on disk."""
        return {"type": "array", "items": self.dtype.to_dict()}

    @classmethod
    def from_json_dict(cls, **said: Any) -> Array:
        """The inverse of ``to_dict``."""
        return cls(type_from_dict(_field(said, "items", "array")))


class SparkMLVector(Array):
    """A vector column of Spark ML: doubles."""

    def __init__(self) -> None:
        super().__init__(DataType.double)

    def __repr__(self) -> str:
        return "SparkML vector"

    def to_dict(self) -> dict[str, Any]:
        """As on disk."""
        return {"type": "sparkml_vector"}

    @classmethod
    def from_json_dict(cls, **said: Any) -> SparkMLVector:
        """The inverse of ``to_dict``."""
        return cls()


@dataclass
class Property:
    """One named field of an object."""

    name: str
    dtype: Type
    required: bool = True

    def __post_init__(self) -> None:
        self.dtype = type_of(self.dtype)

    def __repr__(self) -> str:
        return f"{self.name}: {self.dtype!r} ({'required' if self.required else 'optional'})"

    def to_dict(self) -> dict[str, Any]:
        """``{<name>: {…, "required": …}}``, as it stands among the properties of an object."""
        return {self.name: {**self.dtype.to_dict(), "required": self.required}}

    @classmethod
    def from_json_dict(cls, **said: Any) -> Property:
        """The inverse of ``to_dict``."""
        if len(said) != 1:
            raise BadRequest(f"A property is one name and its type, not {len(said)} names")
        ((name, kind),) = said.items()
        return cls(name, type_from_dict(kind), _field({"required": True, **_mapping(kind, name)}, "required", name))


@dataclass
class Object:
    """A dict with known keys, in the order of their names."""

    properties: list[Property]

    def __post_init__(self) -> None:
        if not isinstance(self.properties, list) or not all(isinstance(each, Property) for each in self.properties):
            raise BadRequest("The properties of an Object must be a list of Property")
        if not self.properties:
            raise BadRequest("An Object needs at least one property")
        names = [each.name for each in self.properties]
        if len(set(names)) < len(names):
            raise BadRequest(f"An Object may not name a property twice, and this one has {sorted(names)}")
        self.properties = sorted(self.properties, key=lambda each: each.name)

    def __repr__(self) -> str:
        return "{" + ", ".join(map(repr, self.properties)) + "}"

    def to_dict(self) -> dict[str, Any]:
        """As on disk."""
        properties: dict[str, Any] = {}
        for each in self.properties:
            properties |= each.to_dict()
        return {"type": "object", "properties": properties}

    @classmethod
    def from_json_dict(cls, **said: Any) -> Object:
        """The inverse of ``to_dict``."""
        properties = _mapping(_field(said, "properties", "object"), "properties")
        return cls([Property.from_json_dict(**{name: kind}) for name, kind in properties.items()])


@dataclass
class Map:
    """A dict with any keys, whose values are all of one type."""

    value_type: Type

    def __post_init__(self) -> None:
        self.value_type = type_of(self.value_type)

    def __repr__(self) -> str:
        return f"Map(str -> {self.value_type!r})"

    def to_dict(self) -> dict[str, Any]:
        """As on disk."""
        return {"type": "map", "values": self.value_type.to_dict()}

    @classmethod
    def from_json_dict(cls, **said: Any) -> Map:
        """The inverse of ``to_dict``."""
        return cls(type_from_dict(_field(said, "values", "map")))


@dataclass
class AnyType:
    """A value of which nothing is known, and which may be absent."""

    def __repr__(self) -> str:
        return "Any"

    def to_dict(self) -> dict[str, Any]:
        """As on disk."""
        return {"type": "any"}

    @classmethod
    def from_json_dict(cls, **said: Any) -> AnyType:
        """The inverse of ``to_dict``."""
        return cls()


#: What a column, an element, a value or a property may be.
Type: TypeAlias = DataType | Array | Object | Map | AnyType

_KINDS: dict[str, type[Array] | type[Object] | type[Map] | type[AnyType]] = {
    "any": AnyType,
    "array": Array,
    "map": Map,
    "object": Object,
    "sparkml_vector": SparkMLVector,
}


def type_of(said: object) -> Type:
    """The type that ``said`` is or names, such as ``"double"``. Raises ``BadRequest`` when there is none."""
    if isinstance(said, DataType | Array | Object | Map | AnyType):
        return said
    if isinstance(said, str) and said in DataType.__members__:
        return DataType[said]
    raise BadRequest(f"Unsupported type {said!r}: give a DataType, or one of {list(DataType.__members__)}")


def type_from_dict(said: Any) -> Type:
    """The type a dict of the on-disk form stands for."""
    said = _mapping(said, "type")
    name = _field(said, "type", "type")
    kind = _KINDS.get(name) if isinstance(name, str) else None
    return kind.from_json_dict(**said) if kind else type_of(name)


def _mapping(said: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise BadRequest(f"Malformed schema: {where} must be an object, not {type(said).__name__}")
    return said


def _field(said: Mapping[str, Any], name: str, where: str) -> Any:
    if name not in said:
        raise BadRequest(f"Malformed schema: {where} lacks {name!r}")
    return said[name]
