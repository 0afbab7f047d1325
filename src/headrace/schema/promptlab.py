"""Runs that a page makes by trying out a prompt."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from headrace.schema.call import Call, Edit, Record, call
from headrace.schema.runs import RunFound, RunTag
from headrace.schema.types import ExperimentId, Key, Millis, Name, ParamValue

_Text = Annotated[str, Meta(min_length=1, max_length=1_000_000)]


class PromptlabParameter(Record, frozen=True, kw_only=True):
    """One key and its value, which may be a number."""

    key: Key
    value: ParamValue | int | float = ""


_Parameters = Annotated[list[PromptlabParameter], Meta(max_length=100)]


@call("POST", "runs/create-promptlab-run", needs=Edit.experiment("experiment_id"), writes=True)
class CreatePromptlabRun(Call[RunFound], frozen=True, kw_only=True):
    """Keep a prompt that was tried out, and what a model said to it, as a run that is finished."""

    experiment_id: ExperimentId
    prompt_template: _Text
    prompt_parameters: Annotated[list[PromptlabParameter], Meta(min_length=1, max_length=100)]
    model_route: Annotated[str, Meta(min_length=1, max_length=500)]
    model_input: _Text
    mlflow_version: Annotated[str, Meta(min_length=1, max_length=100)]
    run_name: Name | None = None
    tags: Annotated[list[RunTag], Meta(max_length=100)] = []
    model_parameters: _Parameters = []
    model_output: Annotated[str, Meta(max_length=1_000_000)] = ""
    model_output_parameters: _Parameters = []
    user_id: Name = "unknown"
    start_time: Millis | None = None
