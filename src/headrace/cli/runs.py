"""``headrace runs``: make, list, delete and restore runs, and look at them in the terminal."""

from __future__ import annotations

from typing import Any

import click

from headrace.cli import looking, output
from headrace.cli.experiments import one_of

_ID = click.option("--run-id", required=True, metavar="ID", help="The run.")
_EXPERIMENT = ("HEADRACE_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_ID")
_EXPERIMENT_NAME = ("HEADRACE_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_NAME")
_VIEW = click.Choice(["active_only", "deleted_only", "all"])


@click.group("runs")
def runs() -> None:
    """Make, list, delete and restore runs, and look at them."""


for command in (looking.show, looking.diff, looking.tail, looking.plot):
    runs.add_command(command)


@runs.command("create")
@click.option("--experiment-id", metavar="ID", envvar=_EXPERIMENT, help="The experiment, by id.")
@click.option("--experiment-name", metavar="NAME", envvar=_EXPERIMENT_NAME, help="The experiment, by name.")
@click.option("--run-name", metavar="NAME", help="A name for people. [default: one is made up]")
@click.option("--description", metavar="TEXT", help="What this run is.")
@click.option("--tags", "-t", multiple=True, metavar="KEY=VALUE", help="A tag; may be given several times.")
@click.option("--status", type=click.Choice(["FINISHED", "FAILED", "KILLED"]), default="FINISHED", show_default=True)
@click.option("--parent-run-id", metavar="ID", help="The run that this one is part of.")
@output.TRACKING
def create(
    experiment_id: str | None,
    experiment_name: str | None,
    run_name: str | None,
    description: str | None,
    tags: tuple[str, ...],
    status: str,
    parent_run_id: str | None,
    tracking_uri: str | None,
) -> None:
    """Make a run that is over at once, to log to by its id; prints it as JSON."""
    from headrace.tracking import context, tag_names

    said = {}
    for each in tags:
        key, equals, value = each.partition("=")
        if not key or not equals:
            raise click.UsageError(f"--tags must be KEY=VALUE, not {each!r}.")
        said[key] = value
    if description:
        said[tag_names.MLFLOW_RUN_NOTE] = description
    client = output.client(tracking_uri)
    if parent_run_id:
        said[tag_names.MLFLOW_PARENT_RUN_ID] = client.get_run(parent_run_id).info.run_id
    experiment = one_of(client, experiment_id, experiment_name)
    run = client.create_run(experiment.experiment_id, tags=context.resolve_tags(said), run_name=run_name)
    client.set_terminated(run.info.run_id, status)
    info = client.get_run(run.info.run_id).info
    output.print_json({key: getattr(info, key) for key in ("run_id", "experiment_id", "status", "run_name")})


@runs.command("list")
@click.option("--experiment-id", required=True, metavar="ID", envvar=_EXPERIMENT, help="The experiment.")
@click.option("--view", "-v", type=_VIEW, default="active_only", show_default=True, help="Which to list.")
@click.option("--filter", "filter_string", default="", metavar="FILTER", help="A filter in the search language.")
@click.option("--order-by", multiple=True, metavar="FIELD", help="As 'metrics.loss DESC'; may be given several times.")
@click.option("--max-results", type=click.IntRange(1), metavar="N", help="How many, at most. [default: all]")
@output.JSON
@output.TRACKING
def list_(
    experiment_id: str,
    view: str,
    filter_string: str,
    order_by: tuple[str, ...],
    max_results: int | None,
    as_json: bool,
    tracking_uri: str | None,
) -> None:
    """List the runs of an experiment, newest first."""
    from headrace.tracking.entities import ViewType

    client = output.client(tracking_uri)
    found: list[Any] = []
    token = None
    while max_results is None or len(found) < max_results:
        left = 1000 if max_results is None else min(1000, max_results - len(found))
        page = client.search_runs(
            [experiment_id], filter_string, ViewType.from_string(view), left, list(order_by), token
        )
        found += page
        token = page.token
        if not token:
            break
    if as_json:
        output.print_json([looking.told(run) for run in found])
        return
    rows = ((output.moment(run.info.start_time), run.info.run_name, run.info.run_id) for run in found)
    output.print_table(("Date", "Name", "ID"), rows)


@runs.command("describe")
@_ID
@output.TRACKING
def describe(run_id: str, tracking_uri: str | None) -> None:
    """Print all of a run as JSON."""
    output.print_json(looking.told(output.client(tracking_uri).get_run(run_id)))


@runs.command("delete")
@_ID
@output.TRACKING
def delete(run_id: str, tracking_uri: str | None) -> None:
    """Mark a run deleted; 'restore' takes it back, until 'headrace gc' removes it."""
    output.client(tracking_uri).delete_run(run_id)
    click.echo(f"Run with ID {run_id} has been deleted.")


@runs.command("restore")
@_ID
@output.TRACKING
def restore(run_id: str, tracking_uri: str | None) -> None:
    """Take back the deletion of a run."""
    output.client(tracking_uri).restore_run(run_id)
    click.echo(f"Run with id {run_id} has been restored.")
