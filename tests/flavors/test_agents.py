"""Chat models and agents, saved and asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest

from headrace import pyfunc
from headrace.base.errors import BadRequest, NotSupported
from headrace.models import infer_signature
from headrace.models.model import Model
from headrace.models.types import agent, llm, responses

_ASKED: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}]}


class Chat(pyfunc.ChatModel):
    def load_context(self, context: pyfunc.PythonModelContext) -> None:
        self.loaded = True

    def predict(self, context: Any, messages: Any, params: Any) -> Any:
        said = llm.ChatMessage(role="assistant", content=f"{messages[-1].content} {params.temperature} {self.loaded}")
        return llm.ChatCompletionResponse(choices=[llm.ChatChoice(message=said)])


class Agent(pyfunc.ChatAgent):
    def predict(self, messages: Any, context: Any = None, custom_inputs: Any = None) -> Any:
        user = context.user_id if context else None
        return {"messages": [{"role": "assistant", "content": f"{messages[-1].content} {user}", "id": "1"}]}


class Responder(pyfunc.ResponsesAgent):
    def predict(self, request: Any) -> Any:
        return {"output": [self.create_text_output_item(request.input[-1].content, "1")]}

    def predict_stream(self, request: Any) -> Iterator[Any]:
        yield self.create_text_delta("he", "1")
        yield responses.ResponsesAgentStreamEvent(**self.create_text_delta("llo", "1"))


def _loaded(model: Any, folder: Path, **options: Any) -> Any:
    pyfunc.save_model(str(folder), python_model=model, pip_requirements=[], **options)
    return pyfunc.load_model(str(folder))


@pytest.mark.parametrize("asked", [_ASKED, [_ASKED], pandas.DataFrame([_ASKED]), agent.ChatAgentRequest(**_ASKED)])
def test_one_request_may_come_as_a_dict_a_list_a_table_or_a_record(asked: Any, tmp_path: Path) -> None:
    model = _loaded(Agent(), tmp_path / "m")
    assert model.predict(asked) == {"messages": [{"role": "assistant", "content": "hi None", "id": "1"}]}
    with pytest.raises(BadRequest, match="takes one request, a dict, and this is 2 of them"):
        model.predict([_ASKED, _ASKED])


def test_a_chat_model_takes_whole_numbers_nulls_and_parts_of_content(tmp_path: Path) -> None:
    model = _loaded(Chat(), tmp_path / "m")
    told = model.predict({**_ASKED, "temperature": 1, "top_p": None, "model": "any"})
    assert told["choices"][0]["message"]["content"] == "hi 1.0 True"
    assert told["object"] == "chat.completion"
    parts = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
    assert "'text': 'hi'" in model.predict({"messages": parts})["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    ("model", "asked", "why"),
    [
        (Chat(), {}, "'messages' is required"),
        (Chat(), {"messages": [{"role": 3, "content": "x"}]}, r"'messages\[0\]': 'role' must be of type str"),
        (Agent(), {"messages": [{"role": 3, "content": "x"}]}, "messages.0.role: Input should be a valid string"),
        (Agent(), {"messages": 3}, "messages: Input should be a valid list"),
        (Responder(), {"input": [{"role": "x", "content": "y"}]}, "input.0: 'role' must be"),
        (Responder(), 3, "this is int"),
    ],
)
def test_a_request_that_does_not_fit_says_where(model: Any, asked: Any, why: str, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=why):
        _loaded(model, tmp_path / "m").predict(asked)


def test_an_agent_of_one_s_own_takes_the_dict_of_a_request_as_well() -> None:
    assert Agent().predict({**_ASKED, "context": {"user_id": "u"}})["messages"][0]["content"] == "hi u"
    assert Responder().predict({"input": [{"role": "user", "content": "q"}]})["output"][0]["id"] == "1"
    with pytest.raises(BadRequest, match="messages: Input should be a valid list"):
        Agent().predict({"messages": 3})


def test_an_agent_streams_when_it_can(tmp_path: Path) -> None:
    model = _loaded(Responder(), tmp_path / "m")
    asked = {"input": [{"role": "user", "content": "q"}]}
    assert [each["delta"] for each in model.predict_stream(asked)] == ["he", "llo"]
    assert Model.load(tmp_path / "m").flavors["python_function"]["streamable"]
    assert isinstance(model.get_raw_model(), Responder)
    assert isinstance(model.unwrap_python_model(), Responder)
    still = _loaded(Agent(), tmp_path / "still")
    assert not still.metadata.flavors["python_function"]["streamable"]
    with pytest.raises(NotImplementedError):
        list(still.predict_stream(_ASKED))


def test_a_model_without_a_stream_says_so(tmp_path: Path) -> None:
    class Plain(pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return model_input

    with pytest.raises(NotSupported, match="Plain has no predict_stream"):
        _loaded(Plain(), tmp_path / "m").predict_stream([1])


def test_the_task_stays_beside_metadata_of_the_user_s(tmp_path: Path) -> None:
    model = _loaded(Agent(), tmp_path / "m", metadata={"owner": "me"})
    assert model.metadata.metadata == {"task": "agent/v2/chat", "owner": "me"}
    assert model.input_example == _ASKED | {"messages": [{"role": "user", "content": "Hello!"}]}


@pytest.mark.parametrize(
    ("model", "example", "kept"),
    [
        (Chat(), [llm.ChatMessage("user", "E")], {"messages": [{"role": "user", "content": "E"}]}),
        (Chat(), {**_ASKED, "temperature": 0.5}, {**_ASKED, "temperature": 0.5}),
        (Agent(), agent.ChatAgentRequest(**_ASKED), {**_ASKED, "stream": False}),
        (Responder(), {"input": [{"role": "user", "content": "E"}]}, {"input": [{"role": "user", "content": "E"}]}),
    ],
)
def test_an_input_example_is_kept_as_a_request(model: Any, example: Any, kept: Any, tmp_path: Path) -> None:
    assert _loaded(model, tmp_path / "m", input_example=example).input_example == kept


class Wrong(pyfunc.ChatAgent):
    def predict(self, messages: Any, context: Any = None, custom_inputs: Any = None) -> Any:
        return 3


class Fails(pyfunc.ChatAgent):
    def predict(self, messages: Any, context: Any = None, custom_inputs: Any = None) -> Any:
        raise RuntimeError("no key")


def test_what_cannot_be_an_agent_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    refused: list[tuple[Any, dict[str, Any], str]] = [
        (Wrong(), {}, "What predict of this ChatAgent returned does not fit ChatAgentResponse"),
        (Agent(), {"signature": infer_signature([1])}, "one signature; leave out signature"),
        (Agent(), {"input_example": {"bogus": 1}}, "The input example does not fit ChatAgentRequest: messages"),
        (Chat(), {"input_example": {"bogus": 1}}, "'messages' is required"),
    ]
    for model, options, why in refused:
        with pytest.raises(BadRequest, match=why):
            pyfunc.save_model(str(tmp_path / "m"), python_model=model, **options)
    assert not (tmp_path / "m").exists()
    with pytest.raises(TypeError, match="abstract"):
        pyfunc.ResponsesAgent()  # type: ignore[abstract]


def test_an_agent_that_cannot_answer_here_is_saved_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pyfunc.save_model(str(tmp_path / "m"), python_model=Fails(), pip_requirements=[])
    assert "could not answer its input example (RuntimeError: no key)" in caplog.text


def test_an_agent_from_code_reads_its_configuration(tmp_path: Path) -> None:
    script = tmp_path / "agent.py"
    script.write_text(
        """
import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentResponse

config = mlflow.models.ModelConfig(development_config={"word": "dev"})


class Agent(ResponsesAgent):
    def predict(self, request):
        return ResponsesAgentResponse(output=[self.create_text_output_item(config.get("word"), "1")])


mlflow.models.set_model(Agent())
"""
    )
    pyfunc.save_model(
        str(tmp_path / "m"), python_model=str(script), model_config={"word": "saved"}, pip_requirements=[]
    )
    asked = {"input": [{"role": "user", "content": "q"}]}
    for given, word in ((None, "saved"), ({"word": "given"}, "given")):
        model = pyfunc.load_model(str(tmp_path / "m"), model_config=given)
        assert model.predict(asked)["output"][0]["content"][0]["text"] == word
    assert model.metadata.metadata == {"task": "agent/v1/responses"}
    assert model.loader_module == "mlflow.pyfunc.loaders.code_model"


@pytest.mark.slow
def test_agents_are_there_without_pydantic_and_say_what_they_need() -> None:
    program = """
import sys
import headrace as mlflow
from headrace.pyfunc import ChatAgent, ChatModel, ResponsesAgent
from headrace.types.llm import ChatMessage
assert "pydantic" not in sys.modules
sys.modules["pydantic"] = None
try:
    import headrace.types.agent
except ModuleNotFoundError as error:
    print(error)
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'headrace[agents]'" in told.stdout
