"""Which locations records from another store may name when they come in through this server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headrace.base.paths import ArtifactUri
from headrace.schema import Call
from headrace.schema.imports import (
    ImportedModelVersion,
    ImportExperiments,
    ImportLoggedModels,
    ImportModelVersions,
    ImportRuns,
)
from headrace.schema.registry import CreateModelVersion
from headrace.server.sources import check_source
from headrace.stores.port import Store


def check_import(
    call: Call[Any],
    store: Store,
    check_location: Callable[[str], None],
    is_allowed: Callable[[ArtifactUri], bool],
) -> None:
    """Hold imported records to the rules for those that are made here. Raises ``HeadraceError`` for one that is not."""
    match call:
        case ImportExperiments():
            locations = [each.artifact_location for each in call.experiments]
        case ImportRuns():
            locations = [each.artifact_uri for each in call.runs]
        case ImportLoggedModels():
            locations = [each.artifact_uri for each in call.models]
        case ImportModelVersions():
            for each in call.versions:
                for source in {each.source, each.storage_location or each.source}:
                    check_source(_as_made_here(each, source), store, is_allowed)
            return
        case _:
            return
    for location in locations:
        if location:
            check_location(location)


def _as_made_here(version: ImportedModelVersion, source: str) -> CreateModelVersion:
    return CreateModelVersion(
        name=version.name,
        source=source,
        run_id=version.run_id or _run_of(source),
        model_id=version.model_id,
        tags=version.tags,
    )


def _run_of(source: str) -> str | None:
    return source.removeprefix("runs:/").partition("/")[0] if source.startswith("runs:/") else None
