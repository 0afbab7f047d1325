"""One model as it is served: what reads and writes its requests, and its pages."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import msgspec

from headrace.models.payload import Payload
from headrace.serving import batching, openapi
from headrace.serving.batching import Proof
from headrace.serving.chat import Ways
from headrace.serving.dialects import Dialect, Invocations, Model, ask, streams
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
        self,
        model: Model,
        *,
        server_version: str,
        name: str,
        version: str | None = None,
        example: str | None = None,
        batch: str = "off",
    ) -> None:
        """``example`` is a request as JSON text, ``batch`` whether it is tried: ``auto``, ``on`` or ``off``."""
        self.model, self.name, self.version = model, name, version
        self.invocations = Invocations(model)
        tried = batching.is_tried(model, batch)
        self.proof = batching.prove(model, self.invocations, example) if tried else Proof("it was not asked for")
        self.ways = Ways(model, name)
        self.inference = OpenInference(model, name=name, version=version, server_version=server_version)
        signature = model.metadata.signature if model.metadata is not None else None
        said = openapi.document(
            signature,
            name=name,
            version=version,
            server_version=server_version,
            example=example,
            talks=self.ways.path,
            streams=streams(model),
        )
        self.document, self.page = msgspec.json.encode(said), openapi.page(said, signature)

    @property
    def labels(self) -> dict[str, str]:
        """Which model this is, for the metrics."""
        found: Any = getattr(self.model, "model_id", None)
        return {"name": self.name, "version": self.version or "", "model_id": found or ""}


def answer(jobs: list[Job]) -> None:
    """Predict for each of some requests, and end it; those that may are predicted together."""
    groups: dict[Any, list[_Read]] = {}
    for job in jobs:
        asked: Question = job.asked
        payload = job.attempt(partial(asked.dialect.read, asked.body, asked.content_type))
        if payload is None:
            continue
        kind = batching.kind_of(payload, asked.deployed.proof) if len(jobs) > 1 else None
        key = id(job) if kind is None else (id(asked.deployed), kind)
        groups.setdefault(key, []).append(_Read(job, asked, payload))
    for group in groups.values():
        _predict(group)


def answer_one(asked: Question) -> bytes:
    """The answer to one request. Raises what is wrong with it."""
    payload = asked.dialect.read(asked.body, asked.content_type)
    return asked.dialect.write(ask(asked.deployed.model, payload), payload)


class _Read(NamedTuple):
    """A request that was read."""

    job: Job
    asked: Question
    payload: Payload


def _predict(group: list[_Read]) -> None:
    model = group[0].asked.deployed.model
    found = batching.together(model, [each.payload for each in group]) if len(group) > 1 else None
    for at, (job, asked, payload) in enumerate(group):
        job.attempt(partial(_answer_one, job, asked, payload, model, None if found is None else (found[at],)))


def _answer_one(job: Job, asked: Question, payload: Payload, model: Any, found: tuple[Any] | None) -> None:
    """End a request with its prediction, which may have been found with others."""
    prediction = ask(model, payload) if found is None else found[0]
    job.end(asked.dialect.write(prediction, payload))
