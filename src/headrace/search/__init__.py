"""The search language: text to tree. Knows what may be asked of each noun, and no SQL."""

from headrace.search.entities import (
    ENTITIES,
    EVALUATION_DATASETS,
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Entity,
)
from headrace.search.order import parse_order
from headrace.search.parser import parse, parse_field
from headrace.search.tree import And, Compare, Field, Node, Not, Or, Order

__all__ = [
    "ENTITIES",
    "EVALUATION_DATASETS",
    "EXPERIMENTS",
    "LOGGED_MODELS",
    "MODEL_VERSIONS",
    "REGISTERED_MODELS",
    "RUNS",
    "And",
    "Compare",
    "Entity",
    "Field",
    "Node",
    "Not",
    "Or",
    "Order",
    "parse",
    "parse_field",
    "parse_order",
]
