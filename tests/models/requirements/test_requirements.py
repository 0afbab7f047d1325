"""What a model needs is what a person would write down who read it: the answers here were made by hand."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from headrace.flavors import pyfunc, sklearn
from headrace.models.environment import name_of

PLAIN: set[str] = set()

#: A script's lines before its model, and the distributions that it needs.
SCRIPTS: dict[str, tuple[str, set[str]]] = {
    "nothing": ("", PLAIN),
    "the standard library": ("import json, os.path\nfrom collections import abc", PLAIN),
    "one import": ("import numpy as np", {"numpy"}),
    "a part of a package": ("from sklearn.linear_model import Ridge", {"scikit-learn"}),
    "another name than the module's": ("import yaml\nfrom PIL import Image", {"PyYAML", "pillow"}),
    "an import in a function": ("def late():\n    import scipy.sparse\n    return scipy", {"scipy"}),
    "an import in a method": ("class A:\n    def f(self):\n        from scipy import stats", {"scipy"}),
    "one that may be missing, and is": (
        "try:\n    import no_such_thing\nexcept ImportError:\n    no_such_thing = None",
        PLAIN,
    ),
    "one that may be missing, and is not": ("try:\n    import scipy\nexcept ImportError:\n    scipy = None", {"scipy"}),
    "the first of two that is there": (
        "try:\n    import no_such_json as json\nexcept ModuleNotFoundError:\n    import msgspec as json",
        {"msgspec"},
    ),
    "only for type checkers": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import polars",
        PLAIN,
    ),
    "for type checkers, and else": (
        "import typing\nif typing.TYPE_CHECKING:\n    import polars\nelse:\n    import pandas",
        {"pandas"},
    ),
    "by name": ("from importlib import import_module\nnp = import_module('numpy.linalg')", {"numpy"}),
    "by the old function": ("np = __import__('numpy')", {"numpy"}),
    "under a condition": ("import sys\nif sys.version_info > (3,):\n    import msgspec", {"msgspec"}),
    "one part of a shared namespace": ("from acme_space import tools", {"acme-tools"}),
    "the other part": ("import acme_space.store", {"acme-store"}),
    "both, deeper": (
        "from acme_space.deep import one\nfrom acme_space.deep.two import B",
        {"acme-tools", "acme-store"},
    ),
    "a namespace alone": ("import acme_space", PLAIN),
    "dots in the name": ("import fancy_module", {"Fancy.Name"}),
    "a declared top": ("import declared_top", {"declares-its-top"}),
    "two builds of one": ("import built_twice", {"one-build"}),
    "used where its source lies": ("import edited_package", {"edited-project"}),
    "mapped to where its source lies": ("import mapped_package", {"mapped-project"}),
    "a local module": ("import own_part", {"msgspec"}),
    "a local package with relative imports": ("from own_package.first import A", {"scipy"}),
    "a local module twice removed": ("import own_outer", {"msgspec"}),
    "headrace and mlflow": ("import headrace\nfrom headrace import entities", PLAIN),
    "a word that is no import": ("text = 'import numpy'  # import scipy", PLAIN),
}
_OWN = {
    "own_part.py": "import msgspec\n",
    "own_outer.py": "import own_part\n",
    "own_package/__init__.py": "",
    "own_package/first.py": "from . import second\nfrom .second import A\n",
    "own_package/second.py": "from scipy import stats\nA = stats\n",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_needs_what_it_imports(name: str, installed: Path, tmp_path: Path) -> None:
    for file, own in _OWN.items():
        (installed / file).parent.mkdir(exist_ok=True)
        (installed / file).write_text(own)
    text, answer = SCRIPTS[name]
    (tmp_path / "model.py").write_text(f"{text}\nfrom headrace.models import set_model\nset_model(lambda rows: rows)\n")
    code = [str(path) for path in installed.iterdir() if path.suffix == ".py" or path.is_dir()]
    pyfunc.save_model(tmp_path / "m", python_model=tmp_path / "model.py", code_paths=code)
    assert needs(tmp_path / "m") == pinned(answer)


def _in_main(text: str) -> Any:
    """``model`` of a script that is run by hand, whose classes and functions are pickled whole."""
    scope: dict[str, Any] = {"__name__": "__main__", "pyfunc": pyfunc, "np": np, "pd": pd}
    exec(text, scope)  # noqa: S102 - text of this test's own
    return scope["model"]


#: What makes a model that is pickled, and the distributions that it needs beside cloudpickle.
PICKLED: dict[str, tuple[str, set[str]]] = {
    "pure Python": ("model = lambda rows: [len(row) for row in rows]", PLAIN),
    "a module of the script": ("model = lambda rows: np.mean(rows)", {"numpy"}),
    "an import in the function": ("def model(rows):\n    import polars\n    return polars.DataFrame(rows)", {"polars"}),
    "a function that another calls": (
        "def inner(rows):\n    from scipy import stats\n    return stats\n\ndef model(rows):\n    return inner(rows)",
        {"scipy"},
    ),
    "a function in a function": (
        "def model(rows):\n    def inner():\n        import msgspec\n        return msgspec\n    return inner()",
        {"msgspec"},
    ),
    "a namespace in a function": (
        "def model(rows):\n    from acme_space import store\n    return store",
        {"acme-store"},
    ),
    "values that it holds": (
        "class M(pyfunc.PythonModel):\n    def __init__(self):\n        self.frame = pd.DataFrame({'a': [1]})\n"
        "    def predict(self, context, model_input):\n        return self.frame\nmodel = M()",
        # Names of columns are kept in Arrow.
        {"pandas", "numpy", "pyarrow"},
    ),
    "an import in a method": (
        "class M(pyfunc.PythonModel):\n    def predict(self, context, model_input):\n        import yaml\n"
        "        return yaml\nmodel = M()",
        {"PyYAML"},
    ),
    "an import that the method's helper makes": (
        "class H:\n    def help(self):\n        import scipy\n        return scipy\n\n"
        "class M(pyfunc.PythonModel):\n    def predict(self, context, model_input):\n        return H().help()\n"
        "model = M()",
        {"scipy"},
    ),
}


@pytest.mark.parametrize("name", PICKLED)
def test_a_pickled_model_needs_what_is_in_the_pickle(name: str, tmp_path: Path) -> None:
    text, answer = PICKLED[name]
    pyfunc.save_model(tmp_path / "m", python_model=_in_main(text))
    assert needs(tmp_path / "m") == pinned({"cloudpickle"} | answer)


X = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})
#: Estimators, how they are written, and the distributions that they need.
ESTIMATORS: dict[str, tuple[Callable[[], Any], str, set[str]]] = {
    "a line, skops": (LinearRegression, "skops", {"scikit-learn", "skops", "numpy"}),
    "a line, pickled": (LinearRegression, "pickle", {"scikit-learn", "numpy"}),
    "a line, cloudpickled": (LinearRegression, "cloudpickle", {"scikit-learn", "cloudpickle", "numpy"}),
    "a pipeline": (
        lambda: make_pipeline(StandardScaler(), LinearRegression()),
        "cloudpickle",
        {"scikit-learn", "cloudpickle", "numpy"},
    ),
    "columns by name": (
        lambda: make_pipeline(ColumnTransformer([("a", StandardScaler(), ["a"])]), LinearRegression()),
        "pickle",
        {"scikit-learn", "numpy"},
    ),
    "a pickled lambda": (
        lambda: make_pipeline(FunctionTransformer(_in_main("model = lambda rows: pd.get_dummies(rows)"))),
        "cloudpickle",
        {"scikit-learn", "cloudpickle", "numpy", "pandas"},
    ),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_needs_what_it_is_made_of(name: str, tmp_path: Path) -> None:
    make, form, answer = ESTIMATORS[name]
    model = make()
    model.fit(X, [0.0, 1.0, 2.0])
    sklearn.save_model(model, tmp_path / "m", serialization_format=form)
    assert needs(tmp_path / "m") == pinned(answer)


def test_a_frame_for_an_example_is_needed_too(tmp_path: Path) -> None:
    model = LinearRegression().fit(X, [0.0, 1.0, 2.0])
    sklearn.save_model(model, tmp_path / "m", input_example=X, serialization_format="pickle")
    assert needs(tmp_path / "m") == pinned({"scikit-learn", "numpy", "pandas"})


def test_an_extra_that_the_user_names_takes_the_place_of_what_was_found(tmp_path: Path) -> None:
    model = LinearRegression().fit(X, [0.0, 1.0, 2.0])
    sklearn.save_model(model, tmp_path / "m", extra_pip_requirements=["Scikit_Learn[plots]>=1.4"])
    assert needs(tmp_path / "m") == pinned({"numpy", "skops"}) | {"Scikit_Learn[plots]>=1.4"}


def test_what_is_installed_meanwhile_is_seen(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from headrace.models.imports import distributions

    home = tmp_path / "later"
    home.mkdir()
    monkeypatch.syspath_prepend(str(home))
    assert distributions(["came_later"]) == set()
    (home / "came_later-1.0.dist-info").mkdir()
    (home / "came_later-1.0.dist-info/RECORD").write_text("came_later.py,,\n")
    assert distributions(["came_later"]) == {"came_later"}


def needs(folder: Path) -> set[str]:
    lines = (folder / "requirements.txt").read_text().splitlines()
    return {line for line in lines if name_of(line) != "mlflow"}


def pinned(names: set[str]) -> set[str]:
    return {f"{name}=={importlib.metadata.version(name)}" for name in names}
