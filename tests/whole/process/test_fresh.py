"""Times, windows and tokens of APIs as they are, in one full resync and one incremental run.

Behind `NO_PROXY` as OpenShift writes it: API and Port are at an address that only a range there
names, and the proxy answers nobody.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.conftest import open_harbour
from tests.whole.process.sailing import Harbour, Outcome, resource
from tools.sandbox.demo.child_environment import IDENTIFIER
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

# The last run began in the afternoon. What changed later is of that day yet, and of its morning,
# where clocks are farthest behind.
YESTERDAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(1)
CURSOR = YESTERDAY + timedelta(hours=15)
STAMPS = {
    "day": ("%Y-%m-%d", None),
    "digits": ("%Y%m%d%H%M", None),
    "number": ("%Y%m%d", None),
    "words": ("%e %b %y, %l:%M %p", "%e %b %y, %l:%M %p"),
}
CHANGED = [timedelta(hours=28), timedelta(hours=4), timedelta(hours=3, minutes=30)]
LONG_AGO = timedelta(days=-9)
UNREACHABLE = "http://127.0.0.1:9"
ENVIRONMENT = {
    "HTTP_PROXY": UNREACHABLE,
    "NO_PROXY": "[::1],fd00::/8,10.0.0.0/8,127.0.0.0/8,.cluster.local",
}


@dataclass
class Api:
    """What changed stands on the third page of `/stamped/{name}`; other lists are of a kind each.

    `round` is 1 once the full resync is over.
    """

    round: int = 0
    refused: list[str] = field(default_factory=list)
    app: FastAPI = field(default_factory=FastAPI)

    def __post_init__(self) -> None:
        self.app.get("/stamped/{name}")(self.stamped)
        self.app.get("/exports")(self.exports)
        self.app.post("/search")(self.search)
        self.app.get("/audit")(self.audit)
        self.app.get("/delta")(self.delta)

    def stamped(self, name: str, page: int = 1) -> list[dict[str, Any]]:
        """Two of a page, the newest first; those of the first three have changed."""
        shape = STAMPS[name][0]
        written = (YESTERDAY + dict(enumerate(CHANGED, 1)).get(page, LONG_AGO)).strftime(shape)
        stamp: str | int = int(written) if name == "number" else written
        numbers = (2 * page - 1, 2 * page) if page < 6 else ()
        return [
            {"id": f"{name}-{number}", "version": self.round, "changed": stamp}
            for number in numbers
        ]

    def exports(self, request: Request, start_time: int = 0) -> dict[str, Any]:
        """As Zendesk's: the last page names itself as the next one."""
        page = int(request.query_params.get("page", 1))
        following = request.url.include_query_params(page=min(page + 1, 2))
        found = [{"id": f"x{page}-{number}", "version": self.round} for number in range(2)]
        return {"items": found, "next_page": str(following), "end_of_stream": page == 2}

    async def search(self, request: Request) -> dict[str, Any]:
        """As HubSpot's: the moment is in a list of filters."""
        (group,) = (await request.json())["filterGroups"]
        (condition,) = group["filters"]
        since = int(condition["value"])
        ids = ["old", "new"] if since == 0 else ["new"]
        return {"items": [{"id": f"s-{each}", "version": self.round} for each in ids]}

    def audit(self, start: int, end: int) -> Any:
        """One that refuses ends in the future, by its own clock."""
        if end > datetime.now(UTC).timestamp():
            self.refused.append(f"{end}")
            return JSONResponse({"error": "StartTimeTooRecent"}, 400)
        is_last = end > datetime.now(UTC).timestamp() - 60
        return [{"id": f"a-{self.round}", "version": self.round}] if is_last else []

    def delta(self, request: Request, token: str | None = None) -> dict[str, Any]:
        """One whose removals tell a name that another item has by then."""
        rounds = {
            None: [{"id": 1, "name": "ada"}, {"id": 2, "name": "bob"}],
            "1": [
                {"id": 3, "name": "ada"},
                {"id": 1, "name": "ada", "gone": True},
                {"id": 2, "name": "bob", "gone": True},
            ],
        }
        following = request.url.include_query_params(token="1" if token is None else "2")
        found = [{**each, "version": self.round} for each in rounds[token]]
        return {"items": found, "deltaLink": str(following)}


def resources() -> list[dict[str, Any]]:
    by_page = {"type": "page", "size_param": "", "stop": "empty_page"}
    stamped = [
        resource(
            f"/stamped/{name}",
            name,
            pagination=by_page,
            incremental={"field": ".changed", **({"format": shape} if shape else {})},
        )
        for name, (_, shape) in STAMPS.items()
    ]
    filters = {"filterGroups": [{"filters": [{"propertyName": "at", "value": "0"}]}]}
    return [
        *stamped,
        resource(
            "/exports",
            "export",
            data_path=".items",
            pagination={"type": "next_link", "next_link_path": "next_page"},
            incremental={"param": "start_time", "format": "epoch_seconds"},
        ),
        resource(
            "/search",
            "found",
            method="POST",
            body=filters,
            data_path=".items",
            incremental={
                "param": "filterGroups.0.filters.0.value",
                "in": "body",
                "format": "epoch_milliseconds",
            },
        ),
        resource(
            "/audit",
            "audit",
            windows={
                "from_param": "start",
                "to_param": "end",
                "format": "epoch_seconds",
                "start": "2d",
                "step": "1d",
                "end": "0",
                "fixed": True,
            },
            incremental={},
        ),
        resource(
            "/delta",
            "person",
            identifier=".name",
            data_path=".items",
            incremental={"delta": {"link": "deltaLink", "removed": ".gone == true"}},
        ),
    ]


@dataclass(frozen=True)
class Runs:
    """A full resync and the incremental run after it."""

    api: Api
    harbour: Harbour
    full: Outcome
    after_full: dict[str, set[str]]
    incremental: Outcome

    def changed(self, name: str) -> set[str]:
        """What the incremental run brought of a blueprint."""
        found = self.harbour.catalog(name).items()
        return {identifier for identifier, properties in found if properties["version"] == 1}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    directory: Path = tmp_path_factory.mktemp("fresh")
    api = Api()
    with open_harbour(directory) as harbour, serve(api.app) as server:
        mapped = resources()
        harbour.install(mapped)
        settings = {
            "baseUrl": server.url,
            "responseDirectory": str(directory),
        }
        full = harbour.sail(settings, variables=ENVIRONMENT)
        names = [each["port"]["entity"]["mappings"]["blueprint"].strip('"') for each in mapped]
        after_full = {name: set(harbour.catalog(name)) for name in names}
        api.round = 1
        cursors = harbour.state.integrations[IDENTIFIER].cursors
        for place, each in enumerate(mapped):
            cursors[each["kind"], place] = {"primary": CURSOR.isoformat()}
        changes = {"OCEAN__INTEGRATION__INCREMENTAL_SYNC_ENABLED": "true"}
        incremental = harbour.sail(settings, variables=ENVIRONMENT | changes)
        yield Runs(api, harbour, full, after_full, incremental)


@pytest.mark.contract("proxy.no-proxy")
def test_both_runs_succeed_past_the_proxy(runs: Runs) -> None:
    assert (runs.full.code, runs.incremental.code) == (0, 0), runs.full.errors()
    assert "Traceback" not in runs.full.log + runs.incremental.log


@pytest.mark.contract("freshness.times")
@pytest.mark.parametrize("name", STAMPS)
def test_a_day_or_digits_pass_over_no_change(runs: Runs, name: str) -> None:
    assert runs.after_full[name] == {f"{name}-{number}" for number in range(1, 11)}
    changed = {f"{name}-{number}" for number in range(1, 7)}
    assert changed <= runs.changed(name)
    # And the reading does end where all is older.
    assert f"{name}-10" not in runs.changed(name)


def test_a_page_that_names_itself_is_the_last_where_the_api_says_so(runs: Runs) -> None:
    everything = {"x1-0", "x1-1", "x2-0", "x2-1"}
    assert runs.after_full["export"] == runs.changed("export") == everything


@pytest.mark.contract("places.body")
def test_a_place_in_a_list_of_a_body_carries_the_moment(runs: Runs) -> None:
    assert runs.after_full["found"] == {"s-old", "s-new"}
    assert runs.changed("found") == {"s-new"}


@pytest.mark.contract("windows.end")
def test_no_window_ends_in_the_future_where_the_api_refuses_that(runs: Runs) -> None:
    assert runs.api.refused == []
    assert runs.after_full["audit"] == {"a-0"}
    assert runs.changed("audit") == {"a-1"}


@pytest.mark.contract("incremental.delta")
def test_a_removal_spares_the_successor_and_deletes_who_is_gone(runs: Runs) -> None:
    assert runs.after_full["person"] == {"ada", "bob"}
    assert runs.harbour.catalog("person").keys() == {"ada"}
    assert runs.changed("person") == {"ada"}
