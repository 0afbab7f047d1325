"""What a digest of a whole table costs, beside that of nothing but hashing its bytes.

python -m benchmarks.digests
"""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from benchmarks.measure import verdict
from headrace.data import content_digest
from headrace.data.content import tensor_digest

_ROWS, _COLUMNS, _ROUNDS = 2_000_000, 8, 5
#: Megabytes per second of CPU that tables of numbers must pass with.
_BUDGET = 200.0


def _tables() -> dict[str, tuple[float, bool, Callable[[], Any]]]:
    """Megabytes, whether they are numbers, and what makes the digest, of tables by what they are."""
    rng = np.random.default_rng(0)
    numbers = {f"c{at}": rng.random(_ROWS) for at in range(_COLUMNS)}
    gaps = pd.DataFrame({name: np.where(values < 0.1, np.nan, values) for name, values in numbers.items()})
    frame, block = pd.DataFrame(numbers), pd.DataFrame(rng.random((_ROWS, _COLUMNS)))
    texts = pl.DataFrame({"s": [f"value {at}" for at in range(_ROWS)]})
    objects = pd.DataFrame({"s": np.array([f"value {at}" for at in range(_ROWS // 2)], dtype=object)})
    arrow = pa.table(numbers)
    size = arrow.nbytes / 1e6
    return {
        "pandas, columns of numbers": (size, True, lambda: content_digest(frame)),
        "pandas, one block of numbers": (size, True, lambda: content_digest(block)),
        "pandas, numbers with gaps": (size, True, lambda: content_digest(gaps)),
        "polars, columns of numbers": (size, True, lambda: content_digest(pl.from_pandas(frame))),
        "Arrow, columns of numbers": (size, True, lambda: content_digest(arrow)),
        "numpy, by rows": (size, True, lambda: tensor_digest(features=block.to_numpy())),
        "numpy, by columns": (size, True, lambda: tensor_digest(features=np.asfortranarray(block.to_numpy()))),
        "polars, texts": (texts.estimated_size() / 1e6, False, lambda: content_digest(texts)),
        "pandas, texts as objects": (_bytes_of(objects), False, lambda: content_digest(objects)),
    }


def _bytes_of(objects: pd.DataFrame) -> float:
    return float(sum(map(len, objects["s"]))) / 1e6


def _rate(size: float, work: Callable[[], Any]) -> float:
    spent = []
    for _ in range(_ROUNDS):
        before = time.process_time()
        work()
        spent.append(time.process_time() - before)
    return size / statistics.median(spent)


def main() -> int:
    """Run the benchmark; 1 if a budget is broken."""
    raw = np.zeros(_ROWS * _COLUMNS)
    floor = _rate(raw.nbytes / 1e6, lambda: hashlib.blake2b(raw.data).digest())
    print(f"{'the bytes alone':30} {floor:7.0f} MB/s of CPU, the floor")
    kept = True
    for name, (size, numeric, work) in _tables().items():
        rate = _rate(size, work)
        kept &= not numeric or rate >= _BUDGET
        budget = f"budget {_BUDGET:.0f} {verdict(rate >= _BUDGET)}" if numeric else ""
        print(f"{name:30} {rate:7.0f} MB/s of CPU {floor / rate:6.1f} x floor  {budget}")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
