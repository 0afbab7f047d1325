"""What pages ask beside the calls: GraphQL, datasets of experiments, prompts that were tried out."""

from __future__ import annotations

from typing import Any

from tests.conformance.calls import T0
from tests.conformance.replay import Step

_AJAX = "/ajax-api/2.0/mlflow/"
_AJAX3 = "/ajax-api/3.0/mlflow/"
_PROMPT = {
    "experiment_id": "{exp}",
    "run_name": "tried out",
    "prompt_template": "Say {{ thing }}",
    "prompt_parameters": [{"key": "thing", "value": "hi"}],
    "model_route": "endpoint",
    "model_parameters": [{"key": "temperature", "value": 0.5}],
    "model_input": "Say hi",
    "model_output": "hello",
    "model_output_parameters": [{"key": "latency", "value": 5}],
    "mlflow_version": "3.17.2",
    "start_time": T0,
}


def page(name: str, path: str, body: object, api: str = _AJAX, **more: Any) -> Step:
    """A POST by a page."""
    return Step(name, "POST", path, body, api=api, **more)


def query(name: str, text: str, operation: str | None = None, **variables: object) -> Step:
    """A GraphQL query; braces in ``variables`` are names of the table."""
    body: dict[str, object] = {"query": text, "variables": variables}
    if operation:
        body["operationName"] = operation
    return Step(f"GraphQL: {name}", "POST", "", body, api="/graphql")


_ECHO = '{ test(inputString: "x") { output } }'


def _many(field: str, count: int) -> str:
    return "{ " + " ".join(field.replace("{}", f"a{n}") for n in range(count)) + " }"


_RUN = """
    query GetRun($data: MlflowGetRunInput!) { mlflowGetRun(input: $data) {
      apiError { helpUrl code message }
      run {
        info { artifactUri experimentId lifecycleStage runName runUuid status userId startTime endTime }
        experiment { experimentId name tags { key value } artifactLocation lifecycleStage lastUpdateTime }
        modelVersions { status version name source }
        data { metrics { key value step timestamp } params { key value } tags { key value } }
        inputs { datasetInputs { dataset { digest name profile schema source sourceType } tags { key value } }
                 modelInputs { modelId } }
        outputs { modelOutputs { modelId step } }
      } } }
"""
_EXPERIMENT = """
    query MlflowGetExperimentQuery($input: MlflowGetExperimentInput!) @component(name: "MLflow.ExperimentRunTracking") {
      mlflowGetExperiment(input: $input) { apiError { code message } experiment {
        artifactLocation creationTime experimentId lastUpdateTime lifecycleStage name tags { key value } workspace
        effectiveTraceArchivalRetention } } }
"""
_RUNS = """
    query SearchRuns($data: MlflowSearchRunsInput!) { mlflowSearchRuns(input: $data) { apiError { code message }
      runs { info { runName runUuid status } data { metrics { key value } params { key value } } } nextPageToken } }
"""
_HISTORY = """
    query GetMetricHistoryBulkInterval($data: MlflowGetMetricHistoryBulkIntervalInput!) {
      mlflowGetMetricHistoryBulkInterval(input: $data) {
        metrics { timestamp step runId key value } apiError { code } } }
"""

PAGES = [
    page("datasets of an experiment are told", "experiments/search-datasets", {"experiment_ids": ["{exp}"]}),
    page("datasets of no experiment are refused", "experiments/search-datasets", {"experiment_ids": []}),
    page("datasets without an experiment are refused", "experiments/search-datasets", {}),
    page("datasets of unknown experiments are none", "experiments/search-datasets", {"experiment_ids": ["987654"]}),
    page("datasets of a word are refused", "experiments/search-datasets", {"experiment_ids": ["abc"]}),
    page(
        "datasets of 21 experiments are refused",
        "experiments/search-datasets",
        {"experiment_ids": [str(n) for n in range(21)]},
    ),
    page(
        "datasets are told at the path without its slash",
        "experiments/search-datasets",
        {"experiment_ids": ["{exp}"]},
        api="/api/2.0mlflow/",
    ),
    page("a prompt that was tried out is kept", "runs/create-promptlab-run", _PROMPT, keep={"lab": "run.info.run_id"}),
    Step("its table lies beside it", "GET", "artifacts/list", query=[("run_id", "{lab}")]),
    Step(
        "its table has one row",
        "GET",
        "get-artifact",
        query=[("run_uuid", "{lab}"), ("path", "eval_results_table.json")],
        api="/",
    ),
    *(
        page(
            f"a prompt without its {name} is refused",
            "runs/create-promptlab-run",
            {key: value for key, value in _PROMPT.items() if key != name},
        )
        for name in ("experiment_id", "prompt_template", "prompt_parameters", "model_route", "model_input")
    ),
    page(
        "a prompt of an unknown experiment is refused",
        "runs/create-promptlab-run",
        {**_PROMPT, "experiment_id": "987654"},
    ),
    Step("nothing is told of users", "GET", "ui-telemetry", api=_AJAX3),
    page("what is told of users is not read", "ui-telemetry", {"records": [{"event_name": "x"}]}, api=_AJAX3),
    query("an experiment", _EXPERIMENT, "MlflowGetExperimentQuery", input={"experimentId": "{exp}"}),
    query("an unknown experiment", _EXPERIMENT, input={"experimentId": "987654"}),
    query("a run", _RUN, "GetRun", data={"runId": "{run2}"}),
    query("a run by its old name", _RUN, data={"runUuid": "{run2}"}),
    query("an unknown run", _RUN, data={"runId": "nope"}),
    query("runs", _RUNS, data={"experimentIds": ["{exp}"], "filter": "metrics.loss > 0", "maxResults": 5}),
    query(
        "runs in order",
        _RUNS,
        data={"experimentIds": ["{exp}"], "filter": "params.rate != ''", "orderBy": ["run_name ASC"]},
    ),
    query("runs by a bad filter", _RUNS, data={"experimentIds": ["{exp}"], "filter": "nonsense", "maxResults": 5}),
    query("a history", _HISTORY, data={"runIds": ["{run2}"], "metricKey": "loss", "maxResults": 320}),
    query("artifacts", '{ mlflowListArtifacts(input: {runId: "{run2}"}) { rootUri files { path isDir fileSize } } }'),
    query(
        "model versions",
        "{ mlflowSearchModelVersions(input: {}) { modelVersions { name version status } nextPageToken } }",
    ),
    query(
        "datasets",
        'mutation { mlflowSearchDatasets(input: {experimentIds: ["{exp}"]}) { datasetSummaries { name digest } } }',
    ),
    query(
        "an echo with an alias and a fragment",
        '{ a: test(inputString: "x") { ...f } } fragment f on Test { b: output }',
    ),
    query("a variable", "query ($x: String) { test(inputString: $x) { output __typename } }", x="v"),
    query("a variable that lacks", "query ($x: String!) { test(inputString: $x) { output } }"),
    query("the schema", '{ __type(name: "MlflowRunInfo") { kind name } }'),
    query("an unknown field", "{ bogus }"),
    query("an unknown input", '{ mlflowGetRun(input: {runId: "x", colour: 1}) { run { info { runId } } } }'),
    query("two operations and none named", f"query A {_ECHO} query B {_ECHO}"),
    query("ten fields", _many('{}: test(inputString: "x") { output }', 10)),
    query("eleven fields", _many('test(inputString: "x") { output }', 11)),
    query("eleven aliases", f'{{ test(inputString: "x") {_many("{}: output", 11)} }}'),
    query("too many selections", f'{{ test(inputString: "x") {_many("output", 1001)} }}'),
    query("a subscription", "subscription { test { output } }"),
    query("half a query", "{"),
]
