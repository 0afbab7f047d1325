"""Models of OpenAI, asked of a language model on loopback that speaks its protocol; both ways with genuine MLflow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openai as library
import pandas as pd
import pytest

import headrace
from headrace.base.errors import BadRequest, HeadraceError, Unauthenticated, Unreachable
from headrace.flavors import openai
from headrace.models import infer_signature
from headrace.models.model import Model
from headrace.models.pyfunc import load_model
from headrace.testing.flavors import FlavorContract
from tests.flavors import hostile
from tests.libraries import genuine
from tests.libraries.openai_server import LanguageModel, language_model

#: Tasks and what they are told, what they are asked, and what they answer.
CASES: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "chat": ({"task": "chat.completions"}, ["a b", "c"], ["A B", "C"]),
    "system": (
        {"task": library.chat.completions.__class__, "messages": [{"role": "system", "content": "Be loud."}]},
        "hello",
        ["HELLO"],
    ),
    "variable": (
        {"task": "chat.completions", "messages": [{"role": "user", "content": "tell {topic} {{now}}"}]},
        {"topic": "t"},
        ["TELL T {NOW}"],
    ),
    "variables": (
        {
            "task": "chat.completions",
            "messages": [{"role": "system", "content": "{who}"}, {"role": "user", "content": "tell {topic}"}],
        },
        pd.DataFrame({"topic": ["t", "u"], "who": ["w", "x"]}),
        ["TELL T", "TELL U"],
    ),
    "parts": (
        {
            "task": "chat.completions",
            "messages": [{"role": "user", "content": [{"type": "text", "text": "hey {name}"}]}],
        },
        [{"name": "N"}],
        ["HEY N"],
    ),
    "completions": ({"task": "completions"}, ["a", "b"], ["A", "B"]),
    "prompt": ({"task": "completions", "prompt": "say {a} and {b}"}, {"a": "1", "b": "2"}, ["SAY 1 AND 2"]),
    "embeddings": ({"task": "embeddings"}, np.array(["hi you", "x"]), [[6.0, 3.0, 1.0], [1.0, 0.0, 0.0]]),
}
TELL: dict[str, Any] = {"task": "chat.completions", "messages": [{"role": "user", "content": "tell {topic}"}]}


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageModel]:
    with language_model() as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", running.url)
        patch.setenv("OPENAI_API_KEY", "k")
        yield running


@pytest.fixture
def save(server: LanguageModel, tmp_path: Path) -> Any:
    def saved(**told: Any) -> str:
        openai.save_model("small", path=str(tmp_path / "model"), pip_requirements=[], **told)
        return str(tmp_path / "model")

    return saved


class TestContract(FlavorContract):
    @pytest.fixture
    def flavor(self, server: LanguageModel) -> Any:
        return openai.FLAVOR

    @pytest.fixture
    def data(self) -> Any:
        return pd.DataFrame({"topic": ["one", "two words"]})

    @pytest.fixture
    def model(self) -> str:
        return "small"

    @pytest.fixture
    def options(self, flavor: Any) -> Any:
        return flavor.options(task="chat.completions", kwargs={"messages": TELL["messages"]})

    def test_the_library_s_own_object_comes_back(self, flavor: Any, model: Any, saved: Path) -> None:
        assert openai.load_model(str(saved)) == {"model": "small", **TELL}


@pytest.mark.parametrize("case", CASES)
def test_a_model_is_asked_as_genuine_mlflow_asks_it(
    case: str, save: Any, server: LanguageModel, tmp_path: Path
) -> None:
    told, asked, answer = CASES[case]
    ours, theirs = Path(save(**told)), tmp_path / "theirs"
    named = told | {"task": openai._task(told["task"])}
    genuine.call("openai.save_model", "small", path=str(theirs), pip_requirements=[], **named)
    before = len(server.asked)
    for folder in (ours, theirs):
        assert _listed(genuine.answer(folder, asked)) == answer
    bodies = _sorted(server.asked[before:])
    before = len(server.asked)
    for folder in (ours, theirs):
        assert _listed(load_model(str(folder)).predict(asked)) == answer
    assert _sorted(server.asked[before:]) == bodies
    assert genuine.described(ours) == genuine.described(theirs)
    assert genuine.files(ours) == genuine.files(theirs)
    assert Path(ours, "model.yaml").read_text() == Path(theirs, "model.yaml").read_text()


def test_what_was_saved_and_what_is_asked_go_into_the_request(save: Any, server: LanguageModel) -> None:
    model = load_model(save(**TELL, temperature=0.2, input_example=({"topic": "x"}, {"max_tokens": 5})))
    model.predict({"topic": "t"}, params={"max_tokens": 7})
    assert (server.asked[-1]["temperature"], server.asked[-1]["max_tokens"]) == (0.2, 7)
    model.predict({"topic": "t"})
    assert server.asked[-1]["max_tokens"] == 5


def test_a_signature_of_ones_own_is_kept(save: Any) -> None:
    signature = infer_signature({"topic": "x"}, "y")
    assert Model.load(save(**TELL, signature=signature)).signature == signature


def test_rows_may_be_texts_dicts_or_frames(save: Any) -> None:
    model = load_model(save(**TELL))
    frame = pd.DataFrame({"other": ["t", "u"]})
    for asked in (["t", "u"], [{"topic": "t"}, {"topic": "u"}], frame):
        assert model.predict(asked) == ["TELL T", "TELL U"]


def test_many_texts_go_in_few_requests(save: Any, server: LanguageModel) -> None:
    before = len(server.asked)
    assert len(load_model(save(task="embeddings")).predict([f"text {n}" for n in range(1500)])) == 1500
    assert [len(each["input"]) for each in server.asked[before:]] == [1000, 500]


def test_the_task_may_be_given_as_the_library_has_it(save: Any) -> None:
    tasks = [library.chat.completions, library.completions, library.embeddings, library.resources.Embeddings]
    assert [openai._task(each) for each in tasks] == ["chat.completions", "completions", "embeddings", "embeddings"]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"task": "images"}, "images"),
        ({"task": "chat.completions", "messages": ["x"]}, "list of dicts"),
        ({"task": "chat.completions", "messages": [{"role": "x"}]}, "role and its content"),
        ({"task": "chat.completions", "messages": [{"role": "user", "content": 'as {"a": 1}'}]}, "no variable"),
        ({"task": "chat.completions", "messages": [{"role": "user", "content": "{a.__class__}"}]}, "no variable"),
        ({"task": "chat.completions", "messages": [{"role": "user", "content": "{"}]}, "no variables"),
        ({"task": "completions", "api_key": "k"}, r"\['api_key'\] would be saved for everybody"),
        ({"task": "chat.completions", "stream": True}, "stream"),
    ],
)
def test_what_cannot_be_saved_says_why(save: Any, told: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=said):
        save(**told)
    assert not (tmp_path / "model").exists()


def test_a_model_that_is_no_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="not a object"):
        openai.save_model(object(), "chat.completions", str(tmp_path / "model"))
    with pytest.raises(TypeError, match="task"):
        openai.save_model("small", path=str(tmp_path / "model"))


def test_an_input_that_lacks_a_variable_is_refused(save: Any) -> None:
    told = {"task": "completions", "prompt": "{a} {b}", "signature": False}
    with pytest.raises(BadRequest, match=r"\['b'\]"):
        load_model(save(**told)).predict({"a": "1"})
    with pytest.raises(BadRequest, match="no text"):
        openai.FLAVOR.ask({"model": "m", "task": "embeddings"}, [{"a": 1}], {})


def test_a_server_that_refuses_is_quoted(save: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_model(save(**TELL))
    monkeypatch.setenv("OPENAI_API_KEY", "wrong")
    with pytest.raises(Unauthenticated, match="No such key"):
        model.predict("t")
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(HeadraceError, match="OPENAI_API_KEY"):
        model.predict("t")


def test_a_server_that_is_not_there_is_named(save: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_model(save(**TELL))
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        model.predict("t")


def test_a_library_that_is_not_installed_is_named_with_its_extra(save: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(**TELL)
    monkeypatch.setitem(sys.modules, "openai", None)
    assert openai.load_model(folder)["model"] == "small"
    with pytest.raises(BadRequest, match=r"headrace\[openai\]"):
        load_model(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"!!python/object/apply:os.mkdir [ran]", "not plain YAML"),
        (b"[1]", "name a model"),
        (b"{model: m, task: chat.completions, messages: [{role: user, content: '{a.__class__}'}]}", "no variable"),
    ],
)
def test_a_file_that_a_stranger_wrote_runs_nothing(
    save: Any, tmp_path: Path, text: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = save(**TELL)
    hostile.change(Path(folder), "model.yaml", lambda _: text)
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    for load in (load_model, openai.load_model):
        with pytest.raises(BadRequest, match=said):
            load(folder)
    assert not (tmp_path / "ran").exists()


def test_a_model_is_logged_by_its_door(server: LanguageModel, tmp_path: Path) -> None:
    headrace.set_tracking_uri(str(tmp_path / "store"))
    with headrace.start_run():
        info = headrace.openai.log_model("small", **TELL, name="teller")
    assert headrace.pyfunc.load_model(info.model_uri).predict("x") == ["TELL X"]


def _sorted(asked: list[dict[str, Any]]) -> list[Any]:
    return sorted((sorted(each.items(), key=str) for each in asked), key=str)


def _listed(answer: Any) -> Any:
    return [each.tolist() if hasattr(each, "tolist") else each for each in answer]


def test_functions_take_the_arguments_of_mlflow() -> None:
    ours, theirs = genuine.arguments(openai, "save_model", "log_model", "load_model")
    assert ours == theirs
