"""What it costs to import headrace, to ask its command for help, to set up a database, and to keep a server idle.

python -m benchmarks.startup --genuine /path/to/python
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

from benchmarks.measure import Server, arguments, cpu_of_program, genuine_server, our_server, verdict

_IMPORT_SECONDS, _MODULES, _HELP_SECONDS, _SET_UP_SECONDS = 0.10, 250, 0.15, 0.05
_PROCESSES, _MEGABYTES, _IDLE_SHARE = 2, 100, 0.001
#: What must not come along with ``import headrace``.
_HEAVY = ("numpy", "pandas", "sqlalchemy", "sklearn", "yaml", "sqlite3", "starlette", "uvicorn")

_MODULE_COUNT = """
import sys, headrace
print(len(sys.modules), *[name for name in {heavy!r} if name in sys.modules])
"""
#: The seconds that opening a new database takes, and the seconds with the import of the store's own modules.
_SET_UP = """
import sys, time
import headrace.stores
before = time.process_time()
from headrace.stores import sql
imported = time.process_time()
headrace.stores.open_store("sqlite:///" + sys.argv[1] + "/new.db").close()
after = time.process_time()
print(after - imported, after - before)
"""


def _print(what: str, value: float, budget: float, unit: str, peer: float | None = None) -> bool:
    kept = value <= budget
    beside = "" if peer is None else f"genuine {peer:8.3f}" + (f", {peer / value:6.1f}x" if value else "")
    print(f"{what:34} {value:8.3f} {unit:4} budget {budget:7.3f} {verdict(kept):7} {beside}")
    return kept


def _said(code: str, *words: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    return done.stdout.split()


def imports(genuine: str | None) -> bool:
    """``import headrace``: CPU, modules, and none that are heavy."""
    seconds = cpu_of_program([sys.executable, "-c", "import headrace"])
    bare = cpu_of_program([sys.executable, "-c", "pass"])
    peer = cpu_of_program([genuine, "-c", "import mlflow"], 1) if genuine else None
    count, *heavy = _said(_MODULE_COUNT.format(heavy=_HEAVY))
    kept = _print("import headrace, CPU", seconds, _IMPORT_SECONDS, "s", peer)
    print(f"{'  of which the interpreter':34} {bare:8.3f} s    floor")
    kept &= _print("import headrace, modules", int(count), _MODULES, "")
    if heavy:
        print(f"import headrace brings {', '.join(heavy)}: {verdict(False)}")
    return kept and not heavy


def help_text(genuine: str | None) -> bool:
    """``headrace --help``."""
    seconds = cpu_of_program([sys.executable, "-m", "headrace", "--help"])
    peer = cpu_of_program([genuine, "-m", "mlflow", "--help"], 1) if genuine else None
    return _print("headrace --help, CPU", seconds, _HELP_SECONDS, "s", peer)


def set_up(_: str | None) -> bool:
    """Opening an SQLite file that is not there yet."""
    opening, whole = [], []
    for _turn in range(5):
        with tempfile.TemporaryDirectory() as folder:
            first, second = map(float, _said(_SET_UP, folder))
        opening.append(first)
        whole.append(second)
    kept = _print("set up a new SQLite file, CPU", statistics.median(opening), _SET_UP_SECONDS, "s")
    print(f"{'  with the import of the store':34} {statistics.median(whole):8.3f} s")
    return kept


def _idle(server: Server) -> tuple[float, float, float]:
    while True:  # until it has finished starting
        before = server.cpu()
        time.sleep(2)
        if server.cpu() - before < 0.02:
            break
    before, since = server.cpu(), time.monotonic()
    time.sleep(15)
    share = (server.cpu() - before) / (time.monotonic() - since)
    tree = server.tree()
    return len(tree), sum(process.memory_info().rss for process in tree) / 1e6, share


def idle(genuine: str | None) -> bool:
    """A server that nobody asks anything."""
    with Server("headrace", our_server()) as server:
        ready = server.ready_seconds
        processes, megabytes, share = _idle(server)
    peer: Sequence[float | None] = (None, None, None)
    if genuine:
        with Server("genuine", genuine_server(genuine)) as server:
            peer = _idle(server)
    print(f"{'server answers after, wall':34} {ready:8.3f} s")
    return all(
        [
            _print("idle server, processes", processes, _PROCESSES, "", peer[0]),
            _print("idle server, resident memory", megabytes, _MEGABYTES, "MB", peer[1]),
            _print("idle server, share of a core", share, _IDLE_SHARE, "", peer[2]),
        ]
    )


PARTS: dict[str, Callable[[str | None], bool]] = {
    "import": imports,
    "help": help_text,
    "set-up": set_up,
    "idle": idle,
}


def main() -> int:
    """Run the benchmark; 1 if a budget is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--only", choices=PARTS, help="run only this part")
    said = parser.parse_args()
    kept = [part(said.genuine) for name, part in PARTS.items() if said.only in (None, name)]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    raise SystemExit(main())
