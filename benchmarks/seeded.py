"""Asks servers with seeded databases the same questions in turn, and sets what each answer costs beside its budget."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.measure import Client, Request, Server, cpu_per_request, verdict

API = "/api/2.0/mlflow/"
#: Seconds of CPU that one round of requests of one server should take.
_ROUND_SECONDS = 0.4
#: Milliseconds of a request that is asked but once.
_SLOW_MS = 1500

#: One request: verb, path, and what is sent as JSON.
Asked = tuple[str, str, Any]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One question, and what answering it may cost."""

    name: str
    #: The request to a server whose name is given.
    ask: Callable[[str], Asked]
    #: The least that could be called the same work, done in this process.
    floor: Callable[[], object] | None = None
    #: How many times less than genuine MLflow it must cost, and milliseconds that it may cost.
    budget: float | None = None
    most: float | None = None
    #: Whether genuine MLflow is asked at all: some things would take it minutes.
    genuine: bool = True
    #: What both servers must say alike, from an answer.
    same: Callable[[Any], object] | None = None


def header(title: str) -> None:
    """Print the head of a table."""
    print(f"\n{title}: CPU ms per request, median of interleaved rounds")
    columns = f"{'ours':>9} {'floor':>9} {'genuine':>10} {'less':>8} {'budget':>8} {'at most':>8}"
    print(f"{'':44} {columns}")


def compare(case: Case, servers: Sequence[Server], rounds: int) -> tuple[bool, float]:
    """Print what a case costs on each server; whether its budgets are kept, and what ours costs."""
    asked = [server for server in servers if server.name == "headrace" or case.genuine]
    counts = {server.name: _warm(case, server) for server in asked}
    if case.same and len(asked) > 1:
        answers = [case.same(_answer(case, server)) for server in asked]
        if answers[0] != answers[1]:
            raise SystemExit(f"{case.name}: the servers do not give the same answer")
    costs: dict[str, list[float]] = {server.name: [] for server in asked}
    for turn in range(rounds):
        for server in asked if turn % 2 else asked[::-1]:
            verb, path, body = case.ask(server.name)
            sent = (verb, path, None if body is None else msgspec.json.encode(body))
            count = counts[server.name]
            if costs[server.name] and costs[server.name][-1] > _SLOW_MS:
                continue
            costs[server.name].append(cpu_per_request(server, _always(sent), 0, count, 1))
    medians = {name: statistics.median(each) for name, each in costs.items()}
    return _report(case, medians), medians["headrace"]


def _always(sent: tuple[str, str, bytes | None]) -> Request:
    return lambda _: sent


def _answer(case: Case, server: Server) -> Any:
    return Client(server.port).call(*case.ask(server.name))


def _warm(case: Case, server: Server) -> int:
    """How many requests a round has, by what the second one costs."""
    _answer(case, server)
    before = server.cpu()
    _answer(case, server)
    return max(1, min(100, int(_ROUND_SECONDS / max(server.cpu() - before, 0.001))))


def _report(case: Case, cost: dict[str, float]) -> bool:
    ours, genuine = cost["headrace"], cost.get("genuine")
    floor = f"{_cpu_ms(case.floor):9.3f}" if case.floor else f"{'-':>9}"
    less = f"{genuine:10.1f} {genuine / ours:7.1f}x" if genuine else f"{'-':>10} {'-':>8}"
    limits = (f"{case.budget:7.0f}x" if case.budget else f"{'-':>8}") + (
        f" {case.most:8.1f}" if case.most else f" {'-':>8}"
    )
    kept = not (case.budget and genuine and genuine / ours < case.budget) and not (case.most and ours > case.most)
    print(f"{case.name:44} {ours:9.3f} {floor} {less} {limits} {verdict(kept)}")
    return kept


def _cpu_ms(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(6):
        before = time.process_time()
        work()
        spent.append((time.process_time() - before) * 1000)
    return statistics.median(spent[1:])


def memory(server: Server) -> float:
    """Megabytes that the processes of a server have for themselves."""
    return float(sum(process.memory_full_info().pss for process in server.tree()) / 1e6)


def on(command: list[str], file: Path) -> list[str]:
    """The command of a server, on a database that is there."""
    return [word.replace("sqlite:///{folder}/kept.db", f"sqlite:///{file}") for word in command]


def add_options(parser: ArgumentParser) -> None:
    """Options of benchmarks with seeds."""
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="seed a tenth of it")
    parser.add_argument("--only", default="", help="run only cases whose name has this in it")
    parser.add_argument("--seeds", type=Path, help="keep the seeded databases in this folder, and use those there")


class Seeds:
    """A folder of seeded databases, which is removed at the end unless it was named."""

    def __init__(self, said: Namespace) -> None:
        self._kept: Path | None = said.seeds
        self._folder = self._kept or Path(tempfile.mkdtemp(prefix="headrace-seeds-"))
        self._folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Seeds:
        return self

    def __exit__(self, *_: object) -> None:
        if self._kept is None:
            shutil.rmtree(self._folder)

    def file(self, name: str, make: Callable[[Path], None]) -> Path:
        """The database of a name, which is made if it is not there."""
        file = (self._folder / name).resolve()
        if not file.exists():
            making = file.with_suffix(".making")
            making.unlink(missing_ok=True)
            print(f"seeding {name} …")
            make(making)
            making.rename(file)
        return file
