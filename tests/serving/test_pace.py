"""Predictions that are quick are made where the request arrives, and look to the model as any other."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from headrace.serving.pace import PROOFS, Pace
from tests.serving.test_app import Doubles, Scorer, ask, score

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="threads tell elsewhere not how often they waited")
_HERE = threading.get_ident()
_INPUT = {"inputs": {"a": [1, 2.5]}}


def _until(app: Scorer, seen: list[int], wanted: Callable[[int], bool]) -> None:
    """Ask until a prediction was made by a thread that is wanted: on a busy machine a proof may fail now and then."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert score(app, _INPUT).said == {"predictions": [2, 5]}
        if wanted(seen[-1]):
            return
    pytest.fail("No prediction was made there in a minute")


def _app(seen: list[int], act: Callable[[], Any] = lambda: None) -> Scorer:
    def answer(frame: Any) -> Any:
        seen.append(threading.get_ident())
        act()
        return frame["a"].to_numpy() * 2

    return Scorer(Doubles(answer), version="1")


def test_quick_predictions_come_to_be_made_in_the_event_loop_and_slow_ones_leave_it() -> None:
    seen: list[int] = []
    pause = [0.0]
    app = _app(seen, lambda: time.sleep(pause[0]) if pause[0] else None)
    _until(app, seen, lambda thread: thread == _HERE)
    pause[0] = 0.01
    # The one that turns out to be slow may still be made here; those after it are not.
    _until(app, seen, lambda thread: thread != _HERE)


def test_a_model_finds_no_event_loop_where_it_is_asked_and_may_run_its_own() -> None:
    async def nothing() -> None: ...

    def run() -> None:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        asyncio.run(nothing())

    seen: list[int] = []
    app = _app(seen, run)
    for _ in range(PROOFS + 20):
        assert score(app, _INPUT).said == {"predictions": [2, 5]}

    async def inside() -> str:
        Pace().here(run)
        return type(asyncio.get_running_loop()).__name__

    assert asyncio.run(inside())


def test_an_error_is_told_as_it_is_by_a_thread() -> None:
    def fail(frame: Any) -> Any:
        if len(frame) > 2:
            raise ValueError("three is too many")
        return frame["a"].to_numpy()

    app = Scorer(Doubles(fail), version="1")
    long = {"inputs": {"a": [1, 2, 3]}}
    first = score(app, long)
    for _ in range(PROOFS + 20):
        score(app, {"inputs": {"a": [1.0]}})
    later = score(app, long)
    assert (first.status, first.said["message"]) == (later.status, later.said["message"])
    assert first.said["stack_trace"].splitlines()[-3:] == later.said["stack_trace"].splitlines()[-3:]


def test_a_request_is_answered_at_once_as_it_is_by_asgi() -> None:
    seen: list[int] = []
    app = _app(seen)
    headers = [(b"content-type", b"application/json"), (b"host", b"localhost")]
    asked = "POST", b"/invocations", headers, b'{"inputs": {"a": [1, 2.5]}}', "127.0.0.1"
    assert app.at_once(*asked) is None
    _until(app, seen, lambda thread: thread == _HERE)
    for verb, target in (("GET", b"/invocations"), ("POST", b"/ping"), ("POST", b"/invocations?x=1"), ("POST", b"/v2")):
        assert app.at_once(verb, target, *asked[2:]) is None
    assert app.at_once(*asked[:2], [*headers, (b"x-request-timeout", b"5")], *asked[3:]) is None
    assert app.at_once(*asked[:3], asked[3] + b" " * (128 << 10), "127.0.0.1") is None

    async def answered() -> Any:
        end = time.monotonic() + 60
        while (found := app.at_once(*asked)) is None and time.monotonic() < end:
            await asyncio.sleep(0.01)
        return found

    status, head, body = asyncio.run(answered())
    assert (status, body) == (200, b'{"predictions":[2.0,5.0]}')
    assert b"content-type: application/json\r\n" in head
    said = ask(app, "GET", "/metrics").body.decode()
    assert 'protocol="invocations",status="200"' in said
