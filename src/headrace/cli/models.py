"""``headrace models``: serve a model over HTTP, and score files with it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from headrace.base import settings
from headrace.base.errors import BadRequest
from headrace.cli import registry, shipping, signing

if TYPE_CHECKING:
    from headrace.serving.deployed import Deployed
    from headrace.serving.served import Served

_URI = click.option("--model-uri", "-m", required=True, metavar="URI", help="A model: models:/…, runs:/… or a path.")
_ENV_MANAGER = click.option(
    "--env-manager",
    default="local",
    show_default=True,
    help="Where the model runs: 'local' is the environment of this command; 'uv' (or virtualenv, conda) is one that uv "
    "makes of the model's requirements, and keeps.",
)
#: What MLflow calls the ways to make an environment of the model's own; uv makes it whatever it is called.
_OWN = ("uv", "virtualenv", "conda")
#: Variables with the port; SageMaker sets its own in images that say they mind it.
_PORTS = ["SAGEMAKER_BIND_TO_PORT", "HEADRACE_PORT", "MLFLOW_PORT"]
_INSTALL = click.option("--install-mlflow", is_flag=True, help="Of no use: Headrace is always there; accepted.")


@click.group("models")
def models() -> None:
    """Serve models, score with them, and see what happened to registered ones."""


models.add_command(registry.history)
models.add_command(registry.alias)
models.add_command(signing.sign)
models.add_command(signing.verify)
for _command in (shipping.generate_dockerfile, shipping.build_docker, shipping.manifest):
    models.add_command(_command)


@models.command("serve")
@_URI
@click.option("--port", "-p", default=5000, show_default=True, envvar=_PORTS)
@click.option("--host", "-h", default="127.0.0.1", show_default=True, envvar=["HEADRACE_HOST", "MLFLOW_HOST"])
@click.option(
    "--timeout",
    "-t",
    default=60,
    show_default=True,
    envvar=["HEADRACE_SCORING_SERVER_REQUEST_TIMEOUT", "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT"],
    help="Seconds one prediction may take; 0 for as long as it wants.",
)
@click.option(
    "--workers",
    "-w",
    default=1,
    show_default=True,
    envvar=["HEADRACE_MODELS_WORKERS", "MLFLOW_MODELS_WORKERS"],
    help="Processes. They share the model where that is safe, which is told at the start; else each has a copy.",
)
@click.option(
    "--batch",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    show_default=True,
    help="Whether requests that wait together are predicted together. It takes an input example whose rows prove to be "
    "independent; auto tries the example of a library's model only.",
)
@click.option(
    "--watch",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="Look so often whether the alias (or stage) in --model-uri moved, and serve what it names then.",
)
@_ENV_MANAGER
@click.option("--no-conda", is_flag=True, help="The same as --env-manager local.")
@_INSTALL
# SageMaker starts every image with this word, after whatever the image starts with by itself.
@click.argument("word", metavar="", required=False, type=click.Choice(["serve"]))
def serve(
    model_uri: str,
    port: int,
    host: str,
    timeout: int,
    workers: int,
    batch: str,
    watch: float | None,
    env_manager: str,
    no_conda: bool,
    install_mlflow: bool,
    word: str | None,
) -> None:
    """Serve the model on HTTP: /invocations as MLflow does, /v2 by the Open Inference Protocol, /ping and /health."""
    if workers < 1 or timeout < 0:
        raise BadRequest("--workers must be at least 1, and --timeout at least 0")
    if _is_own("local" if no_conda else env_manager):
        from headrace.serving import prepared

        words = ["models", "serve", "-m", model_uri, "-h", host, "-p", str(port), "-t", str(timeout)]
        words += ["-w", str(workers), "--batch", batch, "--env-manager", "local"]
        words += ["--watch", str(watch)] if watch is not None else []
        prepared.become(prepared.python_for(model_uri), words)
    from headrace.server.serve import address_of, listen, run
    from headrace.serving.served import identify
    from headrace.serving.watch import check as check_moves

    if watch is not None:
        check_moves(model_uri)
    listener = listen(host, port)
    # An alias may move: all workers, and those that replace them, are to have the one model of this moment.
    found = identify(model_uri)
    deployed = None
    if workers > 1:
        from headrace.models.loading import open_model
        from headrace.serving import forking

        found = found._replace(uri=str(open_model(found.uri)[1]))
        deployed = _deploy(batch, found)
        if forking.shares(deployed.model):
            forking.settle()
        else:
            deployed = None
    kept = "" if workers == 1 else f" by {workers} workers that {'share it' if deployed else 'have a copy each'}"
    said = f"The model {model_uri} is served at {address_of(host, listener)}/invocations{kept} (Ctrl-C stops it)"
    # What is under way when the server is told to stop may take as long as any other.
    run(
        functools.partial(_build, found, host, timeout, batch, (model_uri, watch), deployed),
        listener,
        workers=workers,
        said=said,
        patience=timeout,
        forks=deployed is not None,
    )


@models.command("predict")
@_URI
@click.option("--input-path", "-i", type=click.Path(path_type=Path), help="The file with inputs; standard input else.")
@click.option("--output-path", "-o", type=click.Path(path_type=Path), help="The file to write; standard output else.")
@click.option("--content-type", "-t", default="json", show_default=True, help="Format of the inputs: json or csv.")
@_ENV_MANAGER
@_INSTALL
@click.option(
    "--pip-requirements-override",
    "-r",
    metavar="X==Y,…",
    help="Requirements in place of the model's own, in an environment made for it.",
)
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="Set an environment variable for the model.")
def predict(
    model_uri: str,
    input_path: Path | None,
    output_path: Path | None,
    content_type: str,
    env_manager: str,
    install_mlflow: bool,
    pip_requirements_override: str | None,
    env: tuple[str, ...],
) -> None:
    """Score a file and write the predictions as JSON."""
    import os

    own = _is_own(env_manager)
    if pip_requirements_override and not own:
        raise BadRequest("--pip-requirements-override changes an environment made for the model, and 'local' is none")
    for each in env:
        name, equals, value = each.partition("=")
        if not name or not equals:
            raise BadRequest(f"--env must be NAME=VALUE, not {each!r}")
        os.environ[name] = value
    if own:
        from headrace.serving import prepared

        override = [each.strip() for each in (pip_requirements_override or "").split(",") if each.strip()]
        words = ["models", "predict", "-m", model_uri, "-t", content_type, "--env-manager", "local"]
        words += ["-i", str(input_path)] if input_path else []
        words += ["-o", str(output_path)] if output_path else []
        raise SystemExit(prepared.run(prepared.python_for(model_uri, override), words))
    from headrace.serving import predict as scoring

    inputs = scoring.read_inputs(input_path, content_type)
    scoring.predict(_load(model_uri), inputs, output_path)


@models.command("update-pip-requirements")
@_URI
@click.argument("operation", type=click.Choice(["add", "remove"]))
@click.argument("requirement_strings", nargs=-1, required=True)
def update_pip_requirements(
    model_uri: str, operation: Literal["add", "remove"], requirement_strings: tuple[str, ...]
) -> None:
    """Add requirements to a saved or logged model, in place of those for the same distributions, or remove them."""
    from headrace.models.changing import update_model_requirements

    update_model_requirements(model_uri, operation, requirement_strings)
    click.echo(f"The requirements of {model_uri} are changed")


@models.command("prepare-env")
@_URI
@click.option(
    "--env-manager", default="uv", show_default=True, help="uv, which virtualenv and conda mean too; or local."
)
@_INSTALL
def prepare_env(model_uri: str, env_manager: str, install_mlflow: bool) -> None:
    """Make the environment that a model requires, or find the one that was made, and print its Python."""
    import sys

    if not _is_own(env_manager):
        click.echo(sys.executable)
        return
    from headrace.serving import prepared

    click.echo(prepared.python_for(model_uri))


def _is_own(env_manager: str) -> bool:
    """Whether the model is to run in an environment of its own. Raises ``BadRequest`` for an unknown manager."""
    if env_manager not in (*_OWN, "local"):
        raise BadRequest(f"--env-manager must be one of {['local', *_OWN]}, not {env_manager!r}")
    return env_manager != "local"


def _load(model_uri: str) -> Any:
    from headrace.models.pyfunc import load_model

    return load_model(model_uri)


def _build(
    served: Served,
    host: str,
    timeout: int,
    batch: str,
    watched: tuple[str, float | None],
    deployed: Deployed | None = None,
) -> Any:
    """The application, as each worker makes it for itself; a fork has the model already."""
    import gc

    from headrace import _doors
    from headrace.server.gate import Gate
    from headrace.serving import forking
    from headrace.serving.app import BODY_BYTES, THREADS, Scorer
    from headrace.serving.line import WAITING
    from headrace.serving.watch import Watch

    names = (settings.text("SERVER_ALLOWED_HOSTS") or "").split(",")
    hosts = tuple(name.strip() for name in names if name.strip())
    # Who binds to more than this machine has it called by names we cannot know.
    gate = Gate(bind=host, hosts=hosts if hosts or _is_loopback(host) else ("*",))
    if deployed is None:
        deployed = _deploy(batch, served)
    else:
        forking.begin()
    # What is here now stays until the end; the collector need not look at it again with every large request.
    gc.collect()
    gc.freeze()
    scorer = Scorer(
        deployed,
        version=_doors.MLFLOW_VERSION,
        timeout=timeout,
        body_bytes=settings.number("SCORING_SERVER_BODY_BYTES", BODY_BYTES),
        threads=settings.number("SCORING_SERVER_THREADS", THREADS),
        waiting=settings.number("SCORING_SERVER_QUEUE", WAITING),
        drain=settings.fraction("SCORING_SERVER_DRAIN_SECONDS", 0),
        gate=gate.check,
    )
    uri, seconds = watched
    if seconds is not None:
        scorer.watch = Watch(scorer, uri, served, functools.partial(_deploy, batch), seconds=seconds)
    return scorer


def _deploy(batch: str, served: Served) -> Deployed:
    """A model, loaded and ready to be served."""
    from headrace import _doors
    from headrace.serving.deployed import Deployed

    model = _load(served.uri)
    example = model.metadata.get_serving_input(str(model._folder))
    version = _doors.MLFLOW_VERSION
    deployed = Deployed(
        model, server_version=version, name=served.name, version=served.version, example=example, batch=batch
    )
    if batch == "on" and deployed.proof.fault:
        click.echo(f"Every request is predicted alone: {deployed.proof.fault}", err=True)
    return deployed


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
