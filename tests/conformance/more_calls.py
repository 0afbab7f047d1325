"""REST calls about searches, logged models and registered models, asked of both servers after ``calls``."""

from __future__ import annotations

from tests.conformance.calls import NOBODY, T0, get, post
from tests.conformance.replay import Step

IN = {"experiment_ids": ["{exp}"]}


def find(name: str, filter: str = "", **more: object) -> Step:
    """A search for runs."""
    keep = more.pop("keep", {})
    return post(name, "runs/search", {**IN, "filter": filter, **more}, keep=keep)


SEARCHES = [
    find("all runs are found, newest first"),
    find("runs are found by metric", "metrics.loss < 0.5"),
    find("runs are found by a metric in quotes", 'metrics."loss" >= 0.25 and metrics.`loss` != 3'),
    find("runs are found by param", "params.rate = '0.1'"),
    find("runs are found by a param like", "params.rate LIKE '0.%'"),
    find("runs are found by tag", 'tags.team = "blue"'),
    find("runs are found by a tag that is missing", "tags.team != 'blue'"),
    find("runs are found by name", "attributes.run_name = 'second'"),
    find("runs are found by start", f"attributes.start_time >= {T0 + 1000}"),
    find("runs are found by status", "status = 'FINISHED'"),
    find("runs are found by ids", "run_id IN ('{run}', '{run2}')"),
    find("runs are found by text in any case", "run_name ILIKE 'SEC%'"),
    find("runs are ordered by metric", order_by=["metrics.loss DESC"]),
    find("runs are ordered by param", order_by=["params.rate ASC"]),
    find("runs are ordered by start", order_by=["start_time"]),
    find("runs come in pages", max_results=2, keep={"runs_page": "next_page_token"}),
    find("the next page of runs follows", max_results=2, page_token="{runs_page}"),
    find("a filter without an operator is refused", "metrics.loss"),
    find("a filter with OR is taken", "metrics.loss > 1 OR metrics.loss < 0"),
    find("a filter with an unknown kind is refused", "colours.red = '1'"),
    find("a filter with an unknown attribute is refused", "attributes.colour = 'red'"),
    find("a filter that compares a metric with text is refused", "metrics.loss = 'x'"),
    find("a filter that compares a param with a number is taken", "params.rate > 1"),
    find("a filter with an open quote is refused", "tags.team = 'blue"),
    find("a filter with a dangling AND is refused", "metrics.loss > 1 AND"),
    find("a filter that lists names is taken", "run_name IN ('one')"),
    find("an order by nothing known is refused", order_by=["loss"]),
    find("an order by an unknown attribute is refused", order_by=["attributes.colour"]),
    find("a broken page token of runs is refused", page_token="%%%"),
    find("too many runs at once are refused", max_results=50_001),
    find("a negative number of runs is refused", max_results=-1),
    find("an unknown view of runs is refused", run_view_type="SOME"),
    post("a search whose ids are text is refused", "runs/search", {"experiment_ids": "{exp}"}),
    post("a search in an unknown experiment finds nothing", "runs/search", {"experiment_ids": ["987654"]}),
    post("a search in no experiment finds nothing", "runs/search", {}),
    post("a run is deleted", "runs/delete", {"run_id": "{run3}"}),
    post(
        "a deleted run takes no metric",
        "runs/log-metric",
        {"run_id": "{run3}", "key": "m", "value": 1, "timestamp": T0},
    ),
    post("a deleted run takes no tag", "runs/set-tag", {"run_id": "{run3}", "key": "m", "value": "1"}),
    get("a deleted run is read", "runs/get", ("run_id", "{run3}")),
    find("active runs are found", run_view_type="ACTIVE_ONLY"),
    find("deleted runs are found", run_view_type="DELETED_ONLY"),
    post("a run is restored", "runs/restore", {"run_id": "{run3}"}),
    post("an unknown run is not deleted", "runs/delete", {"run_id": NOBODY}),
]

MODELS = [
    post(
        "a logged model is created",
        "logged-models",
        {
            "experiment_id": "{exp}",
            "name": "tree",
            "source_run_id": "{run}",
            "params": [{"key": "depth", "value": "3"}],
            "tags": [{"key": "kind", "value": "test"}],
        },
        keep={"model": "model.info.model_id"},
    ),
    post("a logged model without an experiment is refused", "logged-models", {"name": "tree"}),
    post(
        "a logged model in an unknown experiment is refused",
        "logged-models",
        {"experiment_id": "987654", "name": "tree"},
    ),
    post(
        "a logged model with a slash in its name is refused", "logged-models", {"experiment_id": "{exp}", "name": "a/b"}
    ),
    get("a logged model is read", "logged-models/{model}"),
    get("an unknown logged model is not found", "logged-models/m-" + NOBODY),
    Step(
        "a logged model is ready",
        "PATCH",
        "logged-models/{model}",
        {"model_id": "{model}", "status": "LOGGED_MODEL_READY"},
    ),
    Step(
        "a tag of a logged model is set",
        "PATCH",
        "logged-models/{model}/tags",
        {"model_id": "{model}", "tags": [{"key": "stage", "value": "test"}]},
    ),
    Step("a tag of a logged model is removed", "DELETE", "logged-models/{model}/tags/stage"),
    Step("a tag of a logged model that is not there is refused", "DELETE", "logged-models/{model}/tags/nothing"),
    post(
        "a param of a logged model is logged",
        "logged-models/{model}/params",
        {"model_id": "{model}", "params": [{"key": "leaf", "value": "2"}]},
    ),
    post(
        "a metric of a logged model is logged",
        "runs/log-metric",
        {"run_id": "{run}", "model_id": "{model}", "key": "accuracy", "value": 0.9, "timestamp": T0, "step": 2},
    ),
    post("logged models are searched", "logged-models/search", IN),
    post("logged models are searched by param", "logged-models/search", {**IN, "filter": "params.depth = '3'"}),
    post(
        "logged models are searched by metric",
        "logged-models/search",
        {
            **IN,
            "filter": "metrics.accuracy > 0.5",
            "order_by": [{"field_name": "metrics.accuracy", "ascending": False}],
        },
    ),
    post("a bad filter of logged models is refused", "logged-models/search", {**IN, "filter": "depth ~ 3"}),
    post(
        "what a run made is noted", "runs/outputs", {"run_id": "{run}", "models": [{"model_id": "{model}", "step": 2}]}
    ),
    get("a run knows what it made", "runs/get", ("run_id", "{run}")),
    post(
        "what a run read is noted",
        "runs/log-inputs",
        {
            "run_id": "{run}",
            "datasets": [
                {
                    "tags": [{"key": "mlflow.data.context", "value": "training"}],
                    "dataset": {"name": "rows", "digest": "abc", "source_type": "local", "source": "{}"},
                }
            ],
        },
    ),
    get("a run knows what it read", "runs/get", ("run_id", "{run}")),
]

REGISTRY = [
    post(
        "a registered model is created",
        "registered-models/create",
        {"name": "trees", "description": "all of them", "tags": [{"key": "team", "value": "red"}]},
    ),
    post("a duplicate registered model is refused", "registered-models/create", {"name": "trees"}),
    post("a registered model without a name is refused", "registered-models/create", {}),
    post("a registered model with a slash is refused", "registered-models/create", {"name": "a/b"}),
    get("a registered model is read", "registered-models/get", ("name", "trees")),
    get("an unknown registered model is not found", "registered-models/get", ("name", "nobody")),
    get("a registered model without a name is not read", "registered-models/get"),
    Step(
        "a registered model is described", "PATCH", "registered-models/update", {"name": "trees", "description": "some"}
    ),
    Step(
        "an unknown registered model is not described",
        "PATCH",
        "registered-models/update",
        {"name": "nobody", "description": "some"},
    ),
    post(
        "a tag of a registered model is set", "registered-models/set-tag", {"name": "trees", "key": "a", "value": "1"}
    ),
    post(
        "a version is created",
        "model-versions/create",
        {"name": "trees", "source": "models:/{model}", "run_id": "{run}", "model_id": "{model}"},
    ),
    post(
        "a second version is created",
        "model-versions/create",
        {"name": "trees", "source": "models:/{model}", "model_id": "{model}", "description": "again"},
    ),
    post(
        "a version of an unknown model is refused",
        "model-versions/create",
        {"name": "nobody", "source": "models:/{model}", "model_id": "{model}"},
    ),
    post("a version without a source is refused", "model-versions/create", {"name": "trees"}),
    post("a version from a local folder is refused", "model-versions/create", {"name": "trees", "source": "/etc"}),
    post(
        "a version from a climbing folder is refused",
        "model-versions/create",
        {"name": "trees", "source": "mlflow-artifacts:/../../etc"},
    ),
    get("a version is read", "model-versions/get", ("name", "trees"), ("version", "1")),
    get("an unknown version is not found", "model-versions/get", ("name", "trees"), ("version", "99")),
    get("a version that is a word is refused", "model-versions/get", ("name", "trees"), ("version", "one")),
    get("a version without a number is refused", "model-versions/get", ("name", "trees")),
    Step(
        "a version is described",
        "PATCH",
        "model-versions/update",
        {"name": "trees", "version": "2", "description": "better"},
    ),
    post(
        "a tag of a version is set",
        "model-versions/set-tag",
        {"name": "trees", "version": "2", "key": "ok", "value": "yes"},
    ),
    post(
        "a tag of an unknown version is refused",
        "model-versions/set-tag",
        {"name": "trees", "version": "99", "key": "ok", "value": "yes"},
    ),
    post("an alias is set", "registered-models/alias", {"name": "trees", "alias": "champion", "version": "2"}),
    post(
        "an alias of an unknown version is refused",
        "registered-models/alias",
        {"name": "trees", "alias": "champion", "version": "99"},
    ),
    post(
        "an alias like a version is refused",
        "registered-models/alias",
        {"name": "trees", "alias": "v1", "version": "2"},
    ),
    post(
        "an alias called latest is refused",
        "registered-models/alias",
        {"name": "trees", "alias": "latest", "version": "2"},
    ),
    post("an alias without a name is refused", "registered-models/alias", {"name": "trees", "version": "2"}),
    get("an alias is followed", "registered-models/alias", ("name", "trees"), ("alias", "champion")),
    get("an unknown alias is refused", "registered-models/alias", ("name", "trees"), ("alias", "nobody")),
    get("a model with an alias is read", "registered-models/get", ("name", "trees")),
    post(
        "a version moves to a stage",
        "model-versions/transition-stage",
        {"name": "trees", "version": "1", "stage": "Production", "archive_existing_versions": False},
    ),
    post(
        "an unknown stage is refused",
        "model-versions/transition-stage",
        {"name": "trees", "version": "1", "stage": "Museum", "archive_existing_versions": False},
    ),
    post("the newest versions are read", "registered-models/get-latest-versions", {"name": "trees"}),
    get("the files of a version are found", "model-versions/get-download-uri", ("name", "trees"), ("version", "1")),
    get("registered models are searched", "registered-models/search"),
    get("registered models are searched by name", "registered-models/search", ("filter", "name LIKE 'tr%'")),
    get("registered models are searched by tag", "registered-models/search", ("filter", "tags.team = 'red'")),
    get(
        "registered models that are no prompts are searched",
        "registered-models/search",
        ("filter", "name = 'trees' AND tag.`mlflow.prompt.is_prompt` != 'true'"),
    ),
    get(
        "registered models that are prompts are searched",
        "registered-models/search",
        ("filter", "tags.`mlflow.prompt.is_prompt` = 'true'"),
    ),
    get("a bad filter of registered models is refused", "registered-models/search", ("filter", "colour = 'red'")),
    get("versions are searched", "model-versions/search", ("filter", "name = 'trees'")),
    get(
        "versions of no prompts are searched",
        "model-versions/search",
        ("filter", "name = 'trees' AND tag.`mlflow.prompt.is_prompt` != 'true'"),
    ),
    get("versions are searched by run", "model-versions/search", ("filter", "run_id = '{run}'")),
    get("versions are ordered", "model-versions/search", ("order_by", "version_number ASC")),
    get("a bad filter of versions is refused", "model-versions/search", ("filter", "colour = 'red'")),
    get("too many versions at once are refused", "model-versions/search", ("max_results", "200001")),
    post("a registered model is renamed", "registered-models/rename", {"name": "trees", "new_name": "forest"}),
    get("the old name is gone", "registered-models/get", ("name", "trees")),
    get("the versions moved with the name", "model-versions/get", ("name", "forest"), ("version", "2")),
    Step("an alias is removed", "DELETE", "registered-models/alias", {"name": "forest", "alias": "champion"}),
    Step("a version is deleted", "DELETE", "model-versions/delete", {"name": "forest", "version": "1"}),
    Step(
        "a deleted version is not deleted again", "DELETE", "model-versions/delete", {"name": "forest", "version": "1"}
    ),
    post(
        "the number of a deleted version is not given again",
        "model-versions/create",
        {"name": "forest", "source": "models:/{model}", "model_id": "{model}"},
    ),
    Step("a registered model is deleted", "DELETE", "registered-models/delete", {"name": "forest"}),
    Step("an unknown registered model is not deleted", "DELETE", "registered-models/delete", {"name": "forest"}),
    Step("a logged model is deleted", "DELETE", "logged-models/{model}"),
    get("a deleted logged model is not found", "logged-models/{model}"),
]

BROKEN = [
    Step("malformed JSON is refused", "POST", "runs/create", raw=b'{"experiment_id": '),
    Step("a body that is a list is refused", "POST", "runs/create", raw=b"[1]"),
    Step("an empty body is refused", "POST", "runs/log-metric", raw=b""),
    get("an unknown path is not found", "nothing/here"),
    Step("a wrong verb is refused", "DELETE", "runs/create"),
    post("a status nobody knows is refused", "runs/update", {"run_id": "{run}", "status": "ASLEEP"}),
    post("unknown fields are ignored", "runs/set-tag", {"run_id": "{run}", "key": "x", "value": "1", "colour": "red"}),
    Step("a body in a GET is read", "GET", "runs/get", {"run_id": "{run}"}),
    Step("what a server is, is told", "GET", "server-info", api="/api/3.0/mlflow/"),
    post("the browser's path is served", "runs/search", IN, api="/ajax-api/2.0/mlflow/"),
    post(
        "a run whose start is beyond 64 bits is refused", "runs/create", {"experiment_id": "{exp}", "start_time": 2**63}
    ),
    post("a run whose start has a fraction is refused", "runs/create", {"experiment_id": "{exp}", "start_time": 1.5}),
    post(
        "a metric without end is logged",
        "runs/log-metric",
        {"run_id": "{run3}", "key": "inf", "value": "Infinity", "timestamp": T0},
    ),
    get("a metric without end is kept", "runs/get", ("run_id", "{run3}")),
    post("a third experiment is created", "experiments/create", {"name": "third"}, keep={"exp3": "experiment_id"}),
    post("a third experiment is deleted", "experiments/delete", {"experiment_id": "{exp3}"}),
    post("a deleted experiment's name is free again", "experiments/create", {"name": "third"}),
]


_MPU = "/api/2.0/mlflow-artifacts/"
TRANSFERS = [
    post("an upload in parts needs storage that can", "mpu/create/x", {"path": "a", "num_parts": 2}, api=_MPU),
    post("no upload can be completed", "mpu/complete/x", {"path": "a", "upload_id": "u", "parts": []}, api=_MPU),
    post("no upload can be given up", "mpu/abort/x", {"path": "a", "upload_id": "u"}, api=_MPU),
    get("a signed download needs storage that can", "presigned/x", api=_MPU),
    *(
        post(f"{what} {verb}", f"artifacts/presigned-{verb}-url", body)
        for verb in ("upload", "download")
        for what, body in [
            ("what lies behind the server has no signed", {"run_id": "{run}", "path": "x"}),
            ("an unknown run has no signed", {"run_id": "nope", "path": "x"}),
            ("nothing without a path has a signed", {"run_id": "{run}"}),
            ("nothing outside has a signed", {"run_id": "{run}", "path": "../x"}),
        ]
    ),
    post("nothing without a run has a signed upload", "artifacts/presigned-upload-url", {"path": "x"}),
    post(
        "no address is signed for no time",
        "artifacts/presigned-download-url",
        {"run_id": "{run}", "path": "x", "expiration": 0},
    ),
    post(
        "no address is signed for ever",
        "artifacts/presigned-download-url",
        {"run_id": "{run}", "path": "x", "expiration": 604_801},
    ),
]
