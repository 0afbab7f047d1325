"""``headrace models history`` and ``headrace models alias``: what happened to registered models, and undoing it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from headrace.base.clock import moment
from headrace.cli import output

_AT = "ISO 8601 (UTC unless it says otherwise), or milliseconds since the epoch."


@click.command("history")
@click.argument("name", required=False)
@click.option("--version", "-v", metavar="N", help="Only what happened to one version.")
@click.option("--alias", "-a", metavar="ALIAS", help="Only what happened to one alias.")
@click.option("--user", "-u", metavar="NAME", help="Only what one user did.")
@click.option("--since", metavar="TIME", help=f"Only what happened at or after a time: {_AT}")
@click.option("--until", metavar="TIME", help="Only what happened before a time.")
@click.option("--max-results", type=click.IntRange(1), default=100, show_default=True, metavar="N")
@output.JSON
@output.TRACKING
def history(
    name: str | None,
    version: str | None,
    alias: str | None,
    user: str | None,
    since: str | None,
    until: str | None,
    max_results: int,
    as_json: bool,
    tracking_uri: str | None,
) -> None:
    """Show who changed what in the registry, or in the model NAME, the newest first."""
    client = output.client(tracking_uri)
    events: list[Any] = []
    token = None
    while len(events) < max_results:
        page = client.search_registry_events(
            name, version, alias, user, (), since, until, min(max_results - len(events), 1000), token
        )
        events += page
        token = page.token
        if token is None:
            break
    if as_json:
        output.print_json(events)
        return
    rows = (
        (_when(each.timestamp), each.user_id, each.name, each.version, each.alias, each.event, _said(each))
        for each in events
    )
    output.print_table(("When", "Who", "Model", "Version", "Alias", "Event", "Changes"), rows)


@click.group("alias")
def alias() -> None:
    """Look at aliases as they were, and put them back."""


@alias.command("at")
@click.argument("name")
@click.argument("alias_name", metavar="ALIAS")
@click.argument("time")
@output.JSON
@output.TRACKING
def at(name: str, alias_name: str, time: str, as_json: bool, tracking_uri: str | None) -> None:
    """Show the version of NAME that ALIAS pointed at, at TIME."""
    found = output.client(tracking_uri).get_model_version_at(name, moment(time), alias=alias_name)
    if as_json:
        output.print_json(found)
    else:
        click.echo(found.version)


@alias.command("rollback")
@click.argument("name")
@click.argument("alias_name", metavar="ALIAS")
@click.option("--to", metavar="TIME", help=f"Point it where it pointed at a time: {_AT}")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="Go so many versions back. [default: 1]")
@output.TRACKING
def rollback(name: str, alias_name: str, to: str | None, steps: int | None, tracking_uri: str | None) -> None:
    """Point ALIAS of the registered model NAME at the version it pointed at before."""
    now = output.client(tracking_uri).roll_back_registered_model_alias(name, alias_name, to, steps)
    click.echo(f"The alias '{alias_name}' of '{name}' points at version {now.version} now")


def _when(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def _said(event: Any) -> str:
    return ", ".join(f"{each.field}: {_short(each.before)} → {_short(each.after)}" for each in event.changes)


def _short(value: str | None) -> str:
    return "–" if value is None else value if len(value) <= 20 else value[:19] + "…"
