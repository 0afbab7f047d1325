"""scikit-learn models."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from headrace.base.errors import BadRequest, NotFound, Untrusted
from headrace.flavors import pyfunc, sklearn
from headrace.models import infer_signature
from headrace.models.model import Model
from headrace.testing.flavors import FlavorContract

X = pd.DataFrame({"a": np.arange(12) * 1.0, "b": [0, 1] * 6})
Y = np.array([0, 1] * 6)


@pytest.fixture
def model() -> LogisticRegression:
    return LogisticRegression().fit(X, Y)


@pytest.fixture
def forest() -> RandomForestClassifier:
    return RandomForestClassifier(3, random_state=0).fit(X, Y)


class TestSklearn(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return sklearn.FLAVOR

    @pytest.fixture
    def model(self) -> Any:
        return LogisticRegression().fit(X, Y)

    @pytest.fixture
    def data(self) -> Any:
        return X

    @pytest.fixture(params=["skops", "cloudpickle", "pickle"])
    def options(self, request: pytest.FixtureRequest) -> Any:
        return sklearn.Options(serialization_format=request.param)


def test_the_default_format_is_skops(model: Any, tmp_path: Path) -> None:
    sklearn.save_model(model, tmp_path / "m")
    assert sorted(file.name for file in (tmp_path / "m").iterdir()) == [
        "MLmodel",
        "conda.yaml",
        "manifest.sha256",
        "model.skops",
        "python_env.yaml",
        "requirements.txt",
    ]


def test_a_forest_is_refused_by_skops_with_the_type_to_trust(forest: Any, tmp_path: Path) -> None:
    if not skops.io.get_untrusted_types(data=skops.io.dumps(forest)):
        pytest.skip("this release of skops takes trees for harmless")
    with pytest.raises(Untrusted, match=r"sklearn\.tree\._tree\.Tree.*skops_trusted_types"):
        sklearn.save_model(forest, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_forest_is_saved_when_its_types_are_trusted(forest: Any, tmp_path: Path) -> None:
    sklearn.save_model(forest, tmp_path / "m", skops_trusted_types=["sklearn.tree._tree.Tree"])
    assert (sklearn.load_model(str(tmp_path / "m")).predict(X) == forest.predict(X)).all()


def test_a_forest_is_saved_with_cloudpickle(forest: Any, tmp_path: Path) -> None:
    sklearn.save_model(forest, tmp_path / "m", serialization_format="cloudpickle")
    assert (sklearn.load_model(str(tmp_path / "m")).predict(X) == forest.predict(X)).all()


def test_an_unknown_format_is_refused_by_name(model: Any, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="'json'"):
        sklearn.save_model(model, tmp_path / "m", serialization_format="json")


def test_another_method_can_answer(model: Any, tmp_path: Path) -> None:
    sklearn.save_model(model, tmp_path / "m", pyfunc_predict_fn="predict_proba")
    assert np.allclose(pyfunc.load_model(str(tmp_path / "m")).predict(X), model.predict_proba(X))


def test_a_scaler_is_saved_though_it_predicts_nothing(tmp_path: Path) -> None:
    scaler = StandardScaler().fit(X)
    sklearn.save_model(scaler, tmp_path / "m")
    assert np.allclose(sklearn.load_model(str(tmp_path / "m")).transform(X), scaler.transform(X))
    with pytest.raises(NotFound, match="python_function"):
        pyfunc.load_model(str(tmp_path / "m"))


def test_the_requirements_are_what_the_model_needs(model: Any, tmp_path: Path) -> None:
    sklearn.save_model(model, tmp_path / "m")
    names = [line.partition("==")[0] for line in (tmp_path / "m/requirements.txt").read_text().splitlines()]
    assert names == ["mlflow", "numpy", "scikit-learn", "skops"]


def test_a_signature_that_is_given_is_kept(model: Any, tmp_path: Path) -> None:
    signature = infer_signature(X, params={"deep": True})
    sklearn.save_model(model, tmp_path / "m", signature=signature)
    assert Model.load(tmp_path / "m").signature == signature


def test_signature_false_asks_for_none(model: Any, tmp_path: Path) -> None:
    sklearn.save_model(model, tmp_path / "m", signature=False, input_example=X)
    assert Model.load(tmp_path / "m").signature is None


def test_an_example_the_model_cannot_answer_does_not_lose_the_model(
    model: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        sklearn.save_model(model, tmp_path / "m", input_example=pd.DataFrame({"a": ["x"]}))
    assert "could not predict its input example" in caplog.text
    signature = Model.load(tmp_path / "m").signature
    assert signature is not None
    assert signature.outputs is None


def test_a_model_of_another_flavor_says_which_it_has(tmp_path: Path) -> None:
    pyfunc.save_model(tmp_path / "m", python_model=lambda model_input: model_input, pip_requirements=[])
    with pytest.raises(NotFound, match=r"no flavor 'sklearn'.*python_function"):
        sklearn.load_model(str(tmp_path / "m"))


@pytest.mark.parametrize("form", ["skops", "pickle"])
def test_a_broken_file_is_said_to_be_broken(model: Any, tmp_path: Path, form: str) -> None:
    sklearn.save_model(model, tmp_path / "m", serialization_format=form, pip_requirements=[])
    (file,) = (tmp_path / "m").glob("model.*")
    file.write_bytes(file.read_bytes()[:100])
    (tmp_path / "m/manifest.sha256").unlink()
    with pytest.raises(BadRequest, match="cannot be read"):
        pyfunc.load_model(str(tmp_path / "m"))


def test_an_example_that_was_lost_is_said_to_be_missing(model: Any, tmp_path: Path) -> None:
    sklearn.save_model(model, tmp_path / "m", input_example=X, pip_requirements=[])
    (tmp_path / "m/input_example.json").unlink()
    (tmp_path / "m/manifest.sha256").unlink()
    loaded = pyfunc.load_model(str(tmp_path / "m"))
    with pytest.raises(NotFound, match=r"input_example\.json"):
        _ = loaded.input_example


def test_extra_files_travel_with_the_model(model: Any, tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text("# A model")
    sklearn.save_model(model, tmp_path / "m", extra_files=[str(tmp_path / "card.md")])
    assert (tmp_path / "m/extra_files/card.md").read_text() == "# A model"
