"""Error codes as numbers: ``from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode``."""

from __future__ import annotations

from headrace.base.errors import NUMBERS


class ErrorCode:
    """Translates error codes between numbers and names."""

    @staticmethod
    def Name(number: int) -> str:
        """The name of a code."""
        return NUMBERS[number]

    @staticmethod
    def Value(name: str) -> int:
        """The number of a code."""
        return next(number for number, known in NUMBERS.items() if known == name)


globals().update({name: number for number, name in NUMBERS.items()})
