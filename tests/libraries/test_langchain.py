"""LangChain chains and LangGraph graphs, asked of a language model on loopback; both ways with genuine MLflow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import headrace
from headrace.base.errors import BadRequest, NotSupported, Untrusted
from headrace.flavors import langchain
from headrace.models.model import Model
from headrace.models.pyfunc import load_model
from headrace.testing.flavors import FlavorContract
from tests.databases import free_port
from tests.flavors import hostile
from tests.libraries import genuine
from tests.libraries.openai_server import LanguageModel, language_model
from tests.processes import serving

HEAD = """
import os
import mlflow
from langchain_openai import ChatOpenAI

model = ChatOpenAI(model="small", base_url=os.environ["OPENAI_BASE_URL"], api_key=os.environ["OPENAI_API_KEY"])
"""
CHAIN = f"""{HEAD}
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

prompt = ChatPromptTemplate.from_messages([("system", "Be loud."), ("user", "{{q}}")])
mlflow.models.set_model(prompt | model | StrOutputParser())
"""
BARE = f"{HEAD}\nmlflow.models.set_model(model)\n"
GRAPH = f"""{HEAD}
from typing import Annotated, TypedDict
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages

class State(TypedDict):
    messages: Annotated[list, add_messages]

def answer(state):
    return {{"messages": [model.invoke(state["messages"])]}}

graph = StateGraph(State)
graph.add_node("answer", answer)
graph.add_edge(START, "answer")
graph.add_edge("answer", END)
mlflow.models.set_model(graph.compile())
"""
ECHO = """
import mlflow
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda

config = mlflow.models.ModelConfig(development_config={"word": "developing"})
word = config.get("word")
mlflow.models.set_model(RunnableLambda(lambda x: {"asked": repr(x), "word": word, "found": [Document("text")]}))
"""
CHAT = {"messages": [{"role": "system", "content": "Be loud."}, {"role": "user", "content": "hello you"}]}


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageModel]:
    with language_model() as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", running.url)
        patch.setenv("OPENAI_API_KEY", "k")
        # A process for each script would import the library each time.
        patch.setenv("HEADRACE_RUN_SCRIPTS_APART", "false")
        yield running


@pytest.fixture
def write(tmp_path: Path, server: LanguageModel) -> Any:
    def written(text: str, name: str = "chain.py") -> str:
        (tmp_path / "scripts").mkdir(exist_ok=True)
        (tmp_path / "scripts" / name).write_text(text)
        return str(tmp_path / "scripts" / name)

    return written


@pytest.fixture
def save(write: Any, tmp_path: Path) -> Any:
    def saved(text: str, **options: Any) -> str:
        langchain.save_model(write(text), str(tmp_path / "model"), pip_requirements=[], **options)
        return str(tmp_path / "model")

    return saved


class TestContract(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return langchain.FLAVOR

    @pytest.fixture
    def data(self) -> Any:
        return [{"q": "one"}, {"q": "two words"}]

    @pytest.fixture
    def model(self, write: Any) -> str:
        return str(write(CHAIN))

    @pytest.fixture
    def expected(self) -> Any:
        return ["ONE", "TWO WORDS"]

    def test_what_failed_halfway_leaves_nothing(self, flavor: Any, model: Any, options: Any, tmp_path: Path) -> None:
        (tmp_path / "clean").mkdir()
        super().test_what_failed_halfway_leaves_nothing(flavor, model, options, tmp_path / "clean")

    def test_a_folder_with_something_in_it_is_refused_and_left_alone(
        self, flavor: Any, model: Any, options: Any, tmp_path: Path
    ) -> None:
        (tmp_path / "clean").mkdir()
        super().test_a_folder_with_something_in_it_is_refused_and_left_alone(flavor, model, options, tmp_path / "clean")

    def test_the_library_s_own_object_comes_back(self, flavor: Any, model: Any, saved: Path) -> None:
        assert langchain.load_model(str(saved)).invoke({"q": "direct"}) == "DIRECT"


def test_a_chain_is_asked_with_dicts_lists_and_frames(save: Any) -> None:
    model = load_model(save(CHAIN, signature=False))
    assert model.predict({"q": "one"}) == "ONE"
    assert model.predict([{"q": "one"}, {"q": "two"}]) == ["ONE", "TWO"]
    assert model.predict(pd.DataFrame({"q": ["one", "two"]})) == ["ONE", "TWO"]
    assert model.predict("plain") == "PLAIN"
    assert model.predict([]) == []


def test_an_answer_is_had_part_by_part(save: Any, server: LanguageModel) -> None:
    model = load_model(save(CHAIN, signature=False))
    assert [part for part in model.predict_stream({"q": "one two three"}) if part] == ["ONE", " TWO", " THREE"]
    assert server.asked[-1]["stream"]
    with pytest.raises(BadRequest, match="one input, not 2"):
        list(model.predict_stream([{"q": "a"}, {"q": "b"}]))


def test_a_model_that_does_not_stream_says_so(save: Any) -> None:
    with pytest.raises(NotSupported, match="predict_stream"):
        load_model(save(CHAIN, streamable=False)).predict_stream({"q": "one"})


def test_a_chat_in_openai_s_manner_is_answered_in_it(save: Any, server: LanguageModel) -> None:
    model = load_model(save(BARE, input_example=CHAT))
    answer = model.predict(CHAT)[0]
    assert server.asked[-1]["messages"] == CHAT["messages"]
    assert answer["object"] == "chat.completion"
    assert answer["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "HELLO YOU"}, "finish_reason": "stop"}
    ]
    assert answer["usage"] == {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    chunks = list(model.predict_stream(CHAT))
    assert {each["object"] for each in chunks} == {"chat.completion.chunk"}
    assert "".join(each["choices"][0]["delta"]["content"] for each in chunks) == "HELLO YOU"


def test_calls_of_tools_survive_the_conversion(save: Any) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}
    chat = [{"role": "user", "content": "look"}, {"role": "assistant", "content": "", "tool_calls": [call]}]
    asked = load_model(save(ECHO)).predict({"messages": [*chat, {"role": "tool", "content": "r", "tool_call_id": "1"}]})
    assert "'name': 'look', 'args': {'at': 1}" in asked["asked"]


@pytest.mark.parametrize(
    "kept", [{"messages": "x"}, {"messages": []}, {"messages": [{"content": "x"}]}, {**CHAT, "more": 1}]
)
def test_what_is_no_chat_is_handed_on_as_it_is(save: Any, kept: dict[str, Any]) -> None:
    assert load_model(save(ECHO)).predict(kept)["asked"] == repr(kept)


def test_whether_chats_are_converted_can_be_told(save: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(ECHO)
    assert load_model(folder).predict(CHAT)["asked"].startswith("[SystemMessage(")
    monkeypatch.setenv("MLFLOW_CONVERT_MESSAGES_DICT_FOR_LANGCHAIN", "false")
    assert load_model(folder).predict(CHAT)["asked"] == repr(CHAT)


def test_messages_that_are_none_are_refused(save: Any) -> None:
    with pytest.raises(BadRequest, match="nobody"):
        load_model(save(ECHO)).predict({"messages": [{"role": "nobody", "content": "x"}]})


def test_a_graph_takes_its_messages_itself(save: Any) -> None:
    model = load_model(save(GRAPH, input_example=CHAT))
    assert [each["content"] for each in model.predict(CHAT)[0]["messages"]] == ["Be loud.", "hello you", "HELLO YOU"]
    (update,) = model.predict_stream(CHAT)
    assert update["answer"]["messages"][0]["content"] == "HELLO YOU"


def test_messages_and_documents_come_back_as_dicts(save: Any) -> None:
    answer = load_model(save(ECHO)).predict("x")
    assert answer["found"] == [{"id": None, "metadata": {}, "page_content": "text", "type": "Document"}]


def test_a_served_chain_is_a_chat_model_of_openai_s_protocol(save: Any, tmp_path: Path) -> None:
    import openai

    folder = save(BARE, input_example=CHAT, metadata={"task": "llm/v1/chat"})
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "headrace", "models", "serve", "-m", folder, "-p", str(port)]
    with serving(command, url, tmp_path / "log"), openai.OpenAI(base_url=f"{url}/v1", api_key="-") as client:
        asked: dict[str, Any] = {"model": "chain", "messages": CHAT["messages"]}
        assert client.chat.completions.create(**asked).choices[0].message.content == "HELLO YOU"
        parts = [each.choices[0].delta.content for each in client.chat.completions.create(**asked, stream=True)]
        assert [part for part in parts if part] == ["HELLO", " YOU"]


def test_inputs_that_a_chain_fails_on_are_named(save: Any) -> None:
    with pytest.raises(BadRequest, match=r"1 of 2 inputs \(input 1: KeyError: .*missing variables"):
        load_model(save(CHAIN, signature=False)).predict([{"q": "fine"}, {"wrong": 1}])


def test_a_script_reads_its_configuration(save: Any) -> None:
    folder = save(ECHO, model_config={"word": "saved"})
    assert load_model(folder).predict(1)["word"] == "saved"
    assert load_model(folder, model_config={"word": "loaded"}).predict(1)["word"] == "loaded"
    assert langchain.load_model(folder).invoke(1)["word"] == "saved"


def test_an_object_is_refused_and_the_way_of_code_is_told(tmp_path: Path) -> None:
    from langchain_core.runnables import RunnablePassthrough

    with pytest.raises(BadRequest, match=r"RunnablePassthrough .*set_model.*lc_model='chain.py'"):
        headrace.langchain.save_model(RunnablePassthrough(), str(tmp_path / "model"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "names no model"),
        ("import mlflow\nmlflow.models.set_model(5)", "builtins.int"),
        ("import nowhere_at_all", "nowhere_at_all"),
        ("api_key = 'sk-proj-0123456789abcdefABCDEF01'", "openai-key"),
    ],
)
def test_a_script_that_cannot_be_a_model_says_why(write: Any, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        langchain.save_model(write(text), str(tmp_path / "model"))


def test_options_of_objects_are_refused(write: Any, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="loader_fn and persist_dir"):
        langchain.save_model(write(CHAIN), str(tmp_path / "model"), persist_dir="docs")


def test_a_script_of_a_stranger_is_not_run(save: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = save(CHAIN)
    hostile.change(Path(folder), "chain.py", lambda _: f"open({str(tmp_path / 'ran')!r}, 'w')".encode())
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    for load in (load_model, langchain.load_model):
        with pytest.raises(Untrusted, match=r"run chain\.py"):
            load(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("place", ["../scripts/other.py", "/etc/passwd"])
def test_a_script_outside_of_the_model_is_not_run(save: Any, write: Any, place: str, tmp_path: Path) -> None:
    folder = save(CHAIN)
    write(f"open({str(tmp_path / 'ran')!r}, 'w')", "other.py")
    hostile.say(Path(folder), "python_function", model_code_path=place)
    Path(folder, "manifest.sha256").unlink(missing_ok=True)
    with pytest.raises(BadRequest, match=r"missing|names no model"):
        load_model(folder)
    assert not (tmp_path / "ran").exists()


def test_a_model_of_an_early_release_is_said_to_be_one(save: Any) -> None:
    folder = Path(save(CHAIN))
    said = yaml.safe_load((folder / "MLmodel").read_text())
    del said["flavors"]["python_function"]["model_code_path"]
    (folder / "MLmodel").write_text(yaml.safe_dump(said))
    (folder / "manifest.sha256").unlink()
    with pytest.raises(NotSupported, match="before its release 1"):
        load_model(str(folder))


def test_a_script_runs_in_a_process_of_its_own(
    save: Any, monkeypatch: pytest.MonkeyPatch, server: LanguageModel
) -> None:
    monkeypatch.delenv("HEADRACE_RUN_SCRIPTS_APART")
    before = len(server.asked)
    folder = save(CHAIN, input_example={"q": "example"})
    assert [each["messages"][-1]["content"] for each in server.asked[before:]] == ["example"]
    assert load_model(folder).predict({"q": "one"}) == ["ONE"]


def test_a_model_is_logged_and_loaded_from_its_run(write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    headrace.set_tracking_uri(str(tmp_path / "store"))
    resources = {"api_version": "1", "databricks": {"serving_endpoint": [{"name": "small"}]}}
    with headrace.start_run():
        info = headrace.langchain.log_model(write(CHAIN), name="chain", resources=resources, input_example={"q": "one"})
    assert headrace.pyfunc.load_model(info.model_uri).predict({"q": "one"}) == ["ONE"]
    assert headrace.langchain.load_model(info.model_uri).invoke({"q": "two"}) == "TWO"
    assert Model.load(info.model_uri).resources == resources


@pytest.mark.parametrize(("text", "asked"), [(CHAIN, [{"q": "one"}, {"q": "two"}]), (BARE, CHAT), (ECHO, ["a", "b"])])
def test_both_sides_ask_the_model_alike(save: Any, tmp_path: Path, text: str, asked: Any) -> None:
    options: dict[str, Any] = {"input_example": asked, "model_config": {"word": "saved"}}
    ours, theirs = Path(save(text, **options)), tmp_path / "theirs"
    script = str(tmp_path / "scripts/chain.py")
    genuine.call("langchain.save_model", script, str(theirs), pip_requirements=[], **options)
    told = [_same(genuine.answer(each, asked)) for each in (ours, theirs)]
    told += [_same(load_model(str(each)).predict(asked)) for each in (ours, theirs)]
    assert told == [told[0]] * 4
    assert genuine.described(ours)["flavors"] == genuine.described(theirs)["flavors"]
    assert genuine.files(ours) == genuine.files(theirs)
    assert Model.load(ours).get_input_schema() == Model.load(theirs).get_input_schema()


def _same(told: Any) -> Any:
    """What was told, without what differs from call to call, and what genuine MLflow leaves out."""
    if isinstance(told, list):
        return [_same(each) for each in told]
    if not isinstance(told, dict):
        return told
    changing = ("id", "created", "usage", "finish_reason")
    return {name: _same(each) for name, each in told.items() if name not in changing}


def test_functions_take_the_arguments_of_mlflow() -> None:
    ours, theirs = genuine.arguments(langchain, "save_model", "log_model", "load_model")
    assert ours == theirs
