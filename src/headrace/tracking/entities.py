"""The records by their public names; ``headrace.entities`` and ``mlflow.entities`` are this module."""

from __future__ import annotations

from enum import StrEnum
from typing import get_args

from headrace.base.errors import BadRequest
from headrace.schema import types
from headrace.schema.artifacts import FileInfo
from headrace.schema.datasets import Dataset, DatasetInput, InputTag, RunInputs
from headrace.schema.datasets import ModelInput as LoggedModelInput
from headrace.schema.experiments import Experiment, ExperimentTag
from headrace.schema.logged_models import LoggedModel, LoggedModelParameter, LoggedModelTag
from headrace.schema.registry import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelAlias,
    RegisteredModelTag,
)
from headrace.schema.runs import Metric, Param, Run, RunData, RunInfo, RunOutputs, RunTag
from headrace.schema.runs import ModelOutput as LoggedModelOutput

__all__ = [
    "Dataset",
    "DatasetInput",
    "Experiment",
    "ExperimentTag",
    "FileInfo",
    "InputTag",
    "LifecycleStage",
    "LoggedModel",
    "LoggedModelInput",
    "LoggedModelOutput",
    "LoggedModelParameter",
    "LoggedModelStatus",
    "LoggedModelTag",
    "Metric",
    "ModelVersion",
    "ModelVersionStatus",
    "ModelVersionTag",
    "Param",
    "RegisteredModel",
    "RegisteredModelAlias",
    "RegisteredModelTag",
    "Run",
    "RunData",
    "RunInfo",
    "RunInputs",
    "RunOutputs",
    "RunStatus",
    "RunTag",
    "SourceType",
    "ViewType",
    "view_type_word",
]


class ViewType:
    """Whether the active, the deleted, or all things are looked at."""

    ACTIVE_ONLY, DELETED_ONLY, ALL = 1, 2, 3
    _WORDS = {1: "active_only", 2: "deleted_only", 3: "all"}

    @classmethod
    def from_string(cls, view_str: str) -> int:
        """The number of ``active_only``, ``deleted_only`` or ``all``."""
        for number, word in cls._WORDS.items():
            if word == view_str:
                return number
        raise BadRequest(f"{view_str!r} is not a view type; say one of {sorted(cls._WORDS.values())}")

    @classmethod
    def to_string(cls, view_type: int) -> str:
        """The word for a view type's number."""
        if view_type not in cls._WORDS:
            raise BadRequest(f"{view_type!r} is not a view type; say one of {sorted(cls._WORDS)}")
        return cls._WORDS[view_type]


def view_type_word(view_type: int | str) -> types.ViewType:
    """A view type as the protocol spells it, from its number or its word."""
    word = view_type if isinstance(view_type, str) else ViewType.to_string(view_type)
    for known in get_args(types.ViewType):
        if known == word.upper():
            return known  # type: ignore[no-any-return]
    raise BadRequest(f"{view_type!r} is not a view type; say ACTIVE_ONLY, DELETED_ONLY or ALL")


class RunStatus:
    """How a run stands, as numbers and as words."""

    RUNNING, SCHEDULED, FINISHED, FAILED, KILLED = 1, 2, 3, 4, 5
    _WORDS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}

    @classmethod
    def from_string(cls, status_str: str) -> int:
        """The number of a status."""
        for number, word in cls._WORDS.items():
            if word == status_str:
                return number
        raise BadRequest(f"{status_str!r} is not the status of a run; say one of {list(cls._WORDS.values())}")

    @classmethod
    def to_string(cls, status: int) -> str:
        """The word for a status."""
        if status not in cls._WORDS:
            raise BadRequest(f"{status!r} is not the status of a run; say one of {list(cls._WORDS)}")
        return cls._WORDS[status]

    @classmethod
    def is_terminated(cls, status: int) -> bool:
        """Whether a run of this status is over."""
        return status in (cls.FINISHED, cls.FAILED, cls.KILLED)

    @classmethod
    def all_status(cls) -> list[int]:
        """Every status."""
        return list(cls._WORDS)


class LifecycleStage:
    """Whether a thing is there or marked deleted."""

    ACTIVE, DELETED = "active", "deleted"

    @classmethod
    def is_valid(cls, stage: str) -> bool:
        """Whether ``stage`` is one of the two."""
        return stage in (cls.ACTIVE, cls.DELETED)


class LoggedModelStatus(StrEnum):
    """How a logged model stands."""

    UNSPECIFIED, PENDING, READY, FAILED = "UNSPECIFIED", "PENDING", "READY", "FAILED"


class ModelVersionStatus(StrEnum):
    """Whether a version of a registered model can be used."""

    PENDING_REGISTRATION, FAILED_REGISTRATION, READY = "PENDING_REGISTRATION", "FAILED_REGISTRATION", "READY"


class SourceType:
    """What kind of program made a run."""

    NOTEBOOK, JOB, PROJECT, LOCAL, UNKNOWN = 1, 2, 3, 4, 5
    _WORDS = {1: "NOTEBOOK", 2: "JOB", 3: "PROJECT", 4: "LOCAL", 5: "UNKNOWN"}

    @classmethod
    def to_string(cls, status: int) -> str:
        """The word for a kind of source."""
        return cls._WORDS[status]

    @classmethod
    def from_string(cls, status_str: str) -> int:
        """The number of a kind of source."""
        return next(number for number, word in cls._WORDS.items() if word == status_str)
