"""Whoever wrote the OpenAPI document or the mapping file that a user feeds to the command line.

They may decide what `init` asks of their own API, and nothing about files, other hosts, time, or
what the user's terminal does.
"""

import asyncio
import gzip
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.init.asking import Assuming
from cli.init.from_document import request_from_document
from cli.init.initialise import Request, initialise
from cli.init.openapi import document, sources
from cli.init.openapi.document import load_document
from cli.init.openapi.endpoints import find_collections, server_url
from cli.init.openapi.security import find_authentication
from cli.inputs import GivenSettings
from cli.mapping_file import read_mapping
from cli.saved import load
from cli.surroundings import Surroundings, surroundings
from cli.yaml_text import UnreadableYamlError, load_yaml
from errors import ConfigurationError, SelectorError, SettingsError
from tests.support.fake_api import FakeApi, Reply

SECRET = "of-another-file"
ITEM = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}


def operation(item: Any = ITEM, **more: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "array", "items": item}}}
    return {"responses": {"200": {"content": content}}, **more}


def written(folder: Path, paths: dict[str, Any], **more: Any) -> str:
    file = folder / "docs" / "openapi.json"
    file.parent.mkdir(exist_ok=True)
    content = {"openapi": "3.0.0", "servers": [{"url": "https://evil.test"}], "paths": paths}
    file.write_text(json.dumps({**content, **more}), "utf-8")
    return str(file)


def search_for(value: Any) -> dict[str, Any]:
    schema = {"required": ["q"], "properties": {"q": {"type": "object", "example": value}}}
    body = {"content": {"application/json": {"schema": schema}}}
    return {"/search": {"post": operation(requestBody=body)}}


@pytest.mark.contract("init.documents")
@pytest.mark.parametrize("place", ["example", "default", "enum", "const", "whole"])
def test_nothing_is_followed_inside_of_data(tmp_path: Path, place: str) -> None:
    secret = tmp_path / "docs" / "near.json"
    ref = {"$ref": "near.json"}
    values = {"enum": [ref]}.get(place, ref)
    schema = {"required": ["q"], "properties": {"q": {place: values}}}
    media: dict[str, Any] = {"schema": schema}
    if place == "whole":
        media = {"schema": {"required": ["q"], "properties": {"q": {}}}, "example": {"q": ref}}
    paths = {
        "/search": {
            "post": operation(requestBody={"content": {"application/json": media}}),
        }
    }
    source = written(tmp_path, paths)
    secret.write_text(json.dumps({"password": SECRET}), "utf-8")
    root, _ = load_document(source)
    found, notes = find_collections(root)
    assert SECRET not in repr([one.body for one in found]) + repr(notes)


OUTSIDE = ["file://{}", "{}", "../outside.json", "a/../../outside.json", "%2e%2e/outside.json"]


@pytest.mark.contract("init.documents")
@pytest.mark.parametrize("ref", [*OUTSIDE, "link.json", "folder/outside.json", ".hidden.json"])
def test_a_reference_reads_only_documents_below_its_own_folder(tmp_path: Path, ref: str) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text(json.dumps({**ITEM, "properties": {SECRET: {"type": "string"}}}), "utf-8")
    item = {"$ref": ref.format(outside)}
    source = written(tmp_path, {"/things": {"get": operation(item)}})
    (tmp_path / "docs" / "link.json").symlink_to(outside)
    (tmp_path / "docs" / "folder").symlink_to(tmp_path)
    (tmp_path / "docs" / ".hidden.json").write_bytes(outside.read_bytes())
    root, _ = load_document(source)
    found, notes = find_collections(root)
    assert not found
    assert "below its own folder" in notes[0]
    assert SECRET not in notes[0]


@pytest.mark.parametrize("name", ["near.json", "parts/near.yaml", "parts/near.YML", "./near.json"])
def test_a_reference_to_a_part_beside_it_is_followed(tmp_path: Path, name: str) -> None:
    source = written(tmp_path, {"/things": {"get": operation({"$ref": f"{name}#/Thing"})}})
    part = tmp_path / "docs" / name
    part.parent.mkdir(exist_ok=True)
    part.write_text(json.dumps({"Thing": ITEM}), "utf-8")
    root, _ = load_document(source)
    found, notes = find_collections(root)
    assert (found[0].schema["properties"].keys(), notes) == ({"id", "name"}, [])


@pytest.mark.parametrize("name", ["key.pem", "config", "fifo.json", "folder.json"])
def test_a_reference_to_what_is_no_document_is_not_opened(tmp_path: Path, name: str) -> None:
    source = written(tmp_path, {"/things": {"get": operation({"$ref": name})}})
    os.mkfifo(tmp_path / "docs" / "fifo.json")
    (tmp_path / "docs" / "folder.json").mkdir()
    (tmp_path / "docs" / "key.pem").write_text(json.dumps(ITEM), "utf-8")
    (tmp_path / "docs" / "config").write_text(json.dumps(ITEM), "utf-8")
    _, notes = find_collections(load_document(source)[0])
    assert "is not followed" in notes[0]


def credentials(**more: Any) -> GivenSettings:
    return GivenSettings({"auth_type": "bearer_token", "api_token": SECRET, **more}, {})


def request(source: str, given: GivenSettings, base_url: str = "") -> Request:
    return request_from_document(given, source, base_url, (), Path("out"), Assuming())


@pytest.mark.contract("init.documents")
def test_a_document_does_not_decide_where_credentials_go(tmp_path: Path) -> None:
    source = written(tmp_path, {"/things": {"get": operation()}})
    with pytest.raises(ConfigurationError, match=r"give --base-url https://evil\.test"):
        request(source, credentials())
    assert request(source, credentials(), "https://own.test").base_url == "https://own.test"
    assert request(source, GivenSettings({}, {})).base_url == "https://evil.test"


def test_a_document_does_not_decide_where_a_client_secret_goes(tmp_path: Path) -> None:
    flows = {"clientCredentials": {"tokenUrl": "https://evil.test/token", "scopes": {}}}
    schemes = {"securitySchemes": {"o": {"type": "oauth2", "flows": flows}}}
    source = written(tmp_path, {"/things": {"get": operation()}}, components=schemes)
    client = {"client_id": "me", "client_secret": SECRET}
    with pytest.raises(ConfigurationError, match=r"give --token-url https://evil\.test/token"):
        request(source, GivenSettings(client, {}), "https://own.test")
    own = {**client, "token_url": "https://login.test/token"}
    asked = request(source, GivenSettings(own, {}), "https://own.test")
    assert asked.values["token_url"] == "https://login.test/token"
    # The token endpoint of the API that the user names is the API's.
    asked = request(source, GivenSettings(client, {}), "https://evil.test")
    assert asked.values["token_url"] == "https://evil.test/token"


@pytest.mark.parametrize("value", ["${HOME}", "a ${OCEAN__PORT__CLIENT_SECRET}", "{id}", "{{x}}"])
def test_what_stands_for_something_else_is_no_example(tmp_path: Path, value: str) -> None:
    parameter = {"name": "q", "in": "query", "required": True, "example": value}
    paths = {"/things": {"get": operation(parameters=[parameter])}, **search_for({"a": [value]})}
    found, notes = find_collections(load_document(written(tmp_path, paths))[0])
    assert [(one.path, one.body) for one in found] == [("/search", {"q": {}})]
    assert "it needs the query parameters q" in notes[0]


@pytest.mark.parametrize(
    "path", ["/${HOME}", "/a/../../admin", "//evil.test/x", "https://evil.test"]
)
def test_what_is_no_path_is_left_out(tmp_path: Path, path: str) -> None:
    source = written(tmp_path, {path: {"get": operation()}, "/things": {"get": operation()}})
    found, notes = find_collections(load_document(source)[0])
    assert [one.path for one in found] == ["/things"]
    assert notes == [f"{path} is left out: it is no plain path"]


def bomb(levels: int = 9, form: str = "[{}]") -> str:
    lines = ["openapi: 3.0.0", "paths: {}", "a0: &a0 {x: 1}"]
    for level in range(1, levels + 1):
        aliases = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} {form.format(aliases)}")
    return "\n".join(lines)


HOSTILE = {
    "aliases": (bomb(), "more than 1,000,000 values"),
    "merges": (bomb(9, "{{<<: [{}]}}"), "more than 1,000,000 values"),
    "circle": ("a: &a [*a]", "within what it stands for"),
    "nested lists": ("[" * 100_000, "nested deeper than"),
    "nested keys": ("".join(f"{' ' * depth}a:\n" for depth in range(400)), "nested deeper than"),
    "nested marks": ("- " * 5000 + "a", "nested deeper than"),
    "a number": ("a: " + "1" * 5000, "none of its kind"),
    "a date": ("a: 2020-99-99", "none of its kind"),
    "a truth": ("a: !!bool x", "none of its kind"),
    "a character": ('a: "\\Uffffffff"', "none of its kind"),
    "a tag": ("a: !!python/object/apply:os.system [id]", "tag"),
}


@pytest.mark.contract("init.documents")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_refused_in_time_with_its_length(tmp_path: Path, name: str) -> None:
    text, problem = HOSTILE[name]
    start = time.process_time()
    with pytest.raises(UnreadableYamlError, match=problem):
        load_yaml(text)
    file = tmp_path / "openapi.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match="neither JSON nor YAML"):
        load_document(str(file))
    if name != "a tag":
        with pytest.raises(ConfigurationError, match=rf"is no valid YAML: .*{problem}"):
            read_mapping(file)
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    "text, value",
    [
        ("a: &a {x: 1}\nb: *a", {"a": {"x": 1}, "b": {"x": 1}}),
        ("a: &a {x: 1}\nb: {<<: *a, y: 2}", {"a": {"x": 1}, "b": {"x": 1, "y": 2}}),
        ("- &a [1]\n- *a\n- *a", [[1], [1], [1]]),
        ("a: &a x\nb: [*a, *a]", {"a": "x", "b": ["x", "x"]}),
        ("a: &a {b: &b 1}\nc: [*a, *b]", {"a": {"b": 1}, "c": [{"b": 1}, 1]}),
        ("200: yes", {200: "yes"}),
        ("[" * 150 + "]" * 150, None),
        ("a: 2020-01-01", None),
        ("a: 1e3", {"a": 1000.0}),
        ('{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
    ],
)
def test_ordinary_yaml_is_read(text: str, value: Any) -> None:
    assert value in (None, load_yaml(text))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("group", ["allOf", "oneOf", "properties"])
def test_schemas_that_branch_without_end_are_left_out(tmp_path: Path, group: str) -> None:
    ref = {"$ref": "#/components/schemas/A"}
    branches: Any = {f"p{n}": ref for n in range(200)} if group == "properties" else [ref] * 200
    schemas = {"schemas": {"A": {group: branches, "type": "object"}}}
    get = {"responses": {"200": {"content": {"application/json": {"schema": ref}}}}}
    paths = {"/bad": {"get": get}, "/things": {"get": operation()}}
    found, notes = find_collections(load_document(written(tmp_path, paths, components=schemas))[0])
    assert "/things" in [one.path for one in found]
    assert group == "oneOf" or "more than 20,000 places" in notes[0]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("length", [1, 2, 3000])
def test_references_in_a_circle_or_a_long_chain_end(tmp_path: Path, length: int) -> None:
    schemas = {
        f"A{n}": {"$ref": f"#/components/schemas/A{(n + 1) % length}"} for n in range(length)
    }
    item = {"$ref": "#/components/schemas/A0"}
    paths = {"/bad": {"get": operation(item)}, "/things": {"get": operation()}}
    source = written(tmp_path, paths, components={"schemas": schemas})
    found, notes = find_collections(load_document(source)[0])
    assert [one.path for one in found] == ["/things"]
    assert "in a circle" in notes[0]


@pytest.mark.parametrize(
    "url", ["https://a.test\nOCEAN__PORT__BASE_URL=https://evil.test", "https://a b"]
)
def test_an_address_of_a_server_is_an_address(tmp_path: Path, url: str) -> None:
    source = written(tmp_path, {"/things": {"get": operation()}}, servers=[{"url": url}])
    with pytest.raises((ConfigurationError, SettingsError)):
        asyncio.run(_initialised(request(source, GivenSettings({}, {}))))


async def _initialised(made: Request) -> None:
    with surroundings() as around:
        await initialise(made, around, Assuming())


def test_variables_of_a_server_do_not_multiply(tmp_path: Path) -> None:
    variables = {f"v{n}": {"default": f"{{v{n + 1}}}" * 10} for n in range(50)}
    source = written(tmp_path, {}, servers=[{"url": "https://{v0}.test", "variables": variables}])
    root, address = load_document(source)
    assert server_url(root, address) == f"https://{'{v1}' * 10}.test"


class _Hostile(BaseHTTPRequestHandler):
    """A server of documents that never end."""

    def do_GET(self) -> None:
        self.send_response(200)
        whole = {"openapi": "3.0.0", "paths": {"/a": {"get": operation({"$ref": "part.json"})}}}
        content = json.dumps(whole).encode()
        if self.path == "/bomb.json":
            self.send_header("Content-Encoding", "gzip")
            content = gzip.compress(b" " * 40_000_000)
        elif self.path == "/large.json":
            content = b" " * 40_000_000
        elif self.path == "/brotli.json":
            self.send_header("Content-Encoding", "br")
        self.end_headers()
        try:
            if self.path != "/slow.json":
                self.wfile.write(content)
                return
            for _ in range(200):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            pass

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    found = ThreadingHTTPServer(("127.0.0.1", 0), _Hostile)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    found.server_close()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "page, problem",
    [
        ("bomb", "larger than 32 MB"),
        ("large", "larger than 32 MB"),
        ("slow", "did not arrive within"),
        ("brotli", "it is compressed"),
    ],
)
def test_a_download_is_bounded(
    server: str, page: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_MOST_SECONDS", 1.0 if page == "slow" else 50.0)
    with pytest.raises(ConfigurationError, match=problem):
        load_document(f"{server}/{page}.json")


async def test_a_document_refers_to_so_many_parts_only(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_MOST_PARTS", 5)
    paths = {f"/t{n}": {"get": operation({"$ref": f"part{n}.json"})} for n in range(20)}
    whole = {"openapi": "3.0.0", "paths": paths}
    api.answer = lambda asked: Reply(200, whole if asked.path == "/openapi.json" else ITEM)

    def read() -> tuple[int, list[str]]:
        found, notes = find_collections(load_document(f"{api.url}/openapi.json")[0])
        return len(found), notes

    count, notes = await asyncio.to_thread(read)
    assert count == 5
    assert "refers to more than 5 others" in notes[0]


@pytest.mark.parametrize("text", ["a\ud800b", "a\x1b[2Jb", "a\nb", "a\u202eb"])
async def test_odd_texts_of_a_document_reach_files_and_requests_whole(
    api: FakeApi, around: Surroundings, tmp_path: Path, text: str
) -> None:
    odd = {"enum": [text], "type": "string"}
    item = {"type": "object", "properties": {"id": {"type": "integer"}, text: odd}}
    source = written(tmp_path, {"/things": {"get": operation(item, summary=text)}})
    api.answer = lambda asked: Reply(200, [{"id": n, "name": "x", "kind": text} for n in range(9)])
    made = request_from_document(
        GivenSettings({}, {}), source, api.url, (), tmp_path / "o", Assuming()
    )
    report = await initialise(made, around, Assuming())
    assert len(report.plan.mapping["resources"]) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
_KEYS = (
    *("$ref", "type", "properties", "items", "allOf", "oneOf", "enum", "schema", "content", "get"),
    *("parameters", "responses", "200", "application/json", "required", "name", "in", "post"),
)
KEYS = st.sampled_from(_KEYS)
SHAPED = st.recursive(
    JSON | st.sampled_from(["#/components", "#", "array", "object", "query", "x.json", "http://["]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


def test_a_recording_of_a_stranger_names_no_files_and_no_secrets(tmp_path: Path) -> None:
    named = {"signingKeyFile": "/etc/passwd", "refresh_token_file": "/x", "responseDirectory": "/x"}
    own = {"baseUrl": "https://a.test", "authType": "jwt", "apiToken": SECRET, **named}
    head = {"format": "ocean-custom recording", "version": 1, "settings": own}
    file = tmp_path / "saved.json"
    file.write_text(json.dumps({**head, "mapping": {}, "exchanges": []}), "utf-8")
    assert load(file).settings == {"baseUrl": "https://a.test"}
    for name in ("settings", "exchanges"):
        file.write_text(json.dumps({**head, "exchanges": [], name: None}), "utf-8")
        with pytest.raises(ConfigurationError, match="is damaged"):
            load(file)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(paths=st.dictionaries(st.sampled_from(["/a", "/a/{b}", "x"]), SHAPED), components=SHAPED)
def test_whatever_a_document_holds_it_is_read_or_refused(paths: Any, components: Any) -> None:
    with TemporaryDirectory() as folder:
        more = {"components": components, "servers": components, "security": components}
        try:
            root, address = load_document(written(Path(folder), paths, **more))
            find_collections(root)
            server_url(root, address)
            find_authentication(root, address)
        except (ConfigurationError, SelectorError):
            pass


@settings(max_examples=100)
@given(text=st.text(alphabet="ab:-[]{}&*!<>|?#,'\"% \n\t01.", max_size=60))
def test_whatever_a_text_holds_it_is_yaml_or_refused(text: str) -> None:
    with suppress(UnreadableYamlError):
        load_yaml(text)


def test_bounds_are_stated() -> None:
    assert document._MOST_SECONDS == 60
    assert sources._MOST_BYTES == 32 * 2**20
