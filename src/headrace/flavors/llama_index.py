"""LlamaIndex indexes, in its own JSON files; engines and workflows, which are saved as the script that makes them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec

from headrace.base.errors import BadRequest
from headrace.models import scripted
from headrace.models.asking import each_of
from headrace.models.code import read_config
from headrace.models.components import configure, describe
from headrace.models.flavor import Flavor, Saved, Saving, public
from headrace.models.native import broken, class_name, defaults, providers

FLAVOR_NAME = "llama_index"
QUERY, CHAT, RETRIEVER = "query", "chat", "retriever"
ENGINES = (CHAT, QUERY, RETRIEVER)
#: Where the index lies, and what was set beside it.
_INDEX, _SETTINGS = "index", "settings.json"


class Options(msgspec.Struct, kw_only=True):
    """Which engine answers for an index, and how it is configured."""

    engine_type: str | None = None
    model_config: Any = None
    kwargs: dict[str, Any] = {}
    #: The object that the script makes, or that was given.
    made: Any = None


class LlamaIndex(Flavor[Options]):
    """An index, asked by an engine; or an engine or a workflow, from a script."""

    name = FLAVOR_NAME
    loader_module = "mlflow.llama_index"
    save_order = (
        "llama_index_model path engine_type model_config code_paths mlflow_model signature input_example "
        "pip_requirements extra_pip_requirements conda_env metadata"
    )
    log_order = (
        "llama_index_model artifact_path engine_type model_config code_paths registered_model_name signature "
        "input_example await_registration_for pip_requirements extra_pip_requirements conda_env metadata prompts name "
        "params tags model_type step model_id kwargs"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        if options.kwargs:
            raise TypeError(f"log_model() of {self.name} takes no arguments {sorted(options.kwargs)}")
        options.model_config = read_config(options.model_config)
        if options.made is not None:
            return
        script = scripted.script_of(model)
        made = scripted.make(script, saving.code_paths, options.model_config) if script else model
        _check(made, options.engine_type)
        if script is None and not _is_index(made):
            raise BadRequest(
                f"LlamaIndex has no format of a {type(made).__name__}, so the model is code: write the script that "
                "makes it, end it with mlflow.models.set_model(engine), and give its path"
            )
        options.made = made

    def script(self, model: Any, options: Options) -> Path | None:
        return scripted.script_of(model)

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import llama_index.core

        said: dict[str, Any] = {} if options.model_config is None else {"config": options.model_config}
        needs: set[str] = set()
        if script := scripted.script_of(model):
            said, needs = scripted.write(script, folder, options.model_config)
        else:
            options.made.storage_context.persist(str(folder / _INDEX))
        text, modules = describe()
        (folder / _SETTINGS).write_text(text, encoding="utf-8")
        own = {"llama_index_version": llama_index.core.__version__, "engine_type": options.engine_type}
        return Saved(own=own, pyfunc=said, needs=needs | providers("llama_index.core", *modules))

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        return _read(folder, scripted.pyfunc_of(folder), None)

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> Any:
        pyfunc = saved["python_function"]
        made = _read(folder, pyfunc, config)
        engine = saved.get(self.name, {}).get("engine_type")
        _check(made, engine)
        return _asked(made, engine, {} if scripted.PATH in pyfunc else config or {})

    def asked(self, model: Any, options: Options) -> Any:
        config = {} if scripted.script_of(model) else options.model_config or {}
        return _asked(options.made, options.engine_type, config)


class Engine:
    """An engine asked as a ``python_function``, with texts or with dicts of what it takes, one or a list of them.

    An index is given an engine of its own for every input; one that a script made starts a chat anew for each, so that
    nobody is told what another one said.
    """

    def __init__(self, made: Any, kind: str | None, config: Mapping[str, Any]) -> None:
        self._made, self._kind, self._config = made, kind, config
        self._alone = threading.Lock()

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The answer to each input: a text, or the nodes that were found."""
        return each_of(data, self._one)

    def get_raw_model(self) -> Any:
        """The engine."""
        return _engine(self._made, self._kind, self._config) if _is_index(self._made) else self._made

    def _one(self, asked: Any) -> Any:
        if not isinstance(asked, str | dict):
            raise BadRequest(f"An engine is asked with a text or a dict, not with a {type(asked).__name__}")
        engine = self.get_raw_model()
        try:
            if hasattr(engine, "retrieve") and not hasattr(engine, "query"):
                return [each.to_dict() for each in engine.retrieve(_query(asked))]
            if hasattr(engine, "query"):
                return str(engine.query(_query(asked)))
            with nullcontext() if engine is not self._made else self._alone:
                engine.reset()
                return str(engine.chat(**_message(asked)))
        except TypeError as error:
            raise BadRequest(f"The engine does not take {asked!r:.200}: {error}") from error


class Workflow:
    """A workflow asked as a ``python_function``: a dict of what its first event has, or a list of them."""

    def __init__(self, workflow: Any) -> None:
        self._workflow = workflow

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The result of each run."""
        return each_of(data, self._one)

    def get_raw_model(self) -> Any:
        """The workflow."""
        return self._workflow

    def _one(self, asked: Any) -> Any:
        if not isinstance(asked, dict):
            raise BadRequest(f"A workflow is asked with a dict, not with a {type(asked).__name__}")

        async def run() -> Any:
            return await self._workflow.run(**asked)

        # Whoever asks may have an event loop of their own, which a second one cannot run in.
        with ThreadPoolExecutor(1) as aside:
            return aside.submit(asyncio.run, run()).result()


def _asked(made: Any, engine: str | None, config: Mapping[str, Any]) -> Engine | Workflow:
    return Workflow(made) if _is_workflow(made) else Engine(made, engine, config)


def _engine(index: Any, kind: str | None, config: Mapping[str, Any]) -> Any:
    if kind == RETRIEVER:
        return index.as_retriever(**config)
    if kind == QUERY:
        return index.as_query_engine(**config)
    from llama_index.core import Settings
    from llama_index.core.memory import ChatMemoryBuffer

    # What is remembered for one request is a list: LlamaIndex's own memory opens a database, and a thread, for each.
    memory = ChatMemoryBuffer.from_defaults(llm=config.get("llm") or Settings.llm)
    return index.as_chat_engine(**{"memory": memory, **config})


def _query(asked: Any) -> Any:
    from llama_index.core import QueryBundle

    return QueryBundle(**asked) if isinstance(asked, dict) else asked


def _message(asked: Any) -> dict[str, Any]:
    from llama_index.core.llms import ChatMessage

    if isinstance(asked, str):
        return {"message": asked}
    if history := asked.get("chat_history"):
        messages = [ChatMessage(**each) if isinstance(each, dict) else each for each in history]
        return {**asked, "chat_history": messages}
    return dict(asked)


def _read(folder: Path, pyfunc: Mapping[str, Any], config: Mapping[str, Any] | None) -> Any:
    settings = folder / _SETTINGS
    if settings.is_file():
        configure(settings.read_text(encoding="utf-8"))
    if scripted.PATH in pyfunc:
        return scripted.read(folder, pyfunc, config)
    from llama_index.core import StorageContext, load_index_from_storage

    if not (folder / _INDEX).is_dir():
        raise BadRequest(f"The model is not whole: its folder {_INDEX!r} is missing")
    try:
        return load_index_from_storage(StorageContext.from_defaults(persist_dir=str(folder / _INDEX)))
    except (ValueError, LookupError, TypeError, AttributeError, OSError) as error:
        raise broken(_INDEX, error) from error


def _check(made: Any, engine: str | None) -> None:
    from llama_index.core.base.base_query_engine import BaseQueryEngine
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.chat_engine.types import BaseChatEngine

    if _is_index(made):
        if engine not in ENGINES:
            raise BadRequest(f"engine_type must say what answers for the index: one of {list(ENGINES)}, not {engine!r}")
    elif not isinstance(made, BaseQueryEngine | BaseRetriever | BaseChatEngine) and not _is_workflow(made):
        raise BadRequest(f"A {class_name(made)} is no index, engine, retriever or workflow of LlamaIndex")


def _is_index(made: Any) -> bool:
    from llama_index.core.indices.base import BaseIndex

    return isinstance(made, BaseIndex)


def _is_workflow(made: Any) -> bool:
    from llama_index.core.workflow import Workflow as Library

    return isinstance(made, Library)


FLAVOR = LlamaIndex()
save_model, log_model, load_model = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("llama_index.core")
