"""``headrace datasets``: the evaluation datasets of an experiment."""

from __future__ import annotations

import json

import click

from headrace.cli import output


@click.group("datasets")
def datasets() -> None:
    """List evaluation datasets."""


@datasets.command("list")
@click.option(
    "--experiment-id",
    "-x",
    required=True,
    metavar="ID",
    envvar=("HEADRACE_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_ID"),
    help="The experiment; several, separated by commas.",
)
@click.option("--filter-string", metavar="FILTER", default="", help="A filter in the search language.")
@click.option("--max-results", type=click.IntRange(1, 50_000), default=50, show_default=True, help="How many, at most.")
@click.option("--order-by", metavar="FIELDS", help="As 'name ASC'; several, separated by commas.")
@click.option("--page-token", metavar="TOKEN", help="Where the page before ended.")
@click.option("--output", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@output.TRACKING
def list_(
    experiment_id: str,
    filter_string: str,
    max_results: int,
    order_by: str | None,
    page_token: str | None,
    form: str,
    tracking_uri: str | None,
) -> None:
    """List the evaluation datasets of experiments, newest first."""
    from headrace.schema.evaluation_datasets import SearchEvaluationDatasets
    from headrace.tracking import uri

    store = uri.store_at(output.client(tracking_uri).tracking_uri)
    found = store.send(
        SearchEvaluationDatasets(
            experiment_ids=[each.strip() for each in experiment_id.split(",") if each.strip()],
            filter_string=filter_string,
            max_results=max_results,
            order_by=[each.strip() for each in (order_by or "").split(",") if each.strip()],
            page_token=page_token,
        )
    )
    if form == "json":
        fields = ("dataset_id", "name", "digest", "created_time", "last_update_time", "created_by", "last_updated_by")
        said = output.plain(found.datasets)
        listed = [{**{f: each.get(f) for f in fields}, "tags": json.loads(each.get("tags") or "{}")} for each in said]
        output.print_json({"datasets": listed, "next_page_token": found.next_page_token or ""})
        return
    rows = (
        (
            each.dataset_id,
            each.name,
            output.moment(each.created_time),
            output.moment(each.last_update_time),
            each.created_by,
        )
        for each in found.datasets
    )
    output.print_table(("Dataset ID", "Name", "Created", "Last Updated", "Created By"), rows)
    if found.next_page_token:
        click.echo(f"\nNext page token: {found.next_page_token}")
