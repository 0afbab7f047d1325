"""CPU time per request to an agent, and per part of a streamed answer: ours, beside genuine MLflow's agent server.

python -m benchmarks.streaming --genuine /path/to/python
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import msgspec

from benchmarks.measure import Client, Server, arguments, verdict

#: Parts of a streamed answer, requests in a round, and rounds.
_PARTS, _REQUESTS, _ROUNDS = 1000, 50, 5
#: How many times less a part, and a whole answer, may cost.
_LESS_PART, _LESS_WHOLE = 2.0, 3.0
_SCRIPT = """
import mlflow
from mlflow.types.responses import ResponsesAgentResponse, ResponsesAgentStreamEvent

class Agent(mlflow.pyfunc.ResponsesAgent):
    def predict(self, request):
        return ResponsesAgentResponse(output=[self.create_text_output_item("word", "1")])

    def predict_stream(self, request):
        for _ in range(int(request.input[-1].content)):
            yield ResponsesAgentStreamEvent(**self.create_text_delta("word", "1"))

mlflow.models.set_model(Agent())
"""


def _asked(parts: int, stream: bool) -> bytes:
    return msgspec.json.encode({"input": [{"role": "user", "content": str(parts)}], "stream": stream})


def _cpu(server: Server, body: bytes, count: int, what: bytes, times: int) -> float:
    """Seconds of CPU for each of ``count`` answers, in which ``what`` stands so many times."""
    with Client(server.port) as client:
        before = server.cpu()
        for _ in range(count):
            status, said = client.ask("POST", "/invocations", body)
            assert (status, said.count(what)) == (200, times), said[-500:]
        return (server.cpu() - before) / count


def _costs(server: Server) -> tuple[float, float]:
    """Milliseconds of a whole answer, and microseconds of a part."""
    whole = _cpu(server, _asked(0, False), _REQUESTS * 4, b"word", 1) * 1e3
    parts = _cpu(server, _asked(_PARTS, True), _REQUESTS // 10, b"output_text.delta", _PARTS)
    return whole, parts / _PARTS * 1e6


def main() -> int:
    """Measure, say it, and return how many budgets are not kept."""
    options = arguments(__doc__ or "").parse_args()
    with tempfile.TemporaryDirectory() as folder:
        script, model = Path(folder) / "agent.py", Path(folder) / "model"
        script.write_text(_SCRIPT)
        import headrace.pyfunc

        headrace.pyfunc.save_model(str(model), python_model=str(script), pip_requirements=[])
        serve = [sys.executable, "-m", "headrace", "models", "serve", "-m", str(model), "-p", "{port}"]
        peer = [options.genuine, str(Path(__file__).parent / "peers" / "agent_server.py"), "{port}"]
        with Server("headrace", [*serve, "--env-manager", "local"]) as ours, Server("genuine", peer) as theirs:
            rounds = [(_costs(ours), _costs(theirs)) for _ in range(_ROUNDS)]
    failed = 0
    for at, (what, unit, less) in enumerate((("whole answer", "ms", _LESS_WHOLE), ("part", "µs", _LESS_PART))):
        here, there = (statistics.median(each[side][at] for each in rounds) for side in (0, 1))
        kept = there / here >= less
        told = f"{here:8.3f} {unit}, {there:8.3f} in genuine MLflow, {there / here:.1f}x less"
        print(f"{what:14}{told}, budget {less:g}x {verdict(kept)}")
        failed += not kept
    return failed


if __name__ == "__main__":
    sys.exit(main())
