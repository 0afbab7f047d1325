"""One message to one webhook: signed, and sent where that is allowed."""

from __future__ import annotations

import time
import uuid
from typing import NamedTuple

import headrace
from headrace.base.errors import BadRequest, Forbidden, HeadraceError, Unreachable
from headrace.registry.webhooks import (
    WEBHOOK_DELIVERY_ID_HEADER,
    WEBHOOK_SIGNATURE_HEADER,
    WEBHOOK_TIMESTAMP_HEADER,
    sign,
)
from headrace.server.webhooks.post import post
from headrace.stores.sql.webhooks import egress

#: Answers after which the same message may be taken later, beside 5xx.
_LATER = frozenset((408, 425, 429))


class Outcome(NamedTuple):
    """How sending went. ``status`` is 0 where nothing was answered."""

    status: int
    error: str | None
    #: Whether another attempt may succeed, and the seconds the receiver wants to be left alone until then.
    retriable: bool
    retry_after: float = 0.0

    @property
    def success(self) -> bool:
        """Whether the receiver took it."""
        return 200 <= self.status < 300


def send(url: str, secret: str | None, body: str, seconds: float, delivery_id: str | None = None) -> Outcome:
    """Send a message once. Every failure is an outcome."""
    delivery_id, timestamp = delivery_id or str(uuid.uuid4()), str(int(time.time()))
    headers = {
        "User-Agent": f"headrace/{headrace.__version__}",
        "Accept": "*/*",
        "Content-Type": "application/json",
        WEBHOOK_DELIVERY_ID_HEADER: delivery_id,
        WEBHOOK_TIMESTAMP_HEADER: timestamp,
    }
    if secret:
        headers[WEBHOOK_SIGNATURE_HEADER] = sign(secret, delivery_id, timestamp, body)
    try:
        allowed = egress()
        target = allowed.parse(url)
        reply = post(target, allowed.resolve(target), headers, body.encode(), seconds)
    except Unreachable as error:
        return Outcome(0, error.message, retriable=True)
    except (BadRequest, Forbidden) as error:
        return Outcome(0, error.message, retriable=False)
    if 200 <= reply.status < 300:
        return Outcome(reply.status, None, retriable=False)
    if 300 <= reply.status < 400:
        return Outcome(reply.status, f"It answered {reply.status}; redirects are not followed", retriable=False)
    later = reply.status in _LATER or reply.status >= 500
    return Outcome(reply.status, f"It answered {reply.status}", retriable=later, retry_after=reply.retry_after)


def refuse_unreachable(url: str) -> None:
    """Raise ``BadRequest`` for a URL that nothing may be sent to, as far as can be told now."""
    allowed = egress()
    target = allowed.parse(url)
    if allowed.anywhere:
        return
    try:
        allowed.resolve(target)
    except HeadraceError as error:
        raise BadRequest(f"Invalid value for 'url': {error.message}") from None
