"""What a script's author is told before it runs, and what they are not bothered with."""

from __future__ import annotations

import ast
import logging
from pathlib import Path

import pytest

from headrace.base.errors import BadRequest
from headrace.flavors import pyfunc
from headrace.models.code import run_script
from headrace.models.reading import Remark, read_script, remarks_on
from headrace.models.secrets import secrets_in

#: Scripts as people write them, of which nothing is to be told.
QUIET = {
    "nothing": "",
    "names of builtins": "print(len([]), NotImplemented, __name__, __file__, Ellipsis)",
    "a star": "from numpy import *\nx = array([1])",
    "a future": "from __future__ import annotations\ndef f(a: int) -> int: return a",
    "only for types": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy as np\n"
    "def f(a: 'np.ndarray'): pass",
    "types as text": "import numpy as np\ndef f(a: 'list[np.ndarray]'): pass",
    "handed on": "from numpy import array as array\nfrom numpy import ndarray\n__all__ = ['ndarray']",
    "for what it does": "import numpy.random  # noqa: F401",
    "switches something on": "from sklearn.experimental import enable_iterative_imputer",
    "may be missing": "try:\n    import torch\n    HAS = True\nexcept ImportError:\n    HAS = False",
    "one or the other": "try:\n    import ujson as json\nexcept ModuleNotFoundError:\n    import json\nprint(json)",
    "no builtin here": "try:\n    get_ipython()\nexcept NameError:\n    pass",
    "a name of old": "try:\n    unicode\nexcept NameError:\n    unicode = str",
    "comprehensions": "a = [x for y in [[1]] for x in y if x]\nb = {k: v for k, v in {}.items()}\nc = (z := 3) + z",
    "closures": "def f():\n    n = 1\n    def g():\n        nonlocal n\n        n += 1\n        return n\n    return g",
    "a global of a function": "def f():\n    global cache\n    cache = 1\ndef g():\n    return cache",
    "used before it is defined": "def f():\n    return g()\ndef g():\n    return f",
    "classes": "class A:\n    x = 1\n    y = x\n    def f(self):\n        return __class__, super().f()\n"
    "    z: int = y",
    "decorators": "import functools\nclass A:\n    @property\n    def p(self): return 1\n"
    "    @p.setter\n    def p(self, v): pass\n"
    "@functools.cache\ndef f(): pass",
    "errors, files and loops": "with open('a') as f:\n    for i, (j, *k) in []:\n        print(f, i, j, k)\n"
    "try:\n    pass\nexcept OSError as e:\n    print(e)",
    "patterns": "def f(a):\n    match a:\n        case {'x': x, **rest}: return x, rest\n"
    "        case [first, *others]: return first, others\n"
    "        case str() as s: return s",
    "names that are made": "globals()['a'] = 1\nprint(a)",
    "a function called top": "def top(self, which):\n    size = 1\n    return self, which, size",
    "a lambda": "f = lambda a, *b, c=1, **d: (a, b, c, d)",
    "async": "async def f():\n    async with g() as h:\n        return [i async for i in h]\nasync def g(): pass",
    "a main": "if __name__ == '__main__':\n    import argparse\n    argparse.ArgumentParser()",
    "unused, of the standard library": "import os, sys, json",
    "a model": "import mlflow\nfrom mlflow.pyfunc import PythonModel\nclass M(PythonModel):\n"
    "    def predict(self, context, model_input, params=None): return model_input\nmlflow.models.set_model(M())",
    "a part by its whole name": "import numpy.linalg\nprint(numpy.linalg.norm([1]))",
    "deleted again": "x = 1\ndel x",
    "an annotation alone": "x: int\ndef f():\n    return x",
}


@pytest.mark.parametrize("name", QUIET)
def test_what_is_usual_is_not_told(name: str) -> None:
    assert told(QUIET[name]) == []


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("import os\nimport numpy as np", 2, "np is imported and never used"),
        ("from scipy import (\n    stats,\n    sparse,\n)\nprint(stats)", 1, "sparse is imported and never used"),
        ("def f():\n    return np.mean([1])", 2, "np is not defined"),
        ("x = 1\nprint(y)", 2, "y is not defined"),
        ("class A:\n    size = 1\n    def f(self):\n        return size", 4, "size is not defined"),
        ("def f():\n    [later for x in []]", 2, "later is not defined"),
        ("def f():\n    if TYPE_CHECKING: pass", 2, "TYPE_CHECKING is not defined"),
        ("from .part import a\nprint(a)", 1, "relative import"),
    ],
)
def test_what_will_go_wrong_elsewhere_is_told_with_its_line(text: str, line: int, why: str) -> None:
    (remark,) = told(text)
    assert remark.line == line
    assert why in remark.text


def test_local_modules_that_stay_here_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "near_part.py").write_text("import far_part\n")
    (tmp_path / "far_part.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    text = "import numpy\nimport near_part\nprint(numpy, near_part)"
    near, far = str(tmp_path / "near_part.py"), str(tmp_path / "far_part.py")
    assert told(text) == [
        Remark(2, f"near_part imports far_part, which stays here: add {far!r} to code_paths"),
        Remark(2, f"near_part is a file of yours that stays here: add {near!r} to code_paths"),
    ]
    assert [each.line for each in told(text, near)] == [2]
    assert told(text, near, far) == []


def test_the_author_is_told_before_the_script_runs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "model.py").write_text("import numpy\nprint(nowhere)\n")
    with caplog.at_level(logging.WARNING), pytest.raises(BadRequest, match="line 2: NameError"):
        pyfunc.save_model(tmp_path / "m", python_model=tmp_path / "model.py")
    assert "line 1: numpy is imported and never used" in caplog.text
    assert "line 2: nowhere is not defined" in caplog.text


def test_what_is_no_python_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("x = 1\ndef (")
    with pytest.raises(BadRequest, match=r"model\.py' is not Python: line 2"):
        read_script(tmp_path / "model.py")
    (tmp_path / "model.py").write_bytes(b"# caf\xe9\n")
    with pytest.raises(BadRequest, match="UTF-8"):
        read_script(tmp_path / "model.py")


# Put together here, so that this file has none in it.
_LETTERS = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6kL9n"
SECRETS = {
    "anthropic-key": f"key = 'sk-ant-{_LETTERS}'",
    "aws-access-key": f"# AKIA{_LETTERS.upper()[:16]}",
    "databricks-token": f"x = 'dapi{'0123456789abcdef' * 2}'",
    "github-token": f"x = 'ghp_{_LETTERS}'",
    "gitlab-token": f"x = 'glpat-{_LETTERS[:20]}'",
    "google-api-key": f"x = 'AIza{_LETTERS[:35]}'",
    "huggingface-token": f"login('hf_{_LETTERS[:34]}')",
    "jwt": f"x = 'eyJ{_LETTERS[:20]}.eyJ{_LETTERS[:20]}.{_LETTERS}'",
    "openai-key": f"import os\nos.environ['OPENAI_API_KEY'] = 'sk-{_LETTERS}'",
    "password-in-url": "url = 'postgresql://joe:" + "hunter42@db:5432/x'",
    "private-key": "pem = '''-----BEGIN RSA " + "PRIVATE KEY-----\n'''",
    "slack-token": f"x = 'xoxb-{_LETTERS}'",
    "stripe-key": f"x = 'sk_live_{_LETTERS[:24]}'",
    "password": "connect(password='" + "correcthorse')",
    "named-key": f"settings = {{'api_key': '{_LETTERS[:20]}'}}",
}


@pytest.mark.parametrize("rule", SECRETS)
def test_what_looks_like_a_secret_is_found_by_its_rule(rule: str) -> None:
    assert rule in {each.rule for each in secrets_in(SECRETS[rule])}


@pytest.mark.parametrize(
    "text",
    [
        "import os\npassword = os.environ['PASSWORD']",
        "def f(password, token=None, api_key=''): pass",
        "pad_token = '[PAD]'\neos_token = '<|endoftext|>'\nmask_token = '<mask>'",
        "client(api_key='EMPTY')\nclient(api_key='your-api-key-here-123')",
        "password = 'changeme'\nsecret = 'xxxxxxxxxxxx1'",
        "tokenizer = 'bert-base-uncased'\nmax_token = 4096",
        "secret_name = 'prod/database/credentials1'",
        "url = 'postgresql://{user}:{password}@host/db'\nother = 'http://localhost:5000/a@b'",
        "url = 'redis://user:<password>@host'",
        "task = 'sk-learn-pipelines-for-everybody'",
        "digest = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'",
        "token = 'dbfs-secret-scope/key-1'",
        f"key = 'sk-ant-{_LETTERS}'  # allow-secret: revoked",
    ],
)
def test_what_is_no_secret_is_let_through(text: str) -> None:
    assert secrets_in(text) == []


def test_a_secret_is_refused_without_being_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "part/keys.py").write_text(f"\nKEY = 'sk-{_LETTERS}'\n")
    (tmp_path / "model.py").write_text("from headrace.models import set_model\nset_model(lambda rows: rows)\n")
    code = [str(tmp_path / "part")]
    with pytest.raises(BadRequest, match=r"\(keys\.py, line 2: openai-key\).*# allow-secret.*ALLOW_SECRETS") as told:
        pyfunc.save_model(tmp_path / "m", python_model=tmp_path / "model.py", code_paths=code)
    assert _LETTERS not in str(told.value)
    assert not (tmp_path / "m").exists()
    monkeypatch.setenv("HEADRACE_ALLOW_SECRETS_IN_CODE", "true")
    pyfunc.save_model(tmp_path / "m", python_model=tmp_path / "model.py", code_paths=code)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = 1\nimport gone_part.deep", r"line 2: .*If gone_part is a file or folder of yours.*code_paths"),
        ("from yaml import nothing", r"line 1: .*The yaml that was found is '.*yaml.*code_paths, or upgrade"),
        ("def f():\n    return np.eye(2)\nf()", r"line 2: .*Nothing in the script defines np: is its import missing"),
        ("raise ValueError('no')", r"line 1: ValueError: no$"),
    ],
)
def test_what_fails_at_load_says_what_is_missing(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(text)
    with pytest.raises(BadRequest, match=why):
        run_script(tmp_path / "model.py")


def told(text: str, *code_paths: str) -> list[Remark]:
    return remarks_on(text, ast.parse(text), code_paths)
