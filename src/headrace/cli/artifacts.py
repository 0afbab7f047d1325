"""``headrace artifacts``: list, fetch and log the files of runs."""

from __future__ import annotations

from pathlib import Path

import click

from headrace.cli import output

_RUN = click.option("--run-id", "-r", required=True, metavar="ID", help="The run.")
_FOLDER = click.option("--artifact-path", "-a", metavar="PATH", help="The folder of the run to put it in.")


@click.group("artifacts")
def artifacts() -> None:
    """List, fetch and log the files of runs."""


@artifacts.command("list")
@_RUN
@click.option("--artifact-path", "-a", metavar="PATH", help="The folder to list; the run's root else.")
@output.TRACKING
def list_(run_id: str, artifact_path: str | None, tracking_uri: str | None) -> None:
    """List what is in one folder of a run, as JSON."""
    found = output.client(tracking_uri).list_artifacts(run_id, artifact_path)
    output.print_json([output.plain(info) for info in found])


@artifacts.command("download")
@click.option("--run-id", "-r", metavar="ID", help="The run.")
@click.option("--artifact-path", "-a", metavar="PATH", help="The file or folder; everything else.")
@click.option("--artifact-uri", "-u", metavar="URI", help="Instead of a run: runs:/…, models:/… or another location.")
@click.option("--dst-path", "-d", metavar="FOLDER", help="Where to put it; a new folder else.")
@output.TRACKING
def download(
    run_id: str | None,
    artifact_path: str | None,
    artifact_uri: str | None,
    dst_path: str | None,
    tracking_uri: str | None,
) -> None:
    """Fetch a file or folder, and print where it is."""
    from headrace.tracking.artifacts import download_artifacts

    if bool(run_id) == bool(artifact_uri):
        raise click.UsageError("Give exactly one of --run-id and --artifact-uri.")
    uri = artifact_uri or f"runs:/{run_id}/{artifact_path or ''}"
    click.echo(download_artifacts(uri, dst_path=dst_path, tracking_uri=tracking_uri))


@artifacts.command("log-artifact")
@click.option("--local-file", "-l", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_RUN
@_FOLDER
@output.TRACKING
def log_artifact(local_file: Path, run_id: str, artifact_path: str | None, tracking_uri: str | None) -> None:
    """Log one file to a run."""
    output.client(tracking_uri).log_artifact(run_id, str(local_file), artifact_path)
    click.echo(f"Logged {local_file} to {_place(run_id, artifact_path)}", err=True)


@artifacts.command("log-artifacts")
@click.option("--local-dir", "-l", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@_RUN
@_FOLDER
@output.TRACKING
def log_artifacts(local_dir: Path, run_id: str, artifact_path: str | None, tracking_uri: str | None) -> None:
    """Log everything in a folder to a run."""
    output.client(tracking_uri).log_artifacts(run_id, str(local_dir), artifact_path)
    click.echo(f"Logged what is in {local_dir} to {_place(run_id, artifact_path)}", err=True)


def _place(run_id: str, folder: str | None) -> str:
    return f"runs:/{run_id}/{folder or ''}"
