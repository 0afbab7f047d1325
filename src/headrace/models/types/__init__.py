"""Types of model inputs, outputs and params, as MLmodel files spell them."""

from headrace.models.types.datatypes import AnyType, Array, DataType, Map, Object, Property, SparkMLVector
from headrace.models.types.params import ParamSchema, ParamSpec
from headrace.models.types.schema import ColSpec, Schema, TensorSpec

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
