"""Both servers tell webhooks the same, in the same bytes, signed alike."""

from __future__ import annotations

import json
import re
from typing import Any

import urllib3

from headrace.registry.webhooks import verify
from tests.conformance.calls import post
from tests.conformance.conftest import Pair
from tests.conformance.replay import Step
from tests.server.webhooks.receiver import Received, Receiver, receiving

_PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}
_TEXT = {"key": "mlflow.prompt.text", "value": "Héllo {{x}}"}
_KIND = {"key": "_mlflow_prompt_type", "value": "text"}
_OTHER = {"key": "mlflow.other", "value": "1"}
_TIMES = re.compile(r'"timestamp": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}\+00:00"')

#: Every change that webhooks are told of, and how many messages each of them makes.
CHANGES: list[tuple[Step, int]] = [
    (post("1", "registered-models/create", {"name": "told ü", "tags": [{"key": "a", "value": "€"}]}), 1),
    (post("2", "registered-models/create", {"name": "told ü"}), 0),
    (post("3", "registered-models/set-tag", {"name": "told ü", "key": "k", "value": "v"}), 0),
    (
        post(
            "4",
            "model-versions/create",
            {"name": "told ü", "source": "s3://b/m", "description": "d\n", "tags": [{"key": "t", "value": "1"}]},
        ),
        1,
    ),
    (post("5", "model-versions/create", {"name": "told ü", "source": "s3://b/other"}), 1),
    (post("6", "model-versions/set-tag", {"name": "told ü", "version": "1", "key": "k", "value": "v"}), 1),
    (Step("7", "DELETE", "model-versions/delete-tag", {"name": "told ü", "version": "1", "key": "nobody"}), 1),
    (post("8", "registered-models/alias", {"name": "told ü", "alias": "x", "version": "1"}), 1),
    (post("9", "registered-models/alias", {"name": "told ü", "alias": "x", "version": "1"}), 1),
    (Step("10", "DELETE", "registered-models/alias", {"name": "told ü", "alias": "x"}), 1),
    (post("11", "registered-models/create", {"name": "told prompt", "tags": [_PROMPT, _KIND, _OTHER]}), 1),
    (
        post(
            "12",
            "model-versions/create",
            {"name": "told prompt", "source": "dummy-source", "tags": [_PROMPT, _TEXT, _KIND, _OTHER]},
        ),
        1,
    ),
    (post("13", "registered-models/set-tag", {"name": "told prompt", "key": "k", "value": "v"}), 1),
    (Step("14", "DELETE", "registered-models/delete-tag", {"name": "told prompt", "key": "k"}), 1),
    (post("15", "model-versions/set-tag", {"name": "told prompt", "version": "1", "key": "k", "value": "v"}), 1),
    (Step("16", "DELETE", "model-versions/delete-tag", {"name": "told prompt", "version": "1", "key": "k"}), 1),
    (post("17", "registered-models/alias", {"name": "told prompt", "alias": "x", "version": "1"}), 1),
    (Step("18", "DELETE", "registered-models/alias", {"name": "told prompt", "alias": "x"}), 1),
    (Step("19", "PATCH", "registered-models/update", {"name": "told ü", "description": "x"}), 0),
    (Step("20", "DELETE", "model-versions/delete", {"name": "told ü", "version": "1"}), 0),
    (Step("21", "DELETE", "registered-models/delete", {"name": "told ü"}), 0),
]
#: Every event there is.
EVENTS = [
    {"entity": entity, "action": action}
    for entity, actions in {
        "REGISTERED_MODEL": ["CREATED"],
        "MODEL_VERSION": ["CREATED"],
        "MODEL_VERSION_TAG": ["SET", "DELETED"],
        "MODEL_VERSION_ALIAS": ["CREATED", "DELETED"],
        "PROMPT": ["CREATED"],
        "PROMPT_VERSION": ["CREATED"],
        "PROMPT_TAG": ["SET", "DELETED"],
        "PROMPT_VERSION_TAG": ["SET", "DELETED"],
        "PROMPT_ALIAS": ["CREATED", "DELETED"],
        "BUDGET_POLICY": ["EXCEEDED"],
    }.items()
    for action in actions
]


def test_both_servers_tell_the_same_in_the_same_bytes(servers: Pair) -> None:
    with receiving() as theirs, receiving() as ours:
        genuine, mine = told(servers.genuine, theirs), told(servers.ours, ours)
    for message in (*genuine, *mine):
        # As a receiver that was written for MLflow does it.
        verify("s3cret", message.headers, message.body)
    assert [_shared(each) for each in mine] == [_shared(each) for each in genuine]
    assert len(mine) == sum(count for _, count in CHANGES) + len(EVENTS)


def told(url: str, receiver: Receiver) -> list[Received]:
    """What the server at ``url`` tells of the changes, and of a test of every event, in their order."""
    body = {"name": "told", "url": receiver.url, "events": EVENTS, "secret": "s3cret"}
    hook = json.loads(ask(url, post("made", "webhooks", body)))["webhook"]["webhook_id"]
    expected = 0
    for step, count in CHANGES:
        ask(url, step)
        expected += count
        receiver.wait_for(expected)
    for event in EVENTS:
        ask(url, post("tested", f"webhooks/{hook}/test", {"event": event}))
    ask(url, Step("gone", "DELETE", f"webhooks/{hook}"))
    return list(receiver.received)


def ask(url: str, step: Step) -> bytes:
    """What a server answers."""
    headers = {"content-type": "application/json"}
    said = urllib3.request(step.verb, f"{url}{step.api}{step.path}", body=json.dumps(step.body), headers=headers)
    return said.data


def _shared(message: Received) -> tuple[str, set[str], str]:
    """A message without what no two servers share."""
    said: Any = json.loads(message.body)
    assert _TIMES.search(message.body), said["timestamp"]
    headers = {name.lower() for name in message.headers if name.lower().startswith(("x-", "content-"))}
    return message.path, headers, _TIMES.sub('"timestamp": "<some>"', message.body)
