"""Models asked in the ways of OpenAI's services, without a network."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest

import headrace as mlflow
from headrace.models.types import agent, llm, responses
from headrace.serving.app import Scorer
from tests.serving.test_app import Reply, ask

_JSON = {"Content-Type": "application/json"}
_HI = {"model": "any", "messages": [{"role": "user", "content": "hi"}]}


class Chat(mlflow.pyfunc.ChatModel):
    def predict(self, context: Any, messages: Any, params: Any) -> Any:
        if messages[-1].content == "fail":
            raise ValueError("no")
        said = llm.ChatMessage(role="assistant", content=f"{params.max_tokens} {params.stop}")
        return llm.ChatCompletionResponse(choices=[llm.ChatChoice(message=said)])

    def predict_stream(self, context: Any, messages: Any, params: Any) -> Iterator[Any]:
        yield llm.ChatCompletionChunk(choices=[llm.ChatChunkChoice(delta=llm.ChatChoiceDelta(content="a"))])
        if messages[-1].content == "fail":
            raise ValueError("no")
        last = llm.ChatChunkChoice(delta=llm.ChatChoiceDelta(content="b"), finish_reason="length")
        yield llm.ChatCompletionChunk(choices=[last])


class Agent(mlflow.pyfunc.ChatAgent):
    def predict(self, messages: Any, context: Any = None, custom_inputs: Any = None) -> Any:
        call = {"id": "c", "function": {"name": "f", "arguments": "{}"}}
        said = [
            {"role": "assistant", "id": "1", "tool_calls": [call]},
            {"role": "tool", "id": "2", "content": "42", "name": "f", "tool_call_id": "c"},
            {"role": "assistant", "id": "3", "content": messages[-1].content},
        ]
        return {"messages": said, "usage": {"total_tokens": 3}}

    def predict_stream(self, messages: Any, context: Any = None, custom_inputs: Any = None) -> Iterator[Any]:
        for said in self.predict(messages)["messages"]:
            yield agent.ChatAgentChunk(delta=said)


class Responder(mlflow.pyfunc.ResponsesAgent):
    def predict(self, request: Any) -> Any:
        said = " ".join(each.content for each in request.input)
        return {"output": [self.create_text_output_item(said, "1")]}

    def predict_stream(self, request: Any) -> Iterator[Any]:
        yield self.create_text_delta("a", "1")
        if request.custom_inputs:
            raise ValueError("no")
        item = self.create_text_output_item("a", "1")
        yield responses.ResponsesAgentStreamEvent(type="response.output_item.done", item=item)


class Says(mlflow.pyfunc.PythonModel):
    """A model of a task, which answers what it was made with."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return self.answer


def _scorer(model: Any, folder: Path, task: str | None = None) -> Scorer:
    metadata = {"task": task} if task else None
    mlflow.pyfunc.save_model(str(folder), python_model=model, metadata=metadata, pip_requirements=[])
    return Scorer(mlflow.pyfunc.load_model(str(folder)), version="1", name="m")


@pytest.fixture(scope="module")
def scorers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scorer]:
    home = tmp_path_factory.mktemp("talking")
    models = {"chat": Chat(), "agent": Agent(), "responder": Responder()}
    return {name: _scorer(model, home / name) for name, model in models.items()}


def _post(app: Scorer, path: str, said: Any) -> Reply:
    return ask(app, "POST", path, json.dumps(said).encode(), headers=_JSON)


def _told(app: Scorer, path: str, said: Any) -> list[Any]:
    """The events of a streamed answer, to a caller that stays."""
    pieces = [{"type": "http.request", "body": json.dumps({**said, "stream": True}).encode()}]
    sent: list[Any] = []

    async def receive() -> Any:
        return pieces.pop() if pieces else await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": [(b"content-type", b"application/json")]}
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 200, sent
    assert (b"content-type", b"text/event-stream; charset=utf-8") in sent[0]["headers"]
    assert sent[-1].get("more_body", False) is False
    events = b"".join(each["body"] for each in sent[1:]).decode().split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    return [json.loads(each.removeprefix("data: ")) for each in events[:-2]]


def test_a_chat_model_completes_a_chat(scorers: dict[str, Scorer]) -> None:
    asked = {**_HI, "max_completion_tokens": 5, "stop": "x", "user": "me"}
    said = _post(scorers["chat"], "/v1/chat/completions", asked).said
    assert said["choices"][0]["message"] == {"role": "assistant", "content": "5 ['x']"}
    assert (said["object"], said["model"], said["id"][:9]) == ("chat.completion", "m", "chatcmpl-")


def test_chunks_have_one_id_and_end_with_a_reason(scorers: dict[str, Scorer]) -> None:
    told = _told(scorers["chat"], "/v1/chat/completions", _HI)
    assert [each["choices"][0]["delta"]["content"] for each in told] == ["a", "b"]
    assert told[-1]["choices"][0]["finish_reason"] == "length"
    assert len({each["id"] for each in told}) == 1


def test_an_agent_s_last_words_are_the_answer_and_its_tools_stand_beside(scorers: dict[str, Scorer]) -> None:
    parts = [{"type": "text", "text": "h"}, {"type": "text", "text": "i"}]
    said = _post(scorers["agent"], "/v1/chat/completions", {"messages": [{"role": "user", "content": parts}]}).said
    assert said["choices"][0]["message"]["content"] == "hi"
    assert said["choices"][0]["finish_reason"] == "stop"
    assert [each["role"] for each in said["messages"]] == ["assistant", "tool", "assistant"]
    assert said["usage"] == {"total_tokens": 3}
    called, tool, words, last = _told(scorers["agent"], "/v1/chat/completions", _HI)
    assert called["choices"][0]["delta"]["tool_calls"][0]["index"] == 0
    assert (tool["choices"], tool["messages"][0]["content"]) == ([], "42")
    assert words["choices"][0]["delta"]["content"] == "hi"
    assert last["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]


def test_a_responder_answers_text_and_instructions(scorers: dict[str, Scorer]) -> None:
    said = _post(scorers["responder"], "/v1/responses", {"input": "hi", "instructions": "be brief"}).said
    assert said["output"][0]["content"][0]["text"] == "be brief hi"
    assert (said["status"], said["instructions"], said["id"][:5]) == ("completed", "be brief", "resp_")
    told = _told(scorers["responder"], "/v1/responses", {"input": "hi"})
    assert [each["type"].removeprefix("response.") for each in told] == [
        *("created", "output_item.added", "content_part.added", "output_text.delta", "output_item.done"),
        "completed",
    ]
    assert [each["sequence_number"] for each in told] == list(range(6))
    assert told[-1]["response"]["output"] == [told[-2]["item"]]
    assert told[3]["output_index"] == told[4]["output_index"] == 0


def test_an_error_in_the_middle_is_the_last_event(scorers: dict[str, Scorer]) -> None:
    failing = {"messages": [{"role": "user", "content": "fail"}]}
    why = "The model could not predict from this input: ValueError: no"
    assert _told(scorers["chat"], "/v1/chat/completions", failing)[-1]["error"]["message"] == why
    event = _told(scorers["responder"], "/v1/responses", {"input": "x", "custom_inputs": {"a": 1}})[-1]
    assert (event["type"], event["message"], event["error"]["type"]) == ("error", why, "invalid_request_error")
    assert _told(scorers["chat"], "/invocations", failing)[-1] == {"error": "no"}
    assert _post(scorers["chat"], "/v1/chat/completions", failing).status == 400


@pytest.mark.parametrize(
    ("name", "path", "said", "status", "why"),
    [
        ("chat", "chat/completions", {}, 400, "'messages' must be a list with at least one message"),
        ("chat", "chat/completions", [], 400, "must be a JSON object"),
        ("chat", "chat/completions", {"messages": ["x"]}, 400, "'messages[0]' must be an object"),
        ("chat", "chat/completions", {"messages": [{"content": "x"}]}, 400, "'messages[0].role' must be text"),
        ("chat", "chat/completions", {**_HI, "temperature": "x"}, 400, "'temperature' must be a number, not str"),
        ("chat", "chat/completions", {**_HI, "n": 1.5}, 400, "'n' must be a whole number, not float"),
        ("chat", "chat/completions", {**_HI, "stream": "yes"}, 400, "'stream' must be true or false, not str"),
        (
            "agent",
            "chat/completions",
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            400,
            "text",
        ),
        ("responder", "responses", {"input": 3}, 400, "'input' must be text, or a list"),
        ("responder", "responses", {"input": [{"role": "x", "content": ""}]}, 400, "input.0: 'role'"),
        ("responder", "responses", {"input": "x", "instructions": 3}, 400, "'instructions' must be text"),
        ("chat", "responses", {"input": "x"}, 404, "not asked at /v1/responses, but at /v1/chat/completions"),
        ("chat", "nothing", {}, 404, "There is nothing at '/v1/nothing'"),
    ],
)
def test_a_request_that_does_not_fit_is_refused_as_openai_s_clients_read_it(
    scorers: dict[str, Scorer], name: str, path: str, said: Any, status: int, why: str
) -> None:
    reply = _post(scorers[name], f"/v1/{path}", said)
    assert reply.status == status
    assert why in reply.said["error"]["message"]
    assert reply.said["error"]["type"] == "invalid_request_error"


def test_the_model_is_listed(scorers: dict[str, Scorer]) -> None:
    app = scorers["chat"]
    assert [each["id"] for each in ask(app, "GET", "/v1/models").said["data"]] == ["m"]
    assert ask(app, "GET", "/v1/models/m").said["object"] == "model"
    assert ask(app, "GET", "/v1/models/x").status == 404
    wrong = ask(app, "GET", "/v1/chat/completions")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")


def test_a_model_of_no_task_says_how_it_would_have_one(tmp_path: Path) -> None:
    reply = _post(_scorer(Says(1), tmp_path / "m"), "/v1/chat/completions", _HI)
    assert reply.status == 404
    assert "metadata={'task': 'llm/v1/chat'}" in reply.said["error"]["message"]


@pytest.mark.parametrize(
    "answer", ["hello", ["hello"], {"content": "hello"}, [{"choices": [{"message": {"content": "hello"}}]}]]
)
def test_a_model_of_the_task_chat_may_answer_in_many_forms_and_in_one_piece(answer: Any, tmp_path: Path) -> None:
    app = _scorer(Says(answer), tmp_path / "m", "llm/v1/chat")
    assert _post(app, "/v1/chat/completions", _HI).said["choices"][0]["message"]["content"] == "hello"
    told = _told(app, "/v1/chat/completions", _HI)
    assert told[0]["choices"][0]["delta"]["content"] == "hello"
    assert told[1]["choices"][0]["finish_reason"] == "stop"


def test_an_answer_that_is_no_chat_completion_is_the_server_s_fault(tmp_path: Path) -> None:
    reply = _post(_scorer(Says(3), tmp_path / "m", "llm/v1/chat"), "/v1/chat/completions", _HI)
    assert (reply.status, reply.said["error"]["type"]) == (500, "server_error")


def test_text_is_completed(tmp_path: Path) -> None:
    app = _scorer(Says("more"), tmp_path / "m", "llm/v1/completions")
    said = _post(app, "/v1/completions", {"prompt": "some"}).said
    assert (said["object"], said["choices"][0]["text"]) == ("text_completion", "more")
    assert _told(app, "/v1/completions", {"prompt": "some"})[0]["choices"][0]["text"] == "more"
    assert _post(app, "/v1/completions", {"prompt": 3}).status == 400


def test_several_prompts_have_their_completions_in_one_answer(tmp_path: Path) -> None:
    answers = [{"choices": [{"index": 0, "text": text}], "usage": {"total_tokens": 2}, "model": ""} for text in "ab"]
    said = _post(
        _scorer(Says(answers), tmp_path / "m", "llm/v1/completions"), "/v1/completions", {"prompt": ["x", "y"]}
    ).said
    assert [(each["index"], each["text"]) for each in said["choices"]] == [(0, "a"), (1, "b")]
    assert (said["usage"], said["model"]) == ({"total_tokens": 4}, "m")


def test_texts_are_embedded_as_numbers_or_as_base64(tmp_path: Path) -> None:
    app = _scorer(Says(numpy.array([[0.5, 1.0], [2.0, 3.0]])), tmp_path / "m", "llm/v1/embeddings")
    said = _post(app, "/v1/embeddings", {"input": ["a", "b"], "model": "m"}).said
    assert [each["embedding"] for each in said["data"]] == [[0.5, 1.0], [2.0, 3.0]]
    packed = _post(app, "/v1/embeddings", {"input": ["a", "b"], "encoding_format": "base64"}).said["data"][1]
    assert struct.unpack("<2f", base64.b64decode(packed["embedding"])) == (2.0, 3.0)
    assert _post(app, "/v1/embeddings", {"input": []}).status == 400
    assert _post(app, "/v1/embeddings", {"input": "a", "encoding_format": "x"}).status == 400


def test_the_document_tells_of_the_way_a_model_is_asked(scorers: dict[str, Scorer], tmp_path: Path) -> None:
    said = ask(scorers["responder"], "GET", "/openapi.json").said
    asked = said["paths"]["/v1/responses"]["post"]
    assert asked["requestBody"]["content"]["application/json"]["schema"]["required"] == ["input"]
    assert "text/event-stream" in asked["responses"]["200"]["content"]
    assert "text/event-stream" in said["paths"]["/invocations"]["post"]["responses"]["200"]["content"]
    assert said["components"]["schemas"]["Request"]["oneOf"][0]["required"] == ["input"]
    plain = ask(_scorer(Says(1), tmp_path / "m"), "GET", "/openapi.json").said
    assert [each for each in plain["paths"] if each.startswith("/v1/")] == ["/v1/models"]
    assert "text/event-stream" not in plain["paths"]["/invocations"]["post"]["responses"]["200"]["content"]
