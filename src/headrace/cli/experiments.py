"""``headrace experiments``: make, find, rename, delete and restore experiments."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from headrace.cli import output

_ID = click.option("--experiment-id", "-x", required=True, metavar="ID", help="The experiment.")
_VIEW = click.Choice(["active_only", "deleted_only", "all"])


@click.group("experiments")
def experiments() -> None:
    """Make, find, rename, delete and restore experiments."""


@experiments.command("create")
@click.option("--experiment-name", "-n", required=True, metavar="NAME", help="The name, which nobody else may have.")
@click.option("--artifact-location", "-l", metavar="URI", help="Where its runs keep artifacts.")
@output.TRACKING
def create(experiment_name: str, artifact_location: str | None, tracking_uri: str | None) -> None:
    """Make an experiment."""
    made = output.client(tracking_uri).create_experiment(experiment_name, artifact_location)
    click.echo(f"Created experiment '{experiment_name}' with id {made}")


@experiments.command("search")
@click.option("--view", "-v", type=_VIEW, default="active_only", show_default=True, help="Which to list.")
@click.option("--max-results", type=click.IntRange(1), metavar="N", help="How many, at most. [default: all]")
@click.option("--filter", "filter_string", metavar="FILTER", help="A filter in the search language.")
@output.JSON
@output.TRACKING
def search(
    view: str, max_results: int | None, filter_string: str | None, as_json: bool, tracking_uri: str | None
) -> None:
    """List experiments."""
    found = list(_found(output.client(tracking_uri), view, filter_string, max_results))
    if as_json:
        output.print_json([_told(each) for each in found])
        return
    rows = ((each.experiment_id, each.name, each.artifact_location) for each in found)
    output.print_table(("Experiment Id", "Name", "Artifact Location"), rows)


@experiments.command("get")
@click.option("--experiment-id", "-x", metavar="ID", help="The experiment, by id.")
@click.option("--experiment-name", "-n", metavar="NAME", help="The experiment, by name.")
@click.option("--output", "form", type=click.Choice(["json", "table"]), default="table", show_default=True)
@output.TRACKING
def get(experiment_id: str | None, experiment_name: str | None, form: str, tracking_uri: str | None) -> None:
    """Show one experiment."""
    found = one_of(output.client(tracking_uri), experiment_id, experiment_name)
    told = _told(found)
    if form == "json":
        output.print_json(told)
        return
    labels = {
        "Experiment ID": found.experiment_id,
        "Name": found.name,
        "Artifact Location": found.artifact_location,
        "Lifecycle Stage": found.lifecycle_stage,
        "Creation Time": found.creation_time,
        "Last Update Time": found.last_update_time,
        "Tags": ", ".join(f"{key}={value}" for key, value in told["tags"].items()),
    }
    for label, value in labels.items():
        click.echo(f"{label:<19}: {'' if value is None else value}")


@experiments.command("rename")
@_ID
@click.option("--new-name", required=True, metavar="NAME", help="The name it is to have.")
@output.TRACKING
def rename(experiment_id: str, new_name: str, tracking_uri: str | None) -> None:
    """Rename an experiment."""
    output.client(tracking_uri).rename_experiment(experiment_id, new_name)
    click.echo(f"Experiment with id {experiment_id} has been renamed to '{new_name}'.")


@experiments.command("delete")
@_ID
@output.TRACKING
def delete(experiment_id: str, tracking_uri: str | None) -> None:
    """Mark an experiment and its runs deleted; 'restore' takes it back, until 'headrace gc' removes them."""
    output.client(tracking_uri).delete_experiment(experiment_id)
    click.echo(f"Experiment with ID {experiment_id} has been deleted.")


@experiments.command("restore")
@_ID
@output.TRACKING
def restore(experiment_id: str, tracking_uri: str | None) -> None:
    """Take back the deletion of an experiment."""
    output.client(tracking_uri).restore_experiment(experiment_id)
    click.echo(f"Experiment with id {experiment_id} has been restored.")


@experiments.command("csv")
@_ID
@click.option(
    "--filename", "-o", type=click.Path(path_type=Path, dir_okay=False), help="The file; standard output else."
)
@output.TRACKING
def to_csv(experiment_id: str, filename: Path | None, tracking_uri: str | None) -> None:
    """Write all runs of an experiment as CSV, a column for each metric, param and tag."""
    client = output.client(tracking_uri)
    client.get_experiment(experiment_id)
    text = io.StringIO(newline="")
    _write_csv(text, list(_runs(client, experiment_id)))
    if filename is None:
        click.echo(text.getvalue(), nl=False)
        return
    filename.write_text(text.getvalue(), encoding="utf-8", newline="")
    click.echo(f"Experiment with ID {experiment_id} has been exported as a CSV to file: {filename}.")


def one_of(client: Any, experiment_id: str | None, name: str | None) -> Any:
    """The experiment of one of an id and a name."""
    if bool(experiment_id) == bool(name):
        raise click.UsageError("Give exactly one of --experiment-id and --experiment-name.")
    if experiment_id:
        return client.get_experiment(experiment_id)
    found = client.get_experiment_by_name(name)
    if found is None:
        raise click.ClickException(f"No experiment has the name {name!r}")
    return found


def _told(experiment: Any) -> dict[str, Any]:
    return {**dict(sorted(output.plain(experiment).items())), "tags": experiment.tags}


def _found(client: Any, view: str, filter_string: str | None, most: int | None) -> Iterator[Any]:
    from headrace.tracking.entities import ViewType

    token, left = None, most
    while left is None or left > 0:
        page = client.search_experiments(
            ViewType.from_string(view), min(left or 1000, 1000), filter_string, page_token=token
        )
        yield from page
        left = None if left is None else left - len(page)
        token = page.token
        if not token:
            return


def _runs(client: Any, experiment_id: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_runs([experiment_id], max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _write_csv(file: io.StringIO, runs: list[Any]) -> None:
    fields = ("run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time")
    kinds = ("metrics", "params", "tags")
    columns = [
        (kind, key) for kind in kinds for key in dict.fromkeys(k for run in runs for k in getattr(run.data, kind))
    ]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*fields, *(f"{kind}.{key}" for kind, key in columns)])
    for run in runs:
        told = [getattr(run.info, field) for field in fields]
        told[4:] = [_stamp(each) for each in told[4:]]
        writer.writerow([*told, *(getattr(run.data, kind).get(key) for kind, key in columns)])


def _stamp(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(" ", "milliseconds")
