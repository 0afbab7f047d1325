"""A script that is to be a model is run once, by a clean process, when it is saved."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from headrace.base.errors import BadRequest, HeadraceError
from headrace.flavors import pyfunc
from headrace.models.model import Model
from headrace.tracking import fluent

pytestmark = pytest.mark.slow

SCRIPT = """
import os, sys
from pathlib import Path
from headrace.models import ModelConfig, set_model
from headrace.pyfunc import PythonModel
with open(os.environ["RUNS"], "a") as runs:
    runs.write(f"{os.getpid()} {'pandas' in sys.modules} {os.getcwd()}\\n")
print("the script says", ModelConfig(development_config={"word": "none"}).get("word"))

class Says(PythonModel):
    def predict(self, context, model_input: list[str], params=None) -> list[str]:
        return [each + context.model_config["word"] for each in model_input]

    def predict_stream(self, context, model_input, params=None):
        yield "x"

set_model(Says())
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNS", str(tmp_path / "runs.txt"))
    (tmp_path / "model.py").write_text(SCRIPT)
    return tmp_path / "model.py"


def write(tmp_path: Path, text: str) -> Path:
    (tmp_path / "model.py").write_text(textwrap.dedent(text))
    return tmp_path / "model.py"


def test_a_script_runs_once_and_elsewhere(script: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = set(sys.modules)
    pyfunc.save_model(
        tmp_path / "m", python_model=script, model_config={"word": "!"}, input_example=["a"], pip_requirements=[]
    )
    ((process, had_pandas, where),) = [line.split(" ", 2) for line in (tmp_path / "runs.txt").read_text().splitlines()]
    assert int(process) != os.getpid()
    assert had_pandas == "False"
    assert where == os.getcwd()
    assert capsys.readouterr().out == "the script says !\n"
    assert not [name for name in set(sys.modules) - before if name.startswith("model_")]
    said = Model.load(tmp_path / "m")
    assert said.flavors["python_function"]["streamable"] is True
    assert said.signature is not None
    assert said.signature._is_signature_from_type_hint
    assert pyfunc.load_model(str(tmp_path / "m")).predict(["a"]) == ["a!"]


def test_a_script_that_is_logged_runs_once(script: Path, tmp_path: Path, place: str) -> None:
    with fluent.start_run():
        info = pyfunc.log_model(name="says", python_model=script, model_config={"word": "!"}, pip_requirements=[])
    assert len((tmp_path / "runs.txt").read_text().splitlines()) == 1
    loaded = pyfunc.load_model(info.model_uri)
    assert loaded.predict(["a"]) == ["a!"]
    assert loaded.metadata.model_uuid == loaded.model_id == info.model_id


def test_nothing_is_logged_of_a_script_that_fails(tmp_path: Path, place: str) -> None:
    script = write(tmp_path, "import nowhere_at_all\n")
    with pytest.raises(BadRequest, match=r"line 1: ModuleNotFoundError.*code_paths"):
        pyfunc.log_model(name="says", python_model=script)
    from headrace.tracking.client import MlflowClient

    assert MlflowClient().search_logged_models(["0"]) == []


def test_names_and_modules_of_this_process_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ghost:
        value = 1

    monkeypatch.setitem(sys.modules, "ghost", Ghost)  # type: ignore[arg-type]
    script = write(tmp_path, "import ghost\n")
    with pytest.raises(BadRequest, match="No module named 'ghost'") as told:
        pyfunc.save_model(tmp_path / "m", python_model=script)
    assert "Where it was raised" in "".join(told.value.__notes__)
    assert not (tmp_path / "m").exists()


def test_modules_of_code_paths_and_of_the_path_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here/steps_apart.py").write_text("NUMBER = 7\n")
    monkeypatch.syspath_prepend(str(tmp_path / "here"))
    script = write(
        tmp_path,
        """
        from headrace.models import set_model
        from steps_apart import NUMBER
        set_model(lambda rows: NUMBER)
        """,
    )
    pyfunc.save_model(tmp_path / "m", python_model=script, infer_code_paths=True, pip_requirements=[])
    assert (tmp_path / "m/code/steps_apart.py").is_file()
    assert pyfunc.load_model(str(tmp_path / "m")).predict([1]) == 7


def test_code_paths_that_are_not_on_the_path_are_found(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/steps_there.py").write_text("NUMBER = 8\n")
    script = write(
        tmp_path,
        """
        from headrace.models import set_model
        from steps_there import NUMBER
        set_model(lambda rows: NUMBER)
        """,
    )
    code = [str(tmp_path / "there/steps_there.py")]
    pyfunc.save_model(tmp_path / "m", python_model=script, code_paths=code, pip_requirements=[])
    assert pyfunc.load_model(str(tmp_path / "m")).predict([1]) == 8


def test_a_script_that_ends_its_process_is_told_of(tmp_path: Path) -> None:
    script = write(tmp_path, "import os\nos._exit(3)\n")
    with pytest.raises(HeadraceError, match="ended with code 3"):
        pyfunc.save_model(tmp_path / "m", python_model=script)


def test_a_setting_runs_it_here(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_RUN_SCRIPTS_APART", "false")
    pyfunc.save_model(tmp_path / "m", python_model=script, pip_requirements=[])
    assert (tmp_path / "runs.txt").read_text().startswith(f"{os.getpid()} ")


def test_what_cannot_be_sent_there_is_refused(script: Path, tmp_path: Path) -> None:
    example: Any = [(each for each in "x")]
    with pytest.raises(BadRequest, match="HEADRACE_RUN_SCRIPTS_APART"):
        pyfunc.save_model(tmp_path / "m", python_model=script, input_example=example)
