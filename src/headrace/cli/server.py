"""``headrace server`` and ``headrace ui``."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

#: Options of MLflow's server that ask for a part this one does not have yet, and the name of the part.
_MISSING = {
    "app-name": "authentication",
    "expose-prometheus": "a page of metrics about the server",
    "read-replica-backend-store-uri": "a read replica",
    "trace-archival-config": "an archive of traces",
    "workspace-store-uri": "a store of workspaces",
}
_MISSING_FLAGS = {"artifacts-only": "a server of artifacts alone", "enable-workspaces": "separation by workspaces"}
#: Options that mean something to another HTTP server, or to a part that works otherwise here.
_ELSEWHERE = (
    "gunicorn-opts",
    "secrets-cache-max-size",
    "secrets-cache-ttl",
    "uvicorn-opts",
    "waitress-opts",
    "x-frame-options",
)
_ELSEWHERE_FLAGS = ("disable-security-middleware", "disable-workspaces")
_PREFIX = re.compile(r"(/[A-Za-z0-9][A-Za-z0-9._-]*)+/?")


def _option(*flags: str, **details: Any) -> Callable[[F], F]:
    """An option that the environment can set as well, under our prefix or MLflow's."""
    name = next(flag for flag in flags if flag.startswith("--")).split("/")[0].strip().lstrip("-")
    variable = details.pop("variable", name.upper().replace("-", "_"))
    return click.option(*flags, envvar=(f"HEADRACE_{variable}", f"MLFLOW_{variable}"), **details)


_OPTIONS = [
    _option("--backend-store-uri", metavar="URI", help="Directory or database of the records. [default: ./mlruns]"),
    _option("--registry-store-uri", metavar="URI", help="Must be the backend store, which has the registry too."),
    _option("--default-artifact-root", metavar="URI", help="Where new experiments keep their artifacts."),
    _option(
        "--serve-artifacts/--no-serve-artifacts", default=True, help="Whether artifacts go through this server. [yes]"
    ),
    _option(
        "--artifacts-destination",
        metavar="URI",
        default="./mlartifacts",
        show_default=True,
        help="Where this server keeps artifacts that go through it.",
    ),
    _option(
        "--allowed-artifact-roots", metavar="PATHS", help="Local folders, comma-separated, that callers may point at."
    ),
    _option("--host", "-h", default="127.0.0.1", show_default=True, help="Address to serve on."),
    _option("--port", "-p", type=click.IntRange(0, 65535), default=5000, show_default=True, help="Port to serve on."),
    _option("--workers", "-w", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that serve."),
    _option("--static-prefix", metavar="/PATH", default="", help="Path below which everything is served."),
    _option(
        "--allowed-hosts",
        metavar="NAMES",
        variable="SERVER_ALLOWED_HOSTS",
        help="Names this server is called by, comma-separated; '*.example.com' stands for all below it.",
    ),
    _option(
        "--cors-allowed-origins",
        metavar="ORIGINS",
        variable="SERVER_CORS_ALLOWED_ORIGINS",
        help="Origins, comma-separated, whose pages may call this server.",
    ),
    click.option("--dev", is_flag=True, help="Accepted for MLflow's sake; changes nothing."),
    *(click.option(f"--{name}", hidden=True) for name in (*_MISSING, *_ELSEWHERE)),
    *(click.option(f"--{name}", is_flag=True, hidden=True) for name in (*_MISSING_FLAGS, *_ELSEWHERE_FLAGS)),
]


def _with_options(command: F) -> F:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@_with_options
def server(**said: Any) -> None:
    """Run the tracking server with its UI."""
    _serve(said)


@click.command()
@_with_options
def ui(**said: Any) -> None:
    """Run the tracking server with its UI; the same as server."""
    _serve(said)


def _serve(said: dict[str, Any]) -> None:
    from headrace.server.options import ServerOptions
    from headrace.server.serve import serve

    _judge(said)
    hosts = _parts(said["allowed_hosts"])
    if not _is_loopback(said["host"]):
        click.secho(
            f"WARNING: serving on {said['host']}, beyond this machine, and this server has no authentication: whoever "
            "reaches the port can read, change and delete everything. Put a proxy that asks for a password before it.",
            fg="red",
            bold=True,
            err=True,
        )
    if "*" in hosts:
        click.secho("WARNING: --allowed-hosts '*' lets any web page reach this server.", fg="red", bold=True, err=True)
    serve(
        ServerOptions(
            backend_store_uri=said["backend_store_uri"] or "./mlruns",
            host=said["host"],
            port=said["port"],
            workers=said["workers"],
            allowed_hosts=hosts,
            cors_allowed_origins=_parts(said["cors_allowed_origins"]),
            static_prefix=said["static_prefix"].rstrip("/"),
            serve_artifacts=said["serve_artifacts"],
            artifacts_destination=said["artifacts_destination"],
            default_artifact_root=said["default_artifact_root"],
            allowed_artifact_roots=_parts(said["allowed_artifact_roots"]),
        )
    )


def _judge(said: dict[str, Any]) -> None:
    """Refuse what this server cannot do, and say what it passes over."""
    backend, registry, prefix = said["backend_store_uri"], said["registry_store_uri"], said["static_prefix"]
    if registry and registry != (backend or "./mlruns"):
        raise click.UsageError("--registry-store-uri must be the backend store: one database keeps runs and models")
    if backend and backend.startswith(("http://", "https://")):
        raise click.UsageError("--backend-store-uri must be a directory or a database, not another server")
    if prefix and not _PREFIX.fullmatch(prefix):
        raise click.UsageError("--static-prefix must be a path such as /mlflow, of letters, digits, '-', '_' and '.'")
    for name in (*_MISSING, *_MISSING_FLAGS):
        if said[name.replace("-", "_")]:
            raise click.UsageError(f"--{name}: {(_MISSING | _MISSING_FLAGS)[name]} is not part of this version")
    for name in (*_ELSEWHERE, *_ELSEWHERE_FLAGS):
        if said[name.replace("-", "_")]:
            click.echo(f"--{name} has no meaning for this server and is passed over.", err=True)


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
