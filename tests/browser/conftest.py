"""A server, what a training logged to it, and a watched page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

import headrace
from tests.databases import free_port
from tests.processes import serving

STATIC = Path(headrace.__file__).parent / "server" / "static" / "index.html"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All these tests start a browser and a server."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@dataclass
class Trained:
    """A server and the ids of what was logged to it."""

    url: str
    ids: dict[str, str]

    def client(self) -> headrace.MlflowClient:
        """A client of the server."""
        return headrace.MlflowClient(tracking_uri=self.url)


@dataclass
class Watched:
    """A page of the UI and everything that should not happen on it."""

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    #: Parts of console messages that belong to the test.
    expected: tuple[str, ...] = ()

    def open(self, place: str) -> None:
        """Go to a hash route, from nothing, so that the page really loads."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}/#{place}")

    def at(self, testid: str) -> Locator:
        """The elements with a test id."""
        return self.page.get_by_test_id(testid)

    def rows(self) -> list[str]:
        """The names of the runs in view."""
        return self.page.locator("[data-testid=run-row] [data-column=name] a").all_inner_texts()

    def wait_for(self, expression: str, argument: Any = None) -> None:
        """Wait until a JavaScript function returns something true. Polled from outside: the page forbids eval."""
        self.page.wait_for_function(expression, arg=argument)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """A server started by the command line, with what training.py logs."""
    if not STATIC.is_file():
        pytest.fail("The pages are not built: run `make ui`")
    home = tmp_path_factory.mktemp("browser")
    port = free_port()
    command = [sys.executable, "-m", "headrace", "server", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{home}/headrace.db", "--artifacts-destination", str(home / "files")]
    with serving(command, f"http://127.0.0.1:{port}", home / "log") as running:
        training = [sys.executable, str(Path(__file__).with_name("training.py")), running.url]
        done = subprocess.run(training, capture_output=True, text=True, cwd=home, check=False)
        assert done.returncode == 0, done.stderr + running.said()
        yield Trained(running.url, json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A real Chromium: the one HEADRACE_CHROMIUM names, or else the system's.

    It ends with these tests: its driver keeps an event loop running, in which no other test could start its own.
    """
    found = os.environ.get("HEADRACE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail("These tests need Chromium: install it, or name one in HEADRACE_CHROMIUM")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile."""
    context = browser.new_context(viewport={"width": 1360, "height": 820})
    yield context
    context.close()


@pytest.fixture
def ui(context: BrowserContext, server: Trained) -> Iterator[Watched]:
    """A page on which nothing may go wrong: no console error, no failed or foreign request."""
    watched = Watched(context.new_page(), server.url)
    watch(watched)
    yield watched
    faults = [fault for fault in watched.faults if not any(part in fault for part in watched.expected)]
    assert faults == []
    host = urlsplit(server.url).netloc
    assert [url for url in watched.requests if urlsplit(url).netloc != host] == []


def watch(watched: Watched) -> None:
    """Note the faults and the requests of a page."""
    page = watched.page
    page.on("console", lambda said: watched.faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: watched.faults.append(str(error)))
    page.on("request", lambda request: watched.requests.append(request.url) if request.url.startswith("http") else None)
