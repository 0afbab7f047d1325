"""CPU time per request for predictions: ours, beside genuine MLflow's, and beside what the model itself takes.

With several clients at once: what predicting their requests together saves. And what a server spends until it answers.

python -m benchmarks.serving --genuine /path/to/python
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from headrace.pyfunc import PythonModel

from benchmarks.measure import Request, Server, arguments, cpu_per_request, verdict

COLUMNS = [f"feature {number}" for number in range(8)]
#: Clients at once -> how many times less a request may cost when those that wait are predicted together.
_CROWDS = {8: 2.0, 32: 3.0}
#: Seconds of CPU from the start of a server until it answers, of a model that imports nothing to speak of.
_READY_SECONDS = 0.5


class _Case(NamedTuple):
    """Rows of one request to a model, what one may cost, and requests in a round: ours and the peer's."""

    model: str
    rows: int
    less: float
    milliseconds: float
    ours: int
    peer: int


_CASES = {
    "one row": _Case("linear", 1, 7.0, 0.9, 600, 200),
    "1,000 rows": _Case("linear", 1000, 4.0, 2.5, 100, 50),
    "trivial": _Case("trivial", 1, 15.0, 0.35, 600, 200),
}


class Trivial(PythonModel):
    """A function that does nothing."""

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """The first column."""
        return model_input[COLUMNS[0]]


def save_linear(folder: Path) -> Any:
    """Fit and save a linear model of eight columns."""
    from sklearn.linear_model import LinearRegression

    return _save(LinearRegression(), folder)


def _save(model: Any, folder: Path, **options: Any) -> Any:
    import pandas
    from sklearn.datasets import load_diabetes

    from headrace.flavors import sklearn
    from headrace.models.signature import infer_signature

    table, target = load_diabetes(return_X_y=True)
    frame = pandas.DataFrame(table[:, : len(COLUMNS)], columns=COLUMNS)
    model.fit(frame, target)
    signature = infer_signature(frame, model.predict(frame))
    sklearn.save_model(model, str(folder), signature=signature, input_example=frame[:5], **options)
    return model


def _save_trivial(folder: Path) -> None:
    import cloudpickle

    from headrace.flavors import pyfunc

    # The server's interpreter has no such module: the class travels with the model.
    cloudpickle.register_pickle_by_value(sys.modules[Trivial.__module__])
    pyfunc.save_model(path=str(folder), python_model=Trivial(), pip_requirements=["cloudpickle", "pandas"])


def body_of(rows: int) -> bytes:
    """A request for predictions of so many rows."""
    data = [[(row % 97 + column) / 10 + 0.1 for column in range(len(COLUMNS))] for row in range(rows)]
    return msgspec.json.encode({"dataframe_split": {"columns": COLUMNS, "data": data}})


def _floor(model: Any, rows: int) -> float:
    """Milliseconds of CPU that the model itself takes for a DataFrame that is there already."""
    import pandas

    said = msgspec.json.decode(body_of(rows))["dataframe_split"]
    frame = pandas.DataFrame(said["data"], columns=said["columns"])
    repeats = 300
    model.predict(frame)
    before = time.process_time()
    for _ in range(repeats):
        model.predict(frame)
    return (time.process_time() - before) * 1000 / repeats


def command(python: str, package: str, model: Path) -> list[str]:
    """What serves a model."""
    where = ["--model-uri", str(model), "--host", "127.0.0.1", "--port", "{port}"]
    return [python, "-m", package, "models", "serve", "--env-manager", "local", *where]


def asking(body: bytes) -> Request:
    """A request for predictions."""
    return lambda _: ("POST", "/invocations", body)


def compare(genuine: str | None, rounds: int) -> bool:
    """Print what every case costs; whether all budgets are kept."""
    kept, ready = True, dict[str, float]()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headrace-bench-")))
        model = save_linear(folder / "linear")
        _save_trivial(folder / "trivial")
        print(f"CPU ms per request for predictions of a linear model, median of {rounds} interleaved rounds")
        print(f"{'':12} {'ours':>9} {'budget':>7} {'model':>9} {'genuine':>9} {'less':>7} {'budget':>7}")
        for name in ("linear", "trivial"):
            with ExitStack() as served:
                servers = [served.enter_context(Server("headrace", command(sys.executable, "headrace", folder / name)))]
                ready[name] = servers[0].cpu()
                if genuine:
                    servers.append(served.enter_context(Server("genuine", command(genuine, "mlflow", folder / name))))
                for title, case in _CASES.items():
                    if case.model == name:
                        cost = _measure(servers, case, rounds)
                        kept &= _report(title, case, cost, _floor(model, case.rows) if name == "linear" else 0.0)
        fast = ready["trivial"] <= _READY_SECONDS
        print(f"\nready after {ready['trivial']:.2f} s of CPU, budget {_READY_SECONDS} s {verdict(fast)}", end="")
        print(f"; with the imports of scikit-learn and skops {ready['linear']:.2f} s")
        kept &= fast
        return _crowds(folder / "forest", rounds) and kept


def _measure(servers: list[Server], case: _Case, rounds: int) -> dict[str, float]:
    asked = asking(body_of(case.rows))
    spent: dict[str, list[float]] = {server.name: [] for server in servers}
    for turn in range(-1, rounds):
        for server in servers if turn % 2 else reversed(servers):
            count = case.peer if server.name == "genuine" else case.ours
            each = cpu_per_request(server, asked, 0, count, 1)
            if turn >= 0:
                spent[server.name].append(each)
    return {name: statistics.median(costs) for name, costs in spent.items()}


def _report(title: str, case: _Case, cost: dict[str, float], floor: float) -> bool:
    ours, genuine = cost["headrace"], cost.get("genuine")
    kept = ours <= case.milliseconds and (genuine is None or genuine / ours >= case.less)
    line = f"{title:12} {ours:9.3f} {case.milliseconds:7.2f} {floor:9.3f}"
    peer = f"{'-':>9} {'-':>7}" if genuine is None else f"{genuine:9.2f} {genuine / ours:6.1f}x"
    print(f"{line} {peer} {case.less:6.1f}x {verdict(kept)}")
    return kept


def _crowds(folder: Path, rounds: int) -> bool:
    """Print what one row costs a forest when many ask at once, predicted together and one by one."""
    from sklearn.ensemble import RandomForestRegressor

    _save(RandomForestRegressor(20, max_depth=5, random_state=0), folder, serialization_format="cloudpickle")
    words = command(sys.executable, "headrace", folder)
    kept, asked = True, asking(body_of(1))
    with Server("together", words) as together, Server("alone", [*words, "--batch", "off"]) as alone:
        print(f"\n{'clients':12} {'together':>9} {'alone':>9} {'less':>7} {'budget':>7}")
        for clients, budget in _CROWDS.items():
            spent: dict[str, list[float]] = {"together": [], "alone": []}
            for turn in range(-1, rounds):
                for server in (together, alone) if turn % 2 else (alone, together):
                    each = cpu_per_request(server, asked, 0, 480, clients)
                    if turn >= 0:
                        spent[server.name].append(each)
            ours, other = statistics.median(spent["together"]), statistics.median(spent["alone"])
            kept &= other / ours >= budget
            less = f"{other / ours:6.1f}x {budget:6.1f}x"
            print(f"{clients:<12} {ours:9.3f} {other:9.3f} {less} {verdict(other / ours >= budget)}")
    return kept


def main() -> int:
    """Run the benchmark; 1 if a budget is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--rounds", type=int, default=3)
    said = parser.parse_args()
    return 0 if compare(said.genuine, said.rounds) else 1


if __name__ == "__main__":
    raise SystemExit(main())
