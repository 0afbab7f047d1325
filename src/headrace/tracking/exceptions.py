"""The errors by MLflow's names; ``headrace.exceptions`` and ``mlflow.exceptions`` are this module."""

from __future__ import annotations

from headrace.base.errors import (
    AlreadyExists,
    BadRequest,
    Forbidden,
    HeadraceError,
    NoSuchEndpoint,
    NotFound,
    NotSupported,
    TooLarge,
    Unauthenticated,
    Unreachable,
    Untrusted,
)

__all__ = [
    "AlreadyExists",
    "BadRequest",
    "ExecutionException",
    "Forbidden",
    "HeadraceError",
    "InvalidUrlException",
    "MissingConfigException",
    "MlflowException",
    "NoSuchEndpoint",
    "NotFound",
    "NotSupported",
    "RestException",
    "TooLarge",
    "Unauthenticated",
    "Unreachable",
    "Untrusted",
]

#: What MLflow calls the base of them all. A server's refusal is raised as the class its code stands for, so that
#: whoever catches refusals of servers catches these too.
MlflowException = RestException = HeadraceError
InvalidUrlException = BadRequest


class ExecutionException(HeadraceError):
    """A project or a process did not end well."""


class MissingConfigException(HeadraceError):
    """A configuration that is needed is not there."""
