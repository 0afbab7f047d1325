"""Types of model inputs, outputs and params, as MLmodel files spell them."""

from typing import Any

from headrace import _doors
from headrace.models.types.columns import ColSpec, Schema, TensorSpec
from headrace.models.types.datatypes import AnyType, Array, DataType, Map, Object, Property, SparkMLVector
from headrace.models.types.params import ParamSchema, ParamSpec

__all__ = [
    "AnyType",
    "Array",
    "ColSpec",
    "DataType",
    "Map",
    "Object",
    "ParamSchema",
    "ParamSpec",
    "Property",
    "Schema",
    "SparkMLVector",
    "TensorSpec",
]


def __getattr__(name: str) -> Any:
    return _doors.submodule("headrace.types", name)
