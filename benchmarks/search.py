"""CPU time of searches as the number of runs grows: ours, beside genuine MLflow's and the least work.

python -m benchmarks.search --genuine /path/to/python
"""

from __future__ import annotations

import base64
import functools
import sqlite3
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import seeds
from benchmarks.measure import Client, Server, arguments, genuine_server, our_server, verdict
from benchmarks.seeded import API, Asked, Case, Seeds, add_options, compare, header, memory, on

_PAGE = 100
_FIRST, _DEEP = "first page of 100 runs × 45 values", "page after 0.9 of the runs"
#: Cases that must cost the same however many runs there are, and what is the same.
_ALIKE, _GROWTH = (_FIRST, _DEEP), 1.6
#: Megabytes that our server may have for itself when all is done.
_MEMORY = 120


def _search(**asked: Any) -> Asked:
    return "POST", f"{API}runs/search", {"experiment_ids": ["1"], "max_results": _PAGE, **asked}


def _asks(**asked: Any) -> Any:
    return lambda _: _search(**asked)


def _found(answer: Any) -> list[str]:
    return [run["info"]["run_id"] for run in answer.get("runs", [])]


def _deep(ours: Server, runs: int) -> Any:
    """The page that begins after nine tenths of the runs."""
    client, token, left = Client(ours.port), None, runs * 9 // 10
    while left > 0:
        size = min(left, 5000)
        verb, path, body = _search(max_results=size, **({"page_token": token} if token else {}))
        token, left = client.call(verb, path, body)["next_page_token"], left - size
    theirs = base64.b64encode(msgspec.json.encode({"offset": runs * 9 // 10})).decode()
    return lambda name: _search(page_token=token if name == "headrace" else theirs)


def _least(file: Path) -> Any:
    """The rows of a page, read by their keys and written as they are."""
    database = sqlite3.connect(file)
    keys = [row[0] for row in database.execute(f"SELECT id FROM runs ORDER BY start_time DESC LIMIT {_PAGE}")]
    marks = ", ".join("?" * len(keys))
    tables = ("runs", "summaries", "params", "tags")
    columns = ("*", "run, name, last_val, last_timestamp, last_step", "run, name, value", "run, name, value")

    def work() -> bytes:
        read = [
            database.execute(
                f"SELECT {what} FROM {table} WHERE {'id' if table == 'runs' else 'run'} IN ({marks})", keys
            )
            for table, what in zip(tables, columns, strict=True)
        ]
        return msgspec.json.encode([cursor.fetchall() for cursor in read])

    return work


def cases(ours: Server, file: Path, runs: int) -> list[Case]:
    """What is asked of an experiment with so many runs."""
    metric, param = "metrics.metric_03 > 0.9", "params.param_05 = '3'"
    floor, at_10k = _least(file), 140 if runs == 10_000 else None
    case = functools.partial(Case, same=_found)
    return [
        case(name=_FIRST, ask=_asks(), floor=floor, budget=20),
        case(name=_DEEP, ask=_deep(ours, runs), floor=floor, budget=20),
        case(
            name="order by a metric",
            ask=_asks(order_by=["metrics.metric_07 DESC"]),
            floor=floor,
            budget=at_10k,
            most=60,
            genuine=runs <= 10_000,
        ),
        case(
            name="metric > v AND param = 'z', order by it",
            ask=_asks(filter=f"{metric} AND {param}", order_by=["metrics.metric_03 DESC"]),
            most=60,
            genuine=runs <= 10_000,
        ),
        case(
            name="tag LIKE all, order by a metric",
            ask=_asks(filter="tags.tag_02 LIKE 'value-%'", order_by=["metrics.metric_07 DESC"]),
            budget=at_10k,
            most=60,
            genuine=runs <= 10_000,
        ),
        case(name="metric > v AND param = 'z'", ask=_asks(filter=f"{metric} AND {param}"), most=60),
        case(name="tag LIKE", ask=_asks(filter="tags.tag_02 LIKE 'value-7%'"), floor=floor, most=60),
        case(name="param = 'z' that no run has", ask=_asks(filter="params.param_05 = 'none'"), most=60),
        case(name="metric > v that no run has", ask=_asks(filter="metrics.metric_03 > 2"), most=60),
        Case(
            name="experiments/search(1000)",
            ask=lambda _: ("POST", f"{API}experiments/search", {"max_results": 1000}),
            most=8,
            same=lambda answer: len(answer["experiments"]),
        ),
    ]


def main() -> int:
    """Run the benchmark; 1 if a budget is broken."""
    parser = arguments(__doc__ or "")
    add_options(parser)
    said = parser.parse_args()
    kept, costs = True, dict[str, list[float]]()
    with Seeds(said) as folder:
        for runs in (1000, 10_000) if said.small else (1000, 10_000, 100_000):
            file = folder.file(f"ours-{runs}.db", functools.partial(seeds.our_runs, runs=runs))
            with ExitStack() as stack:
                ours = stack.enter_context(Server("headrace", on(our_server(), file)))
                servers = [ours]
                if said.genuine:
                    theirs = folder.file(
                        f"genuine-{runs}.db", functools.partial(seeds.genuine_runs, said.genuine, runs=runs)
                    )
                    servers.append(stack.enter_context(Server("genuine", on(genuine_server(said.genuine), theirs))))
                header(f"{runs} runs")
                for case in cases(ours, file, runs):
                    if said.only in case.name:
                        good, cost = compare(case, servers, said.rounds)
                        kept &= good
                        costs.setdefault(case.name, []).append(cost)
                used = memory(ours)
                kept &= used <= _MEMORY
                print(f"{'memory of the server':44} {used:9.1f} MB, at most {_MEMORY} {verdict(used <= _MEMORY)}")
    for name in filter(costs.__contains__, _ALIKE):
        growth = costs[name][-1] / costs[name][0]
        kept &= growth <= _GROWTH
        said_so = f"{growth:9.2f} times what it cost in the smallest, at most {_GROWTH}"
        print(f"{name:44} {said_so} {verdict(growth <= _GROWTH)}")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
