"""One row for a linear model, for 1, 8 and 32 clients: ours beside LitServe and BentoML.

Both peers get the rows as an array, and a model that was fitted to one; ours reads its columns by name and checks them.

python -m benchmarks.serving_peers --litserve /path/to/python --bentoml /path/to/python
"""

from __future__ import annotations

import os
import pickle
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.measure import Server, arguments, cpu_per_request, verdict
from benchmarks.serving import asking, body_of, command, save_linear

_CLIENTS = (1, 8, 32)
_PEERS = Path(__file__).with_name("peers")
#: Requests in a round: ours, and a peer's.
_OURS, _PEER = 640, 320


def _pickle(model: object, file: Path) -> None:
    """Keep the model as if it had been fitted to an array."""
    del model.__dict__["feature_names_in_"]
    file.write_bytes(pickle.dumps(model))


def compare(litserve: str | None, bentoml: str | None, rounds: int) -> bool:
    """Print what each server spends and how long it takes; whether ours is ahead everywhere."""
    kept, body = True, body_of(1)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headrace-bench-")))
        _pickle(save_linear(folder / "linear"), folder / "model.pkl")
        os.environ.update(MODEL=str(folder / "model.pkl"), BENTOML_DO_NOT_TRACK="True")
        servers = [stack.enter_context(Server("headrace", command(sys.executable, "headrace", folder / "linear")))]
        if litserve:
            words = [litserve, str(_PEERS / "litserve_app.py"), str(folder / "model.pkl"), "{port}"]
            servers.append(stack.enter_context(Server("LitServe", words)))
        if bentoml:
            words = [bentoml, "-m", "bentoml", "serve", "bentoml_app:Linear", "--working-dir", str(_PEERS)]
            words += ["--host", "127.0.0.1", "--port", "{port}", "--api-workers", "1"]
            servers.append(stack.enter_context(Server("BentoML", words, health="/readyz")))
        print(f"one row for a linear model, median of {rounds} interleaved rounds: CPU ms and wall ms per request")
        print(f"{'clients':8}" + "".join(f"{server.name:>22}" for server in servers))
        for clients in _CLIENTS:
            spent: dict[str, list[tuple[float, float]]] = {server.name: [] for server in servers}
            for turn in range(-1, rounds):
                for server in servers if turn % 2 else reversed(servers):
                    count, begun = _OURS if server is servers[0] else _PEER, time.monotonic()
                    each = cpu_per_request(server, asking(body), 0, count, clients)
                    if turn >= 0:
                        spent[server.name].append((each, (time.monotonic() - begun) * 1000 / count))
            cost = [
                tuple(statistics.median(figures) for figures in zip(*costs, strict=True)) for costs in spent.values()
            ]
            ahead = all(ours < theirs for other in cost[1:] for ours, theirs in zip(cost[0], other, strict=True))
            kept &= ahead
            print(f"{clients:<8}" + "".join(f"{cpu:12.3f} {wall:9.3f}" for cpu, wall in cost) + f"  {verdict(ahead)}")
    return kept


def main() -> int:
    """Run the benchmark; 1 if a peer is ahead."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--litserve", metavar="PYTHON", help="the Python of an environment with litserve")
    parser.add_argument("--bentoml", metavar="PYTHON", help="the Python of an environment with bentoml")
    parser.add_argument("--rounds", type=int, default=3)
    said = parser.parse_args()
    return 0 if compare(said.litserve, said.bentoml, said.rounds) else 1


if __name__ == "__main__":
    raise SystemExit(main())
