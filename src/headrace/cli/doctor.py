"""``headrace doctor``: what somebody who helps wants to know."""

from __future__ import annotations

import click


@click.command()
@click.option("--mask-envs", is_flag=True, help="Do not print the values of environment variables.")
def doctor(mask_envs: bool) -> None:
    """Print versions, places and settings, for a report of a fault. Secrets are never printed."""
    from headrace.tracking.doctor import doctor as tell

    tell(mask_envs)
