"""What it costs to find out what a model needs, and to check its files.

python -m benchmarks.modelling --genuine PYTHON
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import QUIET, verdict
from headrace.models import installed, manifest
from headrace.models.environment import infer_pip_requirements

_ROUNDS = 7
#: Milliseconds of CPU for a model of ten small files, and how many times the digest of the bytes alone for a large one.
_SMALL, _LARGE = 2.0, 1.5
_LARGE_BYTES = 256 << 20
#: Milliseconds of CPU for the requirements of a model, and how many times less than genuine MLflow.
_REQUIREMENTS, _LESS = 150.0, 24.0
#: Genuine MLflow saves a forest, infers what it needs, and prints the CPU that it and its children spent on that.
_GENUINE = """
import resource, sys, mlflow
from sklearn.ensemble import RandomForestRegressor

def spent():
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in both)

model = RandomForestRegressor(10).fit([[0.0], [1.0]], [0.0, 1.0])
mlflow.sklearn.save_model(model, sys.argv[1], serialization_format="cloudpickle", pip_requirements=[])
before = spent()
mlflow.models.infer_pip_requirements(sys.argv[1], "sklearn")
print("\\n@@", (spent() - before) * 1000)
"""


def main() -> int:
    """Run the benchmark; 1 if a budget is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--genuine", default=os.environ.get("HEADRACE_GENUINE_PYTHON"))
    kept = [_infer(parser.parse_args().genuine), _check_files()]
    return 0 if all(kept) else 1


def _infer(genuine: str | None) -> bool:
    from sklearn.ensemble import RandomForestRegressor

    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as made:
        model = RandomForestRegressor(10).fit([[0.0], [1.0]], [0.0, 1.0])
        (Path(made) / "model.pkl").write_bytes(pickle.dumps(model))

        def cold() -> None:
            installed.forget()
            infer_pip_requirements(made, "sklearn", ["scikit-learn"])

        ours = _milliseconds(cold)
        theirs = _of_genuine(genuine, Path(made) / "genuine") if genuine else None
    kept = ours <= _REQUIREMENTS and (theirs is None or theirs / ours >= _LESS)
    beside = f", {theirs:.0f} in genuine MLflow, {theirs / ours:.0f} x less, budget {_LESS:.0f} x" if theirs else ""
    print(f"requirements of a forest   {ours:8.1f} ms of CPU, budget {_REQUIREMENTS:.0f}{beside} {verdict(kept)}")
    return kept


def _of_genuine(python: str, folder: Path) -> float:
    """Milliseconds of CPU that genuine MLflow spends, the process that it starts included."""
    command = [python, "-W", "ignore", "-c", _GENUINE, str(folder)]
    done = subprocess.run(command, env={**os.environ, **QUIET}, capture_output=True, text=True, check=True)
    return float(done.stdout.rpartition("@@")[2])


def _check_files() -> bool:
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as made:
        small, large = Path(made) / "small", Path(made) / "large"
        small.mkdir()
        large.mkdir()
        for number in range(10):
            (small / f"{number}.txt").write_bytes(bytes(3000))
        (large / "weights.bin").write_bytes(bytes(_LARGE_BYTES))
        for folder in (small, large):
            manifest.write(folder)
        few = _milliseconds(lambda: manifest.check(small))
        whole = _milliseconds(lambda: manifest.check(large))
    content = bytes(_LARGE_BYTES)
    floor = _milliseconds(lambda: hashlib.sha256(content).digest())
    kept = few <= _SMALL and whole / floor <= _LARGE
    size = _LARGE_BYTES >> 20
    print(f"check 10 files of 3 kB     {few:8.2f} ms of CPU, budget {_SMALL} {verdict(few <= _SMALL)}")
    print(
        f"check a file of {size} MB   {whole:8.1f} ms of CPU, {whole / floor:.2f} x the digest alone, "
        f"budget {_LARGE} {verdict(whole / floor <= _LARGE)}"
    )
    return kept


def _milliseconds(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(_ROUNDS):
        before = time.process_time()
        work()
        spent.append(time.process_time() - before)
    return statistics.median(spent) * 1000


if __name__ == "__main__":
    raise SystemExit(main())
