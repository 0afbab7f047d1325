"""What a model needs, read off its code."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headrace.models import imports, pickles


class Late:
    def ask(self) -> Any:
        def inner() -> Any:
            import yaml

            return yaml

        return inner()


def test_imports_are_found_anywhere_in_a_script() -> None:
    text = "import a.b\nfrom c.d import e\nfrom . import f\ndef g():\n    import h\n"
    assert imports.modules_of_source(text) == {"a.b", "c.d", "c.d.e", "h"}


def test_imports_inside_of_methods_are_found() -> None:
    assert imports.modules_of_functions(Late) == {"yaml"}


def test_modules_that_a_pickled_function_uses_are_found() -> None:
    # Compiled, so that cloudpickle takes it for one of a script.
    scope: dict[str, Any] = {"np": np, "__name__": "__main__"}
    exec("def mean(rows): return np.mean(rows)", scope)  # noqa: S102 - text of this test's own
    file = io.BytesIO()
    pickles.dump(scope["mean"], file)
    assert ("numpy", "") in imports.globals_of_pickle(file.getvalue())


def test_modules_come_from_distributions_by_their_own_names() -> None:
    assert imports.distributions(["sklearn.linear_model", "yaml", "os", "headrace"]) == {"scikit-learn", "PyYAML"}


def test_a_local_file_is_followed_to_what_it_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one_part.py").write_text("import two_part\n")
    (tmp_path / "two_part").mkdir()
    (tmp_path / "two_part/__init__.py").write_text("from scipy import sparse\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert imports.local_sources(["one_part"]) == {
        "one_part": tmp_path / "one_part.py",
        "two_part": tmp_path / "two_part",
    }
    assert imports.distributions(["one_part"]) == {"scipy"}
