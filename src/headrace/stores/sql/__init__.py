"""SQL databases: SQLite, PostgreSQL, MySQL and MariaDB."""

from headrace.stores.sql import (
    experiments,
    history,
    inputs,
    logged_models,
    logging,
    model_versions,
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
    "experiments",
    "history",
    "inputs",
    "logged_models",
    "logging",
    "model_versions",
    "open_sql",
    "registered_models",
    "runs",
    "search_logged_models",
    "search_runs",
]
