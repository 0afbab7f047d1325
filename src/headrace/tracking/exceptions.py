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
    "MlflowNotImplementedException",
    "NoSuchEndpoint",
    "NotFound",
    "NotSupported",
    "RestException",
    "TooLarge",
    "Unauthenticated",
    "Unreachable",
    "Untrusted",
    "get_error_code",
]

#: What MLflow calls the base of them all. A server's refusal is raised as the class its code stands for, so that
#: whoever catches refusals of servers catches these too.
MlflowException = RestException = HeadraceError
InvalidUrlException = BadRequest


class ExecutionException(HeadraceError):
    """A project or a process did not end well."""


class MissingConfigException(HeadraceError):
    """A configuration that is needed is not there."""


class MlflowNotImplementedException(NotSupported):
    """A store or plugin cannot do what was asked."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or "This is not implemented")

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.message,))


def get_error_code(http_status: int) -> int:
    """The protocol's number of the error that an HTTP status alone stands for."""
    return _BY_STATUS.get(http_status, 1)


_BY_STATUS = {400: 4, 401: 13, 403: 1004, 404: 1001, 409: 12, 429: 9, 499: 8, 501: 1010, 503: 2, 504: 7}
