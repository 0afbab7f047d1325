"""Replays a table of REST calls at a server, and puts what came back in a form that two servers can share."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import urllib3

#: Fields that hold a moment, a place or an account: only their presence is compared.
VOLATILE = {
    "created_time",
    "creation_time",
    "creation_timestamp",
    "creation_timestamp_ms",
    "last_update_time",
    "last_updated_timestamp",
    "last_updated_timestamp_ms",
    "artifact_uri",
    "artifact_location",
    "root_uri",
    "next_page_token",
    # The same in GraphQL, and what it says of errors in words.
    *("artifactUri", "artifactLocation", "rootUri", "creationTime", "lastUpdateTime", "nextPageToken", "errors"),
}
#: What our replies say beyond the genuine ones; clients that do not know it pass it over.
MORE = {"aliases", "experiment_ids", "model", "model_id", "model_metrics", "model_params", "outputs"}
_ID = re.compile(r"\b(m-|d-|dr-)?[0-9a-f]{32}\b")
#: Fields that carry JSON within a text.
_NESTED = {"tags", "records", "schema", "profile"}
#: What tells the states of an evaluation dataset apart.
_DIGEST = re.compile(r"[0-9a-f]{8}")
#: The names that servers give to runs nobody named.
_GIVEN_NAME = re.compile(r"[a-z]+-[a-z]+-\d+")


@dataclass(frozen=True)
class Step:
    """One call of the table.

    ``keep`` maps a name to where in the reply its value stands ("run.info.run_id"); ``{name}`` in later steps is that
    value.
    """

    name: str
    verb: str
    path: str
    body: Any = None
    query: Sequence[tuple[str, str]] = ()
    raw: bytes | None = None
    keep: dict[str, str] = field(default_factory=dict)
    api: str = "/api/2.0/mlflow/"


@dataclass(frozen=True)
class Answer:
    """What a server said: its status, the code of its error if it is one, and its reply in comparable form."""

    status: int
    code: str | None
    reply: Any


def replay(url: str, steps: Sequence[Step]) -> dict[str, Answer]:
    """Send each step to the server at ``url``, in order, and note its answers by the steps' names."""
    known: dict[str, str] = {}
    answers: dict[str, Answer] = {}
    with urllib3.PoolManager(retries=False, timeout=60) as pool:
        for step in steps:
            assert step.name not in answers, f"two steps are named {step.name!r}"
            body = step.raw
            if step.body is not None:
                body = json.dumps(_filled(step.body, known)).encode()
            query = [(key, _filled(value, known)) for key, value in step.query]
            path = _filled(step.path, known)
            address = f"{url}{step.api}{path}" + (f"?{urlencode(query)}" if query else "")
            headers = {"content-type": "application/json"} if body is not None else {}
            response = pool.request(step.verb, address, body=body, headers=headers)
            reply = _read(response.data)
            for name, where in step.keep.items():
                known[name] = str(_at(reply, where))
            is_error = response.status >= 400
            code = reply.get("error_code") if is_error and isinstance(reply, dict) else None
            answers[step.name] = Answer(response.status, code, None if is_error else _shared(reply, known))
    return answers


def without_more(ours: Any, genuine: Any) -> Any:
    """Our reply without what it says beyond the genuine one, where that is meant."""
    if isinstance(ours, dict) and isinstance(genuine, dict):
        return {
            key: without_more(value, genuine.get(key))
            for key, value in ours.items()
            if key in genuine or key not in MORE
        }
    if isinstance(ours, list) and isinstance(genuine, list) and len(ours) == len(genuine):
        return [without_more(*both) for both in zip(ours, genuine, strict=True)]
    return ours


def _filled(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: known[found[1]], value)
    if isinstance(value, dict):
        return {key: _filled(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, known) for each in value]
    return value


def _read(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")


def _at(reply: Any, where: str) -> Any:
    """The value at a dotted place of a reply; a server that left it out shows in the comparison, not here."""
    for part in where.split("."):
        if not isinstance(reply, dict) or part not in reply:
            return f"no {where}"
        reply = reply[part]
    return reply


def _shared(reply: Any, known: dict[str, str], key: str = "") -> Any:
    """The reply with what no two servers share put out of sight: ids by their names, moments and places by a mark."""
    if isinstance(reply, dict):
        return {
            key: "<some>" if key in VOLATILE and value is not None else _shared(value, known, key)
            for key, value in sorted(reply.items())
            if value != ""  # an empty text and an absent one mean the same to every client
        }
    if isinstance(reply, list):
        rows = [_shared(each, known) for each in reply]
        keys = [row.get("key") for row in rows if isinstance(row, dict) and row.keys() >= {"key"}]
        # Metrics, params and tags of one thing have no order. A history, which repeats its key, has one.
        unordered = len(keys) == len(rows) and None not in keys and len(set(keys)) == len(keys)
        if key == "latest_versions":  # nor have these
            return sorted(rows, key=lambda row: int(row["version"]))
        return sorted(rows, key=lambda row: str(row["key"])) if unordered else rows
    if isinstance(reply, str) and key in _NESTED and reply[:1] in ("{", "["):
        return _shared(_read(reply.encode()), known)
    if isinstance(reply, str):
        if key == "digest" and _DIGEST.fullmatch(reply):
            return "<digest>"
        # The ids of experiments may be short, and are only ids where the field says so.
        names = {value: f"<{name}>" for name, value in known.items() if len(value) > 20 or key == "experiment_id"}
        return names.get(reply) or _ID.sub("<id>", _GIVEN_NAME.sub("<name>", reply))
    return reply
