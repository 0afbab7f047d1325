"""Words and numbers of the protocol: how things stand, what is looked at, where a run came from."""

from __future__ import annotations

from typing import ClassVar, get_args

from headrace.base.errors import BadRequest
from headrace.schema import types


class Numbered:
    """A set of words that have numbers."""

    WORDS: ClassVar[tuple[str, ...]]
    WHAT: ClassVar[str]

    @classmethod
    def _word(cls, number: int) -> str:
        if number not in range(1, len(cls.WORDS) + 1):
            raise BadRequest(f"{number!r} is not {cls.WHAT}; say one of {list(range(1, len(cls.WORDS) + 1))}")
        return cls.WORDS[number - 1]

    @classmethod
    def _number(cls, word: str) -> int:
        if word not in cls.WORDS:
            raise BadRequest(f"{word!r} is not {cls.WHAT}; say one of {', '.join(cls.WORDS)}")
        return cls.WORDS.index(word) + 1


class ViewType(Numbered):
    """Whether the active, the deleted, or all things are looked at."""

    ACTIVE_ONLY, DELETED_ONLY, ALL = 1, 2, 3
    WORDS, WHAT = ("active_only", "deleted_only", "all"), "a view type"

    @classmethod
    def from_string(cls, view_str: str) -> int:
        """The number of ``active_only``, ``deleted_only`` or ``all``."""
        return cls._number(view_str)

    @classmethod
    def to_string(cls, view_type: int) -> str:
        """The word for a view type's number."""
        return cls._word(view_type)


def view_type_word(view_type: int | str) -> types.ViewType:
    """A view type as the protocol spells it, from its number or its word."""
    word = view_type if isinstance(view_type, str) else ViewType.to_string(view_type)
    for known in get_args(types.ViewType):
        if known == word.upper():
            return known  # type: ignore[no-any-return]
    raise BadRequest(f"{view_type!r} is not a view type; say ACTIVE_ONLY, DELETED_ONLY or ALL")


class RunStatus(Numbered):
    """How a run stands, as numbers and as words."""

    RUNNING, SCHEDULED, FINISHED, FAILED, KILLED = 1, 2, 3, 4, 5
    WORDS, WHAT = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"), "the status of a run"

    @staticmethod
    def from_string(status_str: str) -> int:
        """The number of a status."""
        return RunStatus._number(status_str)

    @staticmethod
    def to_string(status: int) -> str:
        """The word for a status."""
        return RunStatus._word(status)

    @staticmethod
    def is_terminated(status: int) -> bool:
        """Whether a run of this status is over."""
        return status in (RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED)

    @staticmethod
    def all_status() -> list[int]:
        """Every status."""
        return [1, 2, 3, 4, 5]


class LifecycleStage:
    """Whether a thing is there or marked deleted."""

    ACTIVE, DELETED = "active", "deleted"

    @classmethod
    def is_valid(cls, lifecycle_stage: str) -> bool:
        """Whether ``lifecycle_stage`` is one of the two."""
        return lifecycle_stage in (cls.ACTIVE, cls.DELETED)

    @classmethod
    def view_type_to_stages(cls, view_type: int = ViewType.ALL) -> list[str]:
        """The stages that a view type looks at."""
        stages = {ViewType.ACTIVE_ONLY: [cls.ACTIVE], ViewType.DELETED_ONLY: [cls.DELETED]}
        return stages.get(view_type, [cls.ACTIVE, cls.DELETED])

    @classmethod
    def matches_view_type(cls, view_type: int, lifecycle_stage: str) -> bool:
        """Whether a view type looks at things of a stage."""
        return lifecycle_stage in cls.view_type_to_stages(view_type)


class SourceType(Numbered):
    """What kind of program made a run."""

    NOTEBOOK, JOB, PROJECT, LOCAL, UNKNOWN = 1, 2, 3, 4, 5
    WORDS, WHAT = ("NOTEBOOK", "JOB", "PROJECT", "LOCAL", "UNKNOWN"), "a kind of program"

    @staticmethod
    def from_string(status_str: str) -> int:
        """The number of a kind of program."""
        return SourceType._number(status_str)

    @staticmethod
    def to_string(status: int) -> str:
        """The word for a kind of program."""
        return SourceType._word(status)


class ModelVersionStatus(Numbered):
    """Whether a version of a registered model can be used."""

    PENDING_REGISTRATION, FAILED_REGISTRATION, READY = 1, 2, 3
    WORDS, WHAT = ("PENDING_REGISTRATION", "FAILED_REGISTRATION", "READY"), "the status of a model version"

    @staticmethod
    def from_string(status_str: str) -> int:
        """The number of a status."""
        return ModelVersionStatus._number(status_str)

    @staticmethod
    def to_string(status: int) -> str:
        """The word for a status."""
        return ModelVersionStatus._word(status)

    @staticmethod
    def all_status() -> list[int]:
        """Every status."""
        return [1, 2, 3]


class RegisteredModelDeploymentJobState(Numbered):
    """Whether a registered model has a deployment job. Headrace has none; servers of others may tell of theirs."""

    NOT_SET_UP, CONNECTED, NOT_FOUND, REQUIRED_PARAMETERS_CHANGED = 1, 2, 3, 4
    WORDS, WHAT = ("NOT_SET_UP", "CONNECTED", "NOT_FOUND", "REQUIRED_PARAMETERS_CHANGED"), "the state of a job"

    @staticmethod
    def from_string(state_str: str) -> int:
        """The number of a state."""
        return RegisteredModelDeploymentJobState._number(state_str)

    @staticmethod
    def to_string(state: int) -> str:
        """The word for a state."""
        return RegisteredModelDeploymentJobState._word(state)

    @staticmethod
    def all_states() -> list[int]:
        """Every state."""
        return [1, 2, 3, 4]


class EntityAssociationType:
    """Kinds of things that can be linked with each other."""

    EVALUATION_DATASET, EXPERIMENT, MODEL = "evaluation_dataset", "experiment", "model"
    PROMPT_VERSION, RUN, TRACE = "prompt_version", "run", "trace"


#: Stages of model versions, by which they were told apart before there were aliases.
STAGES = ("None", "Staging", "Production", "Archived")


def get_canonical_stage(stage: str) -> str:
    """A stage as it is written, from however a user wrote it."""
    for known in STAGES:
        if known.lower() == stage.lower():
            return known
    raise BadRequest(f"{stage!r} is not a stage; say one of {', '.join(STAGES)}")
