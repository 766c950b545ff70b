"""`preview`: requests, decisions, entities and findings; saved and replayed without secrets."""

from pathlib import Path
from typing import Any

import pytest

from cli.commands import OK, PROBLEMS, Inputs, PreviewOptions, WrongInput, run_preview
from cli.surroundings import Surroundings
from errors import ConfigurationError
from reading.session import Limits
from tests.cli.conftest import SECRET, Screen, check_golden, write_json
from tests.support.fake_api import FakeApi, Received, Reply

pytestmark = [
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
    pytest.mark.usefixtures("steady_clock"),
]

MAPPING = """\
resources:
  - kind: /teams
    selector:
      query: .archived | not
      data_path: .teams
    port:
      entity:
        mappings:
          identifier: .slug
          title: .name
          blueprint: '"team"'
          properties:
            size: .size
            misspelt: .descripton
          relations:
            lead: .lead
  - kind: /teams/{team}/members
    selector:
      query: "true"
      data_path: .members
      path_parameters:
        team: {endpoint: /teams, data_path: .teams, field: .slug}
    port:
      entity:
        mappings:
          identifier: .name
          title: .name
          blueprint: '"member"'
          relations:
            team: .__team
  - kind: /nothing
    selector:
      query: "true"
      data_path: .results // []
    port:
      entity:
        mappings: {identifier: .id, blueprint: '"nothing"'}
"""
BLUEPRINTS = [
    {
        "identifier": "team",
        "schema": {"properties": {"size": {"type": "string"}}, "required": []},
        "relations": {"lead": {"target": "member", "many": False, "required": False}},
    },
    {
        "identifier": "member",
        "schema": {"properties": {}, "required": []},
        "relations": {"team": {"target": "team", "many": True, "required": False}},
    },
]
TEAMS = [
    {"slug": "red", "name": "Red", "size": 2, "lead": "Ann", "archived": False},
    {"slug": "blue", "name": "Blue", "size": 1, "lead": "Zoe", "archived": False},
    {"slug": "old", "name": "Old", "size": 0, "lead": None, "archived": True},
]
MEMBERS: dict[str, list[str | None]] = {"red": ["Ann", "Ann", None], "blue": ["Bob"], "old": []}


def answer(request: Received) -> Reply:
    if request.headers.get("authorization") != f"Bearer {SECRET}":
        return Reply(401, {"message": "who are you?"})
    page = int(request.query.get("page", "1"))
    match request.path.strip("/").split("/"):
        case ["teams"]:
            return Reply(200, {"teams": TEAMS[2 * page - 2 : 2 * page], "hasMore": page == 1})
        case ["teams", team, "members"]:
            found = [{"name": name} for name in MEMBERS[team]]
            return Reply(200, {"members": found, "hasMore": False, "access_token": SECRET})
    body = {"data": {"users": [{"id": 1}, {"id": 2}], "tags": ["a"]}, "hasMore": False}
    return Reply(200, body)


def settings(api: FakeApi) -> dict[str, str]:
    return {
        "base_url": api.url,
        "auth_type": "bearer_token",
        "api_token": SECRET,
        "pagination_type": "page",
        "max_concurrent_requests": "1",
    }


async def run(
    around: Surroundings,
    screen: Screen,
    flags: dict[str, str],
    *,
    as_json: bool = False,
    limits: Limits = Limits(pages=5, endpoints=5, items=100),  # noqa: B008 (frozen)
    **options: Any,
) -> int:
    inputs = Inputs(flags, as_json=as_json)
    return await run_preview(inputs, PreviewOptions(limits, **options), around, screen.terminal)


@pytest.fixture(autouse=True)
def _files() -> None:
    Path("port-app-config.yml").write_text(MAPPING, "utf-8")
    write_json(Path("blueprints.json"), BLUEPRINTS)


async def test_what_a_preview_shows(api: FakeApi, around: Surroundings, screen: Screen) -> None:
    api.answer = answer
    code = await run(around, screen, settings(api), blueprints=Path("blueprints.json"))
    assert code == PROBLEMS
    assert SECRET not in screen.text
    check_golden("preview.txt", screen.text)


async def test_json_has_all_of_it(api: FakeApi, around: Surroundings, screen: Screen) -> None:
    api.answer = answer
    await run(around, screen, settings(api), as_json=True, blueprints=Path("blueprints.json"))
    report = screen.json
    assert (report["version"], report["command"], report["ok"]) == (1, "preview", False)
    teams, members, nothing = report["resources"]
    assert [request["pagination"] for request in teams["requests"]] == [
        "goes on: hasMore is true",
        "ends: hasMore is false",
    ]
    assert [entity["identifier"] for entity in teams["entities"]] == ["red", "blue"]
    assert teams["droppedByQuery"] == [
        {"item": 3, "label": "name Old", "why": "query .archived | not is false: .archived is true"}
    ]
    assert [finding["field"] for finding in teams["findings"]] == ["properties.misspelt"]
    assert members["refused"][0]["why"] == "identifier .name gives nothing"
    assert nothing["arrays"] == [
        {"dataPath": ".data.users", "length": 2},
        {"dataPath": ".data.tags", "length": 1},
    ]
    topics = {finding["topic"]: finding["error"] for finding in report["findings"]}
    assert topics == {"collision": True, "dangling-relation": False, "blueprint": True}
    messages = " ".join(finding["message"] for finding in report["findings"])
    assert "2 items become the same member Ann" in messages
    assert "points to what is not in the preview: Zoe" in messages
    assert "property team.size: is number, not string" in messages
    assert "relation member.team must be a list" in messages


async def test_limits_hold(api: FakeApi, around: Surroundings, screen: Screen) -> None:
    api.answer = answer
    limits = Limits(pages=1, endpoints=1, items=1)
    await run(around, screen, settings(api), as_json=True, limits=limits)
    teams, members, _ = screen.json["resources"]
    assert (teams["items"], teams["complete"]) == (1, False)
    assert (members["items"], members["complete"]) == (1, False)
    assert len({path for request in api.received if "members" in (path := request.path)}) == 1


def three(request: Received) -> Reply:
    if "members" in request.path:
        return Reply(200, {"members": [{"name": request.path.split("/")[2]}]})
    teams = [{"slug": f"t{n}", "name": f"T{n}", "archived": False} for n in range(3)]
    return Reply(200, {"teams": teams, "results": [], "next": None})


@pytest.mark.parametrize("most, complete", [(2, False), (3, True), (4, True)])
@pytest.mark.parametrize("index, limit", [(0, "items"), (1, "endpoints")])
async def test_what_is_just_as_much_as_the_limit_is_whole(
    api: FakeApi,
    around: Surroundings,
    screen: Screen,
    most: int,
    complete: bool,
    index: int,
    limit: str,
) -> None:
    api.answer = three
    limits = Limits(**{"pages": 2, "endpoints": 9, "items": 9, limit: most})
    await run(around, screen, settings(api), as_json=True, limits=limits)
    found = screen.json["resources"][index]
    assert (found["items"], found["complete"]) == (min(most, 3), complete)


async def test_a_recording_replays_the_same_without_network_and_secrets(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = answer
    file = Path("report.json")
    await run(around, screen, settings(api), as_json=True, save=file)
    assert SECRET not in file.read_text("utf-8")
    assert file.stat().st_mode & 0o077 == 0
    asked = len(api.received)

    again = Screen()
    Path("port-app-config.yml").unlink()
    await run(around, again, {}, as_json=True, replay=file)

    assert len(api.received) == asked
    first, second = screen.json, again.json
    assert second["mapping"] == "the recording"
    for before, after in zip(first["resources"], second["resources"], strict=True):
        assert after["entities"] == before["entities"]
        assert [one["url"] for one in after["requests"]] == [
            one["url"] for one in before["requests"]
        ]


async def test_a_replay_takes_another_mapping_and_names_what_is_missing(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = answer
    await run(around, screen, settings(api), save=Path("report.json"))
    changed = Path("changed.yml")
    changed.write_text(MAPPING.replace("/nothing", "/other"), "utf-8")
    again = Screen()
    inputs = Inputs({}, mapping=changed, as_json=True)
    options = PreviewOptions(Limits(), replay=Path("report.json"))
    assert await run_preview(inputs, options, around, again.terminal) == PROBLEMS
    assert "the recording has no answer for this request" in again.json["resources"][2]["error"]


async def test_errors_keep_their_place_in_a_replay(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = lambda request: Reply(404, {"message": "gone"})
    await run(around, screen, settings(api), as_json=True, save=Path("report.json"))
    again = Screen()
    assert await run(around, again, {}, as_json=True, replay=Path("report.json")) == PROBLEMS
    assert again.json["resources"][0]["requests"][0]["status"] == 404


async def test_nothing_to_complain_about(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    Path("blueprints.json").unlink()
    api.answer = answer
    text = MAPPING.partition("  - kind: /teams/{team}")[0].replace("            lead: .lead\n", "")
    for line in ("          relations:\n", "            misspelt: .descripton\n"):
        text = text.replace(line, "")
    Path("port-app-config.yml").write_text(text, "utf-8")
    assert await run(around, screen, settings(api)) == OK
    assert "nothing would be refused" in screen.text


async def test_itemsToParse_is_applied(  # noqa: N802 (a name of the mapping)
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    Path("blueprints.json").unlink()
    api.answer = lambda request: Reply(200, [{"id": "a", "parts": [{"n": "x"}, {"n": "y"}]}])
    Path("port-app-config.yml").write_text(
        """\
resources:
  - kind: /things
    selector: {query: "true"}
    port:
      itemsToParse: .parts
      entity:
        mappings: {identifier: '.id + "-" + .item.n', blueprint: '"part"'}
""",
        "utf-8",
    )
    flags = {"base_url": api.url}
    assert await run(around, screen, flags, as_json=True) == OK
    entities = screen.json["resources"][0]["entities"]
    assert [entity["identifier"] for entity in entities] == ["a-x", "a-y"]


async def test_wrong_input_is_told_at_once(around: Surroundings, screen: Screen) -> None:
    with pytest.raises(WrongInput) as wrong:
        await run(around, screen, {"auth_type": "basic"})
    assert [str(problem).partition(":")[0] for problem in wrong.value.problems] == [
        "username",
        "baseUrl",
    ]


@pytest.mark.parametrize(
    "content, message",
    [
        ("nonsense", "is no JSON"),
        ("{}", "is no recording"),
        ('{"format": "ocean-custom recording", "version": 99}', "has version 99"),
    ],
)
async def test_other_files_are_no_recordings(
    around: Surroundings, screen: Screen, content: str, message: str
) -> None:
    path = Path("x.json")
    path.write_text(content, "utf-8")
    with pytest.raises(ConfigurationError, match=message):
        await run(around, screen, {}, replay=path)


async def test_expressions_that_are_no_jq_are_findings(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = answer
    Path("port-app-config.yml").write_text(MAPPING.replace(".descripton", ".a | |"), "utf-8")
    assert await run(around, screen, settings(api), as_json=True) == PROBLEMS
    finding = screen.json["findings"][0]
    assert finding["topic"] == "mapping"
    assert finding["message"].startswith("port-app-config.yml:14: resources[0].port.entity")


async def test_tokens_that_were_fetched_are_masked(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    Path("blueprints.json").unlink()

    def login(request: Received) -> Reply:
        if request.path == "/login":
            return Reply(200, {"token": "fetched-token-1"})
        return Reply(200, [{"id": "a", "seen": request.headers["x-token"]}])

    api.answer = login
    Path("port-app-config.yml").write_text(
        """\
resources:
  - kind: /things
    selector: {query: "true"}
    port:
      entity:
        mappings: {identifier: .id, blueprint: '"x"', properties: {seen: .seen}}
""",
        "utf-8",
    )
    flags: dict[str, Any] = {
        "base_url": api.url,
        "auth_type": "custom",
        "custom_auth_request": {"endpoint": "/login"},
        "custom_auth_request_template": {"headers": {"X-Token": "{{.token}}"}},
    }
    assert await run(around, screen, flags, save=Path("r.json")) == OK
    assert "fetched-token-1" not in screen.text + Path("r.json").read_text("utf-8")
    assert "***" in screen.text


KEPT = """\
resources:
  - kind: /things
    selector: {query: "true", data_path: .things}
    port:
      entity:
        mappings: {identifier: .id, blueprint: '"x"'}
"""


@pytest.mark.contract("evidence.told-before")
@pytest.mark.parametrize("strict, code", [(False, OK), (True, PROBLEMS)])
async def test_what_a_sync_would_keep_is_told_once(
    strict: bool, code: int, api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    Path("blueprints.json").unlink()
    Path("port-app-config.yml").write_text(KEPT, "utf-8")
    api.answer = lambda request: Reply(200, {"things": [{"id": "a"}], "has_more": True})
    flags = {"base_url": api.url, "strict": str(strict), "region": "eu"}
    assert await run(around, screen, flags, as_json=True) == code
    (resource,) = screen.json["resources"]
    assert resource["outcome"] == "kept"
    (finding,) = resource["findings"]
    assert (finding["topic"], finding["error"]) == ("evidence", strict)
    assert "set hasMorePath: has_more" in finding["message"]
    assert resource["warnings"] == []
    decision = resource["requests"][0]["pagination"]
    assert decision == "ends: paginationType is none, but has_more is true"
    assert screen.json["findings"] == [
        {
            "topic": "settings",
            "error": False,
            "field": None,
            "message": "--region: region: is no setting, and nothing reads it",
        }
    ]
