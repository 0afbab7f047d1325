"""The schema of a dataset of tensors."""

from __future__ import annotations

import json
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models.types import Schema

_ROOT = "mlflow_tensorspec"


class TensorDatasetSchema:
    """The tensors of the features, and those of the targets if there are any."""

    def __init__(self, features: Schema, targets: Schema | None = None) -> None:
        for part, schema in (("features", features), ("targets", targets)):
            if not isinstance(schema, Schema) and not (part == "targets" and schema is None):
                raise BadRequest(f"The {part} of a TensorDatasetSchema must be a Schema, not a {type(schema).__name__}")
        self.features, self.targets = features, targets

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorDatasetSchema) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"features:\n  {self.features!r}\ntargets:\n  {self.targets!r}\n"

    def to_dict(self) -> dict[str, Any]:
        """As records have it: each part as JSON within JSON."""
        targets = None if self.targets is None else json.dumps(self.targets.to_dict())
        return {_ROOT: {"features": json.dumps(self.features.to_dict()), "targets": targets}}

    @classmethod
    def from_dict(cls, schema_dict: dict[str, Any]) -> TensorDatasetSchema:
        """The inverse of ``to_dict``. Raises ``BadRequest`` for another dict."""
        said = schema_dict.get(_ROOT)
        if not isinstance(said, dict) or said.get("features") is None:
            raise BadRequest(
                f"The schema of a dataset of tensors has {_ROOT!r} with 'features', and {schema_dict} has not"
            )
        targets = said.get("targets")
        return cls(Schema.from_json(said["features"]), None if targets is None else Schema.from_json(targets))
