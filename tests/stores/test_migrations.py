"""Steps of the schema, in every dialect, and what is promised of them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace.base.errors import HeadraceError
from headrace.schema.experiments import SearchExperiments
from headrace.stores import open_store
from headrace.stores.sql.dialects import MYSQL, POSTGRESQL, SQLITE, Dialect
from headrace.stores.sql.migrations import STEPS
from headrace.stores.sql.opening import open_sql, script
from headrace.stores.sql.tx import Tx

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


@pytest.mark.parametrize("server", ["postgresql_server", "mariadb_server"])
def test_a_new_database_may_be_opened_by_many_at_once(request: pytest.FixtureRequest, server: str) -> None:
    with request.getfixturevalue(server).database() as url:
        with ThreadPoolExecutor(6) as pool:
            stores = list(pool.map(open_store, [url] * 6))
        found = [store.send(SearchExperiments(max_results=9)).experiments for store in stores]
        for store in stores:
            store.close()
    assert [[each.name for each in one] for one in found] == [["Default"]] * 6


def test_a_set_up_that_was_cut_short_is_begun_again(mysql_url: str) -> None:
    first = open_sql(mysql_url)
    first._backend.write(_cut_short, first._house)
    first.close()
    again = open_store(mysql_url)
    assert [each.name for each in again.send(SearchExperiments(max_results=9)).experiments] == ["Default"]
    again.close()


def _cut_short(tx: Tx) -> None:
    """As after the end of a process that was making its last tables."""
    tx.run("UPDATE headrace_schema SET version = 0")
    tx.run("DROP TABLE aliases")
    tx.run("DELETE FROM experiments")
