"""Our own regular expressions: they find what Python's find, and never take long."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.search.patterns import POSITIONS, Fault, Pattern

_ATOMS = [*"abc1 ", ".", "[ab]", "[^a]", "[a-c]", "[]a]", "[^]b-d]", r"[\d-]", r"\d", r"\w", r"\s", r"\W", r"\.", "ä"]
_TIMES = ["*", "+", "?", "*?", "+?", "{2}", "{1,3}", "{0,2}", "{2,}", "{0}"]


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(_TIMES)).map(lambda two: f"(?:{two[0]}){two[1]}"),
        inner.map(lambda one: f"^{one}"),
        inner.map(lambda one: f"{one}$"),
    )


patterns = st.recursive(st.sampled_from(_ATOMS), _larger, max_leaves=8)


@given(patterns, st.booleans(), st.text("abcdABC1. \nä", max_size=8))
def test_a_pattern_finds_what_pythons_finds(text: str, folds: bool, subject: str) -> None:
    spelled = ("(?i)" if folds else "") + text
    # The end of a text is its end, and not before a last line break.
    expected = re.search(spelled.replace("$", r"\Z"), subject) is not None
    assert Pattern(spelled).matches(subject) == expected


@given(st.text(), st.text())
def test_any_text_is_a_pattern_or_a_fault_in_it(text: str, subject: str) -> None:
    faults = []
    try:
        Pattern(text).matches(subject)
    except Fault as fault:
        faults.append(fault.at)
    assert all(0 <= at <= len(text) for at in faults)


@pytest.mark.parametrize(
    ("text", "subject", "found"),
    [
        (r"^sweep-\d+$", "sweep-17", True),
        (r"^sweep-\d+$", "sweep-17\n", False),
        (r"\x41\u00e4\t", "Aä\t", True),
        ("(?i)straße", "STRASSE", False),
        ("(?i)ÄRGER", "ärger", True),
        ("a{", "a{", True),
        ("a{x}", "a{x}", True),
        ("", "", True),
        ("a|", "b", True),
        ("[a-]", "-", True),
        (r"[\]\\]+", "\\]", True),
        ("𝄞.", "𝄞x", True),
    ],
)
def test_patterns_mean(text: str, subject: str, found: bool) -> None:
    assert Pattern(text).matches(subject) is found


@pytest.mark.parametrize(
    "text",
    [
        *(
            r"(a)\1",
            "(?=a)",
            "(?<=a)b",
            "(?P<n>a)",
            r"\bword\b",
            "*a",
            "a**",
            "a++",
            "a{2,1}",
            "[z-a]",
            "[a",
            "(a",
            "a)",
        ),
        *("\\", "(" * 51 + ")" * 51, "a" * 1001, "(a{1,99}){1,99}", "(((a{0,9}){0,9}){0,9}){0,9}", "^*", r"\xZZ"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(Fault):
        Pattern(text)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("(a+)+$", "a" * 10_000 + "b"),
        ("(a|a)*b", "a" * 10_000),
        ("(a|b|ab)*c", "ab" * 5_000),
        (".*.*.*.*.*=.*", "x" * 10_000),
        ("(a?){140}a{140}", "a" * 139 + "b" * 9_861),
        ("(a|b)*a(a|b){100}c", ("ab" * 3 + "a" * 5 + "b") * 833),
        ("(((((a*)*)*)*)*)*b", "a" * 10_000),
        ("(|a)*(|b)*(|c)*d", "abc" * 3_333),
    ],
)
def test_the_work_is_bounded_by_the_length_of_the_text(text: str, subject: str) -> None:
    """Engines that try again need more steps for these than there will ever be time for."""
    pattern = Pattern(text)
    steps = _lines_run(lambda: pattern.matches(subject))
    assert steps < 12 * len(subject) * (1 + POSITIONS // 50)


@pytest.mark.parametrize("text", ["((((){9999}){9999}){9999}){9999}", "(|(|(|){9999}){9999}){9999}"])
def test_the_work_of_reading_a_pattern_is_bounded(text: str) -> None:
    assert _lines_run(lambda: Pattern(text)) < 2000


def _lines_run(act: object) -> int:
    """How many lines of Python are run, which is the same on every machine."""
    count = 0

    def trace(frame: object, event: str, argument: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        act()  # type: ignore[operator]
    finally:
        sys.settrace(before)
    return count
