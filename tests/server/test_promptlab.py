"""What pages ask beside the tracking calls: prompts that were tried out, datasets, and nothing of their users."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.server.raw import Raw

AJAX = "/ajax-api/2.0/mlflow"
TRIED: dict[str, Any] = {
    "experiment_id": "0",
    "run_name": "tried",
    "prompt_template": "Say {{ thing }}",
    "prompt_parameters": [{"key": "thing", "value": "hi"}],
    "model_route": "endpoint",
    "model_parameters": [{"key": "temperature", "value": 0.5}, {"key": "tokens", "value": 7}],
    "model_input": "Say hi",
    "model_output": "hello",
    "model_output_parameters": [{"key": "latency", "value": 5}],
    "mlflow_version": "3.17.2",
    "tags": [{"key": "team", "value": "red"}],
    "user_id": "ada",
    "start_time": 5,
}


def test_a_prompt_that_was_tried_out_is_a_finished_run(raw: Raw) -> None:
    run = raw.ask("POST", f"{AJAX}/runs/create-promptlab-run", TRIED).json()["run"]
    info = run["info"]
    assert (info["run_name"], info["user_id"], info["status"], info["start_time"]) == ("tried", "ada", "FINISHED", 5)
    params = {each["key"]: each["value"] for each in run["data"]["params"]}
    assert params == {
        "temperature": "0.5",
        "tokens": "7",
        "model_route": "endpoint",
        "prompt_template": "Say {{ thing }}",
    }
    tags = {each["key"]: each["value"] for each in run["data"]["tags"]}
    assert (tags["team"], tags["mlflow.runSourceType"]) == ("red", "PROMPT_ENGINEERING")
    (table,) = json.loads(tags["mlflow.loggedArtifacts"])
    said = raw.ask("GET", f"/get-artifact?run_id={info['run_id']}&path={table['path']}").json()
    assert said == {"columns": ["thing", "prompt", "output", "latency"], "data": [["hi", "Say hi", "hello", "5"]]}


@pytest.mark.parametrize(
    "change",
    [
        *({"experiment_id": None}, {"prompt_template": ""}, {"prompt_parameters": []}, {"prompt_parameters": "x"}),
        *({"model_input": 5}, {"mlflow_version": None}, {"model_parameters": [{"key": "../up", "value": "1"}]}),
    ],
    ids=str,
)
def test_a_prompt_without_its_parts_is_refused(raw: Raw, change: dict[str, Any]) -> None:
    before = _count(raw)
    said = raw.ask("POST", f"{AJAX}/runs/create-promptlab-run", {**TRIED, **change})
    assert (said.status, said.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert _count(raw) == before


def _count(raw: Raw) -> int:
    return len(raw.ask("POST", f"{AJAX}/runs/search", {"experiment_ids": ["0"]}).json().get("runs", []))


def test_nothing_is_told_of_users(raw: Raw) -> None:
    telemetry = "/ajax-api/3.0/mlflow/ui-telemetry"
    assert raw.ask("GET", telemetry).json()["disable_ui_telemetry"] is True
    assert raw.ask("POST", telemetry, {"records": [{"event_name": "x"}]}).json() == {"status": "disabled"}


@pytest.mark.parametrize(
    "path",
    [f"{AJAX}/experiments/search-datasets", "/api/2.0/mlflow/experiments/search-datasets"]
    + [f"/{root}/2.0mlflow/experiments/search-datasets" for root in ("api", "ajax-api")],
)
def test_datasets_of_an_experiment_are_told_at_each_of_their_paths(raw: Raw, path: str) -> None:
    run_id = raw.ask("POST", f"{AJAX}/runs/create", {"experiment_id": "0"}).json()["run"]["info"]["run_id"]
    used = {"dataset": {"name": "iris", "digest": "d1", "source_type": "local", "source": "{}"}}
    raw.ask("POST", f"{AJAX}/runs/log-inputs", {"run_id": run_id, "datasets": [used]})
    told = raw.ask("POST", path, {"experiment_ids": ["0"]}).json()
    assert told == {"dataset_summaries": [{"experiment_id": "0", "name": "iris", "digest": "d1"}]}
