"""Several servers of one API: each gets the credentials, and no other host does."""

from typing import Any

import httpx
import pytest

from api_messages import ApiRequest
from errors import RefusedOriginError, ResourceError, SelectorError, SettingsError
from mapping.fields.selector import CustomSelector
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Received, Reply
from transport.origins import OriginRule

_KIND = "{instance}/v1/users"


def _settings(**more: Any) -> ConnectionSettings:
    return ConnectionSettings.parse({"base_url": "https://us.h.test/api", **more})


@pytest.mark.contract("instances.credentials")
async def test_credentials_go_to_each_and_to_no_other(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    config = {"auth_type": "bearer_token", "api_token": "t0ken-1", "custom_headers": {"X-Own": "7"}}
    client = connect(instances=[f"{other_api.url}/v2/"], **config)
    for server in (api, other_api):
        await client.send(ApiRequest("GET", httpx.URL(f"{server.url}/x")))
        (got,) = server.received
        assert got.headers["authorization"] == "Bearer t0ken-1"
        assert got.headers["x-own"] == "7"
    async with FakeApi().running() as third:
        with pytest.raises(RefusedOriginError):
            await client.send(ApiRequest("GET", httpx.URL(f"{third.url}/x")))
        assert not third.received


@pytest.mark.contract("instances.credentials", "origin.upgrade")
@pytest.mark.parametrize(
    "link, goal",
    [
        ("http://us.h.test/x", "https://us.h.test/x"),
        ("http://eu.h.test/x", "https://eu.h.test:8443/x"),
        ("https://eu.h.test/x", None),
        ("http://de.h.test/x", None),
    ],
)
def test_links_without_tls_are_upgraded_as_those_of_base_url(link: str, goal: str | None) -> None:
    rule = OriginRule("https://us.h.test", (), ["https://eu.h.test:8443/v1"])
    if goal is None:
        with pytest.raises(RefusedOriginError):
            rule.admit(httpx.URL(link))
    else:
        assert str(rule.admit(httpx.URL(link))) == goal


@pytest.mark.contract("instances.each")
async def test_each_is_read_with_its_nested_endpoints(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    def answer(request: Received) -> Reply:
        is_list = request.path.endswith("/teams")
        return Reply(body=[{"id": 1}] if is_list else [{"id": 2, "path": request.path}])

    api.answer = other_api.answer = answer
    config = {"base_url": api.url, "instances": f"{other_api.url}/v2/, {api.url}"}
    settings = ConnectionSettings.parse(config)
    selector = {
        "query": "true",
        "path_parameters": {"team": {"endpoint": "{instance}/teams", "field": ".id"}},
    }
    plan = CustomSelector.validate(selector).plan("{instance}/teams/{team}/members", settings)
    session = Session(connect(**config), settings)
    reader = ResourceReader(plan, session)
    items = [item async for batch in reader.batches() for item in batch]
    session.close()
    assert sorted((item["__instance"], item["path"], item["__team"]) for item in items) == sorted(
        [
            (api.url, "/teams/1/members", "1"),
            (f"{other_api.url}/v2", "/v2/teams/1/members", "1"),
        ]
    )
    assert reader.outcome is not None
    assert reader.outcome.is_proven


@pytest.mark.contract("instances.each", "failure.resource-fails")
async def test_one_that_fails_fails_the_resource(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(body=[{"id": 1}]))
    other_api.script(Reply(404))
    config = {"base_url": api.url, "instances": other_api.url}
    settings = ConnectionSettings.parse(config)
    plan = CustomSelector.validate({"query": "true"}).plan(_KIND, settings)
    session = Session(connect(**config), settings)
    reader = ResourceReader(plan, session)
    items: list[Any] = []

    async def read() -> None:
        async for batch in reader.batches():
            items.extend(batch)

    with pytest.raises(ResourceError, match="was not read completely"):
        await read()
    session.close()
    assert len(items) == 1


@pytest.mark.contract("instances.refused")
@pytest.mark.parametrize(
    "value, said",
    [
        ("http://eu.h.test", "sent in the clear"),
        ("eu.h.test", "write https://eu.h.test"),
        ("https://u:p@eu.h.test", "user name or password"),
        ("https://eu.h.test?a=1", "query or fragment"),
        ("ftp://eu.h.test", "must start with http"),
    ],
)
def test_what_is_no_root_is_refused(value: str, said: str) -> None:
    with pytest.raises(SettingsError, match="instances: ") as caught:
        _settings(instances=["https://de.h.test", value])
    assert said in str(caught.value)
    assert "u:p" not in str(caught.value)


def test_the_placeholder_needs_the_setting_or_a_parameter_of_that_name() -> None:
    with pytest.raises(SelectorError, match=r"add path_parameters\.instance"):
        CustomSelector.validate({"query": "true"}).plan(_KIND, _settings())
    own = {"query": "true", "path_parameters": {"instance": {"values": ["a"]}}}
    for settings in (_settings(), _settings(instances="https://eu.h.test")):
        plan = CustomSelector.validate(own).plan("/v1/{instance}", settings)
        assert [each.items for each in plan.parameters] == [("a",)]
