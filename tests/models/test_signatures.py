"""What MLflow has for models, pyfunc and deployments is here, and takes the same."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from tests.models.absent import FAMILIES, OTHERWISE, absence
from tests.tracking.recorded import Row, _found, differences, grouped, rows

RECORDED = rows(Path(__file__).parent / "assets")
GROUPS = grouped(RECORDED)


def _missed(row: Row) -> list[str]:
    missed = list(differences(row))
    owner, _, name = row.name.rpartition(".")
    if missed and row.kind == "property (settable)":
        # It may be a plain attribute, which an object gets when it is made.
        made = inspect.getsource(_found(owner.removeprefix("mlflow.")))
        return [] if re.search(rf"self\.{name}\b", made) else missed
    return missed


@pytest.mark.parametrize("name", GROUPS)
def test_what_mlflow_has_is_here_and_takes_the_same(name: str) -> None:
    missed = []
    for row in GROUPS[name]:
        found = [] if row.name in OTHERWISE else _missed(row)
        missed += [each for each in found if not (absence(row.name) and "is not there" in each)]
    assert not missed


def test_what_is_said_to_differ_or_to_be_absent_is_so() -> None:
    assert {row.name for row in RECORDED if row.name in OTHERWISE} == set(OTHERWISE)
    for family in FAMILIES:
        assert any(_missed(row) for row in RECORDED if absence(row.name) == family), family
