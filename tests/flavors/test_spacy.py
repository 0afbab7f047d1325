"""spaCy pipelines; these tests are skipped where spaCy is not installed, which is big and not a tool of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from headrace.base.errors import BadRequest, NotFound
from headrace.models.model import Model
from headrace.models.trust import demands
from headrace.testing.flavors import FlavorContract
from tests.flavors.hostile import change

library = pytest.importorskip("spacy", reason="spacy is not installed: pip install headrace[spacy]")
from headrace.flavors import pyfunc, spacy  # noqa: E402 - only where the library is

TEXTS = pd.DataFrame({"text": ["a fine day", "rain"]})


def _sorter() -> Any:
    pipeline = library.blank("en")
    sorter = pipeline.add_pipe("textcat")
    sorter.add_label("good")
    sorter.add_label("bad")
    pipeline.initialize()
    return pipeline


class TestSpacy(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return spacy.FLAVOR

    @pytest.fixture
    def model(self) -> Any:
        return _sorter()

    @pytest.fixture
    def data(self) -> Any:
        return TEXTS

    def test_a_loaded_model_predicts_what_the_saved_one_did(self, saved: Path, data: Any, expected: Any) -> None:
        answers = pyfunc.load_model(str(saved)).predict(data)["predictions"]
        assert [pytest.approx(each) for each in answers] == list(expected["predictions"])

    def test_a_model_with_a_file_missing_says_which(self, saved: Path) -> None:
        (saved / "model.spacy/config.cfg").unlink()
        with pytest.raises(BadRequest, match=r"config\.cfg"):
            pyfunc.load_model(str(saved))


def test_a_pipeline_that_sorts_nothing_is_no_function(tmp_path: Path) -> None:
    pipeline = library.blank("en")
    pipeline.add_pipe("sentencizer")
    spacy.save_model(pipeline, tmp_path / "m", pip_requirements=[])
    assert len(list(spacy.load_model(str(tmp_path / "m"))("One. Two.").sents)) == 2
    with pytest.raises(NotFound, match="python_function"):
        pyfunc.load_model(str(tmp_path / "m"))


def test_a_strangers_pipeline_runs_nothing_of_its_own(tmp_path: Path) -> None:
    spacy.save_model(_sorter(), tmp_path / "m", pip_requirements=[])
    assert list(demands(Model.load(tmp_path / "m"), tmp_path / "m")) == []
    change(tmp_path / "m", "model.spacy/config.cfg", lambda whole: whole.replace(b"textcat", b"os.system"))
    with pytest.raises(BadRequest, match=r"model\.spacy cannot be read"):
        spacy.load_model(str(tmp_path / "m"))


def test_what_is_no_frame_of_one_column_is_refused(tmp_path: Path) -> None:
    spacy.save_model(_sorter(), tmp_path / "m", pip_requirements=[])
    with pytest.raises(BadRequest, match="one column"):
        pyfunc.load_model(str(tmp_path / "m")).predict(TEXTS.assign(more="x"))
    with pytest.raises(BadRequest, match="no spacy model"):
        spacy.save_model("pipeline", tmp_path / "n")
