"""What requests of a mapping carry: a page size of their own, JQ that nothing evaluates."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.fields.written import jq_in, own_size
from mapping.plan.endpoint import Endpoint
from mapping.resources import CustomResourceConfig
from pagination.strategies import create_strategy
from settings.connection import ConnectionSettings
from settings.pagination import AskedSettings

PORT = {"entity": {"mappings": {"identifier": ".id", "blueprint": '"thing"'}}}


def paged(**more: str) -> ConnectionSettings:
    given = {"pagination_type": "offset", "size_param": "limit", "page_size": "100", **more}
    return ConnectionSettings.parse({"base_url": "https://api.test", **given})


def resource(kind: str = "/things", **selector: Any) -> CustomResourceConfig:
    return CustomResourceConfig.parse_obj({"kind": kind, "selector": selector, "port": PORT})


def first_url(endpoint: Endpoint, settings: ConnectionSettings) -> httpx.URL:
    request = endpoint.request(settings.base_url, {})
    return create_strategy(endpoint.pagination or settings.pagination).first(request).url


def size_of(endpoint: Endpoint, settings: ConnectionSettings) -> int:
    return (endpoint.pagination or settings.pagination).page_size


@pytest.mark.contract("pagination.own-size")
@pytest.mark.parametrize("pagination_type", ["offset", "page", "cursor"])
@given(size=st.integers(1, 10**6), is_text=st.booleans(), in_path=st.booleans())
def test_a_size_that_the_mapping_sends_wins(
    pagination_type: str, size: int, is_text: bool, in_path: bool
) -> None:
    settings = paged(pagination_type=pagination_type)
    path = f"/things?limit={size}" if in_path else "/things"
    own = {} if in_path else {"query_params": {"limit": str(size) if is_text else size}}
    endpoint = resource(path, **own).plan(settings).endpoint
    assert first_url(endpoint, settings).params.get_list("limit") == [str(size)]
    assert size_of(endpoint, settings) == size


@pytest.mark.contract("pagination.own-size")
def test_pages_after_the_first_keep_it() -> None:
    settings = paged()
    endpoint = resource(query_params={"limit": "200"}).plan(settings).endpoint
    strategy = create_strategy(endpoint.pagination or settings.pagination)
    first = strategy.first(endpoint.request(settings.base_url, {}))
    (second,) = strategy.ahead(first, 200, range(1, 2))
    assert dict(second.url.params) == {"limit": "200", "offset": "200"}


@pytest.mark.contract("pagination.own-size")
@pytest.mark.parametrize("sent", ["max", "0", "-5", "", True, 2.5, ["1", "2"]])
def test_one_that_is_no_number_is_sent_all_the_same(sent: Any) -> None:
    settings = paged()
    endpoint = resource(query_params={"limit": sent}).plan(settings).endpoint
    asked = first_url(endpoint, settings).params.get_list("limit")
    assert asked == [
        str(each).replace("True", "true") for each in (sent if isinstance(sent, list) else [sent])
    ]
    assert size_of(endpoint, settings) == 100


def test_without_one_page_size_is_sent() -> None:
    settings = paged()
    endpoint = resource(query_params={"Limit": "200", "active": "true"}).plan(settings).endpoint
    assert endpoint.pagination is None
    assert first_url(endpoint, settings).params["limit"] == "100"


@pytest.mark.contract("pagination.own-size")
@pytest.mark.parametrize(
    "where, sent",
    [
        ("header", {"headers": {"x-size": "7"}}),
        ("body", {"body": {"page": {"size": 7}}}),
    ],
)
def test_it_may_stand_in_a_header_or_the_body(where: str, sent: dict[str, Any]) -> None:
    block = {
        "type": "page",
        "size_param": "X-Size" if where == "header" else "page.size",
        "size_in": where,
    }
    endpoint = resource(method="POST", pagination=block, **sent).plan(paged()).endpoint
    assert endpoint.pagination
    assert endpoint.pagination.page_size == 7
    request = endpoint.request("https://api.test", {})
    first = create_strategy(endpoint.pagination).first(request)
    assert (first.headers, first.body) == (request.headers, request.body)


@pytest.mark.contract("pagination.own-size")
def test_discovery_has_its_own(logs: list[str]) -> None:
    settings = paged()
    parameter = {"endpoint": "/teams", "field": ".id", "query_params": {"limit": 3}}
    made = resource("/teams/{id}", path_parameters={"id": parameter})
    (discovered,) = made.plan(settings).parameters
    assert discovered.endpoint
    assert size_of(discovered.endpoint, settings) == 3
    assert size_of(made.plan(settings).endpoint, settings) == 100
    made.selector.warn("/teams/{id}", settings)
    said = "path_parameters.id.limit is sent as the mapping says, 3, and not as pageSize 100"
    assert [line for line in logs if said in line]


def test_no_other_type_has_a_size() -> None:
    for kind in ("none", "next_link", "header_link"):
        settings = paged(pagination_type=kind)
        assert own_size(settings.pagination, "/x?limit=3", {"query": {"limit": 3}}) is None
        assert not isinstance(settings.pagination, AskedSettings)


# JQ where nothing evaluates it


@pytest.mark.contract("selector.jq-in-request")
@pytest.mark.parametrize(
    "text",
    [
        'now | strftime("%Y-%m-%d")',
        '(now - 86400 * 7) | strftime("%Y-%m-%dT%H:%M:%SZ")',
        "((now | floor) - 2592000) | todate",
        "(now - 2592000) * 1000 | floor",
    ],
)
@pytest.mark.parametrize(
    "place, selector",
    [
        ("query_params.since", lambda text: {"query_params": {"since": text}}),
        ("body.range.from", lambda text: {"body": {"range": {"from": text}}, "method": "POST"}),
    ],
)
def test_jq_for_a_moment_is_answered_with_the_block(
    text: str, place: str, selector: Callable[[str], dict[str, Any]], logs: list[str]
) -> None:
    resource(**selector(text)).selector.warn("/things", paged())
    (line,) = [each for each in logs if place in each]
    assert "is sent as it is written" in line
    assert (
        f"windows: {{from_param: {place.rpartition('.')[2] if 'query' in place else 'range.from'}"
        in line
    )
    assert ("in: body" in line) is place.startswith("body")


@pytest.mark.contract("selector.jq-in-request")
@pytest.mark.parametrize(
    "text",
    [
        "now",
        "now-7d",
        "now-1h/h",
        "2026-01-01",
        "know | grep",
        "now |",
        "status = 'now' | x(",
        "{ me }",
    ],
)
def test_other_texts_are_left_alone(text: str) -> None:
    assert [*jq_in({"since": text, "deep": [{"x": text}]}, "query_params")] == []
