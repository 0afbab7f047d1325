"""The parts of requests and answers in the manner of the Responses API, as Pydantic models."""

from __future__ import annotations

import warnings
from typing import Any

from headrace.models.types.records import BaseModel, model_validator
from headrace.models.types.response_items import (
    Annotation,
    AnnotationFileCitation,
    AnnotationFilePath,
    AnnotationURLCitation,
    Content,
    FunctionCallOutput,
    Kind,
    McpApprovalRequest,
    McpApprovalResponse,
    OutputItem,
    ResponseError,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputRefusal,
    ResponseOutputText,
    ResponseReasoningItem,
    Status,
    Summary,
)

__all__ = [
    "Annotation",
    "AnnotationFileCitation",
    "AnnotationFilePath",
    "AnnotationURLCitation",
    "BaseRequestPayload",
    "Content",
    "FunctionCallOutput",
    "FunctionTool",
    "IncompleteDetails",
    "InputTokensDetails",
    "McpApprovalRequest",
    "McpApprovalResponse",
    "Message",
    "OutputItem",
    "OutputTokensDetails",
    "ReasoningParams",
    "Response",
    "ResponseCompletedEvent",
    "ResponseError",
    "ResponseErrorEvent",
    "ResponseFunctionToolCall",
    "ResponseInputTextParam",
    "ResponseOutputItemDoneEvent",
    "ResponseOutputMessage",
    "ResponseOutputRefusal",
    "ResponseOutputText",
    "ResponseReasoningItem",
    "ResponseTextAnnotationDeltaEvent",
    "ResponseTextDeltaEvent",
    "ResponseUsage",
    "Status",
    "Summary",
    "Tool",
    "ToolChoice",
    "ToolChoiceFunction",
    "Truncation",
]


class IncompleteDetails(BaseModel):
    """Why an answer is not whole."""

    reason: str | None = None

    @model_validator(mode="after")
    def check_reason(self) -> IncompleteDetails:
        """Warn of a reason that is not known."""
        _expect("reason", self.reason, "max_output_tokens", "content_filter")
        return self


class ToolChoiceFunction(BaseModel):
    """The function that must be called."""

    name: str
    type: str = "function"


class FunctionTool(BaseModel):
    """A function that a model may ask to be called."""

    name: str
    parameters: dict[str, Any]
    strict: bool | None = None
    type: str = "function"
    description: str | None = None


class Tool(Kind):
    """A tool that a model may use."""

    @model_validator(mode="after")
    def check_type(self) -> Tool:
        """Check the fields of a function; warn of a type that is not known."""
        if self.type == "function":
            FunctionTool(**self.model_dump())
        _expect(
            "tool type",
            self.type,
            *("function", "file_search", "computer_use", "computer_use_preview", "web_search", "web_search_preview"),
            *("mcp", "code_interpreter", "image_generation", "local_shell", "custom"),
        )
        return self


class ToolChoice(BaseModel):
    """Which tools must or may be used."""

    tool_choice: str | ToolChoiceFunction | None = None

    @model_validator(mode="after")
    def check_tool_choice(self) -> ToolChoice:
        """Warn of a word that is not known."""
        if isinstance(self.tool_choice, str):
            _expect("tool_choice", self.tool_choice, "none", "auto", "required")
        return self


class ReasoningParams(BaseModel):
    """How much a model shall think, and what it tells of it."""

    effort: str | None = None
    generate_summary: str | None = None

    @model_validator(mode="after")
    def check_effort(self) -> ReasoningParams:
        """Warn of a word that is not known."""
        _expect("effort", self.effort, "low", "medium", "high", "minimal", "none", "xhigh")
        return self

    @model_validator(mode="after")
    def check_generate_summary(self) -> ReasoningParams:
        """Warn of a word that is not known."""
        _expect("generate_summary", self.generate_summary, "auto", "concise", "detailed")
        return self


class InputTokensDetails(BaseModel):
    """How the tokens of the question were counted."""

    cached_tokens: int


class OutputTokensDetails(BaseModel):
    """How the tokens of the answer were counted."""

    reasoning_tokens: int


class ResponseUsage(BaseModel):
    """Tokens of the question and of the answer."""

    input_tokens: int
    input_tokens_details: InputTokensDetails
    output_tokens: int
    output_tokens_details: OutputTokensDetails
    total_tokens: int


class Truncation(BaseModel):
    """Whether a conversation that is too long is cut."""

    truncation: str | None = None

    @model_validator(mode="after")
    def check_truncation(self) -> Truncation:
        """Warn of a word that is not known."""
        _expect("truncation", self.truncation, "auto", "disabled")
        return self


class Response(Truncation, ToolChoice):
    """An answer; ``created_at`` is in seconds since the epoch."""

    id: str | None = None
    created_at: float | None = None
    error: ResponseError | None = None
    incomplete_details: IncompleteDetails | None = None
    instructions: str | None = None
    metadata: dict[str, str] | None = None
    model: str | None = None
    object: str = "response"
    output: list[OutputItem]
    parallel_tool_calls: bool | None = None
    temperature: float | None = None
    tools: list[Tool] | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    previous_response_id: str | None = None
    reasoning: ReasoningParams | None = None
    status: str | None = None
    text: Any | None = None
    usage: ResponseUsage | None = None
    user: str | None = None

    @property
    def output_text(self) -> str:
        """The text of all messages, one after another."""
        messages = [each.model_dump() for each in self.output if each.type == "message"]
        return "".join(part["text"] for each in messages for part in each["content"] if part["type"] == "output_text")

    @model_validator(mode="after")
    def check_status(self) -> Response:
        """Warn of a status that is not known."""
        _expect("status", self.status, "completed", "failed", "in_progress", "incomplete", "cancelled", "queued")
        return self


class ResponseInputTextParam(BaseModel):
    """Text of a question."""

    text: str
    type: str = "input_text"


class Message(Status):
    """One message of a question, or of the conversation before it."""

    content: str | list[ResponseInputTextParam | dict[str, Any]]
    role: str
    type: str = "message"

    @model_validator(mode="after")
    def check_content(self) -> Message:
        """Check that each part of the content says what it is."""
        for part in self.content if isinstance(self.content, list) else []:
            if isinstance(part, dict):
                _check_part(part)
        return self

    @model_validator(mode="after")
    def check_role(self) -> Message:
        """Refuse a role that is not known."""
        if self.role not in ("user", "assistant", "system", "developer"):
            raise ValueError(f"'role' must be 'user', 'assistant', 'system' or 'developer', not {self.role!r}")
        return self


class BaseRequestPayload(Truncation, ToolChoice):
    """How an answer is to be made."""

    max_output_tokens: int | None = None
    metadata: dict[str, str] | None = None
    parallel_tool_calls: bool | None = None
    tools: list[Tool] | None = None
    reasoning: ReasoningParams | None = None
    store: bool | None = None
    stream: bool | None = None
    temperature: float | None = None
    text: Any | None = None
    top_p: float | None = None
    user: str | None = None
    background: bool | None = None


class ResponseTextDeltaEvent(BaseModel):
    """Text that a part of a streamed answer adds."""

    content_index: int | None = None
    delta: str
    item_id: str
    output_index: int | None = None
    type: str = "response.output_text.delta"


class ResponseTextAnnotationDeltaEvent(BaseModel):
    """A note that a part of a streamed answer adds."""

    annotation: Annotation
    annotation_index: int
    content_index: int | None = None
    item_id: str
    output_index: int | None = None
    type: str = "response.output_text.annotation.added"


class ResponseOutputItemDoneEvent(BaseModel):
    """An item of a streamed answer that is whole."""

    item: OutputItem
    output_index: int | None = None
    type: str = "response.output_item.done"


class ResponseErrorEvent(BaseModel):
    """What went wrong in the middle of a streamed answer."""

    code: str | None = None
    message: str
    param: str | None = None
    type: str = "error"


class ResponseCompletedEvent(BaseModel):
    """A streamed answer that is whole."""

    response: Response
    type: str = "response.completed"


def _check_part(part: dict[str, Any]) -> None:
    match part.get("type"):
        case "input_text":
            ResponseInputTextParam(**part)
        case "output_text":
            ResponseOutputText(**part)
        case "refusal":
            ResponseOutputRefusal(**part)
        case "input_image" | "input_file" | "input_audio":
            return
        case other:
            raise ValueError(f"'type' of a content must be one of a question's, such as 'input_text', not {other!r}")


def _expect(what: str, value: str | None, *known: str) -> None:
    """Warn of a word that this release does not know; services bring new ones faster than releases come."""
    if value is not None and value not in known:
        warnings.warn(f"The {what} {value!r} is not known; there are {list(known)}", stacklevel=2)
