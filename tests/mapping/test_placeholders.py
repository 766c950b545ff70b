"""Placeholders and variables in every part of a request, and the formats of its body."""

from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_messages import ApiRequest
from errors import SelectorError
from mapping.plan.endpoint import Endpoint, PathValue
from mapping.plan.templates import Template, fill_text, texts_in, with_variables
from settings.connection import ConnectionSettings
from tests.mapping.test_resources import plan, resource
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Reply

BASE = "https://api.test"
NAMES = st.sampled_from(["a", "b", "team_id"])
TEXTS = st.text(alphabet="ab_{}$ x", max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def filled(endpoint: Endpoint, **values: Any) -> ApiRequest:
    made = {name: PathValue(str(value), value=value) for name, value in values.items()}
    return endpoint.request(BASE, made)


@given(value=JSON)
def test_what_has_no_known_name_stays_as_it_is(value: Any) -> None:
    template = Template.of(value, {"other"})
    assert template.fill({}) == value
    assert template.fill({}, is_typed=True) == value


@given(name=NAMES, text=TEXTS, before=st.sampled_from(["", "x "]), after=st.sampled_from(["", "}"]))
def test_a_placeholder_is_replaced_once(name: str, text: str, before: str, after: str) -> None:
    # What is filled in is never looked at again.
    given_text = f"{before}{{{name}}}{after}"
    template = Template.of(given_text, {name})
    if template.names:
        assert template.fill({name: PathValue(text)}) == f"{before}{text}{after}"


def test_doubled_braces_are_the_text_itself() -> None:
    template = Template.of(["{{a}} {a} {{b}}", "{{a}}"], {"a"})
    assert template.fill({"a": PathValue("1")}) == ["{a} 1 {{b}}", "{a}"]
    assert fill_text("{{a}}", {}, {"a"}) == "{a}"


def test_values_come_into_every_part() -> None:
    endpoint = Endpoint(
        "/orgs/{org}/things?in={org}",
        "POST",
        {"q": "org:{org} state:open", "ids": ["{id}", "0"]},
        {"X-Org": "{org}"},
        {"org": "{org}", "n": "{id}", "deep": [{"m": "no {id}"}], "{org}": 1},
        names=frozenset({"org", "id"}),
    )
    assert endpoint.placeholders == ["org", "id"]
    request = filled(endpoint, org="a&b c", id=7)
    assert request.url.path == "/orgs/a&b c/things"
    asked = [("in", "a&b c"), ("q", "org:a&b c state:open"), ("ids", "7"), ("ids", "0")]
    assert request.url.params.multi_items() == asked
    assert request.headers == {"X-Org": "a&b c"}
    assert request.body == {"org": "a&b c", "n": 7, "deep": [{"m": "no 7"}], "{org}": 1}


def test_braces_of_other_languages_stay() -> None:
    body = {"query": "{ viewer { login } }", "filter": "{x}", "script": "{{mustache}}"}
    endpoint = Endpoint("/x/{id}", "POST", {"q": '{"a": "{b}"}'}, {}, body, names=frozenset({"id"}))
    request = filled(endpoint, id=1)
    assert request.body == body
    assert request.url.params["q"] == '{"a": "{b}"}'


def test_graphql_takes_values_in_variables_only() -> None:
    made = plan(
        "/graphql",
        method="POST",
        body_format="graphql",
        body={"query": "query { a(id: {id}) { id } }", "variables": {"id": "{id}", "b": ["{id}"]}},
        path_parameters={"id": {"endpoint": "/ids", "field": ".id"}},
    )
    request = filled(made.endpoint, id=5)
    assert request.body["query"] == "query { a(id: {id}) { id } }"
    assert request.body["variables"] == {"id": 5, "b": [5]}
    assert plan("/g", body_format="graphql", body="{ a }").endpoint.request(BASE, {}).body == {
        "query": "{ a }",
        "variables": {},
    }


def test_an_endpoint_that_is_a_placeholder_may_be_an_address() -> None:
    endpoint = Endpoint("{file}")
    url = "https://files.test/a/../b?sig=%2F1"
    assert str(filled(endpoint, file=url).address) == url
    assert str(filled(endpoint, file="/exports/7").address) == "https://api.test/exports/7"
    assert filled(Endpoint("/x/{file}"), file="https://f.test/1").url.host == "api.test"


def test_variables_come_into_every_part() -> None:
    exposed = {"TENANT": "t/1 ?", "TOKEN": "hush"}
    endpoint = Endpoint(
        "/${TENANT}/x?t=${TENANT}",
        "POST",
        {"k": "$${TOKEN} ${TOKEN}"},
        {"X-T": "Bearer ${TOKEN}"},
        {"a": ["${TOKEN}"]},
        exposed=exposed,
    )
    assert "hush" not in repr(endpoint)
    request = endpoint.request(BASE, {})
    assert request.url.raw_path.decode().partition("?")[0] == "/t/1%20%3F/x"
    assert dict(request.url.params) == {"t": "t/1 ?", "k": "${TOKEN} hush"}
    assert (request.headers, request.body) == ({"X-T": "Bearer hush"}, {"a": ["hush"]})


@given(value=JSON.filter(lambda value: "${" not in str(value)))
def test_what_names_no_variable_stays(value: Any) -> None:
    assert with_variables(value, {}, "body") is value


@pytest.mark.contract("variables.unlisted")
@pytest.mark.parametrize("exposed", [{}, {"OTHER": "hush"}])
@pytest.mark.parametrize(
    "text, said",
    [
        ("${TENANT}", "body: ${TENANT} is not in exposedVariables"),
        ("a ${A_1} b", "write $${A_1} for this text"),
    ],
)
def test_a_variable_is_refused_whether_any_other_is_exposed(
    exposed: dict[str, str], text: str, said: str
) -> None:
    with pytest.raises(SelectorError) as caught:
        with_variables({"a": [text]}, exposed, "body")
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.contract("variables.unlisted")
@pytest.mark.parametrize("exposed", [{}, {"OTHER": "x"}])
@pytest.mark.parametrize(
    "text, sent",
    [
        ("$${NAME}", "${NAME}"),
        ("${}", "${}"),
        ("${1}", "${1}"),
        ("${a.b}", "${a.b}"),
        ("${ NAME }", "${ NAME }"),
        ("$NAME", "$NAME"),
        ("$(NAME)", "$(NAME)"),
        ("{NAME}", "{NAME}"),
        ("query ($id: ID!) {a}", "query ($id: ID!) {a}"),
        ("cost: $", "cost: $"),
    ],
)
def test_what_is_no_variable_is_sent(exposed: dict[str, str], text: str, sent: str) -> None:
    assert with_variables([text], exposed, "body") == [sent]


@given(value=JSON)
def test_all_texts_are_found(value: Any) -> None:
    marked = with_variables(value, {"x": "1"}, "body") if "${" not in str(value) else value
    assert list(texts_in(marked)) == list(texts_in(value))


def refusal(monkeypatch: pytest.MonkeyPatch, **selector: Any) -> str:
    monkeypatch.setenv("TENANT", "hush")
    settings = ConnectionSettings.parse({"base_url": BASE, "exposed_variables": "TENANT"})
    with pytest.raises(SelectorError) as caught:
        resource("/x", **selector).plan(settings)
    return str(caught.value)


def test_a_variable_that_no_header_can_carry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "hush-hush\n")
    connection = ConnectionSettings(base_url=BASE, exposed_variables=["KEY"])
    made = resource("/x", headers={"X-Key": "Key ${KEY}"})
    with pytest.raises(SelectorError, match="X-Key has a line break") as caught:
        made.plan(connection)
    assert "hush" not in str(caught.value)


def test_a_variable_that_is_not_exposed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(monkeypatch, headers={"X": "${TENANTS}"})
    assert "headers: ${TENANTS} is not in exposedVariables, which has TENANT" in said
    assert "$${TENANTS}" in said
    assert "hush" not in said


@pytest.mark.parametrize("part", ["query_params", "headers", "body"])
def test_a_misspelt_placeholder_is_refused(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    parameters = {"team_id": {"endpoint": "/teams", "field": ".id"}}
    said = refusal(monkeypatch, **{part: {"a": "{team_ids}"}, "path_parameters": parameters})
    assert f"{part}: {{team_ids}} is no path parameter; did you mean {{team_id}}?" in said


@pytest.mark.parametrize(
    "selector, said",
    [
        ({"body_format": "form", "body": [1]}, "body: must be an object with body_format form"),
        ({"body_format": "text", "body": {}}, "body: must be a text with body_format text"),
        ({"body_format": "graphql"}, "body: must be a GraphQL query"),
        ({"body_format": "graphql", "body": {"query": "{a}", "variables": 1}}, "body.variables"),
        ({"body_format": "yaml"}, "body_format: unexpected value; permitted: 'json', 'form'"),
        ({"auth": "never"}, "auth: unexpected value; permitted: 'default', 'none'"),
        ({"pagination": {"type": "pages"}}, "pagination.type: unexpected value"),
        ({"pagination": {"cursorpath": "x"}}, "pagination.cursorpath: is not known; allowed are"),
        ({"pagination": {"page_size": 0}}, "pagination.page_size: ensure this value"),
    ],
)
def test_wrong_options_are_refused(
    monkeypatch: pytest.MonkeyPatch, selector: dict[str, Any], said: str
) -> None:
    assert said in refusal(monkeypatch, **selector)


@pytest.mark.parametrize(
    "variables, said",
    [
        ("NOT_THERE_AT_ALL", "exposedVariables: names environment variables that are not set"),
        ("A B", "exposedVariables: has 'A B'; give names"),
        ("OCEAN__PORT__CLIENT_SECRET", "holds a secret of the integration itself"),
        ("ocean__port__client_secret", "holds a secret of the integration itself"),
    ],
)
def test_wrong_lists_of_variables_are_refused(variables: str, said: str) -> None:
    with pytest.raises(Exception, match="connection setting is wrong") as caught:
        ConnectionSettings.parse({"base_url": BASE, "exposed_variables": variables})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "body_format, body, sent, content_type",
    [
        ("form", {"a": 1, "b": ["x", "y&"], "c": True, "d": None}, None, "x-www-form-urlencoded"),
        ("text", "select * from x", b"select * from x", "text/plain"),
        ("json", {"a": 1}, b'{"a":1}', "application/json"),
        ("json", None, b"", ""),
        ("text", None, b"", ""),
    ],
)
async def test_bodies_are_sent_in_their_format(
    api: FakeApi, connect: ClientFactory, body_format: Any, body: Any, sent: Any, content_type: str
) -> None:
    api.script(Reply())
    request = Endpoint("/x", "POST", body=body, body_format=body_format).request(api.url, {})
    await connect().send(request)
    received = api.received[0]
    assert content_type in received.headers.get("content-type", "")
    if sent is None:
        pairs = [("a", "1"), ("b", "x"), ("b", "y&"), ("c", "true")]
        assert parse_qsl(received.body.decode()) == pairs
    else:
        assert received.body == sent


async def test_a_content_type_of_the_selector_stays(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply())
    endpoint = Endpoint(
        "/x",
        "POST",
        headers={"Content-Type": "application/sparql-query"},
        body="SELECT",
        body_format="text",
    )
    await connect().send(endpoint.request(api.url, {}))
    assert api.received[0].headers["content-type"] == "application/sparql-query"


async def test_auth_none_sends_nothing_that_identifies(
    api: FakeApi, connect: ClientFactory
) -> None:
    client = connect(
        auth_type="bearer_token", api_token="hush-token", custom_headers={"X-Custom": "hush-too"}
    )
    api.script(Reply(headers={"set-cookie": "session=hush-cookie"}))
    await client.send(ApiRequest("GET", httpx.URL(f"{api.url}/login")))
    api.script(Reply())
    endpoint = Endpoint("/open", headers={"X-Own": "1"}, is_anonymous=True)
    await client.send(endpoint.request(api.url, {}))
    seen = api.received[1].headers
    assert seen["x-own"] == "1"
    assert "hush" not in str(seen)
