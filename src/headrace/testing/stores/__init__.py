"""The contract every store keeps. Subclass ``StoreContract`` and provide a ``store`` fixture.

One store may serve the whole exam: every test makes things of its own, under names nobody else has.
"""

from headrace.testing.stores.evaluation_datasets import EvaluationDatasetContract
from headrace.testing.stores.experiments import ExperimentContract
from headrace.testing.stores.exporting import ExportingContract
from headrace.testing.stores.history import HistoryContract
from headrace.testing.stores.imports import ImportContract
from headrace.testing.stores.imports_of_events import ImportOfEventsContract
from headrace.testing.stores.imports_of_models import ImportOfModelsContract
from headrace.testing.stores.logged_models import LoggedModelContract
from headrace.testing.stores.purging import PurgingContract
from headrace.testing.stores.registry import RegistryContract
from headrace.testing.stores.registry_history import RegistryHistoryContract
from headrace.testing.stores.runs import RunContract
from headrace.testing.stores.search import SearchContract
from headrace.testing.stores.webhooks import WebhookContract


class StoreContract(
    ExperimentContract,
    RunContract,
    HistoryContract,
    SearchContract,
    LoggedModelContract,
    RegistryContract,
    RegistryHistoryContract,
    WebhookContract,
    EvaluationDatasetContract,
    PurgingContract,
    ExportingContract,
    ImportContract,
    ImportOfModelsContract,
    ImportOfEventsContract,
):
    """All that a store promises."""


__all__ = ["StoreContract"]
