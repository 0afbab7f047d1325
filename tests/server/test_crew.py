"""Threads that carry out what the event loop hands them."""

from __future__ import annotations

import asyncio
import threading

import pytest

from headrace.server.crew import Crew


def test_results_and_errors_come_back_to_who_asked() -> None:
    async def ask() -> None:
        crew = Crew(4, "test")
        assert await crew.do(int, "7") == 7
        with pytest.raises(ValueError, match="invalid literal"):
            await crew.do(int, "seven")
        assert await asyncio.gather(*(crew.do(pow, each, 2) for each in range(500))) == [n * n for n in range(500)]
        await crew.close()

    asyncio.run(ask())


def test_no_more_threads_work_than_were_hired() -> None:
    names: set[str] = set()

    async def ask() -> None:
        crew = Crew(3, "few")
        await asyncio.gather(*(crew.do(lambda: names.add(threading.current_thread().name)) for _ in range(200)))
        await crew.close()

    asyncio.run(ask())
    assert names <= {"few-0", "few-1", "few-2"}


def test_what_is_under_way_and_what_waits_is_finished_before_the_end() -> None:
    done: list[int] = []

    async def ask() -> None:
        crew, gate = Crew(1, "test"), threading.Event()
        first = crew.do(gate.wait)
        rest = [crew.do(done.append, each) for each in range(5)]
        closing = asyncio.create_task(crew.close())
        await asyncio.sleep(0)
        gate.set()
        await closing
        await asyncio.gather(first, *rest)
        with pytest.raises(RuntimeError, match="gone home"):
            crew.do(int)

    asyncio.run(ask())
    assert done == [0, 1, 2, 3, 4]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("test")]


def test_nobody_waits_for_a_result_that_is_no_longer_wanted() -> None:
    async def ask() -> None:
        crew, gate = Crew(1, "test"), threading.Event()
        unwanted = crew.do(gate.wait)
        unwanted.cancel()
        gate.set()
        assert await crew.do(int, "1") == 1
        await crew.close()

    asyncio.run(ask())


def test_short_jobs_are_done_one_after_the_other_and_a_long_one_holds_up_nobody() -> None:
    working, most = 0, 0

    def work() -> None:
        nonlocal working, most
        working += 1
        most = max(most, working)
        working -= 1

    async def ask() -> None:
        crew, gate = Crew(2, "abreast", abreast=1), threading.Event()
        await asyncio.gather(*(crew.do(work) for _ in range(200)))
        long = crew.do(gate.wait)
        assert await crew.do(int, "1") == 1
        assert not long.done()
        gate.set()
        await long
        await crew.close()

    asyncio.run(ask())
    assert most == 1
