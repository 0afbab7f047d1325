"""The same journey gives the same facts, whichever client and server make it."""

from __future__ import annotations

from typing import Any

import pytest

Facts = dict[tuple[str, str], dict[str, Any]]


@pytest.mark.parametrize(("client", "server"), [("genuine", "ours"), ("ours", "genuine"), ("ours", "ours")])
def test_the_journey_gives_the_facts_of_genuine_client_and_server(facts: Facts, client: str, server: str) -> None:
    assert facts[client, server] == facts["genuine", "genuine"]
