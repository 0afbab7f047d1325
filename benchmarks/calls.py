"""CPU time per request on the server: ours, beside genuine MLflow's and beside a bare server's.

python -m benchmarks.calls --genuine /path/to/python
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
from tests.databases import postgresql, stop

from benchmarks.measure import (
    SQLITE,
    Client,
    Request,
    Server,
    arguments,
    cpu_per_request,
    floor_server,
    genuine_server,
    our_server,
    verdict,
)

_API = "/api/2.0/mlflow/"
_RUNS, _METRICS, _PARAMS, _TAGS, _BATCH = 100, 20, 20, 5, 1000
_TIME = 1_700_000_000_000


class Case(msgspec.Struct, frozen=True):
    """One kind of request, and how many times less than genuine MLflow it may cost."""

    name: str
    budget: float
    request: Callable[[str, list[str]], Request]
    #: The same work at a bare server.
    floor: Request
    #: Requests in a round: of ours and of the bare server, and of genuine MLflow, which is slow.
    ours: int
    genuine: int


def _post(path: str, body: object) -> tuple[str, str, bytes]:
    return "POST", path, msgspec.json.encode(body)


def _log_metric(_: str, runs: list[str]) -> Request:
    def request(number: int) -> tuple[str, str, bytes]:
        point = {"run_id": runs[0], "key": f"m{number % 8}", "value": number / 2, "timestamp": _TIME, "step": number}
        return _post(f"{_API}runs/log-metric", point)

    return request


def _points(number: int) -> list[dict[str, object]]:
    steps = range(number * _BATCH, (number + 1) * _BATCH)
    return [{"key": f"b{step % 10}", "value": step / 2, "timestamp": _TIME, "step": step} for step in steps]


def _log_batch(_: str, runs: list[str]) -> Request:
    return lambda number: _post(f"{_API}runs/log-batch", {"run_id": runs[1], "metrics": _points(number)})


def _get_run(_: str, runs: list[str]) -> Request:
    return lambda number: ("GET", f"{_API}runs/get?run_id={runs[2 + number % 90]}", None)


def _search(experiment: str, _: list[str]) -> Request:
    asked = _post(f"{_API}runs/search", {"experiment_ids": [experiment], "max_results": _RUNS})
    return lambda _number: asked


CASES = [
    Case("log-metric", 50, _log_metric, lambda n: _post("/points", {"metrics": _points(n)[:1]}), 4000, 200),
    Case("runs/get", 45, _get_run, lambda _: ("GET", "/one", None), 4000, 200),
    Case("log-batch(1000)", 40, _log_batch, lambda n: _post("/points", {"metrics": _points(n)}), 100, 8),
    Case("runs/search(100x45)", 20, _search, lambda _: _post("/search", {}), 300, 12),
]


def seed(server: Server) -> tuple[str, list[str]]:
    """An experiment with runs of 45 values each."""
    client = Client(server.port)
    experiment = str(client.call("POST", f"{_API}experiments/create", {"name": "benchmark"})["experiment_id"])
    runs = []
    for number in range(_RUNS):
        told = {"experiment_id": experiment, "start_time": _TIME + number, "run_name": f"run {number}"}
        run_id = client.call("POST", f"{_API}runs/create", told)["run"]["info"]["run_id"]  # type: ignore[index]
        values = {
            "metrics": [{"key": f"metric_{at}", "value": number + at, "timestamp": _TIME} for at in range(_METRICS)],
            "params": [{"key": f"param_{at}", "value": str(number % 10)} for at in range(_PARAMS)],
            "tags": [{"key": f"tag_{at}", "value": f"v{number % 5}"} for at in range(_TAGS)],
        }
        client.call("POST", f"{_API}runs/log-batch", {"run_id": run_id, **values})
        runs.append(str(run_id))
    return experiment, runs


def compare(cases: Sequence[Case], genuine: str | None, database: str, connections: int, rounds: int) -> bool:
    """Print what every case costs; whether all budgets are kept."""
    with ExitStack() as stack:
        make = stack.enter_context(databases(database))
        ours = stack.enter_context(Server("headrace", our_server(database=make())))
        floor = stack.enter_context(Server("floor", floor_server()))
        servers = [ours, floor]
        if genuine:
            servers.append(stack.enter_context(Server("genuine", genuine_server(genuine, make()))))
        seeded = {server.name: seed(server) for server in servers if server is not floor}
        kept = True
        print(f"CPU ms per request on {database}, {connections} connection(s), median of {rounds} interleaved rounds")
        print(f"{'':20} {'ours':>9} {'floor':>9} {'genuine':>9} {'x floor':>8} {'less':>7} {'budget':>7}")
        for case in cases:
            spent: dict[str, list[float]] = {server.name: [] for server in servers}
            sent = dict.fromkeys(spent, 0)
            for turn in range(-1, rounds):
                for server in servers if turn % 2 else reversed(servers):
                    count = case.genuine if server.name == "genuine" else case.ours
                    count = max(connections, count if turn >= 0 else count // 5)
                    request = case.floor if server is floor else case.request(*seeded[server.name])
                    cost = cpu_per_request(server, request, sent[server.name], count, connections)
                    sent[server.name] += count
                    if turn >= 0:
                        spent[server.name].append(cost)
            allowed = case.budget if database == "sqlite" else case.budget / 2
            kept &= _report(case, allowed, {name: statistics.median(costs) for name, costs in spent.items()})
    return kept


@contextmanager
def databases(kind: str) -> Iterator[Callable[[], str]]:
    """What gives each server a new, empty database of a kind; PostgreSQL runs in a scratch folder meanwhile."""
    if kind == "sqlite":
        yield lambda: SQLITE
        return
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        os.chmod(folder, 0o755)
        server = postgresql(Path(folder))
        try:
            yield server.create
        finally:
            stop(Path(folder))


def _report(case: Case, budget: float, cost: dict[str, float]) -> bool:
    ours, floor, genuine = cost["headrace"], cost["floor"], cost.get("genuine")
    line = f"{case.name:20} {ours:9.3f} {floor:9.3f}"
    if genuine is None:
        print(f"{line} {'-':>9} {ours / floor:8.1f} {'-':>7} {budget:6.0f}x")
        return True
    kept = genuine / ours >= budget
    print(f"{line} {genuine:9.2f} {ours / floor:8.1f} {genuine / ours:6.1f}x {budget:6.0f}x {verdict(kept)}")
    return kept


def main() -> int:
    """Run the benchmark; 1 if a budget is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="run only cases whose name has this in it")
    said = parser.parse_args()
    cases = [case for case in CASES if said.only in case.name]
    return 0 if compare(cases, said.genuine, said.database, said.connections, said.rounds) else 1


if __name__ == "__main__":
    raise SystemExit(main())
