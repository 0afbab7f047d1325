"""The tasks of language models that MLflow names after OpenAI's: what they are asked, and what they answer."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any

from headrace.base.errors import BadRequest
from headrace.models.signature import ModelSignature
from headrace.models.types import llm

CHAT, COMPLETIONS, EMBEDDINGS = "llm/v1/chat", "llm/v1/completions", "llm/v1/embeddings"
#: What each is asked for, and the name of its answer.
_ASKED = {CHAT: "messages", COMPLETIONS: "prompt", EMBEDDINGS: "input"}
_OBJECTS = {CHAT: "chat.completion", COMPLETIONS: "text_completion"}


def check(task: Any, tasks: Sequence[str], who: str) -> None:
    """Raise ``BadRequest`` for a task of MLflow's naming that is none of ``tasks``."""
    if task not in tasks:
        raise BadRequest(f"task={task!r} is nothing that {who} can do: it must be one of {list(tasks)}")


def signature_of(task: str) -> ModelSignature:
    """The signature of every model that does ``task``."""
    if task == CHAT:
        return ModelSignature(llm.CHAT_MODEL_INPUT_SCHEMA, llm.CHAT_MODEL_OUTPUT_SCHEMA)
    if task == COMPLETIONS:
        return ModelSignature(llm.COMPLETIONS_MODEL_INPUT_SCHEMA, llm.COMPLETIONS_MODEL_OUTPUT_SCHEMA)
    return ModelSignature(llm.EMBEDDING_MODEL_INPUT_SCHEMA, llm.EMBEDDING_MODEL_OUTPUT_SCHEMA)


def asked(task: str, data: Any) -> tuple[list[Any], dict[str, Any]]:
    """What ``data``, a request or a frame of requests, asks of ``task``: each question, and the rest of the request.

    A chat is one question, a list of messages.
    """
    name = _ASKED[task]
    rows = data.to_dict(orient="records") if hasattr(data, "to_dict") else data if isinstance(data, list) else [data]
    if not rows or not all(isinstance(each, dict) and name in each for each in rows):
        raise BadRequest(f"A model of the task {task} is asked with an object that has {name!r}")
    questions: list[Any] = []
    for each in rows:
        said = each[name].tolist() if hasattr(each[name], "tolist") else each[name]
        questions += said if isinstance(said, list) and task != CHAT else [said]
    if task != CHAT and not all(isinstance(each, str) for each in questions):
        raise BadRequest(f"{name!r} must be a text, or a list of texts")
    # What was not asked is not there, or is empty in the row of a frame.
    rest = {key: value for key, value in rows[0].items() if key != name and value is not None and value == value}
    return questions, rest


def embeddings(vectors: Any, tokens: int) -> dict[str, Any]:
    """The answer of ``llm/v1/embeddings``: a vector for each text, and how many tokens they had."""
    data = [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(vectors)]
    return {"object": "list", "data": data, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


def answer(task: str, model: str, texts: Sequence[tuple[str, str]], prompt_tokens: int, tokens: int) -> dict[str, Any]:
    """The answer of the other two: texts, each with the reason why it ended; how many tokens went in and came out."""
    choices = []
    for at, (text, reason) in enumerate(texts):
        said = {"message": {"role": "assistant", "content": text}} if task == CHAT else {"text": text}
        choices.append({"index": at, "finish_reason": reason, **said})
    return {
        "id": str(uuid.uuid4()),
        "object": _OBJECTS[task],
        "created": int(time.time()),
        "model": model,
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": tokens,
            "total_tokens": prompt_tokens + tokens,
        },
        "choices": choices,
    }
