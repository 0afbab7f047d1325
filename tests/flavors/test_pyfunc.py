"""Models asked as a Python function."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from headrace.base.errors import BadRequest, NotFound, NotSupported
from headrace.flavors import pyfunc
from headrace.models import ModelConfig, infer_signature, set_model
from headrace.models.model import Model
from headrace.testing.flavors import FlavorContract

DATA = pd.DataFrame({"a": [1.0, 2.0, 3.0]})


class Add(pyfunc.PythonModel):
    def __init__(self, number: float) -> None:
        self.number = number

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return model_input["a"] + self.number + (params or {}).get("more", 0)


class Short(pyfunc.PythonModel):
    def predict(self, model_input: Any) -> Any:
        return len(model_input)


class Reads(pyfunc.PythonModel):
    def load_context(self, context: pyfunc.PythonModelContext) -> None:
        self.words = Path(context.artifacts["words"]).read_text().split()
        self.file = open(context.artifacts["words"])  # noqa: SIM115  (what cannot be pickled)
        self.file.close()

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return [*self.words, context.model_config["end"]]

    def predict_stream(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        yield from self.words


class TestPythonModel(FlavorContract):
    @pytest.fixture
    def flavor(self) -> Any:
        return pyfunc.FLAVOR

    @pytest.fixture
    def model(self) -> Any:
        return None

    @pytest.fixture
    def options(self) -> Any:
        options = pyfunc.Options(python_model=Add(2))
        pyfunc.FLAVOR.check(None, pyfunc.Saving(), options)
        return options

    @pytest.fixture
    def data(self) -> Any:
        return DATA


def test_params_get_their_defaults(tmp_path: Path) -> None:
    signature = infer_signature(DATA, params={"more": 10.0})
    pyfunc.save_model(tmp_path / "m", python_model=Add(1), signature=signature)
    model = pyfunc.load_model(str(tmp_path / "m"))
    assert model.predict(DATA).tolist() == [12.0, 13.0, 14.0]
    assert model.predict(DATA, params={"more": 0.0}).tolist() == [2.0, 3.0, 4.0]
    with pytest.raises(BadRequest, match="more"):
        model.predict(DATA, params={"more": "much"})


def test_predict_may_take_the_input_alone(tmp_path: Path) -> None:
    pyfunc.save_model(tmp_path / "m", python_model=Short())
    assert pyfunc.load_model(str(tmp_path / "m")).predict(DATA) == 3


def test_artifacts_and_configuration_reach_the_context(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("to be")
    pyfunc.save_model(
        tmp_path / "m",
        python_model=Reads(),
        artifacts={"words": str(tmp_path / "words.txt")},
        model_config={"end": "saved"},
        input_example=["x"],
    )
    (tmp_path / "words.txt").unlink()
    model = pyfunc.load_model(str(tmp_path / "m"))
    assert model.predict(["x"]) == ["to", "be", "saved"]
    assert list(model.predict_stream(["x"])) == ["to", "be"]
    assert model.model_config == {"end": "saved"}
    changed = pyfunc.load_model(str(tmp_path / "m"), model_config={"end": "loaded"})
    assert changed.predict(["x"]) == ["to", "be", "loaded"]


def test_artifacts_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "data.txt").write_text(folder)
    artifacts = {folder: str(tmp_path / folder / "data.txt") for folder in ("one", "two")}
    pyfunc.save_model(tmp_path / "m", python_model=Short(), artifacts=artifacts)
    said = Model.load(tmp_path / "m").flavors["python_function"]["artifacts"]
    assert {name: (tmp_path / "m" / each["path"]).read_text() for name, each in said.items()} == {
        "one": "one",
        "two": "two",
    }


def test_a_function_declares_its_input_by_a_type_hint(tmp_path: Path) -> None:
    def shout(model_input: list[str]) -> list[str]:
        return [each.upper() for each in model_input]

    pyfunc.save_model(tmp_path / "m", python_model=shout)
    model = pyfunc.load_model(str(tmp_path / "m"))
    assert model.predict(["a", "b"]) == ["A", "B"]
    assert model.predict(pd.DataFrame({"text": ["a"]})) == ["A"]
    signature = model.metadata.signature
    assert signature is not None
    assert signature.to_dict()["inputs"] == '[{"type": "string", "required": true}]'
    assert model.metadata.to_dict()["is_signature_from_type_hint"] is True
    with pytest.raises(BadRequest, match=r"\[1\].*must be str, and it is 1"):
        model.predict(["a", 1])
    with pytest.raises(BadRequest, match="must be a list"):
        model.predict("a")


def test_a_function_of_two_arguments_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="takes 2"):
        pyfunc.save_model(tmp_path / "m", python_model=lambda one, two: one)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "python_model"),
        ({"python_model": Short(), "loader_module": "x"}, "not both"),
        ({"python_model": Short}, "instance"),
        ({"python_model": 3}, "cannot be a int"),
        ({"python_model": Short(), "data_path": "x"}, "artifacts"),
        ({"loader_module": "x", "artifacts": {"a": "b"}}, "data_path"),
    ],
)
def test_what_is_no_model_is_refused_with_a_reason(said: dict[str, Any], why: str, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=why):
        pyfunc.save_model(tmp_path / "m", **said)


def test_what_cannot_be_pickled_says_what_to_do(tmp_path: Path) -> None:
    model = Short()
    model.lines = (line for line in ["a"])
    with pytest.raises(BadRequest, match="load_context"):
        pyfunc.save_model(tmp_path / "m", python_model=model)


def test_the_user_s_own_object_can_be_had(tmp_path: Path) -> None:
    pyfunc.save_model(tmp_path / "m", python_model=Add(7))
    model = pyfunc.load_model(str(tmp_path / "m"))
    assert model.unwrap_python_model().number == 7
    assert model.loader_module == "mlflow.pyfunc.model"
    with pytest.raises(NotSupported):
        model.get_raw_model()


def test_a_loader_module_loads_its_own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_loader.py").write_text(
        "from pathlib import Path\n"
        "class Model:\n"
        "    def __init__(self, text): self.text = text\n"
        "    def predict(self, data): return [self.text for _ in data]\n"
        "def _load_pyfunc(path): return Model(Path(path).read_text())\n"
    )
    (tmp_path / "data.txt").write_text("hello")
    pyfunc.save_model(
        tmp_path / "m",
        loader_module="own_loader",
        data_path=str(tmp_path / "data.txt"),
        code_paths=[str(tmp_path / "own_loader.py")],
    )
    assert Model.load(tmp_path / "m").flavors["python_function"]["data"] == "data/data.txt"
    assert pyfunc.load_model(str(tmp_path / "m")).predict([1, 2]) == ["hello", "hello"]


SCRIPT = """
from headrace.models import ModelConfig, set_model
from headrace.pyfunc import PythonModel

config = ModelConfig(development_config={"end": "developed"})

class Ends(PythonModel):
    def predict(self, context, model_input, params=None):
        return [config.get("end")]

set_model(Ends())
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "ends.py"
    file.write_text(SCRIPT.replace("headrace.pyfunc", "headrace.flavors.pyfunc"))
    return file


def test_a_script_is_a_model_and_no_pickle_is_written(script: Path, tmp_path: Path) -> None:
    pyfunc.save_model(tmp_path / "m", python_model=str(script))
    assert not list((tmp_path / "m").rglob("*.pkl"))
    assert (tmp_path / "m/ends.py").is_file()
    script.unlink()
    assert pyfunc.load_model(str(tmp_path / "m")).predict([1]) == ["developed"]


def test_a_script_is_configured_when_saved_and_when_loaded(script: Path, tmp_path: Path) -> None:
    pyfunc.save_model(tmp_path / "m", python_model=script, model_config={"end": "saved"})
    assert pyfunc.load_model(str(tmp_path / "m")).predict([1]) == ["saved"]
    (tmp_path / "config.yaml").write_text("end: loaded")
    loaded = pyfunc.load_model(str(tmp_path / "m"), model_config=str(tmp_path / "config.yaml"))
    assert loaded.predict([1]) == ["loaded"]


def test_the_model_of_one_script_does_not_leak_into_the_next(script: Path, tmp_path: Path) -> None:
    pyfunc.save_model(tmp_path / "m", python_model=script)
    (tmp_path / "silent.py").write_text("x = 1\n")
    with pytest.raises(BadRequest, match="set_model"):
        pyfunc.save_model(tmp_path / "n", python_model=tmp_path / "silent.py")


def test_set_model_does_nothing_when_a_script_is_run_by_hand() -> None:
    set_model(Short())
    assert ModelConfig(development_config={"a": 1}).to_dict() == {"a": 1}


@pytest.mark.parametrize(("text", "why"), [("Unknown()", "Unknown"), ("import no_such_module", "no_such")])
def test_a_script_that_fails_says_where_and_why(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(BadRequest, match=why):
        pyfunc.save_model(tmp_path / "m", python_model=tmp_path / "bad.py")
    assert not (tmp_path / "m").exists()


def test_a_script_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.py"):
        pyfunc.save_model(tmp_path / "m", python_model="nowhere.py")


def test_each_model_sees_its_own_module_of_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        home = tmp_path / f"home{number}"
        home.mkdir()
        (home / "steps_of_it.py").write_text(f"NUMBER = {number}\n")
        (home / "model.py").write_text(
            "from headrace.models import set_model\nfrom steps_of_it import NUMBER\nset_model(lambda rows: NUMBER)\n"
        )
        monkeypatch.syspath_prepend(str(home))
        pyfunc.save_model(
            tmp_path / f"m{number}", python_model=home / "model.py", code_paths=[str(home / "steps_of_it.py")]
        )
    models = [pyfunc.load_model(str(tmp_path / f"m{number}")) for number in (1, 2)]
    assert [model.predict([0]) for model in models] == [1, 2]


def test_code_of_a_model_does_not_displace_what_is_installed(tmp_path: Path) -> None:
    for name in ("json.py", "yaml.py"):
        (tmp_path / name).write_text("raise RuntimeError('the wrong one')\n")
    pyfunc.save_model(
        tmp_path / "m", python_model=Short(), code_paths=[str(tmp_path / "json.py"), str(tmp_path / "yaml.py")]
    )
    before = {name: sys.modules[name] for name in ("json", "yaml")}
    assert pyfunc.load_model(str(tmp_path / "m")).predict(DATA) == 3
    assert {name: sys.modules[name] for name in before} == before
    sys.path.remove(str(tmp_path / "m/code"))


def test_code_that_a_script_imports_can_be_found_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outer_part.py").write_text("from inner_part import NUMBER\n")
    (tmp_path / "inner_part.py").write_text("NUMBER = 3\n")
    (tmp_path / "model.py").write_text(
        "from headrace.models import set_model\nfrom outer_part import NUMBER\nset_model(lambda rows: NUMBER)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    pyfunc.save_model(tmp_path / "m", python_model=tmp_path / "model.py", infer_code_paths=True)
    assert sorted(file.name for file in (tmp_path / "m/code").iterdir()) == ["inner_part.py", "outer_part.py"]


def test_a_hinted_model_takes_params_too(tmp_path: Path) -> None:
    class Repeats(pyfunc.PythonModel):
        def predict(self, context: Any, model_input: list[str], params: dict[str, Any] | None = None) -> list[str]:
            return [each * (params or {})["times"] for each in model_input]

    pyfunc.save_model(tmp_path / "m", python_model=Repeats(), input_example=(["a"], {"times": 2}))
    model = pyfunc.load_model(str(tmp_path / "m"))
    assert model.predict(["a"]) == ["aa"]
    assert model.predict(["a"], params={"times": 3}) == ["aaa"]
