"""All libraries at once, imported before or after; and what other packages ask of autologging."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import headrace.sklearn
import pytest

import headrace

_FIT = """
import sys
import headrace{extra}
headrace.set_tracking_uri("sqlite:///" + sys.argv[1] + "/kept.db")
{first}
{second}
from sklearn.linear_model import LogisticRegression
import numpy as np
X = np.arange(20.0).reshape(10, 2)
model = LogisticRegression().fit(X, [0, 1] * 5)
found = headrace.search_runs(output_format="list")
models = sorted(each.name for each in headrace.search_logged_models(output_format="list"))
print(len(found), models, found[0].data.params["C"] if found else "")
import sklearn.linear_model
import inspect, importlib.util
assert "class LogisticRegression" in inspect.getsource(sklearn.linear_model._logistic)
assert importlib.util.find_spec("sklearn.svm").loader is not None
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("headrace.autolog()", "import sklearn"),
        ("import sklearn.linear_model", "headrace.autolog()"),
        ("headrace.sklearn.autolog()", "import sklearn.ensemble"),
        ("from sklearn.linear_model import LogisticRegression", "headrace.sklearn.autolog()"),
    ],
)
def test_it_does_not_matter_what_is_imported_first(first: str, second: str, tmp_path: Path) -> None:
    assert _run(_FIT.format(first=first, second=second, extra=""), tmp_path) == "1 ['model'] 1.0"


@pytest.mark.slow
def test_what_is_excluded_or_turned_off_records_nothing(tmp_path: Path) -> None:
    for call in ('headrace.autolog(exclude_flavors=["sklearn"])', "headrace.autolog(); headrace.autolog(disable=True)"):
        assert _run(_FIT.format(first=call, second="", extra=""), tmp_path) == "0 []"


@pytest.mark.slow
def test_turning_all_on_imports_no_library(tmp_path: Path) -> None:
    heavy = "[name for name in ('sklearn', 'numpy', 'pandas') if name in sys.modules]"
    program = f"import sys, headrace; headrace.autolog(); print({heavy})"
    assert _run(program, tmp_path) == "[]"


def test_the_front_door_has_it() -> None:
    from headrace.tracking.fluent import autolog

    assert headrace.autolog is autolog


def test_other_packages_ask_for_options_and_pause_it(tmp_path: Path) -> None:
    from headrace.utils import autologging_utils as asked

    assert asked.get_autologging_config("unheard of", "a", 7) == 7
    assert asked.autologging_is_disabled("unheard of")
    assert asked.is_autolog_supported("sklearn")
    assert not asked.is_autolog_supported("unheard of")
    assert asked.get_autolog_function("sklearn") is headrace.sklearn.autolog
    headrace.sklearn.autolog(max_tuning_runs=3)
    try:
        assert asked.get_autologging_config("sklearn", "max_tuning_runs") == 3
        with asked.disable_discrete_autologging(["other"]):
            assert not asked.autologging_is_disabled("sklearn")
        with asked.disable_autologging():
            assert asked.autologging_is_disabled("sklearn")
    finally:
        headrace.sklearn.autolog(disable=True)
    assert asked.autologging_is_disabled("sklearn")


def test_another_package_declares_its_own() -> None:
    from headrace.utils import autologging_utils as asked

    @asked.autologging_integration("mine")
    def autolog(a: int = 1, disable: bool = False) -> str:
        return f"{a} {disable}"

    assert autolog(5) == "5 False"
    assert asked.get_autologging_config("mine", "a") == 5
    assert not asked.autologging_is_disabled("mine")
    autolog(disable=True)
    assert asked.autologging_is_disabled("mine")


def test_arguments_are_found_by_place_or_name() -> None:
    from headrace.utils import autologging_utils as asked

    def function(a: int, b: int = 2, c: int = 3, **more: int) -> None: ...

    assert asked.get_mlflow_run_params_for_fn_args(function, (1,), {"c": 9, "d": 4}, ["b"]) == {"a": 1, "c": 9, "d": 4}
    assert asked.get_mlflow_run_params_for_fn_args(function, (1,), {}) == {"a": 1, "b": 2, "c": 3}
    assert asked.get_method_call_arg_value(1, "b", 0, (1, 5), {}) == 5
    assert asked.get_method_call_arg_value(1, "b", 0, (1,), {"b": 6}) == 6
    assert asked.get_method_call_arg_value(1, "b", 0, (1,), {}) == 0


def test_metrics_are_gathered_and_logged_together(tmp_path: Path) -> None:
    from headrace.utils.autologging_utils import batch_metrics_logger

    before = headrace.get_tracking_uri()
    headrace.set_tracking_uri(f"sqlite:///{tmp_path}/kept.db")
    try:
        with headrace.start_run() as run, batch_metrics_logger(run.info.run_id) as logger:
            for step in range(1100):
                logger.record_metrics({"loss": 1 / (step + 1)}, step)
        points = headrace.MlflowClient().get_metric_history(run.info.run_id, "loss")
        assert [point.step for point in points] == list(range(1100))
    finally:
        headrace.set_tracking_uri(before)


def _run(program: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(folder)],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()
