"""``headrace db``: upgrade, check, back up and restore a database."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from headrace.stores.sql.checking import Checked

_URL = click.argument("url")
_JSON = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@click.group("db")
def db() -> None:
    """Look after the database of a store: a directory, sqlite:///file.db, postgresql://… or mysql://…"""


@db.command("upgrade")
@_URL
@click.option("--dry-run", is_flag=True, help="Change nothing; say which steps would be taken.")
@_JSON
def upgrade(url: str, dry_run: bool, as_json: bool) -> None:
    """Bring the schema up to date. A server does so by itself when it starts."""
    from headrace.stores.sql import upkeep

    steps = upkeep.pending(url) if dry_run else upkeep.upgrade(url)
    if as_json:
        _say({"dry_run": dry_run, "steps": [{"number": step.number, "why": step.why} for step in steps]})
        return
    for step in steps:
        click.echo(f"{'Would take' if dry_run else 'Took'} step {step.number}: {step.why}")
    if not steps:
        click.echo("The schema is today's.")


@db.command("check")
@_URL
@click.option("--artifacts", is_flag=True, help="Also look for the files of logged models and model versions.")
@click.option("--artifacts-destination", metavar="URI", help="Where a server keeps the artifacts that go through it.")
@click.option("--tracking-uri", metavar="URI", help="A server through which artifacts are reached.")
@_JSON
def check(
    url: str, artifacts: bool, artifacts_destination: str | None, tracking_uri: str | None, as_json: bool
) -> None:
    """Hold a database against what should be true of it. Exit code 1 if anything is not."""
    from headrace.stores.sql import upkeep
    from headrace.stores.sql.checking import check as look

    with upkeep.database(url) as (backend, house):
        found = look(backend, house)
    if artifacts and not found.faults:
        from headrace.moving.locations import Locations
        from headrace.moving.presence import missing_artifacts

        found.faults += missing_artifacts(url, Locations(tracking_uri, artifacts_destination))
    _tell(found, as_json=as_json)
    if found.faults:
        sys.exit(1)


@db.command("backup")
@_URL
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@_JSON
def backup(url: str, file: Path, force: bool, as_json: bool) -> None:
    """Write the records of a database, as they are at one moment, to a file. Servers may go on writing.

    Artifacts are not in it: copy their folder afterwards, or export an archive.
    """
    import msgspec

    from headrace.moving.backup import back_up

    manifest = back_up(url, file, force=force)
    if as_json:
        _say(msgspec.to_builtins(manifest))
    else:
        click.echo(f"Backed up to {file}: {manifest.bytes} bytes of records, SHA-256 {manifest.sha256}")


@db.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@_URL
@click.option("--force", is_flag=True, help="Replace the contents of a database that has some.")
@_JSON
def restore(file: Path, url: str, force: bool, as_json: bool) -> None:
    """Make a database what it was when the file was made; of the same kind or another."""
    import msgspec

    from headrace.moving.backup import restore as put_back
    from headrace.stores.sql.upkeep import file_of

    manifest = put_back(file, url, force=force)
    if as_json:
        _say(msgspec.to_builtins(manifest))
        return
    click.echo(f"Restored {file}")
    target = file_of(url)
    if target is not None and str(target.parent) != manifest.root:
        click.echo(
            f"Artifacts with a relative location are looked for below {target.parent}; copy {manifest.root} there"
        )


def _tell(found: Checked, *, as_json: bool) -> None:
    if as_json:
        import msgspec

        _say({"ok": not found.faults, **msgspec.to_builtins(found)})
        return
    for fault in found.faults:
        click.echo(f"{fault.check}: {fault.message}", err=True)
    click.echo(
        f"Schema {found.schema}; {found.runs} runs, {found.series} series, {found.points} points looked at: "
        + (f"{len(found.faults)} faults" if found.faults else "nothing is wrong")
    )


def _say(what: dict[str, Any]) -> None:
    click.echo(json.dumps(what))
