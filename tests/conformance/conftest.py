"""A genuine MLflow server beside one of ours, and a journey through each pair of client and server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conformance import calls, dataset_calls, filter_calls, more_calls, page_calls, registry_calls, webhook_calls
from tests.conformance.replay import Answer, replay
from tests.databases import free_port
from tests.processes import serving

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "PYTHONWARNINGS": "ignore",
}

#: Both servers may point webhooks at this machine, and the genuine one is to learn of new ones at once.
WEBHOOKS = {
    "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https",
    "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
    "MLFLOW_WEBHOOK_CACHE_TTL": "0",
}

STEPS = [
    *calls.EXPERIMENTS,
    *calls.RUNS,
    *more_calls.SEARCHES,
    *more_calls.MODELS,
    *registry_calls.MORE_REGISTRY,
    *more_calls.REGISTRY,
    *more_calls.TRANSFERS,
    *more_calls.BROKEN,
    *dataset_calls.DATASETS,
    *page_calls.PAGES,
    *filter_calls.FILTERS,
    *webhook_calls.WEBHOOKS,
]
#: What the genuine server and ours said, by the steps' names.
Answers = tuple[dict[str, Answer], dict[str, Answer]]


class Pair(NamedTuple):
    """The addresses of the two servers."""

    genuine: str
    ours: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these are slow: they start a pair of servers, and import genuine MLflow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def genuine_python() -> str:
    """The Python in which genuine MLflow is installed."""
    said = os.environ.get("HEADRACE_GENUINE_PYTHON") or str(Path(__file__).parents[2] / ".venv-genuine/bin/python")
    if not Path(said).exists():
        pytest.fail(f"These tests compare with genuine MLflow, and {said} is not there: run `make genuine` first.")
    return said


@pytest.fixture(scope="session")
def servers(genuine_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both servers, each with an empty SQLite database and artifacts of its own."""
    urls = Pair(f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}")
    home = {name: tmp_path_factory.mktemp(name) for name in Pair._fields}
    headrace = str(Path(sys.executable).with_name("headrace"))
    genuine = serving(
        [genuine_python, "-m", "mlflow", "server", "--workers", "1", *_options(urls.genuine, home["genuine"])],
        urls.genuine,
        home["genuine"] / "log",
        env={**QUIET, **WEBHOOKS},
    )
    command = [headrace, "server", *_options(urls.ours, home["ours"])]
    ours = serving(command, urls.ours, home["ours"] / "log", env=WEBHOOKS)
    with genuine, ours:
        yield urls


@pytest.fixture(scope="session")
def answers(servers: Pair) -> Answers:
    """What the two servers say to every step of the table, while they are still empty."""
    return replay(servers.genuine, STEPS), replay(servers.ours, STEPS)


@pytest.fixture(scope="session")
def facts(
    servers: Pair, answers: Answers, genuine_python: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], dict[str, Any]]:
    """What the journey found, by client and server."""
    found = {}
    for client, python, module in (("genuine", genuine_python, "mlflow"), ("ours", sys.executable, "headrace")):
        folder = tmp_path_factory.mktemp(f"{client}-client")
        done = subprocess.run(
            [python, str(Path(__file__).with_name("journey.py")), module, str(folder), *servers],
            env={**os.environ, **QUIET},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"the {client} client did not finish its journey:\n{done.stderr[-6000:]}"
        for number, server in enumerate(Pair._fields):
            found[client, server] = json.loads((folder / f"{number}.json").read_text())
    return found


def _options(url: str, home: Path) -> list[str]:
    store = f"sqlite:///{home / 'store.db'}"
    port = url.rpartition(":")[2]
    return ["--backend-store-uri", store, "--artifacts-destination", str(home / "artifacts"), "--port", port]
