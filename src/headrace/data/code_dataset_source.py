"""Data that a program made: which program that was."""

from __future__ import annotations

from typing import Any, NoReturn, Self

from headrace.data.dataset_source import DatasetSource


class CodeDatasetSource(DatasetSource):
    """The program that made the data, by the tags a run of it has: its user, its file, its commit."""

    def __init__(self, tags: dict[Any, Any]) -> None:
        self._tags = tags

    @classmethod
    def here(cls) -> Self:
        """This program."""
        from headrace.tracking import context

        return cls(context.resolve_tags())

    @staticmethod
    def _get_source_type() -> str:
        return "code"

    def load(self, **kwargs: Any) -> NoReturn:
        """Refused: only running the program again would make the data."""
        raise NotImplementedError("Data that a program made cannot be loaded: run the program that its tags name")

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return False

    @classmethod
    def _resolve(cls, raw_source: Any) -> NoReturn:
        raise NotImplementedError("Nothing names a program as a source; build a CodeDatasetSource")

    def to_dict(self) -> dict[Any, Any]:
        """``{"tags": …}``."""
        return {"tags": self._tags}

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> Self:
        """The inverse of ``to_dict``."""
        return cls(source_dict.get("tags"))  # type: ignore[arg-type]
