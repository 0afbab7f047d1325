"""What chat models are asked and answer: dataclasses that check their fields, and the schemas of models and servers."""

from __future__ import annotations

import time
import typing
import uuid
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from types import UnionType
from typing import Any, Literal, Self, Union, get_args, get_origin

from headrace.models.types.shapes import MESSAGE, PARAMETER, USAGE, schema_of

#: The types of JSON Schema.
JSON_SCHEMA_TYPES = ["string", "number", "integer", "object", "array", "boolean", "null"]
JsonType = Literal["string", "number", "integer", "object", "array", "boolean", "null"]


@dataclass
class _BaseDataclass:
    """A record whose fields are checked when it is made; dicts in it become records of their kind."""

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(type(self))
        for each in fields(self):
            setattr(self, each.name, _checked(each.name, getattr(self, each.name), hints[each.name]))

    def to_dict(self) -> dict[str, Any]:
        """The fields that are set, records in them as dicts."""
        return asdict(self, dict_factory=lambda pairs: {name: value for name, value in pairs if value is not None})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The record in ``data``, without fields it does not know. Raises ``ValueError`` naming what does not fit."""
        if not isinstance(data, Mapping):
            raise ValueError(f"{cls.__name__} must be an object, not {type(data).__name__}")
        names = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in names})


def _checked(name: str, value: Any, hint: Any) -> Any:
    """``value`` if it is what ``hint`` says, with dicts turned into records. Raises ``ValueError`` naming the field."""
    if get_origin(hint) in (Union, UnionType):
        options = get_args(hint)
        if value is None and type(None) in options:
            return None
        rest = [each for each in options if each is not type(None)]
        # Of several, the one whose outer kind the value has.
        return _checked(name, value, next((each for each in rest if _is_of(value, each)), rest[0]))
    if value is None:
        raise ValueError(f"{name!r} is required")
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        if value not in arguments:
            raise ValueError(f"{name!r} must be one of {list(arguments)}, not {value!r}")
        return value
    if origin is list:
        if not isinstance(value, list):
            raise ValueError(f"{name!r} must be a list, not {type(value).__name__}")
        return [_checked(f"{name}[{at}]", each, arguments[0]) for at, each in enumerate(value)]
    if origin is dict:
        return _mapping(name, value, arguments[1])
    if isinstance(hint, type) and issubclass(hint, _BaseDataclass):
        return _record(name, value, hint)
    if hint is not Any and not _is_of(value, hint):
        raise ValueError(f"{name!r} must be of type {hint.__name__}, not {type(value).__name__}")
    return value


def _is_of(value: Any, hint: Any) -> bool:
    kind = get_origin(hint) or hint
    # True is an int of Python's, and no number here.
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _mapping(name: str, value: Any, hint: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name!r} must be an object, not {type(value).__name__}")
    for key in value:
        if not isinstance(key, str):
            raise ValueError(f"The keys of {name!r} must be text, and {key!r} is of type {type(key).__name__}")
    return {key: each if hint is Any else _checked(f"{name}.{key}", each, hint) for key, each in value.items()}


def _record(name: str, value: Any, kind: type[_BaseDataclass]) -> _BaseDataclass:
    if isinstance(value, kind):
        return value
    if not isinstance(value, dict):
        raise ValueError(f"{name!r} must be a {kind.__name__} or an object like one, not {type(value).__name__}")
    known = {each.name: each for each in fields(kind)}
    missing = [
        each.name
        for each in known.values()
        if each.default is MISSING and each.default_factory is MISSING and each.name not in value
    ]
    if missing:
        raise ValueError(f"'{name}.{missing[0]}' is required")
    try:
        return kind(**{key: each for key, each in value.items() if key in known})
    except ValueError as error:
        raise ValueError(f"In {name!r}: {error}") from None


@dataclass
class FunctionToolCallArguments(_BaseDataclass):
    """The function a model wants to be called, and its arguments as JSON text."""

    name: str
    arguments: str

    def to_tool_call(self, id: str | None = None) -> ToolCall:
        """The call of this function, under ``id`` or a new one."""
        return ToolCall(function=self) if id is None else ToolCall(function=self, id=id)


@dataclass
class ToolCall(_BaseDataclass):
    """A call of a tool that a model asks for."""

    function: FunctionToolCallArguments
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    type: str = "function"


@dataclass
class ChatMessage(_BaseDataclass):
    """One message of a conversation: text, a list of content parts, a refusal, or calls of tools."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.refusal is not None and self.content is not None:
            raise ValueError("'content' and 'refusal' exclude each other")
        if self.content is None and self.refusal is None and not self.tool_calls:
            raise ValueError("'content' is required")


@dataclass
class ChatChoiceDelta(_BaseDataclass):
    """What a part of a streamed message adds."""

    role: str | None = "assistant"
    content: str | None = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None


@dataclass
class ParamType(_BaseDataclass):
    """The type of a tool's parameter."""

    type: JsonType


@dataclass
class ParamProperty(ParamType):
    """A parameter of a tool."""

    description: str | None = None
    enum: list[str] | None = None
    items: ParamProperty | None = None


@dataclass
class ToolParamsSchema(_BaseDataclass):
    """The parameters of a tool, as JSON Schema."""

    properties: dict[str, ParamProperty]
    type: Literal["object"] = "object"
    required: list[str] | None = None
    additionalProperties: bool | None = None


@dataclass
class FunctionToolDefinition(_BaseDataclass):
    """A function that a model may ask to be called."""

    name: str
    description: str | None = None
    parameters: ToolParamsSchema | None = None
    strict: bool = False

    def to_tool_definition(self) -> ToolDefinition:
        """The tool that is this function."""
        return ToolDefinition(function=self)


@dataclass
class ToolDefinition(_BaseDataclass):
    """A tool that a model may use."""

    function: FunctionToolDefinition
    type: Literal["function"] = "function"


@dataclass
class ChatParams(_BaseDataclass):
    """How an answer is to be made."""

    temperature: float = 1.0
    max_tokens: int | None = None
    stop: list[str] | None = None
    n: int = 1
    stream: bool = False
    top_p: float | None = None
    top_k: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    custom_inputs: dict[str, Any] | None = None
    tools: list[ToolDefinition] | None = None

    @classmethod
    def keys(cls) -> set[str]:
        """The names of all params."""
        return {each.name for each in fields(cls)}


@dataclass
class ChatCompletionRequest(ChatParams):
    """A conversation to be continued, and how."""

    messages: list[ChatMessage] = field(default_factory=list)


@dataclass
class TopTokenLogProb(_BaseDataclass):
    """A token that might have stood there, and its log probability."""

    token: str
    logprob: float
    bytes: list[int] | None = None


@dataclass
class TokenLogProb(_BaseDataclass):
    """A token of an answer, its log probability, and what might have stood there."""

    token: str
    logprob: float
    top_logprobs: list[TopTokenLogProb]
    bytes: list[int] | None = None


@dataclass
class ChatChoiceLogProbs(_BaseDataclass):
    """The log probabilities of an answer's tokens."""

    content: list[TokenLogProb] | None = None


@dataclass
class ChatChoice(_BaseDataclass):
    """One answer of those that were asked for."""

    message: ChatMessage
    index: int = 0
    finish_reason: str = "stop"
    logprobs: ChatChoiceLogProbs | None = None


@dataclass
class ChatChunkChoice(_BaseDataclass):
    """A part of one answer of those that were asked for."""

    delta: ChatChoiceDelta
    index: int = 0
    finish_reason: str | None = None
    logprobs: ChatChoiceLogProbs | None = None


@dataclass
class TokenUsageStats(_BaseDataclass):
    """Tokens of the question and of the answer."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None


@dataclass
class ChatCompletionResponse(_BaseDataclass):
    """The answer of a chat model; ``created`` is in seconds since the epoch."""

    choices: list[ChatChoice]
    usage: TokenUsageStats | None = None
    id: str | None = None
    model: str | None = None
    object: str = "chat.completion"
    created: int = field(default_factory=lambda: int(time.time()))
    custom_outputs: dict[str, Any] | None = None


@dataclass
class ChatCompletionChunk(_BaseDataclass):
    """A part of the streamed answer of a chat model; ``created`` is in seconds since the epoch."""

    choices: list[ChatChunkChoice]
    usage: TokenUsageStats | None = None
    id: str | None = None
    model: str | None = None
    object: str = "chat.completion.chunk"
    created: int = field(default_factory=lambda: int(time.time()))
    custom_outputs: dict[str, Any] | None = None


CHAT_MODEL_INPUT_SCHEMA = schema_of(
    {
        "messages": [MESSAGE],
        "temperature?": "double",
        "max_tokens?": "long",
        "stop?": ["string"],
        "n?": "long",
        "stream?": "boolean",
        "top_p?": "double",
        "top_k?": "long",
        "frequency_penalty?": "double",
        "presence_penalty?": "double",
        "tools?": [
            {
                "type": "string",
                "function?": {
                    "name": "string",
                    "description?": "string",
                    "parameters": {
                        "properties": ("map", PARAMETER),
                        "type?": "string",
                        "required?": ["string"],
                        "additionalProperties?": "boolean",
                    },
                    "strict?": "boolean",
                },
            }
        ],
        "custom_inputs?": ("map", "any"),
    }
)
CHAT_MODEL_OUTPUT_SCHEMA = schema_of(
    {
        "id": "string",
        "object": "string",
        "created": "long",
        "model": "string",
        "choices": [{"index": "long", "message": MESSAGE, "finish_reason": "string"}],
        "usage?": USAGE,
        "custom_outputs?": ("map", "any"),
    }
)
CHAT_MODEL_INPUT_EXAMPLE = {
    "messages": [{"role": "user", "content": "Hello!"}],
    "temperature": 1.0,
    "max_tokens": 10,
    "stop": ["\n"],
    "n": 1,
    "stream": False,
}

COMPLETIONS_MODEL_INPUT_SCHEMA = schema_of(
    {
        "prompt": "string",
        "temperature?": "double",
        "max_tokens?": "long",
        "stop?": ["string"],
        "n?": "long",
        "stream?": "boolean",
    }
)
COMPLETIONS_MODEL_OUTPUT_SCHEMA = schema_of(
    {
        "id": "string",
        "object": "string",
        "created": "long",
        "model": "string",
        "choices": [{"index": "long", "text": "string", "finish_reason": "string"}],
        "usage": USAGE,
    }
)
EMBEDDING_MODEL_INPUT_SCHEMA = schema_of({"input": "string"})
EMBEDDING_MODEL_OUTPUT_SCHEMA = schema_of(
    {
        "object": "string",
        "data": [{"index": "long", "object": "string", "embedding": ["double"]}],
        "usage": {"prompt_tokens": "long", "total_tokens": "long"},
    }
)
