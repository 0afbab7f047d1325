"""``mlflow.models.predict`` and ``mlflow.models.build_docker``: what the commands of these names do, from Python."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from headrace.base.errors import BadRequest, HeadraceError
from headrace.models.examples import convert_input_example_to_serving_input
from headrace.models.payload import CSV, JSON

#: Where a model may run: in this environment, or in one that uv makes for it, whatever it is called.
MANAGERS = ("local", "uv", "virtualenv", "conda")


def predict(
    model_uri: str,
    input_data: Any = None,
    input_path: str | Path | None = None,
    content_type: str = "json",
    output_path: str | Path | None = None,
    env_manager: str = "virtualenv",
    install_mlflow: bool = False,
    pip_requirements_override: Sequence[str] | None = None,
    extra_envs: Mapping[str, str] | None = None,
) -> None:
    """Ask a model in an environment of its own, as its server would, and write the answer as JSON.

    The input is ``input_data`` (anything an input example may be, or text in the format of ``content_type``), or what
    is in the file ``input_path``. The answer goes to ``output_path``, or to standard output. ``env_manager`` is
    ``uv`` (``virtualenv`` and ``conda`` mean the same), or ``local`` for this environment, which neither
    ``pip_requirements_override`` nor ``extra_envs`` change. ``install_mlflow`` is of no use.
    """
    if env_manager not in MANAGERS:
        raise BadRequest(f"env_manager must be one of {list(MANAGERS)}, not {env_manager!r}")
    if content_type not in ("json", "csv"):
        raise BadRequest(f"content_type must be 'json' or 'csv', not {content_type!r}")
    if input_data is not None and input_path is not None:
        raise BadRequest("Give either input_data or input_path, not both")
    if input_data is None and input_path is None:
        raise BadRequest("Give the input: input_data, or input_path for a file with it")
    if env_manager == "local":
        if pip_requirements_override or extra_envs:
            raise BadRequest(
                "pip_requirements_override and extra_envs change an environment made for the model, and 'local' is "
                "this one: give env_manager='uv'"
            )
        _predict_here(model_uri, input_data, input_path, content_type, output_path)
        return
    with TemporaryDirectory(prefix="headrace-predict-") as made:
        source, target = Path(made) / "input", Path(made) / "answer"
        source.write_bytes(_read(input_data, input_path, content_type))
        _predict_apart(model_uri, source, content_type, target, pip_requirements_override or (), extra_envs or {})
        answer = target.read_text(encoding="utf-8")
    if output_path is None:
        print(answer)
    else:
        Path(output_path).write_text(answer, encoding="utf-8")


def build_docker(
    model_uri: str | None = None,
    name: str = "mlflow-pyfunc",
    env_manager: str = "virtualenv",
    mlflow_home: str | None = None,
    install_java: bool = False,
    install_mlflow: bool = False,
    base_image: str | None = None,
) -> None:
    """Build the image ``name``, which serves a model on port 8080, with docker, podman or buildah.

    Without ``model_uri`` it serves the model that is put at ``/opt/ml/model`` when it starts. ``mlflow_home`` is a
    checkout of Headrace to install instead of the release. ``install_mlflow`` is of no use.
    """
    if env_manager not in MANAGERS:
        raise BadRequest(f"env_manager must be one of {list(MANAGERS)}, not {env_manager!r}")
    from headrace.serving import docker

    home = None if mlflow_home is None else Path(mlflow_home)
    docker.build_model(model_uri, name, home=home, java=bool(install_java), base_image=base_image)


def _predict_here(
    model_uri: str, data: Any, path: str | Path | None, content_type: str, output_path: str | Path | None
) -> None:
    from headrace.models.pyfunc import load_model
    from headrace.serving import predict as scoring

    inputs = _read(data, path, content_type), JSON if content_type == "json" else CSV
    scoring.predict(load_model(model_uri), inputs, None if output_path is None else Path(output_path))


def _predict_apart(
    model_uri: str,
    source: Path,
    content_type: str,
    target: Path,
    override: Sequence[str],
    variables: Mapping[str, str],
) -> None:
    from headrace.serving import prepared
    from headrace.tracking.uri import get_registry_uri, get_tracking_uri

    # The process asks the store that this one asks, whichever way this one was told of it.
    known = {"HEADRACE_TRACKING_URI": get_tracking_uri(), "HEADRACE_REGISTRY_URI": get_registry_uri()}
    words = ["models", "predict", "-m", model_uri, "-t", content_type, "--env-manager", "local"]
    words += ["-i", str(source), "-o", str(target)]
    done = prepared.ask(prepared.python_for(model_uri, override), words, {**known, **variables})
    if done.stdout:
        sys.stdout.write(done.stdout)
    if done.returncode:
        raise HeadraceError(f"The model could not be asked in its environment: {done.stderr.strip()[-4000:]}")


def _read(data: Any, path: str | Path | None, content_type: str) -> bytes:
    """The bytes of a request."""
    if path is not None:
        from headrace.serving.predict import read_inputs

        return read_inputs(Path(path), content_type)[0]
    if content_type == "csv":
        return (data if isinstance(data, str) else _csv(data)).encode()
    if isinstance(data, str) and _is_request(data):
        return data.encode()
    text = convert_input_example_to_serving_input(data)
    assert text is not None
    return text.encode()


def _is_request(text: str) -> bool:
    """Whether a text is a request in JSON, and not a string to ask the model."""
    from headrace.models.payload import CHAT_FIELDS, FORMATS, loads

    try:
        said = loads(text.encode())
    except BadRequest:
        return False
    return isinstance(said, dict) and not {*CHAT_FIELDS, *FORMATS}.isdisjoint(said)


def _csv(data: Any) -> str:
    import pandas

    frame = data if isinstance(data, pandas.DataFrame) else pandas.DataFrame(data)
    text: str = frame.to_csv(index=False)
    return text
