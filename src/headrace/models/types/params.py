"""The params a model takes beside its input, each with a type and a default."""

from __future__ import annotations

import datetime
import json
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models.types.columns import list_from_json
from headrace.models.types.datatypes import DataType, Object, Property, type_from_dict, type_of

_LIMITS = {DataType.integer: 2**31, DataType.long: 2**63}


class ParamSpec:
    """One param: its name, type, default, and shape: None for one value, ``(-1,)`` for a list."""

    def __init__(
        self, name: str, dtype: DataType | Object | str, default: Any, shape: tuple[int, ...] | None = None
    ) -> None:
        self.name = name
        self.dtype = _param_type(name, dtype)
        self.shape = None if shape is None else tuple(shape)
        if self.shape not in (None, (-1,)):
            raise BadRequest(f"Param {name!r}: shape must be None for one value or (-1,) for a list, not {shape}")
        self.default = self.validate_type_and_shape(repr(name), default, self.dtype, self.shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ParamSpec) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shape = f" (shape: {self.shape})" if self.shape else ""
        return f"{self.name!r}: {self.dtype!r} (default: {self.default}){shape}"

    def to_dict(self) -> dict[str, Any]:
        """As on disk."""
        shape = None if self.shape is None else list(self.shape)
        return {"name": self.name, "default": _plain(self.default), "shape": shape, **self.dtype.to_dict()}

    @classmethod
    def from_json_dict(cls, **said: Any) -> ParamSpec:
        """The inverse of ``to_dict``. Raises ``BadRequest`` when a part is missing."""
        missing = {"name", "default"} - set(said)
        if missing or not {"type", "dtype"} & set(said):
            raise BadRequest(f"Malformed param in a signature: it lacks {sorted(missing) or 'its type'}")
        # The oldest files say "dtype".
        dtype: Any = type_from_dict(said) if "type" in said else said["dtype"]
        return cls(said["name"], dtype, said["default"], said.get("shape"))

    @classmethod
    def validate_param_spec(cls, value: Any, param_spec: ParamSpec) -> Any:
        """``value`` as this param takes it. Raises ``BadRequest`` when it does not fit."""
        return cls.validate_type_and_shape(repr(param_spec.name), value, param_spec.dtype, param_spec.shape)

    @classmethod
    def validate_type_and_shape(
        cls, spec: str, value: Any, value_type: DataType | Object, shape: tuple[int, ...] | None
    ) -> Any:
        """``value`` converted to ``value_type`` where nothing is lost; ``spec`` names it in the error."""
        if value is None:
            return None
        if hasattr(value, "tolist"):
            value = value.tolist()
        if shape is None:
            if isinstance(value_type, Object):
                return _object(spec, value, value_type)
            return convert(spec, value, value_type)
        if not isinstance(value, list | tuple):
            raise BadRequest(f"Param {spec} must be a list, not {value!r}")
        one = _object if isinstance(value_type, Object) else convert
        return [one(f"{spec}[{at}]", each, value_type) for at, each in enumerate(value)]  # type: ignore[arg-type]


class ParamSchema:
    """All params of a model."""

    def __init__(self, params: list[ParamSpec]) -> None:
        if not isinstance(params, list) or not all(isinstance(each, ParamSpec) for each in params):
            raise BadRequest("A ParamSchema needs a list of ParamSpec")
        names = [each.name for each in params]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BadRequest(f"A ParamSchema may name each param once; twice are {twice}")
        self.params = list(params)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ParamSchema) and self.params == other.params

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self.params)

    def __iter__(self) -> Any:
        return iter(self.params)

    def __repr__(self) -> str:
        return repr(self.params)

    def to_dict(self) -> list[dict[str, Any]]:
        """As on disk, before it is JSON."""
        return [each.to_dict() for each in self.params]

    def to_json(self) -> str:
        """As on disk."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, json_str: str) -> ParamSchema:
        """The inverse of ``to_json``. Raises ``BadRequest`` when the text is no list of params."""
        return cls([ParamSpec.from_json_dict(**each) for each in list_from_json(json_str)])


def convert(what: str, value: Any, kind: DataType) -> Any:
    """``value`` as one Python value of ``kind``, where nothing is lost; ``BadRequest`` where something would be."""
    if hasattr(value, "item"):
        value = value.item()
    whole = isinstance(value, int) and not isinstance(value, bool)
    if kind is DataType.datetime:
        return _datetime(what, value)
    if kind is DataType.boolean and isinstance(value, bool):
        return value
    if kind is DataType.string and isinstance(value, str):
        return value
    if kind in (DataType.float, DataType.double) and (whole or isinstance(value, float)):
        return float(value)
    limit = _LIMITS.get(kind)
    if limit and whole and -limit <= value < limit:
        return value
    raise BadRequest(f"{what} must be of type {kind.name}, and {value!r} is not")


def _datetime(what: str, value: Any) -> datetime.datetime:
    if isinstance(value, datetime.datetime):
        return value
    if isinstance(value, datetime.date):
        return datetime.datetime(value.year, value.month, value.day)
    try:
        return datetime.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadRequest(f"{what} must be of type datetime, and {value!r} is no date in ISO 8601") from None


def _object(what: str, value: Any, kind: Object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest(f"{what} must be an object, not {value!r}")
    known = {each.name: each for each in kind.properties}
    if unknown := sorted(map(str, set(value) - set(known))):
        raise BadRequest(f"{what} has unknown properties {unknown}; it may have {sorted(known)}")
    if missing := sorted(name for name, each in known.items() if each.required and name not in value):
        raise BadRequest(f"{what} lacks the properties {missing}")
    return {name: _property(f"{what}.{name}", each, known[name]) for name, each in value.items()}


def _property(what: str, value: Any, known: Property) -> Any:
    if isinstance(known.dtype, DataType):
        return convert(what, value, known.dtype)
    return _object(what, value, known.dtype) if isinstance(known.dtype, Object) else value


def _param_type(name: str, dtype: object) -> DataType | Object:
    kind = type_of(dtype)
    if kind is DataType.binary or not isinstance(kind, DataType | Object):
        raise BadRequest(f"Param {name!r} cannot be of type {kind!r}: params are scalars, lists of them, or objects")
    return kind


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value
