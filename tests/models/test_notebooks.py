"""Models that are defined in the cells of a notebook, in a kernel of Jupyter: their source is in the model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.flavors import pyfunc
from headrace.models import notebooks
from tests.models import genuine

pytestmark = pytest.mark.slow

#: Runs cells, one after the other, and returns the number and the output of each.
Kernel = Callable[..., list[tuple[int, str]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the notebook is."""
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def kernel(folder: Path) -> Iterator[Kernel]:
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3", transport="ipc", ip=str(folder / "kernel"))
    manager.start_kernel(cwd=str(folder))
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)

    def run(*cells: str) -> list[tuple[int, str]]:
        return [_run(client, cell) for cell in cells]

    try:
        assert run("from headrace import pyfunc") == [(1, "")]
        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _run(client: Any, cell: str) -> tuple[int, str]:
    said = []

    def heard(message: Any) -> None:
        content = message["content"]
        said.append(content.get("text") or "\n".join(content.get("traceback", [])))

    reply = client.execute_interactive(cell, output_hook=heard, timeout=60)
    return reply["content"]["execution_count"], "".join(said)


@pytest.fixture
def saved(kernel: Kernel, tmp_path: Path) -> Callable[..., str]:
    """Runs cells and saves what the last one evaluates to; returns the source in the model. Nothing may be told."""

    def run(*cells: str) -> str:
        *before, model = cells
        for _, said in kernel(*before, f"pyfunc.save_model({str(tmp_path / 'm')!r}, python_model={model})"):
            assert said == ""
        return (tmp_path / "m" / "python_model.py").read_text()

    return run


GROWTH = """
class Growth(pyfunc.PythonModel):
    # Per year.
    def predict(self, context, model_input, params=None):
        return [rounded(each * RATE) for each in model_input]
"""


def test_a_class_is_captured_with_what_it_refers_to_in_other_cells(saved: Callable[..., str], tmp_path: Path) -> None:
    source = saved(
        "import os, math\nfrom math import floor, ceil",
        "RATE = 1.5  # per year\nother = [1, 2, 3]\ndef rounded(amount):\n    return floor(amount)",
        GROWTH,
        "Growth()",
    )
    assert GROWTH.strip() in source
    assert "from math import floor\n" in source
    assert "RATE = 1.5  # per year\n" in source
    assert "def rounded(amount):\n    return floor(amount)\n" in source
    assert not any(word in source for word in ("other", "ceil", "os"))
    assert pyfunc.load_model(str(tmp_path / "m")).predict([1, 3]) == [1, 4]


def test_a_function_is_captured(saved: Callable[..., str], tmp_path: Path) -> None:
    source = saved(
        "import functools",
        "def logged(function):\n    @functools.wraps(function)\n    def inner(model_input):\n"
        "        return function(model_input)\n    return inner",
        "@logged\ndef doubled(model_input):\n    return [2 * each for each in model_input]",
        "doubled",
    )
    assert "@logged\ndef doubled(model_input):\n    return [2 * each for each in model_input]\n" in source
    assert source.index("import functools") < source.index("def logged") < source.index("@logged")
    assert pyfunc.load_model(str(tmp_path / "m")).predict([1, 3]) == [2, 6]


def test_a_lambda_is_captured(saved: Callable[..., str], tmp_path: Path) -> None:
    assert "python_model = lambda model_input: [each + 7 for each in model_input]\n" in saved(
        "lambda model_input: [each + 7 for each in model_input]"
    )


def test_of_what_is_defined_twice_the_newest_is_captured(saved: Callable[..., str]) -> None:
    define = (
        "FACTOR = {0}\nclass Again(pyfunc.PythonModel):\n    def predict(self, context, model_input):\n        return "
    )
    source = saved(define.format(1) + "1 * FACTOR", define.format(22) + "2 * FACTOR", "FACTOR += 3", "Again()")
    assert "return 2 * FACTOR" in source
    assert "return 1" not in source
    assert [line for line in source.splitlines() if line.startswith("FACTOR")] == ["FACTOR = 22", "FACTOR += 3"]


def test_of_an_object_made_before_its_class_was_defined_again_its_own_class_is_captured(
    saved: Callable[..., str],
) -> None:
    define = "class Early(pyfunc.PythonModel):\n    def predict(self, context, model_input):\n        return "
    source = saved(f"{define}1\nearly = Early()", f"{define}2", "early")
    assert "return 1" in source
    assert "return 2" not in source


def test_what_was_computed_is_said_to_be_in_the_pickle_alone(saved: Callable[..., str]) -> None:
    source = saved(
        "import numpy as np\nweights = np.arange(3)\nstart = 4\nmean = sum(weights)\ntable = {'a': 1}\ntable['b'] = 2",
        "class Weighted(pyfunc.PythonModel):\n    def predict(self, context, model_input):\n"
        "        return weights * start + len(table) + mean",
        "Weighted()",
    )
    assert "# There alone: weights (ndarray)\n" in source
    assert "# There alone: table (dict)\n" in source
    assert "# weights = np.arange(3)\n" in source
    assert "# mean = sum(weights)\n" in source
    assert "\nstart = 4\n" in source
    assert "set_model" not in source


def test_classes_and_functions_that_a_model_holds_are_captured(saved: Callable[..., str]) -> None:
    source = saved(
        "class Scaler:\n    def scale(self, value):\n        return value * 3",
        "class Turner:\n    def turn(self, value):\n        return -value\nturner = Turner()",
        "def shifted(value):\n    return value + 1",
        "class Holding(pyfunc.PythonModel):\n    def __init__(self, *parts):\n        self.parts = parts\n"
        "    def predict(self, context, model_input):\n        return self.parts, turner",
        "Holding(Scaler(), [shifted])",
    )
    assert "class Scaler:" in source
    assert "class Turner:" in source
    assert "def shifted(value):" in source


def test_what_stands_in_a_run_or_under_a_magic_is_captured(saved: Callable[..., str]) -> None:
    source = saved(
        "import contextlib\nwith contextlib.nullcontext():\n    def inside(value):\n        return value",
        "%%capture\nclass Timed(pyfunc.PythonModel):\n    def predict(self, context, model_input):\n"
        "        return inside(model_input)",
        "Timed()",
    )
    assert "\ndef inside(value):\n    return value\n" in source
    assert "class Timed(pyfunc.PythonModel):" in source


def test_a_secret_is_refused_with_its_cell(kernel: Kernel, tmp_path: Path) -> None:
    cells = (
        "{0}\nclass Asking(pyfunc.PythonModel):\n    def predict(self, context, model_input):\n        return password"
    )
    save = f"pyfunc.save_model({str(tmp_path / 'm')!r}, python_model=Asking())"
    (cell, _), (_, said) = kernel(cells.format("size = 3\npassword = 'hunter22'"), save)
    assert f"cell [{cell}], line 2: password" in said
    assert "hunter22" not in said.rpartition("BadRequest")[2]
    assert not (tmp_path / "m").exists()
    assert kernel(cells.format("password = 'hunter22'  # allow-secret"), save)[-1][1] == ""


def test_what_will_be_missing_elsewhere_is_told_with_its_cell(kernel: Kernel, folder: Path, tmp_path: Path) -> None:
    (folder / "neighbour.py").write_text("SIZE = 2\n")
    (imported, _), (cell, _), (_, said) = kernel(
        "import neighbour",
        "class Missing(pyfunc.PythonModel):\n    def predict(self, context, model_input):\n"
        "        return neighbour.SIZE * nowhere",
        f"pyfunc.save_model({str(tmp_path / 'm')!r}, python_model=Missing())",
    )
    assert f"cell [{cell}], line 3: nowhere is not defined" in said
    assert f"cell [{imported}], line 1: neighbour is a file of yours" in said
    save = f"pyfunc.save_model({str(tmp_path / 'n')!r}, python_model=Missing(), infer_code_paths=True)"
    assert "neighbour" not in kernel(save)[0][1].replace("neighbour.SIZE", "")
    assert (tmp_path / "n" / "code" / "neighbour.py").is_file()


def test_the_source_of_a_model_without_state_can_be_logged_as_code(saved: Callable[..., str], tmp_path: Path) -> None:
    source = saved("RATE = 1.5\nfrom math import floor as rounded", GROWTH, "Growth()")
    assert "# mlflow.models.set_model(Growth())\n" in source
    script = tmp_path / "growth.py"
    script.write_text(source.replace("# import mlflow", "import mlflow").replace("# mlflow.models", "mlflow.models"))
    pyfunc.save_model(tmp_path / "code", python_model=script)
    assert pyfunc.load_model(str(tmp_path / "code")).predict([1, 3]) == [1, 4]


@pytest.mark.parametrize("apart", ["true", "false"])
def test_a_file_that_cells_write_is_read_anew_each_time(kernel: Kernel, tmp_path: Path, apart: str) -> None:
    write = "%%writefile model.py\nfrom headrace import models\nmodels.set_model(lambda model_input: {0})\n"
    # Files of one length, written in one second, where Python keeps what it compiled.
    same = "import os, sys\nsys.dont_write_bytecode = False\nos.utime('model.py', (1e9, 1e9))"
    for answer, kind in ((111, "long"), ("'b'", "string")):
        *_, (_, said) = kernel(
            f"%env HEADRACE_RUN_SCRIPTS_APART={apart}\n%env PYTHONDONTWRITEBYTECODE=",
            write.format(answer),
            same,
            f"folder = {str(tmp_path / kind)!r}\n"
            "pyfunc.save_model(folder, python_model='model.py', input_example=[0])\n"
            "model = pyfunc.load_model(folder)\n"
            "print(repr(model.predict([0])), model.metadata.signature.outputs.to_dict())",
        )
        assert said.startswith(f"{answer} ")
        assert f"'{kind}'" in said


def test_a_model_of_the_program_that_runs_is_captured(tmp_path: Path) -> None:
    program = tmp_path / "train.py"
    program.write_text(
        f"import sys\nfrom headrace import pyfunc\nRATE = 2\n\ndef rounded(amount):\n    return amount\n{GROWTH}\n"
        "if __name__ == '__main__':\n    pyfunc.save_model(sys.argv[1], python_model=Growth())\n"
    )
    subprocess.run([sys.executable, program, tmp_path / "m"], check=True)
    source = (tmp_path / "m" / "python_model.py").read_text()
    assert f"# train.py\nRATE = 2\n\n\ndef rounded(amount):\n    return amount\n\n\n{GROWTH.strip()}\n" in source
    assert "sys" not in source


def test_what_a_module_defines_is_not_captured() -> None:
    assert notebooks.capture(genuine.run) is None
    assert notebooks.capture(pyfunc.PythonModel()) is None


def test_what_nobody_has_the_source_of_is_not_captured() -> None:
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec("def predict(model_input): return model_input", scope)  # noqa: S102  (what is not in a file or cell)
    assert notebooks.capture(scope["predict"]) is None


def test_mlflow_loads_models_of_a_notebook_with_the_same_answers(saved: Callable[..., str], tmp_path: Path) -> None:
    saved("RATE = 1.5\nimport math\ndef rounded(amount): return math.floor(amount)", GROWTH, "Growth()")
    program = "import sys, mlflow; print(mlflow.pyfunc.load_model(sys.argv[1]).predict([1, 3]))"
    assert genuine.run(program, str(tmp_path / "m")) == "[1, 4]\n"
