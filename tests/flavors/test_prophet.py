"""Prophet forecasters; these tests are skipped where Prophet is not installed, which is big and not a tool of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace.base.errors import BadRequest
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change

library = pytest.importorskip("prophet", reason="prophet is not installed: pip install headrace[prophet]")
from headrace.flavors import prophet, pyfunc  # noqa: E402 - only where the library is

# Prophet 1.5 and pandas 3.1: warnings of the library's own.
pytestmark = pytest.mark.filterwarnings("ignore:The (inplace keyword|.convert_dates. keyword)")
DAYS = pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60), "y": np.arange(60.0) % 7})
NEXT = pd.DataFrame({"ds": pd.date_range("2020-03-01", periods=3)})
# Prophet's bands are drawn at random.
POINT = {"uncertainty_samples": 0}


def _fitted() -> Any:
    return library.Prophet(**POINT).fit(DAYS)


class TestProphet(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return prophet.FLAVOR

    @pytest.fixture
    def model(self) -> Any:
        return _fitted()

    @pytest.fixture
    def data(self) -> Any:
        return NEXT

    def test_a_loaded_model_predicts_what_the_saved_one_did(self, saved: Path, data: Any, expected: Any) -> None:
        assert pyfunc.load_model(str(saved)).predict(data)["yhat"].tolist() == pytest.approx(expected["yhat"].tolist())


def test_what_was_not_fitted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="fit"):
        prophet.save_model(library.Prophet(), tmp_path / "m")
    with pytest.raises(BadRequest, match="no prophet model"):
        prophet.save_model("forecast", tmp_path / "m")


@pytest.mark.parametrize("text", [b"", b"[]", b"7", b"{}", b'{"__prophet_version": "1"}', b'"\\u0000"'])
def test_a_broken_file_is_said_to_be_broken(text: bytes, tmp_path: Path) -> None:
    prophet.save_model(_fitted(), tmp_path / "m", pip_requirements=[])
    change(tmp_path / "m", "model.pr", lambda _: text)
    with pytest.raises(BadRequest, match=r"model\.pr cannot be read"):
        prophet.load_model(str(tmp_path / "m"))
