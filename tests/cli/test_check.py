"""`check`: every problem with its place, each failure of the connection told apart, verdicts."""

import asyncio
import json
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.commands import OK, PROBLEMS, Inputs, run_check
from cli.inputs import load_env_file
from cli.surroundings import Surroundings
from probe import connection
from settings.connection import ConnectionSettings
from tests.cli.conftest import SECRET, Screen, check_golden
from tests.cli.shapes import people
from tests.rooms import certificate  # noqa: F401 (a fixture)
from tests.support.fake_api import FakeApi, Received, Reply

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")

MAPPING = """\
# People of the company.
resources:
  - kind: /people
    selector:
      query: "true"
      data_path: .people
    port:
      entity:
        mappings:
          identifier: .id | tostring
          title: .name
          blueprint: '"person"'
  - kind: /teams/{team}/members
    selector:
      query: "true"
      path_parameters:
        team: {endpoint: /teams, field: .id}
    port:
      entity:
        mappings:
          identifier: .id | tostring
          blueprint: '"member"'
"""


def answer(request: Received) -> Reply:
    match request.path:
        case "/people":
            return Reply(200, {"people": people(3), "next": None})
        case "/teams":
            return Reply(200, [{"id": 1}, {"id": 2}])
        case "/teams/1/members":
            return Reply(403, {"message": f"forbidden for Bearer {SECRET}"})
    return Reply(404, {"message": "nothing here"})


def write(text: str, name: str = "port-app-config.yml") -> Path:
    path = Path(name)
    path.write_text(text, "utf-8")
    return path


async def run(around: Surroundings, screen: Screen, *, offline: bool = False, **flags: Any) -> int:
    as_json = flags.pop("as_json", False)
    inputs = Inputs(flags, flags.pop("env_places", {}), as_json=as_json)
    return await run_check(inputs, around, screen.terminal, offline=offline)


async def test_all_is_well(api: FakeApi, around: Surroundings, screen: Screen) -> None:
    api.answer = lambda request: Reply(200, {"people": people(3), "next": None})
    write(MAPPING.partition("  - kind: /teams")[0])
    code = await run(around, screen, base_url=api.url, auth_type="bearer_token", api_token=SECRET)
    assert code == OK
    check_golden("check-ok.txt", screen.text)


async def test_a_resource_that_is_forbidden(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = answer
    write(MAPPING)
    code = await run(around, screen, base_url=api.url, auth_type="bearer_token", api_token=SECRET)
    assert code == PROBLEMS
    assert SECRET not in screen.text
    check_golden("check-forbidden.txt", screen.text)


async def test_json_says_the_same(api: FakeApi, around: Surroundings, screen: Screen) -> None:
    api.answer = answer
    write(MAPPING)
    code = await run(
        around, screen, base_url=api.url, auth_type="bearer_token", api_token=SECRET, as_json=True
    )
    assert code == PROBLEMS
    assert SECRET not in screen.text
    report = screen.json
    assert (report["version"], report["command"], report["ok"]) == (1, "check", False)
    assert [step["step"] for step in report["connection"]] == ["dns", "connect", "http"]
    first, second = report["resources"]
    assert first == {
        "index": 0,
        "kind": "/people",
        "ok": True,
        "status": 200,
        "items": 3,
        "stop": "paginationType is none",
        "error": None,
        "advice": None,
        "warnings": [],
        "outcome": "proven",
    }
    assert second["outcome"] == "failed"
    assert second["status"] == 403
    assert "grant them read access" in second["advice"]


WRONG = """\
resources:
  - kind: /people
    selector:
      query: .active and
      data_pth: .people
      path_parameters:
        team: {endpoint: /teams, field: ".id |", encode: twice}
    port:
      entity:
        mappings:
          identifier: .id
          blueprint: '"person"'
          properties:
            name: .name
            url: '.links[ | .url'
"""


async def test_every_problem_at_once_with_its_place(around: Surroundings, screen: Screen) -> None:
    write(WRONG)
    env = write(
        "OCEAN__INTEGRATION__CONFIG__PAGE_SIZE=many\n\n# x\n"
        "OCEAN__INTEGRATION__CONFIG__TIMEOUT=-1\n",
        "bad.env",
    )
    places = load_env_file(env)
    code = await run(
        around,
        screen,
        offline=True,
        base_url="ftp://x",
        auth_type="bearer_token",
        env_places=places,
    )
    assert code == PROBLEMS
    check_golden("check-problems.txt", screen.text)


@pytest.mark.parametrize(
    "text, message",
    [
        ("resources: {}", "must be an object with a list `resources`"),
        ("resources: []", "has no resources"),
        ("resources:\n  - kind: /x\n", "port"),
    ],
)
async def test_mappings_that_are_none(
    around: Surroundings, screen: Screen, text: str, message: str
) -> None:
    write(text)
    code = await run(around, screen, offline=True, base_url="https://example.com")
    assert code == PROBLEMS
    assert message in screen.text


async def failing_step(around: Surroundings, screen: Screen, **flags: Any) -> tuple[str, str, str]:
    assert await run(around, screen, as_json=True, **flags) == PROBLEMS
    step = screen.json["connection"][-1]
    assert not step["ok"]
    return step["step"], step["detail"], step["advice"]


async def test_an_unknown_host(around: Surroundings, screen: Screen) -> None:
    name, detail, advice = await failing_step(
        around, screen, base_url="https://no-such-host.invalid"
    )
    assert (name, advice.partition(",")[0]) == ("dns", "look at the host in baseUrl")
    assert "no-such-host.invalid has no address" in detail


async def test_a_closed_port(around: Surroundings, screen: Screen) -> None:
    name, detail, _ = await failing_step(around, screen, base_url="http://127.0.0.1:1")
    assert (name, detail) == ("connect", "port 1: Connection refused")


async def test_a_certificate_that_nobody_trusts(
    around: Surroundings,
    screen: Screen,
    certificate: Path,  # noqa: F811
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    async with FakeApi().running(tls) as api:
        name, detail, advice = await failing_step(around, screen, base_url=api.url)
    assert name == "tls"
    assert "self-signed certificate" in detail
    assert "caCertificate" in advice


async def test_plain_http_on_a_tls_address(around: Surroundings, screen: Screen) -> None:
    async def answer_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer_plainly, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    name, _, advice = await failing_step(around, screen, base_url=f"https://127.0.0.1:{port}")
    server.close()
    assert name == "tls"
    assert "plain HTTP" in advice


@pytest.mark.parametrize(
    "settings, challenge, advice",
    [
        ({}, 'Bearer realm="x"', "it asks for authType bearer_token"),
        ({}, "Basic", "it asks for authType basic"),
        (
            {"auth_type": "bearer_token", "api_token": SECRET},
            "Basic",
            "the API asks for Basic credentials, not Bearer",
        ),
        ({"auth_type": "api_key", "api_key": SECRET}, "", "the API refuses apiKey"),
    ],
)
async def test_401_says_what_the_api_wants(
    api: FakeApi,
    around: Surroundings,
    screen: Screen,
    settings: dict[str, str],
    challenge: str,
    advice: str,
) -> None:
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    api.answer = lambda request: Reply(401, {"message": "no"}, headers)
    name, _, said = await failing_step(around, screen, base_url=api.url, **settings)
    assert name == "authentication"
    assert advice in said


async def test_credentials_that_cannot_be_fetched(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = lambda request: Reply(400, {"error": SECRET})
    name, detail, advice = await failing_step(
        around,
        screen,
        base_url=api.url,
        auth_type="custom",
        custom_auth_request={"endpoint": "/login", "body": {"secret": SECRET}},
        custom_auth_request_template={"headers": {"X-Token": "{{.token}}"}},
    )
    assert (name, advice) == ("authentication", "look at customAuthRequest")
    assert "answered 400" in detail
    assert SECRET not in screen.text


async def test_a_token_endpoint_that_refuses(
    api: FakeApi, around: Surroundings, screen: Screen
) -> None:
    api.answer = lambda request: Reply(401, {"error": "invalid_client", "hint": SECRET})
    name, detail, advice = await failing_step(
        around,
        screen,
        base_url=api.url,
        auth_type="oauth2",
        token_url="/token",
        client_id="reader",
        client_secret=SECRET,
    )
    assert (name, advice) == (
        "authentication",
        "look at clientId, clientSecret and clientAuthentication",
    )
    asked = f"POST {api.url}/token"
    assert detail == f"{asked}: the token endpoint answered 401 with invalid_client"
    assert SECRET not in screen.text


async def test_a_proxy_that_wants_credentials(
    api: FakeApi, around: Surroundings, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.answer = lambda request: Reply(407, {"message": "authenticate"})
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTP_PROXY", api.url.replace("//", f"//user:{SECRET}@"))
    name, detail, advice = await failing_step(around, screen, base_url="http://api.example.com")
    assert (name, detail) == ("http", "the proxy answers 407")
    assert "HTTPS_PROXY" in advice
    assert SECRET not in screen.text


async def test_a_broken_server(api: FakeApi, around: Surroundings, screen: Screen) -> None:
    api.answer = lambda request: Reply(502, b"<html>bad gateway</html>")
    name, detail, advice = await failing_step(around, screen, base_url=api.url)
    assert (name, detail) == ("http", "the server answers 502")
    assert "try again later" in advice


@pytest.mark.parametrize("endpoint, code", [(200, OK), (502, PROBLEMS)])
async def test_endpoints_tell_where_only_the_root_is_broken(
    api: FakeApi, around: Surroundings, screen: Screen, endpoint: int, code: int
) -> None:
    write(MAPPING.partition("  - kind: /teams")[0])
    people = Reply(endpoint, {"people": [{"id": 1, "name": "Ann"}], "next": None})
    api.answer = lambda request: Reply(502, b"no") if request.path == "/" else people
    assert await run(around, screen, base_url=api.url) == code
    assert ("the server answers 502 at its root, and endpoints are well" in screen.text) is (
        code == OK
    )


async def test_nothing_is_sent_offline(api: FakeApi, around: Surroundings, screen: Screen) -> None:
    write(MAPPING)
    assert await run(around, screen, offline=True, base_url=api.url) == OK
    assert api.received == []


def test_a_proxy_is_shown_without_its_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:pw@proxy.example.com:3128")
    monkeypatch.setenv("NO_PROXY", "internal.example.com")
    settings = ConnectionSettings.parse({"base_url": "https://api.example.com"})
    found = connection.proxy_for(httpx.URL("https://api.example.com"), settings)
    assert found == "http://proxy.example.com:3128"
    assert connection.proxy_for(httpx.URL("https://internal.example.com"), settings) == ""
    own = {"base_url": "https://internal.example.com", "proxy": "http://user:pw@own.example.com:1"}
    settings = ConnectionSettings.parse(own)
    found = connection.proxy_for(httpx.URL("https://internal.example.com"), settings)
    assert found == "http://own.example.com:1"


@pytest.mark.contract("settings.names.unknown", "settings.basic.warning")
async def test_names_that_nothing_reads_are_told_with_their_place(
    api: FakeApi, around: Surroundings, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCEAN__INTEGRATION__CONFIG__REGION", "eu")
    write(MAPPING)
    config = {"base_url": api.url, "auth_type": "basic", "username": "reader"}
    assert await run(around, screen, offline=True, **config) == OK
    told = "OCEAN__INTEGRATION__CONFIG__REGION: region: is no setting, and nothing reads it"
    assert told in " ".join(screen.text.split())
    assert "password: is not set, so that an empty one is sent" in " ".join(screen.text.split())


@pytest.mark.contract("settings.names.misspelt")
async def test_a_misspelt_setting_is_told_with_its_place(
    around: Surroundings, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCEAN__INTEGRATION__CONFIG__PAGINATION_TIPE", "page")
    write(MAPPING)
    assert await run(around, screen, offline=True, base_url="https://api.test") == PROBLEMS
    told = "paginationTipe: is no setting; did you mean paginationType?"
    place = "OCEAN__INTEGRATION__CONFIG__PAGINATION_TIPE"
    assert f"{told} {place}" in " ".join(screen.text.split())


BLUEPRINTS = [
    {"identifier": "person", "schema": {"properties": {"email": {"type": "string"}}}},
    {"identifier": "team", "schema": {"properties": {}}, "relations": {}},
]
FITTING = """\
resources:
  - kind: /people
    selector: {query: "true", data_path: .people}
    port:
      entity:
        mappings:
          identifier: .id | tostring
          blueprint: '"person"'
          properties: {email: .email, phone: .phone}
          relations: {team: .team}
  - kind: /teams
    port:
      entity:
        mappings:
          identifier: .nothing
          blueprint: '"team"'
  - kind: /people
    selector: {query: "true", data_path: .people}
    port:
      entity:
        mappings: {identifier: .id, blueprint: '"persons"'}
"""


@pytest.mark.contract("check.blueprints", "check.identifier")
async def test_blueprints_that_do_not_exist_and_items_without_an_identifier_are_told(
    api: FakeApi, screen: Screen, around: Surroundings
) -> None:
    api.answer = answer
    mapping = write(FITTING)
    write(json.dumps(BLUEPRINTS), "blueprints.json")
    inputs = Inputs({"base_url": api.url}, {}, mapping, as_json=True)
    assert await run_check(inputs, around, screen.terminal, offline=False) == PROBLEMS
    said = screen.json
    (problem,) = said["mapping"]["problems"]
    assert problem["message"] == "blueprint persons does not exist; there are person, team"
    assert "resources[2].port.entity.mappings.blueprint" in problem["place"]
    assert [each["message"] for each in said["mapping"]["warnings"]] == [
        "blueprint person has no property phone; Port leaves it out",
        "blueprint person has no relation team; Port leaves it out",
    ]
    first, second, _ = said["resources"]
    assert first["ok"] is True
    assert second["ok"] is False
    assert "none of 2 items gets an identifier and a blueprint: " in second["error"]
    assert ".nothing" in second["error"]


@pytest.mark.contract("check.blueprints")
async def test_a_mapping_that_fits_is_right(
    api: FakeApi, screen: Screen, around: Surroundings
) -> None:
    api.answer = answer
    mapping = write(FITTING.partition("  - kind: /teams")[0].replace(", phone: .phone", ""))
    person = {**BLUEPRINTS[0], "relations": {"team": {"target": "team"}}}
    blueprints = write(json.dumps([person]), "others.json")
    inputs = Inputs({"base_url": api.url}, {}, mapping, as_json=True)
    code = await run_check(inputs, around, screen.terminal, offline=False, blueprints=blueprints)
    assert (code, screen.json["mapping"]["problems"]) == (OK, [])


async def test_a_blueprint_without_its_quotes_is_told_once_and_in_its_place(
    screen: Screen, around: Surroundings
) -> None:
    mapping = write(FITTING.replace("""'"person"'""", "person"))
    inputs = Inputs({"base_url": "https://h.test"}, {}, mapping, as_json=True)
    assert await run_check(inputs, around, screen.terminal, offline=True) == PROBLEMS
    (problem,) = screen.json["mapping"]["problems"]
    assert "'person' is not valid JQ: write '\"person\"'" in problem["message"]
    assert ":8: resources[0].port.entity.mappings.blueprint" in problem["place"]
