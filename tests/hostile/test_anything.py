"""Whatever is sent to whichever call, the answer is a reply or a refusal in good form, and never a fault of ours."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.schema import CALLS
from tests.hostile.conftest import Target

#: Text as hostile as JSON can carry, lone surrogates included.
TEXT = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    [
        "",
        "0",
        "a" * 300,
        "../..",
        "\0",
        "\ud800",
        "' OR 1=1 --",
        "%00",
        "NaN",
        "m-1",
        "9" * 30,
        "models:/x/1",
        "file:///etc",
    ]
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63, -(2**63) - 1, 2**64, 10**30, -1, 0, 1e308])
ANY = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def questions(draw: st.DrawFn, name: str, known: dict[str, str]) -> dict[str, Any]:
    """Some fields of a call, of any type, or right in part."""
    fields = CALLS[name].__struct_fields__
    names = draw(st.lists(st.sampled_from(fields), unique=True) if fields else st.just([]))
    said = {}
    for each in names:
        value = st.just(known[each]) | ANY if each in known else ANY
        said[each] = draw(st.lists(value, max_size=3) if each.endswith("s") and draw(st.booleans()) else value)
    return said


@pytest.mark.parametrize("name", sorted(CALLS))
def test_nothing_that_is_sent_breaks_the_server(name: str, target: Target) -> None:
    route = CALLS[name].route
    known = {"run_id": target.run_id, "experiment_id": target.experiment_id, "model_id": target.model_id, "key": "k"}
    url = f"http://{target.raw.host}/api/{route.since}.0/mlflow/"

    with urllib3.PoolManager(retries=False, timeout=30) as pool:

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(questions(name, known), st.booleans())
        def judge(said: dict[str, Any], in_query: bool) -> None:
            path = route.path
            for field in route.in_path:
                value = said.get(field, known.get(field, "x"))
                text = value if isinstance(value, str) else json.dumps(value)
                path = path.replace(f"{{{field}}}", quote(text.encode("utf-8", "replace"), safe="") or "x")
            if in_query and route.verb == "GET":
                pairs = [(key, str(value).encode("utf-8", "replace")) for key, value in said.items()]
                reply = pool.request(route.verb, f"{url}{path}?{urlencode(pairs)}")
            else:
                body = json.dumps(said).encode()
                reply = pool.request(route.verb, url + path, body=body, headers={"Content-Type": "application/json"})
            assert reply.status in (200, 400, 403, 404, 413), reply.data[:500]
            answer = json.loads(reply.data)
            assert reply.status == 200 or (answer["error_code"] and answer["message"])

        judge()
    assert target.raw.ask("GET", f"/api/2.0/mlflow/runs/get?run_id={target.run_id}").status in (200, 404)
