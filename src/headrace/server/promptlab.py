"""Runs that a page makes by trying out a prompt: their params, and what was said as a table beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from headrace.base.clock import now_ms
from headrace.schema.promptlab import CreatePromptlabRun, PromptlabParameter
from headrace.schema.runs import CreateRun, GetRun, LogBatch, Param, RunFound, RunTag, UpdateRun
from headrace.server.places import Places
from headrace.stores.port import Store

#: The file that holds what was said, and the tags that lead pages to it.
_TABLE = "eval_results_table.json"
_TAGS = (
    RunTag("mlflow.loggedArtifacts", json.dumps([{"path": _TABLE, "type": "table"}])),
    RunTag("mlflow.runSourceType", "PROMPT_ENGINEERING"),
)


def create(store: Store, places: Places, call: CreatePromptlabRun) -> RunFound:
    """Make the run, log to it, and end it."""
    opened = CreateRun(
        experiment_id=call.experiment_id,
        user_id=call.user_id,
        run_name=call.run_name,
        start_time=call.start_time,
        tags=call.tags,
    )
    run_id = store.send(opened).run.info.run_id
    params = {each.key: str(each.value) for each in call.model_parameters}
    params |= {"model_route": call.model_route, "prompt_template": call.prompt_template}
    store.send(LogBatch(run_id=run_id, params=[Param(*pair) for pair in params.items()], tags=list(_TAGS)))
    _, place = places.of_run(run_id)
    place.store.write(place.key(_TABLE), [_table(call).encode()])
    store.send(UpdateRun(run_id=run_id, status="FINISHED", end_time=now_ms()))
    return store.send(GetRun(run_id=run_id))


def _table(call: CreatePromptlabRun) -> str:
    """One row: the parameters of the prompt, the prompt, what the model said, and what was measured of that."""
    row = [*_cells(call.prompt_parameters), ("prompt", call.model_input), ("output", call.model_output)]
    row += _cells(call.model_output_parameters)
    return json.dumps({"columns": [name for name, _ in row], "data": [[value for _, value in row]]})


def _cells(parameters: Iterable[PromptlabParameter]) -> list[tuple[str, str]]:
    return [(each.key, str(each.value)) for each in parameters]
