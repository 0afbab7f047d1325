"""Models are signed, and what was signed is what is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from sklearn.linear_model import LinearRegression

import headrace as mlflow
from headrace.base.errors import BadRequest, HeadraceError, NotFound, Untrusted
from headrace.cli.models import models
from headrace.flavors import pyfunc, sklearn
from headrace.models import signing
from headrace.models.changing import sign_model, update_model_requirements
from headrace.models.signing import Trusted


class Keys(NamedTuple):
    """The files of a key."""

    private: Path
    public: Path


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return _keys(tmp_path_factory.mktemp("keys"))


def _keys(folder: Path, password: bytes | None = None) -> Keys:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    made = ec.generate_private_key(ec.SECP256R1())
    hidden: Any = serialization.NoEncryption() if password is None else serialization.BestAvailableEncryption(password)
    private = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)
    public = made.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "key").write_bytes(private)
    (folder / "key.pub").write_bytes(public)
    return Keys(folder / "key", folder / "key.pub")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    sklearn.save_model(LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0]), folder, pip_requirements=["scikit-learn"])
    return folder


def test_a_signed_model_is_verified_and_loaded(model: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_model(str(model), keys.private)
    signing.verify(model, Trusted(str(keys.public)))
    monkeypatch.setenv("HEADRACE_MODEL_PUBLIC_KEY", str(keys.public))
    assert pyfunc.load_model(str(model)).predict([[3.0]]) == pytest.approx([3.0])
    # Loading leaves nothing behind that would break the signature.
    signing.verify(model, Trusted(str(keys.public)))


def test_what_is_not_signed_is_not_loaded_once_a_key_is_named(
    model: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_MODEL_PUBLIC_KEY", str(keys.public))
    for load in (pyfunc.load_model, sklearn.load_model):
        with pytest.raises(Untrusted, match=r"is not signed: it has no file model\.sig"):
            load(str(model))


def test_the_key_of_somebody_else_is_not_taken(model: Path, keys: Keys, tmp_path: Path) -> None:
    sign_model(str(model), keys.private)
    with pytest.raises(Untrusted, match="does not hold"):
        signing.verify(model, Trusted(str(_keys(tmp_path).public)))


def _change(model: Path) -> None:
    (model / "requirements.txt").write_text("stranger")


def _add(model: Path) -> None:
    (model / "more.py").write_text("")


def _add_compiled(model: Path) -> None:
    (model / "__pycache__").mkdir()
    (model / "__pycache__" / "more.cpython-311.pyc").write_bytes(b"")


def _add_hidden(model: Path) -> None:
    (model / ".gitignore").write_text("")


def _remove(model: Path) -> None:
    (model / "conda.yaml").unlink()


def _link(model: Path) -> None:
    (model / "link").symlink_to("/etc/passwd")


def _spoil(model: Path) -> None:
    (model / "model.sig").write_text("{}")


def _scramble(model: Path) -> None:
    (model / "model.sig").write_bytes(b"\0\xff")


@pytest.mark.parametrize(
    "tamper",
    [_change, _add, _add_compiled, _add_hidden, _remove, _link, _spoil, _scramble],
    ids=lambda each: each.__name__,
)
def test_whatever_was_done_to_a_signed_model_is_noticed(tamper: Any, model: Path, keys: Keys) -> None:
    sign_model(str(model), keys.private)
    tamper(model)
    with pytest.raises(Untrusted, match="does not hold"):
        signing.verify(model, Trusted(str(keys.public)))


def test_a_key_that_is_none_or_is_locked_cannot_sign(model: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no key")
    for key in (tmp_path / "text", _keys(tmp_path, b"secret").private):
        with pytest.raises(BadRequest, match="cannot be signed"):
            sign_model(str(model), key)
    with pytest.raises(NotFound, match="no key file"):
        sign_model(str(model), tmp_path / "nowhere")
    assert not (model / "model.sig").exists()
    sign_model(str(model), tmp_path / "key", password="secret")
    assert (model / "model.sig").exists()


def test_what_is_no_model_is_not_signed(tmp_path: Path, keys: Keys) -> None:
    with pytest.raises(NotFound, match="MLmodel"):
        sign_model(str(tmp_path), keys.private)


@pytest.mark.parametrize("trusted", [Trusted(), Trusted("k", "i", "s"), Trusted(identity="i")])
def test_it_must_be_said_whom_to_trust(trusted: Trusted, model: Path) -> None:
    with pytest.raises(BadRequest, match="Give a public key, or an identity"):
        signing.verify(model, trusted)


def test_a_logged_model_is_signed_where_it_is_kept(tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", str(tmp_path / "mlruns"))
    estimator = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(estimator, name="m", pip_requirements=[], registered_model_name="signed")
    sign_model(info.model_uri, keys.private)
    monkeypatch.setenv("MLFLOW_MODEL_PUBLIC_KEY", str(keys.public))
    for uri in (info.model_uri, "models:/signed/1"):
        assert mlflow.pyfunc.load_model(uri).predict([[3.0]]) == pytest.approx([3.0])
    update_model_requirements(info.model_uri, "add", ["more"])
    with pytest.raises(Untrusted, match="does not hold"):
        mlflow.pyfunc.load_model(info.model_uri)


def test_both_commands_sign_and_verify(model: Path, keys: Keys) -> None:
    run = CliRunner()
    signed = run.invoke(models, ["sign", "-m", str(model), "-k", str(keys.private)])
    assert signed.exit_code == 0, signed.output
    assert run.invoke(models, ["verify", "-m", str(model), "-k", str(keys.public)]).exit_code == 0
    _change(model)
    failed = run.invoke(models, ["verify", "-m", str(model), "-k", str(keys.public)])
    assert isinstance(failed.exception, HeadraceError)
    assert isinstance(run.invoke(models, ["sign", "-m", str(model)]).exception, BadRequest)


@pytest.mark.slow
def test_the_tool_of_model_signing_itself_agrees(model: Path, keys: Keys) -> None:
    sign_model(str(model), keys.private)
    words = ["verify", "key", str(model), "--signature", str(model / "model.sig"), "--public_key", str(keys.public)]
    tool = [
        sys.executable,
        "-m",
        "model_signing",
        *words,
        "--ignore-paths",
        str(model / "model.sig"),
        "--no-ignore-git-paths",
    ]
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
