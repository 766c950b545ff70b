"""Whoever may edit the mapping in Port, but knows no secret of the instance."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_messages import ApiRequest
from errors import EndpointError, RefusedOriginError, SelectorError
from expressions.evaluator import Evaluator
from mapping.plan.endpoint import PathValue
from mapping.plan.headers import OF_THE_CONNECTION
from mapping.plan.pseudonyms import pseudonym
from mapping.plan.resource import ResourcePlan
from reading.parameters.discovery import NOTHING
from reading.resource_reader import ResourceReader
from reading.session import Session
from settings.connection import ConnectionSettings
from tests.mapping.test_resources import resource
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Received, Reply

pytestmark = pytest.mark.usefixtures("ocean_config", "clean_surroundings")

SECRET = "s3cret/of the&tenant"
BASE = "https://api.test"


@pytest.fixture(autouse=True)
def _exposed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    monkeypatch.setenv("SHORT", "x")
    monkeypatch.setenv("HIDDEN", "of the machine")


def parsed(**settings: Any) -> ConnectionSettings:
    return ConnectionSettings.parse(
        {"base_url": BASE, "exposed_variables": ["TOKEN", "SHORT"], **settings}
    )


def planned(kind: str = "/things", **selector: Any) -> ResourcePlan:
    return resource(kind, **selector).plan(parsed())


def asked(kind: str, **selector: Any) -> ApiRequest:
    return planned(kind, **selector).endpoint.request(BASE, {})


@pytest.mark.contract("variables.in-path")
def test_variables_stand_in_path_and_query_encoded() -> None:
    request = asked("/orgs/${SHORT}/t/${TOKEN}?key=${TOKEN}&b=1")
    assert request.url.raw_path == (
        b"/orgs/x/t/s3cret/of%20the&tenant?key=s3cret%2Fof+the%26tenant&b=1"
    )
    assert request.variables == {"SHORT", "TOKEN"}


def test_a_doubled_dollar_is_the_text_itself() -> None:
    request = asked("/a/$${TOKEN}?q=$${TOKEN}")
    assert request.url.params["q"] == "${TOKEN}"
    assert request.url.path == "/a/${TOKEN}"
    assert request.variables == frozenset()


def test_a_variable_beside_a_placeholder() -> None:
    made = planned("/o/${SHORT}/{team}", path_parameters={"team": {"values": ["a", "b"]}})
    request = made.endpoint.request(BASE, {"team": PathValue("a")})
    assert (request.url.path, set(request.variables)) == ("/o/x/a", {"SHORT"})


@pytest.mark.parametrize("value", ["..", "a/../b", "%2e%2e", "..;/admin", "%252e%252e/x"])
def test_a_variable_leads_to_no_other_endpoint(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", value)
    with pytest.raises(SelectorError, match="segment"):
        planned("/x/${TOKEN}/y")


@pytest.mark.parametrize("place", ["/x/${HIDDEN}", "/x?a=${HIDDEN}"])
def test_a_variable_that_is_not_exposed_is_refused_in_the_path(place: str) -> None:
    with pytest.raises(SelectorError, match=r"HIDDEN.* is not in exposedVariables"):
        planned(place)


@pytest.mark.contract("variables.own-host")
@pytest.mark.parametrize(
    "parts",
    [
        {"query_params": {"q": "x-${TOKEN}"}},
        {"query_params": {"q": "${SHORT}"}},
        {"headers": {"X-T": "${TOKEN}"}},
        {"method": "POST", "body": {"deep": [{"t": "a${TOKEN}b"}]}},
        {"method": "POST", "body_format": "graphql", "body": '{ me(t: "${TOKEN}") { id } }'},
        {"endpoint": "{}/${SHORT}"},
        {"endpoint": "{}/x?t=${SHORT}"},
        {"query_params": {"q": "{t}"}, "path_parameters": {"t": {"variables": ".TOKEN[:9]"}}},
        {
            "headers": {"X-T": "{t}"},
            "path_parameters": {"t": {"variables": ".TOKEN | ascii_upcase"}},
        },
    ],
)
@pytest.mark.parametrize("way", ["straight", "redirect", "link"])
async def test_what_is_made_of_a_variable_goes_to_no_other_host(
    parts: dict[str, Any], way: str, api: FakeApi, connect: ClientFactory, other_api: FakeApi
) -> None:
    def lead_away(request: Received) -> Reply:
        if way == "redirect":
            return Reply(308, headers={"location": f"{other_api.url}/there"})
        return Reply(body=[{"id": 1}], headers={"link": f'<{other_api.url}/there>; rel="next"'})

    api.answer = lead_away
    config = {
        "exposed_variables": ["TOKEN", "SHORT"],
        "allowed_hosts": "127.0.0.1",
        "pagination_type": "header_link",
    }
    settings = ConnectionSettings.parse({"base_url": api.url, **config})
    own = other_api.url if way == "straight" else api.url
    selector = {"endpoint": "{}/x", **parts}
    selector["endpoint"] = selector["endpoint"].replace("{}", own)
    plan = resource("things", **selector).plan(settings)
    reader = ResourceReader(plan, Session(connect(**config), settings))
    with pytest.raises(Exception, match=r"refused to send the value of (SHORT|TOKEN)"):
        async for _ in reader.batches():
            pass
    assert other_api.received == []
    assert all(SECRET not in str(each) for each in (plan, reader))


@pytest.mark.contract("variables.own-host")
async def test_what_is_made_of_none_goes_to_allowed_hosts(
    connect: ClientFactory, other_api: FakeApi
) -> None:
    client = connect(exposed_variables=["TOKEN"], allowed_hosts="127.0.0.1")
    await client.send(ApiRequest("GET", f"{other_api.url}/x"))
    with pytest.raises(RefusedOriginError, match="the value of TOKEN"):
        await client.send(ApiRequest("GET", f"{other_api.url}/x", variables=frozenset({"TOKEN"})))


@pytest.mark.contract("variables.items")
async def test_items_never_carry_values_of_variables(
    api: FakeApi, connect: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "acme,globex")
    api.answer = lambda request: Reply(body=[{"id": 1}])
    settings = ConnectionSettings.parse({"base_url": api.url, "exposed_variables": ["TOKEN"]})
    plan = resource(
        "/o/{org}/m/{team}",
        path_parameters={
            "org": {"variables": '.TOKEN | split(",")'},
            "team": {"endpoint": "/o/{org}/t", "field": ".id"},
        },
    ).plan(settings)
    reader = ResourceReader(plan, Session(connect(exposed_variables=["TOKEN"]), settings))
    items = [item async for batch in reader.batches() for item in batch]
    assert sorted(item["__org"] for item in items) == sorted(map(pseudonym, ("acme", "globex")))
    assert {item["__team"] for item in items} == {"1"}
    assert "acme" not in str(items)


async def test_what_the_mapping_gives_is_carried_as_it_is() -> None:
    plan = planned("/o/{org}", path_parameters={"org": {"values": ["acme"]}})
    (gift,) = await plan.parameters[0].gifts(["acme"], Evaluator())
    (found,) = gift.values
    assert found["org"].mark == "acme"
    assert NOTHING.marks == {}


# No variable of the environment has the character 0.
VALUE = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(VALUE, VALUE)
def test_a_pseudonym_is_equal_for_equal_values_only(one: str, other: str) -> None:
    assert (pseudonym(one) == pseudonym(other)) == (one == other)
    assert len(one) < 4 or one not in pseudonym(one)


@pytest.mark.parametrize(
    "selector, said",
    [
        ({"path_parameters": {"o": {"variables": ".TOKEN", "include": {"t": "."}}}}, "include"),
        ({"exportEnvVariables": ["HIDDEN"]}, "HIDDEN is not in exposedVariables"),
        ({"exportEnvVariables": ["OCEAN__PORT__CLIENT_SECRET"]}, "exposedVariables"),
        (
            {
                "path_parameters": {"o": {"variables": ".TOKEN"}},
                "confirm_deletion": {"fetch": "/x/{o}", "params": {"o": ".identifier"}},
            },
            "comes from a variable",
        ),
    ],
)
def test_no_way_from_a_variable_into_the_catalog(selector: dict[str, Any], said: str) -> None:
    with pytest.raises(SelectorError, match=said):
        planned("/x/{o}" if "path_parameters" in selector else "/x", **selector)


HOW: dict[str, Any] = {
    "selector": lambda name: {"headers": {name: "1"}},
    "path parameter": lambda name: {
        "path_parameters": {"t": {"endpoint": "/t", "field": ".id", "headers": {name: "1"}}}
    },
    "live event": lambda name: {
        "live_events": [
            {"fetch": {"endpoint": "/{id}", "headers": {name: "1"}}, "params": {"id": ".body.id"}}
        ]
    },
    "page": lambda name: {"pagination": {"type": "page", "param": name, "in": "header"}},
    "size": lambda name: {"pagination": {"type": "page", "sizeParam": name, "size_in": "header"}},
    "incremental": lambda name: {"incremental": {"param": name, "in": "header"}},
    "windows": lambda name: {
        "windows": {
            "from_param": "A",
            "to_param": name,
            "in": "header",
            "start": "90d",
            "step": "7d",
        }
    },
}


@pytest.mark.contract("selector.headers.connection")
@pytest.mark.parametrize(
    "name", [*sorted(OF_THE_CONNECTION), "HOST", "Content-Length", "A b", "a:", ""]
)
@pytest.mark.parametrize("how", HOW)
def test_headers_of_the_connection_are_refused_by_name(how: str, name: str) -> None:
    if not name and how != "selector":
        return
    kind = "/x/{t}" if how == "path parameter" else "/x"
    with pytest.raises(SelectorError) as caught:
        resource(kind, **HOW[how](name)).plan(parsed(webhook_auth="none"))
    assert name in str(caught.value)


@pytest.mark.parametrize("name", ["Accept", "X-Host", "Authorization", "Cookie", "Prefer"])
def test_other_headers_are_the_mapping_s(name: str) -> None:
    assert planned(headers={name: "1"}).endpoint.headers == {name: "1"}


@pytest.mark.contract("paths.dot-segments")
@pytest.mark.parametrize("value", ["..;/admin", "..;x", ".;", "%2e%2e%3b/x", "a/..;b/c", "..%253b"])
@pytest.mark.parametrize("segment", [True, False])
def test_parameters_of_segments_hide_no_dots(value: str, *, segment: bool) -> None:
    endpoint = planned("/u/{v}/x", path_parameters={"v": {"values": ["1"]}}).endpoint
    with pytest.raises(EndpointError, match="segment"):
        endpoint.request(BASE, {"v": PathValue(value, segment)})


def test_a_semicolon_alone_is_a_value() -> None:
    endpoint = planned("/u/{v}", path_parameters={"v": {"values": ["1"]}}).endpoint
    assert endpoint.request(BASE, {"v": PathValue("a;v=..b")}).url.path == "/u/a;v=..b"
