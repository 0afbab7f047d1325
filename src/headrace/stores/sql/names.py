"""The dictionary of names: metrics, params and tags are numbers in the tables that have many rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from headrace.stores.sql.store import REMEMBERED
from headrace.stores.sql.tx import Tx, marks

#: Names asked for in one query, at most.
_CHUNK = 500


def numbers(tx: Tx, names: Collection[str]) -> dict[str, int]:
    """The number of each name; names nobody used yet are added."""
    known, fresh = tx.house.names, tx.fresh
    found = {}
    missing = []
    for name in names:
        number = known.get(name) or fresh.get(name)
        if number is None:
            missing.append(name)
        else:
            found[name] = number
    if missing:
        # In one order, so that two writers never wait for each other.
        wanted = sorted(set(missing))
        there = _look_up(tx, wanted)
        new = [name for name in wanted if name not in there]
        if new:
            tx.put_new("names", "name", [(name,) for name in new])
            there.update(_look_up(tx, new))
        fresh.update(there)
        found.update(there)
    return found


def number(tx: Tx, name: str) -> int:
    """The number of one name, which is added if nobody used it yet."""
    return tx.house.names.get(name) or numbers(tx, (name,))[name]


def known(tx: Tx, name: str) -> int:
    """The number of a name, or 0, which is nobody's, when nobody used it yet."""
    there = tx.house.names.get(name) or tx.fresh.get(name)
    if there is None:
        there = tx.scalar("SELECT id FROM names WHERE name = ?", name)
        if there is None:
            return 0
        if tx.writes:
            # It may be of this transaction, and be undone with it.
            tx.fresh[name] = there
        else:
            tx.house.learn({name: there})
    return int(there)


def spelled(tx: Tx, ids: Iterable[int]) -> dict[int, str]:
    """The name of each number. What a writing transaction sees may yet be undone, so nobody else learns of it."""
    if len(tx.house.spelled) > REMEMBERED:
        tx.house.spelled = {}
    wanted, table = set(ids), tx.house.spelled
    if tx.writes:
        table = {each: table[each] for each in wanted if each in table}
    missing = [each for each in wanted if each not in table]
    for start in range(0, len(missing), _CHUNK):
        chunk = missing[start : start + _CHUNK]
        table.update(tx.rows(f"SELECT id, name FROM names WHERE id IN {marks(chunk)}", *chunk))
    return table


def _look_up(tx: Tx, wanted: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        found.update(tx.rows(f"SELECT name, id FROM names WHERE name IN {marks(chunk)}", *chunk))
    return found
