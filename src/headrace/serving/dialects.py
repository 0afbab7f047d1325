"""What a model is asked in: MLflow's scoring protocol, and what every other dialect has to offer."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from headrace.base.errors import BadRequest, HeadraceError
from headrace.models.payload import Payload, Reader
from headrace.serving import answers, events


class Model(Protocol):
    """What is served: a model as ``headrace.pyfunc.load_model`` gives it."""

    @property
    def metadata(self) -> Any:
        """The description that was saved with the model."""

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The prediction for ``data``."""


class Dialect(Protocol):
    """One way to write a request for a prediction, its answer, and what was wrong with it."""

    def read(self, body: bytes, content_type: str | None) -> Payload:
        """What the body asks. Raises ``BadRequest`` naming what is wrong with it."""

    def write(self, prediction: Any, payload: Payload) -> bytes:
        """The answer that carries ``prediction``."""

    def wants_parts(self, body: bytes) -> bool:
        """Whether the request asks for an answer part by part."""

    def parts(self, body: bytes, content_type: str | None) -> Iterator[bytes]:
        """The events of that answer, made while they are asked for. Raises ``HeadraceError``."""

    def end(self, error: HeadraceError) -> Iterator[bytes]:
        """The last events of an answer that failed in the middle."""


class Whole:
    """What a dialect says of streams that has none."""

    def wants_parts(self, body: bytes) -> bool:
        """Never."""
        return False

    def parts(self, body: bytes, content_type: str | None) -> Iterator[bytes]:
        """There are none."""
        raise NotImplementedError

    def end(self, error: HeadraceError) -> Iterator[bytes]:
        """There are none."""
        raise NotImplementedError


class Invocations:
    """MLflow's scoring protocol."""

    def __init__(self, model: Model) -> None:
        self._reader = reader_of(model)
        self._model, self._streams = model, streams(model)

    def read(self, body: bytes, content_type: str | None) -> Payload:
        """What the body asks, in any of the formats of ``headrace.models.payload``."""
        return self._reader.read(body, content_type)

    def write(self, prediction: Any, payload: Payload) -> bytes:
        """``{"predictions": …}``, or what a chat model answers as it is."""
        return answers.encode(prediction, wrapped=payload.wrapped)

    def wants_parts(self, body: bytes) -> bool:
        """Whether the request asks for a stream, and the model has one to give."""
        return self._streams and asks_for_stream(body)

    def parts(self, body: bytes, content_type: str | None) -> Iterator[bytes]:
        """The events of the answer, those of MLflow's agent server."""
        for part in ask_parts(self._model, self._reader.read(body, content_type)):
            yield events.event(part)
        yield events.DONE

    def end(self, error: HeadraceError) -> Iterator[bytes]:
        """The events after an error in the middle."""
        yield events.fault(str(error.__cause__ or error.message))
        yield events.DONE


class _Flag(msgspec.Struct):
    """What alone is looked at before a request is read; everything else is skipped over."""

    stream: msgspec.Raw = msgspec.Raw(b"")


_FLAGS = msgspec.json.Decoder(_Flag)


def asks_for_stream(body: bytes) -> bool:
    """Whether a JSON object says that ``stream`` is true; what is no such object is refused by whoever reads it."""
    if b'"stream"' not in body:
        return False
    try:
        return bytes(_FLAGS.decode(body).stream).strip() == b"true"
    except (msgspec.DecodeError, RecursionError):
        return False


def reader_of(model: Model) -> Reader:
    """What reads requests for ``model``, by the signature it was saved with."""
    signature = model.metadata.signature if model.metadata is not None else None
    if signature is None:
        return Reader(None)
    return Reader(signature.inputs, signature.params, hinted=bool(signature._is_signature_from_type_hint))


def predict(model: Model, payload: Payload) -> Any:
    """The model's prediction; what was read by its own signature is not looked through again."""
    fitting = getattr(model, "predict_fitting", None) if payload.fits else None
    return (fitting or model.predict)(payload.data, params=payload.params)


def ask(model: Model, payload: Payload) -> Any:
    """The model's prediction. Raises ``BadRequest`` telling the model's own error, and where it arose."""
    try:
        return predict(model, payload)
    except BadRequest:
        raise
    except (Exception, SystemExit) as error:
        # Whatever a model raises is the model's answer to this input.
        raise _failure(error) from error


def ask_parts(model: Any, payload: Payload) -> Iterator[Any]:
    """The model's prediction, part by part. Raises as ``ask`` does; the model's own error is the cause."""
    parts = None
    try:
        parts = model.predict_stream(payload.data, params=payload.params)
        yield from parts
    except HeadraceError:
        raise
    except (Exception, SystemExit) as error:
        raise _failure(error) from error
    finally:
        if close := getattr(parts, "close", None):
            close()


def streams(model: Model) -> bool:
    """Whether a model was saved as one that answers part by part."""
    flavors = getattr(model.metadata, "flavors", None) or {}
    return bool(flavors.get("python_function", {}).get("streamable")) and hasattr(model, "predict_stream")


def _failure(error: BaseException) -> HeadraceError:
    """What the caller is told of an error in the model: its sentence, and where in the model it arose."""
    # The first two frames are ours.
    trace = error.__traceback__
    for _ in range(2):
        trace = trace.tb_next if trace else None
    stack = "".join(traceback.format_exception(type(error), error, trace, chain=False))
    said = f"{type(error).__name__}: {error}"
    return BadRequest(f"The model could not predict from this input: {said}", "BAD_REQUEST", stack_trace=stack)


def fault_of(error: HeadraceError) -> bytes:
    """An error as MLflow's protocol writes it."""
    return msgspec.json.encode({"error_code": error.error_code, "message": error.message, **error.details})
