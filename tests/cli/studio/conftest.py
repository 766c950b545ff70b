"""A studio that is open, a browser at its page, and an API that nobody knows yet."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from cli.inputs import GivenSettings
from cli.studio.gate import KEY_HEADER
from cli.studio.serve import serve
from cli.studio.start import Start
from cli.surroundings import Surroundings
from tests.cli.studio.unknown_api import UnknownApi
from tests.support.fake_api import FakeApi

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="there is no chromium on this machine")
# The page does its work in milliseconds; what takes longer is a fault, or a very busy machine.
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Opened:
    """A studio that answers: the address that opens it, and the folder that it writes to."""

    address: str
    folder: Path

    @property
    def url(self) -> str:
        return self.address.partition("/?")[0]


type Open = Callable[..., Any]


@pytest.fixture
async def open_studio(around: Surroundings, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens studios, and closes them after the test."""
    running: list[asyncio.Task[None]] = []
    # As the command line does, for what is nested deep.
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)

    async def opened(**start: Any) -> Opened:
        folder = start.pop("folder", tmp_path / "out")
        given = start.pop("given", GivenSettings({}, {}))
        told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        made = Start(given, folder, **start)
        running.append(asyncio.create_task(serve(made, around, 0, told.set_result)))
        either: list[asyncio.Future[Any]] = [told, running[-1]]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if running[-1].done():
            running[-1].result()
        return Opened(told.result(), folder)

    yield opened
    sys.setrecursionlimit(before)
    for task in running:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def unknown(api: FakeApi) -> UnknownApi:
    """An API with a token, a cursor, and lists within lists."""
    made = UnknownApi()
    api.answer = made.answer
    made.url = f"{api.url}/v1"
    return made


class Asker:
    """Asks the studio what its page asks, without a browser."""

    def __init__(self, client: httpx.AsyncClient, key: str) -> None:
        self._client = client
        self._headers = {KEY_HEADER: key, "Origin": str(client.base_url).rstrip("/")}

    async def __call__(self, name: str, **body: Any) -> Any:
        """Return the last line of the answer: what `done` holds, or all of it."""
        lines = await self.lines(name, **body)
        return lines[-1].get("done", lines[-1]) if isinstance(lines[-1], dict) else lines[-1]

    async def lines(self, name: str, **body: Any) -> list[Any]:
        answer = await self._client.post(f"/api/{name}", json=body, headers=self._headers)
        return [httpx.Response(200, text=line).json() for line in answer.text.splitlines()]


@asynccontextmanager
async def asking(opened: Opened) -> AsyncIterator[Asker]:
    async with httpx.AsyncClient(base_url=opened.url, trust_env=False, timeout=30) as client:
        answer = await client.get(opened.address)
        yield Asker(client, answer.headers["location"].partition("#")[2])


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--no-proxy-server"]
        )
        yield launched
        await launched.close()


@dataclass
class Visit:
    """A page and what went wrong on it: errors of scripts, and refusals of the policy."""

    page: Page
    faults: list[str]

    def heard(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self.faults.append(line.text)


@pytest.fixture
async def visit(browser: Browser) -> AsyncIterator[Callable[..., Any]]:
    """Opens pages; none of them may have had a fault in the end."""
    visits: list[Visit] = []

    async def to(opened: Opened, **options: Any) -> Page:
        usual = {"viewport": {"width": 1280, "height": 900}}
        page = await (await browser.new_context(**{**usual, **options})).new_page()
        page.set_default_timeout(PATIENCE_MS)
        made = Visit(page, [])
        page.on("pageerror", lambda error: made.faults.append(f"{error}"))
        page.on("console", made.heard)
        page.on("dialog", lambda dialog: made.faults.append(f"dialog: {dialog.message}"))
        visits.append(made)
        await page.goto(opened.address)
        await page.wait_for_selector("h1")
        return page

    yield to
    assert [fault for made in visits for fault in made.faults] == []
