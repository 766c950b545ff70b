"""`init` as its user sees it: what is shown, what is asked, what is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import commands
from cli.commands import OK, PROBLEMS, InitOptions, Inputs, WrongInput, run_init
from cli.init.asking import Assuming
from cli.surroundings import Surroundings
from errors import ConfigurationError
from tests.cli import shapes
from tests.cli.conftest import SECRET, Screen, check_golden
from tests.support.fake_api import FakeApi, Received, Reply

pytestmark = [
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
    pytest.mark.usefixtures("steady_clock"),
]


def company(request: Received) -> Reply:
    if request.headers.get("authorization") != f"Bearer {SECRET}":
        return Reply(401, {"message": "who are you?"}, {"WWW-Authenticate": "Bearer"})
    teams = [{"id": n, "name": f"Team {n}", "api_token": "x"} for n in range(1, 5)]
    people = [{**one, "team_id": n % 4 + 1} for n, one in enumerate(shapes.people(12))]
    match request.path:
        case "/v1/teams":
            return shapes.spring(teams, request)
        case "/v1/people":
            return shapes.spring(people, request)
        case "/v1/audit":
            return shapes.slack(shapes.people(30), request)
        case "/v1/closed":
            return Reply(403, {"message": "no"})
    return Reply(404, {"message": "nothing"})


async def run(
    around: Surroundings, screen: Screen, *urls: str, as_json: bool = False, **flags: Any
) -> int:
    given = {"auth_type": "bearer_token", "api_token": SECRET, **flags}
    options = InitOptions(urls, Path("out"), yes=True)
    return await run_init(Inputs(given, as_json=as_json), options, around, screen.terminal)


async def test_what_init_shows_and_writes(
    api: FakeApi, around: Surroundings, screen: Screen, tmp_path: Path
) -> None:
    api.answer = company
    urls = [f"{api.url}/v1/{name}" for name in ("people", "teams", "audit", "closed")]
    assert await run(around, screen, *urls) == PROBLEMS
    assert SECRET not in screen.text
    check_golden("init.txt", screen.text)
    check_golden("init-port-app-config.yml", Path("out/port-app-config.yml").read_text("utf-8"))
    check_golden("init-blueprints.json", Path("out/blueprints.json").read_text("utf-8"))
    check_golden("init-ocean.env", Path("out/ocean.env").read_text("utf-8"))
    check_golden("init-values.yaml", Path("out/values.yaml").read_text("utf-8"))


@pytest.mark.contract("evidence.strict.init")
async def test_json_says_the_same(api: FakeApi, around: Surroundings, screen: Screen) -> None:
    api.answer = company
    assert await run(around, screen, f"{api.url}/v1/teams", as_json=True) == OK
    report = screen.json
    assert (report["version"], report["command"], report["ok"]) == (1, "init", True)
    assert report["settings"] == {
        "baseUrl": f"{api.url}/v1",
        "strict": True,
        "authType": "bearer_token",
        "paginationType": "page",
        "startPage": "0",
        "lastPagePath": "last",
    }
    assert report["warnings"] == ["/teams: left out (named like a secret): api_token"]
    assert report["preview"]["ok"]


async def test_relations_lead_to_chosen_resources(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = company
    await run(around, screen, f"{api.url}/v1/people", f"{api.url}/v1/teams")
    mapping = yaml.safe_load(Path("out/port-app-config.yml").read_text("utf-8"))
    people = mapping["resources"][0]["port"]["entity"]["mappings"]
    assert people["relations"] == {"team": ".team_id | if . == null then null else tostring end"}
    assert "teamId" not in people["properties"]


async def test_an_api_that_refuses_everything_writes_nothing(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = company
    with pytest.raises(ConfigurationError) as error:
        await run(around, screen, f"{api.url}/v1/teams", api_token="wrong-one")
    assert "the API answered 401" in str(error.value)
    assert "the API refuses apiToken" in str(error.value)
    assert not Path("out").exists()


async def test_settings_that_are_wrong_are_told(around: Surroundings, screen: Screen) -> None:
    with pytest.raises(WrongInput) as wrong:
        await run(around, screen, "https://example.com/x", timeout="soon")
    assert "timeout" in str(wrong.value.problems[0])


class Answering(Assuming):
    """Answers each question with the last option, or no."""

    def choose(self, question: str, options: Any) -> int:
        self.notes.append(question)
        return len(options) - 1

    def confirm(self, question: str, *, default: bool, is_minor: bool = False) -> bool:
        self.notes.append(question)
        return False


async def test_answers_decide(
    api: FakeApi, around: Surroundings, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [{"email": f"a{n}@x.com", "login": f"u{n}", "status": "on"} for n in range(8)]
    items[0]["status"] = items[1]["status"] = "off"
    api.answer = lambda request: Reply(200, {"active": items, "former": items[:4]})
    asker = Answering()
    monkeypatch.setattr(commands, "Assuming", lambda: asker)
    await run(around, screen, f"{api.url}/users")
    assert [note.partition("?")[0] for note in asker.notes] == [
        "/users: where are the items",
        "/users: which field identifies an item",
    ]
    mapping = yaml.safe_load(Path("out/port-app-config.yml").read_text("utf-8"))
    assert mapping["resources"][0]["selector"]["data_path"] == ".former"
    assert mapping["resources"][0]["port"]["entity"]["mappings"]["identifier"] == ".email"


async def test_nested_endpoints_need_a_list_of_values(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = company
    with pytest.raises(ConfigurationError, match="404"):
        await run(around, screen, f"{api.url}/v1/rooms/{{room}}/chairs")
    with pytest.raises(ConfigurationError, match=r"values of \{b\} and \{c\}; looked at /a: 404"):
        await run(around, screen, f"{api.url}/v1/a/{{b}}/{{c}}/d")


async def test_a_rate_limit_is_told_instead_of_guessing(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    def limited(request: Received) -> Reply:
        if len(api.received) > 4:
            return Reply(429, {"message": "slow down"}, {"Retry-After": "3600"})
        return Reply(200, shapes.people(20))

    api.answer = limited
    with pytest.raises(ConfigurationError, match="asks to wait 3600 s"):
        await run(around, screen, f"{api.url}/people")
    assert not Path("out").exists()


async def test_links_to_other_hosts_are_not_followed_and_named(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    body = {"people": shapes.people(3), "next": "https://elsewhere.example.com/people?page=2"}
    api.answer = lambda request: Reply(200, body)
    with pytest.raises(ConfigurationError) as error:
        await run(around, screen, f"{api.url}/people", as_json=True)
    assert "next is set, and paginationType is none" in str(error.value)
    assert "https://elsewhere.example.com, which is not the origin of baseUrl" in str(error.value)


MESSAGES = {
    "a code": (200, {"code": 50011, "msg": "Too Many Requests"}),
    "a flag": (200, {"ok": False, "error": "invalid_auth"}),
    "beside an empty list": (200, {"people": [], "error": {"message": "no index"}}),
    "the only element": (200, [{"result": 1, "text": "unable to forward command"}]),
    "not ready": (202, {"status": "pending"}),
}


@pytest.mark.contract("evidence.told-before.init")
@pytest.mark.parametrize("status, body", MESSAGES.values(), ids=MESSAGES)
async def test_what_a_sync_would_fail_on_is_no_data(
    status: int, body: Any, api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = lambda request: Reply(status, body)
    with pytest.raises(ConfigurationError) as error:
        await run(around, screen, f"{api.url}/people")
    assert "body says error" in str(error.value) or "not ready" in str(error.value)
    assert not Path("out").exists()


DATA = {
    "a job": (200, {"id": 7, "status": "failed", "message": "out of memory"}),
    "a status": (200, {"name": "search", "status": "error"}),
    "an airport": (200, {"code": "LHR", "city": "London"}),
    "an object": (200, {"id": 7, "status": "failed", "name": "a job"}),
    "a code that is a name": (200, [{"code": "LHR", "description": "Heathrow"}]),
    "a list of one": (200, [{"id": 1, "error": None, "message": "hello"}]),
    "a list under 202": (202, [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]),
}


@pytest.mark.contract("evidence.told-before.init")
@pytest.mark.parametrize("status, body", DATA.values(), ids=DATA)
async def test_data_are_not_misheard(
    status: int, body: Any, api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = lambda request: Reply(status, body)
    await run(around, screen, f"{api.url}/people")
    assert Path("out/port-app-config.yml").exists()


@pytest.mark.contract("evidence.told-before.init")
async def test_what_is_left_unanswered_is_told_of_parents_too(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    def answer(request: Received) -> Reply:
        if request.path == "/teams":
            return Reply(200, {"teams": [{"id": 1}, {"id": 2}], "has_more": True})
        return Reply(200, [{"id": f"{request.path[-9]}{n}"} for n in range(3)])

    api.answer = answer
    await run(around, screen, f"{api.url}/teams/{{team_id}}/members")
    assert "/teams: no way to all of it was found: has_more is true" in screen.text


@pytest.mark.contract("settings.names.unknown")
async def test_names_that_nothing_reads_are_told_and_not_written(
    api: FakeApi, around: Surroundings, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCEAN__INTEGRATION__CONFIG__MY_OWN_TOKEN", "s3cr3t")
    api.answer = lambda request: Reply(200, shapes.people(3))
    await run(around, screen, f"{api.url}/people")
    assert "myOwnToken: is no setting, and nothing reads it" in screen.text
    assert "s3cr3t" not in "".join(path.read_text("utf-8") for path in Path("out").iterdir())


async def test_paging_parameters_of_the_url_do_not_stay_in_the_mapping(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = lambda request: shapes.spring(shapes.people(30), request)
    await run(around, screen, f"{api.url}/people?active=true&size=10&page=0")
    mapping = yaml.safe_load(Path("out/port-app-config.yml").read_text("utf-8"))
    assert mapping["resources"][0]["selector"]["query_params"] == {"active": "true"}
