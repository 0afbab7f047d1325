"""What Prometheus is told of a served model.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/, the text format 0.0.4.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

#: The media type of the page.
MEDIA = b"text/plain; version=0.0.4; charset=utf-8"
#: Upper bounds of the buckets for the time of a request, in seconds.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_PREFIX = "headrace_scoring_"


class Metrics:
    """Counts of one process; it is used in the event loop only."""

    def __init__(self) -> None:
        #: Each process counts for itself: behind one port, a scrape meets one of several.
        self._own = {"worker": str(os.getpid())}
        self.in_flight = 0
        self._requests: Counter[tuple[str, int]] = Counter()
        self._buckets = [0] * (len(BUCKETS) + 1)
        self._seconds = 0.0

    def count(self, protocol: str, status: int, seconds: float) -> None:
        """Note one answered request for a prediction."""
        self._requests[protocol, status] += 1
        self._buckets[bisect_left(BUCKETS, seconds)] += 1
        self._seconds += seconds

    def text(self, gauges: dict[str, tuple[str, float]], model: dict[str, str]) -> bytes:
        """The page. ``gauges``: name -> what it is, and its value now; ``model``: the labels of what is served."""
        return ("\n".join(self._lines(gauges, model)) + "\n").encode()

    def _lines(self, gauges: dict[str, tuple[str, float]], model: dict[str, str]) -> Iterator[str]:
        yield from _head("requests_total", "counter", "Answered requests for predictions.")
        for (protocol, status), count in sorted(self._requests.items()):
            yield self._line("requests_total", count, {"protocol": protocol, "status": str(status)})
        yield from _head("request_seconds", "histogram", "Time from a request to its answer.")
        total = 0
        for bound, count in zip((*BUCKETS, "+Inf"), self._buckets, strict=True):
            total += count
            yield self._line("request_seconds_bucket", total, {"le": str(bound)})
        yield self._line("request_seconds_sum", self._seconds)
        yield self._line("request_seconds_count", total)
        now = {"in_flight": ("Requests for predictions that are not answered yet.", float(self.in_flight)), **gauges}
        for name, (about, value) in now.items():
            yield from _head(name, "counter" if name.endswith("_total") else "gauge", about)
            yield self._line(name, value)
        yield from _head("model_info", "gauge", "The model that is served.")
        yield self._line("model_info", 1, model)

    def _line(self, name: str, value: float, labels: dict[str, str] | None = None) -> str:
        said = ",".join(f'{label}="{_escaped(each)}"' for label, each in {**(labels or {}), **self._own}.items())
        return f"{_PREFIX}{name}{{{said}}} {value!r}"


def _head(name: str, kind: str, about: str) -> tuple[str, str]:
    return f"# HELP {_PREFIX}{name} {about}", f"# TYPE {_PREFIX}{name} {kind}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
