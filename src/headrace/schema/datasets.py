"""Datasets and models that a run read."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from headrace.schema.call import Call, Edit, Empty, Record, call
from headrace.schema.making import Made, pairs
from headrace.schema.types import ModelId, RunId

#: Bytes of a request that carries datasets, whose schemas and profiles are long.
_INPUTS_BYTES = 32 << 20


class InputTag(Record, frozen=True, kw_only=False):
    """One key and its value on a dataset as one run used it."""

    key: Annotated[str, Meta(min_length=1, max_length=255)]
    value: Annotated[str, Meta(max_length=500)] = ""


class Dataset(Record, frozen=True, kw_only=False):
    """A table or tensor by name and digest, and where it came from."""

    name: Annotated[str, Meta(min_length=1, max_length=500)]
    digest: Annotated[str, Meta(min_length=1, max_length=36)]
    source_type: Annotated[str, Meta(min_length=1, max_length=36)]
    source: Annotated[str, Meta(max_length=65_535)]
    schema: Annotated[str, Meta(max_length=1_048_575)] | None = None
    profile: Annotated[str, Meta(max_length=16_777_215)] | None = None


class DatasetInput(Record, frozen=True, kw_only=True, metaclass=Made):
    """A dataset that a run read, and how."""

    dataset: Dataset
    tags: Annotated[list[InputTag], Meta(max_length=1000)] = []

    @classmethod
    def _made(cls, dataset: Dataset, tags: list[InputTag] | dict[str, str] | None = None) -> DatasetInput:
        return cls(dataset=dataset, tags=pairs(InputTag, tags))


class ModelInput(Record, frozen=True, kw_only=False):
    """A logged model that a run read."""

    model_id: ModelId


class RunInputs(Record, frozen=True, kw_only=True, metaclass=Made):
    """What a run read."""

    dataset_inputs: list[DatasetInput] = []
    model_inputs: list[ModelInput] = field(default_factory=list)

    @classmethod
    def _made(cls, dataset_inputs: list[DatasetInput], model_inputs: list[ModelInput] | None = None) -> RunInputs:
        return cls(dataset_inputs=list(dataset_inputs or ()), model_inputs=list(model_inputs or ()))


@call("POST", "runs/log-inputs", needs=Edit.run("run_id"), writes=True, limit=_INPUTS_BYTES)
class LogInputs(Call[Empty], frozen=True, kw_only=True):
    """Note which datasets and models a run read."""

    run_id: RunId
    datasets: Annotated[list[DatasetInput], Meta(max_length=1000)] = []
    models: Annotated[list[ModelInput], Meta(max_length=1000)] = []
