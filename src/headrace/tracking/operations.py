"""What logging with ``synchronous=False`` returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, wait
from typing import Any

from headrace.base import settings


class RunOperations:
    """Things that are being logged."""

    def __init__(self, operation_futures: Sequence[Future[Any]] | None) -> None:
        self._operation_futures = list(operation_futures or ())

    def wait(self) -> None:
        """Wait until everything has arrived. Raises the first of the errors why something has not."""
        wait(self._operation_futures)
        for each in self._operation_futures:
            each.result()


def get_combined_run_operations(run_operations_list: Iterable[RunOperations]) -> RunOperations:
    """Several of them as one."""
    return RunOperations([each for one in run_operations_list for each in one._operation_futures])


def at_once(synchronous: bool | None) -> bool:
    """Whether to wait for what is logged; whoever says nothing gets what the settings say."""
    return not settings.flag("ENABLE_ASYNC_LOGGING") if synchronous is None else synchronous
