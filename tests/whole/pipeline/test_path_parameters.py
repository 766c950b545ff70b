"""Path parameters: how values are discovered, and how they become paths."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.whole.pipeline.conftest import Sync
from tests.whole.pipeline.support import Route, numbered, parameter, reply, resource

MEMBERS = "/teams/{team}/members"
TEAMS = [{"id": "red", "open": True}, {"id": "blue", "open": False}]


def members(*, kind: str = MEMBERS, **more: Any) -> Any:
    """Members of teams; `more` is about the discovery of the teams."""
    return resource(kind, path_parameters={"team": parameter("/teams", **more)})


def of_teams(*names: str) -> dict[str, Route]:
    """One member for each team, whose id is the team's name."""
    return {f"/teams/{name}/members": [{"id": f"of {name}"}] for name in names}


@pytest.mark.contract("path-parameter.fills-path", "path-parameter.mark")
async def test_each_value_is_one_request_and_marks_its_items(sync: Sync) -> None:
    routes = {"/teams": TEAMS, **of_teams("red", "blue")}
    outcome = await sync({}, [members()], routes)
    assert sorted(outcome.succeeded().paths) == [
        "/teams",
        "/teams/blue/members",
        "/teams/red/members",
    ]
    assert sorted((item["id"], item["__team"]) for item in outcome.items[MEMBERS]) == [
        ("of blue", "blue"),
        ("of red", "red"),
    ]


@pytest.mark.contract("path-parameter.mark")
@pytest.mark.parametrize("value, text", [(7, "7"), (True, "true"), ("a/b", "a/b"), (2**60, None)])
async def test_the_mark_is_the_value_as_a_string(sync: Sync, value: Any, text: str | None) -> None:
    text = text or str(value)
    routes = {"/teams": [{"id": value}], **of_teams(text)}
    outcome = await sync({}, [members()], routes)
    assert [item["__team"] for item in outcome.succeeded().items[MEMBERS]] == [text]


@pytest.mark.contract("path-parameter.mark", "mapping.query.filter")
async def test_the_mark_can_be_mapped_and_filtered(sync: Sync) -> None:
    mapped = members()
    mapped["selector"]["query"] = '.__team == "red"'
    mapped["port"]["entity"]["mappings"]["identifier"] = '.__team + "/" + .id'
    outcome = await sync({}, [mapped], {"/teams": TEAMS, **of_teams("red", "blue")})
    assert outcome.succeeded().identifiers == ["red/of red"]


@pytest.mark.contract("path-parameter.several")
async def test_several_parameters_combine(sync: Sync) -> None:
    kind = "/orgs/{org}/teams/{team}/members"
    parameters = {"team": parameter("/teams"), "org": parameter("/orgs")}
    orgs, teams = ["x", "y"], ["red", "blue"]
    routes: dict[str, Route] = {
        f"/orgs/{org}/teams/{team}/members": [{"id": f"{org}/{team}"}]
        for org in orgs
        for team in teams
    }
    routes |= {"/teams": TEAMS, "/orgs": [{"id": org} for org in orgs]}
    outcome = await sync({}, [resource(kind, path_parameters=parameters)], routes)
    assert sorted(outcome.succeeded().ids(kind)) == ["x/blue", "x/red", "y/blue", "y/red"]
    assert {(i["id"], i["__org"], i["__team"]) for i in outcome.items[kind]} == {
        (f"{org}/{team}", org, team) for org in orgs for team in teams
    }


@pytest.mark.contract("path-parameter.fills-path")
async def test_a_placeholder_may_stand_twice_and_in_the_query(sync: Sync) -> None:
    kind = "/teams/{team}/of/{team}?name={team}"
    routes = {"/teams": [{"id": "a&b"}], "/teams/a&b/of/a&b": numbered(1)}
    outcome = await sync({}, [members(kind=kind)], routes)
    assert outcome.succeeded().queries("/teams/a&b/of/a&b") == [{"name": "a&b"}]


@pytest.mark.contract("path-parameter.undeclared")
@pytest.mark.parametrize("declared", [{}, {"other": parameter("/teams")}])
async def test_an_undeclared_placeholder_is_refused(sync: Sync, declared: Any) -> None:
    outcome = await sync({}, [resource(MEMBERS, path_parameters=declared)], {"/teams": TEAMS})
    outcome.failed(MEMBERS, "{team}", "path_parameters.team", *declared)
    assert outcome.asked == []


@pytest.mark.contract("path-parameter.unknown-key")
@pytest.mark.parametrize("key", ["field_s", "colour", "path_parameters"])
async def test_an_unknown_key_is_refused(sync: Sync, key: str) -> None:
    outcome = await sync({}, [members(**{key: "x"})], {"/teams": TEAMS})
    outcome.failed(MEMBERS, f"team.{key}: is not known")
    assert outcome.asked == []


@pytest.mark.contract("path-parameter.camel-case")
async def test_camel_case_fields_are_the_fields(sync: Sync) -> None:
    routes = {"/teams": {"teams": TEAMS[:1]}, **of_teams("red")}
    outcome = await sync({}, [members(dataPath=".teams", queryParams={"q": "1"})], routes)
    assert outcome.succeeded().queries("/teams") == [{"q": "1"}]
    assert outcome.ids(MEMBERS) == ["of red"]


@pytest.mark.contract("path-parameter.method")
@pytest.mark.parametrize("given, sent", [({}, "GET"), ({"method": "POST"}, "POST")])
async def test_discovery_uses_its_method(sync: Sync, given: Any, sent: str) -> None:
    nested = members(**given)
    nested["selector"]["method"] = "PUT"
    outcome = await sync({}, [nested], {"/teams": TEAMS[:1], **of_teams("red")})
    assert [asked.method for asked in outcome.succeeded().asked] == [sent, "PUT"]


@pytest.mark.contract("path-parameter.query_params", "path-parameter.headers")
async def test_discovery_has_query_and_headers_of_its_own(sync: Sync) -> None:
    nested = members(query_params={"active": True}, headers={"X-For": "discovery"})
    nested["selector"] |= {"query_params": {"all": "1"}, "headers": {"X-Of": "resource"}}
    outcome = await sync({}, [nested], {"/teams": TEAMS[:1], **of_teams("red")})
    discovery, nested_request = outcome.succeeded().asked
    assert (discovery.query, nested_request.query) == ({"active": "true"}, {"all": "1"})
    assert discovery.headers["x-for"] == "discovery"
    assert nested_request.headers["x-of"] == "resource"
    assert "x-of" not in discovery.headers
    assert "x-for" not in nested_request.headers


@pytest.mark.contract("path-parameter.data_path", "path-parameter.data_path-default")
@pytest.mark.parametrize(
    "given, body",
    [
        ({}, TEAMS),
        ({"data_path": "."}, TEAMS),
        ({"data_path": ".teams"}, {"teams": TEAMS}),
        ({"data_path": ".pages[].teams"}, {"pages": [{"teams": [team]} for team in TEAMS]}),
    ],
    ids=str,
)
async def test_discovery_finds_its_items(sync: Sync, given: Any, body: Any) -> None:
    routes = {"/teams": body, **of_teams("red", "blue")}
    outcome = await sync({}, [members(**given)], routes)
    assert sorted(outcome.succeeded().ids(MEMBERS)) == ["of blue", "of red"]


@pytest.mark.contract("path-parameter.field")
@pytest.mark.parametrize("field", [".name", ".names[0]", '.key + ""', ".key | ascii_downcase"])
async def test_field_is_jq_on_each_item(sync: Sync, field: str) -> None:
    team = {"name": "red", "names": ["red"], "key": "red"}
    outcome = await sync({}, [members(field=field)], {"/teams": [team], **of_teams("red")})
    assert outcome.succeeded().ids(MEMBERS) == ["of red"]


@pytest.mark.contract("path-parameter.field")
async def test_a_field_that_never_gives_a_value_is_an_error(sync: Sync) -> None:
    outcome = await sync({}, [members(field=".nope")], {"/teams": TEAMS}, existing=["old"])
    outcome.failed("path_parameters.team.field", ".nope", "id, open")
    assert outcome.deleted == []


@pytest.mark.contract("path-parameter.filter")
async def test_only_exactly_true_passes_the_filter(sync: Sync) -> None:
    values: list[Any] = [True, False, None, 1, "true", "yes", {}, []]
    teams = [{"id": f"t{index}", "on": value} for index, value in enumerate(values)]
    outcome = await sync({}, [members(filter=".on")], {"/teams": teams, **of_teams("t0")})
    assert outcome.succeeded().paths == ["/teams", "/teams/t0/members"]


@pytest.mark.contract("path-parameter.filter")
async def test_a_filter_may_compare(sync: Sync) -> None:
    nested = members(filter='.id == "blue" and .open == false')
    outcome = await sync({}, [nested], {"/teams": TEAMS, **of_teams("blue")})
    assert outcome.succeeded().ids(MEMBERS) == ["of blue"]


@pytest.mark.contract("path-parameter.paginated")
async def test_discovery_is_paginated(sync: Sync) -> None:
    def teams(request: httpx.Request) -> Any:
        page = int(request.url.params["page"])
        return [[{"id": "a"}, {"id": "b"}], [{"id": "c"}]][page - 1]

    settings = {"paginationType": "page", "pageSize": "2"}
    outcome = await sync(settings, [members()], {"/teams": teams, **of_teams("a", "b", "c")})
    assert outcome.succeeded().queries("/teams") == [
        {"page": "1", "size": "2"},
        {"page": "2", "size": "2"},
    ]
    assert sorted(outcome.ids(MEMBERS)) == ["of a", "of b", "of c"]


@pytest.mark.contract("path-parameter.streamed")
async def test_nested_endpoints_start_before_discovery_is_complete(sync: Sync) -> None:
    nested_started = asyncio.Event()

    async def teams(request: httpx.Request) -> Any:
        if "cursor" not in request.url.params:
            return {"teams": [{"id": "red"}], "next_cursor": "2"}
        async with asyncio.timeout(5):
            await nested_started.wait()
        return {"teams": [{"id": "blue"}], "next_cursor": None}

    def of_red(request: httpx.Request) -> Any:
        nested_started.set()
        return numbered(1)

    routes = {**of_teams("blue"), "/teams": teams, "/teams/red/members": of_red}
    settings = {"paginationType": "cursor"}
    outcome = await sync(settings, [members(data_path=".teams")], routes)
    assert len(outcome.succeeded().ids(MEMBERS)) == 2


@pytest.mark.contract("paths.encode", "paths.escapes-kept", "paths.slashes-kept")
@pytest.mark.parametrize(
    "value, in_path",
    [
        ("a b", "a%20b"),
        ("a?b", "a%3Fb"),
        ("a#b", "a%23b"),
        ("a\tb\n", "a%09b%0A"),
        ("é", "%C3%A9"),
        ("100%", "100%25"),
        ("5%zz", "5%25zz"),
        ('"<>[]{}|\\^`', "%22%3C%3E%5B%5D%7B%7D%7C%5C%5E%60"),
        ("a%20b%2Fc", "a%20b%2Fc"),
        ("group/app", "group/app"),
        ("a.b..c...d", "a.b..c...d"),
        ("x:y@z;v=1,2+3&4!$'()*~-_", "x:y@z;v=1,2+3&4!$'()*~-_"),
    ],
)
async def test_what_is_not_legal_in_a_path_is_encoded(sync: Sync, value: str, in_path: str) -> None:
    routes = {"/teams": [{"id": value}], **of_teams(in_path)}
    outcome = await sync({}, [members()], routes)
    assert outcome.succeeded().paths == ["/teams", f"/teams/{in_path}/members"]
    assert outcome.items[MEMBERS][0]["__team"] == value


@pytest.mark.contract("paths.encode-segment")
async def test_encode_segment_encodes_slashes_too(sync: Sync) -> None:
    routes = {"/teams": [{"id": "group/my app"}], **of_teams("group%2Fmy%20app")}
    outcome = await sync({}, [members(encode="segment")], routes)
    assert outcome.succeeded().ids(MEMBERS) == ["of group%2Fmy%20app"]


@pytest.mark.contract("paths.dot-segments")
@pytest.mark.parametrize("value, encode", [("../admin", "path"), ("%2E%2e%2fadmin", "segment")])
async def test_dot_segments_are_refused(sync: Sync, value: str, encode: str) -> None:
    routes = {"/teams": [{"id": value}, {"id": "red"}], **of_teams("red")}
    outcome = await sync({}, [members(encode=encode)], routes, existing=["old"])
    outcome.failed(MEMBERS, "segment")
    assert outcome.paths == ["/teams", "/teams/red/members"]
    assert outcome.ids(MEMBERS) == ["of red"]
    assert outcome.deleted == []


@pytest.mark.contract("paths.empty-values", "paths.equal-values")
async def test_empty_values_are_skipped_and_equal_ones_fetched_once(sync: Sync) -> None:
    ids: list[Any] = ["", None, "red", 7, "red", "7"]
    teams = [{"name": "no id"}, *({"id": value} for value in ids)]
    outcome = await sync({}, [members()], {"/teams": teams, **of_teams("red", "7")})
    paths = sorted(outcome.succeeded().paths)
    assert paths == ["/teams", "/teams/7/members", "/teams/red/members"]
    (report,) = [line for line in outcome.log if "Discovered" in line]
    assert "2 values of team in 7 items" in report
    assert "3 without a value, 2 repeated" in report


async def test_no_discovered_item_is_no_error(sync: Sync) -> None:
    outcome = await sync({}, [members()], {"/teams": []})
    assert outcome.succeeded().items[MEMBERS] == []


async def test_what_is_left_after_the_filter_may_be_nothing(sync: Sync) -> None:
    outcome = await sync({}, [members(filter="false")], {"/teams": TEAMS})
    assert outcome.succeeded().items[MEMBERS] == []


# Parameters that depend on each other, and values from elsewhere.

PULLS = "/repos/{owner}/{repo}/pulls"
ORGS = {"values": ["acme", "globex"]}
REPOS = {
    "endpoint": "/orgs/{org}/repos",
    "fields": {"owner": ".owner.login", "repo": ".name"},
    "include": {"team": ".team"},
}


def of_orgs(**repos: Route) -> dict[str, Route]:
    """The repositories of organisations, and a pull request of each."""
    routes: dict[str, Route] = {}
    for org, names in repos.items():
        routes[f"/orgs/{org}/repos"] = names
        for name in names if isinstance(names, list) else []:
            each = f"{org}/{name['name']}"
            routes[f"/repos/{each}/pulls"] = [{"id": each}]
    return routes


def repo(org: str, name: str, **more: Any) -> dict[str, Any]:
    return {"owner": {"login": org}, "name": name, **more}


def pulls(**more: Any) -> Any:
    return resource(PULLS, path_parameters={"repo": REPOS, "org": ORGS}, **more)


@pytest.mark.contract(
    "path-parameter.depends",
    "path-parameter.fields",
    "path-parameter.values",
    "path-parameter.include",
)
async def test_a_chain_marks_its_items_with_every_placeholder_on_the_way(sync: Sync) -> None:
    routes = of_orgs(
        acme=[repo("acme", "web", team={"id": 7}), repo("acme", "web"), repo("acme", "app")],
        globex=[repo("globex", "web")],
    )
    outcome = await sync({}, [pulls()], routes)
    assert sorted(outcome.succeeded().paths) == sorted(routes)
    assert sorted(outcome.items[PULLS], key=lambda item: item["id"]) == [
        {"id": f"{org}/{name}", "__org": org, "__owner": org, "__repo": name, "__team": team}
        for org, name, team in (
            ("acme", "app", None),
            ("acme", "web", {"id": 7}),
            ("globex", "web", None),
        )
    ]
    reports = [line for line in outcome.log if "Discovered" in line]
    assert len(reports) == 2
    assert "Discovered 3 values of repo in 4 items of 2 endpoints" in reports[1]
    assert "1 repeated" in reports[1]


@pytest.mark.contract("path-parameter.depends")
async def test_what_depends_may_use_what_its_parents_hand_down(sync: Sync) -> None:
    parameters = {
        "org": {"values": [{"id": "a", "at": "eu"}, {"id": "b", "at": "us"}], "field": ".id"},
        "team": parameter("/orgs/{org}/teams", '.__at + "-" + .id', filter='.__org != "x"'),
    }
    parameters["org"]["include"] = {"at": ".at"}
    routes: dict[str, Route] = {f"/orgs/{org}/teams": [{"id": "t"}] for org in "ab"}
    routes |= {f"/teams/{at}-t/members": [{"id": at}] for at in ("eu", "us")}
    outcome = await sync({}, [resource(MEMBERS, path_parameters=parameters)], routes)
    assert sorted(item["__at"] + item["id"] for item in outcome.succeeded().items[MEMBERS]) == [
        "eueu",
        "usus",
    ]


@pytest.mark.contract("path-parameter.depends")
async def test_a_placeholder_may_stand_anywhere_in_a_dependent_request(sync: Sync) -> None:
    parameters = {
        "org": {"values": [7]},
        "team": parameter(
            "/search",
            query_params={"of": "{org}"},
            headers={"X-Org": "{org}"},
            method="POST",
            body={"org": "{org}"},
        ),
    }
    routes = {"/search": [{"id": "red"}], **of_teams("red")}
    outcome = await sync({}, [resource(MEMBERS, path_parameters=parameters)], routes)
    search = outcome.succeeded().asked[0]
    assert (search.query, search.headers["x-org"], search.body) == ({"of": "7"}, "7", {"org": 7})


@pytest.mark.contract("path-parameter.branch-fails", "failure.keeps-what-was-read")
async def test_a_branch_that_fails_leaves_the_others_alone(sync: Sync) -> None:
    routes = of_orgs(globex=[repo("globex", "web")]) | {
        "/orgs/acme/repos": reply({"message": "broken"}, 403)
    }
    outcome = await sync({}, [pulls()], routes, existing=["acme/web"])
    outcome.failed("/orgs/acme/repos", "403")
    assert outcome.ids(PULLS) == ["globex/web"]
    assert outcome.identifiers == ["globex/web"]
    assert outcome.deleted == []


GROUPS = {"group": parameter("/groups"), "team": parameter("/groups/{group}/teams")}


@pytest.mark.contract("path-parameter.gone", "failure.nested-gone")
async def test_a_parent_that_vanished_counts_as_empty(sync: Sync) -> None:
    routes = {
        "/groups": [{"id": "a"}, {"id": "b"}],
        "/groups/b/teams": [{"id": "red"}],
        "/groups/a/teams": reply({}, 410),
        **of_teams("red"),
    }
    outcome = await sync({}, [resource(MEMBERS, path_parameters=GROUPS)], routes)
    assert outcome.succeeded().ids(MEMBERS) == ["of red"]
    assert "GET https://api.example.com/groups/a/teams: gone (410)" in outcome.warnings


@pytest.mark.contract("path-parameter.gone")
async def test_all_parents_do_not_vanish_at_once(sync: Sync) -> None:
    routes = {"/groups": [{"id": name} for name in "abc"]}
    outcome = await sync({}, [resource(MEMBERS, path_parameters=GROUPS)], routes)
    outcome.failed("all 3 nested endpoints answered 404 or 410", "/groups/{group}/teams")


@pytest.mark.contract("path-parameter.gone")
async def test_fixed_values_and_batches_do_not_vanish(sync: Sync) -> None:
    outcome = await sync({}, [pulls()], of_orgs(globex=[repo("globex", "web")]))
    outcome.failed("/orgs/acme/repos", "404")
    batch = {"team": parameter("/teams", batch={"size": 2})}
    nested = resource("/members?of={team}", path_parameters=batch)
    outcome = await sync({}, [nested], {"/teams": TEAMS})
    outcome.failed("/members?of=red,blue", "404")


@pytest.mark.contract("path-parameter.depends")
async def test_data_path_is_judged_over_all_parents(sync: Sync) -> None:
    parameters = {"org": ORGS, "team": parameter("/orgs/{org}/teams", data_path=".teams")}
    routes = {
        "/orgs/acme/teams": {"count": 0},
        "/orgs/globex/teams": {"teams": [{"id": "red"}], "count": 1},
        **of_teams("red"),
    }
    outcome = await sync({}, [resource(MEMBERS, path_parameters=parameters)], routes)
    assert outcome.succeeded().ids(MEMBERS) == ["of red"]
    routes["/orgs/acme/teams"] = {"other": 1}
    outcome = await sync({}, [resource(MEMBERS, path_parameters=parameters)], routes)
    outcome.failed("path_parameters.team.data_path .teams matches nothing", "other")
    routes["/orgs/globex/teams"] = {"another": 1}
    outcome = await sync({}, [resource(MEMBERS, path_parameters=parameters)], routes)
    outcome.failed("path_parameters.team.data_path .teams matches nothing in any of 2 responses")


@pytest.mark.contract("path-parameter.values", "path-parameter.several")
async def test_fixed_values_are_a_product(sync: Sync) -> None:
    kind = "/{organization}/{project}/pipelines"
    parameters = {
        "project": {"values": ["x", "y"]},
        "organization": {"values": [{"name": "one"}, {"name": "two"}], "field": ".name"},
    }
    routes = {
        f"/{org}/{project}/pipelines": [{"id": org + project}]
        for org in ("one", "two")
        for project in "xy"
    }
    outcome = await sync({}, [resource(kind, path_parameters=parameters)], routes)
    assert sorted(outcome.succeeded().ids(kind)) == ["onex", "oney", "twox", "twoy"]
    assert len(outcome.asked) == 4


@pytest.mark.contract("path-parameter.variables")
async def test_values_of_exposed_variables(sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAMS_TO_READ", "red,blue")
    parameters = {"team": {"variables": '.TEAMS_TO_READ | split(",")'}}
    nested = resource(MEMBERS, path_parameters=parameters)
    settings = {"exposedVariables": ["TEAMS_TO_READ"]}
    outcome = await sync(settings, [nested], of_teams("red", "blue"))
    assert sorted(outcome.succeeded().ids(MEMBERS)) == ["of blue", "of red"]


@pytest.mark.contract("path-parameter.batch")
@pytest.mark.parametrize(
    "batch, text, listed",
    [
        ({"size": 2}, ",", True),
        ({"size": 2, "join": ","}, ",", False),
        ({"size": 2, "join": "; "}, "; ", False),
    ],
)
async def test_batches_in_texts_and_bodies(
    sync: Sync, batch: dict[str, Any], text: str, listed: bool
) -> None:
    teams = [{"id": number} for number in (1, 2, 3)]
    nested = resource(
        "/things",
        method="POST",
        query_params={"of": "{team}"},
        body={"ids": "{team}", "said": "teams {team}"},
        path_parameters={"team": parameter("/teams", batch=batch)},
    )
    outcome = await sync({}, [nested], {"/teams": teams, "/things": [{"id": 1}]})
    sent = [asked for asked in outcome.succeeded().asked if asked.url.path == "/things"]
    sent.sort(key=lambda asked: str(asked.query["of"]))
    both = text.join("12")
    assert [asked.query["of"] for asked in sent] == [both, "3"]
    assert [asked.body["ids"] for asked in sent] == ([[1, 2], [3]] if listed else [both, "3"])
    assert sent[0].body["said"] == f"teams {both}"
    assert sorted(item["__team"] for item in outcome.items["/things"]) == [both, "3"]


@pytest.mark.contract("path-parameter.batch")
async def test_a_value_that_holds_the_join_fails_loudly(sync: Sync) -> None:
    nested = resource(
        "/things?of={team}",
        path_parameters={"team": parameter("/teams", batch={"size": 9})},
    )
    routes = {"/teams": [{"id": "a"}, {"id": "b,c"}, {"id": "d"}], "/things": [{"id": 1}]}
    outcome = await sync({}, [nested], routes)
    outcome.failed("path_parameters.team.batch", "'b,c'", "join")
    assert outcome.queries("/things") == [{"of": "a,d"}]


@pytest.mark.contract("path-parameter.field", "paths.equal-values")
async def test_a_list_of_values_fans_out(sync: Sync) -> None:
    teams = [{"ids": ["red", "blue", None]}, {"ids": ["blue", ""]}, {"ids": []}]
    routes = {"/teams": teams, **of_teams("red", "blue")}
    outcome = await sync({}, [members(field=".ids")], routes)
    assert sorted(outcome.succeeded().ids(MEMBERS)) == ["of blue", "of red"]
    (report,) = [line for line in outcome.log if "Discovered" in line]
    assert "2 values of team in 3 items" in report
    assert "3 without a value, 1 repeated" in report


@pytest.mark.contract("sharing.once", "path-parameter.depends")
async def test_dependent_discovery_is_shared_however_placeholders_are_named(sync: Sync) -> None:
    renamed = {
        "organisation": {"values": ["globex", "acme"]},
        "x": parameter("/orgs/{organisation}/repos", '.owner.login + "/" + .name'),
    }
    routes = of_orgs(acme=[repo("acme", "web")], globex=[repo("globex", "app")])
    routes |= {f"/repos/{name}/tags": [{"id": name}] for name in ("acme/web", "globex/app")}
    tags = resource("/repos/{x}/tags", path_parameters=renamed)
    outcome = await sync({}, [pulls(), tags], routes)
    assert sorted(outcome.succeeded().paths) == sorted(routes)
    assert (len(outcome.ids("/repos/{x}/tags")), len(outcome.ids(PULLS))) == (2, 2)


@pytest.mark.contract("path-parameter.circle")
async def test_parameters_in_a_circle_are_refused(sync: Sync) -> None:
    parameters = {"team": parameter("/of/{org}"), "org": parameter("/of/{team}")}
    outcome = await sync({}, [resource(MEMBERS, path_parameters=parameters)], {})
    outcome.failed("in a circle: team → org → team")
    assert outcome.asked == []


@pytest.mark.contract("path-parameter.batch.repeated")
@pytest.mark.parametrize("name", ["id", "ids[]"])
async def test_a_batch_as_repeated_keys(sync: Sync, name: str) -> None:
    """Twitch: `/users?id=1&id=2`; PHP: `ids[]=1&ids[]=2`. A comma in a value is none of ours."""

    def users(request: httpx.Request) -> Any:
        assert request.url.params["first"] == "100"
        return [{"id": each} for each in request.url.params.get_list(name)]

    streams = [{"user": "1,5"}, {"user": 2}, {"user": "3"}]
    parameters = {"user": parameter("/streams", ".user", batch={"size": 2})}
    query = {name: ["{user}"], "first": 100}
    selector = resource("/users", query_params=query, path_parameters=parameters)
    outcome = await sync({}, [selector], {"/streams": streams, "/users": users}, existing=["old"])
    assert outcome.succeeded().ids("/users") == ["1,5", "2", "3"]
    asked = [query[name] for query in outcome.queries("/users")]
    assert sorted(asked, key=len) == ["3", ["1,5", "2"]]


@pytest.mark.contract("path-parameter.batch.repeated")
async def test_a_batch_as_repeated_fields_of_a_form(sync: Sync) -> None:
    def users(request: httpx.Request) -> Any:
        form = httpx.QueryParams(request.content.decode())
        return [{"id": each} for each in form.get_list("id")]

    parameters = {"user": {"values": ["1", "2"], "batch": {"size": 5}}}
    selector = resource(
        "/users",
        method="POST",
        body={"id": ["{user}"]},
        body_format="form",
        path_parameters=parameters,
    )
    outcome = await sync({}, [selector], {"/users": users})
    assert outcome.succeeded().ids("/users") == ["1", "2"]
