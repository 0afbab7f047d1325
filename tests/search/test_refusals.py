"""What filters are refused, and how."""

from __future__ import annotations

import pytest

from headrace.base.errors import BadRequest
from headrace.search import RUNS, parse
from headrace.search.parser import CLAUSES, DEPTH, ITEMS
from headrace.search.scanner import TEXT_BYTES


@pytest.mark.parametrize(
    ("text", "position", "fault"),
    [
        ("foo = 'x'", 1, "no attribute 'foo'.*metrics.foo"),
        ("attributes.foo = 'x'", 12, "no attribute 'foo'"),
        ("bogus.foo = 'x'", 1, "no 'bogus'"),
        ("Metrics.a > 1", 1, "no 'Metrics'"),
        ("dataset.foo = 'x'", 9, "no dataset 'foo'"),
        ("metrics.a > '1'", 13, "without quotation marks"),
        ("metrics.a > x", 13, "expected a number"),
        ("metrics.a > nan", 13, "expected a number"),
        ("metrics.a > 1e400", 13, "too large"),
        ("metrics.a > 0x10", 14, "without a space"),
        ("metrics.a LIKE 'x'", 11, "does not take LIKE"),
        ("metrics.a", 10, "expected an operator"),
        ("metrics.a 1", 11, "expected an operator"),
        ("metrics. > 1", 9, "expected the key"),
        ("metrics.`` > 1", 9, "is empty"),
        ("metrics.`a > 1", 9, "never closed"),
        ("metrics.`a`.b > 1", 9, "whole key"),
        ("tags.`a`.min = 'x'", 6, "whole key"),
        ("params.a = x", 12, "expected a number or text"),
        ("params.a > 'x'", 10, "without quotation marks"),
        ("params.a LIKE 1", 10, "in quotation marks"),
        ("params.a IN ('x', 1)", 13, "all in quotation marks"),
        ("params.a = 'x", 12, "never closed"),
        ("tags.a = x", 10, "expected a number or text"),
        ("duration > 5y", 13, "without a space"),
        ("duration > '5m'", 12, "without quotation marks"),
        ("parent.parent.status = 'x'", 8, "no 'parent'"),
        ("parent.foo = 'x'", 8, "no attribute 'foo'"),
        ("experiment.metrics.a = 1", 12, "no 'metrics'"),
        ("status = FINISHED", 10, "write its value in quotation marks"),
        ("run_id IN ()", 12, "in quotation marks"),
        ("run_id IN 'a'", 11, "expected a list"),
        ("run_id IN ('a' 'b')", 16, "expected ',' or '\\)'"),
        ("run_id > 'a'", 8, "does not take >"),
        ("start_time > 'x'", 14, "without quotation marks"),
        ("start_time > 9223372036854775808", 14, "64 bits"),
        ("start_time > now() - 7", 22, "expected a duration"),
        ("start_time > now() - 7 years", 22, "expected a duration"),
        ("start_time > now() - 999999999999w - 999999999999w", 20, "too far away"),
        ("metrics.a > now()", 13, "expected a number"),
        ("end_time IS 1", 13, "expected NULL"),
        ("start_time BETWEEN 1, 2", 21, "expected AND"),
        ("metrics.a RLIKE 'x'", 11, "does not take RLIKE"),
        ("params.a RLIKE 5", 10, "in quotation marks"),
        ("status RLIKE '(a'", 15, "parenthesis is never closed"),
        ("status RLIKE 'it''s (a'", 21, "parenthesis is never closed"),
        ("status RLIKE 'a(?=b)'", 16, r"only \(\?:"),
        (r"status RLIKE '(a)\1'", 18, "not known here"),
        ("status RLIKE '(a{1,99}){1,99}'", 17, "more than 300"),
        ("metrics.a > 1 metrics.b > 1", 15, "expected AND, OR or the end"),
        ("metrics.a > 1;", 14, "one statement"),
        ("metrics.a > 1; metrics.b > 1", 14, "one statement"),
        ("metrics.a > 1 AND", 18, "expected a field"),
        ("AND metrics.a > 1", 1, "expected a field"),
        ("(metrics.a > 1", 1, "never closed"),
        ("(metrics.a > 1;)", 15, "expected AND, OR or '\\)'"),
        ("metrics.a > 1)", 14, "expected AND, OR or the end"),
        ("params.a = '' OR 1=1 --", 18, "expected a field"),
        ('"; DROP TABLE runs', 1, "never closed"),
        ("params.a = '\0'", 13, "no text can hold"),
        ("params.a = '\ud800'", 13, "no text can hold"),
    ],
)
def test_a_refusal_points_at_the_character(text: str, position: int, fault: str) -> None:
    with pytest.raises(BadRequest, match=f"^Invalid filter at character {position}: .*{fault}") as caught:
        parse(text, RUNS)
    sentence, shown, caret = str(caught.value).split("\n")
    assert caret.strip() == "^"
    assert shown[len(caret) - 1 : len(caret)] == text[position - 1 : position].translate({0: " ", 0xD800: " "})
    assert sentence.isprintable()


def test_a_long_text_is_shown_around_the_fault_only() -> None:
    text = "metrics.a > 1 AND " * 20 + "bogus.b = 1" + " AND metrics.a > 1" * 20
    with pytest.raises(BadRequest) as caught:
        parse(text, RUNS)
    _, shown, caret = str(caught.value).split("\n")
    assert len(shown) < 100
    assert shown[len(caret) - 1 :].startswith("bogus.b")
    assert shown.startswith("...")
    assert shown.endswith("...")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("params.a = '" + "é" * (TEXT_BYTES // 2) + "'", "longer than 64 KiB"),
        ("metrics.a > 1 AND " * CLAUSES + "metrics.a > 1", "more than 1000 comparisons"),
        ("metrics.a IN (" + "1," * ITEMS + "1)", "more than 10000 items"),
        ("(" * (DEPTH + 1) + "metrics.a > 1" + ")" * (DEPTH + 1), "nested more than 64"),
        ("NOT " * (DEPTH + 1) + "metrics.a > 1", "nested more than 64"),
        ("status LIKE '%" + "a" * 1000 + "'", "at most 1000 characters"),
        ("metrics.a > " + "9" * 60_000, "too large"),
        ("start_time > " + "9" * 60_000, "64 bits"),
    ],
)
def test_a_limit_is_told(text: str, fault: str) -> None:
    with pytest.raises(BadRequest, match=fault):
        parse(text, RUNS)


@pytest.mark.parametrize(
    "text",
    [
        "metrics.a > 1" + " AND metrics.a > 1" * (CLAUSES - 1),
        "metrics.a IN (1" + ",1" * (ITEMS - 1) + ")",
        "(" * DEPTH + "metrics.a > 1" + ")" * DEPTH,
        "NOT " * DEPTH + "metrics.a > 1",
    ],
)
def test_a_filter_at_a_limit_is_read(text: str) -> None:
    assert parse(text, RUNS) is not None


JUNK = [
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
    "metrics.a IN ('",
    ", ",
]


@pytest.mark.parametrize("length", [TEXT_BYTES, 100_000])
@pytest.mark.parametrize("piece", JUNK)
def test_junk_of_any_length_is_refused(piece: str, length: int) -> None:
    with pytest.raises(BadRequest):
        parse("(" + piece * (length // len(piece) - 1), RUNS)
