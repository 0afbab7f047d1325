"""REST calls that both servers are asked, right ones and wrong ones, in the order of the journey."""

from __future__ import annotations

from tests.conformance.replay import Step

T0 = 1_700_000_000_000
NOBODY = "0" * 32


def post(name: str, path: str, body: object = None, **more: object) -> Step:
    """A POST."""
    return Step(name, "POST", path, body, **more)


def get(name: str, path: str, *query: tuple[str, str], **more: object) -> Step:
    """A GET with a query string."""
    return Step(name, "GET", path, query=query, **more)


EXPERIMENTS = [
    post(
        "an experiment is created",
        "experiments/create",
        {"name": "replayed", "tags": [{"key": "a", "value": "1"}]},
        keep={"exp": "experiment_id"},
    ),
    post(
        "a second experiment is created",
        "experiments/create",
        {"name": "second", "artifact_location": None},
        keep={"exp2": "experiment_id"},
    ),
    post("a duplicate experiment is refused", "experiments/create", {"name": "replayed"}),
    post("an experiment without a name is refused", "experiments/create", {}),
    post("an experiment with an empty name is refused", "experiments/create", {"name": ""}),
    post("an experiment whose name is a number is refused", "experiments/create", {"name": 7}),
    post("an experiment with a name of 501 characters is refused", "experiments/create", {"name": "n" * 501}),
    post(
        "an experiment with a key of 251 characters is refused",
        "experiments/create",
        {"name": "k", "tags": [{"key": "k" * 251, "value": "1"}]},
    ),
    get("an experiment is read", "experiments/get", ("experiment_id", "{exp}")),
    get("an experiment is found by name", "experiments/get-by-name", ("experiment_name", "replayed")),
    get("an unknown experiment is not found", "experiments/get", ("experiment_id", "987654")),
    get("an unknown name is not found", "experiments/get-by-name", ("experiment_name", "nobody")),
    get("an experiment without an id is refused", "experiments/get"),
    get("an experiment whose id is a word is not found", "experiments/get", ("experiment_id", "abc")),
    post(
        "a tag of an experiment is set",
        "experiments/set-experiment-tag",
        {"experiment_id": "{exp}", "key": "b", "value": "2"},
    ),
    post(
        "a tag of an unknown experiment is refused",
        "experiments/set-experiment-tag",
        {"experiment_id": "987654", "key": "b", "value": "2"},
    ),
    post(
        "a tag of an experiment without a key is refused",
        "experiments/set-experiment-tag",
        {"experiment_id": "{exp}", "value": "2"},
    ),
    post(
        "a tag of an experiment is removed", "experiments/delete-experiment-tag", {"experiment_id": "{exp}", "key": "b"}
    ),
    post(
        "a tag of an experiment that is not there is refused",
        "experiments/delete-experiment-tag",
        {"experiment_id": "{exp}", "key": "zz"},
    ),
    post("an experiment is renamed", "experiments/update", {"experiment_id": "{exp2}", "new_name": "renamed"}),
    post(
        "an experiment is not renamed to a name in use",
        "experiments/update",
        {"experiment_id": "{exp2}", "new_name": "replayed"},
    ),
    post("an experiment is not renamed to nothing", "experiments/update", {"experiment_id": "{exp2}"}),
    post("experiments are searched", "experiments/search", {"max_results": 10}),
    post("experiments are searched by tag", "experiments/search", {"max_results": 10, "filter": "tags.a = '1'"}),
    post(
        "experiments are searched by name",
        "experiments/search",
        {"max_results": 10, "filter": "name ILIKE 'REN%'", "order_by": ["name ASC"]},
    ),
    post("experiments come in pages", "experiments/search", {"max_results": 2}, keep={"exp_page": "next_page_token"}),
    post("the next page of experiments follows", "experiments/search", {"max_results": 2, "page_token": "{exp_page}"}),
    post("a search for no experiments is refused", "experiments/search", {"max_results": 0}),
    post("a search for experiments without a number is refused", "experiments/search", {}),
    post("a search for too many experiments is refused", "experiments/search", {"max_results": 50_001}),
    post("a bad filter of experiments is refused", "experiments/search", {"max_results": 5, "filter": "name >< 'x'"}),
    post(
        "an unknown attribute of experiments is refused",
        "experiments/search",
        {"max_results": 5, "filter": "colour = 'x'"},
    ),
    post(
        "a bad order of experiments is refused", "experiments/search", {"max_results": 5, "order_by": ["name SIDEWAYS"]}
    ),
    post("a bad page token is refused", "experiments/search", {"max_results": 5, "page_token": "abc"}),
    post("an unknown view type is refused", "experiments/search", {"max_results": 5, "view_type": "SOME"}),
    post("an experiment is deleted", "experiments/delete", {"experiment_id": "{exp2}"}),
    post("a deleted experiment is not deleted again", "experiments/delete", {"experiment_id": "{exp2}"}),
    post("a run in a deleted experiment is refused", "runs/create", {"experiment_id": "{exp2}", "start_time": T0}),
    post("deleted experiments are searched", "experiments/search", {"max_results": 5, "view_type": "DELETED_ONLY"}),
    post("an experiment is restored", "experiments/restore", {"experiment_id": "{exp2}"}),
    post("an active experiment is not restored", "experiments/restore", {"experiment_id": "{exp2}"}),
    post("an unknown experiment is not deleted", "experiments/delete", {"experiment_id": "987654"}),
]

RUNS = [
    post(
        "a run is created",
        "runs/create",
        {
            "experiment_id": "{exp}",
            "user_id": "ada",
            "run_name": "one",
            "start_time": T0,
            "tags": [{"key": "team", "value": "red"}],
        },
        keep={"run": "run.info.run_id"},
    ),
    post(
        "a second run is created",
        "runs/create",
        {"experiment_id": "{exp}", "user_id": "ada", "run_name": "two", "start_time": str(T0 + 1000)},
        keep={"run2": "run.info.run_id"},
    ),
    post(
        "a run nobody named gets a name",
        "runs/create",
        {"experiment_id": "{exp}", "start_time": T0 + 2000},
        keep={"run3": "run.info.run_id"},
    ),
    post("a run in an unknown experiment is refused", "runs/create", {"experiment_id": "987654"}),
    post(
        "a run with two names is refused",
        "runs/create",
        {"experiment_id": "{exp}", "run_name": "x", "tags": [{"key": "mlflow.runName", "value": "y"}]},
    ),
    get("a run is read", "runs/get", ("run_id", "{run}")),
    get("a run is read by its old name", "runs/get", ("run_uuid", "{run}")),
    get("an unknown run is not found", "runs/get", ("run_id", NOBODY)),
    get("a run without an id is refused", "runs/get"),
    post(
        "a metric is logged",
        "runs/log-metric",
        {"run_id": "{run}", "key": "loss", "value": 0.5, "timestamp": T0, "step": 0},
    ),
    post(
        "a metric is logged with numbers as text",
        "runs/log-metric",
        {"run_id": "{run}", "key": "loss", "value": "0.25", "timestamp": str(T0 + 1), "step": "1"},
    ),
    post(
        "a metric that is not a number is logged",
        "runs/log-metric",
        {"run_id": "{run}", "key": "nan", "value": "NaN", "timestamp": T0},
    ),
    post(
        "a metric below zero steps is logged",
        "runs/log-metric",
        {"run_id": "{run}", "key": "early", "value": 1, "timestamp": T0, "step": -3},
    ),
    post("a metric without a value is refused", "runs/log-metric", {"run_id": "{run}", "key": "loss", "timestamp": T0}),
    post("a metric without a time is refused", "runs/log-metric", {"run_id": "{run}", "key": "loss", "value": 1.0}),
    post("a metric without a key is refused", "runs/log-metric", {"run_id": "{run}", "value": 1.0, "timestamp": T0}),
    post(
        "a metric whose value is a word is refused",
        "runs/log-metric",
        {"run_id": "{run}", "key": "loss", "value": "high", "timestamp": T0},
    ),
    post(
        "a metric with a key of 251 characters is refused",
        "runs/log-metric",
        {"run_id": "{run}", "key": "k" * 251, "value": 1.0, "timestamp": T0},
    ),
    post(
        "a metric with a key that climbs is refused",
        "runs/log-metric",
        {"run_id": "{run}", "key": "../up", "value": 1.0, "timestamp": T0},
    ),
    post(
        "a metric with a key of strange characters is refused",
        "runs/log-metric",
        {"run_id": "{run}", "key": "a;b", "value": 1.0, "timestamp": T0},
    ),
    post(
        "a metric whose step is text is refused",
        "runs/log-metric",
        {"run_id": "{run}", "key": "loss", "value": 1.0, "timestamp": T0, "step": "first"},
    ),
    post(
        "a metric of an unknown run is refused",
        "runs/log-metric",
        {"run_id": NOBODY, "key": "loss", "value": 1.0, "timestamp": T0},
    ),
    post("a param is logged", "runs/log-parameter", {"run_id": "{run}", "key": "rate", "value": "0.1"}),
    post(
        "the same param again changes nothing", "runs/log-parameter", {"run_id": "{run}", "key": "rate", "value": "0.1"}
    ),
    post("a changed param is refused", "runs/log-parameter", {"run_id": "{run}", "key": "rate", "value": "0.2"}),
    post("a param without a key is refused", "runs/log-parameter", {"run_id": "{run}", "value": "0.2"}),
    post(
        "a param of 6000 characters is kept",
        "runs/log-parameter",
        {"run_id": "{run}", "key": "long", "value": "v" * 6000},
    ),
    post("a tag is set", "runs/set-tag", {"run_id": "{run}", "key": "colour", "value": "blue"}),
    post("a tag is set anew", "runs/set-tag", {"run_id": "{run}", "key": "colour", "value": "green"}),
    post("a tag without a key is refused", "runs/set-tag", {"run_id": "{run}", "value": "green"}),
    post("a tag of an unknown run is refused", "runs/set-tag", {"run_id": NOBODY, "key": "colour", "value": "green"}),
    post("a tag is removed", "runs/delete-tag", {"run_id": "{run}", "key": "colour"}),
    post("a tag that is not there is not removed", "runs/delete-tag", {"run_id": "{run}", "key": "colour"}),
    post(
        "a batch is logged",
        "runs/log-batch",
        {
            "run_id": "{run2}",
            "metrics": [
                {"key": "loss", "value": v, "timestamp": T0 + s, "step": s} for s, v in enumerate((0.9, 0.4, 0.7))
            ],
            "params": [{"key": "rate", "value": "0.2"}],
            "tags": [{"key": "team", "value": "blue"}],
        },
    ),
    post("an empty batch is taken", "runs/log-batch", {"run_id": "{run2}"}),
    post(
        "a batch with a changed param is refused",
        "runs/log-batch",
        {"run_id": "{run2}", "params": [{"key": "rate", "value": "0.9"}], "tags": [{"key": "half", "value": "done"}]},
    ),
    post(
        "a batch with one param twice is refused",
        "runs/log-batch",
        {"run_id": "{run2}", "params": [{"key": "p", "value": "1"}, {"key": "p", "value": "2"}]},
    ),
    post(
        "a batch of 1001 metrics is refused",
        "runs/log-batch",
        {"run_id": "{run2}", "metrics": [{"key": "m", "value": 1, "timestamp": T0, "step": s} for s in range(1001)]},
    ),
    post(
        "a batch of 101 params is refused",
        "runs/log-batch",
        {"run_id": "{run2}", "params": [{"key": f"p{n}", "value": "1"} for n in range(101)]},
    ),
    post(
        "a batch of 101 tags is refused",
        "runs/log-batch",
        {"run_id": "{run2}", "tags": [{"key": f"t{n}", "value": "1"} for n in range(101)]},
    ),
    post(
        "a batch with a metric without a value is refused",
        "runs/log-batch",
        {"run_id": "{run2}", "metrics": [{"key": "m", "timestamp": T0}]},
    ),
    post(
        "a batch whose metrics are no list is refused", "runs/log-batch", {"run_id": "{run2}", "metrics": {"key": "m"}}
    ),
    post(
        "a batch of an unknown run is refused",
        "runs/log-batch",
        {"run_id": NOBODY, "metrics": [{"key": "m", "value": 1, "timestamp": T0, "step": 0}]},
    ),
    get("the refused batches left nothing", "runs/get", ("run_id", "{run2}")),
    get("a history is read", "metrics/get-history", ("run_id", "{run2}"), ("metric_key", "loss")),
    get(
        "a history of a metric nobody logged is empty",
        "metrics/get-history",
        ("run_id", "{run2}"),
        ("metric_key", "nothing"),
    ),
    get(
        "a history comes in pages",
        "metrics/get-history",
        ("run_id", "{run2}"),
        ("metric_key", "loss"),
        ("max_results", "2"),
        keep={"points": "next_page_token"},
    ),
    get(
        "the next page of a history follows",
        "metrics/get-history",
        ("run_id", "{run2}"),
        ("metric_key", "loss"),
        ("max_results", "2"),
        ("page_token", "{points}"),
    ),
    get("a history without a key is refused", "metrics/get-history", ("run_id", "{run2}")),
    get("a history of an unknown run is refused", "metrics/get-history", ("run_id", NOBODY), ("metric_key", "loss")),
    get(
        "histories of runs are read",
        "metrics/get-history-bulk-interval",
        ("run_ids", "{run}"),
        ("run_ids", "{run2}"),
        ("metric_key", "loss"),
        ("max_results", "10"),
    ),
    get(
        "the history of a run named twice is read once",
        "metrics/get-history-bulk",
        ("run_id", "{run2}"),
        ("run_id", "{run2}"),
        ("metric_key", "loss"),
        api="/ajax-api/2.0/mlflow/",
    ),
    get(
        "histories of runs have as many points as asked for",
        "metrics/get-history-bulk",
        ("run_id", "{run2}"),
        ("metric_key", "loss"),
        ("max_results", "3"),
        api="/ajax-api/2.0/mlflow/",
    ),
    get(
        "histories of no run at all are refused",
        "metrics/get-history-bulk",
        ("metric_key", "loss"),
        api="/ajax-api/2.0/mlflow/",
    ),
    get(
        "histories without a metric are refused",
        "metrics/get-history-bulk",
        ("run_id", "{run}"),
        api="/ajax-api/2.0/mlflow/",
    ),
    get(
        "histories of runs within some steps are read",
        "metrics/get-history-bulk-interval",
        ("run_ids", "{run}"),
        ("run_ids", "{run2}"),
        ("metric_key", "loss"),
        ("start_step", "0"),
        ("end_step", "1"),
    ),
    get(
        "histories from a step on without an end are refused",
        "metrics/get-history-bulk-interval",
        ("run_ids", "{run}"),
        ("metric_key", "loss"),
        ("start_step", "0"),
    ),
    get(
        "histories that end before they begin are refused",
        "metrics/get-history-bulk-interval",
        ("run_ids", "{run}"),
        ("metric_key", "loss"),
        ("start_step", "2"),
        ("end_step", "1"),
    ),
    get(
        "more points than a chart has are refused",
        "metrics/get-history-bulk-interval",
        ("run_ids", "{run}"),
        ("metric_key", "loss"),
        ("max_results", "2501"),
    ),
    get("histories of no runs are refused", "metrics/get-history-bulk-interval", ("metric_key", "loss")),
    post("a run ends", "runs/update", {"run_id": "{run}", "status": "FINISHED", "end_time": T0 + 9000}),
    post("a run is renamed", "runs/update", {"run_id": "{run2}", "run_name": "second"}),
    post("an unknown run is not updated", "runs/update", {"run_id": NOBODY, "status": "FINISHED"}),
    get("an ended run is read", "runs/get", ("run_id", "{run}")),
    get("the artifacts of a run are listed", "artifacts/list", ("run_id", "{run}")),
    get("a path that climbs is not listed", "artifacts/list", ("run_id", "{run}"), ("path", "../..")),
    get("the artifacts of an unknown run are refused", "artifacts/list", ("run_id", NOBODY)),
]
