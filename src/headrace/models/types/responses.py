"""What a ``ResponsesAgent`` is asked and answers, as Pydantic models, and the schemas of both."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from headrace.models.types.agent import ChatContext
from headrace.models.types.items import (
    create_annotation_added,
    create_function_call_item,
    create_function_call_output_item,
    create_mcp_approval_request_item,
    create_mcp_approval_response_item,
    create_reasoning_item,
    create_text_delta,
    create_text_output_item,
    events_of,
    responses_to_cc,
    to_chat_completions_input,
)
from headrace.models.types.records import BaseModel, ConfigDict, model_validator
from headrace.models.types.responses_helpers import (
    BaseRequestPayload,
    Message,
    OutputItem,
    Response,
    ResponseCompletedEvent,
    ResponseErrorEvent,
    ResponseOutputItemDoneEvent,
    ResponseTextAnnotationDeltaEvent,
    ResponseTextDeltaEvent,
)
from headrace.models.types.shapes import schema_of

__all__ = [
    "RESPONSES_AGENT_INPUT_EXAMPLE",
    "RESPONSES_AGENT_INPUT_SCHEMA",
    "RESPONSES_AGENT_OUTPUT_SCHEMA",
    "BaseRequestPayload",
    "ChatContext",
    "Message",
    "OutputItem",
    "Response",
    "ResponseCompletedEvent",
    "ResponseErrorEvent",
    "ResponseOutputItemDoneEvent",
    "ResponseTextAnnotationDeltaEvent",
    "ResponseTextDeltaEvent",
    "ResponsesAgentRequest",
    "ResponsesAgentResponse",
    "ResponsesAgentStreamEvent",
    "create_annotation_added",
    "create_function_call_item",
    "create_function_call_output_item",
    "create_mcp_approval_request_item",
    "create_mcp_approval_response_item",
    "create_reasoning_item",
    "create_text_delta",
    "create_text_output_item",
    "output_to_responses_items_stream",
    "responses_agent_output_reducer",
    "responses_to_cc",
    "to_chat_completions_input",
]


class ResponsesAgentRequest(BaseRequestPayload):
    """A conversation, in messages and items, to be continued by an agent."""

    input: list[Message | OutputItem]
    custom_inputs: dict[str, Any] | None = None
    context: ChatContext | None = None


class ResponsesAgentResponse(Response):
    """What an agent answers."""

    custom_outputs: dict[str, Any] | None = None


class ResponsesAgentStreamEvent(BaseModel):
    """A part of a streamed answer; events of types that are not known keep their fields as they are."""

    model_config = ConfigDict(extra="allow")

    type: str
    custom_outputs: dict[str, Any] | None = None

    @model_validator(mode="after")
    def check_type(self) -> ResponsesAgentStreamEvent:
        """Check the fields that its type asks for."""
        if kind := _EVENTS.get(self.type):
            kind(**self.model_dump())
        return self


_EVENTS: dict[str, type[BaseModel]] = {
    str(kind.model_fields["type"].default): kind
    for kind in (
        ResponseTextDeltaEvent,
        ResponseTextAnnotationDeltaEvent,
        ResponseOutputItemDoneEvent,
        ResponseErrorEvent,
        ResponseCompletedEvent,
    )
}


def output_to_responses_items_stream(
    chunks: Iterator[dict[str, Any]], aggregator: list[dict[str, Any]] | None = None
) -> Generator[ResponsesAgentStreamEvent, None, None]:
    """The events of a streamed chat completion; items that are whole are put into ``aggregator``, too."""
    for event in events_of(chunks, aggregator):
        yield ResponsesAgentStreamEvent(**event)


def responses_agent_output_reducer(chunks: list[ResponsesAgentStreamEvent | dict[str, Any]]) -> dict[str, Any]:
    """The whole answer that streamed parts make: the items that were said to be done."""
    said = [each if isinstance(each, dict) else each.model_dump() for each in chunks]
    items = [each["item"] for each in said if each.get("type") == "response.output_item.done"]
    return ResponsesAgentResponse(output=items).model_dump(exclude_none=True)


_CONTEXT = {"conversation_id?": "string", "user_id?": "string"}
_REASONING = {"effort?": "string", "generate_summary?": "string"}
_USAGE = {
    "input_tokens": "long",
    "input_tokens_details": {"cached_tokens": "long"},
    "output_tokens": "long",
    "output_tokens_details": {"reasoning_tokens": "long"},
    "total_tokens": "long",
}
RESPONSES_AGENT_INPUT_SCHEMA = schema_of(
    {
        "background?": "boolean",
        "context?": _CONTEXT,
        "custom_inputs?": ("map", "any"),
        "input": ["any"],
        "max_output_tokens?": "long",
        "metadata?": ("map", "string"),
        "parallel_tool_calls?": "boolean",
        "reasoning?": _REASONING,
        "store?": "boolean",
        "stream?": "boolean",
        "temperature?": "double",
        "text?": "any",
        "tool_choice?": "any",
        "tools?": [{"type": "string"}],
        "top_p?": "double",
        "truncation?": "string",
        "user?": "string",
    }
)
RESPONSES_AGENT_OUTPUT_SCHEMA = schema_of(
    {
        "": {
            "created_at?": "double",
            "custom_outputs?": ("map", "any"),
            "error?": {"code?": "string", "message": "string"},
            "id?": "string",
            "incomplete_details?": {"reason?": "string"},
            "instructions?": "string",
            "max_output_tokens?": "long",
            "metadata?": ("map", "string"),
            "model?": "string",
            "object": "string",
            "output": [{"type": "string"}],
            "parallel_tool_calls?": "boolean",
            "previous_response_id?": "string",
            "reasoning?": _REASONING,
            "status?": "string",
            "temperature?": "double",
            "text?": "any",
            "tool_choice?": "any",
            "tools?": [{"type": "string"}],
            "top_p?": "double",
            "truncation?": "string",
            "usage?": _USAGE,
            "user?": "string",
        }
    }
)
RESPONSES_AGENT_INPUT_EXAMPLE = {"input": [{"role": "user", "content": "Hello!"}]}
