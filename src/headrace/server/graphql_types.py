"""GraphQL types, made from the records and calls that are there anyway.

A record ``Thing`` is the type ``MlflowThing``, and a call ``DoThing`` a field ``mlflowDoThing`` that takes a
``MlflowDoThingInput`` and is answered with a ``MlflowDoThingResponse``. Whole numbers travel as text, for those of
JavaScript end at 53 bits. As with MLflow, what a thing lacks is empty text or 0, and never null; what is no finite
number is null, for JSON has no other way to say it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, cast, get_args

from graphql import (
    DirectiveLocation,
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLDirective,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    specified_directives,
)
from msgspec import Struct, inspect

from headrace.schema import Call, Record, types
from headrace.schema.artifacts import ListArtifacts
from headrace.schema.experiments import Experiment, GetExperiment, SearchDatasets
from headrace.schema.registry import ModelVersion, SearchModelVersions
from headrace.schema.runs import GetMetricHistoryBulkInterval, GetRun, Metric, Run, SearchRuns
from headrace.wire import lenient

#: What may be asked, and what MLflow has as mutations though they change nothing.
QUERIES: tuple[type[Call[Any]], ...] = (
    *(GetExperiment, GetMetricHistoryBulkInterval, GetRun, ListArtifacts, SearchModelVersions, SearchRuns),
)
MUTATIONS: tuple[type[Call[Any]], ...] = (SearchDatasets, SearchRuns)

#: Records whose types have names of their own.
_NAMES: dict[type[Struct], str] = {Run: "MlflowRunExtension", Metric: "MlflowMetricExtension"}
_WORDS = {
    frozenset(get_args(types.RunStatus)): "MlflowRunStatus",
    frozenset(get_args(types.ViewType)): "MlflowViewType",
    frozenset(get_args(types.ModelVersionStatus)): "MlflowModelVersionStatus",
}
#: Fields of MLflow's types that records here do not have, and their values.
_MORE: dict[type[Struct], dict[str, str]] = {Experiment: {"effectiveTraceArchivalRetention": ""}}
#: The one number of an input that may have 64 bits.
_LONG_INPUTS = {(SearchModelVersions, "max_results")}

#: Answers a call; and what runs have that other calls tell: their experiment, and the versions that came from them.
Ask = Callable[[Any, Call[Any]], Any]
Related = Callable[[Any, Run], Any]


def _long(value: Any) -> str:
    return str(int(value))


LONG = GraphQLScalarType("LongString", serialize=_long, parse_value=str)
_ERROR_DETAIL = GraphQLObjectType(
    "ErrorDetail", {"field": GraphQLField(GraphQLString), "message": GraphQLField(GraphQLString)}
)
#: Errors are told beside the data; MLflow's queries ask for this as well.
_API_ERROR = GraphQLObjectType(
    "ApiError",
    {
        **{name: GraphQLField(GraphQLString) for name in ("code", "message", "helpUrl", "traceId")},
        "errorDetails": GraphQLField(GraphQLList(_ERROR_DETAIL)),
    },
)
#: MLflow's pages say with it which part of theirs is asking.
_COMPONENT = GraphQLDirective(
    "component", [DirectiveLocation.QUERY, DirectiveLocation.MUTATION], {"name": GraphQLArgument(GraphQLString)}
)
_TEST = {"inputString": GraphQLArgument(GraphQLString)}


def schema(ask: Ask, experiment_of: Related, versions_of: Related) -> GraphQLSchema:
    """The whole schema. ``ask`` answers a call; the others are asked for what runs have besides."""
    made = _Types(experiment_of, versions_of)
    echo = GraphQLObjectType("Test", {"output": GraphQLField(GraphQLString)})
    test = GraphQLField(echo, _TEST, lambda _, __, inputString="": {"output": inputString})
    unknown = GraphQLObjectType("TestMutation", {"output": GraphQLField(GraphQLString)})
    return GraphQLSchema(
        GraphQLObjectType("Query", {**{_field(kind): made.root(kind, ask) for kind in QUERIES}, "test": test}),
        GraphQLObjectType(
            "Mutation",
            {
                **{_field(kind): made.root(kind, ask) for kind in MUTATIONS},
                "testMutation": GraphQLField(unknown, _TEST, lambda _, __, inputString="": None),
            },
        ),
        directives=[*specified_directives, _COMPONENT],
    )


class _Types:
    """The types of one schema, each made once."""

    def __init__(self, experiment_of: Related, versions_of: Related) -> None:
        self._known: dict[str, Any] = {}
        self._experiment_of, self._versions_of = experiment_of, versions_of

    def root(self, kind: type[Call[Any]], ask: Ask) -> GraphQLField:
        """The field that asks a call."""

        def resolve(_: Any, info: Any, input: dict[str, Any] | None = None) -> Any:
            said = dict(input or {})
            if "runUuid" in said:
                said["run_uuid"] = said.pop("runUuid")
            return ask(info, lenient.record(said, kind))

        reply = GraphQLObjectType(
            f"Mlflow{kind.__name__}Response",
            {**self._fields(kind.route.reply), "apiError": GraphQLField(_API_ERROR, resolve=lambda _, __: None)},
        )
        reply = self._known.setdefault(reply.name, reply)
        return GraphQLField(reply, {"input": GraphQLArgument(self._input(kind))}, resolve)

    def _input(self, kind: type[Call[Any]]) -> GraphQLInputObjectType:
        name = f"Mlflow{kind.__name__}Input"
        if name not in self._known:
            fields = {}
            for field in lenient.fields_of(kind):
                said = self._input_type(kind, field)
                fields[_camel(field.encode_name)] = GraphQLInputField(said)
                if field.name == "run_id":
                    fields["runUuid"] = GraphQLInputField(said)
            self._known[name] = GraphQLInputObjectType(name, fields)
        found: GraphQLInputObjectType = self._known[name]
        return found

    def _input_type(self, kind: type[Call[Any]], field: inspect.Field) -> Any:
        match lenient.plain(field.type):
            case inspect.ListType():
                return GraphQLList(GraphQLString)
            case inspect.IntType():
                return LONG if (kind, field.name) in _LONG_INPUTS else GraphQLInt
            case inspect.LiteralType(values=values):
                return self._enum(values)
        return GraphQLString

    def _object(self, kind: type[Struct]) -> GraphQLObjectType:
        name = _NAMES.get(kind, f"Mlflow{kind.__name__}")
        if name not in self._known:
            # The fields are made when they are first asked for, so that types may name each other.
            self._known[name] = GraphQLObjectType(name, lambda: self._fields(kind))
        found: GraphQLObjectType = self._known[name]
        return found

    def _fields(self, kind: type[Struct]) -> dict[str, GraphQLField]:
        fields = {
            _camel(field.encode_name): self._told(field) for field in lenient.fields_of(cast("type[Record]", kind))
        }
        for name, value in _MORE.get(kind, {}).items():
            fields[name] = GraphQLField(GraphQLString, resolve=_constant(value))
        if kind is Run:
            versions = GraphQLList(GraphQLNonNull(self._object(ModelVersion)))
            fields["experiment"] = GraphQLField(
                self._object(Experiment), resolve=lambda run, info: self._experiment_of(info, run)
            )
            fields["modelVersions"] = GraphQLField(versions, resolve=lambda run, info: self._versions_of(info, run))
        return fields

    def _told(self, field: inspect.Field) -> GraphQLField:
        name = field.name
        match lenient.plain(field.type):
            case inspect.StructType(cls=kind):
                return GraphQLField(self._object(kind), resolve=_attribute(name, kind))
            case inspect.ListType(item_type=item):
                inner = lenient.plain(item)
                if isinstance(inner, inspect.StructType):
                    listed = GraphQLList(GraphQLNonNull(self._object(inner.cls)))
                    return GraphQLField(listed, resolve=_attribute(name, list))
                return GraphQLField(GraphQLList(GraphQLString), resolve=_attribute(name, list))
            case inspect.IntType():
                return GraphQLField(LONG, resolve=_attribute(name, int))
            case inspect.FloatType():
                return GraphQLField(GraphQLFloat, resolve=_finite(name))
            case inspect.BoolType():
                return GraphQLField(GraphQLBoolean, resolve=_attribute(name, bool))
            case inspect.LiteralType(values=values) if frozenset(values) in _WORDS:
                return GraphQLField(self._enum(values), resolve=_attribute(name, lambda: None))
        return GraphQLField(GraphQLString, resolve=_attribute(name, str))

    def _enum(self, values: Any) -> GraphQLEnumType:
        name = _WORDS[frozenset(values)]
        made = self._known.setdefault(name, GraphQLEnumType(name, {word: word for word in sorted(values)}))
        assert isinstance(made, GraphQLEnumType)
        return made


def _attribute(name: str, empty: Callable[[], Any]) -> Callable[[Any, Any], Any]:
    def resolve(record: Any, _: Any) -> Any:
        value = getattr(record, name)
        return empty() if value is None else value

    return resolve


def _finite(name: str) -> Callable[[Any, Any], float | None]:
    def resolve(record: Any, _: Any) -> float | None:
        value = getattr(record, name)
        return value if value is not None and math.isfinite(value) else None

    return resolve


def _constant(value: str) -> Callable[[Any, Any], str]:
    return lambda _, __: value


def _field(kind: type[Call[Any]]) -> str:
    return f"mlflow{kind.__name__}"


@cache
def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
