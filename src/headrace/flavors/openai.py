"""Models of OpenAI, and of servers that speak its protocol: what they are asked, kept as YAML."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from string import Formatter
from typing import Any

import msgspec

from headrace.base.errors import BadRequest, HeadraceError, Unauthenticated, Unreachable
from headrace.models.asking import rows_of
from headrace.models.examples import InputExample
from headrace.models.flavor import Saved, Saving, public
from headrace.models.inference import infer_params
from headrace.models.native import Asked, LibraryFlavor, defaults, providers
from headrace.models.plain import read_yaml
from headrace.models.secrets import is_name_of_secret
from headrace.models.signature import ModelSignature
from headrace.models.trust import file_in
from headrace.models.types import ColSpec, DataType, Schema, TensorSpec

FLAVOR_NAME = "openai"
CHAT, COMPLETIONS, EMBEDDINGS = "chat.completions", "completions", "embeddings"
#: Chats that are asked for at a time; texts in one request, which for embeddings are at most 2048.
_AT_ONCE, _TEXTS = 10, {COMPLETIONS: 20, EMBEDDINGS: 1000}
_FILE = "model.yaml"
#: What the flavor itself says in a request.
_OURS = {"model", "task", "messages", "prompt", "input"}


class Options(msgspec.Struct, kw_only=True):
    """What the model is to do, and what every request to it says."""

    task: Any
    kwargs: dict[str, Any] = {}


class OpenAI(LibraryFlavor[Options]):
    """A model by its name; each row of the input fills the ``{variables}`` of its messages or its prompt.

    Without a variable, the row is what the user says. Requests go to ``OPENAI_BASE_URL`` (or ``OPENAI_API_BASE``) with
    ``OPENAI_API_KEY``, or to Azure when ``OPENAI_API_TYPE`` says so, as they are set where the model is asked.
    """

    name = FLAVOR_NAME
    loader_module = "mlflow.openai"
    save_order = (
        "model task path conda_env code_paths mlflow_model signature input_example pip_requirements "
        "extra_pip_requirements metadata kwargs"
    )
    log_order = (
        "model task artifact_path conda_env code_paths registered_model_name signature input_example "
        "await_registration_for pip_requirements extra_pip_requirements metadata prompts name params tags model_type "
        "step model_id kwargs"
    )
    options = Options

    def check(self, model: Any, saving: Saving, options: Options) -> None:
        said = _said(model, options)
        _check(said)
        if secrets := [name for name in said if is_name_of_secret(name)]:
            raise BadRequest(
                f"{secrets} would be saved for everybody who may read the model: set OPENAI_API_KEY where it is asked"
            )
        if saving.signature is None:
            example = None if saving.input_example is None else InputExample(saving.input_example)
            saving.signature = _signature(said, example.params if example else None)

    def save(self, model: Any, folder: Path, options: Options) -> Saved:
        import openai
        import yaml

        said = yaml.safe_dump(_said(model, options), default_flow_style=False, allow_unicode=True)
        (folder / _FILE).write_text(said, encoding="utf-8")
        own = {"openai_version": openai.__version__, "data": _FILE}
        return Saved(own=own, pyfunc={"data": _FILE}, needs=providers("openai"))

    def load(self, folder: Path, own: Mapping[str, Any]) -> Any:
        file = file_in(folder, own, "data")
        said = read_yaml(file, "The model's file")
        if not isinstance(said, dict) or not {"model", "task"} <= said.keys():
            raise BadRequest(f"The model's file {file.name} must name a model and its task")
        _check(said)
        return said

    def load_pyfunc(self, folder: Path, saved: Mapping[str, Any], config: Mapping[str, Any] | None) -> Asked:
        # Asked for now, so that a model that cannot be asked is not loaded.
        importlib.import_module("openai")
        return super().load_pyfunc(folder, saved, config)

    def asked(self, model: Any, options: Options) -> Asked:
        return Asked(_said(model, options), self.ask)

    @staticmethod
    def ask(model: Any, data: Any, params: dict[str, Any]) -> Any:
        rows = rows_of(data)
        rows = rows if isinstance(rows, list) else [rows]
        told = {name: value for name, value in {**model, **params}.items() if name not in _OURS}
        do = partial(_request, told | {"model": model["model"]})
        if model["task"] == CHAT:
            return _chats(do, [_messages(model, row) for row in rows])
        texts = [_prompt(model, row) for row in rows]
        size = _TEXTS[model["task"]]
        parts = [do(model["task"], texts[at : at + size]) for at in range(0, len(texts), size)]
        return [each for part in parts for each in part]


def _said(model: Any, options: Options) -> dict[str, Any]:
    """What is kept of a model: its name, its task, and what every request says."""
    if not isinstance(model, str) or not model:
        raise BadRequest(f"The model must be the name of one, such as 'gpt-4o-mini', not a {type(model).__name__}")
    return {**options.kwargs, "model": model, "task": _task(options.task)}


def _task(task: Any) -> Any:
    """The name of a task that is given by its name, or as ``openai.chat.completions`` and its like."""
    if isinstance(task, str):
        return task
    kind = task if isinstance(task, type) else type(task)
    name = kind.__name__.removesuffix("Proxy").lower()
    return CHAT if name == COMPLETIONS and ".chat" in kind.__module__ else name


def _check(said: Mapping[str, Any]) -> None:
    tasks = (CHAT, COMPLETIONS, EMBEDDINGS)
    if said["task"] not in tasks:
        raise BadRequest(f"The task must be one of {list(tasks)}, not {said['task']!r}")
    messages = said.get("messages")
    if messages is not None and (
        not isinstance(messages, list)
        or not all(isinstance(each, dict) and {"role", "content"} <= each.keys() for each in messages)
    ):
        raise BadRequest("messages must be a list of dicts, each with a role and its content")
    if said.get("stream"):
        raise BadRequest("stream: a saved model answers as a whole; leave it out")
    _variables(said)


def _variables(said: Mapping[str, Any]) -> list[str]:
    """The names in braces that an input is to fill, sorted. Raises ``BadRequest`` for braces around anything else."""
    found: set[str] = set()
    for text in _texts(said):
        try:
            parts = [part[1:] for part in Formatter().parse(text) if part[1] is not None]
        except ValueError as error:
            raise BadRequest(f"The braces of {text[:60]!r} are no variables ({error}): write {{{{ and }}}}") from error
        for name, form, conversion in parts:
            if not name or not name.isidentifier() or form or conversion:
                raise BadRequest(
                    f"{{{name}}} is no variable, which is a name in braces: write {{{{ and }}}} for braces themselves"
                )
            found.add(name)
    return sorted(found)


def _texts(said: Mapping[str, Any]) -> Iterator[str]:
    if said["task"] == CHAT:
        for message in said.get("messages") or []:
            content = message["content"]
            parts = content if isinstance(content, list) else [content]
            for part in parts:
                text = part.get("text") if isinstance(part, dict) else part
                if isinstance(text, str):
                    yield text
    elif isinstance(said.get("prompt"), str):
        yield said["prompt"]


def _signature(said: Mapping[str, Any], params: dict[str, Any] | None) -> ModelSignature:
    names = _variables(said)
    columns = [ColSpec(DataType.string, name) for name in names] if len(names) > 1 else [ColSpec(DataType.string)]
    if said["task"] == EMBEDDINGS:
        import numpy

        outputs = Schema([TensorSpec(numpy.dtype("float64"), (-1,))])
    else:
        outputs = Schema([ColSpec(DataType.string)])
    return ModelSignature(Schema(columns), outputs, infer_params(params) if params else None)


# ---- what is asked ----


def _values(names: Sequence[str], row: Any) -> dict[str, str]:
    """The value of every variable; for one alone, or none, the row itself or its first text will do."""
    if not isinstance(row, dict):
        row = dict.fromkeys(names or [""], row) if len(names) < 2 else {}
    elif len(names) < 2 and not (names and names[0] in row):
        texts = [each for each in row.values() if isinstance(each, str)]
        row = dict.fromkeys(names or [""], *texts[:1]) if texts else {}
    if missing := [name for name in names or [""] if name not in row]:
        raise BadRequest(f"The input says nothing of {missing}" if names else "The input has no text in it")
    return {name: str(row[name]) for name in names or [""]}


def _messages(said: Mapping[str, Any], row: Any) -> list[dict[str, Any]]:
    names = _variables(said)
    values = _values(names, row)
    filled = [{**each, "content": _filled(each["content"], values)} for each in said.get("messages") or []]
    return filled if names else [*filled, {"role": "user", "content": values[""]}]


def _filled(content: Any, values: Mapping[str, str]) -> Any:
    if isinstance(content, list):
        return [_filled(part, values) for part in content]
    if isinstance(content, dict) and isinstance(content.get("text"), str):
        return {**content, "text": content["text"].format_map(values)}
    return content.format_map(values) if isinstance(content, str) else content


def _prompt(said: Mapping[str, Any], row: Any) -> str:
    names = _variables(said)
    prompt = said.get("prompt")
    if said["task"] == COMPLETIONS and isinstance(prompt, str):
        return prompt.format_map(_values(names, row) if names else {})
    return _values([], row)[""]


# ---- who is asked ----


def _chats(do: Any, chats: list[Any]) -> list[Any]:
    if len(chats) < 2:
        return [do(CHAT, chat) for chat in chats]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(partial(do, CHAT), chats))


def _request(told: Mapping[str, Any], task: str, asked: Any) -> Any:
    """The answer to one request: a text for a chat, and for texts a text or a list of numbers each."""
    import openai

    try:
        client = _client()
        if task == CHAT:
            return client.chat.completions.create(messages=asked, **told).choices[0].message.content
        if task == COMPLETIONS:
            found = client.completions.create(prompt=asked, **told).choices
            return [each.text for each in sorted(found, key=lambda each: each.index)]
        return [each.embedding for each in client.embeddings.create(input=asked, **told).data]
    except openai.APIConnectionError as error:
        raise Unreachable(f"The language model cannot be reached at {client.base_url}: {error}") from error
    except openai.AuthenticationError as error:
        raise Unauthenticated(f"The language model does not take this key: {error}. Set OPENAI_API_KEY") from error
    except openai.OpenAIError as error:
        raise HeadraceError(f"The language model was not asked, or did not answer: {error}") from error
    except TypeError as error:
        raise BadRequest(f"A request to the language model cannot say this: {error}") from error


def _client() -> Any:
    """A client of the server that the environment names."""
    kind = os.environ.get("OPENAI_API_TYPE", "")
    url = os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")
    return _connected(kind, url, os.environ.get("OPENAI_API_KEY"), os.environ.get("OPENAI_DEPLOYMENT_NAME"))


@lru_cache(maxsize=4)
def _connected(kind: str, url: str | None, key: str | None, deployment: str | None) -> Any:
    # Kept, for its connections; both classes read what else they need from the environment.
    import openai

    if kind in ("azure", "azure_ad", "azuread"):
        return openai.AzureOpenAI(azure_endpoint=url or "", api_key=key, azure_deployment=deployment)
    return openai.OpenAI(base_url=url, api_key=key)


FLAVOR = OpenAI()
save_model, log_model, load_model = public(FLAVOR)
get_default_pip_requirements, get_default_conda_env = defaults("openai")
