"""Chat completions, and completions of text: ``/v1/chat/completions`` and ``/v1/completions``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, ClassVar

from headrace.base.errors import BadRequest, HeadraceError
from headrace.base.ids import new_id
from headrace.serving.chat import Asked, Way, check_kinds, check_messages, text_of


class ChatCompletions(Way):
    """``/v1/chat/completions``, of chat models, chat agents, and models of the task ``llm/v1/chat``."""

    path = "chat/completions"
    _object: ClassVar[str] = "chat.completion"
    _prefix: ClassVar[str] = "chatcmpl-"

    def check(self, said: dict[str, Any]) -> None:
        check_messages(said)

    def asked(self, said: dict[str, Any]) -> dict[str, Any]:
        if "max_completion_tokens" in said:
            said.setdefault("max_tokens", said["max_completion_tokens"])
        if isinstance(said.get("stop"), str):
            said["stop"] = [said["stop"]]
        if self.task == "agent/v2/chat":
            said["messages"] = [
                {**each, "content": text_of(each.get("content"), f"messages[{at}].content")}
                for at, each in enumerate(said["messages"])
            ]
        return said

    def whole(self, prediction: Any, asked: Asked) -> Any:
        answer = _one(prediction)
        if isinstance(answer, str):
            answer = {"choices": [_choice({"role": "assistant", "content": answer})]}
        if isinstance(answer, dict) and isinstance(answer.get("messages"), list):
            answer = _of_agent(answer)
        elif isinstance(answer, dict) and "choices" not in answer and "content" in answer:
            answer = {"choices": [_choice({"role": "assistant", **answer})]}
        if not isinstance(answer, dict) or not isinstance(answer.get("choices"), list):
            raise HeadraceError(f"The model answered with a {type(prediction).__name__}, which is no chat completion")
        return {**self._head(self._object), **_said(answer)}

    def some(self, parts: Iterator[Any], asked: Asked) -> Iterator[Any]:
        head = self._head(f"{self._object}.chunk")
        finished, spoke = False, False
        for part in parts:
            chunk = {**head, **self._chunk(part)}
            spoke = spoke or bool(chunk["choices"])
            finished = finished or any(choice.get("finish_reason") for choice in chunk["choices"])
            yield chunk
        if not finished:
            # Clients wait for the reason; a model that ended without one has ended.
            yield {**head, "choices": [_last()]}

    def at_once(self, prediction: Any, asked: Asked) -> Iterator[Any]:
        answer = self.whole(prediction, asked)
        head = {name: answer[name] for name in ("id", "created", "model")} | {"object": f"{self._object}.chunk"}
        for choice in answer["choices"]:
            at, reason = choice.get("index", 0), choice.get("finish_reason") or "stop"
            yield {**head, "choices": [{"index": at, **self._delta(choice), "finish_reason": None}]}
            yield {**head, "choices": [_last(at, reason)]}
        if answer.get("usage") and (asked.said.get("stream_options") or {}).get("include_usage"):
            yield {**head, "choices": [], "usage": answer["usage"]}

    def _delta(self, choice: dict[str, Any]) -> dict[str, Any]:
        message = dict(choice["message"])
        if message.get("tool_calls"):
            message["tool_calls"] = [{"index": at, **call} for at, call in enumerate(message["tool_calls"])]
        return {"delta": message}

    def _chunk(self, part: Any) -> dict[str, Any]:
        """One part of the model's as a chunk."""
        if isinstance(part, str):
            return {"choices": [{"index": 0, "delta": {"role": "assistant", "content": part}, "finish_reason": None}]}
        if isinstance(part, dict) and isinstance(part.get("choices"), list):
            return _said(part)
        if isinstance(part, dict) and isinstance(part.get("delta"), dict):
            return _chunk_of_agent(part)
        raise HeadraceError(f"The model streamed a {type(part).__name__}, which is no part of a chat completion")

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": new_id(self._prefix), "object": kind, "created": int(time.time()), "model": self.name}


class Completions(ChatCompletions):
    """``/v1/completions``, of models of the task ``llm/v1/completions``."""

    path = "completions"
    _object = "text_completion"
    _prefix = "cmpl-"

    def check(self, said: dict[str, Any]) -> None:
        prompt = said.get("prompt")
        if not isinstance(prompt, str) and not (
            isinstance(prompt, list) and prompt and all(isinstance(each, str) for each in prompt)
        ):
            raise BadRequest("'prompt' must be text, or a list of texts")
        check_kinds(said)

    def whole(self, prediction: Any, asked: Asked) -> Any:
        answer = _one(prediction)
        if isinstance(prediction, list) and prediction and all(isinstance(each, str) for each in prediction):
            answer = {"choices": [_text(each, at) for at, each in enumerate(prediction)]}
        elif isinstance(answer, str):
            answer = {"choices": [_text(answer)]}
        elif isinstance(answer, list) and answer and all(isinstance(each, dict) for each in answer):
            answer = _joined(answer)
        if not isinstance(answer, dict) or not isinstance(answer.get("choices"), list):
            raise HeadraceError(f"The model answered with a {type(prediction).__name__}, which is no completion")
        return {**self._head(self._object), **_said(answer)}

    def some(self, parts: Iterator[Any], asked: Asked) -> Iterator[Any]:
        head = self._head(self._object)
        for part in parts:
            if isinstance(part, str):
                yield {**head, "choices": [{**_text(part), "finish_reason": None}]}
            elif isinstance(part, dict) and isinstance(part.get("choices"), list):
                yield {**head, **_said(part)}
            else:
                raise HeadraceError(f"The model streamed a {type(part).__name__}, which is no part of a completion")

    def at_once(self, prediction: Any, asked: Asked) -> Iterator[Any]:
        yield self.whole(prediction, asked)


def _one(prediction: Any) -> Any:
    """The one answer that a model gave to one request, which may stand in a list or a table."""
    if hasattr(prediction, "iloc") and hasattr(prediction, "to_dict"):
        prediction = prediction.to_dict(orient="records")
    elif hasattr(prediction, "tolist"):
        prediction = prediction.tolist()
    return prediction[0] if isinstance(prediction, list) and len(prediction) == 1 else prediction


def _joined(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """The completions of several prompts as one."""
    choices = [choice for each in answers for choice in each.get("choices") or []]
    counts = [each["usage"] for each in answers if isinstance(each.get("usage"), dict)]
    names = {name for each in counts for name, count in each.items() if isinstance(count, int)}
    usage = {name: sum(each.get(name) or 0 for each in counts) for name in sorted(names)}
    return {**answers[0], "choices": [{**each, "index": at} for at, each in enumerate(choices)], "usage": usage}


def _said(answer: dict[str, Any]) -> dict[str, Any]:
    """What a model said of its answer; some say that their name is empty."""
    return {name: each for name, each in answer.items() if each is not None and (name, each) != ("model", "")}


def _choice(message: dict[str, Any], reason: str = "stop") -> dict[str, Any]:
    return {"index": 0, "message": message, "finish_reason": reason}


def _last(at: int = 0, reason: str = "stop") -> dict[str, Any]:
    return {"index": at, "delta": {}, "finish_reason": reason}


def _text(text: str, at: int = 0) -> dict[str, Any]:
    return {"index": at, "text": text, "finish_reason": "stop", "logprobs": None}


def _of_agent(answer: dict[str, Any]) -> dict[str, Any]:
    """What a ChatAgent answered as a completion: its last message of its own, and all of them beside it."""
    own = [each for each in answer["messages"] if each.get("role") != "tool"]
    message = own[-1] if own else {"role": "assistant", "content": ""}
    reason = answer.get("finish_reason") or ("tool_calls" if message.get("tool_calls") else "stop")
    kept: dict[str, Any] = {name: answer[name] for name in ("usage", "custom_outputs", "messages") if name in answer}
    return {"choices": [_choice({"content": None, **message}, reason)], **kept}


def _chunk_of_agent(part: dict[str, Any]) -> dict[str, Any]:
    """A part that a ChatAgent streamed as a chunk; what a tool answered stands beside the assistant's own words."""
    kept = {name: part[name] for name in ("usage", "custom_outputs") if part.get(name) is not None}
    delta = dict(part["delta"])
    if delta.get("role") == "tool":
        return {"choices": [], "messages": [delta], **kept}
    if delta.get("tool_calls"):
        delta["tool_calls"] = [{"index": at, **call} for at, call in enumerate(delta["tool_calls"])]
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": part.get("finish_reason")}], **kept}
