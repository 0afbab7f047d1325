"""The same REST calls get the same answers from a genuine server and from ours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.conftest import STEPS, Answers
from tests.conformance.differences import DIFFERENCES
from tests.conformance.replay import Step, without_more


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_both_servers_answer_alike(answers: Answers, step: Step) -> None:
    genuine, ours = (each[step.name] for each in answers)
    ours = replace(ours, reply=without_more(ours.reply, genuine.reply))
    if meant := DIFFERENCES.get(step.name):
        assert (ours.status, ours.code) == (meant.status, meant.code), meant.why
        assert ours != genuine, f"{step.name}: the servers agree now; take the difference out of the table"
    else:
        assert ours == genuine


def test_every_difference_that_is_meant_is_written_down() -> None:
    said = (Path(__file__).parents[2] / "docs/reference/differences.md").read_text()
    headings = {line.removeprefix("### ").strip() for line in said.splitlines() if line.startswith("### ")}
    assert {difference.why for difference in DIFFERENCES.values()} <= headings
    assert set(DIFFERENCES) <= {step.name for step in STEPS}
