"""Chat completions as services speak them: requests, answers and parts of answers, as Pydantic models."""

from __future__ import annotations

import warnings
from typing import Annotated, Any, Literal
from uuid import uuid4

from headrace.models.types.records import BaseModel, ConfigDict, Field, model_serializer

AllowedType = Literal["string", "number", "integer", "object", "array", "boolean", "null"]


class TextContentPart(BaseModel):
    """Text in a message."""

    type: Literal["text"]
    text: str


class ImageUrl(BaseModel):
    """Where an image is, or the image itself as a data URL."""

    url: str
    detail: Literal["auto", "low", "high"] | None = None


class ImageContentPart(BaseModel):
    """An image in a message."""

    type: Literal["image_url"]
    image_url: ImageUrl


class InputAudio(BaseModel):
    """Sound as base64."""

    data: str
    format: Literal["wav", "mp3"]


class AudioContentPart(BaseModel):
    """Sound in a message."""

    type: Literal["input_audio"]
    input_audio: InputAudio


class ReasoningSummaryPart(BaseModel):
    """A summary of what a model thought."""

    type: Literal["summary_text"]
    text: str


class ReasoningContentPart(BaseModel):
    """What a model thought before it answered."""

    model_config = ConfigDict(extra="allow")

    type: Literal["reasoning"]
    summary: list[ReasoningSummaryPart] = Field(default_factory=list)


ContentPartsList = list[
    Annotated[TextContentPart | ImageContentPart | AudioContentPart | ReasoningContentPart, Field(discriminator="type")]
]
ContentType = Annotated[str | ContentPartsList, Field(union_mode="left_to_right")]


class Function(BaseModel):
    """A function that is to be called; parts of it arrive when a call is streamed."""

    name: str | None = None
    arguments: str | None = None

    def to_tool_call(self, id: str | None = None) -> ToolCall:
        """The call of this function, under ``id`` or a new one."""
        return ToolCall(id=str(uuid4()) if id is None else id, function=self)


class _Signed(BaseModel):
    """What leaves out its signature of a thought when it has none."""

    @model_serializer(mode="wrap")
    def _unsigned(self, handler: Any) -> dict[str, Any]:
        said: dict[str, Any] = handler(self)
        if said.get("thought_signature") is None:
            said.pop("thought_signature", None)
        return said


class ToolCall(_Signed):
    """A call of a tool that a model asks for."""

    id: str
    type: str = "function"
    function: Function
    thought_signature: str | None = None


class ChatMessage(BaseModel):
    """One message of a conversation."""

    role: str
    content: ContentType | None = None
    tool_calls: list[ToolCall] | None = None
    refusal: str | None = None
    tool_call_id: str | None = None


class ParamType(BaseModel):
    """The type of a tool's parameter, or the types it may have."""

    type: AllowedType | list[AllowedType] | None = None


class ParamProperty(ParamType):
    """A parameter of a tool."""

    description: str | None = None
    enum: list[str | int | float | bool] | None = None
    items: ParamProperty | None = None


class FunctionParams(BaseModel):
    """The parameters of a tool, as JSON Schema."""

    properties: dict[str, ParamProperty]
    type: Literal["object"] = "object"
    required: list[str] | None = None
    additionalProperties: bool | None = None


class FunctionToolDefinition(BaseModel):
    """A function that a model may ask to be called."""

    name: str
    description: str | None = None
    parameters: FunctionParams | None = None
    strict: bool | None = None


class ChatTool(BaseModel):
    """A tool that a model may use."""

    type: Literal["function"]
    function: FunctionToolDefinition | None = None


with warnings.catch_warnings():
    # Pydantic has an old method of the name that services chose for this field.
    warnings.filterwarnings("ignore", message='Field name "schema"')

    class JsonSchemaSpec(BaseModel):
        """The JSON Schema that an answer must have."""

        model_config = ConfigDict(extra="allow")

        name: str
        schema: dict[str, Any]  # type: ignore[assignment]
        strict: bool = True


class ResponseFormat(BaseModel):
    """The form that an answer must have."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchemaSpec | None = None


class ToolChoiceFunction(BaseModel):
    """The name of a tool."""

    name: str


class ToolChoice(BaseModel):
    """The tool that must be used."""

    type: Literal["function"]
    function: ToolChoiceFunction


class BaseRequestPayload(BaseModel):
    """How an answer is to be made."""

    n: int = Field(1, ge=1)
    stop: list[str] | None = Field(None, min_length=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    model: str | None = None
    response_format: ResponseFormat | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    top_k: int | None = Field(None, ge=1)


class ChatChoice(BaseModel):
    """One answer of those that were asked for."""

    index: int
    message: ChatMessage
    finish_reason: str | None = None


class PromptTokensDetails(BaseModel):
    """How the tokens of the question were counted."""

    model_config = ConfigDict(extra="allow")

    cached_tokens: int | None = None


class ChatUsage(BaseModel):
    """Tokens of the question and of the answer."""

    model_config = ConfigDict(extra="allow")

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: PromptTokensDetails | None = None


class ToolCallDelta(_Signed):
    """A part of the call of a tool."""

    index: int
    id: str | None = None
    type: str | None = None
    function: Function
    thought_signature: str | None = None


class ChatChoiceDelta(BaseModel):
    """What a part of a streamed message adds."""

    role: str | None = None
    content: str | None = None
    tool_calls: list[ToolCallDelta] | None = None


class ChatChunkChoice(BaseModel):
    """A part of one answer of those that were asked for."""

    index: int
    finish_reason: str | None = None
    delta: ChatChoiceDelta


class ChatCompletionChunk(BaseModel):
    """A part of a streamed answer; ``created`` is in seconds since the epoch."""

    id: str | None = None
    object: str = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChatChunkChoice]
    usage: ChatUsage | None = None


class ChatCompletionRequest(BaseRequestPayload):
    """A conversation to be continued, and how."""

    messages: list[ChatMessage] = Field(..., min_length=1)
    tools: list[ChatTool] | None = Field(None, min_length=1)
    tool_choice: Literal["none", "auto", "required"] | ToolChoice | None = None


class ChatCompletionResponse(BaseModel):
    """An answer; ``created`` is in seconds since the epoch."""

    id: str | None = None
    object: str = "chat.completion"
    created: int
    model: str
    choices: list[ChatChoice]
    usage: ChatUsage
