"""LangChain chains and LangGraph graphs, which are saved as the script that makes them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.base import settings
from headrace.base.errors import BadRequest, NotSupported
from headrace.models import scripted
from headrace.models.asking import rows_of
from headrace.models.code import read_config
from headrace.models.flavor import Flavor, Saved, Saving, public
from headrace.models.native import class_name, defaults, providers

FLAVOR_NAME = "langchain"
#: Inputs that are asked at a time, when a list of them is given.
_AT_ONCE = 10


class Options(msgspec.Struct, kw_only=True):
    """How the script is configured, and whether its answers are streamed."""

    loader_fn: Any = None
    persist_dir: Any = None
    model_config: Any = None
    streamable: bool | None = None
    #: The runnable that the script makes, once it is known.
    made: Any = None


class LangChain(Flavor[Options]):
    """Whatever is a Runnable of LangChain."""

    name = FLAVOR_NAME
    loader_module = "mlflow.langchain"
    save_order = (
        "lc_model path conda_env code_paths mlflow_model signature input_example pip_requirements "
        "extra_pip_requirements metadata loader_fn persist_dir model_config streamable"
    )
    log_order = (
        "lc_model artifact_path conda_env code_paths registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements metadata loader_fn persist_dir run_id "
        "model_config streamable resources prompts name params tags model_type step model_id"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        script = scripted.script_of(model)
        if script is None:
            raise BadRequest(
                f"LangChain has no format of a {type(model).__name__} that another process could read safely, so the "
                "model is code: write the script that makes it, end it with mlflow.models.set_model(chain), and give "
                "its path, lc_model='chain.py'"
            )
        if options.loader_fn is not None or options.persist_dir is not None:
            raise BadRequest("loader_fn and persist_dir belong to objects; a script opens by itself what it needs")
        options.model_config = read_config(options.model_config)
        if options.made is None:
            options.made = _checked(scripted.make(script, saving.code_paths, options.model_config))

    def script(self, model: Any, options: Options) -> Path | None:
        return scripted.script_of(model)

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        try:
            from langchain import __version__ as version
        except ModuleNotFoundError:  # A chain may need no more than the core.
            from langchain_core import __version__ as version

        said, needs = scripted.write(Path(model), folder, options.model_config)
        streams = options.streamable is None or options.streamable
        pyfunc = {**said, "predict_stream_fn": "predict_stream", "streamable": streams}
        own = {"langchain_version": version, "streamable": streams}
        return Saved(own=own, pyfunc=pyfunc, needs=needs | providers("langchain"))

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        return _read(folder, scripted.pyfunc_of(folder), None)

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> Any:
        pyfunc = saved["python_function"]
        kind = StreamingChain if pyfunc.get("streamable", True) else Chain
        return kind(_read(folder, pyfunc, config))

    def asked(self, model: Any, options: Options) -> Any:
        return Chain(options.made)


class Chain:
    """A runnable asked as a ``python_function``.

    It takes one input or a list of them, of any kind the runnable takes. ``{"messages": […]}`` in the manner of OpenAI
    becomes a list of LangChain's messages, unless the runnable takes that dict as it is; its answer is then in the
    manner of OpenAI too.
    """

    def __init__(self, chain: Any) -> None:
        self._chain = chain
        self._converts = settings.flag("CONVERT_MESSAGES_DICT_FOR_LANGCHAIN", default=not _takes_messages(chain))

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the runnable makes of each input. Raises ``BadRequest`` naming the inputs that it failed on."""
        rows = rows_of(data)
        asked = [self._input(row) for row in rows] if isinstance(rows, list) else [self._input(rows)]
        answers = self._chain.batch([each for each, _ in asked], {"max_concurrency": _AT_ONCE}, return_exceptions=True)
        faults = [(at, each) for at, each in enumerate(answers) if isinstance(each, Exception)]
        if faults:
            said = "; ".join(f"input {at}: {type(each).__name__}: {each}" for at, each in faults)
            raise BadRequest(f"The chain failed on {len(faults)} of {len(asked)} inputs ({said})") from faults[0][1]
        told = [_completion(each) if chat else _told(each) for each, (_, chat) in zip(answers, asked, strict=True)]
        return told if isinstance(rows, list) else told[0]

    def get_raw_model(self) -> Any:
        """The runnable."""
        return self._chain

    def _input(self, row: Any) -> tuple[Any, bool]:
        """What the runnable is asked, and whether that is a chat made of OpenAI's."""
        if not self._converts or not _is_chat(row):
            return row, False
        from langchain_core.messages import convert_to_messages

        try:
            return convert_to_messages(row["messages"]), True
        except (ValueError, TypeError, LookupError, NotImplementedError) as error:
            raise BadRequest(f"These messages are none: {error}") from error


class StreamingChain(Chain):
    """A runnable whose answer can be had part by part."""

    def predict_stream(self, data: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        """The parts of the answer to one input."""
        rows = rows_of(data)
        if isinstance(rows, list):
            if len(rows) != 1:
                raise BadRequest(f"predict_stream takes one input, not {len(rows)}")
            rows = rows[0]
        given, chat = self._input(rows)
        for part in self._chain.stream(given):
            yield _chunk(part) if chat else _told(part)


def _read(folder: Path, pyfunc: Mapping[str, Any], config: Mapping[str, Any] | None) -> Any:
    if scripted.PATH not in pyfunc:
        raise NotSupported(
            "This model was saved as an object of LangChain before its release 1, which no later release reads. Save "
            "it anew, as the script that makes it"
        )
    return _checked(scripted.read(folder, pyfunc, config))


def _checked(made: Any) -> Any:
    from langchain_core.runnables import Runnable, RunnableLambda

    if isinstance(made, Runnable):
        return made
    if callable(made):
        return RunnableLambda(made)
    raise BadRequest(
        f"The script's model is a {class_name(made)}: give set_model a Runnable of LangChain, or a function"
    )


def _takes_messages(chain: Any) -> bool:
    """Whether ``{"messages": […]}`` is just what a runnable takes; a graph's nodes make messages of it themselves."""
    if any(each.__module__.partition(".")[0] == "langgraph" for each in type(chain).__mro__):
        return True
    return "messages" in getattr(chain.get_input_schema(), "model_fields", {})


def _is_chat(row: Any) -> bool:
    if not isinstance(row, dict) or row.keys() != {"messages"}:
        return False
    said = row["messages"]
    return (
        isinstance(said, list)
        and bool(said)
        and all(isinstance(e, dict) and {"role", "content"} <= e.keys() for e in said)
    )


def _told(answer: Any) -> Any:
    """``answer`` with LangChain's messages and documents in it as dicts."""
    from langchain_core.load import Serializable

    if isinstance(answer, Serializable):
        return answer.model_dump()
    if isinstance(answer, dict):
        return {name: _told(each) for name, each in answer.items()}
    return [_told(each) for each in answer] if isinstance(answer, list) else answer


def _completion(answer: Any) -> Any:
    """A text or a message as OpenAI's chat completions have it; other answers as they are."""
    said = _said(answer)
    if said is None:
        return _told(answer)
    text, finish, usage = said
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    counted = {f"{theirs}_tokens": usage.get(f"{ours}_tokens") for theirs, ours in _COUNTED.items()}
    return {**_head(answer, "chat.completion"), "choices": [choice], "usage": counted}


def _chunk(part: Any) -> Any:
    said = _said(part)
    if said is None:
        return _told(part)
    choice = {"index": 0, "finish_reason": said[1], "delta": {"role": "assistant", "content": said[0]}}
    return {**_head(part, "chat.completion.chunk"), "choices": [choice]}


#: How OpenAI counts tokens, and how LangChain calls that.
_COUNTED = {"prompt": "input", "completion": "output", "total": "total"}


def _said(answer: Any) -> tuple[Any, str | None, Mapping[str, Any]] | None:
    """The text of an answer, why it ended, and its count of tokens; None if it is neither text nor message."""
    from langchain_core.messages import AIMessage

    if isinstance(answer, str):
        return answer, None, {}
    if not isinstance(answer, AIMessage):
        return None
    return answer.content, answer.response_metadata.get("finish_reason"), answer.usage_metadata or {}


def _head(answer: Any, kind: str) -> dict[str, Any]:
    return {"id": getattr(answer, "id", None), "object": kind, "created": int(time.time()), "model": ""}


FLAVOR = LangChain()
save_model, log_model, load_model = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("langchain")
