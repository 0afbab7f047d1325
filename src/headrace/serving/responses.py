"""Responses: ``/v1/responses``, of agents of the task ``agent/v1/responses``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from headrace.base.errors import BadRequest, HeadraceError
from headrace.base.ids import new_id
from headrace.serving import events
from headrace.serving.chat import Asked, Way, check_kinds, described


class Responses(Way):
    """``/v1/responses``; between the events that say it began and ended stand those of the agent."""

    path = "responses"

    def check(self, said: dict[str, Any]) -> None:
        if not isinstance(said.get("input"), str | list):
            raise BadRequest("'input' must be text, or a list of messages and items")
        if not isinstance(said.get("instructions"), str | None):
            raise BadRequest("'instructions' must be text")
        check_kinds(said)

    def asked(self, said: dict[str, Any]) -> dict[str, Any]:
        if isinstance(said["input"], str):
            said["input"] = [{"role": "user", "content": said["input"]}]
        if instructions := said.pop("instructions", None):
            said["input"] = [{"role": "system", "content": instructions}, *said["input"]]
        return said

    def whole(self, prediction: Any, asked: Asked) -> Any:
        if not isinstance(prediction, dict) or not isinstance(prediction.get("output"), list):
            raise HeadraceError(f"The model answered with a {type(prediction).__name__}, which is no response")
        return {**self._head(asked, "completed"), **prediction}

    def some(self, parts: Iterator[Any], asked: Asked) -> Iterator[Any]:
        head, output, ended = self._head(asked, "in_progress"), [], False
        for number, event in enumerate(_placed(self._events(parts, head))):
            if event["type"] == "response.output_item.done":
                output.append(event.get("item"))
            ended = ended or event["type"] in ("response.completed", "response.incomplete", "response.failed")
            yield {"sequence_number": number, **event}
        if not ended:
            last = {**head, "status": "completed", "output": output}
            yield {"sequence_number": number + 1, "type": "response.completed", "response": last}

    def _events(self, parts: Iterator[Any], head: dict[str, Any]) -> Iterator[dict[str, Any]]:
        begun = False
        for part in parts:
            if not isinstance(part, dict) or not isinstance(part.get("type"), str):
                raise HeadraceError(f"The model streamed a {type(part).__name__}, which is no event of a response")
            if not begun and part["type"] != "response.created":
                yield {"type": "response.created", "response": {**head, "output": []}}
            begun = True
            yield part
        if not begun:
            yield {"type": "response.created", "response": {**head, "output": []}}

    def at_once(self, prediction: Any, asked: Asked) -> Iterator[Any]:
        answer = self.whole(prediction, asked)
        items = [{"type": "response.output_item.done", "item": each} for each in answer["output"]]
        yield from self.some(iter(items), asked)

    def end(self, error: HeadraceError) -> Iterator[bytes]:
        """An event of the type ``error``, which clients raise."""
        said = described(error)
        yield events.event({**said, "type": "error", "error": said})
        yield events.DONE

    def _head(self, asked: Asked, status: str) -> dict[str, Any]:
        said = asked.said
        kept = {name: said.get(name) for name in ("instructions", "metadata", "temperature", "top_p")}
        return {
            "id": new_id("resp_"),
            "object": "response",
            "created_at": int(time.time()),
            "status": status,
            "error": None,
            "incomplete_details": None,
            "model": self.name,
            "parallel_tool_calls": bool(said.get("parallel_tool_calls", True)),
            "tool_choice": said.get("tool_choice") or "auto",
            "tools": said.get("tools") or [],
            **kept,
        }


def _placed(said: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """``said`` with the place of each item in the answer, and the events by which clients make room for it."""
    places: dict[str, int] = {}
    for event in said:
        kind = event["type"]
        if kind == "response.output_item.added":
            places[_id(event)] = event.setdefault("output_index", len(places))
        elif kind in ("response.output_text.delta", "response.output_text.annotation.added"):
            at = event.get("item_id", "")
            if at not in places:
                places[at] = len(places)
                yield from _room(at, places[at])
            event = {"output_index": places[at], "content_index": 0, **event}
        elif kind == "response.output_item.done":
            at = _id(event) or f"item-{len(places)}"
            if at not in places:
                places[at] = len(places)
                yield {"type": "response.output_item.added", "output_index": places[at], "item": event.get("item")}
            event = {"output_index": places[at], **event}
        yield event


def _id(event: dict[str, Any]) -> str:
    return str((event.get("item") or {}).get("id") or "")


def _room(id: str, place: int) -> Iterator[dict[str, Any]]:
    """What comes before the first words of a message."""
    item = {"id": id, "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    yield {"type": "response.output_item.added", "output_index": place, "item": item}
    part = {"type": "output_text", "text": "", "annotations": []}
    yield {
        "type": "response.content_part.added",
        "item_id": id,
        "output_index": place,
        "content_index": 0,
        "part": part,
    }
