"""``headrace import``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from headrace.moving.reports import Report

#: Things of one kind and fate that are named one by one.
_NAMED = 20


@click.command("import")
@click.argument("source")
@click.option(
    "--to",
    metavar="URI",
    envvar=("HEADRACE_TRACKING_URI", "MLFLOW_TRACKING_URI"),
    required=True,
    help="Store to import into: a directory, a database or a server. [default: the tracking URI]",
)
@click.option("--experiment", "experiments", multiple=True, metavar="NAME", help="Only this experiment, by name or id.")
@click.option("--no-registry", is_flag=True, help="Leave registered models out.")
@click.option("--link-artifacts", is_flag=True, help="Leave artifacts where they are and keep their locations.")
@click.option(
    "--artifacts-from",
    multiple=True,
    metavar="PREFIX",
    help="Copy artifacts from below this place too; OLD=NEW for what was moved from OLD to NEW.",
)
@click.option(
    "--artifacts-destination", metavar="PATH", help="Folder behind mlflow-artifacts: locations of the source."
)
@click.option("--workspace", default="default", show_default=True, help="Workspace of the source.")
@click.option("--verify", is_flag=True, help="Compare artifacts that are there already, byte by byte.")
@click.option("--dry-run", is_flag=True, help="Read everything and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def import_(
    source: str,
    to: str,
    experiments: tuple[str, ...],
    no_registry: bool,
    dry_run: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Import runs and models from SOURCE.

    SOURCE is a server, a database or an mlruns folder of MLflow; a store of Headrace; an archive that `headrace export`
    wrote; a folder of TensorBoard's event files; or W&B's `wandb` folder.

    Ids, times and states are kept. What is there already stays as it is, so that an import can be repeated, and one
    that was broken off is taken up by starting it again. The exit code is 1 when anything did not come over.
    """
    from headrace.moving.importing import Importer
    from headrace.moving.port import Chosen, Sink
    from headrace.moving.progress import Progress
    from headrace.moving.sources import open_source
    from headrace.moving.taking_over import kept_below
    from headrace.stores import open_store

    folder = Path(to).resolve() if "://" not in to else None
    opened = open_source(
        source,
        artifacts_from=how["artifacts_from"],
        artifacts_destination=how["artifacts_destination"],
        workspace=how["workspace"],
        into=folder,
    )
    same = folder is not None and str(folder) == opened.name
    link = kept_below(folder) if folder and same else str if how["link_artifacts"] else None
    chosen = Chosen(frozenset(experiments), registry=not no_registry)
    store = None if dry_run else open_store(to)
    progress = Progress(opened.runs(chosen), quiet=as_json)
    try:
        importer = Importer(
            opened,
            Sink(store, to) if store else None,
            chosen=chosen,
            link=link,
            homes_anew=same,
            verify=how["verify"],
            watch=progress.show,
        )
        report = importer.run()
    finally:
        progress.end()
        if store:
            store.close()
        opened.close()
    click.echo(json.dumps(report.as_json(), indent=2) if as_json else "\n".join(told(report, opened.name, dry_run)))
    if not report.is_whole:
        sys.exit(1)


def told(report: Report, source: str, dry_run: bool) -> list[str]:
    """The lines that tell what became of an import."""
    from headrace.moving.reports import KINDS

    lines = [f"{'Would import' if dry_run else 'Imported'} from {source}:"]
    for kind in KINDS:
        counts = {
            "found" if dry_run else "new": report.new[kind],
            "completed": report.added[kind],
            "already there": report.there[kind],
            "not come over": report.lost_of(kind),
        }
        said = ", ".join(f"{number:,} {word}" for word, number in counts.items() if number)
        if said:
            lines.append(f"  {kind + 's:':20}{said}")
    lines += [f"  {note}." for note in report.notes]
    if report.lost:
        lines.append("Did not come over:")
    groups: dict[tuple[str, str], list[str]] = {}
    counts_of: dict[tuple[str, str], int] = {}
    for each in report.lost:
        group = each.kind, each.why
        groups.setdefault(group, []).append(each.id)
        counts_of[group] = counts_of.get(group, 0) + each.count
    for (kind, why), ids in groups.items():
        named = [id for id in ids if id]
        more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
        which = f" ({', '.join(named[:_NAMED])}{more})" if named else ""
        lines.append(f"  {counts_of[kind, why]:,} × {kind}{which}: {why}")
    return lines
