"""`preview`, `check` and recordings know every block that a mapping may hold."""

import gzip
from pathlib import Path
from typing import Any

import httpx
import pytest

from api_messages import ApiRequest, ApiResponse
from cli.commands import OK, PROBLEMS, Inputs, PreviewOptions, run_check, run_preview
from cli.surroundings import Surroundings
from probe.advice import advice_for
from probe.masking import Masker
from probe.recording import RecordedExchange
from probe.resource_reading import PageRead, ResourceReading
from reading.session import Limits
from redaction import Redactor
from settings.connection import ConnectionSettings
from tests.cli.conftest import Screen
from tests.support.fake_api import FakeApi, Received, Reply

pytestmark = [
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
    pytest.mark.usefixtures("steady_clock"),
]
TENANT = "tenant-of-the-test"
MAPPING = """\
resources:
  - kind: posted
    selector:
      query: "true"
      endpoint: /search
      method: POST
      body: {tenant: "${TENANT}"}
      data_path: .found
      pagination: {type: cursor, in: body, param: page.after, cursor_path: next, size_param: ""}
    port: &port
      entity:
        mappings: {identifier: .id, blueprint: '"thing"'}
  - kind: /in-headers
    selector:
      query: "true"
      headers: {X-Tenant: "${TENANT}"}
      pagination: {type: cursor, in: header, param: X-From, cursor_header: X-Next, size_param: ""}
    port: *port
  - kind: /keyset
    selector:
      query: "true"
      data_path: .found
      pagination: {type: cursor, param: after, cursor_item: .id, has_more_path: has_more}
    port: *port
  - kind: exported
    selector:
      query: "true"
      endpoint: "/files/{file}"
      response_format: {type: csv, encoding: windows-1252}
      path_parameters: {}
      export:
        submit: {endpoint: /jobs, method: POST, auth: none, fields: {job: .id}}
        poll: {endpoint: "/jobs/{job}", done: .ready, fields: {file: .file}, interval: 0.01}
    port: *port
  - kind: /none-left
    selector: {query: "true", items_filter: "false"}
    port: *port
"""


def things(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": f"thing-{number}"} for number in numbers]


class Api:
    """Answers for each resource of the mapping."""

    def __init__(self) -> None:
        self.polls = 0

    def __call__(self, request: Received) -> Reply:
        match request.path:
            case "/search":
                after = request.json().get("page", {}).get("after")
                more = {None: "one", "one": "two"}.get(after)
                number = {None: 1, "one": 2, "two": 3}[after]
                return Reply(200, {"found": things(number), "next": more})
            case "/in-headers":
                start = int(request.headers.get("x-from", 10))
                headers = {"X-Next": str(start + 1)} if start < 12 else {}
                return Reply(200, things(start), headers)
            case "/keyset":
                at = int(request.query.get("after", "thing-20")[-2:])
                return Reply(200, {"found": things(at + 1), "has_more": at < 22})
            case "/jobs":
                assert "x-api-key" not in request.headers
                return Reply(200, {"id": "j1"})
            case "/jobs/j1":
                self.polls += 1
                return Reply(200, {"ready": self.polls % 3 == 0, "file": "f1"})
            case "/files/f1":
                body = gzip.compress("id,name\nexported,Zoë\n".encode("windows-1252"))
                return Reply(200, body, {"content-type": "text/csv"})
        return Reply(200, things(30))


def flags(api: FakeApi) -> dict[str, Any]:
    return {
        "base_url": api.url,
        "auth_type": "api_key",
        "api_key": "a-secret-key",
        "exposed_variables": "TENANT",
        "page_size": "1",
    }


async def run(
    around: Surroundings, given: dict[str, Any], **options: Any
) -> tuple[int, dict[str, Any]]:
    screen = Screen()
    Path("port-app-config.yml").write_text(MAPPING, "utf-8")
    inputs = Inputs(given, as_json=True)
    code = await run_preview(inputs, PreviewOptions(Limits(), **options), around, screen.terminal)
    return code, screen.json


async def test_a_preview_of_every_block_can_be_saved_and_replayed(
    api: FakeApi, around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.answer = Api()
    monkeypatch.setenv("TENANT", TENANT)

    code, shown = await run(around, flags(api), save=Path("report.json"))

    assert code == OK, shown
    posted, in_headers, keyset, exported, none_left = shown["resources"]
    assert [one["page"] for one in posted["requests"]] == [None, "page.after=one", "page.after=two"]
    assert [one["page"] for one in in_headers["requests"]] == [None, "X-From=11", "X-From=12"]
    first = in_headers["requests"][0]["pagination"]
    assert first == "goes on: a cursor for the next page in the header X-Next"
    assert [one["pagination"] for one in keyset["requests"]][-1] == "ends: has_more is false"
    steps = [(one["url"].rpartition("/")[2], one["isExport"]) for one in exported["requests"]]
    assert steps == [("jobs", True), *[("j1", True)] * 3, ("f1", False)]
    assert [entity["identifier"] for entity in exported["entities"]] == ["exported"]
    assert none_left["findings"][0]["topic"] == "no-items"
    saved = Path("report.json").read_text("utf-8")
    assert TENANT not in saved
    assert "a-secret-key" not in saved
    assert "Zo" in saved

    monkeypatch.delenv("TENANT")
    _, again = await run(around, {}, replay=Path("report.json"))
    for before, after in zip(shown["resources"], again["resources"], strict=True):
        assert after["entities"] == before["entities"], after
        assert [one["pagination"] for one in after["requests"]] == [
            one["pagination"] for one in before["requests"]
        ]


async def test_a_check_reads_first_pages_and_says_why_there_is_nothing(
    api: FakeApi, around: Surroundings, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.answer = Api()
    monkeypatch.setenv("TENANT", TENANT)
    Path("port-app-config.yml").write_text(MAPPING, "utf-8")
    inputs = Inputs(flags(api), as_json=True)

    assert await run_check(inputs, around, screen.terminal, offline=False) == OK

    shown = screen.json["resources"]
    assert [one["items"] for one in shown] == [1, 1, 1, 1, 0]
    assert [one["stop"] for one in shown][:3] == ["more pages follow"] * 3
    assert shown[4]["warnings"] == [
        "no items: items_filter and emit leave none of those on the first page"
    ]


async def test_an_export_job_is_not_waited_for_as_long_as_in_a_sync(
    api: FakeApi, around: Surroundings, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probe.resource_reading._LONGEST_EXPORT", 0.05)
    api.answer = lambda request: Reply(200, {"ready": False})
    Path("port-app-config.yml").write_text(
        """\
resources:
  - kind: /download
    selector:
      query: "true"
      export: {poll: {endpoint: /job, done: .ready, interval: 0.02}}
    port: {entity: {mappings: {identifier: .id, blueprint: '"thing"'}}}
""",
        "utf-8",
    )
    inputs = Inputs({"base_url": api.url}, as_json=True)
    assert await run_check(inputs, around, screen.terminal, offline=False) == PROBLEMS
    error = screen.json["resources"][0]["error"]
    assert "ocean-custom waits 0.05 s, and a sync 3600 s" in error


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_anonymous_request_is_not_blamed_on_credentials(status: int) -> None:
    settings = ConnectionSettings.parse(
        {"base_url": "https://api.example.com", "auth_type": "bearer_token", "api_token": "t" * 9}
    )
    exchange = refused(status, is_anonymous=True)
    assert "because its `auth` is none" in advice_for(exchange, settings)
    assert "because its" not in advice_for(refused(status), settings)


def test_what_is_not_below_base_url_is_not_explained_by_it() -> None:
    settings = ConnectionSettings.parse({"base_url": "https://api.example.com"})
    assert "baseUrl (" in advice_for(refused(404), settings)
    assert "baseUrl (" not in advice_for(refused(404, host="files.example.com"), settings)


def refused(
    status: int, host: str = "api.example.com", is_anonymous: bool = False
) -> RecordedExchange:
    url = f"https://{host}/things"
    answer = ApiResponse(httpx.URL(url), status, httpx.Headers(), b"")
    return RecordedExchange(
        "GET", url, 0, ApiRequest("GET", url, is_anonymous=is_anonymous), answer
    )


def test_downloads_beyond_the_limit_are_partial() -> None:
    page = PageRead("https://a/b", "", False, 1, 1, "ends", None)
    reading = ResourceReading(0, "/x", is_nested=True, limits=Limits(endpoints=1), pages=[page])
    reading.endings = ["an empty page"] * 2
    assert reading.is_partial


def test_a_page_token_is_the_same_secret_under_every_name() -> None:
    masker = Masker(Redactor())
    hidden = masker.value({"next_token": "abcdefghij"})["next_token"]
    assert masker.text("https://a/b?after=abcdefghij") == f"https://a/b?after={hidden}"


def test_a_mapping_is_saved_without_the_secrets_that_it_sends() -> None:
    selector = {
        "headers": {"Authorization": "Bearer abcdefgh", "X-Token": "Bearer ${TOKEN}"},
        "auth": "none",
        "path_parameters": {"key": {"values": ["a"], "fields": {"token": ".token"}}},
        "export": {"submit": {"body": {"password": "hunter2", "job": "{job}"}}},
    }
    saved = Masker(Redactor()).mapping({"selector": selector})["selector"]
    assert saved["headers"] == {"Authorization": "***1", "X-Token": "Bearer ${TOKEN}"}
    assert saved["export"]["submit"]["body"] == {"password": "***2", "job": "{job}"}
    assert (saved["auth"], saved["path_parameters"]) == ("none", selector["path_parameters"])
