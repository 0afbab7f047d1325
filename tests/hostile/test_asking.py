"""Questions meant to keep a server busy: it refuses them, or answers them, and goes on."""

from __future__ import annotations

import json

import pytest

from tests.hostile.conftest import API, Target

#: For engines that go back and try again, each of these is minutes or ages of work.
_PATTERNS = [
    *("(a+)+$", "(a|a)*b", "(a|aa)+$", "(.*a){20}b", "(x+x+)+y", "((a*)*)*b", "(a?){100}a{100}", "(.+)+=(.+)+="),
    *("(a{1,99}){1,99}", "(" * 400, "[" * 999, "((((){9999}){9999}){9999}){9999}", "(?=(a+)+$)", "\\", "a" * 1001),
]


@pytest.mark.parametrize("pattern", _PATTERNS, ids=lambda text: text[:24])
def test_no_pattern_holds_up_the_server(target: Target, pattern: str) -> None:
    long = [{"key": f"hostile{n}", "value": "a" * 8000 + "!"} for n in range(3)]
    assert target.post("runs/log-batch", {"run_id": target.run_id, "tags": long}).status == 200
    quoted = pattern.replace("'", "''")
    text = " OR ".join(f"tags.hostile{n} RLIKE '{quoted}'" for n in range(3))
    said = target.post("runs/search", {"experiment_ids": [target.experiment_id], "filter": text})
    assert said.status in (200, 400)
    assert target.raw.ask("GET", "/health").status == 200


@pytest.mark.parametrize(
    "records",
    [
        *("nonsense", "null", "[[]]", '[{"inputs": [1]}]', '[{"inputs": {"a": 1}, "source": {"source_type": "X" }}]'),
        '[{"inputs": ' + '{"a":' * 5000 + "1" + "}" * 5001 + "]",
        "[" * 100_000,
        '[{"inputs": {"a": ' + "9" * 5000 + "}}]",
        json.dumps([{"inputs": {"a": 1}, "tags": {"mlflow.user": ["x"] * 10_000}}]),
    ],
    ids=lambda text: text[:24],
)
def test_records_are_taken_or_refused(target: Target, records: str) -> None:
    made = target.raw.ask("POST", "/api/3.0/mlflow/datasets/create", {"name": "hostile"}).json()["dataset"]
    where = f"/api/3.0/mlflow/datasets/{made['dataset_id']}"
    said = target.raw.ask("POST", f"{where}/records", {"records": records})
    assert said.status in (200, 400)
    assert target.raw.ask("GET", f"{where}/records").status == 200


@pytest.mark.parametrize("dataset", ["..", "%2e%2e", "d-%00", "'; DROP TABLE runs; --", "d" * 65, "%ff"])
def test_the_id_of_a_dataset_is_only_an_id(target: Target, dataset: str) -> None:
    for path in ("", "/records", "/experiment-ids"):
        said = target.raw.ask(
            "GET", f"/api/3.0/mlflow/datasets/{dataset}{path}".replace(" ", "%20").replace("'", "%27")
        )
        assert said.status in (400, 404)


def test_a_query_cannot_multiply_itself(target: Target) -> None:
    bomb = " ".join(f"fragment f{n} on Test {{...f{n + 1} ...f{n + 1}}}" for n in range(30))
    for query in (
        f"{{test {{...f0}}}} {bomb} fragment f30 on Test {{output}}",
        "{a" * 9000,
        "{test(inputString: " + "[" * 9000,
    ):
        said = target.raw.ask("POST", "/graphql", {"query": query})
        assert (said.status, said.json()["data"]) == (200, None)
    assert target.raw.ask("POST", f"{API}/runs/search", {"experiment_ids": ["0"]}).status == 200
