"""Places in bodies, where times and pages are put: into lists too, and never beside what counts."""

from typing import Any

import pytest

from api_messages import ApiRequest
from errors import SelectorError
from mapping.fields.selector import CustomSelector
from settings.connection import ConnectionSettings

SETTINGS = ConnectionSettings.parse({"base_url": "https://api.test"})
FILTERS = {"filterGroups": [{"filters": [{"propertyName": "updated", "operator": "GTE"}]}]}
TIMES = {"start": "90d", "step": "7d", "in": "body"}


def selector(**fields: Any) -> CustomSelector:
    return CustomSelector.validate({"query": "true", "method": "POST", "body": FILTERS, **fields})


@pytest.mark.contract("places.body")
def test_a_time_is_put_into_lists() -> None:
    param = "filterGroups.0.filters.0.value"
    plan = selector(incremental={"param": param, "in": "body"}).plan("/search", SETTINGS)
    request = ApiRequest("POST", "https://api.test/search", body=FILTERS)
    placed = request.placed("body", param, 5)
    assert placed.body["filterGroups"][0]["filters"][0] == {
        "propertyName": "updated",
        "operator": "GTE",
        "value": 5,
    }
    assert plan.incremental
    assert "value" not in FILTERS["filterGroups"][0]["filters"][0]


@pytest.mark.contract("places.body")
@pytest.mark.parametrize(
    "place, said",
    [
        ("filterGroups[0].filters[0].value", "write `filterGroups.0.filters.0.value`"),
        ("filterGroup.0.filters.0.value", "the body has no filterGroup"),
        ("filterGroups.1.filters.0.value", "filterGroups is a list of 1"),
        ("filterGroups.0.filters.first.value", "filterGroups.0.filters is a list of 1"),
        ("filterGroups.0.filters.0.operator.x", "operator is neither an object nor a list"),
        ("range.updated.gte", "the body has no range"),
    ],
)
@pytest.mark.parametrize("block", ["incremental", "windows"])
def test_a_time_at_a_place_that_is_not_there_is_refused(place: str, said: str, block: str) -> None:
    blocks: dict[str, Any] = {
        "incremental": {"param": place, "in": "body"},
        "windows": {**TIMES, "from_param": place, "to_param": "to"},
    }
    with pytest.raises(SelectorError, match=block) as caught:
        selector(**{block: blocks[block]}).plan("/search", SETTINGS)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"body": {"range": {"at": {}}}, "place": "range.at.gte"},
        {"body": None, "place": "since"},
        {"body": {"a[0].b": 1}, "place": "a[0].b"},
        {"body": {"a": "1"}, "body_format": "form", "place": "filter[since]"},
        {"body": "{ me { id } }", "body_format": "graphql", "place": "variables.since"},
    ],
)
def test_a_time_at_a_place_that_is_there_is_not_refused(fields: dict[str, Any]) -> None:
    place = fields.pop("place")
    selector(**fields, incremental={"param": place, "in": "body"}).plan("/search", SETTINGS)


@pytest.mark.contract("places.body")
def test_objects_for_a_page_are_made_and_lists_are_not() -> None:
    block = {"type": "cursor", "in": "body"}
    selector(pagination={**block, "param": "page.after"}).plan("/search", SETTINGS)
    with pytest.raises(SelectorError, match=r"pagination\.param: pages\.0\.after"):
        selector(pagination={**block, "param": "pages.0.after"}).plan("/search", SETTINGS)


@pytest.mark.contract("settings.lastPagePath.everywhere")
@pytest.mark.parametrize("kind", ["offset", "page", "cursor", "next_link", "header_link"])
def test_each_type_with_pages_takes_a_last_page_path(kind: str) -> None:
    block = {"type": kind, "last_page_path": "end_of_stream"}
    found = selector(pagination=block).plan("/x", SETTINGS).endpoint.pagination
    assert found
    assert found.marker == ("end_of_stream", False)


@pytest.mark.contract("settings.lastPagePath.everywhere")
def test_the_setting_is_for_numbered_pages_only() -> None:
    given = {"base_url": "https://api.test", "last_page_path": "links.last"}
    for kind in ("cursor", "offset", "next_link", "header_link"):
        chosen = ConnectionSettings.parse({**given, "pagination_type": kind}).pagination
        assert chosen.marker is None
    chosen = ConnectionSettings.parse({**given, "pagination_type": "page"}).pagination
    assert chosen.marker == ("links.last", False)
