"""Delivers what lies in the outbox of webhooks, and sees to it that nothing is lost.

A message is claimed by moving on the time it is due, so that whoever is ended while sending it only makes it late:
when that time comes, the next server to look sends it again, under the same delivery id. There is a thread only while
something waits to be sent.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass

from headrace.base import settings
from headrace.base.clock import now_ms
from headrace.base.errors import HeadraceError
from headrace.schema.webhook_outbox import ClaimDeliveries, ClaimedDelivery, GetNextDelivery, SettleDelivery
from headrace.server.webhooks.message import Outcome, send
from headrace.stores.sql import SqlStore

_log = logging.getLogger("headrace.webhooks")

#: Each wait is so many times the one before it, give or take such a part of it; none is longer than so many seconds.
_GROWTH, _JITTER, _LONGEST_WAIT = 3, 0.2, 12 * 3600.0
#: Seconds a claim outlasts the patience with the receiver, and seconds until a database that failed is asked again.
_GRACE, _PAUSE = 10, 30.0
#: Seconds that deliveries under way have when the server ends; what is not done by then is sent again later.
_DRAIN_SECONDS = 5.0
#: Characters of an error that are kept.
_ERROR_LENGTH = 1000


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How patient deliveries are."""

    #: Seconds for one attempt, and attempts after the first.
    timeout: float = 30
    retries: int = 10
    #: Seconds before the second attempt. With ten more attempts it takes a day until a message is given up.
    first_wait: float = 5
    #: Deliveries at the same time; one webhook has no more than half of them.
    workers: int = 10

    @classmethod
    def of_settings(cls) -> Policy:
        """What the environment says."""
        return cls(
            timeout=max(settings.number("WEBHOOK_REQUEST_TIMEOUT", 30), 1),
            retries=max(settings.number("WEBHOOK_REQUEST_MAX_RETRIES", 10), 0),
            first_wait=max(settings.number("WEBHOOK_RETRY_FIRST_SECONDS", 5), 0),
            workers=max(settings.number("WEBHOOK_DELIVERY_MAX_WORKERS", 10), 1),
        )

    def wait_after(self, attempts: int, asked: float) -> float:
        """Seconds until the next attempt, at least those that the receiver asked for."""
        wait = min(self.first_wait * float(_GROWTH ** min(attempts - 1, 30)), _LONGEST_WAIT)
        return max(wait * random.uniform(1 - _JITTER, 1 + _JITTER), min(asked, 2 * _LONGEST_WAIT))


class Deliverer:
    """Sends what is due. Any number of processes may do so on one database."""

    def __init__(self, store: SqlStore, policy: Policy | None = None) -> None:
        self._store = store
        self._policy = policy or Policy.of_settings()
        self._changed = threading.Condition()
        self._runner: threading.Thread | None = None
        self._under_way: Counter[str] = Counter()
        self._stopping = False
        #: Counts whatever may give the runner something to do.
        self._moves = 0
        self._told = store.announced

    def begin(self) -> None:
        """Go on with what a process left that was ended."""
        if self._store.send(GetNextDelivery()).due is not None:
            self.look()

    def look(self) -> None:
        """Send what there is to send, if anything. Returns at once; safe in any thread."""
        with self._changed:
            self._told = self._store.announced
            self._moves += 1
            if self._stopping:
                return
            if self._runner is None:
                self._runner = threading.Thread(target=self._run, name="headrace-webhooks", daemon=True)
                self._runner.start()
            else:
                self._changed.notify_all()

    def note_change(self) -> None:
        """Look, if anything was put into the outbox since."""
        if self._store.announced != self._told:
            self.look()

    def deliver_due(self) -> int:
        """Send what is due now, one after the other, and end; how many messages that were."""
        count = 0
        while claimed := self._claim():
            count += len(claimed)
            for each in claimed:
                self._deliver(each)
        return count

    def stop(self) -> None:
        """Begin nothing any more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    async def close(self) -> None:
        """Finish what is under way, or leave it to be sent again."""
        self.stop()
        if self._runner is not None:
            await asyncio.to_thread(self._drain)

    def _drain(self) -> None:
        until = time.monotonic() + _DRAIN_SECONDS
        with self._changed:
            self._changed.wait_for(lambda: self._runner is None, until - time.monotonic())

    def _run(self) -> None:
        """Work until nothing waits any more."""
        while True:
            with self._changed:
                moves = self._moves
            try:
                wait = self._work()
            except HeadraceError as error:
                _log.warning("Webhooks are told nothing at the moment: %s", error.message)
                wait = _PAUSE
            with self._changed:
                if self._moves != moves:
                    continue
                if not self._under_way and (self._stopping or wait is None):
                    self._runner = None
                    self._changed.notify_all()
                    return
                self._changed.wait(wait)

    def _work(self) -> float | None:
        """Begin to send what is due; the seconds until there may be more to do, None for nothing at all."""
        if self._stopping or self._is_full():
            return None
        due = self._store.send(GetNextDelivery()).due
        if due is None:
            return None
        if due <= now_ms():
            claimed = self._claim()
            for each in claimed:
                thread = threading.Thread(target=self._deliver, args=(each,), name="headrace-webhook", daemon=True)
                thread.start()
            # What is due and was not claimed is locked by another process, or its webhook is busy.
            return 0.0 if claimed else 1.0
        return (due - now_ms()) / 1000

    def _is_full(self) -> bool:
        return self._under_way.total() >= self._policy.workers

    def _claim(self) -> list[ClaimedDelivery]:
        share = max(self._policy.workers // 2, 1)
        with self._changed:
            free = self._policy.workers - self._under_way.total()
            busy = [webhook for webhook, count in self._under_way.items() if count >= share]
        lease = int((self._policy.timeout + _GRACE) * 1000)
        claim = ClaimDeliveries(limit=min(free, share), lease=lease, passing_over=busy)
        claimed = self._store.send(claim).deliveries
        with self._changed:
            self._under_way.update(each.webhook_id for each in claimed)
        return claimed

    def _deliver(self, claimed: ClaimedDelivery) -> None:
        try:
            if claimed.fault:
                outcome = Outcome(0, claimed.fault, retriable=False)
            else:
                timeout = self._policy.timeout
                outcome = send(claimed.url, claimed.secret, claimed.payload, timeout, claimed.delivery_id)
            self._settle(claimed, outcome)
        except HeadraceError as error:
            _log.warning("Delivery %s may be sent again: %s", claimed.delivery_id, error.message)
        finally:
            with self._changed:
                self._under_way[claimed.webhook_id] -= 1
                self._under_way += Counter()
                self._moves += 1
                self._changed.notify_all()

    def _settle(self, claimed: ClaimedDelivery, outcome: Outcome) -> None:
        dead = not outcome.success and (not outcome.retriable or claimed.attempts > self._policy.retries)
        wait = self._policy.wait_after(claimed.attempts, outcome.retry_after)
        if dead:
            _log.warning(
                "Delivery %s to webhook %s was given up: %s", claimed.delivery_id, claimed.webhook_id, outcome.error
            )
        self._store.send(
            SettleDelivery(
                delivery_id=claimed.delivery_id,
                attempts=claimed.attempts,
                status="DELIVERED" if outcome.success else "DEAD" if dead else "PENDING",
                next_attempt=now_ms() + int(wait * 1000),
                response_status=outcome.status or None,
                error_message=outcome.error[:_ERROR_LENGTH] if outcome.error else None,
            )
        )
