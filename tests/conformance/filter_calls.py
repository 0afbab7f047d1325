"""Every way of asking that MLflow's search language has, for every noun, of both servers with the same things in them.

Only what MLflow takes, or both refuse, is here; what our language has beyond that is tested in ``tests/search``.
"""

from __future__ import annotations

from typing import Any

from tests.conformance.calls import get, post
from tests.conformance.replay import Step

_T = 1_600_000_000_000
_RUNS: list[dict[str, Any]] = [
    {
        "name": "Alpha one",
        "metrics": {"acc": 0.5, "a/b c": 1, "neg": -1.5},
        "params": {"lr": "0.1", "net": "Big_net", "p 1": "x"},
        "tags": {"team": "red", "t.dot": "1", "note": "100% sure"},
    },
    {
        "name": "alpha two",
        "metrics": {"acc": 0.9, "neg": 0},
        "params": {"lr": "10", "net": "small"},
        "tags": {"team": "blue", "note": "it's"},
        "status": "FINISHED",
    },
    {
        "name": "Beta_3",
        "metrics": {"acc": "NaN", "neg": 2},
        "params": {"lr": "9", "net": "BIG_NET"},
        "tags": {"team": "Red", "note": 'say "hi"'},
        "status": "FAILED",
    },
    {"name": "gamma%4", "metrics": {"acc": 0.9, "other": 7}, "params": {"net": "x"}, "tags": {"team": ""}},
    {"name": "delta", "metrics": {"other": 1e10}, "params": {"lr": "1e-3"}, "tags": {"empty": "e"}, "status": "KILLED"},
    {"name": "epsilon", "metrics": {}, "params": {}, "tags": {}},
]


def _things() -> list[Step]:
    """What is searched."""
    steps = [
        post(
            "filters: an experiment is made",
            "experiments/create",
            {"name": "filtered"},
            keep={"fexp": "experiment_id"},
        )
    ]
    for number, run in enumerate(_RUNS):
        name = f"frun{number}"
        steps.append(
            post(
                f"filters: {name} is made",
                "runs/create",
                {
                    "experiment_id": "{fexp}",
                    "user_id": "ada" if number % 2 else "Bob",
                    "run_name": run["name"],
                    "start_time": _T + number * 1000,
                    "tags": [{"key": key, "value": value} for key, value in run["tags"].items()],
                },
                keep={name: "run.info.run_id"},
            )
        )
        steps.append(
            post(
                f"filters: {name} is logged to",
                "runs/log-batch",
                {
                    "run_id": f"{{{name}}}",
                    "metrics": [{"key": k, "value": v, "timestamp": 1, "step": 0} for k, v in run["metrics"].items()],
                    "params": [{"key": key, "value": value} for key, value in run["params"].items()],
                },
            )
        )
        if "status" in run:
            body = {"run_id": f"{{{name}}}", "status": run["status"], "end_time": _T + 50_000 - number * 1000}
            steps.append(post(f"filters: {name} ends", "runs/update", body))
    used = {"name": "iris", "digest": "d1", "source_type": "local", "source": "{}"}
    context = [{"key": "mlflow.data.context", "value": "train"}]
    body = {"run_id": "{frun1}", "datasets": [{"dataset": used, "tags": context}]}
    steps.append(post("filters: a dataset is used", "runs/log-inputs", body))
    body = {"run_id": "{frun2}", "datasets": [{"dataset": {**used, "name": "Iris", "digest": "d2"}, "tags": []}]}
    steps.append(post("filters: another dataset is used", "runs/log-inputs", body))
    return [*steps, *_experiments(), *_registry(), *_logged_models()]


def _experiments() -> list[Step]:
    return [
        post(
            f"filters: the experiment {name} is made",
            "experiments/create",
            {"name": name, "tags": [{"key": "fkind", "value": value}, {"key": f"only {name}", "value": "1"}]},
            keep={f"fexp_{number}": "experiment_id"},
        )
        for number, (name, value) in enumerate([("F-one", "a"), ("f-two", "A"), ("F_three", "b")])
    ]


def _registry() -> list[Step]:
    steps = []
    for name, value in (("F.model", "x"), ("f.model", "y"), ("F_other", "X")):
        tags = [{"key": "kind", "value": value}]
        steps.append(
            post(f"filters: the model {name} is made", "registered-models/create", {"name": name, "tags": tags})
        )
        for number in range(2):
            run = f"{{frun{number}}}"
            body = {"name": name, "source": f"runs:/{run}/m", "run_id": run, "tags": tags}
            steps.append(post(f"filters: version {number + 1} of {name} is made", "model-versions/create", body))
    return steps


def _logged_models() -> list[Step]:
    steps = []
    for number, (name, kind, lr) in enumerate([("Tree", "dt", "0.1"), ("tree", "DT", "5"), ("forest", "rf", "10")]):
        body = {
            "experiment_id": "{fexp}",
            "name": name,
            "model_type": kind,
            "source_run_id": f"{{frun{number}}}",
            "params": [{"key": "lr", "value": lr}],
            "tags": [{"key": "team", "value": name}],
        }
        steps.append(
            post(
                f"filters: the logged model {name} is made",
                "logged-models",
                body,
                keep={f"flm{number}": "model.info.model_id"},
            )
        )
        body = {"run_id": f"{{frun{number}}}", "key": "score", "value": number / 2, "timestamp": 5, "step": 0}
        more = {"model_id": f"{{flm{number}}}", "dataset_name": "iris", "dataset_digest": "d1"}
        steps.append(post(f"filters: {name} is measured", "runs/log-metric", {**body, **more}))
    done = {"status": "LOGGED_MODEL_READY"}
    steps.append(
        Step("filters: a logged model is ready", "PATCH", "logged-models/{flm0}", {"model_id": "{flm0}", **done})
    )
    return steps


_OF_RUNS = """
metrics.acc > 0.5
metrics.acc >= 0.5
metrics.acc = 0.9
metrics.acc != 0.9
metrics.acc < 0.9
metrics.acc <= .5
metric.acc > 0
metrics.neg = -1.5
metrics.neg > -2 and metrics.neg < 1
metrics.`a/b c` = 1
metrics."a/b c" >= 1.0
metrics.other > 1e3
metrics.nobody > 0
metrics.acc > 0.5 AND params.lr = '10'
metrics.acc > 0.5 and params.net = 'small' and tags.team = 'blue'
params.lr = '0.1'
params.lr = "0.1"
params.lr != '0.1'
param.lr = '10'
parameter.lr = '10'
parameters.lr = '10'
params.net LIKE 'Big%'
params.net LIKE 'big%'
params.net ILIKE 'big%'
params.net like '%net'
params.net LIKE 'Big_net'
params.net LIKE '%'
params.`p 1` = 'x'
params."p 1" = 'x'
params.lr IS NULL
params.lr IS NOT NULL
params.lr is not null AND tags.team is not null
tags.team = 'red'
tags.team != 'red'
tag.team ILIKE 'RED'
tags.team LIKE 'r%'
tags.team = ''
tags.note = "it's"
tags.note = 'say "hi"'
tags.note LIKE '100%'
tags.`t.dot` = '1'
tags.t.dot = '1'
tags.empty IS NOT NULL
tags.nobody IS NULL
tags.mlflow.runName = 'delta'
tags.`mlflow.runName` LIKE 'a%'
attributes.status = 'FINISHED'
attribute.status != 'FINISHED'
attr.status = 'RUNNING'
run.status = 'KILLED'
status = 'FAILED'
status LIKE 'F%'
status ILIKE 'fin%'
run_name = 'delta'
run_name LIKE '%a%'
run_name ILIKE 'ALPHA%'
run_name LIKE 'gamma%4'
run_name LIKE 'Beta_3'
attributes.`Run name` = 'delta'
attributes."run name" != 'delta'
user_id = 'ada'
user_id != 'ada'
user_id ILIKE 'BOB'
run_id = '{frun1}'
run_id != '{frun1}'
run_id IN ('{frun1}', '{frun3}')
attributes.run_id NOT IN ('{frun1}', '{frun3}')
run_id IN ('{frun1}')
run_id LIKE '%'
artifact_uri LIKE '%artifacts'
start_time > 1600000002000
start_time >= 1600000002000
start_time = 1600000003000
start_time != 1600000003000
attributes.start_time < 1600000002000 AND attributes.start_time > 1600000000000
end_time > 0
end_time <= 1600000048000
attributes.created < 1600000002000
dataset.name = 'iris'
datasets.name ILIKE 'IRIS'
dataset.name != 'iris'
dataset.digest = 'd1'
dataset.digest IN ('d1', 'd2')
dataset.context = 'train'
dataset.name LIKE 'Iri%' AND metrics.acc != 5
dataset.name NOT IN ('iris')
metrics.acc > 'x'
metrics.acc LIKE 'x'
metrics.acc
metrics.acc >
params.lr > '1'
params.lr =
tags.team = red
colour = 'red'
attributes.colour = 'red'
start_time > 'x'
start_time LIKE '1%'
status > 'x'
run_id IN ()
run_id IN (1)
status IN 'x'
dataset.colour = 'red'
metrics.acc > 1; DROP TABLE runs
metrics.acc >> 1
= 1
'a' = 'b'
"""
_ORDERS_OF_RUNS: list[list[str]] = [
    *(["metrics.acc", "start_time"], ["metrics.acc DESC", "start_time"], ["metrics.neg ASC", "start_time"]),
    *(["params.lr", "start_time"], ["params.net DESC", "start_time"], ["tags.team", "start_time"]),
    *(["tags.note DESC", "start_time"], ["start_time"], ["attributes.start_time DESC"], ["end_time", "start_time"]),
    *(["end_time DESC", "start_time"], ["run_name"], ["attributes.run_name desc"], ["status", "start_time DESC"]),
    *(
        ["user_id asc", "start_time"],
        ["metrics.`a/b c` DESC", "start_time"],
        ["metrics.nobody", "start_time"],
    ),
    *(["attribute.status DESC", "metric.acc DESC", "start_time"], ["created"]),
    *(
        ["colour"],
        ["metrics"],
        ["start_time SIDEWAYS"],
        ["metrics.acc ASC DESC"],
        ["; DROP TABLE runs"],
        ["dataset.name"],
    ),
]
_OF_EXPERIMENTS = """
name = 'F-one'
name != 'F-one' AND tags.fkind LIKE '%'
name LIKE 'F%' AND tags.fkind != 'q'
name ILIKE 'f%' AND tags.fkind ILIKE 'A'
attribute.name = 'f-two'
tags.fkind = 'a'
tag.fkind = 'A'
tags.fkind != 'a'
tags.fkind LIKE 'a%'
tags.fkind ILIKE 'a%'
tags.`only F-one` = '1'
tags."only F-one" IS NOT NULL
tags.fkind IS NOT NULL
tags.fkind IS NULL AND name = 'filtered'
experiment_id = '{fexp_0}'
experiment_id IN ('{fexp_0}', '{fexp_1}')
experiment_id NOT IN ('{fexp_0}') AND tags.fkind LIKE '%'
creation_time > 0 AND tags.fkind = 'b'
last_update_time < 5
creation_time >= 1 AND last_update_time != 5 AND name = 'F-one'
creation_time > '1'
experiment_id LIKE '%'
colour = 'red'
name = F-one
name > 'a'
experiment_id > 5
lifecycle_stage = 'active'
"""
_ORDERS_OF_EXPERIMENTS = [
    *(
        ["name"],
        ["name DESC"],
        ["experiment_id"],
        ["experiment_id DESC"],
        ["attribute.name ASC"],
    ),
    *(["colour"], ["tags.fkind"], ["name UP"]),
]
_OF_MODELS = """
name = 'F.model'
name != 'F.model' AND tags.kind LIKE '%'
name LIKE 'F%' AND tags.kind LIKE '%'
name ILIKE 'f.%'
attribute.name = 'f.model'
tags.kind = 'x'
tag.kind = 'X'
tags.kind != 'x'
tags.kind ILIKE 'X'
tags.kind LIKE 'y'
name LIKE 'F%' AND tags.kind = 'x'
name IN ('F.model', 'f.model')
name = 5
name > 'a'
run_id = 'x'
colour = 'red'
tags.kind > 'x'
version_number > 1
"""
_ORDERS_OF_MODELS = [["name"], ["name DESC"], ["colour"]]
_OF_VERSIONS = """
name = 'F.model'
name LIKE 'F%'
name ILIKE 'f.%'
name IN ('F.model', 'F_other')
name != 'F.model' AND name LIKE 'F%'
run_id = '{frun0}'
run_id IN ('{frun0}', '{frun1}')
run_id != '{frun0}' AND name LIKE 'F%'
run_id IN ('{frun1}') AND name = 'f.model'
source_path = 'runs:/{frun0}/m'
source_path LIKE 'runs:/%/m' AND name ILIKE 'f.%'
source_path != 'runs:/{frun0}/m' AND name = 'F.model'
version_number = 1 AND name LIKE 'F%'
version_number > 1 AND name LIKE 'F%'
version_number <= 1 AND name ILIKE 'f%'
version_number != 1 AND name = 'F.model'
tags.kind = 'x'
tag.kind = 'X'
tags.kind != 'x'
tags.kind ILIKE 'x' AND version_number = 2
attribute.name = 'F.model'
colour = 'red'
version_number > 'x'
version_number LIKE '1'
name > 'a'
"""
_ORDERS_OF_VERSIONS = [
    *(["name", "version_number"], ["name DESC", "version_number DESC"], ["version_number DESC", "name"]),
    ["colour"],
]
_OF_LOGGED_MODELS = """
name = 'Tree'
name != 'Tree'
name LIKE 'Tr%'
name ILIKE 'tr%'
name IN ('Tree', 'forest')
name NOT IN ('Tree')
attributes.name = 'tree'
model_type = 'dt'
model_type ILIKE 'dt'
model_type != 'dt'
status = 'READY'
status = '2'
status != '1'
source_run_id = '{frun1}'
source_run_id IN ('{frun1}', '{frun2}')
model_id = '{flm0}'
model_id != '{flm0}'
model_id IN ('{flm0}', '{flm2}')
creation_timestamp > 0
creation_time > 0 AND name = 'Tree'
last_updated_timestamp < 5
metrics.score > 0.4
metrics.score >= 1
metrics.score = 0.5
metrics.score != 0.5
metrics.score < 1 AND name ILIKE 'TREE'
metrics.nobody > 0
params.lr = '5'
params.lr != '5'
params.lr LIKE '1%'
params.lr IN ('5', '10')
tags.team = 'Tree'
tags.team ILIKE 'tree'
tags.team NOT IN ('Tree')
name > 'a'
metrics.score > 'x'
colour = 'red'
bogus.x = 'y'
metrics.score LIKE 'x'
creation_timestamp = 'x'
"""
_ORDERS_OF_LOGGED_MODELS: list[list[dict[str, Any]]] = [
    [{"field_name": "name"}],
    [{"field_name": "name", "ascending": False}],
    [{"field_name": "metrics.score", "ascending": False}],
    [{"field_name": "metrics.score", "ascending": True, "dataset_name": "iris"}],
    [{"field_name": "metrics.score", "dataset_name": "iris", "dataset_digest": "d1", "ascending": False}],
    [{"field_name": "model_type"}, {"field_name": "name"}],
    [{"field_name": "colour"}],
    [{"field_name": "metrics.score", "dataset_digest": "d1"}],
]


def _asked(noun: str, path: str, filters: str, order: list[Any], orders: list[Any], **more: Any) -> list[Step]:
    """A search for each filter, one to a line, in one ``order``; and one for each of ``orders``.

    Times are no order: what one server makes in one millisecond, the other may make in two.
    """
    texts = [text for text in filters.splitlines() if text.strip()]
    steps = [post(f"{noun} where {text}", path, {"order_by": order, "filter": text, **more}) for text in texts]
    return steps + [post(f"{noun} by {each}", path, {**more, "order_by": each}) for each in orders]


def _got(noun: str, path: str, filters: str, order: list[str], orders: list[list[str]]) -> list[Step]:
    """The same with a GET, of what has a tag of this kind."""
    asked = [(f"{noun} where {text}", text, order) for text in filters.splitlines() if text.strip()]
    asked += [(f"{noun} by {each}", "tags.kind LIKE '%'", each) for each in orders]
    return [
        get(name, path, ("filter", text), *(("order_by", field) for field in fields)) for name, text, fields in asked
    ]


FILTERS = [
    *_things(),
    *_asked("runs", "runs/search", _OF_RUNS, [], _ORDERS_OF_RUNS, experiment_ids=["{fexp}"]),
    *_asked("experiments", "experiments/search", _OF_EXPERIMENTS, ["name"], [], max_results=50),
    *(
        post(
            f"experiments by {order}",
            "experiments/search",
            {"max_results": 50, "filter": "tags.fkind LIKE '%'", "order_by": order},
        )
        for order in _ORDERS_OF_EXPERIMENTS
    ),
    *_got("models", "registered-models/search", _OF_MODELS, ["name"], _ORDERS_OF_MODELS),
    *_got("versions", "model-versions/search", _OF_VERSIONS, ["name", "version_number"], _ORDERS_OF_VERSIONS),
    *_asked(
        "logged models",
        "logged-models/search",
        _OF_LOGGED_MODELS,
        [{"field_name": "name"}],
        _ORDERS_OF_LOGGED_MODELS,
        experiment_ids=["{fexp}"],
    ),
]
