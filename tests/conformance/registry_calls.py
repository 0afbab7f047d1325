"""More REST calls about registered models, asked of both servers: where versions may come from, and odd names."""

from __future__ import annotations

from tests.conformance.calls import get, post
from tests.conformance.replay import Step

_PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}
_SOURCES = [
    "s3://bucket/model",
    "s3://bucket",
    "s3://bucket/../model",
    "s3://bucket/a/./b",
    "dbfs:/model",
    "gs://bucket/a/../b",
    "http://host/model",
    "https://host/model",
    "ftp://host/model",
    "hdfs://host/model",
    "file:///etc",
    "./model",
    "dummy-source",
    "mlflow-artifacts:/somewhere/model",
    "mlflow-artifacts://host/model",
    "runs:/{run}/model",
    "runs:/nobody/model",
    "models:/{model}",
    "models:/m-00000000000000000000000000000000",
    "models:/wood/1",
    "models:/wood/99",
    "models:/wood@nobody",
    "models:/nobody/1",
]


def _delete(name: str, path: str, body: object) -> Step:
    return Step(name, "DELETE", path, body)


MORE_REGISTRY = [
    post("a model for more versions is created", "registered-models/create", {"name": "wood"}),
    post("a version from a bucket is created", "model-versions/create", {"name": "wood", "source": "s3://bucket/m"}),
    *(post(f"a version from {each}", "model-versions/create", {"name": "wood", "source": each}) for each in _SOURCES),
    *(
        post(
            f"a version of a run from {each}",
            "model-versions/create",
            {"name": "wood", "source": each, "run_id": "{run}"},
        )
        for each in ("runs:/{run}/model", "runs:/{run2}/model", "/etc", "models:/{model}", "models:/wood/1", "s3://b/m")
    ),
    *(
        post(
            f"a version of a model from {each}",
            "model-versions/create",
            {"name": "wood", "source": each, "model_id": "{model}"},
        )
        for each in ("runs:/{run}/model", "models:/{model}", "models:/wood/1", "/etc")
    ),
    post("a model for prompts is created", "registered-models/create", {"name": "prompt", "tags": [_PROMPT]}),
    *(
        post(f"a prompt from {each}", "model-versions/create", {"name": "prompt", "source": each, "tags": [_PROMPT]})
        for each in ("dummy-source", "prompt-template", "s3://bucket/m", "/etc", "")
    ),
    get("a prompt is not searched", "registered-models/search", ("filter", "name = 'prompt'")),
    post("a model called as a prompt is refused", "registered-models/create", {"name": "prompt"}),
    *(post(f"a model called {each!r} is refused", "registered-models/create", {"name": each}) for each in (".", "..")),
    *(
        post(
            f"a tag called {each!r} is set on a {what}",
            f"{path}/set-tag",
            {"name": "wood", "version": "1", "key": each, "value": "1"},
        )
        for each in ("a b", "ü/x", "a//b", "/a", "../a", "a%b", "")
        for what, path in (("model", "registered-models"), ("version", "model-versions"))
    ),
    *(
        get(f"the version {each} is read", "model-versions/get", ("name", "wood"), ("version", each))
        for each in ("0", "-1", "01", " 1", "1.0")
    ),
    *(
        post(f"the alias {each!r} is set", "registered-models/alias", {"name": "wood", "alias": each, "version": "1"})
        for each in ("", "a b", "a.b", "ü", "LATEST", "V7", "v", "v1x", "1", "-", "a" * 255, "a" * 256)
    ),
    get("the newest version is an alias", "registered-models/alias", ("name", "wood"), ("alias", "Latest")),
    _delete("an alias that is not there is removed", "registered-models/alias", {"name": "wood", "alias": "nobody"}),
    _delete("an alias of nobody is removed", "registered-models/alias", {"name": "nobody", "alias": "x"}),
    _delete("a tag that is not there is removed", "registered-models/delete-tag", {"name": "wood", "key": "nobody"}),
    post("a model without versions is created", "registered-models/create", {"name": "bare"}),
    get("the newest of no versions is not found", "registered-models/alias", ("name", "bare"), ("alias", "latest")),
    post("a model is renamed to a name in use", "registered-models/rename", {"name": "wood", "new_name": "bare"}),
    post("a model is renamed to its own name", "registered-models/rename", {"name": "wood", "new_name": "wood"}),
    post("a model is renamed to no name", "registered-models/rename", {"name": "wood", "new_name": ""}),
    post("nobody is renamed", "registered-models/rename", {"name": "nobody", "new_name": "somebody"}),
    _delete("a model without versions is deleted", "registered-models/delete", {"name": "bare"}),
    post("a name that was freed is used at once", "registered-models/rename", {"name": "wood", "new_name": "bare"}),
    post("the other name is used at once", "registered-models/create", {"name": "wood"}),
    *(
        post(
            f"a version moves to {stage!r}",
            "model-versions/transition-stage",
            {"name": "bare", "version": version, "stage": stage, "archive_existing_versions": archive},
        )
        for version, stage, archive in (
            ("1", "staging", True),
            ("1", "PRODUCTION", False),
            ("1", "Museum", False),
            ("99", "Staging", True),
            ("1", "", False),
        )
    ),
    *(
        post(
            f"the newest versions in {stages} are read",
            "registered-models/get-latest-versions",
            {"name": "bare", "stages": stages},
        )
        for stages in (["production"], ["Archived"], ["Museum"], [""])
    ),
    post("the newest versions of nobody are not found", "registered-models/get-latest-versions", {"name": "nobody"}),
]
