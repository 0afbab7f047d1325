"""Addresses that open one door for a while: whoever has one needs no other leave.

The signature is an HMAC-SHA-256 over all that the address allows: the verb, the path and every parameter. Its key is
the store's own, so that any server process in front of the same store knows the signatures of all others.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from headrace.base.errors import BadRequest, Forbidden

#: Seconds the addresses of the parts of an upload are good for.
UPLOAD_SECONDS = 3600
#: Where signed addresses of artifacts are served.
SIGNED = "/api/2.0/mlflow-artifacts/signed"


class Signer:
    """Makes and checks the parameters of signed addresses."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"signed addresses", "sha256")

    def sign(self, verb: str, path: str, seconds: int, **said: str) -> str:
        """The query of an address that allows ``verb`` on ``path``, with the parameters ``said``, for ``seconds``."""
        terms = {**said, "expires": str(int(time.time()) + seconds)}
        return urlencode({**terms, "signature": self._signature(verb, path, terms)})

    def address(self, base: str, verb: str, key: str, seconds: int, **said: str) -> str:
        """The signed address of the artifact ``key`` on the server at ``base``."""
        return f"{base}{SIGNED}/{quote(key)}?{self.sign(verb, key, seconds, **said)}"

    def check(self, verb: str, path: str, pairs: list[tuple[str, str]]) -> Mapping[str, str]:
        """The parameters of a signed address. Raises ``Forbidden`` unless they are as they were signed, and in time."""
        terms = dict(pairs)
        if len(terms) != len(pairs):
            raise BadRequest("A signed address has each parameter once")
        signature = terms.pop("signature", "")
        verb = "GET" if verb == "HEAD" else verb
        if not hmac.compare_digest(signature.encode(), self._signature(verb, path, terms).encode()):
            raise Forbidden("This address was not signed by this server, or was changed since")
        if int(terms["expires"]) < time.time():
            raise Forbidden("This address was good for a while only, which is over; ask for a new one")
        return terms

    def _signature(self, verb: str, path: str, terms: Mapping[str, str]) -> str:
        # urlencode leaves no '&', '=' or line break in a name or value, so that no two sets of terms read the same.
        said = f"{verb}\n{urlencode({'path': path})}\n{urlencode(sorted(terms.items()))}"
        return hmac.new(self._key, said.encode(), hashlib.sha256).hexdigest()
