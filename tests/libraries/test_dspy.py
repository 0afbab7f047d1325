"""DSPy programs, asked of a language model on loopback; both ways with genuine MLflow."""

from __future__ import annotations

import inspect
import os
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import headrace
from headrace.base.errors import BadRequest, NotSupported, Untrusted
from headrace.flavors import dspy
from headrace.models.pyfunc import load_model
from headrace.testing.flavors import FlavorContract
from tests.flavors import hostile
from tests.libraries import genuine
from tests.libraries.openai_server import LanguageModel, Messages, language_model, text_of

# Of LiteLLM, about types of its own.
pytestmark = pytest.mark.filterwarnings("ignore:.*ReadOnly:UserWarning")

SCRIPT = """
import os
import dspy
import mlflow

class Answer(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict("question -> answer")

    def forward(self, question):
        return self.answer(question=question)

dspy.configure(lm=dspy.LM("openai/m", api_base=os.environ["OPENAI_BASE_URL"], cache=False))
mlflow.models.set_model(Answer())
"""
CHAT = {"messages": [{"role": "user", "content": "hey"}, {"role": "assistant", "content": "ho"}]}


def answer(messages: Messages) -> str:
    """The fields that DSPy asks for, about the question in capitals."""
    asked = re.search(r"\[\[ ## question ## \]\]\n(.*?)\n", text_of(messages[-1]) + "\n", re.DOTALL)
    said = asked[1].upper() if asked else "?"
    return f"[[ ## reasoning ## ]]\nthought\n\n[[ ## answer ## ]]\n{said}\n\n[[ ## completed ## ]]"


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageModel]:
    with language_model(answer) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", running.url)
        patch.setenv("OPENAI_API_KEY", "from-environment")
        # A process for each script would import the library each time.
        patch.setenv("HEADRACE_RUN_SCRIPTS_APART", "false")
        patch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
        yield running


@pytest.fixture(scope="module")
def library(server: LanguageModel) -> Any:
    import dspy as library

    library.configure(lm=library.LM("openai/m", api_base=server.url, api_key="secret-key-1", cache=False))
    return library


@pytest.fixture
def save(library: Any, tmp_path: Path) -> Any:
    def saved(program: Any, **told: Any) -> str:
        dspy.save_model(program, str(tmp_path / "model"), pip_requirements=[], **told)
        return str(tmp_path / "model")

    return saved


@pytest.fixture
def script(tmp_path: Path) -> str:
    (tmp_path / "program.py").write_text(SCRIPT)
    return str(tmp_path / "program.py")


class TestContract(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return dspy.FLAVOR

    @pytest.fixture
    def data(self) -> Any:
        return [{"question": "one"}, {"question": "two"}]

    @pytest.fixture
    def model(self, library: Any) -> Any:
        return library.ChainOfThought("question -> answer")

    @pytest.fixture
    def options(self, flavor: Any, model: Any) -> Any:
        from headrace.models.flavor import Saving

        made = flavor.options()
        flavor.check(model, Saving(), made)
        return made

    def test_a_loaded_model_predicts_what_the_saved_one_did(self, saved: Path, data: Any, expected: Any) -> None:
        told = [{"reasoning": "thought", "answer": "ONE"}, {"reasoning": "thought", "answer": "TWO"}]
        assert load_model(str(saved)).predict(data) == expected == told

    def test_a_model_with_a_file_missing_says_which(self, saved: Path) -> None:
        (saved / "data/model.pkl").unlink()
        with pytest.raises(BadRequest, match=r"model\.pkl"):
            load_model(str(saved))


def test_an_input_is_a_dict_or_a_frame(library: Any, save: Any) -> None:
    model = load_model(save(library.Predict("question -> answer")))
    assert model.predict({"question": "a"}) == {"answer": "A"}
    assert model.predict(pd.DataFrame({"question": ["a"]})) == {"answer": "A"}
    assert model.predict(pd.DataFrame({"question": ["a", "b"]})) == [{"answer": "A"}, {"answer": "B"}]


def test_a_program_of_ones_own_may_take_a_text(script: str, save: Any) -> None:
    model = load_model(save(script))
    assert model.predict("a") == {"answer": "A"}
    assert model.predict(np.array(["a"])) == {"answer": "A"}


@pytest.mark.parametrize("whole", [False, True])
def test_keys_are_not_saved_and_come_from_where_it_is_asked(
    library: Any, save: Any, server: LanguageModel, whole: bool
) -> None:
    program = library.Predict("question -> answer")
    program.lm = library.LM("openai/other", api_base=server.url, api_key="secret-key-2", cache=False)
    folder = Path(save(program, use_dspy_model_save=whole))
    written = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert b"openai/other" in written
    assert b"secret-key" not in written
    assert load_model(str(folder)).predict({"question": "a"}) == {"answer": "A"}
    assert (server.asked[-1]["key"], server.asked[-1]["model"]) == ("from-environment", "other")
    assert program.lm.kwargs["api_key"] == "secret-key-2"


def test_a_program_is_asked_with_what_was_set_when_it_was_saved(library: Any, save: Any, server: LanguageModel) -> None:
    folder = save(library.Predict("question -> answer"))
    with library.context(lm=None):
        assert load_model(folder).predict({"question": "a"}) == {"answer": "A"}
        assert dspy.load_model(folder)(question="b").answer == "B"
    assert server.asked[-1]["key"] == "from-environment"


def test_fields_are_streamed(library: Any, save: Any) -> None:
    program = library.ChainOfThought("question -> answer")
    model = load_model(save(program, input_example={"question": "a"}))
    parts = list(model.predict_stream({"question": "hello you"}))
    for field, said in (("reasoning", "thought"), ("answer", "HELLO YOU")):
        assert "".join(part["chunk"] for part in parts if part["signature_field_name"] == field) == said


def test_a_program_without_a_signature_does_not_stream(library: Any, save: Any) -> None:
    model = load_model(save(library.Predict("question -> answer")))
    assert model.metadata.flavors["python_function"]["streamable"] is False
    with pytest.raises(NotSupported, match="input example or a signature"):
        list(model.predict_stream({"question": "a"}))


@pytest.mark.parametrize(
    ("said", "contents"),
    [
        ("text", ["text"]),
        ({"a": 1}, ['{"a": 1}']),
        ([{"a": 1}, {"b": 2}], ['{"a": 1}', '{"b": 2}']),
    ],
)
def test_a_chat_is_asked_and_answered_as_openai_does(library: Any, save: Any, said: Any, contents: list[str]) -> None:
    class Chat(library.Module):  # type: ignore[misc, name-defined]
        def forward(self, messages):
            assert messages == CHAT["messages"]
            return said

    model = load_model(save(Chat(), task="llm/v1/chat"))
    choices = model.predict(CHAT)["choices"]
    assert [each["message"]["content"] for each in choices] == contents
    assert model.metadata.metadata == {"task": "llm/v1/chat"}


def test_a_chat_that_answers_something_else_says_so(library: Any, save: Any) -> None:
    class Odd(library.Module):  # type: ignore[misc, name-defined]
        def forward(self, messages):
            return 5

    with pytest.raises(BadRequest, match="not int"):
        load_model(save(Odd(), task="llm/v1/chat")).predict(CHAT)


def test_a_script_is_saved_as_it_is(script: str, save: Any) -> None:
    folder = Path(save(script, input_example={"question": "a"}))
    assert not list(folder.rglob("*.pkl"))
    assert load_model(str(folder)).predict({"question": "a"}) == {"answer": "A"}
    assert dspy.load_model(str(folder))(question="b").answer == "B"


@pytest.mark.parametrize(
    ("program", "told", "said"), [(object(), {}, "no Module"), (None, {"task": "foo"}, "task must")]
)
def test_what_cannot_be_saved_says_why(library: Any, save: Any, program: Any, told: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        save(program or library.Predict("question -> answer"), **told)


@pytest.mark.parametrize("whole", [False, True])
def test_a_pickle_of_a_stranger_is_not_read(
    library: Any, save: Any, whole: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = save(library.Predict("question -> answer"), use_dspy_model_save=whole)
    file = "data/model/program.pkl" if whole else "data/model.pkl"
    hostile.change(Path(folder), file, lambda _: pickle.dumps(_Bomb(str(tmp_path / "ran"))))
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    for load in (load_model, dspy.load_model):
        with pytest.raises(Untrusted, match=rf"unpickle {re.escape(file)}, which imports"):
            load(folder)
    assert not (tmp_path / "ran").exists()


def test_a_pickle_of_something_else_is_refused(library: Any, save: Any) -> None:
    folder = save(library.Predict("question -> answer"))
    hostile.change(Path(folder), "data/model.pkl", lambda _: pickle.dumps({"a": 1}))
    with pytest.raises(BadRequest, match=r"builtins\.dict, which is no program"):
        load_model(folder)


class _Bomb:
    def __init__(self, place: str) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return os.mkdir, (self.place,)


@pytest.mark.parametrize("told", [{}, {"use_dspy_model_save": True}, {"input_example": {"question": "x"}}])
def test_both_sides_ask_a_program_alike(library: Any, save: Any, tmp_path: Path, told: dict[str, Any]) -> None:
    if told.get("use_dspy_model_save") and "allow_pickle" not in inspect.signature(library.load).parameters:
        pytest.skip("genuine MLflow saves in DSPy's own way with later releases alone")
    program, asked = library.ChainOfThought("question -> answer"), {"question": "hello"}
    _both(program, save, str(tmp_path / "theirs"), told, asked)


def test_both_sides_ask_a_chat_alike(library: Any, save: Any, tmp_path: Path) -> None:
    class Chat(library.Module):  # type: ignore[misc, name-defined]
        def forward(self, messages):
            return {"told": messages[-1]["content"]}

    _both(Chat(), save, str(tmp_path / "theirs"), {"task": "llm/v1/chat"}, CHAT)


def _both(program: Any, save: Any, theirs: str, told: dict[str, Any], asked: Any) -> None:
    folders = [Path(save(program, **told)), Path(theirs)]
    genuine.call("dspy.save_model", program, path=theirs, pip_requirements=[], **told)
    answers = [genuine.answer(each, asked) for each in folders]
    answers += [load_model(str(each)).predict(asked) for each in folders]
    assert answers == [answers[0]] * 4
    ours, others = (genuine.described(each) for each in folders)
    assert ours == others
    ours_files, their_files = (genuine.files(each) for each in folders)
    assert ours_files == their_files


def test_a_program_is_logged_by_its_door(library: Any, tmp_path: Path) -> None:
    headrace.set_tracking_uri(str(tmp_path / "store"))
    with headrace.start_run():
        info = headrace.dspy.log_model(library.Predict("question -> answer"), name="program")
    assert headrace.pyfunc.load_model(info.model_uri).predict({"question": "x"}) == {"answer": "X"}


def test_functions_take_the_arguments_of_mlflow() -> None:
    ours, theirs = genuine.arguments(dspy, "save_model", "log_model", "load_model")
    assert ours == theirs
