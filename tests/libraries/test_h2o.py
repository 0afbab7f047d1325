"""H2O models, in a real cluster of one small Java process on this machine, which is stopped afterwards."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h2o as library
import numpy as np
import pandas as pd
import pytest
import yaml
from h2o.estimators import H2OGradientBoostingEstimator

from headrace.base.errors import BadRequest, Untrusted
from headrace.flavors import h2o, pyfunc
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change, say
from tests.libraries import genuine

pytestmark = pytest.mark.slow
X = pd.DataFrame({"a": np.arange(40.0) % 7, "b": np.arange(40.0) % 3})


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[dict[str, Any]]:
    """A cluster, and how one connects to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    library.init(
        ip="127.0.0.1", port=port, nthreads=1, max_mem_size="300m", strict_version_check=False, log_level="ERRR"
    )
    library.no_progress()
    yield {"url": f"http://127.0.0.1:{port}", "strict_version_check": False}
    library.cluster().shutdown()


@pytest.fixture(scope="module")
def trees(cluster: dict[str, Any]) -> Any:
    model = H2OGradientBoostingEstimator(ntrees=3, min_rows=1, seed=1)
    model.train(["a", "b"], "y", training_frame=library.H2OFrame(X.assign(y=X["a"] * 2 + X["b"])))
    return model


def _kept() -> set[str]:
    """The frames and models in the cluster."""
    frames, models = library.api("GET /3/Frames")["frames"], library.api("GET /3/Models")["models"]
    return {each["frame_id"]["name"] for each in frames} | {each["model_id"]["name"] for each in models}


class TestH2O(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return h2o.FLAVOR

    @pytest.fixture
    def model(self, trees: Any) -> Any:
        return trees

    @pytest.fixture
    def data(self) -> Any:
        return X


def test_a_model_answers_the_same_on_both_sides(trees: Any, cluster: dict[str, Any], tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    expected = h2o.FLAVOR.asked(trees, h2o.Options()).predict(X)
    told: dict[str, Any] = {"settings": {"init": cluster}, "input_example": X, "pip_requirements": []}
    h2o.save_model(trees, ours, **told)
    genuine.call("h2o.save_model", trees, str(theirs), **told)
    for folder in (ours, theirs):
        assert pyfunc.load_model(str(folder)).predict(X).equals(expected)
        assert genuine.answer(folder, X).equals(expected)
    assert genuine.described(ours) == genuine.described(theirs)
    assert genuine.files(ours) == genuine.files(theirs)


def test_nothing_is_left_in_the_cluster_by_asking_and_nothing_is_printed(
    trees: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    h2o.save_model(trees, tmp_path / "m", pip_requirements=[])
    loaded = pyfunc.load_model(str(tmp_path / "m"))
    before = _kept()
    capsys.readouterr()
    answer = loaded.predict(X.set_index(pd.Index(range(100, 140))))
    assert list(answer.index) == list(range(100, 140))
    assert capsys.readouterr().out == ""
    assert _kept() == before


def test_what_is_kept_beside_the_model_names_no_place_of_this_machine(trees: Any, tmp_path: Path) -> None:
    h2o.save_model(trees, tmp_path / "m", settings={"full_file": False}, pip_requirements=[])
    said = yaml.safe_load((tmp_path / "m/model.h2o/h2o.yaml").read_text())
    assert said == {"full_file": False, "model_file": trees.model_id}


def test_a_strangers_model_is_not_given_to_java(trees: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    h2o.save_model(trees, tmp_path / "m", pip_requirements=[])
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    before = _kept()
    with pytest.raises(Untrusted, match="H2O makes Java objects"):
        pyfunc.load_model(str(tmp_path / "m"))
    assert _kept() == before


def test_a_broken_model_says_what_is_broken(trees: Any, tmp_path: Path) -> None:
    h2o.save_model(trees, tmp_path / "m", pip_requirements=[])
    change(tmp_path / "m", f"model.h2o/{trees.model_id}", lambda whole: whole[:100])
    with pytest.raises(BadRequest, match=f"{trees.model_id} cannot be read"):
        h2o.load_model(str(tmp_path / "m"))
    for said in (b"[1]", b"init: no", b"{a: *b}", b"model_file: ../../x", b"model_file: nothing"):
        change(tmp_path / "m", "model.h2o/h2o.yaml", lambda _, said=said: said)
        with pytest.raises(BadRequest):
            h2o.load_model(str(tmp_path / "m"))
    say(tmp_path / "m", "h2o", data="..")
    with pytest.raises(BadRequest, match="not in the model's folder"):
        h2o.load_model(str(tmp_path / "m"))


def test_what_is_no_trained_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no model of H2O"):
        h2o.save_model(object(), tmp_path / "m")
    with pytest.raises(BadRequest, match="never trained"):
        h2o.save_model(H2OGradientBoostingEstimator(), tmp_path / "m")
    assert list(tmp_path.iterdir()) == []
