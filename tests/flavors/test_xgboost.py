"""XGBoost models."""

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

xgb = pytest.importorskip("xgboost", reason="xgboost is not installed: pip install headrace[xgboost]")
from headrace.flavors import pyfunc, xgboost  # noqa: E402 - only where the library is

X = pd.DataFrame({"a": np.arange(20.0) % 7, "b": np.arange(20.0) % 3})
Y = (X["a"] > 3).astype(int)
QUICK: dict[str, Any] = {"n_estimators": 3, "n_jobs": 1}


def _booster() -> Any:
    return xgb.train({"max_depth": 2, "nthread": 1}, xgb.DMatrix(X, Y), 3)


def _classifier() -> Any:
    return xgb.XGBClassifier(**QUICK).fit(X, Y)


class TestXGBoost(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return xgboost.FLAVOR

    @pytest.fixture(params=[_booster, _classifier, lambda: xgb.XGBRegressor(**QUICK).fit(X, Y)])
    def model(self, request: pytest.FixtureRequest) -> Any:
        return request.param()

    @pytest.fixture
    def data(self) -> Any:
        return X

    @pytest.fixture(params=["ubj", "json"])
    def options(self, request: pytest.FixtureRequest) -> Any:
        return xgboost.Options(model_format=request.param)


def test_params_reach_predict_and_unknown_ones_do_not(tmp_path: Path) -> None:
    model = _classifier()
    signature = infer_signature(X, params={"output_margin": False, "other": 1})
    xgboost.save_model(model, tmp_path / "m", signature=signature, pip_requirements=[])
    loaded = pyfunc.load_model(str(tmp_path / "m"))
    margins = loaded.predict(X, params={"output_margin": True, "other": 2})
    assert margins == pytest.approx(model.predict(X, output_margin=True))


def test_an_estimator_loads_whole(tmp_path: Path) -> None:
    model = _classifier()
    xgboost.save_model(model, tmp_path / "m", pip_requirements=[])
    loaded = xgboost.load_model(str(tmp_path / "m"))
    assert loaded.predict_proba(X) == pytest.approx(model.predict_proba(X))
    assert loaded.get_booster().feature_names == ["a", "b"]


def test_an_unknown_format_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="'pickle'"):
        xgboost.save_model(_booster(), tmp_path / "m", model_format="pickle")


def test_a_model_that_was_never_fitted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="fit"):
        xgboost.save_model(xgb.XGBClassifier(), tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_class_of_ones_own_is_refused_with_what_to_do(tmp_path: Path) -> None:
    class Mine(xgb.XGBClassifier):  # type: ignore[misc]
        pass

    with pytest.raises(BadRequest, match="PythonModel"):
        xgboost.save_model(Mine(**QUICK).fit(X, Y), tmp_path / "m")
    with pytest.raises(BadRequest, match="no xgboost model"):
        xgboost.save_model("trees", tmp_path / "m")


@pytest.mark.parametrize("named", ["os.system", "xgboost.core.ctypes", "xgboost.nowhere.Booster", 7])
def test_a_model_cannot_name_any_class(named: Any, tmp_path: Path) -> None:
    xgboost.save_model(_booster(), tmp_path / "m", pip_requirements=[])
    say(tmp_path / "m", "xgboost", model_class=named)
    with pytest.raises(BadRequest, match=str(named)):
        pyfunc.load_model(str(tmp_path / "m"))


@pytest.mark.parametrize("form", ["ubj", "json"])
def test_a_broken_file_is_said_to_be_broken(form: str, tmp_path: Path) -> None:
    xgboost.save_model(_booster(), tmp_path / "m", model_format=form, pip_requirements=[])
    change(tmp_path / "m", f"model.{form}", lambda whole: whole[:100])
    with pytest.raises(BadRequest, match=f"model.{form} cannot be read"):
        xgboost.load_model(str(tmp_path / "m"))
