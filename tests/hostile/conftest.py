"""A real server with a run in it, and the judge of every hostile row."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import home, raw, running
from tests.server.raw import Raw, Reply

__all__ = ["home", "raw", "running"]

API = "/api/2.0/mlflow"
PROXIED = "/api/2.0/mlflow-artifacts/artifacts"
#: What only a leak could bring into an answer.
LEAKS = re.compile(rb"root:x:0|Traceback|File \"|CANARY|SELECT .* FROM|INSERT INTO|sqlite3|\.py\b")


@dataclass(frozen=True)
class Target:
    """What hostile rows aim at."""

    raw: Raw
    home: Path
    experiment_id: str
    run_id: str
    model_id: str

    @property
    def root(self) -> str:
        """The key of the run's artifact root."""
        return f"{self.experiment_id}/{self.run_id}/artifacts"

    def post(self, path: str, body: Any) -> Reply:
        """Make a call."""
        return self.raw.ask("POST", f"{API}/{path}", body)

    def inventory(self) -> dict[str, int]:
        """Every file below the home of the server but its database and log, and its size."""
        return {
            str(path): path.stat().st_size
            for path in self.home.rglob("*")
            if path.is_file() and not path.is_symlink() and "headrace.db" not in path.name and path.name != "log"
        }


@pytest.fixture(scope="module")
def target(raw: Raw, home: Path) -> Target:
    """An experiment with a run, a logged model, an artifact, and a canary beside the artifact root."""
    (home / "canary.txt").write_text("CANARY")
    experiment = raw.ask("POST", f"{API}/experiments/create", {"name": "hostile"}).json()["experiment_id"]
    run = raw.ask("POST", f"{API}/runs/create", {"experiment_id": experiment}).json()["run"]["info"]["run_id"]
    model = raw.ask("POST", f"{API}/logged-models", {"experiment_id": experiment, "name": "m"}).json()["model"]
    made = Target(raw, home, experiment, run, model["info"]["model_id"])
    assert raw.ask("PUT", f"{PROXIED}/{made.root}/ok.txt", b"fine", kind="text/plain").status == 200
    return made


@pytest.fixture
def refused(target: Target) -> Callable[..., None]:
    """Judges that an answer is a refusal in good form, and that nothing was changed or given away."""
    before = target.inventory()

    def judge(reply: Reply, *statuses: int) -> None:
        assert reply.status in (statuses or (400,)), (reply.status, reply.body[:300])
        said = reply.json()
        assert said["error_code"]
        assert said["message"]
        assert not LEAKS.search(reply.body), reply.body[:300]
        assert str(target.home).encode() not in reply.body
        assert target.inventory() == before

    return judge
