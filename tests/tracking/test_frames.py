"""What searches find, as tables of the library a user works with."""

from __future__ import annotations

import math
from typing import Any

import polars
import pyarrow
import pytest

import headrace
from headrace.base.errors import BadRequest

pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def run_ids() -> list[str]:
    made = []
    for number in range(2):
        with headrace.start_run() as run:
            headrace.log_metric(f"m{number}", number)
            headrace.log_param("p", number)
        made.append(run.info.run_id)
    return made


def _search(output_format: str, **said: Any) -> Any:
    return headrace.search_runs(order_by=["params.p ASC"], output_format=output_format, **said)  # type: ignore[arg-type]


def test_runs_are_a_table_in_every_format(run_ids: list[str]) -> None:
    frames = {"pandas": _search("pandas"), "polars": _search("polars"), "arrow": _search("arrow")}
    frames["arrow"] = frames["arrow"].to_pandas(), frames["arrow"]
    assert isinstance(frames["polars"], polars.DataFrame)
    assert isinstance(frames["arrow"][1], pyarrow.Table)
    columns = list(frames["pandas"].columns)
    assert columns[:6] == ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]
    assert frames["polars"].columns == frames["arrow"][1].column_names == columns
    for frame in (frames["pandas"], frames["polars"], frames["arrow"][0]):
        assert list(frame["run_id"]) == run_ids
        assert list(frame["params.p"]) == ["0", "1"]
        assert frame["metrics.m0"][0] == 0.0


def test_what_a_run_does_not_have_is_null_and_nan_in_pandas(run_ids: list[str]) -> None:
    assert math.isnan(_search("pandas")["metrics.m0"][1])
    assert _search("polars")["metrics.m0"].to_list() == [0.0, None]
    assert _search("arrow")["metrics.m0"].to_pylist() == [0.0, None]


def test_moments_are_moments_even_where_there_are_none() -> None:
    empty = {name: _search(name, filter_string="metrics.none > 1") for name in ("pandas", "polars", "arrow")}
    assert str(empty["pandas"]["end_time"].dtype).endswith("UTC]")
    assert empty["polars"].schema["end_time"] == polars.Datetime("ms", "UTC")
    assert empty["arrow"].schema.field("end_time").type == pyarrow.timestamp("ms", "UTC")


def test_logged_models_are_a_table_in_every_format() -> None:
    headrace.create_external_model("n", params={"a": "1"}, tags={"b": "c"})
    frame = headrace.search_logged_models(output_format="pandas")
    assert frame["params"][0] == {"a": "1"}
    for name in ("polars", "arrow"):
        table = headrace.search_logged_models(output_format=name)  # type: ignore[arg-type]
        rows = table.to_dicts() if name == "polars" else table.to_pylist()
        assert [rows[0]["name"], rows[0]["params"]] == ["n", [{"key": "a", "value": "1"}]]


def test_a_format_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="'arrow'"):
        _search("csv")
    with pytest.raises(BadRequest, match="'polars'"):
        headrace.search_logged_models(output_format="csv")  # type: ignore[arg-type]
