"""The columns of what a model retrieves, said by its script: in the MLmodel file's metadata, under
``dependencies_schemas``."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

_log = logging.getLogger(__name__)
#: What scripts said since a model was last saved.
_said: ContextVar[list[RetrieverSchema] | None] = ContextVar("retrievers", default=None)


class DependenciesSchemasType(Enum):
    """The kinds of schema."""

    RETRIEVERS = "retrievers"


@dataclass
class Schema(ABC):
    """One schema of something that a model depends on."""

    type: DependenciesSchemasType

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """As in the file."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: dict[str, str]) -> Schema:
        """The inverse, of one entry."""


@dataclass(init=False, repr=False)
class RetrieverSchema(Schema):
    """The columns of what a retriever finds."""

    type: DependenciesSchemasType

    def __init__(
        self,
        name: str,
        primary_key: str,
        text_column: str,
        doc_uri: str | None = None,
        other_columns: list[str] | None = None,
    ) -> None:
        super().__init__(DependenciesSchemasType.RETRIEVERS)
        self.name, self.primary_key, self.text_column = name, primary_key, text_column
        self.doc_uri, self.other_columns = doc_uri, other_columns or []

    def __repr__(self) -> str:
        return f"RetrieverSchema({self.name!r}, {self.primary_key!r}, {self.text_column!r})"

    def to_dict(self) -> dict[str, Any]:
        """As in the file."""
        names = ("name", "primary_key", "text_column", "doc_uri", "other_columns")
        return {self.type.value: [{name: getattr(self, name) for name in names}]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> RetrieverSchema:
        """The inverse, of one entry."""
        return cls(
            data["name"], data["primary_key"], data["text_column"], data.get("doc_uri"), data.get("other_columns")
        )


@dataclass
class DependenciesSchemas:
    """All schemas of a model."""

    retriever_schemas: list[RetrieverSchema] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """As in the file's metadata; empty when there are none."""
        if not self.retriever_schemas:
            return {}
        kind = DependenciesSchemasType.RETRIEVERS.value
        return {"dependencies_schemas": {kind: [each.to_dict()[kind][0] for each in self.retriever_schemas]}}


def set_retriever_schema(
    *,
    primary_key: str,
    text_column: str,
    doc_uri: str | None = None,
    other_columns: list[str] | None = None,
    name: str | None = "retriever",
) -> None:
    """Say what the columns of a retriever's documents are called. A second one of the same name takes its place."""
    made = RetrieverSchema(name or "retriever", primary_key, text_column, doc_uri, other_columns)
    known = _said.get() or []
    before = [each for each in known if each.name == made.name]
    if before and before[0].to_dict() != made.to_dict():
        _log.warning("The retriever %r was said to have other columns before; these hold now", made.name)
    _said.set([*(each for each in known if each.name != made.name), made])


def take() -> dict[str, Any]:
    """What was said since it was last taken, as the metadata of a model has it."""
    found = DependenciesSchemas(_said.get() or []).to_dict()
    _said.set(None)
    return found
