"""The recipes of docs/recipes.md, each read from a model of its API, in this process."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
import yaml
from humps import decamelize

from client import ApiClient
from errors import ResourceError
from expressions.evaluator import Column, Evaluator, first_of
from expressions.item_expressions import ItemExpression
from mapping.plan.resource import ResourcePlan
from mapping.resources import CustomResourceConfig
from outcomes import Outcome
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tests.whole.pipeline.support import ROOT
from tests.whole.recipes.models import DIALECTS, Dialect, answer
from transport import http_client

PAGE = (ROOT / "docs" / "recipes.md").read_text("utf-8")
RECIPES: dict[str, dict[str, Any]] = {
    title: yaml.safe_load(block)
    for title, block in re.findall(r"^## (.+?)\n.*?^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.M)
}
_UNAVAILABLE = answer({"message": "Service Unavailable"}, 503)

pytestmark = pytest.mark.usefixtures("ocean_config", "clean_surroundings")
each_recipe = pytest.mark.parametrize("title", RECIPES)

type Fault = Callable[[httpx.Request, int], httpx.Response | None]


@dataclass
class World:
    """The hosts of a dialect, and no others: what is asked of any other is a leak."""

    dialect: Dialect
    fault: Fault = lambda request, count: None
    asked: list[httpx.Request] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        self._counts[request.url.path] += 1
        model = self.dialect.models.get(request.url.host)
        is_login = request.url.path in self.dialect.logins
        if model is None or (not is_login and request.url.scheme != "https"):
            self.leaks.append(str(request.url))
            return httpx.Response(404)
        if not (is_login or self.dialect.is_known(request)):
            return answer({"message": "Unauthorized"}, 401)
        broken = self.fault(request, self._counts[request.url.path])
        return _copy_of(broken or model(request))


@dataclass
class Reading:
    """The result of one resource."""

    plan: ResourcePlan
    items: list[dict[str, Any]]
    error: str
    outcome: Outcome | None


class Wire(httpx.AsyncBaseTransport):
    """In place of a connection: the world answers."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self._world.answer(request)


def _copy_of(response: httpx.Response) -> httpx.Response:
    return httpx.Response(response.status_code, headers=response.headers, content=response.content)


@asynccontextmanager
async def _connected(
    settings: ConnectionSettings, world: World, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ApiClient]:
    monkeypatch.setattr(http_client, "Connection", lambda route: Wire(world))
    client = ApiClient(settings)
    try:
        yield client
    finally:
        await client.aclose()


async def _read(
    title: str, world: World, monkeypatch: pytest.MonkeyPatch, **changed: Any
) -> list[Reading]:
    """Read all resources of a recipe, which share a session as in a resync."""
    recipe = RECIPES[title]
    given = {decamelize(name): value for name, value in recipe["settings"].items()}
    settings = ConnectionSettings.parse({**given, **changed})
    resources = [CustomResourceConfig.parse_obj(each) for each in recipe["resources"]]
    plans = [each.plan(settings) for each in resources]
    async with _connected(settings, world, monkeypatch) as client:
        session = Session(client, settings, plans)
        try:
            return [await _read_one(plan, session) for plan in plans]
        finally:
            session.close()


async def _read_one(plan: ResourcePlan, session: Session) -> Reading:
    reader = ResourceReader(plan, session)
    items: list[dict[str, Any]] = []
    error = ""
    try:
        async for batch in reader.batches():
            items += batch
    except ResourceError as failed:
        error = str(failed)
    return Reading(plan, items, error, reader.outcome)


async def _identifiers(title: str, readings: list[Reading]) -> list[list[Any]]:
    """The identifiers that the mapping of each resource gives its items."""
    evaluator = Evaluator()
    found = []
    for resource, reading in zip(RECIPES[title]["resources"], readings, strict=True):
        mapping = resource["port"]["entity"]["mappings"]
        column = Column(ItemExpression(mapping["identifier"], "identifier"))
        rows = await evaluator.table([column], reading.items)
        found.append([first_of(outputs) for (outputs,) in rows])
    evaluator.close()
    return found


@pytest.mark.contract("docs.recipes")
def test_every_recipe_has_a_model() -> None:
    assert RECIPES.keys() == DIALECTS.keys()


@pytest.mark.contract("docs.recipes")
@each_recipe
async def test_a_recipe_reads_all_while_requests_are_refused_for_a_moment(
    title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = DIALECTS[title]

    def fault(request: httpx.Request, count: int) -> httpx.Response | None:
        """The first request to each list is refused, and the second is not there for it."""
        if request.url.path != dialect.main or count > 2:
            return None
        return dialect.refusal if count == 1 else _UNAVAILABLE

    world = World(dialect, fault)
    readings = await _read(title, world, monkeypatch)
    assert [reading.error for reading in readings] == [""] * len(readings)
    assert [len(reading.items) for reading in readings] == list(dialect.counts)
    for reading in readings:
        assert reading.outcome is not None
        assert reading.outcome.is_proven, reading.outcome
    for found in await _identifiers(title, readings):
        assert all(isinstance(each, str) and each for each in found)
        assert len(set(found)) == len(found)
    assert not world.leaks


@pytest.mark.contract("docs.recipes")
@each_recipe
async def test_a_page_that_is_broken_for_good_keeps_all_entities(
    title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = DIALECTS[title]

    def fault(request: httpx.Request, count: int) -> httpx.Response | None:
        is_broken = request.url.path == dialect.main and count > dialect.whole
        return answer({"message": "Internal error"}, 500) if is_broken else None

    world = World(dialect, fault)
    readings = await _read(title, world, monkeypatch, max_retries=1)
    failed = [reading for reading in readings if reading.error]
    assert failed
    assert all("nothing will be deleted" in reading.error for reading in failed)
    assert any("500" in reading.error for reading in failed)
    for reading in failed:
        assert reading.outcome is None or not reading.outcome.is_proven
    if title != "Argo CD":
        # All else is read.
        assert any(reading.items for reading in readings)
    assert not world.leaks


@pytest.mark.contract("docs.recipes", "secrets.errors")
@each_recipe
async def test_wrong_credentials_are_an_error_and_go_nowhere_else(
    title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = DIALECTS[title]
    world = World(replace(dialect, is_known=lambda request: False))
    readings = await _read(title, world, monkeypatch)
    assert all(reading.error and not reading.items for reading in readings)
    assert all("401" in reading.error for reading in readings)
    assert not world.leaks
    shown = "\n".join(reading.error for reading in readings)
    secrets = ("apiToken", "apiKey", "password", "clientSecret")
    settings = RECIPES[title]["settings"]
    assert not [name for name in secrets if name in settings and settings[name] in shown]


# --- What is odd about some


def _on_path(path: str, response: httpx.Response, *counts: int) -> Fault:
    """Answer so the first, second … request to a path that is named by number; or all."""

    def fault(request: httpx.Request, count: int) -> httpx.Response | None:
        is_it = request.url.path == path and (not counts or count in counts)
        return response if is_it else None

    return fault


@pytest.mark.contract("docs.recipes")
@pytest.mark.parametrize(
    "title, path, response, counts",
    [
        # A token that is wrong leads to a page to sign in, with a status of success.
        (
            "Azure DevOps",
            "/acme/_apis/projects",
            httpx.Response(203, html="<html>Sign In</html>"),
            (),
        ),
        # What `continue` leads to is gone.
        (
            "Kubernetes",
            "/api/v1/pods",
            answer({"kind": "Status", "status": "Failure", "code": 410}, 410),
            (2,),
        ),
        ("PagerDuty", "/services", answer({"error": {"message": "Invalid Input"}}, 400), (3,)),
        ("Salesforce", "/services/data/v61.0/query", answer({"done": True, "totalSize": 0}), ()),
        ("SAP", "/odata/v2/User", answer({"error": {"code": "COE0010"}}), (2,)),
    ],
)
async def test_what_an_api_says_oddly_is_no_end(
    title: str,
    path: str,
    response: httpx.Response,
    counts: tuple[int, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(DIALECTS[title], _on_path(path, response, *counts))
    readings = await _read(title, world, monkeypatch)
    assert any(
        reading.error or not (reading.outcome and reading.outcome.is_proven) for reading in readings
    )


@pytest.mark.contract("docs.recipes")
async def test_no_application_of_argo_cd_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = answer({"metadata": {"resourceVersion": "7"}, "items": None})
    world = World(DIALECTS["Argo CD"], _on_path("/api/v1/applications", empty))
    (reading,) = await _read("Argo CD", world, monkeypatch)
    assert (reading.items, reading.error) == ([], "")
    assert reading.outcome is not None
    assert reading.outcome.is_proven


@pytest.mark.contract("docs.recipes")
async def test_a_session_of_salesforce_that_ends_in_between_is_renewed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = answer([{"errorCode": "INVALID_SESSION_ID", "message": "expired"}], 401)
    main = DIALECTS["Salesforce"].main
    world = World(DIALECTS["Salesforce"], _on_path(main, ended, 1))
    (reading,) = await _read("Salesforce", world, monkeypatch)
    assert (len(reading.items), reading.error) == (DIALECTS["Salesforce"].counts[0], "")
    logins = [request for request in world.asked if request.url.host == "login.salesforce.com"]
    assert len(logins) == 2


@pytest.mark.contract("docs.recipes", "auth.template.base-url")
@pytest.mark.parametrize(
    "host", ["evil.test", "my.salesforce.com.evil.test", "my.salesforce.com", "xmy.salesforce.com"]
)
async def test_a_host_that_is_no_organisation_of_salesforce_gets_nothing(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = answer({"access_token": "00D!t0ken", "instance_url": f"https://{host}"})

    def login(request: httpx.Request) -> httpx.Response:
        return given

    known = DIALECTS["Salesforce"]
    world = World(replace(known, models={**known.models, "login.salesforce.com": login}))
    (reading,) = await _read("Salesforce", world, monkeypatch)
    assert "baseUrlHosts" in reading.error
    assert {request.url.host for request in world.asked} == {"login.salesforce.com"}
