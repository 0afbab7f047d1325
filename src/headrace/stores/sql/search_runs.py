"""The answer to a search for runs."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from headrace.base.errors import BadRequest
from headrace.schema.runs import RunsFound, SearchRuns
from headrace.search import RUNS, Compare, Order, parse, parse_order
from headrace.stores.sql import names, run_plans
from headrace.stores.sql.experiments import number_of, of_experiment
from headrace.stores.sql.filters import Kind, Sql, TextPairs, columns, compared, condition
from headrace.stores.sql.paging import Page, Term, column_terms, in_view
from headrace.stores.sql.points import NAN
from headrace.stores.sql.run_records import COLUMNS, records
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_ATTRIBUTES = {
    "run_id": "runs.run_id",
    "run_name": "runs.name",
    "status": "runs.status",
    "user_id": "runs.user_id",
    "artifact_uri": "runs.artifact_uri",
    "start_time": "runs.start_time",
    "end_time": "runs.end_time",
    "duration": "(runs.end_time - runs.start_time)",
}
_COLUMN_TERMS = column_terms(_ATTRIBUTES, nullable=frozenset({"end_time", "duration"}))
#: The tag that says whose child a run is.
_PARENT_TAG = "mlflow.parentRunId"
_PAIRS = {
    "param": TextPairs("params", "run", "name", "runs.id", numbered=True, number="number"),
    "tag": TextPairs("tags", "run", "name", "runs.id", numbered=True),
}
#: The expression of each reading of a metric, over its summary ``f``.
_READINGS = {
    None: "{f}.last_val",
    "last": "{f}.last_val",
    "first": "{f}.first_val",
    "min": "{f}.min_val",
    "max": "{f}.max_val",
    "mean": "({f}.total / NULLIF({f}.numbers, 0))",
    "count": "{f}.points",
}
#: Readings that are one point, and so may be NaN: the column that says so.
_SPECIALS = {None: "{f}.last_special", "last": "{f}.last_special", "first": "{f}.first_special"}


@answers(SearchRuns)
def search_runs(tx: Tx, call: SearchRuns) -> RunsFound:
    experiments = list(dict.fromkeys(map(number_of, call.experiment_ids)))
    where, params = condition(tx, call.filter, RUNS, *_kinds_of(experiments))
    page = Page.of_call(
        tx,
        call,
        call.order_by,
        RUNS,
        _terms,
        default=(Term("runs.start_time", descending=True), Term("runs.run_id")),
    )
    if not experiments:
        return RunsFound()
    search = run_plans.Search(
        COLUMNS,
        experiments,
        in_view("runs", call.run_view_type) + where,
        params,
        parse(call.filter, RUNS),
        parse_order(call.order_by, RUNS),
    )
    rows = run_plans.rows(tx, page, search)
    return RunsFound(runs=records(tx, rows), next_page_token=page.next_token)


def _metric(tx: Tx, compare: Compare) -> Sql:
    key = names.known(tx, compare.field.key)
    there = "SELECT 1 FROM summaries f WHERE f.run = runs.id AND f.name = ?"
    reading = _READINGS[compare.field.aggregate].format(f="f")
    match compare.op:
        case "IS NULL":
            return f"NOT EXISTS ({there})", [key]
        case "IS NOT NULL":
            return f"EXISTS ({there})", [key]
    test, params = compared(tx, reading, compare)
    special = _SPECIALS.get(compare.field.aggregate)
    if special:
        # NaN is kept as 0 with a mark: it differs from every number and is neither above nor below one.
        is_nan = f"{special.format(f='f')} = {NAN}"
        test = f"({is_nan} OR {test})" if compare.op in ("!=", "NOT IN") else f"(NOT {is_nan} AND {test})"
    return f"EXISTS ({there} AND {test})", [key, *params]


def _dataset(tx: Tx, compare: Compare) -> Sql:
    source = "run_datasets d JOIN datasets f ON f.id = d.dataset"
    there = f"SELECT 1 FROM {source} WHERE d.run = runs.id"
    column = {"name": "f.name", "digest": "f.digest", "context": "d.context"}[compare.field.key]
    if compare.op == "IS NULL":
        return f"NOT EXISTS ({there} AND {column} IS NOT NULL)", []
    test, params = compared(tx, column, compare, source)
    return f"EXISTS ({there} AND {test})", params


_attribute = columns(_ATTRIBUTES, "runs")


def _parent(tx: Tx, compare: Compare) -> Sql:
    if compare.op == "IS NULL":
        there, params = _parent(tx, msgspec.structs.replace(compare, op="IS NOT NULL"))
        return f"NOT {there}", params
    kind = {"attribute": _attribute, **_KINDS}[compare.field.kind]
    test, params = kind(tx, compare)
    # What is said of a run is said of its parent, which has another alias here.
    test = re.sub(r"\bruns\.", "parents.", test)
    tag = names.known(tx, _PARENT_TAG)
    there = (
        "SELECT 1 FROM tags t JOIN runs parents ON parents.run_id = t.value"
        f" WHERE t.run = runs.id AND t.name = ? AND {test}"
    )
    return f"EXISTS ({there})", [tag, *params]


_KINDS: dict[str, Kind] = {
    **_PAIRS,
    "metric": _metric,
    "dataset": _dataset,
    "parent": _parent,
    "experiment": of_experiment("runs.experiment"),
}


def _kinds_of(experiments: Sequence[int]) -> tuple[Kind, dict[str, Kind]]:
    """The kinds of field, of which only what is said in these experiments is looked at where all of it has to be."""
    if not experiments:
        return _attribute, _KINDS
    here = f"experiment IN {marks(experiments)}"
    of_runs = f" AND f.run IN (SELECT id FROM runs WHERE {here})"
    pairs: dict[str, Kind] = {
        name: msgspec.structs.replace(each, among=of_runs, among_params=tuple(experiments))
        for name, each in _PAIRS.items()
    }
    return columns(_ATTRIBUTES, f"runs WHERE {here}", experiments), {**_KINDS, **pairs}


def _terms(tx: Tx, order: Order, number: int) -> Sequence[Term]:
    field, alias = order.field, f"o{number}"
    if field.kind == "attribute":
        return _COLUMN_TERMS(tx, order, number)
    table = {"metric": "summaries", "param": "params", "tag": "tags"}.get(field.kind)
    if table is None:
        raise BadRequest(f"Runs cannot be ordered by {field.kind} {field.key!r}")
    join = f"LEFT JOIN {table} {alias} ON {alias}.run = runs.id AND {alias}.name = ?"
    key = (names.known(tx, field.key),)
    if field.kind != "metric":
        return (
            Term(f"CASE WHEN {alias}.value IS NULL THEN 1 ELSE 0 END", join=join, join_params=key),
            Term(f"COALESCE({alias}.value, '')", order.descending),
        )
    reading = _READINGS[field.aggregate].format(f=alias)
    special = _SPECIALS.get(field.aggregate, "0").format(f=alias)
    return (
        # Numbers first, then NaN, then runs without the metric, in both directions.
        Term(
            f"CASE WHEN {reading} IS NULL THEN 2 WHEN {special} = {NAN} THEN 1 ELSE 0 END",
            join=join,
            join_params=key,
        ),
        Term(f"COALESCE({reading}, 0)", order.descending),
    )
