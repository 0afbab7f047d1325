"""``headrace gc``: remove for good what is deleted, and folders that no record names."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from headrace.base import settings
from headrace.base.clock import now_ms
from headrace.base.errors import BadRequest

if TYPE_CHECKING:
    from headrace.moving.cleaning import Cleaned
    from headrace.moving.locations import Locations, Spot
    from headrace.stores.port import Store

_AGE = re.compile(r"(?:([.\d]+)d)?(?:([.\d]+)h)?(?:([.\d]+)m)?(?:([.\d]+)s)?")
#: Options of MLflow's command about parts that are not here yet.
_MISSING = {
    "jobs": "background jobs",
    "job_ids": "background jobs",
    "workspace": "workspaces",
    "all_workspaces": "workspaces",
}
#: Folders listed in the terminal; JSON has all of them.
_SHOWN = 50


@click.command("gc")
@click.option("--older-than", metavar="AGE", help="Only what was deleted at least so long ago, such as 1d2h3m4s.")
@click.option(
    "--backend-store-uri",
    metavar="URI",
    envvar=["HEADRACE_BACKEND_STORE_URI", "MLFLOW_BACKEND_STORE_URI"],
    help="Directory or database of the records.",
)
@click.option(
    "--artifacts-destination",
    metavar="URI",
    envvar=["HEADRACE_ARTIFACTS_DESTINATION", "MLFLOW_ARTIFACTS_DESTINATION"],
    help="Where a server keeps the artifacts that go through it.",
)
@click.option("--run-ids", metavar="IDS", help="Only these runs, comma-separated.")
@click.option("--experiment-ids", metavar="IDS", help="Only these experiments and what is deleted in them.")
@click.option("--logged-model-ids", metavar="IDS", help="Only these logged models.")
@click.option("--tracking-uri", metavar="URI", help="A server to clean up, or through which artifacts are reached.")
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would go.")
@click.option("--include-registered", is_flag=True, help="Also what a version of a registered model is made of.")
@click.option("--records-only", is_flag=True, help="Leave all artifacts where they are.")
@click.option("--dangling", is_flag=True, help="Also folders of artifacts that no record names; they are shown first.")
@click.option("--yes", is_flag=True, help="Remove dangling folders without asking.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.option("--jobs", is_flag=True, hidden=True)
@click.option("--job-ids", hidden=True)
@click.option("--workspace", hidden=True)
@click.option("--all-workspaces", is_flag=True, hidden=True)
def gc(**said: Any) -> None:
    """Remove deleted runs, logged models and experiments for good, with their artifacts.

    Without ids, all that is deleted. What is not deleted is never touched. A command that was cut short is simply given
    again.
    """
    from headrace.moving.cleaning import Cleaning, Wanted
    from headrace.moving.locations import Locations

    for name, part in _MISSING.items():
        if said[name]:
            raise click.UsageError(f"--{name.replace('_', '-')}: {part} are not part of this version")
    wanted = Wanted(
        run_ids=_ids(said["run_ids"]),
        logged_model_ids=_ids(said["logged_model_ids"]),
        experiment_ids=_ids(said["experiment_ids"]),
        deleted_before=now_ms() - milliseconds(said["older_than"]) if said["older_than"] else None,
        needed_too=said["include_registered"],
        records_only=said["records_only"],
    )
    store, server = _opened(said["backend_store_uri"], said["tracking_uri"])
    try:
        locations = Locations(server, said["artifacts_destination"])
        done = Cleaning(store, locations, wanted, _progress).run(dry=said["dry_run"])
        _progress("")
        told: dict[str, Any] = {"dry_run": said["dry_run"], **_plain(done)}
        if not said["as_json"]:
            _tell(done, dry=said["dry_run"])
        if said["dangling"]:
            told["dangling"] = _dangling(store, locations, said)
    finally:
        store.close()
    if said["as_json"]:
        import json

        click.echo(json.dumps(told))
    if any(kept.failed for kept in done.kept):
        sys.exit(1)


def milliseconds(age: str) -> int:
    """The milliseconds in an age such as ``1d2h3m4s``; parts may be left out and may have a decimal point."""
    found = _AGE.fullmatch(age.strip())
    if not age.strip() or not found:
        raise BadRequest(f"--older-than {age!r} is no age; give days, hours, minutes and seconds, such as 1d2h3m4s")
    try:
        parts = [float(part or 0) for part in found.groups()]
    except ValueError:
        raise BadRequest(f"--older-than {age!r} has a part that is no number") from None
    return int(1000 * sum(part * each for part, each in zip(parts, (86_400, 3_600, 60, 1), strict=True)))


def _ids(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))


def _opened(backend: str | None, tracking: str | None) -> tuple[Store, str | None]:
    """The store to clean up, and the server its artifacts are reached through, if any."""
    from headrace.stores import open_store
    from headrace.tracking import uri

    server = tracking or (settings.text("TRACKING_URI") if backend else uri.get_tracking_uri())
    return open_store(backend or uri.local_path(server or "")), server


def _dangling(store: Store, locations: Locations, said: dict[str, Any]) -> dict[str, Any]:
    from headrace.moving.cleaning import dangling, remove_dangling

    spots, closed = dangling(store, locations)
    sizes = [spot.size() for spot in spots]
    told = {
        "folders": [spot.location for spot in spots],
        "files": sum(files for files, _ in sizes),
        "bytes": sum(size for _, size in sizes),
        "closed": closed,
        "removed": 0,
    }
    _show(spots, told, as_json=said["as_json"])
    if not spots or said["dry_run"]:
        return told
    if not said["yes"] and (said["as_json"] or not sys.stdin.isatty()):
        raise BadRequest(
            "Dangling folders are removed only with --yes, or after a yes in a terminal; nothing was removed"
        )
    if said["yes"] or click.confirm("Remove these folders for good?", err=True):
        told["removed"] = len(remove_dangling(store, spots))
        if not said["as_json"]:
            click.echo(f"Removed {told['removed']} dangling folders.")
    return told


def _show(spots: list[Spot], told: dict[str, Any], *, as_json: bool) -> None:
    for root, why in told["closed"].items():
        click.echo(f"Not looked into: {root}: {why}", err=True)
    if as_json:
        return
    files, size = told["files"], told["bytes"]
    click.echo(f"Folders that no record names: {len(spots)}, with {files} files and {_size(size)}")
    for spot in spots[:_SHOWN]:
        click.echo(f"  {spot.location}")
    if len(spots) > _SHOWN:
        click.echo(f"  … and {len(spots) - _SHOWN} more; --json has them all")


def _tell(done: Cleaned, *, dry: bool) -> None:
    for kept in done.kept:
        click.echo(f"Stays: {kept.kind.replace('_', ' ')} {kept.id}: {kept.why}", err=True)
    what = f"{_many(done.runs, 'run')}, {_many(done.logged_models, 'logged model')}"
    what += f", {_many(done.experiments, 'experiment')}, {_many(done.files, 'artifact file')} ({_size(done.bytes)})"
    click.echo(f"{'Would remove' if dry else 'Removed for good'}: {what}")


def _plain(done: Cleaned) -> dict[str, Any]:
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(done)
    return found


def _progress(sentence: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{sentence}", nl=False, err=True)


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _size(count: int) -> str:
    if count < 1000:
        return _many(count, "byte")
    size = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        size /= 1000
        if size < 1000 or unit == "TB":
            break
    return f"{size:.1f} {unit}"
