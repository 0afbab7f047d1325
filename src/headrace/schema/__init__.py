"""The one definition of what headrace says and stores: records and calls, one file per noun."""

from headrace.schema import (
    artifacts,
    datasets,
    evaluation_datasets,
    experiments,
    exports,
    imports,
    logged_models,
    promptlab,
    purge,
    registry,
    registry_events,
    runs,
    server_info,
    webhooks,
)
from headrace.schema.call import CALLS, Call, Empty, Need, Record

__all__ = [
    "CALLS",
    "Call",
    "Empty",
    "Need",
    "Record",
    "artifacts",
    "datasets",
    "evaluation_datasets",
    "experiments",
    "exports",
    "imports",
    "logged_models",
    "promptlab",
    "purge",
    "registry",
    "registry_events",
    "runs",
    "server_info",
    "webhooks",
]
