"""Every error headrace raises on purpose.

HeadraceError              500  INTERNAL_ERROR
├── BadRequest             400  INVALID_PARAMETER_VALUE     the call is malformed
│   ├── TooLarge           413  INVALID_PARAMETER_VALUE     the call is larger than a limit
│   └── UnknownMedia       415  INVALID_PARAMETER_VALUE     the body is in a format nobody here reads
├── Unauthenticated        401  UNAUTHENTICATED             nobody said who is asking
├── Forbidden              403  PERMISSION_DENIED           the caller may not do this
│   └── Untrusted          403  PERMISSION_DENIED           loading this would run code nobody vouched for
├── NotFound               404  RESOURCE_DOES_NOT_EXIST     the thing named does not exist
├── NoSuchEndpoint         404  ENDPOINT_NOT_FOUND          no route has this verb and path
├── AlreadyExists          400  RESOURCE_ALREADY_EXISTS     the thing named already exists
├── NotSupported           501  NOT_IMPLEMENTED             this store cannot do what was asked
├── OutOfSpace             507  RESOURCE_LIMIT_EXCEEDED     the disk of the store is full
└── Unreachable            503  TEMPORARILY_UNAVAILABLE     the store could not be reached, or is too busy

Codes and statuses are those of MLflow's REST protocol, so that its clients read them as their own.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec


class HeadraceError(Exception):
    """Base of every error headrace raises on purpose; ``mlflow.exceptions.MlflowException`` is this class.

    ``error_code`` may be given to speak for a code that has no class of its own.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500

    def __init__(
        self,
        message: object = "",
        error_code: str | int | None = None,
        sqlstate: str | None = None,
        error_class: str | None = None,
        **details: Any,
    ) -> None:
        super().__init__(str(message))
        self.message = str(message)
        self.error_code = self.code if error_code is None else _name_of(error_code)
        self.sqlstate, self.error_class = sqlstate, error_class
        self.details = details

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.message, self.error_code))

    def get_http_status_code(self) -> int:
        """The HTTP status this error travels with."""
        return self.status if self.error_code == self.code else status_of(self.error_code)

    def serialize_as_json(self) -> str:
        """The body this error travels as: ``{"error_code": …, "message": …}``, and what else it was given."""
        said = {"error_code": self.error_code, "message": self.message}
        given = {"sqlstate": self.sqlstate, "error_class": self.error_class}
        return msgspec.json.encode(said | {key: value for key, value in given.items() if value} | self.details).decode()

    @classmethod
    def invalid_parameter_value(
        cls, message: str, sqlstate: str | None = None, error_class: str | None = None, **kwargs: Any
    ) -> HeadraceError:
        """An error of code INVALID_PARAMETER_VALUE."""
        return BadRequest(message, None, sqlstate, error_class, **kwargs)


class BadRequest(HeadraceError):
    """The call is malformed."""

    code, status = "INVALID_PARAMETER_VALUE", 400


class TooLarge(BadRequest):
    """The call is larger than a limit."""

    status = 413


class UnknownMedia(BadRequest):
    """The body is in a format nobody here reads."""

    status = 415


class Unauthenticated(HeadraceError):
    """Nobody said who is asking."""

    code, status = "UNAUTHENTICATED", 401


class Forbidden(HeadraceError):
    """The caller may not do this."""

    code, status = "PERMISSION_DENIED", 403


class Untrusted(Forbidden):
    """Loading this would run code nobody vouched for."""


class NotFound(HeadraceError):
    """The thing named does not exist."""

    code, status = "RESOURCE_DOES_NOT_EXIST", 404


class NoSuchEndpoint(HeadraceError):
    """No route has this verb and path."""

    code, status = "ENDPOINT_NOT_FOUND", 404


class AlreadyExists(HeadraceError):
    """The thing named already exists."""

    code, status = "RESOURCE_ALREADY_EXISTS", 400


class NotSupported(HeadraceError):
    """This store cannot do what was asked."""

    code, status = "NOT_IMPLEMENTED", 501


class OutOfSpace(HeadraceError):
    """The disk of the store is full."""

    code, status = "RESOURCE_LIMIT_EXCEEDED", 507


class Unreachable(HeadraceError):
    """The store could not be reached, or is too busy to answer."""

    code, status = "TEMPORARILY_UNAVAILABLE", 503


#: error code -> the class that speaks for it.
BY_CODE: dict[str, type[HeadraceError]] = {
    kind.code: kind
    for kind in (
        HeadraceError,
        BadRequest,
        Unauthenticated,
        Forbidden,
        NotFound,
        NoSuchEndpoint,
        AlreadyExists,
        NotSupported,
        OutOfSpace,
        Unreachable,
    )
}

#: Codes without a class of their own, and the status each travels with.
_STATUS = {
    "BAD_REQUEST": 400,
    "CUSTOMER_UNAUTHORIZED": 401,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_CONFLICT": 409,
    "RESOURCE_EXHAUSTED": 429,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "CANCELLED": 499,
    "DEADLINE_EXCEEDED": 504,
}

#: Numbers MLflow's protocol gives the codes, by which users may pass them and compare them.
NUMBERS = {
    1: "INTERNAL_ERROR",
    2: "TEMPORARILY_UNAVAILABLE",
    3: "IO_ERROR",
    4: "BAD_REQUEST",
    7: "DEADLINE_EXCEEDED",
    8: "CANCELLED",
    9: "RESOURCE_EXHAUSTED",
    10: "ABORTED",
    11: "NOT_FOUND",
    12: "ALREADY_EXISTS",
    13: "UNAUTHENTICATED",
    1000: "INVALID_PARAMETER_VALUE",
    1001: "ENDPOINT_NOT_FOUND",
    1002: "MALFORMED_REQUEST",
    1003: "INVALID_STATE",
    1004: "PERMISSION_DENIED",
    1005: "FEATURE_DISABLED",
    1006: "CUSTOMER_UNAUTHORIZED",
    1007: "REQUEST_LIMIT_EXCEEDED",
    1008: "RESOURCE_CONFLICT",
    1010: "NOT_IMPLEMENTED",
    1011: "DATA_LOSS",
    2001: "INVALID_STATE_TRANSITION",
    3001: "RESOURCE_ALREADY_EXISTS",
    3002: "RESOURCE_DOES_NOT_EXIST",
    4001: "QUOTA_EXCEEDED",
    5002: "RESOURCE_LIMIT_EXCEEDED",
}


def status_of(code: str) -> int:
    """The HTTP status an error code travels with; 500 for one this protocol does not name."""
    kind = BY_CODE.get(code)
    return kind.status if kind else _STATUS.get(code, 500)


def from_code(code: str, message: str) -> HeadraceError:
    """The error that a server's ``error_code`` and ``message`` stand for."""
    kind = BY_CODE.get(code)
    return kind(message) if kind else HeadraceError(message, error_code=code)


def _name_of(code: str | int) -> str:
    return code if isinstance(code, str) else NUMBERS.get(code, HeadraceError.code)
