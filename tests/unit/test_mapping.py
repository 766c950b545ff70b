"""Selectors as users write them: spellings, mistakes, and the plans that they become."""

from typing import Any

import pytest

from errors import SelectorError
from mapping import CustomPortAppConfig, CustomResourceConfig, plans_of
from resync import ResourcePlan
from settings import ConnectionSettings

SETTINGS = ConnectionSettings(base_url="https://api.test")
PORT = {"entity": {"mappings": {"identifier": ".id", "blueprint": '"thing"'}}}


def resource(kind: str = "/things", **selector: Any) -> CustomResourceConfig:
    return CustomResourceConfig.parse_obj(
        {"kind": kind, "selector": {"query": "true", **selector}, "port": PORT}
    )


def plan(kind: str = "/things", **selector: Any) -> ResourcePlan:
    return resource(kind, **selector).plan(SETTINGS)


def problem(kind: str = "/things", **selector: Any) -> str:
    with pytest.raises(SelectorError) as caught:
        plan(kind, **selector)
    assert kind in str(caught.value)
    return str(caught.value)


@pytest.mark.contract("selector.method.default")
@pytest.mark.contract("selector.data_path.default")
@pytest.mark.contract("mapping.kind.any")
def test_defaults() -> None:
    endpoint = plan("anything at all").endpoint
    assert (endpoint.path, endpoint.method, endpoint.body) == ("anything at all", "GET", None)
    assert (endpoint.query_params, endpoint.headers) == ({}, {})
    assert endpoint.data_path.expression == "."


@pytest.mark.contract("selector.endpoint")
def test_endpoint_is_called_instead_of_the_kind() -> None:
    made = plan("people", endpoint="/api/users")
    assert (made.kind, made.endpoint.path) == ("people", "/api/users")


@pytest.mark.contract("selector.method.post")
@pytest.mark.contract("selector.method.unknown")
@pytest.mark.parametrize("method", ["GET", "post", "Put", "PATCH", "delete"])
def test_methods(method: str) -> None:
    assert plan(method=method).endpoint.method == method.upper()
    assert "must be one of GET, POST, PUT, PATCH, DELETE (got 'HEAD')" in problem(method="HEAD")


@pytest.mark.contract("selector.method.writing-warns")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_writing_methods_warn(method: str, logs: list[str]) -> None:
    mapped = resource(method=method)
    mapped.selector.warn(mapped.kind, SETTINGS)
    assert any(f"{method} is sent as configured" in line for line in logs)


@pytest.mark.contract("selector.camel-case")
@pytest.mark.contract("path-parameter.camel-case")
def test_camel_case_is_the_field() -> None:
    teams = {"endpoint": "/teams", "field": ".id", "queryParams": {"b": 2}, "dataPath": ".teams"}
    made = plan("/t/{x}", queryParams={"a": 1}, dataPath=".d", pathParameters={"x": teams})
    assert made.endpoint.query_params == {"a": 1}
    assert made.endpoint.data_path.expression == ".d"
    assert made.parameters[0].endpoint.query_params == {"b": 2}
    assert made.parameters[0].endpoint.data_path.expression == ".teams"


@pytest.mark.contract("selector.unknown-key-warns")
def test_an_unknown_key_is_named_in_the_log(logs: list[str]) -> None:
    mapped = resource(colour="red")
    assert mapped.plan(SETTINGS).kind == mapped.kind
    mapped.selector.warn(mapped.kind, SETTINGS)
    assert any("colour" in line for line in logs)


@pytest.mark.contract("selector.misspelt-key")
@pytest.mark.parametrize(
    "key, meant",
    [
        ("datapath", "data"),
        ("data_pat", "data_path"),
        ("queryParam", "queryParams"),
        ("query_param", "query_params"),
        ("path_parameter", "path_parameters"),
        ("metod", "method"),
        ("header", "headers"),
        ("end_point", "endpoint"),
    ],
)
def test_a_misspelt_key_is_refused_with_a_suggestion(key: str, meant: str) -> None:
    said = problem(**{key: "x"})
    assert f"{key}: is not known; did you mean {meant}" in said


@pytest.mark.contract("path-parameter.unknown-key")
def test_an_unknown_key_of_a_path_parameter_is_refused() -> None:
    said = problem(
        "/t/{x}", path_parameters={"x": {"endpoint": "/t", "field": ".i", "fitler": "x"}}
    )
    assert "x.fitler: is not known; allowed are" in said
    assert "filter" in said


@pytest.mark.contract("path-parameter.undeclared")
def test_placeholders_must_be_declared() -> None:
    assert "/t/{x} has {x}" in problem("/t/{x}")
    nested = {"x": {"endpoint": "/t/{y}", "field": ".id"}}
    assert "path_parameters.x.endpoint: /t/{y} has {y}" in problem("/t/{x}", path_parameters=nested)


@pytest.mark.parametrize("setting", ["data_path", "field", "filter"])
@pytest.mark.contract("data-path.invalid")
def test_jq_that_is_none_is_refused_by_its_place(setting: str) -> None:
    if setting == "data_path":
        assert "data_path: '.a[' is not valid JQ" in problem(data_path=".a[")
    parameter = {"endpoint": "/t", "field": ".id", setting: ".a["}
    said = problem("/t/{x}", path_parameters={"x": parameter})
    assert f"path_parameters.x.{setting}: '.a[' is not valid JQ" in said


def test_every_problem_is_told() -> None:
    said = problem(method="FETCH", headers="no", path_parameters={"x": {"endpoint": "/t"}})
    assert said.count("\n  - ") >= 3
    assert "x.field: field required" in said


@pytest.mark.contract("start.bad-selector")
def test_a_bad_selector_fails_its_own_resource_only() -> None:
    config = CustomPortAppConfig.parse_obj(
        {
            "resources": [
                {"kind": "/bad", "selector": {"query": "true", "method": 7}, "port": PORT},
                {"kind": "/good", "selector": {"query": "true"}, "port": PORT},
            ]
        }
    )
    assert [made.kind for made in plans_of(config.resources, SETTINGS)] == ["/good"]
    with pytest.raises(SelectorError, match="the selector of kind /bad cannot be used"):
        config.resources[0].plan(SETTINGS)


def test_null_and_odd_scalars_are_understood() -> None:
    made = plan(
        query_params=None, headers={"X-N": 1, "X-B": True}, path_parameters=None, data_path=""
    )
    assert made.endpoint.headers == {"X-N": "1", "X-B": "true"}
    assert made.endpoint.data_path.expression == "."
    assert made.parameters == ()


def test_parameters_come_in_the_order_of_the_path() -> None:
    each = {"endpoint": "/t", "field": ".id"}
    made = plan(
        "/{b}/{a}", path_parameters={"a": each, "b": {**each, "encode": "segment"}, "c": each}
    )
    assert [(one.name, one.segment) for one in made.parameters] == [("b", True), ("a", False)]
