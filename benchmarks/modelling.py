"""What checking the files of a model costs.

python -m benchmarks.modelling
"""

from __future__ import annotations

import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import verdict
from headrace.models import manifest

_ROUNDS = 7
#: Milliseconds of CPU for a model of ten small files, and how many times the digest of the bytes alone for a large one.
_SMALL, _LARGE = 2.0, 1.5
_LARGE_BYTES = 256 << 20


def main() -> int:
    """Run the benchmark; 1 if a budget is broken."""
    return 0 if _check_files() else 1


def _check_files() -> bool:
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as made:
        small, large = Path(made) / "small", Path(made) / "large"
        small.mkdir()
        large.mkdir()
        for number in range(10):
            (small / f"{number}.txt").write_bytes(bytes(3000))
        (large / "weights.bin").write_bytes(bytes(_LARGE_BYTES))
        for folder in (small, large):
            manifest.write(folder)
        few = _milliseconds(lambda: manifest.check(small))
        whole = _milliseconds(lambda: manifest.check(large))
    content = bytes(_LARGE_BYTES)
    floor = _milliseconds(lambda: hashlib.sha256(content).digest())
    kept = few <= _SMALL and whole / floor <= _LARGE
    size = _LARGE_BYTES >> 20
    print(f"check 10 files of 3 kB     {few:8.2f} ms of CPU, budget {_SMALL} {verdict(few <= _SMALL)}")
    print(
        f"check a file of {size} MB   {whole:8.1f} ms of CPU, {whole / floor:.2f} x the digest alone, "
        f"budget {_LARGE} {verdict(whole / floor <= _LARGE)}"
    )
    return kept


def _milliseconds(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(_ROUNDS):
        before = time.process_time()
        work()
        spent.append(time.process_time() - before)
    return statistics.median(spent) * 1000


if __name__ == "__main__":
    raise SystemExit(main())
