"""CPU time of reading a long metric: pages, samples and the whole, beside genuine MLflow's and the least work.

python -m benchmarks.history --genuine /path/to/python
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import seeds
from benchmarks.measure import Client, Server, arguments, genuine_server, our_server, verdict
from benchmarks.seeded import Asked, Case, Seeds, add_options, compare, header, memory, on

_METRICS = "2.0/mlflow/metrics/"
#: Megabytes that our server may have for itself when all is done, and that one request may add.
_MEMORY, _GROWTH = 120, 20
#: Seconds on the clock for a million points to arrive at a client.
_WHOLE_SECONDS = 3.0
_READ = """
import sys, time
from headrace.tracking import MlflowClient
client, begun = MlflowClient(sys.argv[1]), time.perf_counter()
points = client.get_metric_history(sys.argv[2], "loss")
print(len(points), time.perf_counter() - begun, time.process_time())
"""


def _page(size: int, token: str | None = None) -> Asked:
    ending = f"&page_token={token}" if token else ""
    return "GET", f"/api/{_METRICS}get-history?run_id={seeds.RUN}&metric_key=loss&max_results={size}{ending}", None


def _sample(window: str = "") -> Asked:
    asked = f"run_ids={seeds.RUN}&metric_key=loss&max_results=320{window}"
    return "GET", f"/ajax-api/{_METRICS}get-history-bulk-interval?{asked}", None


def _last_page(ours: Server, size: int) -> Any:
    """The page before which there is one page less than all."""
    client, tokens = Client(ours.port), list[str]()
    while True:
        found = client.call(*_page(size, tokens[-1] if tokens else None))
        if "next_page_token" not in found:
            break
        tokens.append(str(found["next_page_token"]))
    return lambda _: _page(size, tokens[-1])


def _points(answer: Any) -> Any:
    return [(each["timestamp"], int(each["step"]), each["value"]) for each in answer["metrics"]]


def cases(ours: Server, file: Path, points: int) -> list[Case]:
    """What is asked of the metric."""
    database = sqlite3.connect(file)
    page = (
        "SELECT timestamp, step, value FROM points WHERE run = 1 AND name = (SELECT id FROM names WHERE name = 'loss')"
    )

    def rows(size: int) -> bytes:
        return msgspec.json.encode(database.execute(f"{page} ORDER BY step LIMIT ?", (size,)).fetchall())

    def looks() -> list[Any]:
        nth = f"{page} AND step >= ? ORDER BY step LIMIT 1"
        return [database.execute(nth, (points * at // 320,)).fetchone() for at in range(320)]

    middle = f"&start_step={points // 4}&end_step={points * 3 // 4}"
    return [
        Case(name="page of 1,000", ask=lambda _: _page(1000), floor=lambda: rows(1000), same=_points),
        Case(
            name="page of 25,000",
            ask=lambda _: _page(25_000),
            floor=lambda: rows(25_000),
            budget=33,
            most=45,
            same=_points,
        ),
        Case(name="last page of 25,000", ask=_last_page(ours, 25_000), most=45, genuine=False),
        Case(name="320 of all points", ask=lambda _: _sample(), floor=looks, budget=900, most=5),
        Case(name="320 of half of the steps", ask=lambda _: _sample(middle), floor=looks, budget=300, most=5),
    ]


def whole(ours: Server, points: int) -> bool:
    """Print what the whole history costs our client and our server; whether it comes in time."""
    before = ours.cpu()
    said = subprocess.run(
        [sys.executable, "-c", _READ, f"http://127.0.0.1:{ours.port}", seeds.RUN],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    if int(said[0]) != points:
        raise SystemExit(f"The client was told {said[0]} points, not {points}")
    seconds = float(said[1])
    kept = seconds <= max(1.0, _WHOLE_SECONDS * points / 1_000_000)
    spent = f"CPU {ours.cpu() - before:.2f} s on the server, {float(said[2]):.2f} s in the client"
    print(f"{f'{points} points to our client':44} {seconds:9.2f} s on the clock, {spent} {verdict(kept)}")
    return kept


def main() -> int:
    """Run the benchmark; 1 if a budget is broken."""
    parser = arguments(__doc__ or "")
    add_options(parser)
    said = parser.parse_args()
    points = 100_000 if said.small else 1_000_000
    with Seeds(said) as folder, ExitStack() as stack:
        file = folder.file(f"ours-history-{points}.db", lambda file: seeds.our_history(file, points))
        with sqlite3.connect(file) as database:
            database.execute("DELETE FROM outlines")
        ours = stack.enter_context(Server("headrace", on(our_server(), file)))
        servers = [ours]
        if said.genuine:
            theirs = folder.file(
                f"genuine-history-{points}.db", lambda file: seeds.genuine_history(said.genuine, file, points)
            )
            servers.append(stack.enter_context(Server("genuine", on(genuine_server(said.genuine), theirs))))
        before = ours.cpu()
        Client(ours.port).call(*_sample())
        print(f"the first look at {points} points: {ours.cpu() - before:.2f} s of CPU")
        start = memory(ours)
        header(f"one metric of {points} points")
        kept = True
        for case in cases(ours, file, points):
            if said.only in case.name:
                kept &= compare(case, servers, said.rounds)[0]
        kept &= whole(ours, points)
        used = memory(ours)
        small = used <= _MEMORY and used - start <= _GROWTH
        print(f"{'memory of the server':44} {used:9.1f} MB, {used - start:.1f} more than before {verdict(small)}")
    return 0 if kept and small else 1


if __name__ == "__main__":
    raise SystemExit(main())
