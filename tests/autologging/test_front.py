"""All libraries at once, imported before or after; and what other packages ask of autologging."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
    import headrace.autologging
    from headrace.tracking.fluent import autolog

    assert headrace.autolog is autolog


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
