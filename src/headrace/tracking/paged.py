"""A page of results."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


class PagedList(list[T]):
    """A list that knows where the next page begins; ``token`` is None on the last page."""

    def __init__(self, items: Iterable[T], token: str | None) -> None:
        super().__init__(items)
        self.token = token or None

    def to_list(self) -> list[T]:
        """The same items without the token."""
        return list(self)
