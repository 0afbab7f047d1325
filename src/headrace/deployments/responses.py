"""``PredictionsResponse``: what ``/invocations`` of a served model answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from headrace.base.errors import BadRequest


class PredictionsResponse(dict[str, Any]):
    """The answer as a dict with ``predictions``, and what else the server sent."""

    def get_predictions(self, predictions_format: str = "dataframe", dtype: Any = None) -> Any:
        """The predictions as a ``dataframe``, or as an ``ndarray`` of the type ``dtype``."""
        if predictions_format == "dataframe":
            import pandas

            predictions = self["predictions"]
            # A single answer is a table of one row.
            return pandas.DataFrame([predictions] if isinstance(predictions, str | int | float) else predictions)
        if predictions_format == "ndarray":
            import numpy

            return numpy.array(self["predictions"], dtype)
        raise BadRequest(f"predictions_format must be 'dataframe' or 'ndarray', not {predictions_format!r}")

    def to_json(self, path: str | Path | None = None) -> str | None:
        """The answer as JSON text, or None when it was written to the file ``path``."""
        text = json.dumps(dict(self))
        if path is None:
            return text
        Path(path).write_text(text, encoding="utf-8")
        return None

    @classmethod
    def from_json(cls, json_str: str) -> PredictionsResponse:
        """The answer in a JSON text. Raises ``BadRequest`` for what has no predictions."""
        try:
            said = json.loads(json_str)
        except ValueError as error:
            raise BadRequest(f"The answer is not JSON: {error}") from error
        if not isinstance(said, dict) or "predictions" not in said:
            raise BadRequest(f"The answer must be an object with 'predictions', not {str(said)[:80]!r}")
        return cls(said)
