"""The MLmodel file and the files beside it, here and in genuine MLflow."""

from __future__ import annotations

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
import datetime, json, sys
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
    "moment": datetime.datetime(2020, 1, 1, 12),
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
        "example": str(shown), "request": request and json.loads(request),
        "params": said.load_input_example_params(str(folder)) if said.saved_input_example_info else None,
        "metadata": said.metadata, "resources": said.resources, "policy": said.auth_policy,
        "loader": loaded.loader_module, "kept": {**said.to_dict(), "flavors": None},
        # MLflow reads these as texts, which it then refuses.
        "answer": loaded.predict(example) if example is not None and folder.name not in ("bytes", "moment") else None,
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
