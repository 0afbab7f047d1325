"""The answer to a search for logged models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.base.errors import BadRequest
from headrace.schema.logged_models import (
    LoggedModelOrder,
    LoggedModelsFound,
    SearchLoggedModels,
)
from headrace.search import LOGGED_MODELS, Compare, Field, Order, parse_field
from headrace.stores.sql import names
from headrace.stores.sql.experiments import number_of, of_experiment
from headrace.stores.sql.filters import Kind, Sql, TextPairs, compared, condition
from headrace.stores.sql.logged_model_records import COLUMNS, records
from headrace.stores.sql.paging import Page, Term, column_terms
from headrace.stores.sql.points import NAN
from headrace.stores.sql.store import answers
from headrace.stores.sql.tx import Tx, marks

_DEFAULT_RESULTS = 100
_ATTRIBUTES = {
    "name": "logged_models.name",
    "model_id": "logged_models.model_id",
    "model_type": "logged_models.model_type",
    "status": "logged_models.status",
    "source_run_id": "logged_models.source_run_id",
    "creation_timestamp": "logged_models.creation_time",
    "last_updated_timestamp": "logged_models.last_update_time",
}
_COLUMN_TERMS = column_terms(_ATTRIBUTES, nullable=frozenset({"model_type", "source_run_id"}))
#: How callers may say a status: by its word, or as MLflow's servers want it, by its number in the protocol.
_STATUS = {
    "PENDING": "LOGGED_MODEL_PENDING",
    "READY": "LOGGED_MODEL_READY",
    "FAILED": "LOGGED_MODEL_UPLOAD_FAILED",
    "1": "LOGGED_MODEL_PENDING",
    "2": "LOGGED_MODEL_READY",
    "3": "LOGGED_MODEL_UPLOAD_FAILED",
}


@answers(SearchLoggedModels)
def search_logged_models(tx: Tx, call: SearchLoggedModels) -> LoggedModelsFound:
    experiments = [number_of(each) for each in call.experiment_ids]
    metric = _Metric(call)
    kinds: dict[str, Kind] = {
        "metric": metric,
        "param": TextPairs("logged_model_params", "model", "name", "logged_models.id"),
        "tag": TextPairs("logged_model_tags", "model", "name", "logged_models.id"),
        "experiment": of_experiment("logged_models.experiment"),
    }
    where, params = condition(tx, call.filter, LOGGED_MODELS, _attribute, kinds)
    default = (Term("logged_models.creation_time", descending=True), Term("logged_models.model_id"))
    terms = [term for number, each in enumerate(call.order_by) for term in _terms(tx, each, number)]
    page = Page(tx, call, [*terms, *default], call.max_results or _DEFAULT_RESULTS)
    if not experiments:
        return LoggedModelsFound()
    rows = page.rows(
        tx,
        f"SELECT {COLUMNS}",
        f"FROM logged_models WHERE logged_models.experiment IN {marks(experiments)}"
        f" AND logged_models.deleted_time IS NULL{where}",
        [*experiments, *params],
    )
    return LoggedModelsFound(models=records(tx, rows), next_page_token=page.next_token)


def _attribute(tx: Tx, compare: Compare) -> Sql:
    value: Any = compare.value
    if compare.field.key == "status":
        # Callers say READY where the protocol says LOGGED_MODEL_READY.
        if isinstance(value, tuple):
            value = tuple(_STATUS.get(str(each).upper(), each) for each in value)
        else:
            value = _STATUS.get(str(value).upper(), value)
    return compared(tx, _ATTRIBUTES[compare.field.key], Compare(compare.field, compare.op, value), "logged_models")


class _Metric:
    """Metrics of logged models; only those measured on the datasets the call names count."""

    def __init__(self, call: SearchLoggedModels) -> None:
        self._datasets = call.datasets

    def __call__(self, tx: Tx, compare: Compare) -> Sql:
        there = "SELECT 1 FROM logged_model_points f WHERE f.model = logged_models.id AND f.name = ?"
        params: list[Any] = [names.known(tx, compare.field.key)]
        if self._datasets:
            either = []
            for dataset in self._datasets:
                digest = " AND f.dataset_digest = ?" if dataset.dataset_digest else ""
                either.append(f"(f.dataset_name = ?{digest})")
                params += [dataset.dataset_name, *([dataset.dataset_digest] if dataset.dataset_digest else [])]
            there += f" AND ({' OR '.join(either)})"
        match compare.op:
            case "IS NULL":
                return f"NOT EXISTS ({there})", params
            case "IS NOT NULL":
                return f"EXISTS ({there})", params
        test, more = compared(tx, "f.value", compare)
        return f"EXISTS ({there} AND f.special <> {NAN} AND {test})", [*params, *more]


def _terms(tx: Tx, order: LoggedModelOrder, number: int) -> Sequence[Term]:
    field: Field = parse_field(order.field_name, LOGGED_MODELS)
    if field.kind == "attribute":
        return _COLUMN_TERMS(tx, Order(field, not order.ascending), number)
    if field.kind != "metric":
        raise BadRequest(f"Logged models cannot be ordered by {order.field_name!r}: give an attribute or a metric")
    alias = f"o{number}"
    dataset = ""
    params: list[Any] = [names.known(tx, field.key)]
    if order.dataset_name:
        dataset += " AND dataset_name = ?"
        params.append(order.dataset_name)
    if order.dataset_digest:
        dataset += " AND dataset_digest = ?"
        params.append(order.dataset_digest)
    # The newest point counts; several of one time count as the largest.
    newest = f"SELECT model, MAX(timestamp) AS at FROM logged_model_points WHERE name = ?{dataset} GROUP BY model"
    join = (
        f"LEFT JOIN (SELECT p.model, MAX(p.value) AS value FROM logged_model_points p JOIN ({newest}) n"
        f" ON n.model = p.model AND n.at = p.timestamp WHERE p.name = ?{dataset.replace('dataset', 'p.dataset')}"
        f" GROUP BY p.model) {alias} ON {alias}.model = logged_models.id"
    )
    return (
        Term(f"CASE WHEN {alias}.value IS NULL THEN 1 ELSE 0 END", join=join, join_params=(*params, *params)),
        Term(f"COALESCE({alias}.value, 0)", not order.ascending),
    )
