"""What reading a filter costs: an ordinary one, and the worst that a caller may send.

python -m benchmarks.filters
"""

from __future__ import annotations

import random
import time
from contextlib import suppress

from benchmarks.measure import verdict
from headrace.base.errors import BadRequest
from headrace.search import RUNS, parse
from headrace.search.patterns import Pattern

_ORDINARY_SECONDS, _WORST_SECONDS = 50e-6, 0.050
_ORDINARY = "metrics.loss < 0.5 AND params.model = 'tree' AND attributes.status = 'FINISHED'"
_PIECES = [
    "[",
    "(a",
    "a{9}",
    "a{1,99}",
    "()*",
    "5m ",
    "1 ",
    "parent.",
    "(",
    "'",
    "''",
    "`",
    "a.",
    "metrics.",
    "metrics.a>1 AND ",
    "NOT ",
    "\n",
    "9",
    "- ",
    "\\'",
    "x",
    ", ",
    "1,",
]
_STARTS = ["", "params.a = '", "metrics.a > ", "run_id IN (", "metrics.a IN ("]
_STARTS += ["params.a RLIKE '", "duration > "]
_NAME_SECONDS, _CHARACTER_SECONDS = 4e-6, 30e-6
#: Patterns and texts that engines which try again would need ages for, and the worst for ours.
_HARD = [
    *(("(a+)+$", "a" * 10_000 + "b"), ("(x+x+)+y", "x" * 10_000), (".*.*.*.*=.*", "x" * 10_000)),
    *(("(a|b)*a(a|b){14}c", "abbab" * 2000), ("(a?){140}a{140}", "ab" * 5000), ("(a|b|ab)*(a|b){140}c", "ab" * 5000)),
    ("(a|b)*a(a|b){140}c", "".join(random.Random(1).choices("ab", k=10_000))),
]


def _seconds(text: str, repeats: int = 1) -> float:
    before = time.process_time()
    for _ in range(repeats):
        with suppress(BadRequest):
            parse(text, RUNS)
    return (time.process_time() - before) / repeats


def _matching(text: str, subjects: list[str]) -> float:
    """Seconds that a pattern takes for all of some texts."""
    wanted = Pattern(text)
    before = time.process_time()
    for subject in subjects:
        wanted.matches(subject)
    return time.process_time() - before


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
    names = [f"sweep-{n}" for n in range(10_000)]
    hard = max(_matching(text, [subject]) / len(subject) for text, subject in _HARD)
    kept = True
    for what, cost, budget in (
        ("RLIKE against a name", _matching("^sweep-[0-9]+$", names) / len(names), _NAME_SECONDS),
        ("the worst RLIKE, per character", hard, _CHARACTER_SECONDS),
        ("an ordinary filter", ordinary, _ORDINARY_SECONDS),
        (f"the worst of {len(junk)} long ones", _seconds(worst), _WORST_SECONDS),
    ):
        kept &= cost <= budget
        print(f"{what:32} {cost * 1e6:9.1f} µs CPU, budget {budget * 1e6:6.0f} µs, {verdict(cost <= budget)}")
    print(f"the worst begins with {worst[:40]!r}")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
