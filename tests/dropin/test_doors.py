"""The doors: MLflow's names, one module object behind each, and nothing imported before it is asked for."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

import headrace
from headrace import _doors

#: Libraries that ``import headrace`` and logging to a folder do without.
HEAVY = [
    "cloudpickle",
    "matplotlib",
    "numpy",
    "pandas",
    "sklearn",
    "sqlalchemy",
    "starlette",
    "urllib3",
    "uvicorn",
    "yaml",
]


def _loaded(text: str) -> list[str]:
    text += "\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, timeout=120)
    modules: list[str] = json.loads(done.stdout)
    return modules


def test_importing_headrace_imports_little() -> None:
    modules = _loaded("import headrace")
    assert len(modules) <= 250
    assert not [name for name in HEAVY if name in modules]
    assert not [name for name in modules if name.startswith("headrace.tracking")]


def test_logging_to_a_folder_imports_nothing_heavy(tmp_path: object) -> None:
    text = f"import headrace\nheadrace.set_tracking_uri({str(tmp_path)!r})\n"
    text += "with headrace.start_run():\n    headrace.log_metric('m', 1); headrace.log_text('x', 'x.txt')"
    modules = _loaded(text)
    assert not [name for name in HEAVY if name in modules]


@pytest.mark.parametrize("name", sorted(_doors.FUNCTIONS))
def test_every_name_at_the_front_door_opens(name: str) -> None:
    assert callable(getattr(headrace, name))
    assert name in headrace.__all__
    assert name in dir(headrace)


@pytest.mark.parametrize("name", sorted(_doors.MODULES))
def test_every_door_leads_to_the_one_module_behind_it(name: str) -> None:
    door = importlib.import_module(f"headrace.{name}")
    assert door is importlib.import_module(f"headrace.{_doors.MODULES[name]}")
    assert door.__name__ == f"headrace.{_doors.MODULES[name]}"


def test_a_flavor_is_a_door_by_being_there() -> None:
    assert headrace.sklearn is importlib.import_module("headrace.flavors.sklearn")
    assert importlib.import_module("headrace.sklearn") is headrace.sklearn


def test_what_is_below_a_door_is_not_loaded_twice() -> None:
    assert importlib.import_module("headrace.types.schema") is importlib.import_module("headrace.models.types")
    assert importlib.import_module("headrace.types.datatypes") is importlib.import_module(
        "headrace.models.types.datatypes"
    )


@pytest.mark.parametrize("name", ["trace", "gateway", "login", "evaluate"])
def test_what_is_not_here_yet_is_said_so(name: str) -> None:
    with pytest.raises(AttributeError, match=f"{name} is not in headrace yet"):
        getattr(headrace, name)
    assert not hasattr(headrace.MlflowClient, name)


def test_a_method_that_is_not_here_yet_is_said_so() -> None:
    with pytest.raises(AttributeError, match="search_traces is not in headrace yet"):
        _ = headrace.MlflowClient("/nowhere").search_traces
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = headrace.MlflowClient("/nowhere").nonsense


def test_a_module_that_is_not_here_yet_is_said_so() -> None:
    with pytest.raises(ModuleNotFoundError, match="gateway is not in headrace yet"):
        importlib.import_module("headrace.gateway")
    with pytest.raises(ModuleNotFoundError, match="nonsense"):
        importlib.import_module("headrace.nonsense")
    with pytest.raises(AttributeError, match="nonsense"):
        _ = headrace.nonsense


def test_the_functions_of_artifacts_are_found_in_that_room() -> None:
    from headrace.artifacts import download_artifacts, open_store

    assert download_artifacts.__module__ == "headrace.tracking.artifacts"
    assert open_store.__module__ == "headrace.artifacts"


def test_autologging_of_a_library_is_found_beside_its_flavor() -> None:
    import headrace.sklearn
    from headrace.sklearn import autolog

    assert headrace.sklearn.autolog is autolog
    assert autolog.__module__ == "headrace.autologging.sklearn"
    assert headrace.tracking.fluent.autolog is headrace.autolog
