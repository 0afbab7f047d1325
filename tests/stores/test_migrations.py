"""Steps of the schema, in every dialect, and what is promised of them."""

from pathlib import Path

import pytest

from headrace.base.errors import HeadraceError
from headrace.stores import open_store
from headrace.stores.sql.dialects import MYSQL, POSTGRESQL, SQLITE, Dialect
from headrace.stores.sql.migrations import STEPS
from headrace.stores.sql.opening import script

PROMISED = Path(__file__).parents[2] / "schemas" / "ddl"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__.rpartition(".")[2])
def test_every_step_says_why(step) -> None:
    assert step.__doc__


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL, MYSQL], ids=lambda dialect: dialect.name)
def test_the_published_schema_is_todays(dialect: Dialect) -> None:
    """``python -m headrace.stores.sql`` writes these files."""
    statements = [each for step in STEPS for each in script(dialect, step.UP)]
    assert (PROMISED / f"{dialect.name}.sql").read_text() == ";\n".join(statements) + ";\n"


def test_a_schema_of_the_future_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    uri = f"sqlite:///{tmp_path}/h.db"
    open_store(uri).close()
    with sqlite3.connect(tmp_path / "h.db") as there:
        there.execute("UPDATE headrace_schema SET version = 999")
    there.close()
    with pytest.raises(HeadraceError, match="newer Headrace"):
        open_store(uri)
