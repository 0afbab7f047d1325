"""What may be asked of each noun: its kinds of field, their names and types, and the operators they take.

To make another noun searchable, describe it in one ``Entity`` here.
"""

from __future__ import annotations

from functools import cached_property

import msgspec

from headrace.search.tree import Operator, Type

_PRESENCE: tuple[Operator, ...] = ("IS NULL", "IS NOT NULL")
_SETS: tuple[Operator, ...] = ("=", "!=", "IN", "NOT IN")
_PATTERNS: tuple[Operator, ...] = ("LIKE", "ILIKE", "RLIKE")
_SIZES: tuple[Operator, ...] = ("<", "<=", ">", ">=", "BETWEEN")

#: The operators of each type. Text is not put in order by ``<``: a param "10" would come before "9".
OPERATORS: dict[Type, frozenset[Operator]] = {
    "text": frozenset((*_SETS, *_PATTERNS, "BETWEEN", *_PRESENCE)),
    "number": frozenset((*_SETS, *_SIZES, *_PRESENCE)),
    "id": frozenset((*_SETS, *_PATTERNS, "BETWEEN", *_PRESENCE)),
}


class Key(msgspec.Struct, frozen=True):
    """One key of a kind that has only certain keys."""

    name: str
    type: Type = "text"
    aliases: tuple[str, ...] = ()
    #: Whether it is a point in time, in milliseconds, and may be held against ``now() - 7d``.
    is_time: bool = False
    #: Whether it is a length of time, in milliseconds, and may be held against ``5m``.
    is_duration: bool = False
    #: Whether a whole number may be written in quotation marks, as versions often are.
    may_quote: bool = False
    orders: bool = True
    #: Operators it takes, where these are fewer than those of its type.
    only: frozenset[Operator] | None = None

    @property
    def operators(self) -> frozenset[Operator]:
        """The operators that this key takes."""
        return OPERATORS[self.type] if self.only is None else self.only


class Kind(msgspec.Struct, frozen=True, dict=True):
    """A kind of field: the words before the dot that mean it, and the keys it has."""

    name: str
    #: The last one is the one that errors name.
    prefixes: tuple[str, ...]
    #: The keys it has; None where it has whatever users logged, all of ``type``.
    keys: tuple[Key, ...] | None = None
    type: Type = "text"
    #: Whether ``metrics.loss.min`` means the least value of ``loss``.
    aggregates: bool = False
    #: Whether an unquoted number compares the text as a number.
    numeric: bool = False
    orders: bool = True

    @cached_property
    def by_name(self) -> dict[str, Key]:
        """The keys under all their names."""
        return {name: key for key in self.keys or () for name in (key.name, *key.aliases)}


class Entity(msgspec.Struct, frozen=True, dict=True):
    """A noun that can be searched. A name without a prefix belongs to the first of its kinds."""

    name: str
    kinds: tuple[Kind, ...]
    #: Words that may stand before a field to mean that of another thing, and what that is.
    relations: dict[str, Entity] = {}

    @cached_property
    def related(self) -> dict[str, Entity]:
        """The things behind ``relations``, whose own relations do not count."""
        return {word: Entity(f"{word}s", thing.kinds) for word, thing in self.relations.items()}

    @cached_property
    def by_prefix(self) -> dict[str, Kind]:
        """The kinds under all the words that may stand before the dot."""
        return {prefix: kind for kind in self.kinds for prefix in kind.prefixes}


_ATTRIBUTE = ("attribute", "attr", "attributes")
_METRICS = Kind("metric", ("metric", "metrics"), type="number", aggregates=True)
_PARAMS = Kind("param", ("param", "parameter", "parameters", "params"), numeric=True)
_TAGS = Kind("tag", ("tag", "tags"), numeric=True)


def _id(name: str, *, patterns: bool = True, orders: bool = True) -> Key:
    only = OPERATORS["id"] if patterns else frozenset((*_SETS, "BETWEEN", *_PRESENCE))
    return Key(name, "id", orders=orders, only=only)


def _time(name: str, *aliases: str) -> Key:
    return Key(name, "number", aliases, is_time=True)


def _ordered(name: str) -> Key:
    # MLflow takes ``name > 'a'`` of this noun: text in the order of its characters.
    return Key(name, only=OPERATORS["text"] | frozenset(_SIZES))


EXPERIMENTS = Entity(
    "experiments",
    (
        Kind(
            "attribute",
            _ATTRIBUTE,
            (
                Key("name"),
                _id("experiment_id", patterns=False),
                _time("creation_time"),
                _time("last_update_time"),
            ),
        ),
        msgspec.structs.replace(_TAGS, orders=False),
    ),
)

RUNS = Entity(
    "runs",
    (
        Kind(
            "attribute",
            ("run", *_ATTRIBUTE),
            (
                _id("run_id"),
                Key("run_name", aliases=("Run name", "run name", "Run Name")),
                Key("status"),
                Key("user_id"),
                Key("artifact_uri"),
                _time("start_time", "Created", "created"),
                _time("end_time"),
                Key("duration", "number", is_duration=True),
            ),
        ),
        _METRICS,
        _PARAMS,
        _TAGS,
        Kind("dataset", ("dataset", "datasets"), (Key("name"), Key("digest"), Key("context")), orders=False),
    ),
    {"experiment": EXPERIMENTS},
)
# A run is searched by fields of its parent too, but not of that one's parent.
RUNS = msgspec.structs.replace(RUNS, relations={"parent": RUNS, **RUNS.relations})

REGISTERED_MODELS = Entity(
    "registered models",
    (
        Kind(
            "attribute",
            _ATTRIBUTE,
            (Key("name"), _time("last_updated_timestamp", "timestamp")),
        ),
        msgspec.structs.replace(_TAGS, orders=False),
    ),
)

MODEL_VERSIONS = Entity(
    "model versions",
    (
        Kind(
            "attribute",
            _ATTRIBUTE,
            (
                Key("name"),
                Key("version_number", "number", may_quote=True),
                _id("run_id", orders=False),
                Key("source_path", orders=False),
                _time("creation_timestamp"),
                _time("last_updated_timestamp"),
            ),
        ),
        msgspec.structs.replace(_TAGS, orders=False),
    ),
)

LOGGED_MODELS = Entity(
    "logged models",
    (
        Kind(
            "attribute",
            _ATTRIBUTE,
            (
                Key("name"),
                _id("model_id"),
                Key("model_type"),
                Key("status"),
                _id("source_run_id"),
                _time("creation_timestamp", "creation_time"),
                _time("last_updated_timestamp", "last_update_time", "last_updated_time"),
            ),
        ),
        msgspec.structs.replace(_METRICS, aggregates=False),
        msgspec.structs.replace(_PARAMS, orders=False),
        msgspec.structs.replace(_TAGS, orders=False),
    ),
    {"experiment": EXPERIMENTS},
)

EVALUATION_DATASETS = Entity(
    "evaluation datasets",
    (
        Kind(
            "attribute",
            _ATTRIBUTE,
            (
                _ordered("name"),
                _id("dataset_id"),
                _ordered("created_by"),
                _ordered("last_updated_by"),
                _time("created_time"),
                _time("last_update_time"),
            ),
        ),
        msgspec.structs.replace(_TAGS, orders=False),
    ),
)

#: Every noun that can be searched, by its name.
ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (RUNS, EXPERIMENTS, REGISTERED_MODELS, MODEL_VERSIONS, LOGGED_MODELS, EVALUATION_DATASETS)
}
