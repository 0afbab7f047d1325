"""``headrace webhooks``: who is told of changes, what became of every message, and sending it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headrace.base.errors import BadRequest, HeadraceError
from headrace.cli import output

_STATUS = click.Choice(["pending", "delivered", "dead"], case_sensitive=False)


@click.group("webhooks")
def webhooks() -> None:
    """Tell programs of changes in the registry, and see to what could not be told."""


@webhooks.command("list")
@output.JSON
@output.TRACKING
def list_(as_json: bool, tracking_uri: str | None) -> None:
    """List all webhooks."""
    client = output.client(tracking_uri)
    found: list[Any] = []
    token: str | None = ""
    while token is not None:
        page = client.list_webhooks(1000, token)
        found += page
        token = page.token
    if as_json:
        output.print_json(found)
        return
    rows = ((each.webhook_id, each.name, each.status, each.url, " ".join(map(str, each.events))) for each in found)
    output.print_table(("Id", "Name", "Status", "URL", "Events"), rows)


@webhooks.command("create")
@click.argument("name")
@click.argument("url")
@click.argument("events", nargs=-1, required=True, metavar="EVENT...")
@click.option("--description", metavar="TEXT", help="What it is for.")
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with the secret that messages are signed with; where it may be read by others, others may sign.",
)
@output.TRACKING
def create(
    name: str,
    url: str,
    events: tuple[str, ...],
    description: str | None,
    secret_file: Path | None,
    tracking_uri: str | None,
) -> None:
    """Tell URL of every EVENT from now on, such as model_version_alias.created."""
    secret = secret_file.read_text(encoding="utf-8").strip() if secret_file else None
    made = output.client(tracking_uri).create_webhook(name, url, list(events), description, secret)
    click.echo(made.webhook_id)


@webhooks.command("delete")
@click.argument("webhook_id")
@output.TRACKING
def delete(webhook_id: str, tracking_uri: str | None) -> None:
    """Delete a webhook, and what was still to be sent to it."""
    output.client(tracking_uri).delete_webhook(webhook_id)
    click.echo(f"Deleted the webhook {webhook_id}")


@webhooks.command("test")
@click.argument("webhook_id")
@click.option("--event", metavar="EVENT", help="What to tell it of. [default: the first event it wants]")
@output.TRACKING
def test(webhook_id: str, event: str | None, tracking_uri: str | None) -> None:
    """Have the server send one made-up message now."""
    result = output.client(tracking_uri).test_webhook(webhook_id, event)
    if not result.success:
        raise HeadraceError(result.error_message or f"The receiver answered {result.response_status}")
    click.echo(f"Delivered; the receiver answered {result.response_status}")


@webhooks.command("deliveries")
@click.argument("webhook_id")
@click.option("--status", type=_STATUS, help="Only those that wait, arrived, or were given up.")
@click.option("--max-results", type=click.IntRange(1, 1000), default=100, show_default=True, metavar="N")
@output.JSON
@output.TRACKING
def deliveries(webhook_id: str, status: str | None, max_results: int, as_json: bool, tracking_uri: str | None) -> None:
    """List the messages to a webhook, the newest first."""
    found = output.client(tracking_uri).list_webhook_deliveries(webhook_id, status, max_results)
    if as_json:
        output.print_json(list(found))
        return
    rows = (
        (
            each.delivery_id,
            output.moment(each.creation_timestamp),
            each.event,
            each.status,
            each.attempts,
            output.moment(each.next_attempt_timestamp),
            each.error_message or each.response_status,
        )
        for each in found
    )
    output.print_table(("Id", "Created", "Event", "Status", "Attempts", "Next attempt", "Answer"), rows)


@webhooks.command("replay")
@click.argument("webhook_id")
@click.argument("delivery_ids", nargs=-1, metavar="[DELIVERY_ID]...")
@click.option("--all-dead", is_flag=True, help="Send everything again that was given up.")
@output.TRACKING
def replay(webhook_id: str, delivery_ids: tuple[str, ...], all_dead: bool, tracking_uri: str | None) -> None:
    """Send messages again, under their old delivery ids."""
    if bool(delivery_ids) == all_dead:
        raise BadRequest("Name deliveries, or say --all-dead")
    client = output.client(tracking_uri)
    for delivery_id in delivery_ids:
        client.replay_webhook_delivery(webhook_id, delivery_id)
    count = client.replay_webhook_deliveries(webhook_id) if all_dead else len(delivery_ids)
    click.echo(f"{count} to be sent again")


@webhooks.command("deliver")
@output.TRACKING
def deliver(tracking_uri: str | None) -> None:
    """Send what is due and then end, for a database that no server works on."""
    from headrace.server.webhooks import Deliverer
    from headrace.stores import open_store
    from headrace.stores.sql import SqlStore

    store = open_store(output.client(tracking_uri).tracking_uri, checked=False)
    try:
        if not isinstance(store, SqlStore):
            raise BadRequest("A server delivers by itself; name the database with --tracking-uri to do it here")
        click.echo(f"{Deliverer(store).deliver_due()} attempted")
    finally:
        store.close()
