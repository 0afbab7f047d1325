"""The MLmodel file and the files beside it, here and in genuine MLflow."""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace.base.errors import BadRequest, NotFound
from headrace.flavors import pyfunc
from headrace.models import auth_policy, resources
from headrace.models.model import Model
from headrace.models.uv_project import project_of, uv
from tests.models import genuine

#: What a model can be told beside itself, as both sides understand it.
FIELDS = """
import json, sys
import numpy as np, pandas as pd
from scipy import sparse
from LIBRARY.models import auth_policy, infer_signature, resources
from LIBRARY import pyfunc

def save(name, **said):
    pyfunc.save_model(f"{sys.argv[1]}/{name}", python_model=Echo(), pip_requirements=["cloudpickle"], **said)

class Echo(pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [type(model_input).__name__]

databricks = [
    resources.DatabricksTable("t", on_behalf_of_user=True), resources.DatabricksTable("u"),
    resources.DatabricksFunction("f"), resources.DatabricksUCConnection("c"),
]
policy = auth_policy.AuthPolicy(
    system_auth_policy=auth_policy.SystemAuthPolicy(databricks), user_auth_policy=auth_policy.UserAuthPolicy(["a.b"])
)
save("plain")
save("metadata", metadata={"a": {"b": [1, "x", None]}})
save("resources", resources=databricks)
save("policy", auth_policy=policy)
examples = {
    "frame": pd.DataFrame({"a": [1.5, 2], "b": ["x", None], "c": [1, 2], "d": pd.to_datetime(["2020-01-01"] * 2)}),
    "positions": pd.DataFrame([[1, 2], [3, 4]]),
    "array": np.eye(2, dtype="float32"),
    "arrays": {"x": np.array([1, 2]), "y": np.eye(2)},
    "csr": sparse.csr_matrix(np.eye(3)),
    "csc": sparse.csc_matrix(np.eye(3)),
    "object": {"a": "x", "b": [1, 2]},
    "list": ["x", "y"],
    "text": "x",
    "number": 1.5,
    "bytes": b"xyz",
    "chat": {"messages": [{"role": "user", "content": "hi"}]},
    "pair": (pd.DataFrame({"a": [1.0]}), {"temperature": 0.5, "stop": ["a"]}),
}
for name, example in examples.items():
    save(name, input_example=example)
"""
#: The models by name as they were read, without what is of one side or one moment.
READ = """
import json, sys
from pathlib import Path
from LIBRARY import pyfunc
from LIBRARY.models import Model

told = {}
# MLflow reads examples of bytes as texts, which it then refuses.
for folder in sorted(Path(sys.argv[1]).iterdir()):
    loaded = pyfunc.load_model(str(folder))
    said = Model.load(str(folder))
    request = said.get_serving_input(str(folder))
    example = said.load_input_example(str(folder))
    shown = example.to_dict("list") if hasattr(example, "to_dict") else example
    shown = shown.toarray() if hasattr(shown, "toarray") else shown
    shown = {key: each.tolist() if hasattr(each, "tolist") else each for key, each in shown.items()} \\
        if isinstance(shown, dict) else shown
    told[folder.name] = {
        "signature": said.signature.to_dict() if said.signature else None,
        "example": None if folder.name == "bytes" else str(shown), "request": request and json.loads(request),
        "params": said.load_input_example_params(str(folder)) if said.saved_input_example_info else None,
        "metadata": said.metadata, "resources": said.resources, "policy": said.auth_policy,
        "loader": loaded.loader_module, "kept": {**said.to_dict(), "flavors": None},
        "answer": loaded.predict(example) if example is not None and folder.name != "bytes" else None,
    }
print("@@" + json.dumps(told, default=str))
"""


def _ours(program: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _told(printed: str) -> Any:
    return json.loads(printed.rpartition("@@")[2])


@pytest.mark.slow
@pytest.mark.xdist_group("genuine-models")
def test_all_that_a_model_can_be_told_is_read_on_both_sides(tmp_path: Path) -> None:
    for side, run, library in (("ours", _ours, "headrace"), ("theirs", genuine.run, "mlflow")):
        (tmp_path / side).mkdir()
        run(FIELDS.replace("LIBRARY", library), str(tmp_path / side))
    told = {
        (saved, side): _told(run(READ.replace("LIBRARY", library), str(tmp_path / saved)))
        for saved in ("ours", "theirs")
        for side, run, library in (("ours", _ours, "headrace"), ("theirs", genuine.run, "mlflow"))
    }
    for saved in ("ours", "theirs"):
        for name, said in told[saved, "theirs"].items():
            assert told[saved, "ours"][name] == said, (saved, name)
    for name, said in told["theirs", "theirs"].items():
        changing = ("kept",)
        ours = {key: each for key, each in told["ours", "ours"][name].items() if key not in changing}
        assert ours == {key: each for key, each in said.items() if key not in changing}, name
        assert told["ours", "ours"][name]["kept"].keys() == said["kept"].keys(), name
        for file in ("input_example.json", "serving_input_example.json"):
            both = [tmp_path / side / name / file for side in ("ours", "theirs")]
            assert both[0].is_file() == both[1].is_file(), (name, file)
            if both[0].is_file():
                assert json.loads(both[0].read_text()) == json.loads(both[1].read_text()), (name, file)


def echo(rows: Any) -> Any:
    return rows


@pytest.mark.parametrize(
    "example",
    [
        b"xyz",
        datetime.datetime(2020, 1, 1, 12, 30),
        [b"x", b"y"],
        {"a": b"x", "b": {"c": [datetime.datetime(2020, 1, 1)]}},
        [{"a": datetime.datetime(2020, 1, 1)}, {"a": None}],
    ],
)
def test_an_example_is_read_back_as_it_was_given(tmp_path: Path, example: Any) -> None:
    pyfunc.save_model(tmp_path / "m", python_model=echo, pip_requirements=[], input_example=example)
    model = pyfunc.load_model(str(tmp_path / "m"))
    assert model.input_example == example
    assert len(model.predict(model.input_example)) == (len(example) if isinstance(example, list) else 1)


_TABLE = resources.DatabricksTable("t")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"databricks": {}}, "api_version"),
        ({"api_version": "2", "databricks": {}}, "api_version"),
        ({"api_version": "1", "databricks": {"cellar": [{"name": "x"}]}}, "'cellar'"),
        ({"api_version": "1", "databricks": ["table"]}, "lists by their kind"),
        ({"api_version": "1", "databricks": {"table": [{}]}}, "must have a name"),
        (["t"], "list of Resource"),
    ],
)
def test_resources_that_nobody_could_read_are_refused(said: Any, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        resources.described(said)


def test_resources_may_stand_in_a_file(tmp_path: Path) -> None:
    said = resources.described([_TABLE, resources.DatabricksTable.from_dict({"name": "u"})])
    (tmp_path / "resources.yaml").write_text(yaml.safe_dump(said))
    pyfunc.save_model(
        tmp_path / "m",
        python_model=echo,
        pip_requirements=[],
        resources=str(tmp_path / "resources.yaml"),
        auth_policy=auth_policy.AuthPolicy(),
    )
    assert Model.load(tmp_path / "m").resources == {
        "api_version": "1",
        "databricks": {"table": [{"name": "t"}, {"name": "u"}]},
    }


_PROJECT = """
[project]
name = "p"
version = "1"
requires-python = ">=3.11"
dependencies = ["six==1.16.0"]
[dependency-groups]
serve = ["iniconfig==2.0.0"]
dev = ["pluggy==1.5.0"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    home = tmp_path / "project"
    home.mkdir()
    (home / "pyproject.toml").write_text(_PROJECT)
    shutil.copyfile(Path(__file__).parent / "assets/uv.lock", home / "uv.lock")
    (home / ".python-version").write_text("3.11")
    return home


def test_the_lock_of_the_project_one_is_in_travels_with_a_model(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    pyfunc.save_model(tmp_path / "kept", python_model=echo)
    assert {file.name for file in (tmp_path / "kept").iterdir()} >= {"uv.lock", "pyproject.toml", ".python-version"}
    assert "six" not in (tmp_path / "kept/requirements.txt").read_text()
    monkeypatch.setenv("MLFLOW_LOG_UV_FILES", "false")
    pyfunc.save_model(tmp_path / "left", python_model=echo)
    assert not (tmp_path / "left/uv.lock").exists()
    monkeypatch.setenv("HEADRACE_UV_AUTO_DETECT", "false")
    assert project_of(None, None, None) is None


@pytest.mark.slow
def test_a_named_project_says_what_a_model_requires(project: Path, tmp_path: Path) -> None:
    try:
        uv()
    except NotFound:
        pytest.skip("there is no uv")
    pyfunc.save_model(tmp_path / "m", python_model=echo, uv_project_path=str(project), uv_groups=["serve"])
    lines = (tmp_path / "m/requirements.txt").read_text().splitlines()
    assert {"six==1.16.0", "iniconfig==2.0.0"} <= set(lines)
    assert not any(line.startswith("pluggy") for line in lines)
    with pytest.raises(BadRequest, match="cannot read the project"):
        pyfunc.save_model(tmp_path / "n", python_model=echo, uv_project_path=str(project), uv_groups=["nobody"])
    pyfunc.save_model(tmp_path / "o", python_model=echo, uv_project_path=str(project), pip_requirements=["scipy"])
    assert "six" not in (tmp_path / "o/requirements.txt").read_text()
    assert (tmp_path / "o/uv.lock").is_file()


def test_what_is_no_project_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRequest, match=r"no uv\.lock and no pyproject\.toml"):
        project_of(tmp_path, None, None)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadRequest, match="uv_project_path"):
        project_of(None, ["serve"], None)
