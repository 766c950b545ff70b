"""What a resource of the mapping asks for, and what becomes of a selector that is wrong."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from port_ocean.core.handlers.port_app_config.validators import validate_and_get_config_schema
from pydantic.v1 import BaseModel

from mapping.fields.selector import CustomSelector
from mapping.resources import CustomPortAppConfig
from tests.whole.pipeline.conftest import Sync
from tests.whole.pipeline.support import numbered, parameter, resource

ITEMS = [{"id": 1, "state": "open"}, {"id": 2, "state": "closed"}]


def test_the_models_suit_the_mapping_form() -> None:
    schema = validate_and_get_config_schema(CustomPortAppConfig)
    fields = json.dumps(schema)
    for field in CustomSelector.__fields__.values():
        assert f'"{field.name}"' in fields or f'"{field.alias}"' in fields


def models_within(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and those of its fields, to any depth."""
    yield model
    for field in model.__fields__.values():
        if isinstance(field.type_, type) and issubclass(field.type_, BaseModel):
            yield from models_within(field.type_)


@pytest.mark.parametrize(
    "model", list(dict.fromkeys(models_within(CustomSelector))), ids=lambda model: model.__name__
)
def test_every_field_of_every_block_is_explained_in_the_form(model: type[BaseModel]) -> None:
    for field in model.__fields__.values():
        assert field.field_info.title, field.name
        assert field.field_info.description, field.name


def test_no_block_of_the_vocabulary_is_forgotten() -> None:
    names = {model.__name__ for model in models_within(CustomSelector)}
    assert {
        "PaginationConfig",
        "PathParameterConfig",
        "BatchConfig",
        "ExportConfig",
        "ExportStepConfig",
        "ExportPollConfig",
        "ErrorRuleConfig",
        "IncrementalConfig",
    } <= names


@pytest.mark.contract("mapping.kind.any")
@pytest.mark.parametrize("kind", ["/items", "items", "dynamic", "/v1/a-b_c.json", "/a/b/c/"])
async def test_a_kind_is_the_path_that_is_called(sync: Sync, kind: str) -> None:
    path = f"/{kind.lstrip('/')}"
    outcome = await sync({}, [resource(kind)], {path: numbered(1)})
    assert outcome.succeeded().paths == [path]
    assert outcome.identifiers == ["0"]


async def test_a_kind_may_hold_a_query(sync: Sync) -> None:
    kind = "/items?active=true&size=1"
    outcome = await sync({}, [resource(kind, query_params={"size": "2"})], {"/items": []})
    assert outcome.succeeded().queries() == [{"active": "true", "size": "2"}]


@pytest.mark.contract("settings.baseUrl.prefix", "settings.baseUrl.trailing-slash")
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("kind", ["/items", "items"])
async def test_endpoint_paths_go_below_base_url(sync: Sync, slash: str, kind: str) -> None:
    settings = {"baseUrl": f"https://api.example.com/rest/v2{slash}"}
    outcome = await sync(settings, [resource(kind)], {"/rest/v2/items": numbered(1)})
    assert outcome.succeeded().urls == ["https://api.example.com/rest/v2/items"]


@pytest.mark.contract("mapping.query.filter")
async def test_query_filters_raw_items(sync: Sync) -> None:
    outcome = await sync({}, [resource("/items", query='.state == "open"')], {"/items": ITEMS})
    assert outcome.succeeded().identifiers == ["1"]
    assert outcome.ids() == [1, 2]


@pytest.mark.contract("selector.method.default", "selector.data_path.default")
async def test_a_bare_selector_gets_and_takes_the_whole_body(sync: Sync) -> None:
    outcome = await sync({}, [resource("/items")], {"/items": ITEMS})
    assert [asked.method for asked in outcome.succeeded().asked] == ["GET"]
    assert outcome.asked[0].content == b""
    assert outcome.items["/items"] == ITEMS


@pytest.mark.contract("selector.data_path.default")
@pytest.mark.parametrize("data_path", [".", "", None])
async def test_an_empty_data_path_is_a_lone_dot(sync: Sync, data_path: str | None) -> None:
    outcome = await sync({}, [resource("/items", data_path=data_path)], {"/items": ITEMS})
    assert outcome.succeeded().items["/items"] == ITEMS


@pytest.mark.contract("selector.method.post", "selector.body")
async def test_post_sends_the_body_as_json(sync: Sync) -> None:
    body = {"filter": {"state": ["open", None]}, "limit": 5}
    outcome = await sync({}, [resource("/items", method="POST", body=body)], {"/items": ITEMS})
    (asked,) = outcome.succeeded().asked
    assert (asked.method, asked.body) == ("POST", body)
    assert asked.headers["content-type"] == "application/json"


@pytest.mark.contract("selector.method.writing-warns")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_writing_methods_are_sent_with_a_warning(sync: Sync, method: str) -> None:
    outcome = await sync({}, [resource("/items", method=method)], {"/items": ITEMS})
    assert [asked.method for asked in outcome.succeeded().asked] == [method]
    assert f"/items: {method}" in outcome.warnings


@pytest.mark.contract("selector.method.writing-warns")
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_reading_methods_are_sent_without_a_warning(sync: Sync, method: str) -> None:
    outcome = await sync({}, [resource("/items", method=method)], {"/items": ITEMS})
    assert f"/items: {method}" not in outcome.succeeded().warnings


@pytest.mark.contract("selector.method.unknown")
@pytest.mark.parametrize("method", ["FETCH", "HEAD", "", 1])
async def test_other_methods_are_refused(sync: Sync, method: Any) -> None:
    outcome = await sync({}, [resource("/items", method=method)], {"/items": ITEMS})
    outcome.failed("/items", "method: must be one of GET, POST, PUT, PATCH, DELETE")
    assert outcome.asked == []


@pytest.mark.contract("selector.query_params")
async def test_query_params_are_sent(sync: Sync) -> None:
    params = {"q": "a b&c=d", "tag": ["x", "y"], "limit": 5, "active": True, "unset": None}
    outcome = await sync({}, [resource("/items", query_params=params)], {"/items": ITEMS})
    assert outcome.succeeded().queries() == [
        {"q": "a b&c=d", "tag": ["x", "y"], "limit": "5", "active": "true"}
    ]


@pytest.mark.contract("selector.headers")
async def test_headers_are_sent(sync: Sync) -> None:
    headers = {"Accept": "application/vnd.x+json", "X-Version": 3}
    outcome = await sync({}, [resource("/items", headers=headers)], {"/items": ITEMS})
    (asked,) = outcome.succeeded().asked
    assert asked.headers["accept"] == "application/vnd.x+json"
    assert asked.headers["x-version"] == "3"


@pytest.mark.contract("settings.customHeaders.sent", "settings.customHeaders.environment")
async def test_custom_headers_are_sent_with_every_request(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENANT_NAME", "acme")
    settings = {"customHeaders": {"X-Tenant": "${TENANT_NAME}", "Accept": "text/plain"}}
    nested = resource(
        "/teams/{team}/items",
        headers={"Accept": "application/json"},
        path_parameters={"team": parameter("/teams")},
    )
    routes = {"/teams": numbered(1), "/teams/0/items": ITEMS}
    outcome = await sync(settings, [nested], routes)
    assert [asked.headers["x-tenant"] for asked in outcome.succeeded().asked] == ["acme", "acme"]
    assert [asked.headers["accept"] for asked in outcome.asked] == [
        "text/plain",
        "application/json",
    ]


@pytest.mark.contract("selector.camel-case")
async def test_camel_case_fields_are_the_fields(sync: Sync) -> None:
    selector = {
        "queryParams": {"active": "true"},
        "dataPath": ".found",
        "pathParameters": {"team": parameter("/teams")},
    }
    routes = {"/teams": numbered(1), "/teams/0/items": {"found": ITEMS}}
    outcome = await sync({}, [resource("/teams/{team}/items", **selector)], routes)
    assert outcome.succeeded().queries("/teams/0/items") == [{"active": "true"}]
    assert outcome.ids("/teams/{team}/items") == [1, 2]


@pytest.mark.contract("selector.unknown-key-warns")
async def test_unknown_keys_are_accepted_and_logged(sync: Sync) -> None:
    outcome = await sync({}, [resource("/items", uiColour="red")], {"/items": ITEMS})
    assert outcome.succeeded().ids() == [1, 2]
    assert "uiColour" in outcome.warnings


@pytest.mark.contract("selector.misspelt-key")
@pytest.mark.parametrize(
    "key, meant",
    [
        ("data_pth", "data_path"),
        ("datapath", "data_path"),
        ("queryparams", "query_params"),
        ("query_param", "query_params"),
        ("path_parameter", "path_parameters"),
        ("header", "headers"),
        ("methd", "method"),
    ],
)
async def test_misspelt_keys_are_refused(sync: Sync, key: str, meant: str) -> None:
    outcome = await sync({}, [resource("/items", **{key: "x"})], {"/items": ITEMS})
    outcome.failed("/items", f"{key}: is not known; did you mean {meant}?")
    assert outcome.asked == []


@pytest.mark.contract("selector.endpoint")
async def test_endpoint_is_called_instead_of_the_kind(sync: Sync) -> None:
    outcome = await sync({}, [resource("users", endpoint="/v2/people")], {"/v2/people": ITEMS})
    assert outcome.succeeded().paths == ["/v2/people"]
    assert outcome.ids("users") == [1, 2]


@pytest.mark.contract("data-path.invalid")
@pytest.mark.parametrize("data_path", [".[", ".a |", "nosuchfunction"])
async def test_a_data_path_that_is_no_jq_is_refused(sync: Sync, data_path: str) -> None:
    outcome = await sync({}, [resource("/items", data_path=data_path)], {"/items": ITEMS})
    outcome.failed("/items", "data_path", data_path)
    assert outcome.asked == []


BAD_SELECTORS = [
    {"method": "FETCH"},
    {"data_path": ".["},
    {"data_pth": ".x"},
    {"headers": "none"},
    {"query_params": ["x"]},
    {"path_parameters": {"x": {"endpoint": "/x"}}},
    {"path_parameters": {"x": parameter("/x", wrong=1)}},
]


@pytest.mark.contract("start.bad-selector")
@pytest.mark.parametrize("selector", BAD_SELECTORS, ids=str)
async def test_a_bad_selector_fails_its_resource_only(sync: Sync, selector: Any) -> None:
    resources = [resource("/before"), resource("/bad", **selector), resource("/after")]
    routes = {"/before": numbered(1), "/bad": numbered(1, 1), "/after": numbered(1, 2)}
    outcome = await sync({}, resources, routes, existing=["old"])
    outcome.failed("/bad", *(str(key) for key in selector))
    assert "/before" not in outcome.errors
    assert "/after" not in outcome.errors
    assert outcome.identifiers == ["0", "2"]
    assert outcome.paths == ["/before", "/after"]
    assert outcome.deleted == []


@pytest.mark.contract("start.bad-selector")
async def test_one_message_names_every_problem_of_a_selector(sync: Sync) -> None:
    bad = resource("/bad", method="FETCH", headers="none", queri_params={})
    outcome = await sync({}, [bad], {})
    outcome.failed("method:", "headers:", "queri_params:")
