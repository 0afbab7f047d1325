"""``headrace export``: a store, or a part of one, in a folder that another store can import."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.base.errors import BadRequest

if TYPE_CHECKING:
    from headrace.moving.exporting import Selection
    from headrace.moving.port import Lost, Source

#: Things lost that are named one by one.
_NAMED = 50


@click.command("export")
@click.argument("store")
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--experiment", multiple=True, metavar="NAME", help="Only this experiment, by name or id.")
@click.option("--run", multiple=True, metavar="ID", help="Only this run, with the logged models it made.")
@click.option(
    "--filter", "query", metavar="FILTER", default="", help="Only runs that match, in the experiments chosen."
)
@click.option("--model", multiple=True, metavar="NAME", help="Only this registered model, and what is behind it.")
@click.option(
    "--points",
    type=click.Choice(["auto", "parquet", "ndjson"]),
    default="auto",
    show_default=True,
    help="How points are kept: Parquet, which needs headrace[parquet], or lines of JSON.",
)
@click.option("--no-artifacts", is_flag=True, help="Leave artifacts where they are; records keep their locations.")
@click.option("--artifacts-from", multiple=True, metavar="PREFIX", help="Copy artifacts from below this place too.")
@click.option("--artifacts-destination", metavar="PATH", help="Folder behind mlflow-artifacts: locations.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def export(
    store: str,
    archive: Path,
    experiment: tuple[str, ...],
    run: tuple[str, ...],
    query: str,
    model: tuple[str, ...],
    points: str,
    no_artifacts: bool,
    artifacts_from: tuple[str, ...],
    artifacts_destination: str | None,
    as_json: bool,
) -> None:
    """Write STORE, a directory, a database or a server, to the new folder ARCHIVE.

    `headrace import ARCHIVE --to STORE` reads it. An export that was cut short is taken up by the same command. Exit
    code 1 if anything could not be exported.
    """  # fmt: skip
    import msgspec

    from headrace.moving.archiving import Archiver
    from headrace.moving.exporting import Selection
    from headrace.moving.point_files import has_parquet

    selection = Selection(experiments=experiment, runs=run, models=model, filter=query)
    source = _source(store, selection, artifacts_from, artifacts_destination)
    parquet = points == "parquet" or (points == "auto" and has_parquet())
    progress = _Progress()
    archiver = Archiver(archive.absolute(), parquet=parquet, artifacts=not no_artifacts, watch=progress.show)
    try:
        contents = archiver.write(source)
    finally:
        progress.end()
        source.close()
    if as_json:
        lost = [msgspec.to_builtins(each) for each in archiver.lost]
        click.echo(json.dumps({**msgspec.to_builtins(contents), "lost": lost}))
    else:
        counts = {name: part.records for name, part in contents.files.items()}
        click.echo(f"Exported {source.name} to {archive}:")
        for name, number in counts.items():
            click.echo(f"  {number:>10,} {name.partition('.')[0].replace('_', ' ')}")
        click.echo(f"  {contents.blobs:>10,} blobs, {contents.blob_bytes:,} bytes")
        _tell_lost(archiver.lost)
    if archiver.lost:
        sys.exit(1)


def _source(uri: str, selection: Selection, artifacts_from: tuple[str, ...], destination: str | None) -> Source:
    from headrace.moving.exporting import source_of
    from headrace.stores import open_store
    from headrace.stores.sql.upkeep import file_of
    from headrace.tracking.uri import local_path

    uri = local_path(uri)
    file = None if uri.startswith(("http://", "https://")) else file_of(uri)
    if file is not None and not file.exists():
        raise BadRequest(f"There is no store at {uri}")
    return source_of(open_store(uri), uri, selection, artifacts_from=artifacts_from, destination=destination)


class _Progress:
    """A line on the terminal that says how far an export has come."""

    def __init__(self) -> None:
        self._next = 0.0
        self._shown = sys.stderr.isatty()

    def show(self, runs: int, points: int, blobs: int) -> None:
        """Show the counts, ten times a second at most."""
        now = time.monotonic()
        if self._shown and now >= self._next:
            self._next = now + 0.1
            click.echo(f"\r\x1b[K{runs:,} runs, {points:,} points, {blobs:,} blobs", nl=False, err=True)

    def end(self) -> None:
        """Leave the line."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def _tell_lost(lost: list[Lost]) -> None:
    if lost:
        click.echo("Not exported:", err=True)
    for each in lost[:_NAMED]:
        click.echo(f"  {each.kind} {each.id}: {each.why}", err=True)
    if len(lost) > _NAMED:
        click.echo(f"  … and {len(lost) - _NAMED} more", err=True)
