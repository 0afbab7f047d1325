"""Logs as a user's program would, and tells how much CPU that took: run by ``benchmarks.client`` in either environment.

python client_probe.py MODULE TRACKING_URI, then one line on its input for each measurement: CASE COUNT.
Its answers begin with ``#``; the library may print other lines.
"""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any


def main(module: str, uri: str) -> None:
    """Answer every line with the milliseconds of CPU of one call."""
    library: Any = importlib.import_module(module)
    entities: Any = importlib.import_module(f"{module}.entities")
    library.set_tracking_uri(uri)
    library.set_experiment("benchmark")
    run_id = library.start_run().info.run_id
    client = library.MlflowClient()
    library.log_metric("warm", 1.0)
    done = 0

    def log_metric(number: int) -> None:
        library.log_metric("m", number * 0.5, step=number)

    def log_batch(number: int) -> None:
        now = int(time.time() * 1000)
        points = [entities.Metric(f"b{at % 10}", number + at * 0.001, now, number * 1000 + at) for at in range(1000)]
        client.log_batch(run_id, metrics=points)

    cases = {"log_metric": log_metric, "log_batch(1000)": log_batch}
    print("# ready", flush=True)
    for line in sys.stdin:
        case, _, count = line.strip().rpartition(" ")
        before = time.process_time()
        for number in range(done, done + int(count)):
            cases[case](number)
        print("#", (time.process_time() - before) * 1000 / int(count), flush=True)
        done += int(count)
    library.end_run()


if __name__ == "__main__":
    main(*sys.argv[1:])
