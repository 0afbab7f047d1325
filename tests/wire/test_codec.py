"""What the wire takes, what it refuses, and how it says so."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.base.errors import BadRequest
from headrace.schema import CALLS, Call
from headrace.schema.artifacts import ListArtifacts
from headrace.schema.experiments import CreateExperiment, SearchExperiments
from headrace.schema.logged_models import DeleteLoggedModelTag, FinalizeLoggedModel
from headrace.schema.registry import GetLatestVersions, SearchRegisteredModels, TransitionModelVersionStage
from headrace.schema.runs import (
    GetMetricHistory,
    GetRun,
    LogBatch,
    LogMetric,
    Metric,
    Run,
    RunData,
    RunInfo,
    RunsFound,
    SearchRuns,
    SetTag,
    UpdateRun,
)
from headrace.wire import codec


def metric(**fields: Any) -> bytes:
    return json.dumps({"run_id": "r", "key": "loss", "value": 1, "timestamp": 5, **fields}).encode()


def test_a_call_is_read_back_as_it_was_written() -> None:
    call = LogMetric(run_id="r", key="loss", value=0.25, timestamp=7, step=3)
    assert codec.decode(codec.encode(call), LogMetric) == call


def test_numbers_may_come_as_strings() -> None:
    call = codec.decode(metric(value="0.5", timestamp="12", step="-3"), LogMetric)
    assert (call.value, call.timestamp, call.step) == (0.5, 12, -3)


@pytest.mark.parametrize(("said", "meant"), [("Infinity", math.inf), ("-Infinity", -math.inf)])
def test_infinities_come_quoted_and_bare(said: str, meant: float) -> None:
    assert codec.decode(metric(value=said), LogMetric).value == meant
    assert codec.decode(metric(value=meant), LogMetric).value == meant


def test_nan_comes_quoted_and_bare() -> None:
    assert math.isnan(codec.decode(metric(value="NaN"), LogMetric).value)
    assert math.isnan(codec.decode(metric(value=math.nan), LogMetric).value)


def test_non_finite_floats_leave_as_strings() -> None:
    points = [Metric(key="null", value=value, timestamp=1) for value in (math.nan, math.inf, -math.inf, 1.5)]
    said = json.loads(codec.encode(LogBatch(run_id="r", metrics=points)))
    assert [each["value"] for each in said["metrics"]] == ["NaN", "Infinity", "-Infinity", 1.5]
    assert codec.decode(json.dumps(said).encode(), LogBatch).metrics[1:] == points[1:]


def test_non_finite_floats_leave_as_strings_however_deep_they_are() -> None:
    point = Metric(key="m", value=math.nan, timestamp=1)
    info = RunInfo(run_uuid="r", run_id="r", experiment_id="0", run_name="null")
    runs = RunsFound(runs=[Run(info=info), Run(info=info, data=RunData(metric_list=[point]))])
    said = json.loads(codec.encode(runs))
    assert said["runs"][1]["data"]["metrics"][0]["value"] == "NaN"
    assert said["runs"][0]["info"]["run_name"] == "null"
    assert b"null" not in codec.encode(runs).replace(b'"null"', b"")


def test_null_for_what_may_be_absent_counts_as_absent() -> None:
    call = codec.decode(metric(step=None, model_id=None, dataset_name=None), LogMetric)
    assert call.step == 0
    batch = codec.decode(b'{"run_id":"r","metrics":null,"tags":[{"key":"k","value":null}],"params":[]}', LogBatch)
    assert batch.metrics == []
    assert batch.tags[0].value == ""


def test_null_for_what_is_required_is_refused_by_name() -> None:
    with pytest.raises(BadRequest, match=r"'timestamp'.*null"):
        codec.decode(metric(timestamp=None), LogMetric)


def test_unknown_names_are_ignored() -> None:
    assert codec.decode(b'{"run_id":"r","colour":{"deep":[1,null]}}', GetRun) == GetRun(run_id="r")


def test_camel_case_names_are_the_same_names() -> None:
    call = codec.decode(b'{"experimentIds":["1"],"runViewType":"ALL","maxResults":"5"}', SearchRuns)
    assert call == SearchRuns(experiment_ids=["1"], run_view_type="ALL", max_results=5)
    assert codec.decode(metric(modelId="m-1"), LogMetric).model_id == "m-1"


def test_run_uuid_stands_for_run_id() -> None:
    assert codec.decode(b'{"run_uuid":"r"}', GetRun).run_id == "r"
    assert codec.decode(b'{"run_uuid":"old","run_id":"r"}', GetRun).run_id == "r"
    assert codec.from_query([("run_uuid", "r")], GetRun).run_id == "r"


def test_a_json_string_of_json_is_read_again() -> None:
    assert codec.decode(json.dumps('{"run_id":"r"}').encode(), GetRun).run_id == "r"


def test_an_empty_body_is_an_empty_object() -> None:
    assert codec.decode(b"", SearchRuns) == SearchRuns()
    with pytest.raises(BadRequest, match="required parameter 'run_id'"):
        codec.decode(b"", GetRun)


def test_path_fields_overrule_the_body() -> None:
    call = codec.decode(b'{"model_id":"other","status":"LOGGED_MODEL_READY"}', FinalizeLoggedModel, model_id="m-1")
    assert call.model_id == "m-1"
    assert codec.from_query([], DeleteLoggedModelTag, model_id="m-1", tag_key="a/b").tag_key == "a/b"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"[]", "array"),
        (b"null", "null"),
        (b"1", "number"),
        (b"true", "boolean"),
        (b'"x"', "not valid JSON"),
        (b'"\\"x\\""', "string"),
        (b'{"run_id":"r"', "not valid JSON"),
        (b'{"run_id":"r"} x', "not valid JSON"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ('{"run_id":"r"}'.encode("utf-16"), "UTF-8"),
        (b'{"run_id":"\xff"}', "UTF-8"),
        (b'{"run_id":"r","x":"\xed\xa0\x80"}', "UTF-8"),
        (b'{"run_id":"a\\u0000"}', "NUL"),
        (b'{"run_id":"r","x":["\\u0000"]}', "NUL"),
        (b'{"run_id":"\\ud800"}', "surrogates"),
        (b'{"run_id":"r","\\ud800":1}', "surrogates"),
        (b'{"run_id":' + b"[" * 200_000, "levels deep"),
        (b'{"run_id":"r","x":' + b'{"a":' * 100_000, "levels deep"),
        (b'{"x":' + b"[" * 70 + b"]" * 70 + b"}", "levels deep"),
        (b'{"run_id":7}', "'run_id'"),
        (b'{"run_id":null}', "'run_id'"),
        (b'{"run_id":""}', "'run_id'"),
        (b"{}", "'run_id'"),
        (b"[" * 200_000, "levels deep"),
    ],
)
def test_what_is_no_request_is_refused_in_words(body: bytes, word: str) -> None:
    with pytest.raises(BadRequest, match=word):
        codec.decode(body, GetRun)


@pytest.mark.parametrize(
    "fields",
    [
        '"step":9223372036854775808',
        '"step":18446744073709551616',
        '"step":-9223372036854775809',
        '"step":1.5',
        '"step":"x"',
        '"step":true',
        '"step":"1.5"',
        '"timestamp":-1',
        '"timestamp":18446744073709551616',
        '"timestamp":[]',
        '"value":1e999',
        '"value":-1e999',
        '"value":"1e999"',
        '"value":true',
        '"value":{}',
        '"value":"many"',
        f'"value":{"9" * 5000}',
        f'"step":{"9" * 5000}',
        '"key":"a//b"',
        '"key":"../a"',
        '"key":""',
        f'"key":"{"k" * 251}"',
    ],
)
def test_a_metric_out_of_bounds_is_refused_by_name(fields: str) -> None:
    body = '{"run_id":"r","key":"k","value":1,"timestamp":1,' + fields + "}"
    name = fields.partition(":")[0].strip('"')
    with pytest.raises(BadRequest, match=f"'{name}'|The number"):
        codec.decode(body.encode(), LogMetric)


def test_a_pattern_is_explained_in_words() -> None:
    with pytest.raises(BadRequest, match=r"'metrics\[1\].key': it must be of letters, digits"):
        codec.decode(
            b'{"run_id":"r","metrics":[{"key":"a","value":1,"timestamp":1},{"key":"a//b","value":1,"timestamp":1}]}',
            LogBatch,
        )
    with pytest.raises(BadRequest, match="'name': it must not be blank and have no control characters"):
        codec.decode(b'{"name":"   "}', CreateExperiment)


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        (GetRun, {"run_id": 7}, "'run_id': it must be a string, not a whole number"),
        (GetRun, {"run_id": ""}, "'run_id': it must not be empty"),
        (GetRun, {"run_id": "r" * 65}, "'run_id': it must have at most 64 characters"),
        (SearchRuns, {"order_by": ["a"] * 33}, "'order_by': it must have at most 32 items"),
        (SearchRuns, {"max_results": 0}, "'max_results': it must be at least 1"),
        (
            UpdateRun,
            {"run_id": "r", "end_time": "x"},
            "'end_time': it must be a whole number, not a string",
        ),
        (
            UpdateRun,
            {"run_id": "r", "end_time": 2**63},
            f"'end_time': it must be at most {2**63 - 1}",
        ),
        (
            UpdateRun,
            {"run_id": "r", "status": "DONE"},
            "'status': 'DONE' is not one of FAILED, FINISHED, KILLED, RUNNING, SCHEDULED",
        ),
        (LogBatch, {"run_id": "r", "tags": {}}, "'tags': it must be a list, not an object"),
        (
            LogBatch,
            {"run_id": "r", "tags": [5]},
            "'tags[0]': it must be an object, not a whole number",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words(kind: type[Call[Any]], body: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        codec.decode(json.dumps(body).encode(), kind)
    assert caught.value.message == f"Invalid value for {said}"


def test_a_field_missing_deep_inside_is_named_by_its_place() -> None:
    with pytest.raises(BadRequest, match=r"'metrics\[0\].timestamp'"):
        codec.decode(b'{"run_id":"r","metrics":[{"key":"a","value":1}]}', LogBatch)


def test_a_batch_of_too_many_is_refused() -> None:
    points = [Metric(key="k", value=1.0, timestamp=1)] * 1000
    body = msgspec.json.encode({"run_id": "r", "metrics": points, "tags": [{"key": "k"}]})
    with pytest.raises(BadRequest, match="1000"):
        codec.decode(body, LogBatch)


def test_a_written_backslash_u_is_plain_text() -> None:
    assert codec.decode(b'{"run_id":"r","key":"k","value":"\\\\u0000"}', SetTag).value == "\\u0000"


def test_an_emoji_may_come_as_a_pair_of_escapes() -> None:
    assert codec.decode(b'{"run_id":"r","key":"k","value":"\\ud83d\\ude00"}', SetTag).value == "\U0001f600"


def test_a_query_spells_lists_numbers_and_booleans() -> None:
    pairs = [("name", "m"), ("stages", "None"), ("stages", "Production")]
    assert codec.from_query(pairs, GetLatestVersions).stages == ["None", "Production"]
    assert codec.from_query([("name", "m"), ("stages", "None")], GetLatestVersions).stages == ["None"]
    pairs = [("run_id", "r"), ("metric_key", "loss"), ("max_results", "5")]
    assert codec.from_query(pairs, GetMetricHistory).max_results == 5
    pairs = [("name", "m"), ("version", "1"), ("stage", "Staging"), ("archive_existing_versions", "true")]
    assert codec.from_query(pairs, TransitionModelVersionStage).archive_existing_versions is True


def test_a_query_that_contradicts_itself_is_refused() -> None:
    assert codec.from_query([("run_id", "r"), ("run_id", "r")], GetRun).run_id == "r"
    with pytest.raises(BadRequest, match="'run_id' is given more than once"):
        codec.from_query([("run_id", "r"), ("run_id", "s")], GetRun)


def test_a_query_with_nul_is_refused() -> None:
    with pytest.raises(BadRequest, match="NUL"):
        codec.from_query([("run_id", "a\0b")], GetRun)


def test_a_query_is_read_back_as_it_was_written() -> None:
    calls = [
        SearchExperiments(max_results=7, order_by=["name", "creation_time DESC"], filter="name = 'ä&b'"),
        ListArtifacts(run_id="r", path="a b/c"),
        TransitionModelVersionStage(name="m", version="1", stage="None", archive_existing_versions=True),
    ]
    for call in calls:
        assert codec.from_query(codec.to_query(call), type(call)) == call
    assert codec.to_query(DeleteLoggedModelTag(model_id="m-1", tag_key="k")) == []


def test_defaults_that_say_something_are_spelled_out_in_requests() -> None:
    said = json.loads(codec.encode_call(SearchRuns(experiment_ids=["1"])))
    assert said == {"experiment_ids": ["1"], "run_view_type": "ACTIVE_ONLY", "max_results": 1000}
    assert ("max_results", "100") in codec.to_query(SearchRegisteredModels())


def test_text_no_json_can_carry_is_refused_on_the_way_out() -> None:
    with pytest.raises(BadRequest, match="surrogates"):
        codec.encode(GetRun(run_id="\ud800"))
    with pytest.raises(BadRequest, match="NUL"):
        codec.validated(GetRun(run_id="\0"))
    with pytest.raises(BadRequest, match="'end_time'"):
        codec.validated(UpdateRun(run_id="r", end_time=2**63))
    with pytest.raises(BadRequest, match="'end_time'"):
        codec.validated(UpdateRun(run_id="r", end_time=2**70))
    with pytest.raises(BadRequest, match="object"):
        codec.encode(UpdateRun(run_id="r", run_name=object()))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(kind=st.sampled_from(sorted(CALLS)), data=st.data())
def test_any_json_is_either_a_call_or_a_bad_request(kind: str, data: st.DataObject) -> None:
    names = st.sampled_from([*CALLS[kind].__struct_fields__, "run_uuid"]) | st.text(max_size=8)
    body = data.draw(st.dictionaries(names, _json, max_size=6) | _json)
    try:
        call = codec.decode(json.dumps(body).encode(), CALLS[kind])
    except BadRequest:
        return
    again = codec.decode(codec.encode(call), CALLS[kind])
    assert codec.encode(again) == codec.encode(call)


@pytest.mark.parametrize("step", ["9007199254740993.0", "1e17", "9.3e15", '"9007199254740993.0"', "0.5", '"x"', "true"])
def test_a_whole_number_is_never_rounded(step: str) -> None:
    body = f'{{"run_id": "r", "key": "k", "value": 1, "timestamp": 1, "step": {step}}}'
    with pytest.raises(BadRequest, match="step"):
        codec.decode(body.encode(), LogMetric)
    batch = f'{{"run_id": "r", "metrics": [{{"key": "k", "value": 1, "timestamp": 1, "step": {step}}}]}}'
    with pytest.raises(BadRequest, match="step"):
        codec.decode(batch.encode(), LogBatch)


@pytest.mark.parametrize(("step", "meant"), [("7.0", 7), ('"7"', 7), ("9223372036854775807", 2**63 - 1), ("-0.0", 0)])
def test_a_whole_number_may_be_written_in_other_ways(step: str, meant: int) -> None:
    body = f'{{"run_id": "r", "key": "k", "value": 1, "timestamp": 1, "step": {step}}}'
    assert codec.decode(body.encode(), LogMetric).step == meant
