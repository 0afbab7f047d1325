"""The page of metrics, read by the rules of its format."""

from __future__ import annotations

import math
import re

import pytest

from headrace.serving.metrics import BUCKETS, Metrics

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = rf'{_NAME}="(?:[^"\\\n]|\\["\\n])*"'
_SAMPLE = re.compile(rf"({_NAME})(?:{{({_LABEL}(?:,{_LABEL})*)}})? (\S+)")


def _parsed(text: str) -> tuple[dict[str, str], dict[tuple[str, frozenset[tuple[str, str]]], float]]:
    """Types by family, and values by name and labels. Fails where the text breaks the format."""
    assert text.endswith("\n")
    types: dict[str, str] = {}
    samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            continue
        if line.startswith("# TYPE "):
            name, kind = line.removeprefix("# TYPE ").split(" ")
            assert name not in types
            types[name] = kind
            continue
        found = _SAMPLE.fullmatch(line)
        assert found, line
        family = re.sub(r"_(bucket|sum|count)$", "", found[1])
        assert found[1] in types or types[family] == "histogram"
        labels = frozenset((each.split("=", 1)[0], each.split("=", 1)[1][1:-1]) for each in _labels(found[2] or ""))
        assert (found[1], labels) not in samples
        samples[found[1], labels] = float(found[3])
    return types, samples


def _labels(text: str) -> list[str]:
    return [each[0] for each in re.finditer(_LABEL, text)]


def test_the_page_is_in_the_format_and_its_numbers_agree() -> None:
    metrics = Metrics()
    model = {"name": 'a "b"\\\n', "version": "3", "model_id": ""}
    for seconds in (0.0005, 0.001, 0.5, 1000.0):
        metrics.count("invocations", 200, seconds)
    metrics.count("v2", 429, 0.25)
    metrics.in_flight = 2
    types, samples = _parsed(metrics.text({"queued": ("Requests that wait.", 7)}, model).decode())
    assert types["headrace_scoring_requests_total"] == "counter"
    assert types["headrace_scoring_request_seconds"] == "histogram"
    by_name: dict[str, list[tuple[dict[str, str], float]]] = {}
    for (name, labels), value in samples.items():
        by_name.setdefault(name.removeprefix("headrace_scoring_"), []).append((dict(labels), value))
    assert sorted(value for _, value in by_name["requests_total"]) == [1, 4]
    buckets = sorted((float(labels["le"]), value) for labels, value in by_name["request_seconds_bucket"])
    assert [bound for bound, _ in buckets] == [*BUCKETS, math.inf]
    assert [value for _, value in buckets] == sorted(value for _, value in buckets)
    assert dict(buckets)[0.001] == 2
    assert dict(buckets)[math.inf] == by_name["request_seconds_count"][0][1] == 5
    assert by_name["request_seconds_sum"][0][1] == pytest.approx(1000.7515)
    assert [by_name[name][0][1] for name in ("in_flight", "queued", "model_info")] == [2, 7, 1]
    assert by_name["model_info"][0][0]["name"] == 'a \\"b\\"\\\\\\n'
