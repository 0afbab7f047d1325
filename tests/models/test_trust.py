"""What loading would run is known, and vouched for, before it runs."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from headrace.base.errors import BadRequest, HeadraceError, Untrusted
from headrace.flavors import pyfunc, sklearn
from headrace.models import imports, trust
from headrace.models.model import Model

ELSEWHERE = "s3://bucket/model"


class Echo(pyfunc.PythonModel):
    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return model_input


class Trap:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    pyfunc.save_model(tmp_path / "m", python_model=Echo(), pip_requirements=[])
    return tmp_path / "m"


def test_the_user_s_own_files_are_loaded(saved: Path) -> None:
    assert pyfunc.load_model(str(saved)).predict([1]) == [1]
    assert pyfunc.load_model(saved.as_uri()).predict([1]) == [1]


@pytest.mark.parametrize("origin", ["runs:/abc/model", "models:/m/1", "models:/m-1", "mlflow-artifacts:/0/m"])
def test_what_the_chosen_server_keeps_is_the_user_s_own(saved: Path, origin: str) -> None:
    trust.audit(Model.load(saved), saved, origin)


def test_a_pickle_from_elsewhere_is_refused_with_what_it_would_import(saved: Path) -> None:
    with pytest.raises(Untrusted, match=r"unpickle python_model\.pkl, which imports tests\..*HEADRACE_ALLOW"):
        trust.audit(Model.load(saved), saved, ELSEWHERE)


def test_a_model_from_elsewhere_is_loaded_when_somebody_vouches(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
    trust.audit(Model.load(saved), saved, ELSEWHERE)


def test_a_setting_refuses_even_the_user_s_own(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(Untrusted, match="not allowed here"):
        pyfunc.load_model(str(saved))


def test_a_plain_skops_file_runs_nothing_and_may_come_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.linear_model import LinearRegression

    sklearn.save_model(LinearRegression().fit([[1], [2]], [1, 2]), tmp_path / "m", pip_requirements=[])
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    assert sklearn.load_model(str(tmp_path / "m")).predict([[3]]) == pytest.approx([3])


def test_scripts_and_loader_modules_from_elsewhere_are_named(tmp_path: Path) -> None:
    said = {"loader_module": "stranger.loader", "model_code_path": "/somewhere/model.py"}
    model = Model(flavors={"python_function": said, "sklearn": {"skops_trusted_types": ["a.B"]}})
    with pytest.raises(Untrusted, match=r"import stranger\.loader; run model\.py; build a\.B"):
        trust.audit(model, tmp_path, ELSEWHERE)


def test_nothing_has_run_when_a_model_is_refused(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (saved / "python_model.pkl").write_bytes(pickle.dumps(Trap(tmp_path / "mark")))
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(Untrusted, match="pathlib"):
        pyfunc.load_model(str(saved))
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("name", ["../outside.pkl", "/etc/passwd", "nowhere.pkl", 3])
def test_a_model_names_only_files_of_its_own(saved: Path, tmp_path: Path, name: Any) -> None:
    (tmp_path / "outside.pkl").write_bytes(pickle.dumps(Trap(tmp_path / "mark")))
    model = Model.load(saved)
    model.flavors["python_function"]["python_model"] = name
    model.save(saved / "MLmodel")
    with pytest.raises(BadRequest, match="python_model"):
        pyfunc.load_model(str(saved))
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_names_in_a_pickle_are_found_in_every_protocol(protocol: int) -> None:
    from collections import OrderedDict
    from decimal import Decimal

    data = pickle.dumps([OrderedDict(a=Decimal(1)), Decimal(2), Path], protocol)
    found = {module.partition(".")[0] for module, _ in imports.globals_of_pickle(data)}
    assert {"collections", "decimal", "pathlib"} <= found


_VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=5) | some.just("../x") | some.just("MLmodel"),
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
_KEYS = ["loader_module", "python_model", "model_code_path", "code", "artifacts", "config", "data", "env"]
_TOP = ["flavors", "signature", "saved_input_example_info", "metadata", "model_id", "run_id", "artifact_path"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.sampled_from([*_KEYS, *_TOP]), _VALUES)
def test_whatever_an_mlmodel_file_says_is_loaded_or_refused(saved: Path, key: str, value: Any) -> None:
    said = yaml.safe_load((saved / "MLmodel").read_text())
    said = {**said, key: value} if key in _TOP else said | {"flavors": {"python_function": {**_of(said), key: value}}}
    (saved / "twisted").mkdir(exist_ok=True)
    (saved / "twisted/python_model.pkl").write_bytes((saved / "python_model.pkl").read_bytes())
    (saved / "twisted/MLmodel").write_text(yaml.safe_dump(said))
    assert _outcome(saved / "twisted") in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", [1])


def _outcome(folder: Path) -> Any:
    try:
        return pyfunc.load_model(str(folder)).predict([1])
    except HeadraceError as error:
        return error.error_code


def _of(said: dict[str, Any]) -> dict[str, Any]:
    flavor: dict[str, Any] = said["flavors"]["python_function"]
    return flavor
