"""What it costs to save, log, load and ask a model, beside genuine MLflow in the same run.

python -m benchmarks.saving --genuine PYTHON
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile

from benchmarks.measure import QUIET, verdict

#: How many times less CPU than genuine MLflow, and the milliseconds that one row may cost above the model.
_SAVE, _LOG, _LOAD, _ROW = 60.0, 15.0, 6.0, 0.45
#: Either side does the same; it prints milliseconds of CPU, its children's included.
_PROGRAM = """
import importlib, json, os, pickle, resource, statistics, sys
library, rounds, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
mlflow = importlib.import_module(library)
flavor, pyfunc = (importlib.import_module(f"{library}.{name}") for name in ("sklearn", "pyfunc"))
os.chdir(folder)
if library == "mlflow":
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
else:
    mlflow.set_tracking_uri(f"{folder}/runs")

def spent():
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return 1000 * sum(each.ru_utime + each.ru_stime for each in both)

def median(work, rounds, times=1):
    taken = []
    for at in range(rounds):
        before = spent()
        for _ in range(times):
            work(at)
        taken.append((spent() - before) / times)
    return statistics.median(taken)

X = pd.DataFrame({name: [0.0, 1.0, 2.0] for name in "abcdefgh"})
model = RandomForestRegressor(10).fit(X, [0.0, 1.0, 2.0])
model.n_jobs = 1
pickled = {"serialization_format": "cloudpickle"}
flavor.save_model(model, "first", input_example=X, pip_requirements=[], **pickled)
with mlflow.start_run():
    flavor.log_model(model, name="first", input_example=X, pip_requirements=[], **pickled)
told = {"save": median(lambda at: flavor.save_model(model, f"saved{at}", input_example=X, **pickled), rounds)}
def log(at):
    with mlflow.start_run():
        flavor.log_model(model, name="model", input_example=X, **pickled)
told["log"] = median(log, rounds)
def bare(at):
    with open("first/model.pkl", "rb") as file:
        return pickle.load(file)
pyfunc.load_model("first")
told["load"] = median(lambda at: pyfunc.load_model("first"), 7, 10) - median(bare, 7, 10)
line = LinearRegression().fit(X, [0.0, 1.0, 2.0])
flavor.save_model(line, "line", input_example=X, pip_requirements=[], **pickled)
asked, row = pyfunc.load_model("line"), X.head(1)
asked.predict(row), line.predict(row)
told["row"] = median(lambda at: asked.predict(row), 9, 200) - median(lambda at: line.predict(row), 9, 200)
print("\\n@@" + json.dumps(told))
"""


def main() -> int:
    """Run the benchmark; 1 if a budget is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--genuine", default=os.environ.get("HEADRACE_GENUINE_PYTHON"))
    genuine = parser.parse_args().genuine
    ours = _told(sys.executable, "headrace", 7)
    theirs = _told(genuine, "mlflow", 3) if genuine else None
    kept = [_compare(name, ours, theirs, less) for name, less in (("save", _SAVE), ("log", _LOG), ("load", _LOAD))]
    beside = f", {theirs['row']:.2f} in genuine MLflow" if theirs else ""
    kept.append(ours["row"] <= _ROW)
    print(f"one row, above the model       {ours['row']:8.2f} ms of CPU{beside}, budget {_ROW} {verdict(kept[-1])}")
    return 0 if all(kept) else 1


def _compare(name: str, ours: dict[str, float], theirs: dict[str, float] | None, less: float) -> bool:
    what = {"save": "save a forest, example and all", "log": "log it in a run", "load": "load it, above the pickle"}[
        name
    ]
    if theirs is None:
        print(f"{what:30} {ours[name]:8.1f} ms of CPU")
        return True
    ratio = theirs[name] / ours[name]
    print(
        f"{what:30} {ours[name]:8.1f} ms of CPU, {theirs[name]:.0f} in genuine MLflow, {ratio:.0f} x less, "
        f"budget {less:.0f} x {verdict(ratio >= less)}"
    )
    return ratio >= less


def _told(python: str, library: str, rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as made:
        command = [python, "-W", "ignore", "-c", _PROGRAM, library, str(rounds), made]
        # Threads that wait for work spend CPU, now here and now there.
        alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(
            command, env={**os.environ, **QUIET, **alone}, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    told: dict[str, float] = json.loads(done.stdout.rpartition("@@")[2])
    return told


if __name__ == "__main__":
    raise SystemExit(main())
