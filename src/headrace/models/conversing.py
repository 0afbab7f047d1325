"""Chat models and agents asked as every other model is: a request as a dict in, the answer as a dict out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from headrace.base.errors import BadRequest
from headrace.models.agents import ChatAgent, ChatModel, ResponsesAgent, validated
from headrace.models.python_model import PythonModel, PythonModelContext
from headrace.models.signature import ModelSignature


class Conversing(ABC):
    """One kind of conversing model: how MLmodel files call it, and how one of it is asked."""

    #: Its ``task`` in the metadata of an MLmodel file, and the module of MLflow that loads it.
    task: ClassVar[str]
    loader: ClassVar[str]
    #: What it needs beside the model's own imports.
    needs: ClassVar[frozenset[str]] = frozenset({"pydantic"})
    #: Its records check what it is asked, better than the signature could: a message may have parts, say.
    checks_input = True

    def __init__(self, python_model: Any, context: PythonModelContext) -> None:
        self.python_model, self.context = python_model, context

    def unwrap_python_model(self) -> PythonModel:
        """The user's own object."""
        model: PythonModel = self.python_model
        return model

    get_raw_model = unwrap_python_model

    @classmethod
    @abstractmethod
    def signature(cls) -> ModelSignature:
        """The signature that every model of this kind has."""

    @classmethod
    @abstractmethod
    def example(cls, given: Any) -> dict[str, Any]:
        """The input example ``given`` as the dict that is kept, or the one that every model has."""

    @abstractmethod
    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer to one request. Raises ``BadRequest`` when the request, or the answer, is not what it must be."""

    @abstractmethod
    def predict_stream(self, model_input: Any, params: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """The answer to one request, part by part."""


class _Chats(Conversing):
    """A ``ChatModel``."""

    task, loader = "agent/v1/chat", "mlflow.pyfunc.loaders.chat_model"
    needs = frozenset()

    @classmethod
    def signature(cls) -> ModelSignature:
        from headrace.models.types.llm import CHAT_MODEL_INPUT_SCHEMA, CHAT_MODEL_OUTPUT_SCHEMA

        return ModelSignature(CHAT_MODEL_INPUT_SCHEMA, CHAT_MODEL_OUTPUT_SCHEMA)

    @classmethod
    def example(cls, given: Any) -> dict[str, Any]:
        from headrace.models.types.llm import CHAT_MODEL_INPUT_EXAMPLE

        if given is None:
            return CHAT_MODEL_INPUT_EXAMPLE
        messages, params = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
        if isinstance(messages, list):
            messages = {"messages": [_dict(each) for each in messages]}
        said = {**_dict(messages), **_dict(params or {})}
        cls._request(said)
        return said

    @staticmethod
    def _request(data: Any) -> Any:
        from headrace.models.types.llm import ChatCompletionRequest

        if isinstance(data, ChatCompletionRequest):
            return data
        # JSON has one kind of number, and null for what is not said.
        floats = ("temperature", "top_p", "frequency_penalty", "presence_penalty")
        said = {name: value for name, value in one_request(data).items() if value is not None}
        for name in floats:
            if type(said.get(name)) is int:
                said[name] = float(said[name])
        if "messages" not in said:
            raise BadRequest("The request of a ChatModel does not fit: 'messages' is required")
        try:
            return ChatCompletionRequest.from_dict(said)
        except (ValueError, TypeError) as error:
            raise BadRequest(f"The request of a ChatModel does not fit: {error}") from None

    def _arguments(self, data: Any) -> tuple[Any, ...]:
        from headrace.models.types.llm import ChatParams

        request = self._request(data)
        names = ChatParams.keys()
        params = ChatParams(**{name: getattr(request, name) for name in names})
        return self.context, request.messages, params

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> dict[str, Any]:
        from headrace.models.types.llm import ChatCompletionResponse

        answer = self.python_model.predict(*self._arguments(model_input))
        if not isinstance(answer, ChatCompletionResponse):
            raise BadRequest(
                f"predict of a ChatModel must return a ChatCompletionResponse, not {type(answer).__name__}; make one "
                "of a dict with ChatCompletionResponse.from_dict"
            )
        return answer.to_dict()

    def predict_stream(self, model_input: Any, params: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        for chunk in self.python_model.predict_stream(*self._arguments(model_input)):
            yield chunk if isinstance(chunk, dict) else chunk.to_dict()


class _Agents(Conversing):
    """What the two kinds of agents have in common: records of Pydantic in and out."""

    @staticmethod
    @abstractmethod
    def _kinds() -> tuple[Any, Any, Any]:
        """The records of a request, an answer, and a part of one."""

    @classmethod
    def example(cls, given: Any) -> dict[str, Any]:
        kind = cls._kinds()[0]
        if given is None:
            return cls._first_example()
        said = validated(kind, given, "The input example")
        return given if isinstance(given, dict) and not _has_records(given) else said.model_dump(exclude_none=True)

    @classmethod
    @abstractmethod
    def _first_example(cls) -> dict[str, Any]:
        """The example of a model that was given none."""

    def _request(self, data: Any) -> Any:
        kind = self._kinds()[0]
        said = data if isinstance(data, kind) else one_request(data)
        return validated(kind, said, f"The request of a {_base(self.python_model)}")

    @abstractmethod
    def _arguments(self, data: Any) -> tuple[Any, ...]:
        """What the model's methods are called with."""

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.python_model.predict(*self._arguments(model_input))
        return self._dumped(self._kinds()[1], answer, "predict")

    def predict_stream(self, model_input: Any, params: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        for part in self.python_model.predict_stream(*self._arguments(model_input)):
            yield self._dumped(self._kinds()[2], part, "predict_stream")

    def _dumped(self, kind: Any, said: Any, method: str) -> dict[str, Any]:
        record = validated(kind, said, f"What {method} of this {_base(self.python_model)} returned")
        dumped: dict[str, Any] = record.model_dump(exclude_none=True)
        return dumped


class _ChatAgents(_Agents):
    """A ``ChatAgent``."""

    task, loader = "agent/v2/chat", "mlflow.pyfunc.loaders.chat_agent"

    @staticmethod
    def _kinds() -> tuple[Any, Any, Any]:
        from headrace.models.types import agent

        return agent.ChatAgentRequest, agent.ChatAgentResponse, agent.ChatAgentChunk

    @classmethod
    def signature(cls) -> ModelSignature:
        from headrace.models.types import agent

        return ModelSignature(agent.CHAT_AGENT_INPUT_SCHEMA, agent.CHAT_AGENT_OUTPUT_SCHEMA)

    @classmethod
    def _first_example(cls) -> dict[str, Any]:
        from headrace.models.types.agent import CHAT_AGENT_INPUT_EXAMPLE

        return CHAT_AGENT_INPUT_EXAMPLE

    def _arguments(self, data: Any) -> tuple[Any, ...]:
        request = self._request(data)
        return request.messages, request.context, request.custom_inputs


class _ResponsesAgents(_Agents):
    """A ``ResponsesAgent``."""

    task, loader = "agent/v1/responses", "mlflow.pyfunc.loaders.responses_agent"

    @staticmethod
    def _kinds() -> tuple[Any, Any, Any]:
        from headrace.models.types import responses

        return (
            responses.ResponsesAgentRequest,
            responses.ResponsesAgentResponse,
            responses.ResponsesAgentStreamEvent,
        )

    @classmethod
    def signature(cls) -> ModelSignature:
        from headrace.models.types import responses

        return ModelSignature(responses.RESPONSES_AGENT_INPUT_SCHEMA, responses.RESPONSES_AGENT_OUTPUT_SCHEMA)

    @classmethod
    def _first_example(cls) -> dict[str, Any]:
        from headrace.models.types.responses import RESPONSES_AGENT_INPUT_EXAMPLE

        return RESPONSES_AGENT_INPUT_EXAMPLE

    def _arguments(self, data: Any) -> tuple[Any, ...]:
        return (self._request(data),)


_KINDS: dict[Any, type[Conversing]] = {
    ChatModel: _Chats,
    ChatAgent: _ChatAgents,
    ResponsesAgent: _ResponsesAgents,
}
#: The modules of MLflow that load conversing models.
LOADERS = frozenset(kind.loader for kind in _KINDS.values())


def kind_of(model: PythonModel) -> type[Conversing] | None:
    """The kind of conversing model that ``model`` is; None for any other ``PythonModel``."""
    return next((kind for of, kind in _KINDS.items() if isinstance(model, of)), None)


def one_request(data: Any) -> dict[str, Any]:
    """The one request in ``data``: a dict, a list of one dict, or a table of one row. Raises ``BadRequest``."""
    if hasattr(data, "iloc") and hasattr(data, "to_dict"):
        data = data.to_dict(orient="records")
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    if not isinstance(data, Mapping):
        what = f"{len(data)} of them" if isinstance(data, list) else type(data).__name__
        raise BadRequest(f"A model that holds a conversation takes one request, a dict, and this is {what}")
    return dict(data)


def _base(model: Any) -> str:
    return next(str(of.__name__) for of in _KINDS if isinstance(model, of))


def _dict(record: Any) -> dict[str, Any]:
    if isinstance(record, Mapping):
        return dict(record)
    if hasattr(record, "to_dict"):
        said: dict[str, Any] = record.to_dict()
        return said
    raise BadRequest(f"An input example of a ChatModel is a dict or a list of messages, not {type(record).__name__}")


def _has_records(value: Any) -> bool:
    if isinstance(value, Mapping | list):
        return any(map(_has_records, value.values() if isinstance(value, Mapping) else value))
    return hasattr(value, "model_dump")
