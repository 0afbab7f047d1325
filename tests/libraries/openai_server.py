"""A language model on loopback that speaks OpenAI's protocol, and answers by rule: real HTTP, streams too.

``python -m tests.libraries.openai_server`` runs one until it is interrupted, and prints its address.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Messages = list[dict[str, Any]]
#: What every answer says of its length.
_USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}


def shout(messages: Messages) -> str:
    """The last message in capitals."""
    return text_of(messages[-1]).upper()


def text_of(message: dict[str, Any]) -> str:
    """The text of a message, whose content may come in parts."""
    said = message["content"]
    return said if isinstance(said, str) else " ".join(str(part.get("text", "")) for part in said)


def embedding(text: str) -> list[float]:
    """How long a text is, and how many vowels and spaces it has."""
    return [float(len(text)), float(sum(text.lower().count(each) for each in "aeiou")), float(text.count(" "))]


class LanguageModel(ThreadingHTTPServer):
    """The server. ``answer`` makes the reply of a chat; ``asked`` are the bodies of all requests, with their paths."""

    daemon_threads = True

    def __init__(self, answer: Callable[[Messages], str] = shout) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.asked: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """What clients call the base URL."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: LanguageModel
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.server.asked.append({"path": self.path, "key": key, **body})
        if key == "wrong":
            return self._send(401, {"error": {"message": "No such key", "type": "invalid_request_error"}})
        match self.path:
            case "/v1/chat/completions" if body.get("stream"):
                return self._stream(body)
            case "/v1/chat/completions":
                message = {"role": "assistant", "content": self.server.answer(body["messages"])}
                choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
                return self._send(200, {**_head("chat.completion", body), "choices": choices, "usage": _USAGE})
            case "/v1/completions":
                prompts = body["prompt"] if isinstance(body["prompt"], list) else [body["prompt"]]
                told = [
                    {"index": at, "text": each.upper(), "finish_reason": "stop", "logprobs": None}
                    for at, each in enumerate(prompts)
                ]
                return self._send(200, {**_head("text_completion", body), "choices": told, "usage": _USAGE})
            case "/v1/embeddings":
                texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
                found = [
                    {"object": "embedding", "index": at, "embedding": embedding(str(each))}
                    for at, each in enumerate(texts)
                ]
                return self._send(200, {"object": "list", "model": body["model"], "data": found, "usage": _USAGE})
        return self._send(404, {"error": {"message": f"No such path: {self.path}"}})

    def _send(self, status: int, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        words = self.server.answer(body["messages"]).split(" ")
        parts: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        parts += [{"content": each if at == 0 else f" {each}"} for at, each in enumerate(words)]
        for part in [*parts, {}]:
            choice = {"index": 0, "delta": part, "finish_reason": None if part else "stop"}
            event = {**_head("chat.completion.chunk", body), "choices": [choice]}
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _head(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"id": "answer-1", "object": kind, "created": 1700000000, "model": body["model"]}


@contextmanager
def language_model(answer: Callable[[Messages], str] = shout) -> Iterator[LanguageModel]:
    """A running server."""
    with LanguageModel(answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


if __name__ == "__main__":
    with language_model() as running:
        print(running.url, flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
