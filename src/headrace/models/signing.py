"""Signatures of models: who made the files of one, told by a key or by an identity of Sigstore.

A signature is the file ``model.sig`` in the model's folder, in the format of the OpenSSF's Model Signing 1.0 (a bundle
of Sigstore), so the ``model_signing`` command reads and writes it as well. It covers every other file of the model but
what a download from a registry adds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from headrace.base import settings
from headrace.base.errors import BadRequest, NotFound, Untrusted
from headrace.models.manifest import NOT_OURS, SIGNATURE
from headrace.models.model import MLMODEL_FILE_NAME


class Trusted(NamedTuple):
    """Whose signature is asked for: the owner of a public key (a PEM file), or an identity and who vouches for it."""

    public_key: str | None = None
    identity: str | None = None
    issuer: str | None = None


def sign(
    folder: Path, signature: Path, private_key: str | Path | None, *, password: str | None, token: str | None
) -> None:
    """Write the signature of the model in ``folder``, by an elliptic key (a PEM file) or an identity of Sigstore.

    Keyless signing takes an OpenID ``token``, or that of the machine it runs on, or asks in a browser; it needs the
    servers of Sigstore. Raises ``BadRequest`` when the key cannot sign.
    """
    if not (folder / MLMODEL_FILE_NAME).is_file():
        raise NotFound(f"There is no {MLMODEL_FILE_NAME} file in {str(folder)!r}, so this is no saved model")
    library = _library()
    config = library.signing.Config()
    with _translated(f"The model in {str(folder)!r} cannot be signed"):
        if private_key is not None:
            # The library says that it takes text, and hands it on to what takes bytes.
            secret = None if password is None else password.encode()
            config.use_elliptic_key_signer(private_key=_key(private_key), password=secret)
        else:
            config.use_sigstore_signer(identity_token=token, use_ambient_credentials=token is None)
        config.set_hashing_config(_hashing(library, folder)).sign(folder, signature)


def verify(folder: Path, trusted: Trusted) -> None:
    """Raise ``Untrusted`` unless all files of the model in ``folder`` are as whoever is ``trusted`` signed them."""
    by_key = trusted.public_key is not None
    if by_key == bool(trusted.identity and trusted.issuer) or (by_key and (trusted.identity or trusted.issuer)):
        raise BadRequest("Give a public key, or an identity and the issuer that vouches for it, to verify a model")
    library = _library()
    if not (folder / SIGNATURE).is_file():
        raise Untrusted(f"The model in {str(folder)!r} is not signed: it has no file {SIGNATURE}")
    config = library.verifying.Config()
    with _translated(f"The signature of the model in {str(folder)!r} does not hold", Untrusted):
        if by_key:
            config.use_elliptic_key_verifier(public_key=_key(trusted.public_key))
        else:
            config.use_sigstore_verifier(identity=trusted.identity, oidc_issuer=trusted.issuer)
        config.set_hashing_config(_hashing(library, folder)).verify(folder, folder / SIGNATURE)


def check(folder: Path) -> None:
    """Verify the model in ``folder`` when the settings name whom to trust; nothing else is loaded then."""
    said = Trusted(*(settings.text(name) for name in ("MODEL_PUBLIC_KEY", "MODEL_IDENTITY", "MODEL_IDENTITY_ISSUER")))
    if any(said):
        verify(folder, said)


def _key(file: Any) -> Path:
    if not Path(file).is_file():
        raise NotFound(f"There is no key file {str(file)!r}")
    return Path(file)


def _hashing(library: ModuleType, folder: Path) -> Any:
    """What is signed: no links, and no file left out that could be loaded."""
    ignored = [folder / name for name in (SIGNATURE, *NOT_OURS)]
    return library.hashing.Config().set_ignored_paths(paths=ignored, ignore_git_paths=False)


def _library() -> ModuleType:
    try:
        import model_signing
    except ImportError as error:
        raise BadRequest("Signatures of models need the extra 'signing': pip install 'headrace[signing]'") from error
    module: ModuleType = model_signing
    return module


@contextmanager
def _translated(what: str, kind: type[BadRequest | Untrusted] = BadRequest) -> Iterator[None]:
    """What the libraries below raise, as one error of ours."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from google.protobuf.json_format import ParseError
    from sigstore.errors import Error as SigstoreError

    known = (ValueError, TypeError, LookupError, AttributeError, OSError, RecursionError)
    try:
        yield
    except (*known, InvalidSignature, UnsupportedAlgorithm, ParseError, SigstoreError) as error:
        raise kind(f"{what}: {error or type(error).__name__}") from error
