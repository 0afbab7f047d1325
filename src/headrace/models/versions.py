"""What is registered, and what is kept beside a model, by the URI of the model."""

from __future__ import annotations

import json
from typing import Any

from headrace.base.errors import BadRequest, NotFound
from headrace.models import examples
from headrace.models.loading import fetch
from headrace.models.model import Model
from headrace.schema.registry import ModelVersion


def get_model_version_from_model_uri(model_uri: str) -> ModelVersion:
    """The registered version that a URI such as ``models:/name@alias`` names. Raises ``BadRequest`` for another URI."""
    from headrace.tracking.client import MlflowClient
    from headrace.tracking.locations import version_at
    from headrace.tracking.model_uris import ModelUri

    said = ModelUri.parse(model_uri) if model_uri.startswith("models:") else None
    if said is None or said.model_id:
        raise BadRequest(
            f"{model_uri!r} names no version of a registered model; write models:/name/3 or models:/name@alias"
        )
    return version_at(said, MlflowClient())


def load_serving_example(model_uri_or_path: str) -> Any:
    """The request of a model's input example, as JSON has it. Raises ``NotFound`` for a model without one."""
    folder = fetch(model_uri_or_path)
    text = examples.serving_input(Model.load(folder), folder)
    if text is None:
        raise NotFound(f"The model {model_uri_or_path!r} was saved without an input example")
    return json.loads(text)
