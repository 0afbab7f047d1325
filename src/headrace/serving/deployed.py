"""One model as it is served: what reads and writes its requests, and its pages."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from headrace.serving import openapi
from headrace.serving.dialects import Dialect, Invocations, Model, ask
from headrace.serving.line import Job
from headrace.serving.open_inference import OpenInference


class Question(NamedTuple):
    """The body of a request, and what reads it and writes its answer."""

    deployed: Deployed
    dialect: Dialect
    body: bytes
    content_type: str | None


class Deployed:
    """A loaded model with the name and version it is known by."""

    def __init__(
        self, model: Model, *, server_version: str, name: str, version: str | None = None, example: str | None = None
    ) -> None:
        """``example`` is a request as JSON text."""
        self.model, self.name, self.version = model, name, version
        self.invocations = Invocations(model)
        self.inference = OpenInference(model, name=name, version=version, server_version=server_version)
        signature = model.metadata.signature if model.metadata is not None else None
        said = openapi.document(signature, name=name, version=version, server_version=server_version, example=example)
        self.document, self.page = msgspec.json.encode(said), openapi.page(said, signature)

    @property
    def labels(self) -> dict[str, str]:
        """Which model this is, for the metrics."""
        found: Any = getattr(self.model, "model_id", None)
        return {"name": self.name, "version": self.version or "", "model_id": found or ""}


def answer(jobs: list[Job]) -> None:
    """Predict for each of some requests, and end it."""
    for job in jobs:
        job.end(_answer(job.asked))


def _answer(asked: Question) -> bytes | BaseException:
    try:
        payload = asked.dialect.read(asked.body, asked.content_type)
        return asked.dialect.write(ask(asked.deployed.model, payload), payload)
    except Exception as error:
        # Not swallowed: it is raised where the request is answered.
        return error
