"""Requests and answers of models that converse, as dataclasses that signatures are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

_ASKED = "What is mlflow?"
_ANSWERED = "MLflow is an open source platform for the machine learning lifecycle."


@dataclass
class Message:
    """One message, and who it is from."""

    role: str = "user"
    content: str = _ASKED


@dataclass
class ChatCompletionRequest:
    """A conversation so far."""

    messages: list[Message] = field(default_factory=lambda: [Message()])


@dataclass
class SplitChatMessagesRequest:
    """A question, and the conversation before it."""

    query: str = _ASKED
    history: list[Message] | None = field(default_factory=list)


@dataclass
class MultiturnChatRequest:
    """A question, and the conversation before it."""

    query: str = _ASKED
    history: list[Message] | None = field(default_factory=list)


@dataclass
class ChainCompletionChoice:
    """One answer."""

    index: int = 0
    message: Message = field(default_factory=lambda: Message(role="assistant", content=_ANSWERED))
    finish_reason: str = "stop"


@dataclass
class ChainCompletionChunk:
    """A part of an answer."""

    index: int = 0
    delta: Message = field(default_factory=lambda: Message(role="assistant", content=_ANSWERED))
    finish_reason: str = "stop"


@dataclass
class ChatCompletionResponse:
    """The answers."""

    choices: list[ChainCompletionChoice] = field(default_factory=lambda: [ChainCompletionChoice()])
    object: str = "chat.completion"


@dataclass
class StringResponse:
    """An answer that is a text."""

    content: str = _ANSWERED
