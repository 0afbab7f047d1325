"""REST calls about evaluation datasets, asked of both servers."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.replay import Step

_API = "/api/3.0/mlflow/datasets"
_NOBODY = "d-" + "0" * 32


def ask(name: str, verb: str, path: str, body: object = None, **more: Any) -> Step:
    """A call about datasets."""
    return Step(name, verb, f"/{path}" if path else "", body, api=_API, **more)


def records(name: str, *given: object, dataset: str = "{ds}") -> Step:
    """A call that brings records."""
    return ask(name, "POST", f"{dataset}/records", {"records": json.dumps(given)})


def found(name: str, **body: object) -> Step:
    """A search."""
    return ask(name, "POST", "search", {"experiment_ids": ["{exp}"], "order_by": ["name", "created_time"], **body})


DATASETS = [
    ask(
        "a dataset is created",
        "POST",
        "create",
        {"name": "golden", "experiment_ids": ["{exp}"], "tags": '{"team": "red", "n": 5, "mlflow.user": "ann"}'},
        keep={"ds": "dataset.dataset_id"},
    ),
    ask("a dataset of no experiment is made", "POST", "create", {"name": "lone"}, keep={"ds2": "dataset.dataset_id"}),
    ask("a dataset with the same name is created", "POST", "create", {"name": "golden", "experiment_ids": ["{exp}"]}),
    ask("a dataset without a name is refused", "POST", "create", {}),
    ask("a dataset with an empty name is refused", "POST", "create", {"name": ""}),
    ask("a dataset whose name is a number is refused", "POST", "create", {"name": 7}),
    ask("a dataset whose tags are an object is refused", "POST", "create", {"name": "t", "tags": {"a": 1}}),
    ask("a dataset whose tags are no JSON is refused", "POST", "create", {"name": "t", "tags": "{"}),
    ask("a dataset of an unknown experiment is refused", "POST", "create", {"name": "t", "experiment_ids": ["987654"]}),
    ask("a dataset is read", "GET", "{ds}"),
    ask("an unknown dataset is not found", "GET", _NOBODY),
    ask("the experiments of a dataset are told", "GET", "{ds}/experiment-ids"),
    ask("a dataset of no experiment has none", "GET", "{ds2}/experiment-ids"),
    ask("the experiments of an unknown dataset are not found", "GET", f"{_NOBODY}/experiment-ids"),
    ask("a dataset has no records yet", "GET", "{ds}/records"),
    ask("the records of an unknown dataset are not found", "GET", f"{_NOBODY}/records"),
    records(
        "a record is added",
        {
            "inputs": {"q": "ä", "n": 1, "f": 0.5, "b": True, "l": [], "d": {}, "x": None},
            "expectations": {"a": 1},
            "outputs": {"o": "text"},
            "tags": {"t": "1", "mlflow.user": "ann"},
            "source": {"source_type": "TRACE", "source_data": {"trace_id": "tr-1"}},
        },
    ),
    records("a record with other inputs is added", {"inputs": {"q": "b"}}),
    records(
        "a record with the same inputs is merged",
        {"inputs": {"q": "b"}, "expectations": {"e": [1]}, "tags": {"u": 2}, "outputs": [1, 2]},
    ),
    records("a merged record keeps what it had", {"inputs": {"q": "b"}, "expectations": {"f": 2}}),
    records("one call may bring the same inputs twice", {"inputs": {"q": "c"}}, {"inputs": {"q": "c"}, "outputs": "x"}),
    records("a whole number and a fraction are other inputs", {"inputs": {"q": 1.0}}),
    records("and so is the number without one", {"inputs": {"q": 1}}),
    records("a record may lack inputs", {}),
    records("no records are no change"),
    records("outputs of null are no outputs", {"inputs": {"q": "n"}, "outputs": None}),
    records(
        "two users bring records at once",
        {"inputs": {"q": "b"}, "tags": {"mlflow.user": "eve"}},
        {"inputs": {"q": "c"}, "tags": {"mlflow.user": "bob"}},
    ),
    ask("the dataset says who changed it", "GET", "{ds}"),
    records("a source may be in small letters", {"inputs": {"q": "s"}, "source": {"source_type": "human"}}),
    ask("records are told", "GET", "{ds}/records"),
    ask("a dataset with records tells their number and schema", "GET", "{ds}"),
    ask(
        "records come in pages",
        "GET",
        "{ds}/records",
        query=[("max_results", "2")],
        keep={"rec_page": "next_page_token"},
    ),
    ask(
        "the next page of records follows",
        "GET",
        "{ds}/records",
        query=[("max_results", "2"), ("page_token", "{rec_page}")],
    ),
    ask("records without records are refused", "POST", "{ds}/records", {}),
    ask("records that are no JSON are refused", "POST", "{ds}/records", {"records": "nonsense"}),
    records("inputs that are text are refused", {"inputs": "text"}),
    records("expectations that are text are refused", {"inputs": {"z": 1}, "expectations": "text"}),
    records("a record that is a number is refused", 1),
    records("a source nobody knows is refused", {"inputs": {"z": 1}, "source": {"source_type": "WEIRD"}}),
    records("records of an unknown dataset are refused", {"inputs": {"z": 1}}, dataset=_NOBODY),
    ask("no records are removed", "DELETE", "{ds}/records", {}),
    ask("records nobody has are not removed", "DELETE", "{ds}/records", {"dataset_record_ids": ["nope"]}),
    ask("tags of a dataset are set", "PATCH", "{ds}/tags", {"tags": '{"team": "blue", "n": null, "x": 1}'}),
    ask("a dataset has the tags that were set", "GET", "{ds}"),
    ask("tags of a dataset without tags are refused", "PATCH", "{ds}/tags", {}),
    ask("tags of a dataset that are a list are refused", "PATCH", "{ds}/tags", {"tags": "[1]"}),
    ask("tags of an unknown dataset are refused", "PATCH", f"{_NOBODY}/tags", {"tags": '{"a": "1"}'}),
    ask("a tag of a dataset is removed", "DELETE", "{ds}/tags/x"),
    ask("a tag that a dataset has not is no error", "DELETE", "{ds}/tags/nope"),
    ask("a tag of an unknown dataset is not found", "DELETE", f"{_NOBODY}/tags/x"),
    ask("a dataset joins an experiment", "POST", "{ds}/add-experiments", {"experiment_ids": ["0", "{exp}"]}),
    ask("a dataset joins no unknown experiment", "POST", "{ds}/add-experiments", {"experiment_ids": ["987654"]}),
    ask("a dataset joins nothing", "POST", "{ds}/add-experiments", {}),
    ask("an unknown dataset joins nothing", "POST", f"{_NOBODY}/add-experiments", {"experiment_ids": ["0"]}),
    ask("the experiments are told in order", "GET", "{ds}/experiment-ids"),
    ask("a dataset leaves an experiment", "POST", "{ds}/remove-experiments", {"experiment_ids": ["0", "987654"]}),
    ask("a dataset leaves it once more", "POST", "{ds}/remove-experiments", {"experiment_ids": ["0"]}),
    ask("an unknown dataset leaves nothing", "POST", f"{_NOBODY}/remove-experiments", {"experiment_ids": ["0"]}),
    found("datasets are searched"),
    ask("datasets are searched by a GET", "GET", "search", query=[("experiment_ids", "{exp}"), ("max_results", "5")]),
    found("datasets come in pages", max_results=1),
    found("datasets of an unknown experiment are none", experiment_ids=["876543"]),
    *(
        found(f"datasets are searched: {text}", filter_string=text)
        for text in (
            *("name = 'golden'", "name != 'golden'", "name LIKE 'gol%'", "name ILIKE 'GOL%'"),
            *("name IN ('golden', 'x')", "name > 'a'", "name RLIKE '^gol'", "created_by = 'ann'", "created_by > 'a'"),
            *("last_updated_by LIKE 'a%'", "tags.team ILIKE 'B%'", "name = 'golden' AND tags.team = 'x'"),
            *("tags.team = 'blue'", "tags.team != 'red'"),
            *("created_time > 0", "last_update_time <= 5", "bogus = 'x'", "name = golden", "created_time = '1'"),
            *("name IN ()", "digest = 'x'", "name = 'a' AND"),
        )
    ),
    *(
        found(f"datasets are ordered: {', '.join(order)}", order_by=order)
        for order in (
            *(
                ["name ASC", "created_time"],
                ["name DESC", "created_time"],
                ["created_time ASC"],
                ["last_update_time DESC"],
            ),
            *(["tags.team"], ["bogus"], ["name SIDEWAYS"]),
        )
    ),
    *(found(f"{n} datasets are refused", max_results=n) for n in (0, -1, 50_001)),
    found("a bad page token of datasets is refused", page_token="abc"),
    ask("a dataset is deleted", "DELETE", "{ds2}"),
    ask("a dataset that is gone is deleted again", "DELETE", "{ds2}"),
    ask("a deleted dataset is not found", "GET", "{ds2}"),
]
