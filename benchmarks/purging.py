"""How long it takes to delete 15,000 runs with 100 metrics each, and to remove them for good.

Budget: 30 s of CPU time on SQLite, while a second thread goes on logging and waits for half a second of work at most.
``--store URI`` measures another database as well, which spends its time elsewhere: there the clock on the wall counts.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time

from headrace.moving.cleaning import Cleaning, Wanted
from headrace.moving.locations import Locations
from headrace.schema.experiments import CreateExperiment
from headrace.schema.runs import CreateRun, DeleteRun, LogBatch, LogMetric, Metric
from headrace.stores import Store, open_store

SECONDS, WAIT = 30.0, 0.5


def fill(store: Store, runs: int, metrics: int) -> list[str]:
    """The ids of new runs in a new experiment."""
    key = store.send(CreateExperiment(name=f"purged {time.time_ns()}")).experiment_id
    made = []
    for number in range(runs):
        run_id = store.send(CreateRun(experiment_id=key)).run.info.run_id
        points = [Metric(f"metric/{each}", number + each / 7, 1_700_000_000_000 + number, 1) for each in range(metrics)]
        store.send(LogBatch(run_id=run_id, metrics=points))
        made.append(run_id)
    return made


def measure(uri: str, runs: int, metrics: int) -> tuple[float, float, float]:
    """CPU seconds and seconds for deleting and purging, and the most work that a writer waited for meanwhile."""
    store = open_store(uri)
    made = fill(store, runs, metrics)
    writer = Writer(store)
    writer.start()
    cpu, wall = time.process_time(), time.perf_counter()
    for run_id in made:
        store.send(DeleteRun(run_id=run_id))
    deleted = time.perf_counter() - wall
    done = Cleaning(store, Locations(), Wanted(run_ids=tuple(made))).run(dry=False)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    writer.stop()
    assert done.runs == runs, done
    print(f"{uri.partition(':')[0]:12} {runs} runs x {metrics} metrics: deleted in {deleted:.1f} s, purged in", end=" ")
    print(f"{wall - deleted:.1f} s; {cpu:.1f} s of CPU;")
    print(
        f"{'':12} {writer.writes} writes meanwhile, none of which waited for more than {writer.longest:.3f} s of work"
    )
    store.close()
    return cpu, wall, writer.longest


class Writer(threading.Thread):
    """Logs a point every few milliseconds, and remembers the most work that it waited for."""

    def __init__(self, store: Store) -> None:
        super().__init__(daemon=True)
        self._store = store
        self._run = store.send(CreateRun()).run.info.run_id
        self._ended = threading.Event()
        self.longest, self.writes = 0.0, 0

    def run(self) -> None:
        """Log until told to stop."""
        while not self._ended.wait(0.005):
            # What the process did meanwhile: the clock on the wall measures whatever else the machine does.
            began = time.process_time()
            self._store.send(LogMetric(run_id=self._run, key="loss", value=1, timestamp=self.writes, step=self.writes))
            self.longest = max(self.longest, time.process_time() - began)
            self.writes += 1

    def stop(self) -> None:
        """Wait for the last point."""
        self._ended.set()
        self.join()


def main() -> None:
    """Print what was measured; status 1 if the budget is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15_000)
    parser.add_argument("--metrics", type=int, default=100)
    parser.add_argument("--store", action="append", default=[], help="another database to measure")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        cpu, _, longest = measure(f"sqlite:///{folder}/h.db", said.runs, said.metrics)
    for uri in said.store:
        measure(uri, said.runs, said.metrics)
    if cpu > SECONDS or longest > WAIT:
        raise SystemExit(f"Over budget: {SECONDS:.0f} s of CPU time, and waits of {WAIT} s")


if __name__ == "__main__":
    main()
