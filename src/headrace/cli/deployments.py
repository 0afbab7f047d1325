"""``headrace deployments``: models given to what runs them elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headrace.base.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from headrace.deployments.base import BaseDeploymentClient

_TARGET = click.option(
    "--target", "-t", required=True, metavar="URI", help="Where: sagemaker:/us-east-1, or what a plugin knows."
)
_ENDPOINT = click.option(
    "--endpoint", metavar="NAME", help="The endpoint the deployment is in, where a target has any."
)
_NAME = click.option("--name", required=True, metavar="NAME", help="The name of the deployment.")
_FLAVOR = click.option("--flavor", "-f", metavar="NAME", help="The flavor to serve; the target chooses else.")
_CONFIG = click.option(
    "--config", "-C", "said", multiple=True, metavar="NAME=VALUE", help="An option of the target: see 'help -t URI'."
)
_ONE = click.option("--endpoint", required=True, metavar="NAME", help="The endpoint.")


def _model(required: bool) -> Callable[..., Any]:
    help = "The model: models:/…, runs:/… or a path."
    return click.option("--model-uri", "-m", required=required, metavar="URI", help=help)


@click.group("deployments")
def deployments() -> None:
    """Deploy models to what runs them elsewhere."""


@deployments.command("create")
@_NAME
@_TARGET
@_model(required=True)
@_FLAVOR
@_ENDPOINT
@_CONFIG
def create(
    name: str, target: str, model_uri: str, flavor: str | None, endpoint: str | None, said: tuple[str, ...]
) -> None:
    """Deploy a model."""
    made = _client(target).create_deployment(name, model_uri, flavor, _config(said), **_in(endpoint))
    click.echo(f"The deployment {made.get('name', name)} is there; it serves the flavor {made.get('flavor')}")


@deployments.command("update")
@_NAME
@_TARGET
@_model(required=False)
@_FLAVOR
@_ENDPOINT
@_CONFIG
def update(
    name: str, target: str, model_uri: str | None, flavor: str | None, endpoint: str | None, said: tuple[str, ...]
) -> None:
    """Give a deployment another model or other options."""
    made = _client(target).update_deployment(name, model_uri, flavor, _config(said), **_in(endpoint))
    click.echo(f"The deployment {name} is updated; it serves the flavor {made.get('flavor')}")


@deployments.command("delete")
@_NAME
@_TARGET
@_ENDPOINT
@_CONFIG
def delete(name: str, target: str, endpoint: str | None, said: tuple[str, ...]) -> None:
    """Take a deployment away."""
    _client(target).delete_deployment(name, _config(said), **_in(endpoint))
    click.echo(f"The deployment {name} is gone")


@deployments.command("list")
@_TARGET
@_ENDPOINT
def list_(target: str, endpoint: str | None) -> None:
    """List the deployments of a target."""
    click.echo(_json([each.get("name", each) for each in _client(target).list_deployments(**_in(endpoint))]))


@deployments.command("get")
@_NAME
@_TARGET
@_ENDPOINT
def get(name: str, target: str, endpoint: str | None) -> None:
    """Show one deployment."""
    click.echo(_json(_client(target).get_deployment(name, **_in(endpoint))))


@deployments.command("help")
@_TARGET
def help_(target: str) -> None:
    """Show what a target's URI looks like, and which options it has."""
    from headrace.deployments.interface import target_help

    click.echo(target_help(target))


@deployments.command("run-local")
@_NAME
@_TARGET
@_model(required=True)
@_FLAVOR
@_CONFIG
def run_local(name: str, target: str, model_uri: str, flavor: str | None, said: tuple[str, ...]) -> None:
    """Run a model on this machine as a target would."""
    from headrace.deployments.interface import run_local as run

    run(target, name, model_uri, flavor, _config(said))


@deployments.command("predict")
@click.option("--name", metavar="NAME", help="The deployment to ask.")
@click.option("--endpoint", metavar="NAME", help="The endpoint to ask.")
@_TARGET
@click.option("--input-path", "-I", required=True, type=click.Path(path_type=Path), help="A file of JSON or CSV.")
@click.option("--output-path", "-O", type=click.Path(path_type=Path), help="The file to write; standard output else.")
def predict(name: str | None, endpoint: str | None, target: str, input_path: Path, output_path: Path | None) -> None:
    """Ask a deployment for predictions."""
    if (name is None) == (endpoint is None):
        raise BadRequest("Give either --name or --endpoint")
    _put(_client(target).predict(name, _table(input_path), **_in(endpoint)), output_path)


@deployments.command("explain")
@click.option("--name", metavar="NAME", help="The deployment to ask.")
@click.option("--endpoint", metavar="NAME", help="The endpoint to ask.")
@_TARGET
@click.option("--input-path", "-I", required=True, type=click.Path(path_type=Path), help="A file of JSON or CSV.")
@click.option("--output-path", "-O", type=click.Path(path_type=Path), help="The file to write; standard output else.")
def explain(name: str | None, endpoint: str | None, target: str, input_path: Path, output_path: Path | None) -> None:
    """Ask a deployment what each feature did to its predictions."""
    if (name is None) == (endpoint is None):
        raise BadRequest("Give either --name or --endpoint")
    _put(_client(target).explain(name, _table(input_path), **_in(endpoint)), output_path)


@deployments.command("create-endpoint")
@_ONE
@_TARGET
@_CONFIG
def create_endpoint(endpoint: str, target: str, said: tuple[str, ...]) -> None:
    """Make an endpoint."""
    made = _client(target).create_endpoint(endpoint, _config(said))
    click.echo(f"The endpoint {made.get('name', endpoint)} is there")


@deployments.command("update-endpoint")
@_ONE
@_TARGET
@_CONFIG
def update_endpoint(endpoint: str, target: str, said: tuple[str, ...]) -> None:
    """Give an endpoint other options."""
    _client(target).update_endpoint(endpoint, _config(said))
    click.echo(f"The endpoint {endpoint} is updated")


@deployments.command("delete-endpoint")
@_ONE
@_TARGET
def delete_endpoint(endpoint: str, target: str) -> None:
    """Take an endpoint away."""
    _client(target).delete_endpoint(endpoint)
    click.echo(f"The endpoint {endpoint} is gone")


@deployments.command("list-endpoints")
@_TARGET
def list_endpoints(target: str) -> None:
    """List the endpoints of a target."""
    click.echo(_json([each.get("name", each) for each in _client(target).list_endpoints()]))


@deployments.command("get-endpoint")
@_ONE
@_TARGET
def get_endpoint(endpoint: str, target: str) -> None:
    """Show one endpoint."""
    click.echo(_json(_client(target).get_endpoint(endpoint)))


def _client(target: str) -> BaseDeploymentClient:
    from headrace.deployments.interface import deploy_client

    return deploy_client(target)


def _in(endpoint: str | None) -> dict[str, Any]:
    # A plugin written before there were endpoints takes none.
    return {} if endpoint is None else {"endpoint": endpoint}


def _config(said: tuple[str, ...]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for each in said:
        name, equals, value = each.partition("=")
        if not name or not equals:
            raise BadRequest(f"--config must be NAME=VALUE, not {each!r}")
        if name in config:
            raise BadRequest(f"--config gives {name!r} twice")
        config[name] = value
    return config


def _table(file: Path) -> Any:
    """The table in a file."""
    import pandas

    if not file.is_file():
        raise NotFound(f"There is no file {str(file)!r} with inputs")
    if file.suffix.lower() == ".csv":
        return pandas.read_csv(file)
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadRequest(f"The file {str(file)!r} is no CSV (by its name) and not JSON: {error}") from error
    if isinstance(said, dict) and "columns" in said and "data" in said:
        return pandas.DataFrame(said["data"], columns=said["columns"])
    return pandas.DataFrame(said)


def _put(answer: Any, file: Path | None) -> None:
    text = answer.to_json() if hasattr(answer, "to_json") else _json(answer)
    if file is None:
        click.echo(text)
    else:
        file.write_text(text, encoding="utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, default=str)
