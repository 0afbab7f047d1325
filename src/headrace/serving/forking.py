"""Whether the process that loaded a model may be forked, so that all workers share what it loaded."""

from __future__ import annotations

import gc
import random
import sys
from pathlib import Path
from typing import Any

#: Threads of libraries that are ready for a fork: they stop before it, or start anew behind it.
_READY = {"jemalloc_bg_thd"}


def shares(model: Any) -> bool:
    """Whether workers may share ``model``, and everything else of this process, as it is now.

    A model that is Python code of somebody's own may have opened files and connections, which two cannot use. A library
    that has started threads, such as OpenMP's, waits for them in a forked process for ever; OpenBLAS does not.
    """
    if sys.platform != "linux" or model.metadata is None or not set(model.metadata.flavors) - {"python_function"}:
        return False
    tasks = Path("/proc/self/task")
    names = [(each / "comm").read_text().strip() for each in tasks.iterdir()]
    return len([name for name in names if name not in _READY]) <= 1 + _blas_threads()


def settle() -> None:
    """Prepare this process for forks: what is here stays, and the collector need not touch it, which would copy it."""
    gc.collect()
    gc.freeze()


def begin() -> None:
    """Make a forked process one of its own: no two workers are to draw the same random numbers."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _blas_threads() -> int:
    """Threads that OpenBLAS has started."""
    try:
        import threadpoolctl
    except ImportError:
        return 0
    found = threadpoolctl.threadpool_info()
    return sum(each["num_threads"] - 1 for each in found if each["internal_api"] == "openblas")
