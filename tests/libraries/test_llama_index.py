"""LlamaIndex indexes, engines and workflows, asked of a language model on loopback; both ways with genuine MLflow."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import headrace
from headrace.base.errors import BadRequest, Untrusted
from headrace.flavors import llama_index
from headrace.models.model import Model
from headrace.models.pyfunc import load_model
from headrace.testing.flavors import FlavorContract
from tests.flavors import hostile
from tests.libraries import genuine
from tests.libraries.openai_server import LanguageModel, language_model

HEAD = """
import mlflow
from llama_index.core import Document, VectorStoreIndex

index = VectorStoreIndex.from_documents([Document(text="cats sleep"), Document(text="dogs bark loudly today")])
"""
WORKFLOW = """
import mlflow
from llama_index.core.workflow import StartEvent, StopEvent, Workflow, step

config = mlflow.models.ModelConfig(development_config="nowhere.yaml")

class Shout(Workflow):
    @step
    async def shout(self, event: StartEvent) -> StopEvent:
        return StopEvent(result=f"{config.get('greeting')} {event.get('q')}")

mlflow.models.set_model(Shout(timeout=10))
"""
ENGINES = {"query": "index.as_query_engine()", "chat": "index.as_chat_engine()", "retriever": "index.as_retriever()"}


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageModel]:
    from llama_index.core import Settings
    from llama_index.embeddings.openai_like import OpenAILikeEmbedding
    from llama_index.llms.openai_like import OpenAILike

    with language_model() as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "k")
        # A process for each script would import the library each time.
        patch.setenv("HEADRACE_RUN_SCRIPTS_APART", "false")
        Settings.llm = OpenAILike(model="m", api_base=running.url, api_key="secret-key-1", is_chat_model=True)
        Settings.embed_model = OpenAILikeEmbedding(model_name="e", api_base=running.url, api_key="secret-key-2")
        yield running
    # What engines of scripts remember is in SQLite, which closes when it is collected: here, not when pytest ends.
    gc.collect()


@pytest.fixture(scope="module")
def index(server: LanguageModel) -> Any:
    from llama_index.core import Document, VectorStoreIndex

    return VectorStoreIndex.from_documents([Document(text="cats sleep"), Document(text="dogs bark loudly today")])


@pytest.fixture
def save(tmp_path: Path, server: LanguageModel) -> Any:
    def saved(model: Any, engine_type: str | None = None, **options: Any) -> str:
        if isinstance(model, str):
            (tmp_path / "engine.py").write_text(model)
            model = str(tmp_path / "engine.py")
        llama_index.save_model(model, str(tmp_path / "model"), engine_type, pip_requirements=[], **options)
        return str(tmp_path / "model")

    return saved


class TestContract(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return llama_index.FLAVOR

    @pytest.fixture
    def data(self) -> Any:
        return ["what do cats do", "what else"]

    @pytest.fixture
    def model(self, index: Any) -> Any:
        return index

    @pytest.fixture
    def options(self, flavor: Any, index: Any) -> Any:
        from headrace.models.flavor import Saving

        made = flavor.options(engine_type="query")
        flavor.check(index, Saving(), made)
        return made

    def test_a_model_with_a_file_missing_says_which(self, saved: Path) -> None:
        (saved / "index/docstore.json").unlink()
        with pytest.raises(BadRequest, match="docstore"):
            load_model(str(saved))


def test_a_query_is_a_text_a_dict_or_a_frame(index: Any, save: Any) -> None:
    model = load_model(save(index, "query"))
    for asked in ("what", {"query_str": "what"}, pd.DataFrame({"query_str": ["what"]})):
        assert "QUERY: WHAT" in model.predict(asked)
    assert len(model.predict(["one", "two"])) == 2
    for wrong in ({"text": "what"}, 5):
        with pytest.raises(BadRequest, match=r"text or a dict|does not take"):
            model.predict(wrong)


@pytest.mark.parametrize("code", [False, True])
def test_a_chat_may_have_a_history_but_not_that_of_others(
    index: Any, save: Any, server: LanguageModel, code: bool
) -> None:
    script = f"{HEAD}\nmlflow.models.set_model({ENGINES['chat']})"
    model = load_model(save(script) if code else save(index, "chat"))
    assert model.predict("hello") == "HELLO"
    assert model.predict({"message": "again"}) == "AGAIN"
    assert "hello" not in json.dumps(server.asked[-1]["messages"])
    history = [{"role": "user", "content": "earlier"}, {"role": "assistant", "content": "so"}]
    model.predict({"message": "and", "chat_history": history})
    assert "earlier" in json.dumps(server.asked[-1]["messages"])


def test_nodes_are_found_as_dicts_and_engines_are_configured(index: Any, save: Any) -> None:
    folder = save(index, "retriever", model_config={"similarity_top_k": 2})
    assert len(load_model(folder).predict("cats")) == 2
    (found,) = load_model(folder, model_config={"similarity_top_k": 1}).predict("cats")
    assert {"node", "score"} <= found.keys()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_is_saved_as_its_script(engine: str, save: Any) -> None:
    folder = save(f"{HEAD}\nmlflow.models.set_model({ENGINES[engine]})")
    assert load_model(folder).predict("cats")
    assert type(llama_index.load_model(folder)).__module__.startswith("llama_index")
    assert not (Path(folder) / "index").exists()


def test_a_workflow_runs_for_every_input(save: Any) -> None:
    model = load_model(save(WORKFLOW, model_config={"greeting": "hi"}, input_example={"q": "x"}))
    assert model.predict({"q": "a"}) == "hi a"
    assert model.predict([{"q": "a"}, {"q": "b"}]) == ["hi a", "hi b"]
    assert Model.load(str(model._folder)).signature is not None


def test_what_was_set_is_set_again_without_its_keys(index: Any, save: Any) -> None:
    from llama_index.core import MockEmbedding, Settings
    from llama_index.core.llms import MockLLM

    folder = Path(save(index, "query"))
    assert "secret-key" not in (folder / "settings.json").read_text()
    kept = Settings._llm, Settings._embed_model
    try:
        Settings.llm, Settings.embed_model = MockLLM(), MockEmbedding(embed_dim=3)
        load_model(str(folder))
        assert (Settings.llm.model, Settings.embed_model.model_name) == ("m", "e")
    finally:
        Settings._llm, Settings._embed_model = kept


@pytest.mark.parametrize("engine", [None, "bogus"])
def test_an_index_needs_an_engine(index: Any, save: Any, engine: str | None) -> None:
    with pytest.raises(BadRequest, match="engine_type must say"):
        save(index, engine)


def test_an_engine_itself_is_refused_and_the_way_of_code_is_told(index: Any, save: Any) -> None:
    with pytest.raises(BadRequest, match="set_model"):
        save(index.as_query_engine())
    with pytest.raises(BadRequest, match="is no index"):
        save(object())
    with pytest.raises(TypeError, match="misspelt"):
        headrace.llama_index.log_model(index, engine_type="query", misspelt=1)


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"object_constructor": "os.system", "object_kwargs": {"command": "touch ran"}}, "must be one of llama_index"),
        ({"object_constructor": "llama_index.core.Document", "object_kwargs": {}}, "must be one of llama_index"),
        (
            {"object_constructor": "llama_index.core.llms.MockLLM", "object_kwargs": {"max_tokens": []}},
            "cannot be made",
        ),
        ("os.system", "must say"),
    ],
)
def test_settings_of_a_stranger_make_nothing_of_their_own(
    index: Any, save: Any, said: Any, match: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = save(index, "query")
    hostile.change(Path(folder), "settings.json", lambda _: json.dumps({"_llm": said}).encode())
    for load in (load_model, llama_index.load_model):
        with pytest.raises(BadRequest, match=match):
            load(folder)
    assert not (tmp_path / "ran").exists()


def test_a_server_that_a_stranger_chose_is_not_sent_anything(
    index: Any, save: Any, server: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save(index, "query")
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    said = re.escape(f"make llama_index.llms.openai_like.base.OpenAILike, which sends to {server.url}")
    for load in (load_model, llama_index.load_model):
        with pytest.raises(Untrusted, match=said):
            load(folder)


def test_a_script_of_a_stranger_is_not_run(save: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(WORKFLOW, model_config={"greeting": "hi"})
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    for load in (load_model, llama_index.load_model):
        with pytest.raises(Untrusted, match=r"run engine\.py"):
            load(folder)


@pytest.mark.parametrize("engine", ENGINES)
def test_both_sides_ask_an_index_alike(engine: str, index: Any, save: Any, tmp_path: Path) -> None:
    _both(index, "cats", save, tmp_path / "theirs", engine_type=engine, input_example="what do cats do")


def test_both_sides_ask_a_script_alike(save: Any, tmp_path: Path) -> None:
    _both(WORKFLOW, {"q": "x"}, save, tmp_path / "theirs", model_config={"greeting": "hi"})


def _both(model: Any, asked: Any, save: Any, theirs: Path, **told: Any) -> None:
    ours = Path(save(model, **told))
    made = str(theirs.parent / "engine.py") if isinstance(model, str) else model
    genuine.call("llama_index.save_model", made, str(theirs), pip_requirements=[], **told)
    answers = [genuine.answer(each, asked) for each in (ours, theirs)]
    answers += [load_model(str(each)).predict(asked) for each in (ours, theirs)]
    assert answers == [answers[0]] * 4
    assert genuine.described(ours)["flavors"] == genuine.described(theirs)["flavors"]
    assert genuine.files(ours) == genuine.files(theirs)
    _set_alike(ours, theirs)


def _set_alike(ours: Path, theirs: Path) -> None:
    settings = [json.loads(Path(each, "settings.json").read_text()) for each in (ours, theirs)]
    for name, theirs_said in settings[1].items():
        ours_said = settings[0][name]
        for ours_part, theirs_part in zip(_parts(ours_said), _parts(theirs_said), strict=True):
            assert ours_part["object_constructor"] == theirs_part["object_constructor"]
            kept = {**theirs_part["object_kwargs"]}
            kept.pop("default_headers", None)
            assert ours_part["object_kwargs"] == kept


def _parts(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [said]


def test_functions_take_the_arguments_of_mlflow() -> None:
    ours, theirs = genuine.arguments(llama_index, "save_model", "log_model", "load_model")
    assert ours == theirs
