"""LightGBM models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace.base.errors import BadRequest, Untrusted
from headrace.models import infer_signature
from headrace.models.model import Model
from headrace.models.trust import demands
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change, say

lgb = pytest.importorskip("lightgbm", reason="lightgbm is not installed: pip install headrace[lightgbm]")
from headrace.flavors import lightgbm, pyfunc  # noqa: E402 - only where the library is

X = pd.DataFrame({"a": np.arange(20.0) % 7, "b": np.arange(20.0) % 3})
Y = (X["a"] > 3).astype(int)
QUICK: dict[str, Any] = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 1}


def _booster() -> Any:
    return lgb.train(QUICK, lgb.Dataset(X, Y), 3)


def _classifier() -> Any:
    return lgb.LGBMClassifier(n_estimators=3, **QUICK).fit(X, Y)


class TestBooster(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return lightgbm.FLAVOR

    @pytest.fixture
    def model(self) -> Any:
        return _booster()

    @pytest.fixture
    def data(self) -> Any:
        return X


class TestEstimator(TestBooster):
    @pytest.fixture
    def model(self) -> Any:
        return _classifier()

    @pytest.fixture(params=[None, "pickle", "cloudpickle"])
    def options(self, request: pytest.FixtureRequest) -> Any:
        return lightgbm.Options(serialization_format=request.param)


def test_a_ranker_is_saved_without_being_vouched_for(tmp_path: Path) -> None:
    model = lgb.LGBMRanker(n_estimators=3, **QUICK).fit(X, Y, group=[20])
    lightgbm.save_model(model, tmp_path / "m", pip_requirements=[])
    assert (tmp_path / "m/model.skops").is_file()
    assert lightgbm.load_model(str(tmp_path / "m")).predict(X) == pytest.approx(model.predict(X))


@pytest.mark.parametrize("make", [_booster, _classifier])
def test_a_strangers_model_of_lightgbms_own_types_runs_nothing(make: Any, tmp_path: Path) -> None:
    lightgbm.save_model(make(), tmp_path / "m", pip_requirements=[])
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m")) == []
    say(tmp_path / "m", "lightgbm", skops_trusted_types=["os.system"])
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m")) == ["build os.system (flavor lightgbm)"]


def test_an_estimator_of_a_class_of_ones_own_must_be_trusted_by_name(tmp_path: Path) -> None:
    model = Mine(n_estimators=3, **QUICK).fit(X, Y)
    with pytest.raises(Untrusted, match=r"Mine.*skops_trusted_types"):
        lightgbm.save_model(model, tmp_path / "m")
    lightgbm.save_model(model, tmp_path / "m", skops_trusted_types=[f"{__name__}.Mine"], pip_requirements=[])
    assert type(lightgbm.load_model(str(tmp_path / "m"))) is Mine


class Mine(lgb.LGBMClassifier):  # type: ignore[misc]
    """A class that only this file knows."""


def test_params_reach_predict_and_unknown_ones_do_not(tmp_path: Path) -> None:
    signature = infer_signature(X, params={"raw_score": False, "other": 1})
    lightgbm.save_model(_classifier(), tmp_path / "m", signature=signature, pip_requirements=[])
    scores = pyfunc.load_model(str(tmp_path / "m")).predict(X, params={"raw_score": True, "other": 2})
    assert scores == pytest.approx(_classifier().predict(X, raw_score=True))


def test_what_is_no_lightgbm_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no lightgbm model"):
        lightgbm.save_model("trees", tmp_path / "m")
    with pytest.raises(BadRequest, match="'json'"):
        lightgbm.save_model(_booster(), tmp_path / "m", serialization_format="json")


def test_a_broken_file_is_said_to_be_broken(tmp_path: Path) -> None:
    lightgbm.save_model(_booster(), tmp_path / "m", pip_requirements=[])
    change(tmp_path / "m", "model.lgb", lambda whole: b"no trees here")
    with pytest.raises(BadRequest, match=r"model\.lgb cannot be read"):
        lightgbm.load_model(str(tmp_path / "m"))
