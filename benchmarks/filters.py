"""What reading a filter costs: an ordinary one, and the worst that a caller may send.

python -m benchmarks.filters
"""

from __future__ import annotations

import time
from contextlib import suppress

from benchmarks.measure import verdict
from headrace.base.errors import BadRequest
from headrace.search import RUNS, parse

_ORDINARY_SECONDS, _WORST_SECONDS = 50e-6, 0.050
_ORDINARY = "metrics.loss < 0.5 AND params.model = 'tree' AND attributes.status = 'FINISHED'"
_PIECES = ["(", "'", "''", "`", "a.", "metrics.", "metrics.a>1 AND ", "NOT ", "\n", "9", "- ", "\\'", "x", ", ", "1,"]
_STARTS = ["", "params.a = '", "metrics.a > ", "run_id IN (", "metrics.a IN ("]


def _seconds(text: str, repeats: int = 1) -> float:
    before = time.process_time()
    for _ in range(repeats):
        with suppress(BadRequest):
            parse(text, RUNS)
    return (time.process_time() - before) / repeats


def main() -> int:
    """Run the benchmark; 1 if a budget is broken."""
    ordinary = _seconds(_ORDINARY, 2000)
    junk = {
        (start + piece * (length // len(piece) + 1))[:length]
        for start in _STARTS
        for piece in _PIECES
        for length in (65_536, 100_000)
    }
    worst = max(junk, key=_seconds)
    kept = True
    for what, cost, budget in (
        ("an ordinary filter", ordinary, _ORDINARY_SECONDS),
        (f"the worst of {len(junk)} long ones", _seconds(worst), _WORST_SECONDS),
    ):
        kept &= cost <= budget
        print(f"{what:28} {cost * 1e6:9.1f} µs CPU, budget {budget * 1e6:6.0f} µs, {verdict(cost <= budget)}")
    print(f"the worst begins with {worst[:40]!r}")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
