"""Selectors as users write them: spellings, mistakes, and the plans that they become."""

import asyncio
import datetime
import json
from typing import Any

import pytest

from errors import ResourceError, SelectorError
from expressions.evaluator import Evaluator
from mapping.plan.resource import ResourcePlan
from mapping.resources import CustomPortAppConfig, CustomResourceConfig, plans_of
from reading.parameters.discovery import NOTHING, Discovery, FixedSource
from settings.connection import ConnectionSettings

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
    _, discovery = made.shareable
    assert discovery.query_params == {"b": 2}
    assert discovery.data_path.expression == ".teams"


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
    assert "x: field required" in said


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
        query_params=None,
        headers={"X-N": 1, "X-B": True, "X-Null": None},
        path_parameters=None,
        data_path="",
    )
    assert made.endpoint.headers == {"X-N": "1", "X-B": "true"}
    assert made.endpoint.data_path.expression == "."
    assert made.parameters == ()


@pytest.mark.parametrize("value, kind", [(["a"], "a list"), ({"a": 1}, "an object")])
def test_a_header_that_is_no_text_is_refused(value: Any, kind: str) -> None:
    assert f"headers: has {kind} at X-Ids" in problem(headers={"X-Ids": value})


def test_an_object_in_the_query_is_json() -> None:
    made = plan(query_params={"filter": {"on": True, "name": "Zoë"}, "or": [{"a": None}, 1]})
    asked = made.endpoint.request("https://h.test", {}).url.params
    assert json.loads(asked["filter"]) == {"on": True, "name": "Zoë"}
    assert asked.get_list("or") == ['{"a":null}', "1"]


def test_what_is_not_allowed_is_shown() -> None:
    assert "pagination.type: unexpected value" in (said := problem(pagination="cursr"))
    assert said.endswith("(got 'cursr')")


# Places in bodies that a pagination block, or the connection, names.


def paged(**given: str) -> ConnectionSettings:
    return ConnectionSettings.parse({"base_url": "https://api.test", **given})


@pytest.mark.contract("places.root")
@pytest.mark.parametrize("option", ["cursor_path", "has_more_path", "total_path"])
def test_a_place_with_the_root_of_json_path_is_read_without_it(
    option: str, logs: list[str]
) -> None:
    block = {"type": "cursor", option: "$.meta.it"}
    pagination = plan(pagination=block).endpoint.pagination
    assert pagination
    assert getattr(pagination, option) == "meta.it"
    resource(pagination=block).selector.warn("/things", SETTINGS)
    assert [line for line in logs if "$.meta.it is read as meta.it" in line]


@pytest.mark.contract("places.root")
def test_a_place_of_the_connection_is_read_likewise(logs: list[str]) -> None:
    connection = paged(pagination_type="next_link", next_link_path="$.paging.next")
    pagination = resource().plan(connection).endpoint.pagination
    assert pagination
    assert pagination.places == {"next_link_path": "paging.next"}
    resource().selector.warn("/things", connection)
    assert [line for line in logs if "$.paging.next is read as paging.next" in line]


def test_a_default_place_that_is_written_with_the_root_is_read_as_such(logs: list[str]) -> None:
    connection = paged(pagination_type="next_link", next_link_path="$.@odata.nextLink")
    resource().selector.warn("/things", connection)
    assert [line for line in logs if "$.@odata.nextLink is read as @odata.nextLink" in line]


@pytest.mark.contract("places.refused")
@pytest.mark.parametrize(
    "written, right",
    [
        ('.meta["next"]', "write `meta.next`"),
        ("meta['next'].cursor", "write `meta.next.cursor`"),
        ("pages[0].next", "write `pages.0.next`"),
        ('$["paging"]["next"]', "write `paging.next`"),
        ("/paging/next", "write `paging.next`"),
        ("$.pages[0].next", "write `pages.0.next`"),
        ("$..next", "write its keys with dots between"),
        (".pages[-1].next", "write its keys with dots between"),
        ('.links[] | select(.rel == "next").href', "write its keys with dots between"),
        ("{{.next}}", "write its keys with dots between"),
        ("meta.", "write `meta`"),
        (".", "write its keys with dots between"),
    ],
)
def test_what_is_no_place_is_refused_with_the_right_spelling(written: str, right: str) -> None:
    said = problem(pagination={"type": "cursor", "cursor_path": written})
    assert f"pagination.cursor_path: {written!r} is no place in a body; {right}" in said
    connection = paged(pagination_type="cursor", cursor_path=written)
    with pytest.raises(SelectorError, match="is no place in a body"):
        resource().plan(connection)
    assert resource(pagination="none").plan(connection).endpoint.pagination


@pytest.mark.parametrize(
    "place",
    [
        *("next", ".next", "meta.next", "a.b.c.d", "pages.0.next", "@odata.nextLink", "odata:x"),
        *("_links.next.href", "Meta Data.2. Next", "x-next", "$next", "d.__next", "näxt"),
    ],
)
def test_a_place_is_taken_as_it_is(place: str, logs: list[str]) -> None:
    block = {"type": "next_link", "next_link_path": place}
    pagination = plan(pagination=block).endpoint.pagination
    assert pagination
    assert pagination.model_dump()["next_link_path"] == place
    resource(pagination=block).selector.warn("/things", SETTINGS)
    assert logs == []


@pytest.mark.contract("more.chosen-end")
def test_none_in_the_selector_says_that_one_page_is_all() -> None:
    assert SETTINGS.pagination.is_one_page is False
    for block in ("none", {"type": "none"}, {"type": "none", "ignore_markers": ["total"]}):
        chosen = plan(pagination=block).endpoint.pagination
        assert chosen
        assert chosen.is_one_page
    ignoring = plan(pagination={"ignore_markers": ["total"]}).endpoint.pagination
    assert ignoring
    assert (ignoring.is_one_page, ignoring.ignored) == (False, ("total",))


@pytest.mark.parametrize("export", [{}, {"time_limit": 60}, {"submit": None, "poll": None}])
def test_an_export_has_a_step(export: Any) -> None:
    assert "export.poll: needs submit or poll" in problem(export=export)


@pytest.mark.parametrize("when", [404, "404", " 404 ", [404], ["404"]])
def test_a_status_is_one_in_quotes_too(when: Any) -> None:
    (rule,) = plan(on_error=[{"when": when, "then": "skip"}]).error_rules
    assert (rule.statuses, rule.predicate) == (frozenset({404}), None)


def test_parameters_come_in_the_order_of_the_path() -> None:
    each = {"endpoint": "/t", "field": ".id"}
    made = plan(
        "/{b}/{a}", path_parameters={"a": each, "b": {**each, "encode": "segment"}, "c": each}
    )
    assert [(one.name, one.segment) for one in made.parameters] == [("b", True), ("a", False)]


# Path parameters that depend on each other, or come from elsewhere than an endpoint.

TEAMS = {"endpoint": "/t", "field": ".id"}


def test_parameters_come_after_those_that_they_need() -> None:
    made = plan(
        "/{c}",
        path_parameters={
            "c": {**TEAMS, "endpoint": "/c", "query_params": {"of": ["{b}"]}},
            "unused": TEAMS,
            "a": TEAMS,
            "b": {**TEAMS, "endpoint": "/b", "method": "POST", "body": {"of": "x {a}"}},
        },
    )
    assert [parameter.name for parameter in made.parameters] == ["a", "b", "c"]


def test_placeholders_of_fields_are_known_everywhere() -> None:
    repos = {"endpoint": "/repos", "fields": {"owner": ".owner", "repo": ".name"}}
    made = plan("/{repo}", headers={"X-Owner": "{owner}"}, path_parameters={"any": repos})
    assert made.endpoint.placeholders == ["repo", "owner"]
    said = problem("/{any}", path_parameters={"any": repos})
    assert "has {any}, but path_parameters has owner, repo" in said


def test_parameters_that_nobody_uses_are_named(logs: list[str]) -> None:
    mapped = resource(
        "/{x}",
        path_parameters={
            "x": {**TEAMS, "endpoint": "/of/{y}"},
            "y": TEAMS,
            "z": {**TEAMS, "endpoint": "/z/{w}"},
            "w": TEAMS,
        },
    )
    mapped.selector.warn(mapped.kind, SETTINGS)
    assert "path_parameters w, z are not used" in logs[-1]


@pytest.mark.parametrize(
    "endpoints, circle",
    [
        ({"x": "/{x}"}, "x → x"),
        ({"x": "/{y}", "y": "/{x}"}, "x → y → x"),
        ({"a": "/{x}", "x": "/{y}", "y": "/{z}", "z": "/{x}"}, "x → y → z → x"),
    ],
)
def test_a_circle_is_refused_and_named(endpoints: dict[str, str], circle: str) -> None:
    parameters = {name: {**TEAMS, "endpoint": path} for name, path in endpoints.items()}
    said = problem(f"/{{{next(iter(endpoints))}}}", path_parameters=parameters)
    assert f"in a circle: {circle};" in said
    # One that is not used does no harm, whatever it is.
    assert plan("/{used}", path_parameters={**parameters, "used": TEAMS}).parameters


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"field": ".id"}, "needs exactly one of endpoint, values, variables (got none)"),
        ({**TEAMS, "values": [1]}, "exactly one of endpoint, values, variables (got endpoint and"),
        ({"values": [1], "variables": ".X"}, "(got values and variables)"),
        ({"endpoint": "/t"}, "field required"),
        ({"endpoint": "/t", "fields": {}}, "field required"),
        ({**TEAMS, "fields": {"x": ".id"}}, "has field and fields"),
        ({"endpoint": "/t", "fields": {"a b": ".id"}}, "has the name 'a b'"),
        ({**TEAMS, "include": {"1": ".id"}}, "has the name '1'"),
        ({**TEAMS, "include": {"a": ".a["}}, "path_parameters.x.include.a: '.a[' is not valid JQ"),
        (
            {"endpoint": "/t", "fields": {"x": ".["}},
            "x.fields.x: '.[' is not valid JQ",
        ),
        ({"variables": ".["}, "path_parameters.x.variables: '.[' is not valid JQ"),
        ({**TEAMS, "batch": {"size": 0}}, "path_parameters.x.batch.size: "),
        ({**TEAMS, "batch": {"size": 2, "join": ""}}, "path_parameters.x.batch.join: "),
        ({**TEAMS, "batch": {"sise": 2}}, "x.batch.sise: is not known; allowed are size, join"),
        ({"endpoint": "/t", "fields": {"x": ".id"}, "batch": {"size": 2}}, "has batch and fields"),
        ({**TEAMS, "include": {"a": ".a"}, "batch": {"size": 2}}, "has batch and include"),
        ({"values": [1], "query_params": {"a": 1}}, "has values and query_params"),
        ({"variables": ".X", "method": "POST"}, "has variables and method"),
        ({"values": []}, "is empty; list at least one value"),
        ({"values": "abc"}, "path_parameters.x.values: value is not a valid list"),
        (
            {"values": [datetime.date(2026, 1, 2)]},
            "has a date at 0 (2026-01-02); write",
        ),
        ({"values": [None, ""]}, "path_parameters.x.values: none of 2 gives a value"),
        ({"values": [{"a": 1}]}, "path_parameters.x.field: . gives an object"),
        (
            {"values": [{"a": 1}], "field": ".b"},
            "path_parameters.x.values: none of 1 gives a value",
        ),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(wrong: dict[str, Any], said: str) -> None:
    got = problem("/{x}", path_parameters={"x": wrong})
    assert said in got
    assert "path_parameters.x" in got


@pytest.mark.parametrize(
    "parameters, places",
    [
        (
            {"x": TEAMS, "y": {"endpoint": "/y", "fields": {"x": ".a", "z": ".b"}}},
            "x stands in path_parameters.x (placeholder) and in path_parameters.y (placeholder)",
        ),
        (
            {"x": {**TEAMS, "include": {"x": ".a"}}},
            "x stands in path_parameters.x (placeholder) and in path_parameters.x (include)",
        ),
        (
            {"x": {**TEAMS, "include": {"a": ".a"}}, "y": {**TEAMS, "include": {"a": ".a"}}},
            "a stands in path_parameters.x (include) and in path_parameters.y (include)",
        ),
    ],
)
def test_a_name_that_is_given_twice_is_refused(parameters: Any, places: str) -> None:
    assert places in problem("/{x}", path_parameters=parameters)


def test_fixed_values_stay_exact() -> None:
    (made,) = plan(
        "/{x}", path_parameters={"x": {"values": [2**60, 7, {"id": 2**60}][:2]}}
    ).parameters
    assert made.items == (str(2**60), 7)
    each = {"values": [{"id": 2**60}], "field": ".id"}
    (made,) = plan("/{x}", path_parameters={"x": each}).parameters
    assert made.items == ({"id": str(2**60)},)


@pytest.mark.parametrize(
    "selector, is_joined",
    [
        ({"body": {"ids": "{x}"}}, False),
        ({"body": {"ids": "{x}", "text": "of {x}"}}, True),
        ({"query_params": {"ids": "{x}"}}, True),
        ({"query_params": {"ids": ["{x}"]}}, False),
        ({"query_params": {"ids": ["id:{x}"]}}, True),
        ({"query_params": {"ids": ["{x}"], "other": "{x}"}}, True),
        ({"body": {"ids": ["{x}"]}, "body_format": "form"}, False),
        ({"body": {"ids": "{x}"}, "body_format": "form"}, True),
        ({"headers": {"X-Ids": "{x}"}}, True),
        ({"body": {"ids": "{x}"}, "endpoint": "/of/{x}"}, True),
    ],
)
def test_a_batch_knows_whether_its_values_stand_in_a_text(
    selector: dict[str, Any], is_joined: bool
) -> None:
    batched = {**TEAMS, "batch": {"size": 3}}
    (made,) = plan("/t", method="POST", **selector, path_parameters={"x": batched}).parameters
    assert made.batch
    assert made.batch.is_joined is is_joined


def with_variables(monkeypatch: pytest.MonkeyPatch, **variables: str) -> ConnectionSettings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    exposed = tuple(variables)
    return ConnectionSettings(base_url="https://api.test", exposed_variables=exposed)


@pytest.mark.parametrize(
    "expression, items",
    [
        ('.ORGS | split(",")', ("a", "b")),
        ('.ORGS | split(",")[]', ("a", "b")),
        (".OTHER, .ORGS", ("c", "a,b")),
        ("[{id: .OTHER}]", ({"id": "c"},)),
    ],
)
def test_values_of_variables(
    expression: str, items: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = with_variables(monkeypatch, ORGS="a,b", OTHER="c")
    field = {"field": ".id"} if "{" in expression else {}
    parameters = {"x": {"variables": expression, **field}}
    (made,) = resource("/{x}", path_parameters=parameters).plan(settings).parameters
    assert made.variables
    assert tuple(asyncio.run(made.variables.items(Evaluator()))) == items


@pytest.mark.parametrize(
    "expression", ['.NOPE | split(",")', "empty", "[]", ".OTHER | error", ".NOPE", "{ORGS}"]
)
def test_variables_that_give_nothing_are_refused_and_none_is_shown(
    expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = with_variables(monkeypatch, ORGS="quiet-a", OTHER="quiet-b")
    planned = resource("/{x}", path_parameters={"x": {"variables": expression}}).plan(settings)
    (made,) = planned.parameters
    evaluator = Evaluator()
    discovery = Discovery(made, FixedSource(made, evaluator), evaluator)

    async def discover() -> None:
        async for _ in discovery.found(NOTHING):
            raise AssertionError("a value was found")
        discovery.check()

    with pytest.raises((SelectorError, ResourceError)) as raised:
        asyncio.run(discover())
    assert "path_parameters.x." in str(raised.value)
    assert "quiet" not in str(raised.value)


@pytest.mark.contract("selector.query.boolean")
@pytest.mark.parametrize("given, query", [(True, "true"), (False, "false"), (".a", ".a")])
def test_the_query_may_be_a_boolean(given: Any, query: str) -> None:
    assert resource(query=given).selector.query == query


NULLABLE = sorted(CustomResourceConfig.__fields__["selector"].type_.__fields__)


@pytest.mark.contract("selector.null")
@pytest.mark.parametrize("field", NULLABLE)
def test_a_field_that_is_null_is_not_given(field: str) -> None:
    bare = {"kind": "/t", "selector": {}, "port": PORT}
    given = CustomResourceConfig.parse_obj({**bare, "selector": {field: None}})
    assert given.selector.dict() == CustomResourceConfig.parse_obj(bare).selector.dict()
    assert given.plan(SETTINGS).endpoint.method == "GET"


@pytest.mark.contract("selector.null")
def test_nulls_in_blocks_are_not_given_either() -> None:
    parameter = {"endpoint": "/t", "field": ".id", "method": None, "headers": None, "values": None}
    made = plan("/t/{x}", path_parameters={"x": parameter}, pagination={"type": None})
    assert [each.name for each in made.parameters] == ["x"]
    assert "field required" in problem(
        "/t/{x}", path_parameters={"x": {**parameter, "field": None}}
    )


def test_path_parameters_as_a_list_are_told_what_they_should_be() -> None:
    said = problem("/t/{x}", path_parameters=[{"name": "x", "endpoint": "/t", "field": ".id"}])
    assert "path_parameters: must be an object by placeholder, such as `{team_id: {" in said
    assert "(got a list)" in said
