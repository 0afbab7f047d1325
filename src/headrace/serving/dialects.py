"""What a model is asked in: MLflow's scoring protocol, and what every other dialect has to offer."""

from __future__ import annotations

import traceback
from typing import Any, Protocol

import msgspec

from headrace.base.errors import BadRequest, HeadraceError
from headrace.models.payload import Payload, Reader
from headrace.serving import answers


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


class Invocations:
    """MLflow's scoring protocol."""

    def __init__(self, model: Model) -> None:
        self._reader = reader_of(model)

    def read(self, body: bytes, content_type: str | None) -> Payload:
        """What the body asks, in any of the formats of ``headrace.models.payload``."""
        return self._reader.read(body, content_type)

    def write(self, prediction: Any, payload: Payload) -> bytes:
        """``{"predictions": …}``, or what a chat model answers as it is."""
        return answers.encode(prediction, wrapped=payload.wrapped)


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
