"""Embeddings: ``/v1/embeddings``, of models of the task ``llm/v1/embeddings``."""

from __future__ import annotations

import base64
import struct
from typing import Any

from headrace.base.errors import BadRequest, HeadraceError
from headrace.serving import answers
from headrace.serving.chat import Asked, Way


class Embeddings(Way):
    """``/v1/embeddings``; vectors are lists of numbers, or base64 of little-endian float32 for who asks for that."""

    path = "embeddings"

    def check(self, said: dict[str, Any]) -> None:
        texts = said.get("input")
        if not isinstance(texts, str) and not (
            isinstance(texts, list) and texts and all(isinstance(each, str) for each in texts)
        ):
            raise BadRequest("'input' must be text, or a list of at least one text")
        if said.get("encoding_format") not in (None, "float", "base64"):
            raise BadRequest(f"'encoding_format' must be 'float' or 'base64', not {said['encoding_format']!r}")
        if said.get("stream"):
            raise BadRequest("Embeddings are not streamed; leave out 'stream'")

    def asked(self, said: dict[str, Any]) -> dict[str, Any]:
        return {name: each for name, each in said.items() if name not in ("model", "encoding_format", "user")}

    def whole(self, prediction: Any, asked: Asked) -> Any:
        answer = prediction[0] if isinstance(prediction, list) and len(prediction) == 1 else prediction
        if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
            answer = {"data": [_entry(at, each) for at, each in enumerate(_vectors(prediction))]}
        if asked.said.get("encoding_format") == "base64":
            answer = {**answer, "data": [_packed(each) for each in answer["data"]]}
        usage = {"prompt_tokens": 0, "total_tokens": 0}
        return {"object": "list", "model": self.name, "usage": usage, **answer}


def _entry(at: int, vector: Any) -> dict[str, Any]:
    return {"object": "embedding", "index": at, "embedding": vector}


def _vectors(prediction: Any) -> list[list[float]]:
    if hasattr(prediction, "iloc"):
        prediction = prediction.to_numpy()
    found = prediction.tolist() if hasattr(prediction, "tolist") else prediction
    if isinstance(found, list) and found and all(_is_number(each) for each in found):
        found = [found]
    if not isinstance(found, list) or not all(isinstance(each, list) and all(map(_is_number, each)) for each in found):
        raise HeadraceError(f"The model answered with a {type(prediction).__name__}, which is no list of vectors")
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _packed(entry: dict[str, Any]) -> dict[str, Any]:
    vector = entry["embedding"]
    if isinstance(vector, str):
        return entry
    vector = answers.plain(vector)
    return {**entry, "embedding": base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()}
