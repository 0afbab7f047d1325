"""Models whose modules have the same names each see their own, when they are loaded and when they are asked."""

from __future__ import annotations

import importlib
import py_compile
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from headrace.flavors import pyfunc

#: Imports in every way: at once and when it is asked; a module, a part of a package, relatively, by a helper.
SCRIPT = """
from headrace.models import set_model
import same_early
from same_package import here

def predict(rows):
    import same_late
    from same_package import later
    from same_package.deep.end import VALUE
    return [same_early.VALUE, here.VALUE, same_early.late(), same_late.VALUE, later.value(), VALUE]

set_model(predict)
"""
FILES = {
    "same_early.py": "VALUE = {0}\ndef late():\n    import same_late\n    return same_late.VALUE\n",
    "same_late.py": "VALUE = {0}\n",
    "same_package/__init__.py": "",
    "same_package/here.py": "from . import base\nVALUE = base.VALUE\n",
    "same_package/base.py": "VALUE = {0}\n",
    "same_package/later.py": "def value():\n    from . import base\n    from .deep import end\n    return end.VALUE\n",
    "same_package/deep/__init__.py": "",
    "same_package/deep/end.py": "VALUE = {0}\n",
}
ASKED = 6


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    before = set(sys.modules)
    path = list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if name.startswith("same_"):
            del sys.modules[name]


def save(home: Path, number: int, model: Any = None) -> str:
    """Save a model whose modules all say ``number``."""
    code = home / f"code{number}"
    for name, text in FILES.items():
        (code / name).parent.mkdir(parents=True, exist_ok=True)
        (code / name).write_text(text.format(number))
    (home / "model.py").write_text(SCRIPT)
    sys.path.insert(0, str(code))
    importlib.invalidate_caches()
    try:
        pyfunc.save_model(
            home / f"m{number}",
            python_model=home / "model.py" if model is None else model,
            code_paths=[str(code / name) for name in ("same_early.py", "same_late.py", "same_package")],
            pip_requirements=[],
        )
    finally:
        sys.path.remove(str(code))
        for name in [each for each in sys.modules if each.startswith("same_")]:
            del sys.modules[name]
    return str(home / f"m{number}")


def test_each_model_sees_its_own_code_in_whatever_order_they_are_asked(tmp_path: Path) -> None:
    models = [pyfunc.load_model(save(tmp_path, number)) for number in (1, 2, 3)]
    for number in (3, 1, 2, 1):
        assert models[number - 1].predict([0]) == [number] * ASKED


def test_modules_of_the_program_stay_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = save(tmp_path, 1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/same_early.py").write_text("VALUE = 'mine'\n")
    monkeypatch.syspath_prepend(str(tmp_path / "mine"))
    mine = importlib.import_module("same_early")
    model = pyfunc.load_model(saved)
    assert model.predict([0]) == [1] * ASKED
    assert sys.modules["same_early"] is mine
    assert mine.VALUE == "mine"


def test_models_may_be_loaded_and_asked_in_threads(tmp_path: Path) -> None:
    numbers = [1, 2, 3, 4]
    saved = [save(tmp_path, number) for number in numbers]
    together = Barrier(len(numbers))

    def work(at: int) -> list[Any]:
        together.wait()
        return [pyfunc.load_model(saved[at]).predict([0]) for _ in range(5)]

    with ThreadPoolExecutor(len(numbers)) as pool:
        answers = list(pool.map(work, range(len(numbers))))
    assert answers == [[[number] * ASKED] * 5 for number in numbers]


def test_a_pickled_function_imports_its_own_code_when_it_is_asked(tmp_path: Path) -> None:
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec("def predict(rows):\n    from same_package import later\n    return later.value()", scope)  # noqa: S102 - text of this test's own
    models = [pyfunc.load_model(save(tmp_path, number, scope["predict"])) for number in (1, 2)]
    assert [model.predict([0]) for model in models] == [1, 2]


def test_a_thread_that_a_model_starts_while_it_is_loaded_may_import(tmp_path: Path) -> None:
    (tmp_path / "same_part.py").write_text("VALUE = 7\n")
    (tmp_path / "model.py").write_text(
        "from threading import Thread\nfrom headrace.models import set_model\nfound = []\n"
        "def work():\n    import same_part\n    found.append(same_part.VALUE)\n"
        "thread = Thread(target=work)\nthread.start()\nthread.join(20)\nset_model(lambda rows: found)\n"
    )
    sys.path.insert(0, str(tmp_path))
    code = [str(tmp_path / "same_part.py")]
    pyfunc.save_model(tmp_path / "m", python_model=tmp_path / "model.py", code_paths=code, pip_requirements=[])
    sys.path.remove(str(tmp_path))
    assert "same_part" not in sys.modules
    assert pyfunc.load_model(str(tmp_path / "m")).predict([0]) == [7]


def test_a_compiled_file_beside_the_code_is_neither_read_nor_written(tmp_path: Path) -> None:
    saved = Path(save(tmp_path, 1))
    (tmp_path / "other.py").write_text("VALUE = 'hidden'\n")
    hidden = saved / "code/__pycache__" / f"same_late.{sys.implementation.cache_tag}.pyc"
    hidden.parent.mkdir()
    # One that says of itself that it need not be compared with its source.
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(tmp_path / "other.py"), str(hidden), invalidation_mode=mode)
    assert pyfunc.load_model(str(saved)).predict([0]) == [1] * ASKED
    assert [file.name for file in saved.rglob("*.pyc")] == [hidden.name]
