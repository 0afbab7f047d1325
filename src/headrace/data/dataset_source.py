"""Where a dataset came from."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any

from headrace.base.errors import BadRequest


class DatasetSource(ABC):
    """A place data came from: told as JSON, told back from JSON, and loaded again.

    A kind of source is a subclass. It says its type, which JSON it is, and which raw values (a path, a URL) it
    recognizes; the registry asks all kinds in turn.
    """

    @staticmethod
    @abstractmethod
    def _get_source_type() -> str:
        """The type under which records name this kind of source."""

    @abstractmethod
    def load(self) -> Any:
        """The data, or a local path of it."""

    @staticmethod
    @abstractmethod
    def _can_resolve(raw_source: Any) -> bool:
        """Whether ``raw_source`` names a source of this kind."""

    @classmethod
    @abstractmethod
    def _resolve(cls, raw_source: Any) -> DatasetSource:
        """The source that ``raw_source`` names."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """What JSON says of this source."""

    def to_json(self) -> str:
        """This source as JSON, as records have it."""
        return json.dumps(self.to_dict())

    @classmethod
    @abstractmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> DatasetSource:
        """The inverse of ``to_dict``. Raises ``BadRequest`` when something is missing."""

    @classmethod
    def from_json(cls, source_json: str) -> DatasetSource:
        """The inverse of ``to_json``. Raises ``BadRequest`` when the text is no JSON object."""
        try:
            said = json.loads(source_json)
        except json.JSONDecodeError as error:
            raise BadRequest(f"The source {source_json!r} is not JSON: {error}") from None
        if not isinstance(said, dict):
            raise BadRequest(f"A source is a JSON object, and {source_json!r} is not")
        return cls.from_dict(said)

    @classmethod
    def _needed(cls, source_dict: dict[Any, Any], key: str) -> Any:
        """What a dict says under a key that this kind of source cannot do without."""
        if source_dict.get(key) is None:
            raise BadRequest(f"A source of the kind {cls.__name__} needs {key!r}, and {source_dict} has none")
        return source_dict[key]
