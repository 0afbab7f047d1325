"""The same REST calls get the same answers from a genuine server and from ours."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import STEPS, Answers
from tests.conformance.replay import Step

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("genuine")]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_both_servers_answer_alike(answers: Answers, step: Step) -> None:
    genuine, ours = (each[step.name] for each in answers)
    if step.ours:
        assert (ours.status, ours.code) == step.ours, step.differs
        assert ours != genuine, f"{step.name}: the servers agree now; take the difference out of the table"
    else:
        assert ours == genuine
