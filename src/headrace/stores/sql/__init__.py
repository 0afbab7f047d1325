"""SQL databases: SQLite, PostgreSQL, MySQL and MariaDB."""

from headrace.stores.sql import (
    evaluation_datasets,
    evaluation_records,
    experiments,
    history,
    imports,
    imports_of_models,
    imports_of_points,
    inputs,
    logged_models,
    logging,
    model_versions,
    purge,
    registered_models,
    runs,
    search_logged_models,
    search_runs,
)
from headrace.stores.sql.opening import open_sql
from headrace.stores.sql.store import ANSWERS, SqlStore

__all__ = [
    "ANSWERS",
    "SqlStore",
    "evaluation_datasets",
    "evaluation_records",
    "experiments",
    "history",
    "imports",
    "imports_of_models",
    "imports_of_points",
    "inputs",
    "logged_models",
    "logging",
    "model_versions",
    "open_sql",
    "purge",
    "registered_models",
    "runs",
    "search_logged_models",
    "search_runs",
]
