"""Models that hold a conversation, written by their users: ``ChatModel``, ``ChatAgent`` and ``ResponsesAgent``."""

from __future__ import annotations

import functools
from abc import ABCMeta, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from headrace.base.errors import BadRequest
from headrace.models.python_model import PythonModel, PythonModelContext, _FunctionPythonModel
from headrace.models.types import items

if TYPE_CHECKING:
    from headrace.models.types.agent import ChatAgentChunk, ChatAgentMessage, ChatAgentResponse, ChatContext
    from headrace.models.types.llm import ChatCompletionChunk, ChatCompletionResponse, ChatMessage, ChatParams
    from headrace.models.types.responses import (
        ResponsesAgentRequest,
        ResponsesAgentResponse,
        ResponsesAgentStreamEvent,
    )
    from headrace.models.types.responses_helpers import Message, OutputItem

__all__ = [
    "ChatAgent",
    "ChatModel",
    "PythonModel",
    "PythonModelContext",
    "ResponsesAgent",
    "_FunctionPythonModel",
]


class ChatModel(PythonModel, metaclass=ABCMeta):
    """A model that continues a conversation as chat completions do. MLflow's older kind: see ``ResponsesAgent``."""

    @abstractmethod
    def predict(  # type: ignore[override]
        self, context: Any, messages: list[ChatMessage], params: ChatParams
    ) -> ChatCompletionResponse:
        """The answer to ``messages``."""

    def predict_stream(  # type: ignore[override]
        self, context: Any, messages: list[ChatMessage], params: ChatParams
    ) -> Generator[ChatCompletionChunk, None, None]:
        """The answer to ``messages``, part by part."""
        raise NotImplementedError(f"{type(self).__name__} has no predict_stream")


class _TakesDicts(PythonModel, metaclass=ABCMeta):
    """A model whose methods take, beside records, the dict that a request is."""

    @staticmethod
    def _of_dict(request: Any) -> tuple[Any, ...] | None:
        """The arguments that a request stands for; None for what is no request."""
        raise NotImplementedError

    def __getattribute__(self, name: str) -> Any:
        # Not a wrapper that is put around the methods of subclasses: their pickles would carry it to other readers.
        found = super().__getattribute__(name)
        if name not in ("predict", "predict_stream"):
            return found

        @functools.wraps(found)
        def asked(*args: Any, **kwargs: Any) -> Any:
            taken = self._of_dict(args[0]) if len(args) == 1 and not kwargs else None
            return found(*(taken or args), **kwargs)

        return asked


class ChatAgent(_TakesDicts):
    """An agent that answers a conversation with one message or more, calls of tools among them."""

    @abstractmethod
    def predict(  # type: ignore[override]
        self,
        messages: list[ChatAgentMessage],
        context: ChatContext | None = None,
        custom_inputs: dict[str, Any] | None = None,
    ) -> ChatAgentResponse:
        """The answer to ``messages``; a dict with the fields of ``ChatAgentRequest`` does as well."""

    def predict_stream(  # type: ignore[override]
        self,
        messages: list[ChatAgentMessage],
        context: ChatContext | None = None,
        custom_inputs: dict[str, Any] | None = None,
    ) -> Generator[ChatAgentChunk, None, None]:
        """The answer to ``messages``, part by part; parts of one message have one id."""
        raise NotImplementedError(f"{type(self).__name__} has no predict_stream")

    @staticmethod
    def _of_dict(request: Any) -> tuple[Any, ...] | None:
        from headrace.models.types.agent import ChatAgentRequest

        if not isinstance(request, dict | ChatAgentRequest):
            return None
        said = validated(ChatAgentRequest, request, "The request of a ChatAgent")
        return said.messages, said.context, said.custom_inputs


class ResponsesAgent(_TakesDicts):
    """An agent that answers in items, as the Responses API does: messages, calls of tools, thoughts."""

    @abstractmethod
    def predict(  # type: ignore[override]
        self, request: ResponsesAgentRequest
    ) -> ResponsesAgentResponse:
        """The answer to ``request``, which may be a dict with the same fields."""

    def predict_stream(  # type: ignore[override]
        self, request: ResponsesAgentRequest
    ) -> Generator[ResponsesAgentStreamEvent, None, None]:
        """The answer to ``request``, event by event."""
        raise NotImplementedError(f"{type(self).__name__} has no predict_stream")

    @staticmethod
    def _of_dict(request: Any) -> tuple[Any, ...] | None:
        from headrace.models.types.responses import ResponsesAgentRequest

        if not isinstance(request, dict):
            return None
        return (validated(ResponsesAgentRequest, request, "The request of a ResponsesAgent"),)

    create_annotation_added = staticmethod(items.create_annotation_added)
    create_function_call_item = staticmethod(items.create_function_call_item)
    create_function_call_output_item = staticmethod(items.create_function_call_output_item)
    create_reasoning_item = staticmethod(items.create_reasoning_item)
    create_text_delta = staticmethod(items.create_text_delta)
    create_text_output_item = staticmethod(items.create_text_output_item)

    @staticmethod
    def output_to_responses_items_stream(
        chunks: Iterator[dict[str, Any]], aggregator: list[dict[str, Any]] | None = None
    ) -> Generator[ResponsesAgentStreamEvent, None, None]:
        """The events of a streamed chat completion; items that are whole are put into ``aggregator``, too."""
        from headrace.models.types.responses import output_to_responses_items_stream

        return output_to_responses_items_stream(chunks, aggregator)

    @staticmethod
    def prep_msgs_for_cc_llm(
        responses_input: Sequence[dict[str, Any] | Message | OutputItem],
    ) -> list[dict[str, Any]]:
        """A conversation in items as the messages of chat completions."""
        return items.to_chat_completions_input(responses_input)

    @staticmethod
    def responses_agent_output_reducer(chunks: list[ResponsesAgentStreamEvent | dict[str, Any]]) -> dict[str, Any]:
        """The whole answer that streamed events make."""
        from headrace.models.types.responses import responses_agent_output_reducer

        return responses_agent_output_reducer(chunks)


def validated(kind: Any, value: Any, what: str) -> Any:
    """``value`` as a record of the Pydantic model ``kind``. Raises ``BadRequest`` naming the fields that do not fit."""
    from headrace.models.types.records import ValidationError, faults

    try:
        return value if isinstance(value, kind) else kind.model_validate(value)
    except ValidationError as error:
        raise BadRequest(f"{what} does not fit {kind.__name__}: {faults(error)}") from None
