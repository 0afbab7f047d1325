"""GraphQL over HTTP: what pages ask, in the types that MLflow has, and what is refused before it costs anything."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query, print_type

from headrace.base.errors import NotFound
from headrace.schema import Call
from headrace.schema.experiments import GetExperiment
from headrace.schema.runs import CreateRun
from headrace.server.graphql import ALIASES, DEPTH, NESTING, ROOT_FIELDS, SELECTIONS, Asked, GraphQL
from headrace.stores import open_store
from headrace.stores.port import Store
from tests.server.raw import Raw

API = "/api/2.0/mlflow"
#: Types and fields of MLflow's that stand for what Databricks runs.
ABSENT = {
    "MlflowModelVersionDeploymentJobState",
    "MlflowDeploymentJobConnectionState",
    "MlflowModelVersionDeploymentJobStateDeploymentJobRunState",
    "deploymentJobState",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    store = open_store(str(tmp_path))
    yield store
    store.close()


@pytest.fixture
def graphql(store: Store) -> GraphQL:
    """GraphQL in front of it."""
    return GraphQL(store)


def ask(graphql: GraphQL, query: str, **variables: Any) -> Any:
    """The reply to a query."""
    return json.loads(graphql._carry_out(Asked(query, variables), may_mutate=True))


def test_the_types_are_those_of_mlflow(graphql: GraphQL) -> None:
    told = ask(graphql, get_introspection_query(descriptions=False))
    assert told["errors"] is None
    schema = build_client_schema(told["data"])
    ours = {name: print_type(kind) for name, kind in schema.type_map.items()}
    for line in (Path(__file__).parent / "assets/graphql.tsv").read_text().splitlines()[1:]:
        kind, _, field, returned, arguments = line.split("\t")
        if {kind, field} & ABSENT:
            continue
        assert kind in ours
        if returned == "enum value":
            assert f"  {field}\n" in ours[kind]
        elif field:
            taken = f"({arguments.replace(':', ': ')})" if arguments else ""
            assert f"  {field}{taken}: {returned}\n" in ours[kind]


def test_a_page_asks_for_a_run(raw: Raw) -> None:
    run_id = raw.ask("POST", f"{API}/runs/create", {"experiment_id": "0", "run_name": "one", "start_time": 5}).json()
    run_id = run_id["run"]["info"]["run_id"]
    metrics = [{"key": "m", "value": value, "timestamp": 2**60, "step": 1} for value in (0.5,)]
    metrics.append({"key": "n", "value": "NaN", "timestamp": 1, "step": 0})
    tags = [{"key": "t", "value": "ä"}]
    raw.ask("POST", f"{API}/runs/log-batch", {"run_id": run_id, "metrics": metrics, "tags": tags})
    raw.ask("POST", f"{API}/registered-models/create", {"name": "model"})
    source = f"runs:/{run_id}/model"
    raw.ask("POST", f"{API}/model-versions/create", {"name": "model", "source": source, "run_id": run_id})
    query = """
        query GetRun($data: MlflowGetRunInput!) {
          mlflowGetRun(input: $data) {
            apiError { code }
            run {
              info { runId runName status startTime endTime }
              data { metrics { key value timestamp step } tags { ...tag } }
              inputs { datasetInputs { dataset { name } } }
              experiment { experimentId name }
              versions: modelVersions { name version status }
            }
          }
        }
        fragment tag on MlflowRunTag { key value }
    """
    said = raw.ask("POST", "/graphql", {"query": query, "variables": {"data": {"runId": run_id}}}).json()
    run = said["data"]["mlflowGetRun"]["run"]
    assert said == {"data": {"mlflowGetRun": {"apiError": None, "run": run}}, "errors": None}
    info = {"runId": run_id, "runName": "one", "status": "RUNNING", "startTime": "5", "endTime": "0"}
    assert run["info"] == info
    points = {point["key"]: point for point in run["data"]["metrics"]}
    assert points["m"] == {"key": "m", "value": 0.5, "timestamp": str(2**60), "step": "1"}
    assert points["n"]["value"] is None
    assert {"key": "t", "value": "ä"} in run["data"]["tags"]
    assert run["inputs"] == {"datasetInputs": []}
    assert run["experiment"] == {"experimentId": "0", "name": "Default"}
    assert run["versions"] == [{"name": "model", "version": "1", "status": "READY"}]


def test_a_get_may_ask_but_not_ask_for_a_mutation(raw: Raw) -> None:
    said = raw.ask("GET", "/graphql?query=%7Btest(inputString%3A%22a+b%22)%7Boutput%7D%7D")
    assert said.json() == {"data": {"test": {"output": "a b"}}, "errors": None}
    named = 'query a{test{output}} query b($x:String){test(inputString:$x){output}}&operationName=b&variables={"x":"1"}'
    assert raw.ask("GET", f"/graphql?query={named.replace(' ', '+')}".replace('"', "%22")).json()["data"] == {
        "test": {"output": "1"}
    }
    refused = raw.ask("GET", "/graphql?query=mutation%7BtestMutation%7Boutput%7D%7D").json()
    assert refused == {"data": None, "errors": ["A mutation is asked by POST"]}


@pytest.mark.parametrize(
    "body",
    [
        *([], {}, [{"query": "{test{output}}"}], {"query": 5}, {"query": None}),
        *({"query": "{test{output}}", "variables": "x"}, {"query": "{test{output}}", "operationName": 1}, "x"),
    ],
    ids=str,
)
def test_what_is_no_request_is_refused(raw: Raw, body: object) -> None:
    said = raw.ask("POST", "/graphql", body)
    assert (said.status, said.json()["error_code"] in ("BAD_REQUEST", "INVALID_PARAMETER_VALUE")) == (400, True)


def test_a_form_cannot_ask(raw: Raw) -> None:
    said = raw.ask("POST", "/graphql", b'{"query": "{test{output}}"}', kind="text/plain")
    assert said.status == 400


def test_a_large_request_is_refused_unread(raw: Raw) -> None:
    assert raw.ask("POST", "/graphql", {"query": "#" * (64 << 10)}).status == 413


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("{", "Syntax Error"),
        ("", "Syntax Error"),
        ("{bogus}", "Cannot query field 'bogus'"),
        ("{test(inputString: 5){output}}", "non string value: 5"),
        ("query($x: String!){test(inputString: $x){output}}", r"\$x"),
        ("query A{test{output}} query B{test{output}}", "operation name"),
        ('{mlflowGetExperiment(input: {experimentId: "987"}){experiment{name}}}', "No experiment has the id 987"),
        ('{mlflowGetRun(input: {runId: "nope"}){run{info{runId}}}}', "No run has the id nope"),
        ("{mlflowGetRun{run{info{runId}}}}", "run_id"),
        ('{mlflowSearchRuns(input: {experimentIds: ["0"], filter: "x >"}){runs{info{runId}}}}', "at character 1"),
        ("{mlflowSearchRuns(input: {maxResults: -1}){runs{info{runId}}}}", "max_results"),
        ("{mlflowSearchRuns(input: {runViewType: SOME}){runs{info{runId}}}}", "SOME"),
    ],
)
def test_errors_are_told_beside_the_data(graphql: GraphQL, query: str, error: str) -> None:
    said = ask(graphql, query)
    assert all(value is None for value in (said["data"] or {}).values())
    assert re.search(error, said["errors"][0])


_BOMB = (
    " ".join(f"fragment f{n} on Test{{...f{n + 1} ...f{n + 1}}}" for n in range(40)) + "fragment f40 on Test{output}"
)
_TYPES = "{fields{type{fields{type{fields{type{name}}}}}}}"


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (f"{{{' '.join(f'a{n}: test{{output}}' for n in range(ROOT_FIELDS + 1))}}}", "root fields"),
        (f"{{test{{{' '.join(f'a{n}: output' for n in range(ALIASES + 1))}}}}}", "aliases"),
        (f"{{test{{{'output ' * SELECTIONS}}}}}", "selections"),
        (f"{'{test' * (DEPTH + 1)}{'}' * (DEPTH + 1)}", "fields within fields"),
        ("{a" * 20_000, f"more than {NESTING} brackets"),
        ("{test(inputString: " + "[" * 20_000, f"more than {NESTING} brackets"),
        (f"{{test{{...f0}}}} {_BOMB}", "selections"),
        ("{test{...a}} fragment a on Test{...b} fragment b on Test{...a}", "within itself"),
        (f"{{__schema{{types{_TYPES}}}}}", "lists of types"),
        (f"query({' '.join(f'$v{n}: String' for n in range(4000))}){{test{{output}}}}", "tokens"),
        ("subscription{test{output}}", "subscription"),
    ],
    ids=range(11),
)
def test_what_would_cost_much_is_refused(graphql: GraphQL, query: str, error: str) -> None:
    said = ask(graphql, query)
    assert said["data"] is None
    assert error in said["errors"][0]


def test_what_is_within_the_limits_is_answered(graphql: GraphQL) -> None:
    query = f"{{{' '.join(f'a{n}: test{{output}}' for n in range(ROOT_FIELDS))}}}"
    assert len(ask(graphql, query)["data"]) == ROOT_FIELDS
    assert ask(graphql, f"{{test{{{'output ' * (SELECTIONS - 1)}}}}}")["data"] == {"test": {"output": ""}}


def test_one_query_asks_for_so_many_things_and_no_more(graphql: GraphQL) -> None:
    one = 'mlflowSearchRuns(input: {experimentIds: ["0"], maxResults: 5000}){runs{info{runId}}}'
    said = ask(graphql, f"{{a: {one} b: {one}}}")
    assert said["data"] == {"a": {"runs": []}, "b": None}
    assert "5000 things" in said["errors"][0]


def test_related_things_are_asked_for_once(store: Store) -> None:
    asked: list[str] = []

    class Counting:
        def send(self, call: Call[Any]) -> Any:
            asked.append(type(call).__name__)
            return store.send(call)

        def close(self) -> None:
            pass

    for n in range(30):
        store.send(CreateRun(experiment_id="0", run_name=f"r{n}"))
    query = '{mlflowSearchRuns(input: {experimentIds: ["0"]}){runs{experiment{name} modelVersions{name}}}}'
    assert len(ask(GraphQL(Counting()), query)["data"]["mlflowSearchRuns"]["runs"]) == 30
    assert asked == ["SearchRuns", "GetExperiment", "SearchModelVersions"]


def test_what_a_caller_may_not_see_is_not_told_by_a_detour(store: Store) -> None:
    """Every part of a query is a call of its own, which whoever stands before the store can refuse."""

    class Guarded:
        def send(self, call: Call[Any]) -> Any:
            if isinstance(call, GetExperiment):
                raise NotFound("nothing here for you")
            return store.send(call)

        def close(self) -> None:
            pass

    store.send(CreateRun(experiment_id="0", run_name="r"))
    query = '{mlflowSearchRuns(input: {experimentIds: ["0"]}){runs{info{runName} experiment{name}}}}'
    said = ask(GraphQL(Guarded()), query)
    assert said["data"]["mlflowSearchRuns"]["runs"] == [{"info": {"runName": "r"}, "experiment": None}]
    assert said["errors"] == ["nothing here for you"]


def test_a_fault_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def send(self, call: Call[Any]) -> Any:
            raise RuntimeError("the secret path")

        def close(self) -> None:
            pass

    said = ask(GraphQL(Broken()), '{mlflowGetRun(input: {runId: "a"}){run{info{runId}}}}')
    assert said == {"data": {"mlflowGetRun": None}, "errors": ["Something went wrong here; the server's log has it"]}
    assert "the secret path" in caplog.text


def test_a_query_is_understood_once(graphql: GraphQL) -> None:
    for _ in range(3):
        ask(graphql, "{test{output}}")
    assert graphql._understood.cache_info().misses == 1


def test_nobody_who_asks_nothing_loads_graphql() -> None:
    code = "import sys, headrace.server.build; sys.exit('graphql' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
