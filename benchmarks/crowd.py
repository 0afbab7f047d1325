"""Many writers on one run, through several servers on one database: nothing refused, nothing lost, few connections.

python -m benchmarks.crowd [--database sqlite] [--seconds 60]
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import msgspec

from benchmarks.calls import databases
from benchmarks.measure import SQLITE, Client, Server, arguments, our_server, verdict

_API = "/api/2.0/mlflow/"
KEYS, BATCH = 40, 20


class Outcome(msgspec.Struct):
    """What came of it."""

    points: int
    lost: int
    faults: list[str]
    #: Connections to the database at any moment, at most; None where nobody counts them.
    connections: int | None

    @property
    def good(self) -> bool:
        """Whether all is as it should be."""
        return not self.faults and not self.lost and self.points > 0


def crowd(ports: list[int], writers: int, seconds: float, count: Callable[[], int] | None = None) -> Outcome:
    """Let ``writers`` log batches under shuffled keys to one run of the servers at ``ports`` for some seconds."""
    with Client(ports[0]) as first:
        made = first.call("POST", f"{_API}runs/create", {"experiment_id": "0"})
    run_id = str(made["run"]["info"]["run_id"])  # type: ignore[index]
    until, faults = time.monotonic() + seconds, list[str]()
    sent: list[set[tuple[str, int, int]]] = [set() for _ in range(writers)]

    def write(number: int) -> None:
        order, step = random.Random(number), 0
        with Client(ports[number % len(ports)]) as client:
            while time.monotonic() < until and not faults:
                keys = [f"m{at}" for at in order.sample(range(KEYS), BATCH)]
                points = [{"key": key, "value": step / 7, "timestamp": number, "step": step} for key in keys]
                body = msgspec.json.encode({"run_id": run_id, "metrics": points})
                status, said = client.ask("POST", f"{_API}runs/log-batch", body)
                if status != 200:
                    faults.append(f"{status}: {said[:300]!r}")
                    return
                sent[number] |= {(key, number, step) for key in keys}
                step += 1

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    most = 0
    while count and any(thread.is_alive() for thread in threads):
        most = max(most, count())
        time.sleep(0.2)
    for thread in threads:
        thread.join()
    wanted = set().union(*sent)
    with Client(ports[0]) as last:
        missing = wanted - {point for at in range(KEYS) for point in _history(last, run_id, f"m{at}")}
    return Outcome(len(wanted), len(missing), faults, most if count else None)


def _history(client: Client, run_id: str, key: str) -> set[tuple[str, int, int]]:
    found: set[tuple[str, int, int]] = set()
    path, token = f"{_API}metrics/get-history?run_id={run_id}&metric_key={key}&max_results=25000", ""
    while True:
        page = client.call("GET", path + (f"&page_token={token}" if token else ""))
        points: list[dict[str, int]] = page.get("metrics", [])  # type: ignore[assignment]
        found |= {(key, int(point["timestamp"]), int(point["step"])) for point in points}
        token = str(page.get("next_page_token", ""))
        if not token:
            return found


def connections(url: str) -> int:
    """How many connections to a PostgreSQL database there are, but for this one."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as asking:
        row = asking.execute(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert row
    return int(row[0])


def main() -> int:
    """Run the benchmark; 1 if anything was refused or lost."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--servers", type=int, default=4)
    parser.add_argument("--writers", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    said = parser.parse_args()
    with ExitStack() as stack:
        url = stack.enter_context(databases(said.database))()
        shared = url if url != SQLITE else f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/kept.db"
        servers = [
            stack.enter_context(Server(f"server {at}", our_server(database=shared))) for at in range(said.servers)
        ]
        count = (lambda: connections(shared)) if said.database == "postgresql" else None
        outcome = crowd([server.port for server in servers], said.writers, said.seconds, count)
        cpu = sum(server.cpu() for server in servers)
    print(f"{said.writers} writers, {said.servers} servers on {said.database}, {said.seconds:.0f} s")
    print(f"points {outcome.points}, lost {outcome.lost}, faults {outcome.faults[:3]}")
    spent = cpu * 1e6 / max(outcome.points, 1)
    print(f"connections at most {outcome.connections}, CPU of the servers {spent:.0f} µs a point")
    print(verdict(outcome.good))
    return 0 if outcome.good else 1


if __name__ == "__main__":
    raise SystemExit(main())
