"""CPU time of a program that logs: with our client, beside genuine MLflow's, straight to SQLite and over HTTP.

python -m benchmarks.client --genuine /path/to/python
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from benchmarks.measure import QUIET, Server, arguments, genuine_server, our_server, verdict

_PROBE = str(Path(__file__).with_name("client_probe.py"))


class Case(msgspec.Struct, frozen=True):
    """One kind of call, how many times less than genuine MLflow it may cost, and milliseconds at most."""

    name: str
    over_http: bool
    budget: float
    most: float | None
    #: Calls in a round: of ours, and of genuine MLflow, which is slow.
    ours: int
    genuine: int


CASES = [
    Case("log_metric", False, 60, 0.10, 2000, 100),
    Case("log_batch(1000)", False, 40, 3.5, 30, 5),
    Case("log_metric", True, 12, None, 1000, 100),
    Case("log_batch(1000)", True, 12, None, 30, 5),
]


class Program:
    """A program that logs when it is told to."""

    def __init__(self, python: str, module: str, uri: str, folder: str) -> None:
        self._process = subprocess.Popen(
            [python, _PROBE, module, uri],
            cwd=folder,
            env={**os.environ, **QUIET},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._line()

    def cost(self, case: str, calls: int) -> float:
        """Milliseconds of the program's CPU for each of some calls."""
        assert self._process.stdin
        print(case, calls, file=self._process.stdin, flush=True)
        return float(self._line())

    def _line(self) -> str:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("#"):
                return line[1:].strip()
        raise SystemExit(f"{self._process.args!r} ended by itself")

    def stop(self) -> None:
        """Let it end its run."""
        self._process.communicate()


def compare(cases: Sequence[Case], genuine: str | None, rounds: int) -> bool:
    """Print what every case costs; whether all budgets are kept."""
    kept = True
    print(f"CPU ms of the client per call, median of {rounds} interleaved rounds")
    print(f"{'':28} {'ours':>8} {'genuine':>9} {'less':>7} {'budget':>7} {'at most':>8}")
    with ExitStack() as stack:
        programs: dict[tuple[bool, str], Program] = {}
        for over_http in {case.over_http for case in cases}:
            for name, python in (("ours", sys.executable), ("genuine", genuine)):
                if python:
                    programs[over_http, name] = _program(stack, over_http, name, python)
        for case in cases:
            spent: dict[str, list[float]] = {name: [] for there, name in programs if there == case.over_http}
            for turn in range(-1, rounds):
                for name in spent if turn % 2 else reversed(spent):
                    calls = case.ours if name == "ours" else case.genuine
                    cost = programs[case.over_http, name].cost(case.name, calls if turn >= 0 else calls // 5)
                    if turn >= 0:
                        spent[name].append(cost)
            kept &= _report(case, {name: statistics.median(costs) for name, costs in spent.items()})
    return kept


def _program(stack: ExitStack, over_http: bool, name: str, python: str) -> Program:
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="headrace-bench-"))
    uri = f"sqlite:///{folder}/kept.db"
    if over_http:
        server = Server(name, our_server() if name == "ours" else genuine_server(python))
        uri = f"http://127.0.0.1:{stack.enter_context(server).port}"
    program = Program(python, "headrace" if name == "ours" else "mlflow", uri, folder)
    stack.callback(program.stop)
    return program


def _report(case: Case, cost: dict[str, float]) -> bool:
    ours, genuine = cost["ours"], cost.get("genuine")
    kept = case.most is None or ours <= case.most
    less = "-"
    if genuine is not None:
        kept &= genuine / ours >= case.budget
        less = f"{genuine / ours:.1f}x"
    name = f"{case.name} {'over HTTP' if case.over_http else 'to SQLite'}"
    said = f"{genuine:.2f}" if genuine is not None else "-"
    most = f"{case.most:.2f}" if case.most is not None else "-"
    print(f"{name:28} {ours:8.3f} {said:>9} {less:>7} {case.budget:6.0f}x {most:>8} {verdict(kept)}")
    return kept


def main() -> int:
    """Run the benchmark; 1 if a budget is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--rounds", type=int, default=3)
    said = parser.parse_args()
    return 0 if compare(CASES, said.genuine, said.rounds) else 1


if __name__ == "__main__":
    raise SystemExit(main())
