"""What a ``ChatAgent`` is asked and answers, as Pydantic models, and the schemas of both."""

from __future__ import annotations

from typing import Any

from headrace.models.types.chat import ChatUsage, ToolCall
from headrace.models.types.records import BaseModel, ConfigDict, model_validator
from headrace.models.types.shapes import AGENT_MESSAGE, USAGE, schema_of


class ChatAgentMessage(BaseModel):
    """One message of a conversation with an agent; those that it answers have an ``id``."""

    role: str
    content: str | None = None
    name: str | None = None
    id: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    attachments: dict[str, str] | None = None

    @model_validator(mode="after")
    def check_content_and_tool_calls(self) -> ChatAgentMessage:
        """Refuse a message that says nothing and calls nothing."""
        if self.content is None and self.tool_calls is None:
            raise ValueError("A message needs 'content' or 'tool_calls'")
        return self

    @model_validator(mode="after")
    def check_tool_messages(self) -> ChatAgentMessage:
        """Refuse the answer of a tool that does not say of which."""
        if self.role == "tool" and not (self.name and self.tool_call_id):
            raise ValueError("A message of a tool needs 'name' and 'tool_call_id'")
        return self


class ChatContext(BaseModel):
    """Whose conversation it is."""

    conversation_id: str | None = None
    user_id: str | None = None


class ChatAgentRequest(BaseModel):
    """A conversation to be continued by an agent."""

    messages: list[ChatAgentMessage]
    context: ChatContext | None = None
    custom_inputs: dict[str, Any] | None = None
    stream: bool | None = False


class ChatAgentResponse(BaseModel):
    """What an agent answers: one message or more, each with an id of its own."""

    model_config = ConfigDict(validate_assignment=True)

    messages: list[ChatAgentMessage]
    finish_reason: str | None = None
    custom_outputs: dict[str, Any] | None = None
    usage: ChatUsage | None = None

    @model_validator(mode="after")
    def check_message_ids(self) -> ChatAgentResponse:
        """Refuse messages that cannot be told apart."""
        ids = [each.id for each in self.messages]
        if None in ids:
            raise ValueError("Every message of an answer needs an 'id', such as str(uuid.uuid4())")
        if len(set(ids)) < len(ids):
            raise ValueError("Every message of an answer needs an 'id' of its own, such as str(uuid.uuid4())")
        return self


class ChatAgentChunk(BaseModel):
    """A part of a streamed answer; parts of one message have one id."""

    model_config = ConfigDict(validate_assignment=True)

    delta: ChatAgentMessage
    finish_reason: str | None = None
    custom_outputs: dict[str, Any] | None = None
    usage: ChatUsage | None = None

    @model_validator(mode="after")
    def check_message_id(self) -> ChatAgentChunk:
        """Refuse a part that does not say of which message it is."""
        if self.delta.id is None:
            raise ValueError("'delta' needs an 'id', the same for all parts of one message")
        return self


CHAT_AGENT_INPUT_SCHEMA = schema_of(
    {
        "messages": [AGENT_MESSAGE],
        "context?": {"conversation_id?": "string", "user_id?": "string"},
        "custom_inputs?": ("map", "any"),
        "stream?": "boolean",
    }
)
CHAT_AGENT_OUTPUT_SCHEMA = schema_of(
    {
        "messages": [AGENT_MESSAGE],
        "finish_reason?": "string",
        "custom_outputs?": ("map", "any"),
        "usage?": USAGE,
    }
)
CHAT_AGENT_INPUT_EXAMPLE = {"messages": [{"role": "user", "content": "Hello!"}]}
