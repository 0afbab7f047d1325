"""Items of the Responses API made, streamed, gathered, and turned into messages of chat completions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.models.types.responses_helpers import Message, OutputItem


def create_text_delta(delta: str, item_id: str) -> dict[str, Any]:
    """The event that adds ``delta`` to the text of an item."""
    return {"type": "response.output_text.delta", "item_id": item_id, "delta": delta}


def create_annotation_added(
    item_id: str, annotation: dict[str, Any], annotation_index: int | None = 0
) -> dict[str, Any]:
    """The event that adds a note to the text of an item."""
    return {
        "type": "response.output_text.annotation.added",
        "item_id": item_id,
        "annotation_index": annotation_index,
        "annotation": annotation,
    }


def create_text_output_item(text: str, id: str, annotations: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A message of the assistant."""
    content = {"text": text, "type": "output_text", "annotations": annotations or []}
    return {"id": id, "content": [content], "role": "assistant", "type": "message"}


def create_reasoning_item(id: str, reasoning_text: str) -> dict[str, Any]:
    """What the model thought."""
    return {"type": "reasoning", "summary": [{"type": "summary_text", "text": reasoning_text}], "id": id}


def create_function_call_item(id: str, call_id: str, name: str, arguments: str) -> dict[str, Any]:
    """A call of a function; ``arguments`` is JSON text."""
    return {"type": "function_call", "id": id, "call_id": call_id, "name": name, "arguments": arguments}


def create_function_call_output_item(call_id: str, output: str) -> dict[str, Any]:
    """What a function answered to a call."""
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def create_mcp_approval_request_item(id: str, arguments: str, name: str, server_label: str) -> dict[str, Any]:
    """A call of an MCP server that somebody has to allow; ``arguments`` is JSON text."""
    said = {"id": id, "arguments": arguments, "name": name, "server_label": server_label}
    return {"type": "mcp_approval_request", **said}


def create_mcp_approval_response_item(
    id: str, approval_request_id: str, approve: bool, reason: str | None = None
) -> dict[str, Any]:
    """Whether a call of an MCP server is allowed."""
    said = {"id": id, "approval_request_id": approval_request_id, "approve": approve, "reason": reason}
    return {"type": "mcp_approval_response", **said}


def responses_to_cc(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of chat completions that say what one item says; none for an item they have no form for."""
    match message.get("type"):
        case "function_call":
            return [_called(message["call_id"], message, "tool call")]
        case "mcp_approval_request":
            return [_called(message["id"], message, "mcp approval request")]
        case "function_call_output":
            output = message["output"]
            text = output if isinstance(output, str) else json.dumps(output)
            return [{"role": "tool", "content": text, "tool_call_id": message["call_id"]}]
        case "mcp_approval_response":
            answer = {"content": str(message["approve"]), "tool_call_id": message["approval_request_id"]}
            return [{"role": "tool", **answer}]
        case "reasoning":
            return [{"role": "assistant", "content": json.dumps(message["summary"])}]
        case "message" if isinstance(message.get("content"), list):
            texts = [part.get("text", part.get("refusal")) for part in message["content"]]
            if message.get("role") == "assistant" and all(text is not None for text in texts):
                return [{"role": "assistant", "content": text} for text in texts]
    if message.get("role") is None or message.get("content") is None:
        return []
    kept = ("role", "content", "name", "tool_calls", "tool_call_id")
    return [{name: value for name, value in message.items() if name in kept}]


def _called(id: str, item: dict[str, Any], content: str) -> dict[str, Any]:
    function = {"arguments": item["arguments"], "name": item["name"]}
    call = {"id": id, "type": "function", "function": function}
    return {"role": "assistant", "content": content, "tool_calls": [call]}


def to_chat_completions_input(responses_input: Sequence[dict[str, Any] | Message | OutputItem]) -> list[dict[str, Any]]:
    """A conversation in items as one in messages of chat completions."""
    said = [each if isinstance(each, dict) else each.model_dump(exclude_none=True) for each in responses_input]
    return [message for each in said for message in responses_to_cc(each)]


class Gathered:
    """The items that parts of a chat completion make, told as events while they arrive."""

    def __init__(self) -> None:
        self._id = ""
        self._text: list[str] = []
        self._calls: dict[int, dict[str, Any]] = {}

    def take(self, chunk: Any) -> Iterator[dict[str, Any]]:
        """The events that one part makes at once."""
        said = chunk if isinstance(chunk, dict) else chunk.model_dump()
        choices = said.get("choices") or []
        if not choices:
            return
        self._id = said.get("id") or self._id
        delta = choices[0].get("delta") or {}
        for call in delta.get("tool_calls") or []:
            self._call(call)
        content = delta.get("content")
        parts: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
        for part in parts:
            if part.get("type") == "reasoning":
                thought = "".join(each.get("text", "") for each in part.get("summary") or [])
                yield _done(create_reasoning_item(self._id, thought))
            elif part.get("type") == "text" and not self._calls:
                self._text.append(part["text"])
                yield create_text_delta(part["text"], self._id)

    def end(self) -> Iterator[dict[str, Any]]:
        """The events that tell of what is whole now."""
        if text := "".join(self._text):
            yield _done(create_text_output_item(text, self._id))
        for _, call in sorted(self._calls.items()):
            function = call["function"]
            yield _done(create_function_call_item(self._id, call["id"], function["name"], function["arguments"]))

    def _call(self, part: dict[str, Any]) -> None:
        function = part.get("function") or {}
        at = part.get("index") or 0
        call = self._calls.setdefault(at, {"id": "", "function": {"name": "", "arguments": ""}})
        call["id"] = part.get("id") or call["id"]
        call["function"]["name"] += function.get("name") or ""
        call["function"]["arguments"] += function.get("arguments") or ""


def _done(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.output_item.done", "item": item}


def events_of(chunks: Iterable[Any], aggregator: list[dict[str, Any]] | None = None) -> Iterator[dict[str, Any]]:
    """The events of a streamed chat completion; items that are whole are put into ``aggregator``, too."""
    gathered = Gathered()
    for chunk in chunks:
        yield from _told(gathered.take(chunk), aggregator)
    yield from _told(gathered.end(), aggregator)


def _told(events: Iterable[dict[str, Any]], aggregator: list[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    for event in events:
        if aggregator is not None and event["type"] == "response.output_item.done":
            aggregator.append(event["item"])
        yield event
