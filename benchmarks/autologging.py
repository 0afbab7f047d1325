"""What autologging adds to a fit of scikit-learn, beside genuine MLflow's.

python -m benchmarks.autologging --genuine /path/to/python

Three figures for each estimator: CPU of the fit's own thread without saving the model, which is the budget; CPU of the
whole process, with what is drawn afterwards; and CPU of the whole with the model.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys

from benchmarks.measure import QUIET, arguments, verdict

#: Milliseconds of CPU that a fit may take longer for being recorded, the saving of the model left out.
_BUDGET = 5.0
#: Milliseconds for a call of a watched function that has nothing to record.
_IDLE_BUDGET = 0.02

#: Prints, for each estimator, the milliseconds added to a fit's thread, to the process, and with the model.
_PROGRAM = """
import importlib, json, statistics, sys, tempfile, time
library = importlib.import_module(sys.argv[1])
importlib.import_module(sys.argv[1] + ".sklearn")
# Genuine MLflow loads each model in a process of its own to see what it needs; that is measured elsewhere.
library.models.infer_pip_requirements = lambda uri, flavor, fallback=None, **_: list(fallback or [])
import numpy as np
import sklearn.metrics
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

folder = tempfile.mkdtemp(prefix="headrace-bench-")
library.set_tracking_uri(f"sqlite:///{folder}/kept.db")
library.set_experiment(experiment_id=library.create_experiment("bench", artifact_location=folder + "/artifacts"))
rng = np.random.default_rng(0)
X = rng.random((400, 8))
y = X.sum(axis=1)
two, three = (y > y.mean()).astype(int), np.digitize(y, [3.7, 4.3])
fits = {
    "Ridge": lambda: Ridge().fit(X, y),
    "logistic, 2 classes": lambda: LogisticRegression(tol=1).fit(X, two),
    "logistic, 3 classes": lambda: LogisticRegression(tol=1).fit(X, three),
    "pipeline": lambda: make_pipeline(StandardScaler(), Ridge()).fit(X, y),
}
settle = getattr(library, "flush_artifact_async_logging", lambda: None)

def spent(fit, rounds=7):
    thread, process = [], []
    for _ in range(rounds):
        before = time.thread_time(), time.process_time()
        fit()
        thread.append(time.thread_time() - before[0])
        settle()
        process.append(time.process_time() - before[1])
    return statistics.median(thread) * 1000, statistics.median(process) * 1000

told = {}
for name, fit in fits.items():
    library.sklearn.autolog(disable=True)
    spent(fit, 2)
    bare = spent(fit)
    library.sklearn.autolog(log_models=False, silent=True)
    spent(fit, 2)
    without = spent(fit)
    library.sklearn.autolog(silent=True)
    spent(fit, 1)
    whole = spent(fit, 3)
    told[name] = [without[0] - bare[0], without[1] - bare[1], whole[1] - bare[1]]

def calls(count=2000):
    labels = [0, 1]
    before = time.process_time()
    for _ in range(count):
        sklearn.metrics.zero_one_loss.__name__
        predict(X[:1])
    return (time.process_time() - before) / count * 1000

library.sklearn.autolog(disable=True)
model = LogisticRegression(tol=1).fit(X, two)
predict = model.predict
bare = calls()
library.sklearn.autolog(silent=True)
predict = model.predict
told["a call not recorded"] = [calls() - bare]
print("@@" + json.dumps(told))
"""


def _measured(python: str, library: str) -> dict[str, list[float]]:
    done = subprocess.run(
        [python, "-W", "ignore", "-c", _PROGRAM, library],
        env={**os.environ, **QUIET, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{library} in {python} failed:\n{done.stderr}")
    told: dict[str, list[float]] = json.loads(done.stdout.rpartition("@@")[2])
    return told


def _medians(rounds: list[dict[str, list[float]]]) -> dict[str, list[float]]:
    return {
        name: [statistics.median(each[name][at] for each in rounds) for at in range(len(rounds[0][name]))]
        for name in rounds[0]
    }


def main() -> int:
    """Run the benchmark; 1 if a budget is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--rounds", type=int, default=3, help="how often each side takes its turn")
    said = parser.parse_args()
    sides = {"ours": (sys.executable, "headrace"), **({"genuine": (said.genuine, "mlflow")} if said.genuine else {})}
    rounds: dict[str, list[dict[str, list[float]]]] = {side: [] for side in sides}
    for _ in range(said.rounds):
        for side, (python, library) in sides.items():
            rounds[side].append(_measured(python, library))
    ours = _medians(rounds["ours"])
    theirs = _medians(rounds["genuine"]) if said.genuine else {}
    kept = True
    for name, figures in ours.items():
        budget = _BUDGET if len(figures) > 1 else _IDLE_BUDGET
        kept &= figures[0] <= budget
        for at, what in enumerate(("the fit's thread", "with what is drawn later", "with the model")[: len(figures)]):
            peer = (
                f"genuine {theirs[name][at]:8.2f}, {theirs[name][at] / max(figures[at], 1e-4):6.1f}x" if theirs else ""
            )
            limit = f"budget {budget:.2f} {verdict(figures[0] <= budget)}" if at == 0 else ""
            print(f"{name:22} {what:26} {figures[at]:8.3f} ms  {limit:20} {peer}")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
