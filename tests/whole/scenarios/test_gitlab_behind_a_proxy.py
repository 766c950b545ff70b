"""Projects of a GitLab that is reached through a company's proxy, which wants credentials.

https://docs.gitlab.com/api/rest/#pagination
https://wiki.squid-cache.org/Features/Authentication
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.support.proxy import Proxy
from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

PROJECTS = list(range(1, 46))
PASSWORD = "squid-p4ss-81c"


@contextmanager
def _running(proxy: Proxy) -> Iterator[None]:
    """The proxy, in a thread of its own."""
    loop, started, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def run() -> None:
        async with proxy.running():
            started.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    started.wait(5)
    yield
    loop.call_soon_threadsafe(ended.set)
    thread.join()
    loop.close()


class GitLab:
    """Lists projects, with links to the pages around."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.app.get("/api/v4/projects")(self.projects)

    def projects(self, request: Request, per_page: int = 20, page: int = 1) -> JSONResponse:
        assert "proxy-authorization" in request.headers
        found = PROJECTS[(page - 1) * per_page : page * per_page]
        has_more = page * per_page < len(PROJECTS)
        following = request.url.include_query_params(page=page + 1)
        headers = {"link": f'<{following}>; rel="next"'} if has_more else {}
        return JSONResponse([{"id": str(each), "version": 1} for each in found], headers=headers)


def test_projects(harbour: Harbour) -> None:
    api, proxy = GitLab(), Proxy("catalog", PASSWORD)
    harbour.install([resource("/api/v4/projects", "project")])
    with serve(api.app) as server, _running(proxy):
        settings = {
            "baseUrl": server.url,
            "paginationType": "header_link",
            "maxRetries": "1",
            "proxy": f"http://catalog:{PASSWORD}@{proxy.address}",
        }
        outcome = harbour.sail(settings)
        assert outcome.code == 0, outcome.errors()
        assert set(harbour.catalog("project")) == {str(each) for each in PROJECTS}
        # Requests to Port do not go through it.
        assert {line.split("/api/")[0] for line in proxy.asked} == {f"GET {server.url}"}
        wrong = f"http://catalog:{PASSWORD}-of-yesterday@{proxy.address}"
        refused = harbour.sail(settings | {"proxy": wrong})
    assert refused.code not in (0, None)
    assert "look at proxy" in refused.log
    assert set(harbour.catalog("project")) == {str(each) for each in PROJECTS}
    assert PASSWORD not in outcome.log + refused.log
