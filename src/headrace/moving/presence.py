"""Whether the files are there that records promise."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.base.errors import HeadraceError
from headrace.moving.locations import Locations
from headrace.schema.experiments import SearchExperiments
from headrace.schema.logged_models import SearchLoggedModels
from headrace.schema.registry import GetModelVersionDownloadUri, SearchModelVersions
from headrace.stores import open_store
from headrace.stores.port import Store
from headrace.stores.sql.checking import Fault


def missing_artifacts(uri: str, locations: Locations) -> list[Fault]:
    """Logged models that are ready and versions of registered models that have no file where they say."""
    store = open_store(uri)
    try:
        return [
            Fault("artifacts", f"{what} has no files at {place}")
            for what, place in _promised(store)
            if not _is_there(locations, place)
        ]
    finally:
        store.close()


def _is_there(locations: Locations, place: str) -> bool:
    try:
        return bool(locations.open(place).list())
    except HeadraceError:
        return False


def _promised(store: Store) -> Iterator[tuple[str, str]]:
    for experiment in _experiments(store):
        token = None
        while True:
            page = store.send(SearchLoggedModels(experiment_ids=[experiment], page_token=token))
            for model in page.models:
                if model.status == "READY":
                    yield f"Logged model {model.model_id}", model.artifact_location
            token = page.next_page_token
            if token is None:
                break
    token = None
    while True:
        versions = store.send(SearchModelVersions(page_token=token))
        for each in versions.model_versions:
            call = GetModelVersionDownloadUri(name=each.name, version=each.version)
            place = store.send(call).artifact_uri
            if ":/" not in place or place.startswith(("file:", "mlflow-artifacts:")):
                yield f"models:/{each.name}/{each.version}", place
        token = versions.next_page_token
        if token is None:
            return


def _experiments(store: Store) -> Iterator[str]:
    token = None
    while True:
        page = store.send(SearchExperiments(max_results=1000, page_token=token))
        yield from (each.experiment_id for each in page.experiments)
        token = page.next_page_token
        if token is None:
            return
