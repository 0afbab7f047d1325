"""Secrets as they are kept: encrypted, and bound to the row they belong to.

The cipher is the textbook composition of one primitive that the standard library has: HMAC-SHA256 of a nonce and a
counter makes the key stream, and HMAC-SHA256 under a second key, over row, nonce and ciphertext, is checked before
anything is decrypted. See docs/decisions.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets

from headrace.base import settings
from headrace.base.errors import BadRequest, HeadraceError

_NONCE, _TAG = 16, 32
_SETTING = "WEBHOOK_SECRET_ENCRYPTION_KEY"


def seal(secret: str, row: str, house_secret: bytes) -> str:
    """``secret`` as it is kept in ``row``."""
    key = _key(house_secret)
    nonce = secrets.token_bytes(_NONCE)
    hidden = _crypt(key, nonce, secret.encode())
    sealed = nonce + hidden + _tag(key, row, nonce + hidden)
    return f"1:{_name_of(key)}:{base64.b64encode(sealed).decode()}"


def unseal(kept: str, row: str, house_secret: bytes) -> str:
    """The secret that is kept in ``row``. Raises ``HeadraceError`` when it was kept under another key or changed."""
    key = _key(house_secret)
    version, _, rest = kept.partition(":")
    name, _, text = rest.partition(":")
    if version != "1" or name != _name_of(key):
        raise HeadraceError(
            f"The secret was kept under another key than HEADRACE_{_SETTING} has now; give the webhook its secret again"
        )
    try:
        sealed = base64.b64decode(text, validate=True)
    except binascii.Error:
        sealed = b""
    body, tag = sealed[:-_TAG], sealed[-_TAG:]
    if len(body) < _NONCE or not hmac.compare_digest(tag, _tag(key, row, body)):
        raise HeadraceError("The secret in the database was damaged; give the webhook its secret again")
    return _crypt(key, body[:_NONCE], body[_NONCE:]).decode()


def is_key_set() -> bool:
    """Whether the operator gave a key; without one it is made from what the database itself has."""
    return settings.text(_SETTING) is not None


def _key(house_secret: bytes) -> bytes:
    """32 bytes: those of the setting, or those of this database."""
    said = settings.text(_SETTING)
    if said is None:
        return hmac.digest(house_secret, b"headrace webhook secrets", "sha256")
    try:
        key = base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise BadRequest(
            f"HEADRACE_{_SETTING} must be 32 bytes in URL-safe base64, as this prints them: "
            "python -c 'import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())'"
        )
    return key


def _name_of(key: bytes) -> str:
    """What tells keys apart, and tells nothing of them."""
    return hmac.digest(key, b"name", "sha256").hex()[:8]


def _crypt(key: bytes, nonce: bytes, text: bytes) -> bytes:
    inner = hmac.digest(key, b"encrypt", "sha256")
    blocks = (hmac.digest(inner, nonce + n.to_bytes(8, "big"), "sha256") for n in range(-(-len(text) // 32)))
    return bytes(a ^ b for a, b in zip(text, b"".join(blocks), strict=False))


def _tag(key: bytes, row: str, body: bytes) -> bytes:
    named = row.encode()
    return hmac.digest(
        hmac.digest(key, b"authenticate", "sha256"), len(named).to_bytes(4, "big") + named + body, "sha256"
    )
