"""Served models asked with OpenAI's own client, over a real connection."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import openai
import pytest

import headrace as mlflow
from tests.databases import free_port
from tests.processes import serving

_SCRIPTS = {
    "chat": """
import mlflow
from mlflow.types.llm import (
    ChatChoice, ChatChoiceDelta, ChatChunkChoice, ChatCompletionChunk, ChatCompletionResponse, ChatMessage
)

class Chat(mlflow.pyfunc.ChatModel):
    def predict(self, context, messages, params):
        said = ChatMessage(role="assistant", content=f"{messages[-1].content} {params.temperature}")
        return ChatCompletionResponse(choices=[ChatChoice(message=said)])

    def predict_stream(self, context, messages, params):
        for word in messages[-1].content.split():
            if word == "fail":
                raise ValueError("a word too many")
            yield ChatCompletionChunk(choices=[ChatChunkChoice(delta=ChatChoiceDelta(content=word))])

mlflow.models.set_model(Chat())
""",
    "responder": """
import mlflow
from mlflow.types.responses import ResponsesAgentResponse, ResponsesAgentStreamEvent

class Responder(mlflow.pyfunc.ResponsesAgent):
    def predict(self, request):
        return ResponsesAgentResponse(output=[self.create_text_output_item(request.input[-1].content, "1")])

    def predict_stream(self, request):
        for word in request.input[-1].content.split():
            if word == "fail":
                raise ValueError("a word too many")
            yield ResponsesAgentStreamEvent(**self.create_text_delta(word, "1"))
        done = self.create_text_output_item(request.input[-1].content, "1")
        yield ResponsesAgentStreamEvent(type="response.output_item.done", item=done)

mlflow.models.set_model(Responder())
""",
}


class Vectors(mlflow.pyfunc.PythonModel):
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return numpy.array([[0.5, 1.0], [2.0, 3.0]])


def _client(folder: Path, model: Any, **options: Any) -> Iterator[openai.OpenAI]:
    mlflow.pyfunc.save_model(str(folder / "model"), python_model=model, pip_requirements=[], **options)
    port = free_port()
    command = [
        *(sys.executable, "-m", "headrace", "models", "serve", "-m", str(folder / "model")),
        *("-p", str(port), "--env-manager", "local"),
    ]
    env = {**os.environ, "PYTHONWARNINGS": "default"}
    with (
        serving(command, f"http://127.0.0.1:{port}", folder / "log", env=env),
        openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0) as client,
    ):
        yield client


@pytest.fixture(scope="module", params=[*_SCRIPTS, "vectors"])
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    """A client of each model."""
    name, folder = request.param, tmp_path_factory.mktemp(request.param)
    if name == "vectors":
        for client in _client(folder, Vectors(), metadata={"task": "llm/v1/embeddings"}):
            yield name, client
        return
    script = folder / f"{name}.py"
    script.write_text(_SCRIPTS[name])
    for client in _client(folder, str(script)):
        yield name, client


def test_the_client_is_answered(asked: tuple[str, Any]) -> None:
    name, client = asked
    assert [each.id for each in client.models.list()] == ["model"]
    if name == "vectors":
        # The client asks for base64, and unpacks it.
        found = client.embeddings.create(model="model", input=["a", "b"])
        assert [each.embedding for each in found.data] == [[0.5, 1.0], [2.0, 3.0]]
    elif name == "chat":
        _chat(client)
    else:
        _respond(client)


def _chat(client: Any) -> None:
    said: list[Any] = [{"role": "user", "content": "hello there"}]
    whole = client.chat.completions.create(model="model", messages=said, temperature=0.5)
    assert whole.choices[0].message.content == "hello there 0.5"
    chunks = list(client.chat.completions.create(model="model", messages=said, stream=True))
    assert [each.choices[0].delta.content for each in chunks] == ["hello", "there", None]
    assert chunks[-1].choices[0].finish_reason == "stop"
    with client.chat.completions.stream(model="model", messages=said) as stream:
        assert stream.get_final_completion().choices[0].message.content == "hellothere"
    with pytest.raises(openai.APIError, match="a word too many"):
        list(client.chat.completions.create(model="model", messages=[{**said[0], "content": "so fail"}], stream=True))
    with pytest.raises(openai.BadRequestError, match="'temperature' must be a number"):
        client.chat.completions.create(model="model", messages=said, temperature="x")
    with pytest.raises(openai.NotFoundError, match="not asked at /v1/responses"):
        client.responses.create(model="model", input="x")


def _respond(client: Any) -> None:
    assert client.responses.create(model="model", input="hello there").output_text == "hello there"
    events = list(client.responses.create(model="model", input="hello there", stream=True))
    assert [each.delta for each in events if each.type == "response.output_text.delta"] == ["hello", "there"]
    assert events[-1].response.output_text == "hello there"
    with client.responses.stream(model="model", input="hello there") as stream:
        assert [each.type for each in stream][-1] == "response.completed"
        assert stream.get_final_response().output_text == "hello there"
    with pytest.raises(openai.APIError, match="a word too many"):
        list(client.responses.create(model="model", input="so fail", stream=True))
