"""CatBoost models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace.base.errors import BadRequest
from headrace.models import infer_signature
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change, say

cat = pytest.importorskip("catboost", reason="catboost is not installed: pip install headrace[catboost]")
from headrace.flavors import catboost, pyfunc  # noqa: E402 - only where the library is

X = pd.DataFrame({"a": np.arange(20.0) % 7, "b": np.arange(20.0) % 3})
Y = (X["a"] > 3).astype(int)
QUICK: dict[str, Any] = {"iterations": 3, "verbose": False, "allow_writing_files": False, "thread_count": 1}


def _classifier() -> Any:
    return cat.CatBoostClassifier(**QUICK).fit(X, Y)


class TestCatBoost(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return catboost.FLAVOR

    @pytest.fixture(params=[_classifier, lambda: cat.CatBoostRegressor(**QUICK).fit(X, Y)])
    def model(self, request: pytest.FixtureRequest) -> Any:
        return request.param()

    @pytest.fixture(params=["cbm", "json"])
    def options(self, request: pytest.FixtureRequest) -> Any:
        return catboost.Options(format=request.param)

    @pytest.fixture
    def data(self) -> Any:
        return X


def test_params_reach_predict_and_unknown_ones_do_not(tmp_path: Path) -> None:
    signature = infer_signature(X, params={"prediction_type": "Class", "other": 1})
    catboost.save_model(_classifier(), tmp_path / "m", signature=signature, pip_requirements=[])
    loaded = pyfunc.load_model(str(tmp_path / "m"))
    chances = loaded.predict(X, params={"prediction_type": "Probability", "other": 2})
    assert chances == pytest.approx(_classifier().predict_proba(X))


@pytest.mark.parametrize("form", ["python", "pmml"])
def test_a_format_that_cannot_be_read_again_is_refused_by_name(form: str, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=form):
        catboost.save_model(_classifier(), tmp_path / "m", format=form)


def test_a_model_that_was_never_fitted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="fit"):
        catboost.save_model(cat.CatBoostClassifier(), tmp_path / "m")
    with pytest.raises(BadRequest, match="no catboost model"):
        catboost.save_model("trees", tmp_path / "m")


@pytest.mark.parametrize("named", ["Pool", "core.os.system", "nothing", 7])
def test_a_model_cannot_name_any_class(named: Any, tmp_path: Path) -> None:
    catboost.save_model(_classifier(), tmp_path / "m", pip_requirements=[])
    say(tmp_path / "m", "catboost", model_type=named)
    with pytest.raises(BadRequest, match=str(named)):
        pyfunc.load_model(str(tmp_path / "m"))


def test_a_broken_file_is_said_to_be_broken(tmp_path: Path) -> None:
    catboost.save_model(_classifier(), tmp_path / "m", pip_requirements=[])
    change(tmp_path / "m", "model.cb", lambda whole: whole[:100])
    with pytest.raises(BadRequest, match=r"model\.cb cannot be read"):
        catboost.load_model(str(tmp_path / "m"))
