"""pmdarima's forecasters; these tests are skipped where pmdarima is not installed, which is not a tool of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace.base.errors import BadRequest, Untrusted
from headrace.testing.flavors import FlavorContract

library = pytest.importorskip("pmdarima", reason="pmdarima is not installed: pip install headrace[pmdarima]")
from headrace.flavors import pmdarima, pyfunc  # noqa: E402 - only where the library is

AHEAD = pd.DataFrame({"n_periods": [3]})


def _fitted() -> Any:
    return library.ARIMA(order=(1, 0, 0)).fit(np.arange(40.0) % 5)


class TestPmdarima(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return pmdarima.FLAVOR

    @pytest.fixture
    def model(self) -> Any:
        return _fitted()

    @pytest.fixture
    def data(self) -> Any:
        return AHEAD


def test_a_forecast_has_a_band_when_it_is_asked_for(tmp_path: Path) -> None:
    pmdarima.save_model(_fitted(), tmp_path / "m", pip_requirements=[])
    loaded = pyfunc.load_model(str(tmp_path / "m"))
    wide, narrow = (loaded.predict(AHEAD.assign(return_conf_int=True, alpha=alpha)) for alpha in (0.05, 0.5))
    assert list(wide.columns) == ["yhat", "yhat_lower", "yhat_upper"]
    assert (narrow["yhat_lower"] > wide["yhat_lower"]).all()


@pytest.mark.parametrize("asked", [{"x": [1]}, {"n_periods": [1, 2]}, {"n_periods": ["x"]}])
def test_what_says_not_how_far_is_refused(asked: Any, tmp_path: Path) -> None:
    pmdarima.save_model(_fitted(), tmp_path / "m", pip_requirements=[])
    with pytest.raises(BadRequest, match="n_periods"):
        pyfunc.load_model(str(tmp_path / "m")).predict(pd.DataFrame(asked))


def test_a_strangers_pickle_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pmdarima.save_model(_fitted(), tmp_path / "m", pip_requirements=[])
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(Untrusted, match=r"unpickle model\.pmd"):
        pmdarima.load_model(str(tmp_path / "m"))


def test_what_cannot_forecast_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no pmdarima model"):
        pmdarima.save_model("forecast", tmp_path / "m")
