"""Models that somebody made to do harm: each is refused with a sentence, and nothing of it has run."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from sklearn.linear_model import LinearRegression

from headrace.base.errors import BadRequest, HeadraceError, TooLarge, Untrusted
from headrace.flavors import pyfunc, sklearn
from headrace.models import pickled, trust
from headrace.models.model import Model
from tests.flavors.hostile import change, say

ELSEWHERE = "s3://bucket/model"


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that is there only once something ran."""
    return tmp_path / "canary"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model of scikit-learn in a pickle."""
    folder = tmp_path / "model"
    estimator = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    sklearn.save_model(estimator, folder, serialization_format="pickle", pip_requirements=[])
    return folder


def _touching(canary: Path) -> bytes:
    return b"touch " + os.fsencode(canary)


def _global(canary: Path) -> bytes:
    return b"cposix\nsystem\n(V" + _touching(canary) + b"\ntR."


def _by_memo(canary: Path) -> bytes:
    """The names of the global lie in the memo, put there in another order than they are used."""
    name, module = pickle.dumps("system", 4)[11:-1], pickle.dumps("posix", 4)[11:-1]
    command = _touching(canary)
    said = b"X" + len(command).to_bytes(4, "little") + command
    return b"\x80\x04" + name + b"0" + module + b"0h\x01h\x00\x93" + said + b"\x85R."


def _instance(canary: Path) -> bytes:
    return b"(S'" + _touching(canary) + b"'\niposix\nsystem\n."


def _object(canary: Path) -> bytes:
    return b"(cposix\nsystem\nS'" + _touching(canary) + b"'\no."


def _nested(canary: Path) -> bytes:
    return pickle.dumps(_Calls(pickle.loads, _global(canary)))


def _with_a_good_start(canary: Path) -> bytes:
    """Breaks off where a reader of opcodes does, after the harm is done."""
    return _global(canary)[:-1] + b"0\xff\xff\xff"


def _built(canary: Path) -> bytes:
    """``__setstate__`` of something harmless."""
    state = pickle.dumps(_Calls(os.system, _touching(canary).decode()), 2)[2:-1]
    return b"\x80\x02ccollections\nOrderedDict\n)R" + state + b"b."


class _Calls:
    """Is unpickled by calling a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._call = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self._call


_BOMBS = [_global, _by_memo, _instance, _object, _nested, _with_a_good_start, _built]


@pytest.mark.parametrize("bomb", _BOMBS, ids=lambda bomb: bomb.__name__.strip("_"))
def test_a_bomb_goes_off_where_it_is_read_without_a_look(bomb: Any, canary: Path) -> None:
    # Else the tests below would show nothing.
    with suppress(pickle.UnpicklingError, TypeError, ValueError, AttributeError, KeyError, EOFError):
        pickle.loads(bomb(canary))  # noqa: S301
    assert canary.exists()


@pytest.mark.parametrize("bomb", _BOMBS, ids=lambda bomb: bomb.__name__.strip("_"))
def test_a_bomb_is_refused_with_what_it_would_call(
    bomb: Any, canary: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(model, "model.pkl", lambda _: bomb(canary))
    with pytest.raises(Untrusted, match=r"unpickle model\.pkl, which imports .*(posix|os)\.system|cannot be read"):
        trust.audit(Model.load(model), model, ELSEWHERE)
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    for load in (pyfunc.load_model, sklearn.load_model):
        with pytest.raises(Untrusted, match=r"unpickle model\.pkl"):
            load(str(model))
    assert not canary.exists()


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: b"\x78\x9c" + data], ids=["gzip", "zlib"])
def test_a_packed_bomb_is_refused_as_what_cannot_be_read(pack: Any, canary: Path, model: Path) -> None:
    change(model, "model.pkl", lambda _: pack(_global(canary)))
    with pytest.raises(Untrusted, match=r"unpickle model\.pkl"):
        trust.audit(Model.load(model), model, ELSEWHERE)
    # Even one's own is not unpacked: no model of ours is packed.
    with pytest.raises(BadRequest, match="cannot be read"):
        sklearn.load_model(str(model))
    assert not canary.exists()


def test_a_pickle_by_another_name_is_not_read(canary: Path, model: Path) -> None:
    for name in ("weights.bin", "model.txt", "MLmodel.pkl.bak"):
        (model / name).write_bytes(_global(canary))
        say(model, "sklearn", pickled_model=name)
        with pytest.raises(HeadraceError, match="a pickle ends in"):
            sklearn.load_model(str(model))
    assert not canary.exists()


def test_code_in_a_pickle_is_named_with_what_it_imports(tmp_path: Path) -> None:
    import cloudpickle

    def strange() -> Any:
        import ftplib

        return ftplib

    found = pickled.globals_of(cloudpickle.dumps(strange))
    assert ("ftplib", "") in found


def test_a_pickle_in_a_pickle_is_looked_into(canary: Path) -> None:
    twice = pickle.dumps(_Calls(pickle.loads, pickle.dumps(_Calls(pickle.loads, _global(canary)))))
    assert ("posix", "system") in pickled.globals_of(twice)


@pytest.mark.parametrize("depth", [500, 100_000])
def test_pickles_nested_without_end_are_answered(depth: int) -> None:
    assert pickled.globals_of(b"(" * depth + b"t" * depth + b".") == set()


def test_a_file_that_is_not_the_user_s_own_makes_the_model_a_strangers(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trust.is_own(str(model))
    if os.geteuid() == 0:
        os.chown(model / "model.pkl", 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(Untrusted, match="not yours"):
        sklearn.load_model(str(model))


@pytest.mark.parametrize("name", ["../canary.pkl", "/etc/passwd", "model.pkl\0.txt", "a" * 5000, "..", ".", ""])
@pytest.mark.parametrize(("flavor", "key"), [("sklearn", "pickled_model"), ("python_function", "code")])
def test_a_path_leads_nowhere_but_into_the_model(
    flavor: str, key: str, name: str, model: Path, canary: Path, tmp_path: Path
) -> None:
    (tmp_path / "canary.pkl").write_bytes(_global(canary))
    say(model, flavor, **{key: name})
    if key == "code" and name in ("", "."):
        return  # The model's own folder, or none.
    load = sklearn.load_model if flavor == "sklearn" else pyfunc.load_model
    with pytest.raises(HeadraceError):
        load(str(model))
    assert not canary.exists()


@pytest.mark.parametrize("code", ["/", "../elsewhere", "code/../../elsewhere"])
def test_code_outside_of_the_model_is_not_imported(code: str, model: Path, tmp_path: Path, canary: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (model / "code").mkdir()
    (tmp_path / "elsewhere" / "numpy_stranger.py").write_text(f"open({str(canary)!r}, 'w')")
    say(model, "python_function", code=code, loader_module="numpy_stranger")
    with pytest.raises(BadRequest, match="not in the model's folder"):
        pyfunc.load_model(str(model))
    assert not canary.exists()


def test_a_link_out_of_the_model_is_not_followed(model: Path, tmp_path: Path, canary: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "model.pkl").write_bytes(_global(canary))
    (model / "model.pkl").unlink()
    (model / "model.pkl").symlink_to(outside / "model.pkl")
    (model / "manifest.sha256").unlink()
    with pytest.raises(BadRequest, match="not in the model's folder"):
        sklearn.load_model(str(model))
    (model / "deep").symlink_to(outside)
    say(model, "sklearn", pickled_model="deep/model.pkl")
    with pytest.raises(BadRequest, match="not in the model's folder"):
        sklearn.load_model(str(model))
    assert not canary.exists()


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch {canary}']",
        "flavors: !!python/object/new:os.system ['touch {canary}']",
        "flavors: !!python/name:os.system",
        "flavors: &a [*a]",
        "flavors: {{python_function: &a {{loader_module: x, again: *a}}}}",
        "flavors: {{? [1, 2] : 3}}",
        "flavors: {{python_function: {{loader_module: 1e999}}}}",
        "flavors: " + "[" * 5000,
        "flavors: " + "{{a: " * 3000 + "1" + "}}" * 3000,
        "utc_time_created: " + "9" * 100_000 + "\nflavors: {{}}",
        "\0",
        "- 1",
        "%YAML 9.9\n---\nflavors: {{}}",
    ],
)
def test_a_description_that_is_no_plain_yaml_is_refused(text: str, model: Path, canary: Path) -> None:
    change(model, "MLmodel", lambda _: text.format(canary=canary).encode())
    with pytest.raises(HeadraceError):
        pyfunc.load_model(str(model))
    assert not canary.exists()


def test_aliases_that_multiply_are_refused(model: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]" for at in range(1, 12)]
    bomb = "\n".join(lines) + "\nflavors:\n  python_function: {loader_module: mlflow.sklearn, config: *a11}\n"
    change(model, "MLmodel", lambda _: bomb.encode())
    with pytest.raises(BadRequest, match="alias"):
        pyfunc.load_model(str(model))


def test_a_million_columns_are_refused(model: Path) -> None:
    column = '{"type": "double", "name": "x"}'
    said = yaml.safe_load((model / "MLmodel").read_text())
    said["signature"] = {"inputs": "[" + ",".join([column] * 1_000_000) + "]", "outputs": None, "params": None}
    change(model, "MLmodel", lambda _: yaml.safe_dump(said).encode())
    with pytest.raises(BadRequest, match="MLmodel"):
        pyfunc.load_model(str(model))


@pytest.mark.parametrize("shape", [[10**30], [-7], [2**63, 2**63], "x", [[]], [None]])
def test_shapes_that_no_tensor_has_are_refused_or_never_allocated(shape: Any, model: Path) -> None:
    import json

    said = yaml.safe_load((model / "MLmodel").read_text())
    inputs = json.dumps([{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": shape}}])
    said["signature"] = {"inputs": inputs, "outputs": None, "params": None}
    change(model, "MLmodel", lambda _: yaml.safe_dump(said).encode())
    try:
        loaded = pyfunc.load_model(str(model))
    except HeadraceError:
        return
    with pytest.raises(HeadraceError):
        loaded.predict([[1.0]])


def _slip(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name)


def test_a_skops_file_with_a_path_out_of_it_writes_nothing(tmp_path: Path, canary: Path) -> None:
    folder = tmp_path / "skops"
    sklearn.save_model(LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0]), folder, pip_requirements=[])
    with zipfile.ZipFile(folder / "model.skops", "a") as archive:
        archive.writestr(_slip(f"../../{canary.name}"), b"x")
        archive.writestr(_slip(str(canary)), b"x")
    (folder / "manifest.sha256").unlink()
    sklearn.load_model(str(folder))
    assert not canary.exists()


def test_a_skops_file_that_names_a_function_is_refused(tmp_path: Path, canary: Path) -> None:
    import json

    folder = tmp_path / "skops"
    sklearn.save_model(LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0]), folder, pip_requirements=[])
    kept = io.BytesIO()
    with zipfile.ZipFile(folder / "model.skops") as archive, zipfile.ZipFile(kept, "w") as evil:
        said = json.loads(archive.read("schema.json"))
        said["content"]["content"]["fit_intercept"] = {
            "__class__": "system",
            "__module__": "os",
            "__loader__": "FunctionNode",
            "__id__": 1,
            "content": "x",
        }
        for name in archive.namelist():
            evil.writestr(name, json.dumps(said) if name == "schema.json" else archive.read(name))
    (folder / "model.skops").write_bytes(kept.getvalue())
    (folder / "manifest.sha256").unlink()
    with pytest.raises(HeadraceError):
        sklearn.load_model(str(folder))
    assert not canary.exists()


def test_a_folder_that_is_taken_for_a_model_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "MLmodel", "w"):
        pass
    with pytest.raises(HeadraceError):
        pyfunc.load_model(str(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(HeadraceError):
        pyfunc.load_model(str(tmp_path / "pipe"))


def test_a_body_of_a_million_columns_is_refused_by_the_server_s_reader() -> None:
    from headrace.models.payload import JSON, Reader
    from headrace.models.types import ColSpec, Schema

    reader = Reader(Schema([ColSpec("double", "x")]))
    many = b'{"dataframe_split": {"columns": [' + b",".join(b'"c%d"' % at for at in range(1_000_000))
    with pytest.raises((BadRequest, TooLarge)):
        reader.read(many + b'], "data": [[1]]}}', JSON)


@pytest.mark.parametrize(
    "module", ["skops/__init__.py", "skops/io/__init__.py", "sklearn.py", "numpy.py", "x.pyc", "y.so"]
)
@pytest.mark.parametrize("flavor", ["python_function", "sklearn"])
def test_code_that_a_library_s_model_brings_is_named_before_it_is_imported(
    module: str, flavor: str, tmp_path: Path, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "skops"
    sklearn.save_model(LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0]), folder, pip_requirements=[])
    (folder / "code" / module).parent.mkdir(parents=True)
    (folder / "code" / module).write_text(f"open({str(canary)!r}, 'w')")
    say(folder, flavor, code="code")
    with pytest.raises(Untrusted, match="import what is in its folder 'code'"):
        trust.audit(Model.load(folder), folder, ELSEWHERE)
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    for load in (sklearn.load_model, pyfunc.load_model):
        with pytest.raises(Untrusted, match="folder 'code'"):
            load(str(folder))
    assert not canary.exists()


@pytest.mark.parametrize(
    "line",
    [
        "git+https://stranger.example/x.git",
        "evil @ https://stranger.example/evil.whl",
        "https://stranger.example/evil.whl",
        "./evil.whl",
        "../evil",
        "evil/",
        "-e .",
        "-i https://stranger.example",
    ],
)
def test_a_requirement_that_is_in_no_index_is_refused_before_it_is_installed(
    line: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headrace.serving import prepared

    monkeypatch.setenv("HEADRACE_ENV_ROOT", str(tmp_path / "envs"))
    monkeypatch.setenv("HEADRACE_ALLOW_PICKLE_DESERIALIZATION", "false")
    change(model, "requirements.txt", lambda _: f"numpy\n{line}\n".encode())
    with pytest.raises((Untrusted, BadRequest)):
        prepared.python_for(str(model))
    assert not (tmp_path / "envs").exists()


def test_requirements_of_an_index_are_no_strangers() -> None:
    from headrace.serving.environments import Needed, strangers

    plain = ["numpy", "pandas==2.0.0", "scikit-learn>=1.4,<2", "x[a,b]~=1.0; python_version < '3.13'", "torch==2.1+cpu"]
    assert strangers(Needed("3.11", plain, ["y<3"])) == []
