"""An API that goes down while it is read, by the clock on the wall, and comes back or not."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from fastapi import FastAPI, Response

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

MOST_LINES = 100
RECORD = re.compile(r"\| (?:INFO|WARNING|ERROR) +\|")


class Teams:
    """Lists teams and their members; `dies_after` so many of these lists, `status` is given."""

    def __init__(self, teams: int, *, dies_after: int | None = None, status: int = 503) -> None:
        self.asked = 0
        self.died = threading.Event()
        self.app = FastAPI()
        self.app.get("/teams")(self.teams)
        self.app.get("/teams/{team}/members")(self.members)
        self._teams = teams
        self._dies_after = dies_after
        self._status = status

    async def teams(self) -> list[dict[str, int]]:
        return [{"id": team} for team in range(self._teams)]

    async def members(self, team: int) -> Response:
        self.asked += 1
        if self._dies_after is not None and self.asked > self._dies_after:
            self.died.set()
            return Response(status_code=self._status)
        return Response(f'[{{"id": "{team}", "version": 1}}]', media_type="application/json")

    def recover(self) -> None:
        self._dies_after = None


MEMBERS = resource(
    "/teams/{team}/members",
    "member",
    path_parameters={"team": {"endpoint": "/teams", "field": ".id"}},
)


@contextmanager
def _recovering(api: Teams, *, after: float) -> Iterator[None]:
    """Let the API come back some seconds after it went down."""

    def wait() -> None:
        api.died.wait(60)
        time.sleep(after)
        api.recover()

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


@pytest.mark.contract("outage.return")
@pytest.mark.parametrize("after", [0.5, 8])
def test_an_api_that_comes_back_loses_nothing(harbour: Harbour, after: float) -> None:
    api = Teams(200, dies_after=60)
    harbour.install([MEMBERS])
    harbour.store("member", {"gone": {"version": 1}})
    with serve(api.app) as server, _recovering(api, after=after):
        outcome = harbour.sail({"baseUrl": server.url})
    assert outcome.code == 0, outcome.errors()
    assert set(harbour.catalog("member")) == {str(team) for team in range(200)}
    assert api.asked < 2 * 200


@pytest.mark.contract("outage.costs-minutes")
def test_an_api_that_stays_down_ends_the_run_soon(harbour: Harbour) -> None:
    api = Teams(400, dies_after=100, status=500)
    harbour.install([MEMBERS])
    harbour.store("member", {"kept": {"version": 1}})
    with serve(api.app) as server:
        outcome = harbour.sail({"baseUrl": server.url, "maxOutageWait": "6"})
    assert outcome.code not in (0, None)
    assert outcome.seconds < 60
    assert api.asked < 100 + 100
    assert "GET /teams/{team}/members is down" in outcome.log
    assert "not asked, down since" in outcome.log
    # What was read is there, and nothing is deleted.
    assert len(harbour.catalog("member")) == 101
    assert "kept" in harbour.catalog("member")


@pytest.mark.contract("outage.return")
def test_a_server_that_is_started_anew_loses_nothing(harbour: Harbour) -> None:
    """Its connections break, and then none can be made for a while."""
    api = Teams(1000)
    harbour.install([MEMBERS])
    with ExitStack() as running:
        first = running.enter_context(serve(api.app))
        stop = running.pop_all()

        def start_anew() -> None:
            while api.asked < 100:
                time.sleep(0.001)
            stop.close()
            time.sleep(5)
            running.enter_context(serve(api.app, port=first.port))

        thread = threading.Thread(target=start_anew)
        thread.start()
        outcome = harbour.sail({"baseUrl": first.url})
        thread.join()
    assert outcome.code == 0, outcome.errors()
    assert len(harbour.catalog("member")) == 1000
    assert outcome.seconds > 5


@pytest.mark.contract("log.few-lines")
@pytest.mark.parametrize("status", [500, 404, 403])
def test_two_thousand_failing_endpoints_are_told_in_a_hundred_lines(
    harbour: Harbour, status: int
) -> None:
    api = Teams(2000, dies_after=0, status=status)
    harbour.install([MEMBERS])
    with serve(api.app) as server:
        outcome = harbour.sail(
            {"baseUrl": server.url, "maxOutageWait": "2"},
            variables={"APPLICATION__LOG_LEVEL": "INFO"},
        )
    assert outcome.code not in (0, None)
    # Those of Ocean, and of other parts of the run, included.
    assert len(RECORD.findall(outcome.printed)) <= MOST_LINES
    assert len(outcome.sent) < 200_000
