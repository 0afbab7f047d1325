"""A store that checks what it is asked."""

from __future__ import annotations

from typing import TypeVar

from headrace.schema import Call
from headrace.stores.port import Store
from headrace.wire import codec

R = TypeVar("R")


class CheckedStore:
    """Holds every call against its definition before ``store`` sees it, exactly as a server does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def send(self, call: Call[R], /) -> R:
        return self._store.send(codec.validated(call))

    def close(self) -> None:
        self._store.close()
