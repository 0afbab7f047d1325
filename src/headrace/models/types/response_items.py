"""The items of an answer in the manner of the Responses API, and what is in them, as Pydantic models.

Items, contents and annotations are known by their ``type``; each is kept as it came, and checked as its kind.
"""

from __future__ import annotations

from typing import Any

from headrace.models.types.records import BaseModel, ConfigDict, Field, model_validator

_Kinds = dict[str, type[BaseModel]]


class Status(BaseModel):
    """What has a status, ``in_progress``, ``completed`` or ``incomplete``."""

    status: str | None = None

    @model_validator(mode="after")
    def check_status(self) -> Status:
        """Refuse any other status."""
        if self.status not in (None, "in_progress", "completed", "incomplete"):
            raise ValueError(f"'status' must be 'in_progress', 'completed' or 'incomplete', not {self.status!r}")
        return self


class ResponseError(BaseModel):
    """Why there is no answer."""

    code: str | None = None
    message: str


class AnnotationFileCitation(BaseModel):
    """A file that the text cites."""

    file_id: str
    index: int
    type: str = "file_citation"


class AnnotationURLCitation(BaseModel):
    """A page that the text cites, and where in the text."""

    end_index: int | None = None
    start_index: int | None = None
    title: str
    type: str = "url_citation"
    url: str


class AnnotationFilePath(BaseModel):
    """A file that the text names."""

    file_id: str
    index: int
    type: str = "file_path"


class Kind(BaseModel):
    """What is one of some kinds, by its ``type``, and keeps all of its fields."""

    model_config = ConfigDict(extra="allow")

    type: str

    def _check(self, kinds: _Kinds, others: tuple[str, ...], what: str) -> None:
        if kind := kinds.get(self.type):
            kind(**self.model_dump())
        elif self.type not in others:
            raise ValueError(f"'type' of {what} must be one of {[*kinds, *others]}, not {self.type!r}")


class Annotation(Kind):
    """A note beside a text: what it cites."""

    @model_validator(mode="after")
    def check_type(self) -> Annotation:
        """Check the fields that its type asks for."""
        kinds = (AnnotationFileCitation, AnnotationURLCitation, AnnotationFilePath)
        self._check(_by_type(*kinds), (), "an annotation")
        return self


class ResponseOutputText(BaseModel):
    """Text of an answer."""

    annotations: list[Annotation] = Field(default_factory=list)
    text: str
    type: str = "output_text"


class ResponseOutputRefusal(BaseModel):
    """Why a model will not answer."""

    refusal: str
    type: str = "refusal"


class Content(Kind):
    """A part of a message that was answered."""

    @model_validator(mode="after")
    def check_type(self) -> Content:
        """Check the fields that its type asks for."""
        self._check(_by_type(ResponseOutputText, ResponseOutputRefusal), (), "a content")
        return self


class ResponseOutputMessage(Status):
    """A message that was answered."""

    id: str
    content: list[Content]
    role: str = "assistant"
    type: str = "message"

    @model_validator(mode="after")
    def check_role(self) -> ResponseOutputMessage:
        """Refuse a message that is not the assistant's."""
        if self.role != "assistant":
            raise ValueError(f"'role' of an answer must be 'assistant', not {self.role!r}")
        return self

    @model_validator(mode="after")
    def check_content(self) -> ResponseOutputMessage:
        """Refuse a message without content."""
        if not self.content:
            raise ValueError("'content' must not be an empty list")
        return self


class ResponseFunctionToolCall(Status):
    """A call of a function that a model asks for."""

    arguments: str
    call_id: str
    name: str
    type: str = "function_call"
    id: str | None = None


class Summary(BaseModel):
    """A summary of what a model thought."""

    text: str
    type: str = "summary_text"


class ResponseReasoningItem(Status):
    """What a model thought before it answered."""

    id: str
    summary: list[Summary]
    type: str = "reasoning"


class McpApprovalRequest(Status):
    """A call of an MCP server that somebody has to allow."""

    id: str
    arguments: str
    name: str
    server_label: str
    type: str = "mcp_approval_request"


class McpApprovalResponse(Status):
    """Whether a call of an MCP server is allowed."""

    approval_request_id: str
    approve: bool
    type: str = "mcp_approval_response"
    id: str | None = None
    reason: str | None = None


class FunctionCallOutput(Status):
    """What a function answered."""

    call_id: str
    output: str | list[dict[str, Any]]
    type: str = "function_call_output"


class OutputItem(Kind):
    """One item of an answer: a message, a call, a thought."""

    @model_validator(mode="after")
    def check_type(self) -> OutputItem:
        """Check the fields that its type asks for."""
        kinds = _by_type(
            ResponseOutputMessage,
            ResponseFunctionToolCall,
            ResponseReasoningItem,
            FunctionCallOutput,
            McpApprovalRequest,
            McpApprovalResponse,
        )
        self._check(kinds, ("file_search_call", "computer_call", "web_search_call"), "an item")
        return self


def _by_type(*kinds: type[BaseModel]) -> _Kinds:
    return {str(kind.model_fields["type"].default): kind for kind in kinds}
