"""CPU time per request for predictions: ours, beside genuine MLflow's, and beside what the model itself takes.

With several clients at once: what predicting their requests together saves.

python -m benchmarks.serving --genuine /path/to/python
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.measure import Request, Server, arguments, cpu_per_request, verdict

_COLUMNS = [f"feature {number}" for number in range(8)]
#: Case -> rows of one request, how many times less than genuine MLflow one may cost, and requests in a round.
_CASES = {"one row": (1, 2.5, 600, 200), "1,000 rows": (1000, 2.5, 100, 50)}
#: Clients at once -> how many times less a request may cost when those that wait are predicted together.
_CROWDS = {8: 2.0, 32: 3.0}


def _save_model(folder: Path) -> Any:
    import pandas
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import LinearRegression

    from headrace.flavors import sklearn
    from headrace.models.signature import infer_signature

    table, target = load_diabetes(return_X_y=True)
    frame = pandas.DataFrame(table[:, : len(_COLUMNS)], columns=_COLUMNS)
    model = LinearRegression().fit(frame, target)
    signature = infer_signature(frame, model.predict(frame))
    sklearn.save_model(model, str(folder), signature=signature, input_example=frame[:5])
    return model


def _body(rows: int) -> bytes:
    data = [[(row % 97 + column) / 10 + 0.1 for column in range(len(_COLUMNS))] for row in range(rows)]
    return msgspec.json.encode({"dataframe_split": {"columns": _COLUMNS, "data": data}})


def _floor(model: Any, rows: int) -> float:
    """Milliseconds of CPU that the model itself takes for a DataFrame that is there already."""
    import pandas

    said = msgspec.json.decode(_body(rows))["dataframe_split"]
    frame = pandas.DataFrame(said["data"], columns=said["columns"])
    repeats = 300
    model.predict(frame)
    before = time.process_time()
    for _ in range(repeats):
        model.predict(frame)
    return (time.process_time() - before) * 1000 / repeats


def _command(python: str, package: str, model: Path) -> list[str]:
    where = ["--model-uri", str(model), "--host", "127.0.0.1", "--port", "{port}"]
    return [python, "-m", package, "models", "serve", "--env-manager", "local", *where]


def _asking(body: bytes) -> Request:
    return lambda _: ("POST", "/invocations", body)


def compare(genuine: str | None, rounds: int) -> bool:
    """Print what every case costs; whether all budgets are kept."""
    kept = True
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headrace-bench-"))) / "model"
        model = _save_model(folder)
        servers = [stack.enter_context(Server("headrace", _command(sys.executable, "headrace", folder)))]
        if genuine:
            servers.append(stack.enter_context(Server("genuine", _command(genuine, "mlflow", folder))))
        print(f"CPU ms per request for predictions of a linear model, median of {rounds} interleaved rounds")
        print(f"{'':12} {'ours':>9} {'model':>9} {'genuine':>9} {'less':>7} {'budget':>7} {'without the model':>18}")
        for case, (rows, budget, ours, peer) in _CASES.items():
            asked = _asking(_body(rows))
            spent: dict[str, list[float]] = {server.name: [] for server in servers}
            for turn in range(-1, rounds):
                for server in servers if turn % 2 else reversed(servers):
                    count = peer if server.name == "genuine" else ours
                    each = cpu_per_request(server, asked, 0, count, 1)
                    if turn >= 0:
                        spent[server.name].append(each)
            cost = {name: statistics.median(costs) for name, costs in spent.items()}
            kept &= _report(case, budget, cost, _floor(model, rows))
        alone = [*_command(sys.executable, "headrace", folder), "--batch", "off"]
        return _crowds(servers[0], stack.enter_context(Server("alone", alone)), rounds) and kept


def _crowds(together: Server, alone: Server, rounds: int) -> bool:
    """Print what one row costs when many ask at once, predicted together and one by one."""
    kept, asked = True, _asking(_body(1))
    print(f"\n{'clients':12} {'together':>9} {'alone':>9} {'less':>7} {'budget':>7}")
    for clients, budget in _CROWDS.items():
        spent: dict[str, list[float]] = {"headrace": [], "alone": []}
        for turn in range(-1, rounds):
            for server in (together, alone) if turn % 2 else (alone, together):
                each = cpu_per_request(server, asked, 0, 1600, clients)
                if turn >= 0:
                    spent[server.name].append(each)
        ours, other = statistics.median(spent["headrace"]), statistics.median(spent["alone"])
        kept &= other / ours >= budget
        less = f"{other / ours:6.1f}x {budget:6.1f}x"
        print(f"{clients:<12} {ours:9.3f} {other:9.3f} {less} {verdict(other / ours >= budget)}")
    return kept


def _report(case: str, budget: float, cost: dict[str, float], floor: float) -> bool:
    ours, genuine = cost["headrace"], cost.get("genuine")
    line = f"{case:12} {ours:9.3f} {floor:9.3f}"
    if genuine is None:
        print(f"{line} {'-':>9} {'-':>7} {budget:6.1f}x {'-':>18}")
        return True
    kept = genuine / ours >= budget
    # What the model itself takes, both take; the rest is what a server may be measured by.
    rest = (genuine - floor) / max(ours - floor, 0.001)
    print(f"{line} {genuine:9.2f} {genuine / ours:6.1f}x {budget:6.1f}x {rest:17.1f}x {verdict(kept)}")
    return kept


def main() -> int:
    """Run the benchmark; 1 if a budget is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--rounds", type=int, default=3)
    said = parser.parse_args()
    return 0 if compare(said.genuine, said.rounds) else 1


if __name__ == "__main__":
    raise SystemExit(main())
