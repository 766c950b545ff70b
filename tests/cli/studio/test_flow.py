"""The questions of the page, from a base URL to files, without a browser."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.inputs import GivenSettings
from cli.mapping_file import MappingSource, parse_mapping, read_mapping, to_plain
from cli.preview import preview
from cli.saved import load, save
from cli.surroundings import Surroundings
from probe.recording import RecordingClient
from probe.resource_reading import impatient
from tests.cli.studio.conftest import Asker, Open, Opened, asking
from tests.cli.studio.unknown_api import TOKEN, UnknownApi
from tests.support.fake_api import FakeApi, Reply
from tools.sandbox.port.app import create_app
from tools.sandbox.port.records import Integration, now
from tools.sandbox.port.state import PortState
from tools.sandbox.server import serve

SETTINGS = {"authType": "bearer_token", "apiToken": TOKEN}


async def connect(ask: Asker, unknown: UnknownApi, **settings: Any) -> Any:
    return await ask("connect", settings={"baseUrl": unknown.url, **SETTINGS, **settings})


@asynccontextmanager
async def connected(opened: Opened, unknown: UnknownApi, *looked_at: str) -> AsyncIterator[Asker]:
    """Ask a studio that is connected, and has looked at these endpoints."""
    async with asking(opened) as ask:
        await connect(ask, unknown)
        for address in looked_at:
            await ask("look", address=address)
        yield ask


async def test_an_unknown_api_becomes_files(open_studio: Open, unknown: UnknownApi) -> None:
    opened = await open_studio()
    async with asking(opened) as ask:
        assert (await connect(ask, unknown))["ok"]
        for path in ("/teams", "/projects", "/teams/{team}/members"):
            found = await ask("look", address=path)
            assert (found["ok"], found["error"]) == (True, "")
        report = await ask("preview")
        assert [one["outcome"] for one in report["resources"]] == [*["proven"] * 3]
        assert report["problems"] == []
        changes = await ask("changes")
        written = await ask("keep", state=changes["state"])
    assert "port-app-config.yml" in written["created"]
    mapping = yaml.safe_load((opened.folder / "port-app-config.yml").read_text())
    assert [one["kind"] for one in mapping["resources"]] == [
        "/teams",
        "/projects",
        "/teams/{team}/members",
    ]
    assert mapping["resources"][1]["port"]["entity"]["mappings"]["relations"]
    texts = "".join(path.read_text() for path in opened.folder.iterdir())
    assert TOKEN not in texts


async def test_each_step_of_the_way_is_told(open_studio: Open, unknown: UnknownApi) -> None:
    opened = await open_studio()
    async with asking(opened) as ask:
        lines = await ask.lines("connect", settings={"baseUrl": unknown.url, **SETTINGS})
        assert [line["step"]["name"] for line in lines[:-1]] == ["dns", "connect", "http"]
        wrong = await connect(ask, unknown, apiToken="wrong")
    assert not wrong["ok"]
    assert wrong["steps"][-1]["name"] == "authentication"
    assert "refuses" in wrong["steps"][-1]["advice"]


async def test_wrong_settings_are_named(open_studio: Open) -> None:
    opened = await open_studio()
    async with asking(opened) as ask:
        found = await ask("connect", settings={"baseUrl": "no url", "authType": "bearer_token"})
    assert found["failed"]["title"] == "The settings cannot be used"
    assert any(line.startswith("baseUrl") for line in found["failed"]["problems"])


@pytest.mark.contract("studio.secrets")
async def test_no_secret_comes_back(open_studio: Open, unknown: UnknownApi) -> None:
    """Not from the settings, not from an API that repeats what it was sent."""
    unknown.extra["/echo"] = Reply(body=[{"id": 1, "sent": f"Bearer {TOKEN}", "n": TOKEN}])
    opened = await open_studio()
    async with connected(opened, unknown, "/echo") as ask:
        await ask("preview")
        answers = [
            await ask("state"),
            await ask("endpoint", kind="/echo"),
            await ask("tree", kind="/echo", number=0, path=[0]),
            await ask("tree", kind="/echo", number=0, path=[0, "sent"]),
            await ask("preview"),
            await ask("evaluate", index=0, expressions=[".sent"]),
            await ask("changes", secrets=True),
        ]
    assert TOKEN not in json.dumps(answers)


@pytest.mark.contract("studio.secrets")
async def test_secrets_are_written_where_that_is_asked(
    open_studio: Open, unknown: UnknownApi
) -> None:
    opened = await open_studio()
    async with connected(opened, unknown, "/teams") as ask:
        await ask("keep", state=(await ask("changes", secrets=True))["state"], secrets=True)
    environment = opened.folder / "ocean.env"
    assert f"API_TOKEN={TOKEN}" in environment.read_text()
    assert environment.stat().st_mode & 0o777 == 0o600


@pytest.mark.contract("studio.secrets")
async def test_a_secret_goes_to_no_other_host(
    open_studio: Open, unknown: UnknownApi, other_api: FakeApi
) -> None:
    """A secret that was given for one host has to be given again for another."""
    opened = await open_studio()
    async with connected(opened, unknown) as ask:
        refused = await ask("connect", settings={"baseUrl": other_api.url, "apiToken": ""})
        assert "were given for" in refused["failed"]["title"]
        assert other_api.received == []
        # Nor later: they are forgotten.
        again = await ask("connect", settings={"baseUrl": other_api.url})
        assert "apiToken" in " ".join(again["failed"]["problems"])
        assert other_api.received == []
        await ask("connect", settings={"baseUrl": other_api.url, "apiToken": "another"})
    assert {one.headers.get("authorization") for one in other_api.received} == {"Bearer another"}


@pytest.mark.contract("studio.secrets")
async def test_a_secret_of_the_environment_goes_to_no_other_host(
    open_studio: Open, unknown: UnknownApi, other_api: FakeApi
) -> None:
    given = GivenSettings(
        {"base_url": unknown.url, "auth_type": "bearer_token", "api_token": TOKEN}, {}
    )
    opened = await open_studio(given=given)
    async with asking(opened) as ask:
        assert (
            "were given for"
            in (await ask("connect", settings={"baseUrl": other_api.url}))["failed"]["title"]
        )
        assert (await ask("connect", settings={"baseUrl": unknown.url, "apiToken": TOKEN}))["ok"]
    assert other_api.received == []


async def test_an_error_under_status_200_is_no_data(open_studio: Open, unknown: UnknownApi) -> None:
    unknown.extra["/broken"] = Reply(body={"ok": False, "error": "quota exceeded", "items": []})
    opened = await open_studio()
    async with connected(opened, unknown) as ask:
        found = await ask("look", address="/broken")
    assert not found["ok"]
    assert "quota exceeded" in found["error"]
    marks = [mark for mark in found["marks"] if mark["kind"] == "error"]
    assert marks
    assert "quota exceeded" in marks[0]["means"]


async def test_more_without_a_way_is_kept(open_studio: Open, unknown: UnknownApi) -> None:
    """With type none, it is in the mapping, and a sync would fail (strict) instead of deleting."""
    body = {"has_more": True, "items": [{"id": n, "name": f"n{n}"} for n in range(3)]}
    unknown.extra["/more"] = Reply(body=body)
    opened = await open_studio()
    async with connected(opened, unknown) as ask:
        found = await ask("look", address="/more")
        assert found["paging"]["incomplete"]
        assert [m["steps"] for m in found["marks"] if m["kind"] == "more"] == [["has_more"]]
        report = await ask("preview")
    assert report["resources"][0]["outcome"] == "kept"
    assert "has_more is true" in report["resources"][0]["doubts"][0]


async def test_another_pagination_is_tried_from_memory(
    open_studio: Open, api: FakeApi, unknown: UnknownApi
) -> None:
    opened = await open_studio()
    async with connected(opened, unknown, "/teams") as ask:
        await ask("preview")
        asked = len(api.received)
        again = await ask("preview")
        assert len(api.received) == asked
        block = {
            "type": "cursor",
            "param": "after",
            "cursor_path": "paging.next_cursor",
            "size_param": "",
        }
        tried = await ask("try", index=0, pagination=block)
        assert (tried["items"], tried["outcome"]) == (5, "proven")
        failed = await ask("try", index=0, pagination="page")
        assert failed["outcome"] == "kept"
        bad = await ask("try", index=0, pagination={"type": "page", "cursor_path": "x"})
        assert "cursor_path" in bad["problems"][0]
        # What was only tried is not taken over.
        assert (await ask("preview"))["resources"] == again["resources"]


async def test_choices_in_the_tree_are_taken(open_studio: Open, unknown: UnknownApi) -> None:
    body = {"a": [{"x": 1, "name": "n"}, {"x": 2, "name": "m"}], "b": {"c": [{"id": 7}, {"id": 8}]}}
    body["id"] = "whole"
    unknown.extra["/odd"] = Reply(body=body)
    opened = await open_studio()
    async with connected(opened, unknown) as ask:
        for place, items in ((["a"], 2), (["b", "c"], 2), ([], 1)):
            found = await ask("look", address="/odd", choices={"place": place})
            state = await ask("state")
            data_path = state["draft"]["mapping"]["resources"][0]["selector"].get("data_path", ".")
            assert (found["items"], data_path) == (items, f".{'.'.join(place)}")
        await ask("look", address="/odd", choices={"place": ["a"]})
        state = await ask("identify", kind="/odd", keys=["x"])
        mappings = state["draft"]["mapping"]["resources"][0]["port"]["entity"]["mappings"]
        assert mappings["identifier"] == ".x | tostring"
        # What was chosen is still so after another look.
        again = await ask("look", address="/odd")
        assert (again["identifier"]["expression"], again["items"]) == (".x | tostring", 2)
        state = await ask("state")
        mappings = state["draft"]["mapping"]["resources"][0]["port"]["entity"]["mappings"]
        assert mappings["identifier"] == ".x | tostring"
        refused = await ask("identify", kind="/odd", keys=["none"])
        assert "no text or number" in refused["failed"]["title"]


async def test_a_placeholder_is_joined_to_a_chosen_field(
    open_studio: Open, unknown: UnknownApi
) -> None:
    opened = await open_studio()
    async with connected(opened, unknown, "/projects") as ask:
        lost = await ask("look", address="/teams/{owner}/members")
        assert lost["placeholders"][0]["list"] in ("/teams", None)
        join = {"owner": {"path": "/projects", "keys": ["team", "key"]}}
        found = await ask("look", address="/teams/{owner}/members", choices={"joins": join})
        state = await ask("state")
    assert (found["ok"], found["placeholders"][0]["field"]) == (True, ".team.key")
    parameter = state["draft"]["mapping"]["resources"][-1]["selector"]["path_parameters"]["owner"]
    assert (parameter["endpoint"], parameter["field"]) == ("/projects", ".team.key")


async def test_expressions_are_evaluated_as_they_are_typed(
    open_studio: Open, unknown: UnknownApi
) -> None:
    opened = await open_studio()
    async with connected(opened, unknown, "/teams") as ask:
        await ask("preview")
        path = ["mapping", "resources", 0, "port", "entity", "mappings", "properties", "size"]
        for expression, wanted in ((".size + 1", "1"), (".label | length", "6"), (".none", "null")):
            found = await ask("evaluate", index=0, expressions=[expression])
            assert found["values"][0][0]["text"] == wanted
        for expression in (".[", ".size | keys", 'error("no")'):
            found = await ask("evaluate", index=0, expressions=[expression])
            assert found["values"][0][0]["error"]
        await ask("edit", edits=[{"path": path, "value": ".size + 1"}])
        rows = (await ask("preview"))["resources"][0]["rows"]
        assert [row["properties"]["size"]["text"] for row in rows[:2]] == ["1", "4"]
        await ask("edit", edits=[{"path": path, "value": None}])
        rows = (await ask("preview"))["resources"][0]["rows"]
        assert "size" not in rows[0]["properties"]
        dropped = ["mapping", "resources", 0, "selector", "query"]
        await ask("edit", edits=[{"path": dropped, "value": ".size > 6"}])
        report = (await ask("preview"))["resources"][0]
        assert (report["entityCount"], len(report["droppedByQuery"])) == (2, 3)
        assert ".size is 0" in report["droppedByQuery"][0]["why"]


async def test_what_is_no_part_of_a_draft_is_not_edited(open_studio: Open) -> None:
    opened = await open_studio()
    async with asking(opened) as ask:
        for path in (["settings", "baseUrl"], ["settings", "apiToken"], ["x", "y"], ["mapping"]):
            assert (await ask("edit", edits=[{"path": path, "value": "x"}]))["failed"]
        assert (await ask("edit", edits="x"))["failed"]
        assert (await ask("tree", kind="/x"))["failed"]


async def test_a_change_meanwhile_is_not_overwritten(
    open_studio: Open, unknown: UnknownApi
) -> None:
    opened = await open_studio()
    async with connected(opened, unknown, "/teams") as ask:
        await ask("keep", state=(await ask("changes"))["state"])
        state = (await ask("changes"))["state"]
        file = opened.folder / "port-app-config.yml"
        file.write_text(f"# by hand\n{file.read_text()}")
        refused = await ask("keep", state=state)
    assert "changed meanwhile" in refused["failed"]["title"]
    assert file.read_text().startswith("# by hand")


@pytest.mark.contract("studio.files")
async def test_edits_and_comments_in_files_survive(
    open_studio: Open, unknown: UnknownApi, tmp_path: Path
) -> None:
    first = await open_studio()
    async with connected(first, unknown, "/teams") as ask:
        await ask("keep", state=(await ask("changes"))["state"])
    file = first.folder / "port-app-config.yml"
    text = file.read_text().replace("title: .label", "title: .label | ascii_upcase  # louder")
    file.write_text(text.replace("size: .size", "size: .size\n            half: .size / 2"))
    second = await open_studio(folder=first.folder)
    async with connected(second, unknown) as ask:
        properties = ["mapping", "resources", 0, "port", "entity", "mappings", "properties"]
        await ask(
            "edit",
            edits=[{"path": [*properties, "half"]}, {"path": [*properties, "k"], "value": ".key"}],
        )
        await ask("keep", state=(await ask("changes"))["state"])
    text = file.read_text()
    assert "title: .label | ascii_upcase  # louder" in text
    assert "k: .key" in text
    assert "half" not in text


@pytest.fixture
def in_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[PortState]:
    """An installation in a Port of our own, which the environment names."""
    state = PortState()
    moment = now()
    config = {"resources": [], "deleteDependentEntities": True}
    state.integrations["mine"] = Integration(
        "mine", created_at=moment, updated_at=moment, config=config
    )
    with serve(create_app(state)) as server:
        monkeypatch.setenv("OCEAN__PORT__BASE_URL", server.url)
        monkeypatch.setenv("OCEAN__PORT__CLIENT_ID", "id")
        monkeypatch.setenv("OCEAN__PORT__CLIENT_SECRET", "secret-of-port")
        monkeypatch.setenv("OCEAN__INTEGRATION__IDENTIFIER", "mine")
        yield state


@pytest.mark.contract("studio.files")
async def test_the_mapping_goes_to_port_and_back_after_a_look(
    in_port: PortState, open_studio: Open, unknown: UnknownApi
) -> None:
    opened = await open_studio()
    async with asking(opened) as ask:
        assert (await ask("state"))["port"] == "mine"
        empty = await ask("put", state=(await ask("compare"))["state"])
        assert "would delete all" in empty["failed"]["title"]
        await connect(ask, unknown)
        await ask("look", address="/teams")
        compared = await ask("compare")
        assert "+  - kind: /teams" in compared["lines"]
        in_port.integrations["mine"].config["resources"] = [{"kind": "/other"}]
        refused = await ask("put", state=compared["state"])
        assert "changed meanwhile" in refused["failed"]["title"]
        done = await ask("put", state=(await ask("compare"))["state"])
        assert done["lines"] == []
        assert in_port.integrations["mine"].config["resources"][0]["kind"] == "/teams"
        in_port.integrations["mine"].config["resources"][0]["kind"] = "/projects"
        state = await ask("take")
        answers = [state, compared, done]
    assert state["draft"]["mapping"]["resources"][0]["kind"] == "/projects"
    assert "secret-of-port" not in json.dumps(answers)


async def test_without_credentials_of_port_nothing_is_asked_there(open_studio: Open) -> None:
    opened = await open_studio()
    async with asking(opened) as ask:
        assert (await ask("state"))["port"] == ""
        assert "OCEAN__PORT__CLIENT_ID" in (await ask("compare"))["failed"]["title"]


async def test_a_recording_opens_without_a_network(
    open_studio: Open, api: FakeApi, unknown: UnknownApi, around: Surroundings, tmp_path: Path
) -> None:
    first = await open_studio()
    async with connected(first, unknown, "/teams") as ask:
        await ask("keep", state=(await ask("changes"))["state"])
    saved = tmp_path / "report.json"
    given = GivenSettings(
        {"base_url": unknown.url, "auth_type": "bearer_token", "api_token": TOKEN}, {}
    )
    settings = impatient(given.parse())
    source = read_mapping(first.folder / "port-app-config.yml")
    client = RecordingClient(settings)
    config, _ = parse_mapping(source, settings)
    assert config is not None
    await preview(config, client=client, settings=settings, around=around)
    save(saved, settings, to_plain(source.data), client)
    await client.aclose()
    asked = len(api.received)
    recording = load(saved)
    second = await open_studio(
        given=GivenSettings(dict(recording.settings), {}),
        folder=tmp_path / "replayed",
        source=MappingSource("the recording", recording.mapping),
        recording=recording,
    )
    async with asking(second) as ask:
        assert (await ask("state"))["connection"]["replay"]
        assert (await ask("connect", settings={}))["ok"]
        report = await ask("preview")
    assert report["resources"][0]["entityCount"]
    assert len(api.received) == asked


@pytest.mark.contract("studio.secrets")
async def test_secrets_of_files_are_not_shown(open_studio: Open, unknown: UnknownApi) -> None:
    """Whoever wrote them there: a difference shows the lines around it, too."""
    opened = await open_studio()
    kept = "kept-by-hand-81c0"
    async with connected(opened, unknown, "/teams") as ask:
        await ask("keep", state=(await ask("changes"))["state"])
        environment = opened.folder / "ocean.env"
        text = environment.read_text().replace("__API_TOKEN", f"__API_TOKEN={kept}")
        environment.write_text(f"{text}OCEAN__PORT__CLIENT_SECRET={kept}\n")
        values = opened.folder / "values.yaml"
        lines = f"    apiToken: {kept}\n    password: '{kept}'\n    signingKey: |\n      {kept}\n"
        secrets = f"  secrets:\n{lines}"
        values.write_text(f"port:\n  clientSecret: {kept}\n{values.read_text()}{secrets}")
        await connect(ask, unknown, timeout="31")
        changes = await ask("changes")
    assert {"ocean.env", "values.yaml"} <= {
        file["name"] for file in changes["files"] if file["status"] == "changed"
    }
    assert kept not in json.dumps(changes["files"])


@pytest.mark.contract("studio.secrets")
async def test_a_secret_beside_a_wrong_setting_is_not_shown_either(open_studio: Open) -> None:
    opened = await open_studio()
    async with asking(opened) as ask:
        for wrong in ({"pageSize": TOKEN}, {"customHeaders": json.dumps({"A b": TOKEN})}):
            settings = {"baseUrl": "http://127.0.0.1:1", **SETTINGS, **wrong}
            assert TOKEN not in json.dumps(await ask("connect", settings=settings))
        assert TOKEN not in json.dumps([await ask("state"), await ask("changes", secrets=True)])


async def test_what_fails_once_keeps_its_resource(open_studio: Open, unknown: UnknownApi) -> None:
    """A resource that goes from the mapping is one whose entities a sync deletes."""
    opened = await open_studio()
    async with connected(opened, unknown, "/teams") as ask:
        before = (await ask("state"))["draft"]
        unknown.extra["/teams"] = Reply(403, {"message": "not today"})
        found = await ask("look", address="/teams")
        assert "403" in found["error"]
        wrong = await ask("look", address="/teams", choices={"place": ["nowhere"]})
        assert wrong["error"]
        assert (await ask("state"))["draft"] == before
        del unknown.extra["/teams"]
        again = await ask("look", address="/teams")
        assert (again["ok"], again["error"], again["dataPath"]) == (True, "", ".data.teams")
        state = await ask("remove", kind="/teams")
        assert state["draft"]["mapping"]["resources"] == []
        assert state["draft"]["blueprints"] == []


async def test_files_name_the_api_that_is_connected(
    open_studio: Open, unknown: UnknownApi, other_api: FakeApi
) -> None:
    opened = await open_studio()
    async with connected(opened, unknown, "/teams") as ask:
        other_api.answer = unknown.answer
        await ask("connect", settings={"baseUrl": f"{other_api.url}/v1", "apiToken": TOKEN})
        await ask("keep", state=(await ask("changes"))["state"])
    text = (opened.folder / "ocean.env").read_text()
    assert f"BASE_URL={other_api.url}/v1\n" in text
    assert unknown.url not in text


async def test_expressions_that_never_end_do(
    open_studio: Open, unknown: UnknownApi, around: Surroundings
) -> None:
    opened = await open_studio()
    around.config.process_in_queue_timeout = 1
    async with connected(opened, unknown, "/teams") as ask:
        await ask("preview")
        found = await ask("evaluate", index=0, expressions=["[range(1e12)] | length"])
        assert found["values"][0][0]["error"]
        found = await ask("evaluate", index=0, expressions=[".key"])
        assert found["values"][0][0]["text"] == "t0"


def document_of(server: str, *paths: str) -> dict[str, Any]:
    """An OpenAPI document of lists at these paths."""
    items = {
        "type": "array",
        "items": {"type": "object", "properties": {"key": {"type": "string"}}},
    }
    answer = {"content": {"application/json": {"schema": items}}}
    get = {"summary": "All of them", "responses": {"200": {"description": "", **answer}}}
    return {
        "openapi": "3.0.0",
        "info": {"title": "", "version": "1"},
        "servers": [{"url": server}],
        "paths": {path: {"get": get} for path in paths},
    }


@pytest.mark.parametrize("is_given", [True, False])
async def test_a_prefix_of_all_paths_belongs_to_the_base(
    open_studio: Open, unknown: UnknownApi, tmp_path: Path, is_given: bool
) -> None:
    """The lists are below the base that is given, with the prefix or without."""
    root, _, name = unknown.url.rpartition("/")
    base = unknown.url if is_given else root
    file = tmp_path / "openapi.json"
    paths = [f"/{name}/{each}" for each in ("teams", "people", "plans")]
    file.write_text(json.dumps(document_of(root, *paths)))
    opened = await open_studio()
    async with asking(opened) as ask:
        await connect(ask, unknown, baseUrl=base)
        found = await ask("document", source=str(file))
        assert found["server"] == (unknown.url if is_given else root)
        wanted = "/teams" if is_given else f"/{name}/teams"
        assert wanted in [one["path"] for one in (await ask("state"))["documented"]]
        assert (await ask("look", address=wanted))["ok"]


async def test_lists_of_a_document_are_looked_at(
    open_studio: Open, unknown: UnknownApi, tmp_path: Path
) -> None:
    """It decides no host: what it names as its server is told, and that is all."""
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document_of("https://elsewhere.example/v1", "/teams")))
    opened = await open_studio()
    async with connected(opened, unknown) as ask:
        found = await ask("document", source=str(file))
        assert found["server"] == "https://elsewhere.example/v1"
        state = await ask("state")
        assert [one["path"] for one in state["documented"]] == ["/teams"]
        assert state["connection"]["baseUrl"] == unknown.url
        assert (await ask("look", address="/teams"))["ok"]
        assert "cannot be read" in (await ask("document", source="/none"))["failed"]["title"]
