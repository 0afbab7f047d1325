"""How the runs of a large experiment are found: by what they are few of, or along what has them in the order asked for.

Any search can be carried out by looking at every run of its experiments, which takes about a microsecond for each run
and condition. A database that knew the values would do better; these plans ask the indexes what they hold, and take the
way that they make short. All ways give the same rows in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from headrace.search import And, Compare, Field, Node, Order
from headrace.stores.sql import names
from headrace.stores.sql.filters import compared
from headrace.stores.sql.paging import Page, Term, following
from headrace.stores.sql.points import NAN
from headrace.stores.sql.tx import Tx, marks

#: An experiment of fewer runs is looked at run by run.
FEW = 2000
#: A condition that fewer runs meet is where a search begins.
RARE = 5000
#: Metrics that are walked along before anything is known of them, and at most.
_REACH, _FARTHEST = 2000, 20_000
#: Texts of one IN that are looked up.
_TEXTS = 100
#: Runs of several experiments that are read to put a page of them together.
_APART = 20_000
_BOUNDING = frozenset(("=", "<", "<=", ">", ">=", "IN", "BETWEEN"))
_LAST = (None, "last")


class Search(msgspec.Struct, frozen=True):
    """What is asked for: runs of some experiments that meet conditions."""

    columns: str
    experiments: Sequence[int]
    #: ``AND …`` on ``runs``, with its parameters, and the filter that is part of it.
    where: str
    params: Sequence[Any]
    tree: Node | None
    orders: Sequence[Order]

    @property
    def whole(self) -> tuple[str, list[Any]]:
        """The condition with that of the experiments."""
        return f"runs.experiment IN {marks(self.experiments)}{self.where}", [*self.experiments, *self.params]

    def musts(self) -> list[Compare]:
        """Comparisons that every run found must meet."""
        items = self.tree.items if isinstance(self.tree, And) else (self.tree,)
        return [each for each in items if isinstance(each, Compare) and not each.field.of]


def rows(tx: Tx, page: Page, search: Search) -> list[Any]:
    """The rows of a page of runs: ``search.columns`` and the sort keys."""
    where, params = search.whole
    if not _are_few(tx, search.experiments):
        for plan in (_from_rare, _along_metric, _apart):
            found = plan(tx, page, search)
            if found is not None:
                return page.cut(found)
    return page.rows(tx, f"SELECT {search.columns}", f"FROM runs WHERE {where}", params)


def _are_few(tx: Tx, experiments: Sequence[int]) -> bool:
    there = f"SELECT 1 FROM runs WHERE experiment IN {marks(experiments)} LIMIT {FEW}"
    return int(tx.scalar(f"SELECT COUNT(*) FROM ({there}) AS there", *experiments)) < FEW


def _from_rare(tx: Tx, page: Page, search: Search) -> list[Any] | None:
    """Begin with the condition that the fewest runs meet, if they are few."""
    starts = []
    for compare in search.musts():
        start = _start(tx, compare)
        if start is not None:
            there = f"SELECT 1 FROM {start.table} w WHERE {start.test} LIMIT {RARE}"
            count = int(tx.scalar(f"SELECT COUNT(*) FROM ({there}) AS there", *start.params))
            starts.append((count, start))
    if not starts:
        return None
    count, start = min(starts, key=itemgetter(0))
    if count >= RARE:
        return None
    where, params = search.whole
    # CROSS JOIN: SQLite reads the left side first, and other databases know better.
    source = f"FROM {start.table} w CROSS JOIN runs WHERE runs.id = w.run AND {start.test} AND {where}"
    return page.found(tx, f"SELECT {search.columns}", source, [*start.params, *params])


class _Start(NamedTuple):
    """Rows ``w`` of a table, one for each run that meets a condition and few for others, which an index finds."""

    table: str
    test: str
    params: list[Any]


def _start(tx: Tx, compare: Compare) -> _Start | None:
    """Where a condition has an index; None if it has none."""
    field = compare.field
    name = names.known(tx, field.key)
    if _bounds(compare):
        test, params = compared(tx, "w.last_val", compare)
        return _Start("summaries", f"w.name = ? AND w.last_special <> {NAN} AND {test}", [name, *params])
    table = {"param": "params", "tag": "tags"}.get(field.kind)
    if table is None or field.type != "text" or compare.op not in ("=", "IN"):
        return None
    texts = [str(each) for each in (compare.value if isinstance(compare.value, tuple) else (compare.value,))]
    if len(texts) > _TEXTS:
        return None
    # The index has the beginnings of values; those that begin alike are told apart by the filter itself.
    beginning = "w.value" if tx.dialect.name == "mysql" else "SUBSTR(w.value, 1, 64)"
    test = f"{beginning} IN {marks(texts)}"
    params = texts if tx.dialect.name == "mysql" else [each[:64] for each in texts]
    return _Start(table, f"w.name = ? AND {test}", [name, *params])


def _along_metric(tx: Tx, page: Page, search: Search) -> list[Any] | None:
    """Walk along the values of the metric that is ordered by: the runs with a number, with NaN, and with none."""
    if not search.orders or not _is_last(search.orders[0].field):
        return None
    descending = search.orders[0].descending
    walk = _Walk(tx, page, search, names.known(tx, search.orders[0].field.key))
    found: list[Any] = []
    for section, read in enumerate((walk.numbers, walk.nans, walk.others)):
        if page.after is not None and page.after[0] > section:
            continue
        after = page.after[1:] if page.after is not None and page.after[0] == section else None
        more = read(after, page.limit + 1 - len(found), descending)
        if more is None:
            return None
        found += more
        if len(found) > page.limit or walk.bounded:
            break
    return found


class _Walk:
    """The three sections of an order by a metric."""

    def __init__(self, tx: Tx, page: Page, search: Search, name: int) -> None:
        self._tx, self._page, self._search, self._name = tx, page, search, name
        self._bounds = [
            each for each in search.musts() if _bounds(each) and each.field.key == search.orders[0].field.key
        ]
        #: Whether only runs with a number can be found.
        self.bounded = bool(self._bounds)

    def numbers(self, after: Sequence[Any] | None, wanted: int, descending: bool) -> list[Any] | None:
        """Runs whose metric is a number; None where walking along its values is no short way to them."""
        tests = [f"w.name = ? AND w.last_special <> {NAN}"]
        values: list[Any] = [self._name]
        for bound in self._bounds:
            test, more = compared(self._tx, "w.last_val", bound)
            tests.append(test)
            values += more
        if after is not None:
            tests.append(f"w.last_val {'<=' if descending else '>='} ?")
            values.append(after[0])
        reach = _REACH
        while reach <= _FARTHEST:
            # Beyond this value lie metrics that are not looked at, which may be of other experiments.
            end = self._tx.scalar(
                f"SELECT w.last_val FROM summaries w WHERE {' AND '.join(tests)}"
                f" ORDER BY w.last_val {'DESC' if descending else 'ASC'} LIMIT 1 OFFSET {reach}",
                *values,
            )
            near = [] if end is None else [f"w.last_val {'>=' if descending else '<='} ?"]
            found = self._read(
                " AND ".join([*tests, *near]),
                [*values, *([] if end is None else [end])],
                0,
                Term("w.last_val", descending),
                after,
                wanted,
            )
            if end is None or len(found) >= wanted:
                return found
            reach = int(reach * max(2, 1.3 * wanted / max(1, len(found))))
        return None

    def nans(self, after: Sequence[Any] | None, wanted: int, _: bool) -> list[Any]:
        """Runs whose metric is NaN."""
        test = f"w.name = ? AND w.last_val = 0 AND w.last_special = {NAN}"
        return self._read(test, [self._name], 1, None, after, wanted)

    def others(self, after: Sequence[Any] | None, wanted: int, _: bool) -> list[Any]:
        """Runs without the metric."""
        where, params = self._search.whole
        source = (
            f"FROM runs WHERE NOT EXISTS (SELECT 1 FROM summaries w WHERE w.run = runs.id AND w.name = ?) AND {where}"
        )
        return self._sorted(source, [self._name, *params], 2, None, after, wanted)

    def _read(
        self, test: str, values: list[Any], section: int, term: Term | None, after: Sequence[Any] | None, wanted: int
    ) -> list[Any]:
        where, params = self._search.whole
        source = f"FROM summaries w CROSS JOIN runs WHERE runs.id = w.run AND {test} AND {where}"
        return self._sorted(source, [*values, *params], section, term, after, wanted)

    def _sorted(
        self, source: str, values: list[Any], section: int, term: Term | None, after: Sequence[Any] | None, wanted: int
    ) -> list[Any]:
        rest = self._page.terms[2:]
        columns = f"SELECT {self._search.columns}, {section}"
        if term is not None:
            return following(self._tx, columns, source, values, [term, *rest], after, wanted)
        later = None if after is None else after[1:]
        return following(self._tx, f"{columns}, 0", source, values, rest, later, wanted)


def _apart(tx: Tx, page: Page, search: Search) -> list[Any] | None:
    """Read the newest runs of each of several experiments, and put them together."""
    if search.orders or len(search.experiments) < 2 or len(search.experiments) * page.limit > _APART:
        return None
    found = []
    for experiment in search.experiments:
        source = f"FROM runs WHERE runs.experiment = ?{search.where}"
        found += page.found(tx, f"SELECT {search.columns}", source, [experiment, *search.params])
    for at in reversed(range(len(page.terms))):
        found.sort(key=itemgetter(at - len(page.terms)), reverse=page.terms[at].descending)
    return found


def _bounds(compare: Compare) -> bool:
    """Whether it is the last value of a metric that is compared, in a way that an index of values knows."""
    return _is_last(compare.field) and compare.op in _BOUNDING


def _is_last(field: Field) -> bool:
    return field.kind == "metric" and not field.of and field.aggregate in _LAST
