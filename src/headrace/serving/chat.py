"""The ways of OpenAI's services to ask a model: which of them a model answers, and what they have in common."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec

from headrace.base.errors import BadRequest, HeadraceError, NoSuchEndpoint, NotFound
from headrace.models.payload import JSON, Payload, Reader, loads
from headrace.serving import answers, events
from headrace.serving.dialects import Model, ask, ask_parts, asks_for_stream, reader_of, streams

#: Where models of a task are asked, below ``/v1/``.
PATHS = {
    "agent/v1/chat": "chat/completions",
    "agent/v2/chat": "chat/completions",
    "llm/v1/chat": "chat/completions",
    "llm/v1/completions": "completions",
    "llm/v1/embeddings": "embeddings",
    "agent/v1/responses": "responses",
}
_LOADERS = {
    "mlflow.pyfunc.loaders.chat_model": "agent/v1/chat",
    "mlflow.pyfunc.loaders.chat_agent": "agent/v2/chat",
    "mlflow.pyfunc.loaders.responses_agent": "agent/v1/responses",
}
#: What an error is called, by its status; any other is the server's.
_ERRORS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


@dataclass(frozen=True, slots=True)
class Asked(Payload):
    """What a request asks a model, and all that stands in it."""

    said: dict[str, Any] = field(default_factory=dict)


def task_of(model: Model) -> str | None:
    """The task that a model was saved for, if it is one that has a way of asking here."""
    flavors = getattr(model.metadata, "flavors", None) or {}
    said = [
        (getattr(model.metadata, "metadata", None) or {}).get("task"),
        *(flavor.get("inference_task") for flavor in flavors.values()),
        _LOADERS.get(str(flavors.get("python_function", {}).get("loader_module"))),
        getattr(getattr(model, "_model_impl", None), "task", None),
    ]
    return next((task for task in said if task in PATHS), None)


class Way:
    """One way of asking: subclass it with how its requests are read and its answers written."""

    #: The path below ``/v1/``.
    path: ClassVar[str]

    def __init__(self, model: Model, name: str, task: str) -> None:
        self.model, self.name, self.task = model, name, task
        self.streams = streams(model)
        self._reader: Reader = reader_of(model)

    def read(self, body: bytes, content_type: str | None) -> Asked:
        """What the body asks. Raises ``BadRequest`` naming the field that is wrong."""
        if content_type is not None and content_type.partition(";")[0].strip().lower() not in ("", JSON):
            raise BadRequest(f"The Content-Type must be {JSON}, not {content_type[:80]!r}")
        said = loads(body)
        if not isinstance(said, dict):
            raise BadRequest(f"The body must be a JSON object, not a {type(said).__name__}")
        self.check(said)
        asked = self.asked({name: value for name, value in said.items() if value is not None})
        if self.task.startswith("llm/"):
            payload = self._reader.read(msgspec.json.encode(asked), JSON)
            return Asked(payload.data, payload.params, wrapped=False, said=said)
        return Asked(asked, None, wrapped=False, said=said)

    def check(self, said: dict[str, Any]) -> None:
        """Raise ``BadRequest`` for a request that no model could answer."""

    def asked(self, said: dict[str, Any]) -> dict[str, Any]:
        """The request as the model takes it."""
        return said

    def whole(self, prediction: Any, asked: Asked) -> Any:
        """The answer that carries ``prediction``. Raises ``HeadraceError`` when the model's is none of this kind."""
        raise NotImplementedError

    def some(self, parts: Iterator[Any], asked: Asked) -> Iterator[Any]:
        """The parts of an answer that carry those of the model."""
        raise NotImplementedError

    def at_once(self, prediction: Any, asked: Asked) -> Iterator[Any]:
        """The parts of an answer that a model gave in one piece."""
        raise BadRequest("This model does not answer part by part; leave out 'stream'")

    def write(self, prediction: Any, payload: Payload) -> bytes:
        """The answer as JSON."""
        assert isinstance(payload, Asked)
        return answers.encode(self.whole(prediction, payload), wrapped=False)

    def wants_parts(self, body: bytes) -> bool:
        """Whether the request asks for a stream."""
        return asks_for_stream(body)

    def parts(self, body: bytes, content_type: str | None) -> Iterator[bytes]:
        """The events of an answer."""
        asked = self.read(body, content_type)
        if self.streams:
            said = self.some(ask_parts(self.model, asked), asked)
        else:
            said = self.at_once(ask(self.model, asked), asked)
        for part in said:
            yield events.event(part)
        yield events.DONE

    def end(self, error: HeadraceError) -> Iterator[bytes]:
        """The last event after an error in the middle: clients raise it, and read no further."""
        yield events.fault(described(error))
        yield events.DONE


def described(error: HeadraceError) -> dict[str, Any]:
    """An error as OpenAI's services write it."""
    status = error.get_http_status_code()
    kind = _ERRORS.get(status) or ("invalid_request_error" if status < 500 else "server_error")
    return {"message": error.message, "type": kind, "param": None, "code": error.error_code.lower()}


def fault_of(error: HeadraceError) -> bytes:
    """The body of an answer that is an error."""
    return msgspec.json.encode({"error": described(error)})


def text_of(content: Any, where: str) -> Any:
    """The text of a message's content, which may be parts of text. Raises ``BadRequest`` for parts of other kinds."""
    if not isinstance(content, list):
        return content
    texts = []
    for at, part in enumerate(content):
        if not isinstance(part, dict) or not isinstance(part.get("text"), str):
            kind = part.get("type") if isinstance(part, dict) else type(part).__name__
            raise BadRequest(f"{where}[{at}] is of type {kind!r}, and this model reads text alone")
        texts.append(part["text"])
    return "".join(texts)


def check_messages(said: dict[str, Any]) -> None:
    """Raise ``BadRequest`` unless there is a conversation: a list of messages that have roles."""
    messages = said.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("'messages' must be a list with at least one message")
    for at, message in enumerate(messages):
        if not isinstance(message, dict):
            raise BadRequest(f"'messages[{at}]' must be an object, not {type(message).__name__}")
        if not isinstance(message.get("role"), str):
            raise BadRequest(f"'messages[{at}].role' must be text")
    check_kinds(said)


def check_kinds(said: dict[str, Any]) -> None:
    """Raise ``BadRequest`` naming a param that is of a wrong type."""
    numbers = ("temperature", "top_p", "frequency_penalty", "presence_penalty")
    counts = ("n", "max_tokens", "max_completion_tokens", "max_output_tokens", "top_k", "seed")
    kinds: tuple[tuple[tuple[str, ...], Any, str], ...] = (
        (numbers, int | float, "a number"),
        (counts, int, "a whole number"),
        (("stream", "store", "parallel_tool_calls"), bool, "true or false"),
    )
    for names, kind, what in kinds:
        for name in names:
            value = said.get(name)
            if value is not None and (not isinstance(value, kind) or (kind is not bool and isinstance(value, bool))):
                raise BadRequest(f"{name!r} must be {what}, not {type(value).__name__}")


class Ways:
    """The ways to ask one model, and the pages that tell of it."""

    def __init__(self, model: Model, name: str) -> None:
        self.task, self._name = task_of(model), name
        self._way = None if self.task is None else self._made(model, name, self.task)
        # Clients sort models by it.
        self._created = int(time.time())

    @staticmethod
    def _made(model: Model, name: str, task: str) -> Way:
        from headrace.serving.completions import ChatCompletions, Completions
        from headrace.serving.embeddings import Embeddings
        from headrace.serving.responses import Responses

        kinds: tuple[type[Way], ...] = (ChatCompletions, Completions, Embeddings, Responses)
        return next(kind for kind in kinds if kind.path == PATHS[task])(model, name, task)

    @property
    def path(self) -> str | None:
        """Where the model is asked, if it is one that can be."""
        return None if self._way is None else f"/v1/{self._way.path}"

    def page(self, path: str) -> dict[str, Any] | None:
        """What stands at ``path``; None for where questions are sent. Raises ``NotFound`` for another model."""
        about = {"id": self._name, "object": "model", "created": self._created, "owned_by": "headrace"}
        if path == "/v1/models":
            return {"object": "list", "data": [about]}
        if path.startswith("/v1/models/"):
            name = path.removeprefix("/v1/models/")
            if name != self._name:
                raise NotFound(f"The model {name[:80]!r} is not served here; {self._name!r} is")
            return about
        return None

    def way(self, path: str) -> Way:
        """How the model is asked at ``path``. Raises ``NoSuchEndpoint`` saying where it is asked."""
        if self._way is not None and path == self.path:
            return self._way
        if path.removeprefix("/v1/") not in PATHS.values():
            raise NoSuchEndpoint(f"There is nothing at {path[:80]!r}; the models are at /v1/models")
        if self._way is not None:
            raise NoSuchEndpoint(f"This model is not asked at {path}, but at {self.path}: its task is {self.task}")
        raise NoSuchEndpoint(
            f"This model is not asked at {path}, but at /invocations. Save it as a ChatModel, ChatAgent or "
            "ResponsesAgent, or with metadata={'task': 'llm/v1/chat'} if it answers as chat completions do"
        )
