"""Results of statsmodels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace.base.errors import BadRequest, Untrusted
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import say

sm = pytest.importorskip("statsmodels.api", reason="statsmodels is not installed: pip install headrace[statsmodels]")
from headrace.flavors import pyfunc, statsmodels  # noqa: E402 - only where the library is

X = pd.DataFrame({"a": np.arange(20.0) % 7, "b": np.arange(20.0) % 3})
Y = X["a"] * 2 + np.arange(20.0) % 2
SPAN = pd.DataFrame({"start": [20], "end": [23]})


class TestStatsmodels(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return statsmodels.FLAVOR

    @pytest.fixture
    def model(self) -> Any:
        return sm.OLS(Y, X).fit()

    @pytest.fixture(params=[False, True])
    def options(self, request: pytest.FixtureRequest) -> Any:
        return statsmodels.Options(remove_data=request.param)

    @pytest.fixture
    def data(self) -> Any:
        return X


def _series() -> Any:
    return sm.tsa.ARIMA(Y.to_numpy(), order=(1, 0, 0)).fit()


def test_a_time_series_is_asked_for_a_span(tmp_path: Path) -> None:
    statsmodels.save_model(_series(), tmp_path / "m", pip_requirements=[])
    loaded = pyfunc.load_model(str(tmp_path / "m"))
    assert loaded.predict(SPAN) == pytest.approx(_series().forecast(4))
    assert loaded.predict(SPAN[["end", "start"]]) == pytest.approx(_series().forecast(4))
    with pytest.raises(BadRequest, match="'start' and 'end'"):
        loaded.predict(X)


def test_removing_the_data_makes_the_file_smaller(tmp_path: Path) -> None:
    rows = pd.concat([X] * 50)
    for name, remove in (("whole", False), ("bare", True)):
        model = sm.OLS(pd.concat([Y] * 50), rows).fit()
        statsmodels.save_model(model, tmp_path / name, remove_data=remove, pip_requirements=[])
    sizes = [(tmp_path / name / "model.statsmodels").stat().st_size for name in ("bare", "whole")]
    assert sizes[0] < sizes[1] / 4


def test_what_was_not_fitted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="fit"):
        statsmodels.save_model("model", tmp_path / "m")


def test_a_strangers_pickle_is_refused_with_what_it_would_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statsmodels.save_model(sm.OLS(Y, X).fit(), tmp_path / "m", pip_requirements=[])
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(Untrusted, match=r"unpickle model\.statsmodels, which imports .*statsmodels"):
        statsmodels.load_model(str(tmp_path / "m"))


def test_a_pickle_cannot_hide_behind_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    statsmodels.save_model(sm.OLS(Y, X).fit(), tmp_path / "m", pip_requirements=[])
    (tmp_path / "m/model.statsmodels").rename(tmp_path / "m/model.txt")
    say(tmp_path / "m", "statsmodels", data="model.txt")
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(BadRequest, match=r"model\.txt is to be unpickled"):
        pyfunc.load_model(str(tmp_path / "m"))
