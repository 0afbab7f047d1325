"""Every file of a saved model is the one that was saved."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from headrace.base.errors import BadRequest
from headrace.flavors import pyfunc
from headrace.models import infer_signature, manifest, set_signature, update_model_requirements
from headrace.models.manifest import MANIFEST
from headrace.models.model import Model
from tests.models import genuine


def echo(rows: Any) -> Any:
    return rows


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    (tmp_path / "words.txt").write_text("to be")
    pyfunc.save_model(
        tmp_path / "m", python_model=echo, pip_requirements=[], artifacts={"words": str(tmp_path / "words.txt")}
    )
    return tmp_path / "m"


def load(folder: Path) -> Any:
    return pyfunc.load_model(str(folder))


def test_every_file_is_in_the_manifest_that_sha256sum_reads(saved: Path) -> None:
    files = {file.relative_to(saved).as_posix() for file in saved.rglob("*") if file.is_file()}
    said = (saved / MANIFEST).read_text().splitlines()
    assert {line.partition(" *")[2] for line in said} == files - {MANIFEST}
    assert "artifacts/words.txt" in files
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", MANIFEST], cwd=saved, check=True)


def test_one_flipped_bit_in_any_file_is_noticed(saved: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in manifest.files_of(saved):
        whole = (saved / name).read_bytes()
        (saved / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        if name in ("MLmodel", "requirements.txt", "conda.yaml", "python_env.yaml"):
            manifest.check(saved)
            assert f"changed: '{name}'" in caplog.text
        else:
            with pytest.raises(BadRequest, match=f"changed: '{name}'"):
                manifest.check(saved)
        (saved / name).write_bytes(whole)
    caplog.clear()
    manifest.check(saved)
    assert caplog.text == ""


def test_what_is_changed_missing_and_added_is_named_and_nothing_is_loaded(saved: Path) -> None:
    (saved / "python_model.pkl").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    (saved / "artifacts/words.txt").unlink()
    (saved / "code").mkdir()
    (saved / "code/json.py").write_text("")
    with pytest.raises(BadRequest) as told:
        load(saved)
    assert "missing: 'artifacts/words.txt'; added: 'code/json.py'; changed: 'python_model.pkl'" in str(told.value)
    assert "HEADRACE_CHECK_MODEL_FILES=false" in str(told.value)
    assert not Path("pwned").exists()


def test_a_folder_of_many_strangers_is_told_in_one_line(saved: Path) -> None:
    for number in range(9):
        (saved / f"{number}.txt").write_text("")
    with pytest.raises(BadRequest, match=r"added: '0.txt'.*'4.txt' and 4 more\)"):
        load(saved)


def test_a_link_to_a_folder_is_a_stranger(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (saved / "code").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadRequest, match="added: 'code'"):
        load(saved)


def test_a_model_without_a_manifest_is_loaded_as_it_is(saved: Path) -> None:
    (saved / MANIFEST).unlink()
    (saved / "note.txt").write_text("mine")
    assert load(saved).predict([1]) == [1]


def test_a_setting_loads_what_was_changed(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (saved / "artifacts/words.txt").write_text("or not")
    monkeypatch.setenv("MLFLOW_CHECK_MODEL_FILES", "false")
    assert load(saved).predict([1]) == [1]


def test_what_loading_and_downloading_leave_behind_is_no_stranger(saved: Path) -> None:
    (saved / "registered_model_meta").write_text("model_name: a")
    (saved / "__pycache__").mkdir()
    (saved / "__pycache__/loader.cpython-311.pyc").write_bytes(b"")
    assert load(saved).predict([1]) == [1]


def test_a_model_may_be_fetched_into_a_folder_with_other_files(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/note.txt").write_text("mine")
    assert pyfunc.load_model(saved.as_uri(), dst_path=str(tmp_path / "there")).predict([1]) == [1]
    assert (tmp_path / "there/python_model.pkl").is_file()


def test_changes_on_purpose_are_taken_down(saved: Path) -> None:
    model = Model.load(saved)
    model.metadata = {"a": 1}
    model.save(saved / "MLmodel")
    set_signature(str(saved), infer_signature([1.0]))
    update_model_requirements(str(saved), "add", ["scipy==1.1"])
    assert load(saved).metadata.metadata == {"a": 1}
    assert "scipy==1.1" in (saved / "requirements.txt").read_text()


def test_what_others_make_of_the_description_is_told_and_loaded(saved: Path, caplog: pytest.LogCaptureFixture) -> None:
    said = (saved / "MLmodel").read_text()
    (saved / "MLmodel").write_text(said + "metadata: {a: 1}\n")
    (saved / "conda.yaml").unlink()
    (saved / "wheels").mkdir()
    (saved / "wheels/a.whl").write_bytes(b"")
    assert load(saved).metadata.metadata == {"a": 1}
    assert "missing: 'conda.yaml'; added: 'wheels/a.whl'; changed: 'MLmodel'" in caplog.text


@pytest.mark.slow
def test_a_model_that_genuine_mlflow_changed_is_loaded(saved: Path) -> None:
    genuine.run(
        "import sys, mlflow, pandas\n"
        "from mlflow.models import infer_signature, set_signature, update_model_requirements\n"
        "set_signature(sys.argv[1], infer_signature(pandas.DataFrame({'a': [1.0]})))\n"
        "update_model_requirements(sys.argv[1], 'add', ['scipy==1.1'])\n",
        str(saved),
    )
    model = load(saved)
    assert model.metadata.signature is not None
    assert "scipy==1.1" in (saved / "requirements.txt").read_text()


def test_a_change_does_not_vouch_for_the_rest(saved: Path) -> None:
    (saved / "artifacts/words.txt").write_text("or not")
    set_signature(str(saved), infer_signature([1.0]))
    with pytest.raises(BadRequest, match=r"\(changed: 'artifacts/words.txt'\)"):
        load(saved)


@pytest.mark.parametrize("line", ["no digest", "0" * 63 + " *MLmodel", "\udcff".encode("utf-8", "surrogateescape")])
def test_a_malformed_manifest_is_refused(saved: Path, line: str | bytes) -> None:
    whole = (saved / MANIFEST).read_bytes()
    (saved / MANIFEST).write_bytes(whole + (line.encode() if isinstance(line, str) else line))
    with pytest.raises(BadRequest, match="Line 7 of the manifest"):
        load(saved)


_NAMES = some.text(some.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.dictionaries(_NAMES.filter(lambda name: name not in (".", "..", MANIFEST)), some.binary(max_size=9)))
def test_files_of_any_name_are_known_again(tmp_path: Path, files: dict[str, bytes]) -> None:
    folder = tmp_path / "any"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    manifest.write(folder)
    manifest.check(folder)
    for name in manifest.files_of(folder):
        (folder / name).write_bytes(b"another content")
        with pytest.raises(BadRequest, match="changed"):
            manifest.check(folder)
        break
