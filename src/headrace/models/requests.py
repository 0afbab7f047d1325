"""Inputs and requests checked against a model before it is served."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from headrace.models.enforcement import enforce
from headrace.models.payload import JSON, Reader
from headrace.models.pyfunc import load_model
from headrace.models.types import Schema


def validate_schema(data: Any, expected_schema: Schema) -> None:
    """Raise ``BadRequest`` when ``data`` does not fit a schema."""
    enforce(data, expected_schema)


def validate_serving_input(model_uri: str, serving_input: str | Mapping[str, Any]) -> Any:
    """What the model at ``model_uri`` answers to a JSON request, as its server would read it.

    Raises ``BadRequest`` when the request does not fit the model.
    """
    model = load_model(model_uri)
    signature = model.metadata.signature
    body = serving_input if isinstance(serving_input, str) else json.dumps(serving_input)
    reader = Reader(
        signature.inputs if signature else None,
        signature.params if signature else None,
        hinted=bool(signature and signature._is_signature_from_type_hint),
    )
    payload = reader.read(body.encode(), JSON)
    return model.predict(payload.data, params=payload.params)
