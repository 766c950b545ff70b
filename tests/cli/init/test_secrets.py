"""Names that tell of secrets: `init` makes nothing of what has one."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.init.asking import Assuming
from cli.init.detect.fields import infer_shape
from cli.init.detect.lists import find_lists
from cli.init.detect.secrets import names_secret, names_secret_at, without_secrets
from cli.init.initialise import InitReport, Request, initialise
from cli.init.openapi.document import load_document
from cli.init.openapi.endpoints import find_collections
from cli.init.openapi.unasked import describe_unasked
from cli.init.surveyed import Wanted
from cli.inputs import GivenSettings
from cli.surroundings import Surroundings
from errors import ConfigurationError
from tests.support.fake_api import FakeApi, Reply

TELLING = (
    *("token", "auth_token", "authToken", "accesstoken", "AUTH-TOKEN", "refreshToken", "token_id"),
    *("secret", "client_secret", "clientSecret", "password", "passwd", "pwd", "passphrase"),
    *("api_key", "apiKey", "apikey", "private_key", "privateKey", "access_key", "accessKeyId"),
    *("credentials", "signature", "jwt", "Authorization", "session", "session_id", "cookie", "sig"),
)
ORDINARY = (
    *("id", "name", "key", "code", "owner", "author", "authored_by", "path", "pattern", "monkey"),
    *("tokenizer", "secretary", "secretariat", "passwordless", "token_count", "max_tokens"),
    *("tokens_used", "token_type", "password_changed_at", "has_password", "isSecret", "sessions"),
    *("password_policy", "secret_scanning", "token_expires_at", "keyboard", "signal", "pass_rate"),
)


@pytest.mark.parametrize("name", TELLING)
def test_names_that_tell_of_a_secret(name: str) -> None:
    assert names_secret(name)
    assert names_secret_at(name, "/users")


@pytest.mark.parametrize("name", ORDINARY)
def test_names_that_tell_of_none(name: str) -> None:
    assert not names_secret(name)
    assert not names_secret_at(name, "/users")


@pytest.mark.parametrize("endpoint", ["/Tokens", "/api/v1/secrets", "/users/{id}/api_keys"])
def test_in_a_list_of_secrets_the_values_are_the_secrets(endpoint: str) -> None:
    assert names_secret_at("value", endpoint)
    assert not names_secret_at("id", endpoint)
    assert not names_secret_at("value", "/settings")


NAMES = st.sampled_from([*TELLING, "id", "name", "config", "value"])
ITEMS = st.recursive(
    st.integers() | st.just("s3cr3t"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=15,
)


@given(st.lists(st.dictionaries(NAMES, ITEMS, max_size=5), max_size=4))
def test_what_is_named_like_a_secret_is_in_nothing_that_detection_sees(items: Any) -> None:
    hidden: set[tuple[str, ...]] = set()
    sifted = without_secrets(items, "/things", hidden)
    assert not any(f'"{name}":' in json.dumps(sifted) for name in TELLING)
    assert all(names_secret(keys[-1]) for keys in hidden)
    assert (sifted == items) is not bool(hidden)
    for guess in find_lists(items, "/things"):
        assert not any(f'"{name}":' in json.dumps(guess.items) for name in TELLING)


def test_an_object_that_holds_a_secret_is_no_property() -> None:
    deep = {"user": "a", "inner": {"password": "s3cr3t", "x": 1}}
    items = [
        {"id": n, "login": deep, "config": [{"token": "t"}], "plain": {"a": 1}} for n in (1, 2)
    ]
    shape = infer_shape(items, "thing")
    assert {one.expression for one in shape.fields} == {".id", ".login.user", ".plain.a"}
    assert shape.left_out["config"] == "holds something named like a secret"
    assert shape.left_out["login.inner.password"] == "named like a secret"


async def made(api: FakeApi, around: Surroundings, folder: Path, path: str) -> InitReport:
    request = Request(GivenSettings({}, {}), api.url, [Wanted(path)], folder)
    return await initialise(request, around, Assuming())


@pytest.mark.contract("init.secret-names")
@pytest.mark.parametrize(
    "path, items",
    [
        ("/users", [{"auth_token": f"s3cr3t-{n}", "note": "same"} for n in range(3)]),
        ("/Tokens", [{"token": f"s3cr3t-{n}", "kind": "same"} for n in range(3)]),
        ("/tokens", [f"s3cr3t-{n}" for n in range(3)]),
        ("/tokens", {f"s3cr3t-{n}": {"kind": "same"} for n in range(3)}),
        ("/api_keys", [{"key": f"s3cr3t-{n}", "active": True} for n in range(3)]),
        ("/users", [{"login": {"token": f"s3cr3t-{n}"}, "note": "same"} for n in range(3)]),
    ],
)
async def test_without_another_field_the_endpoint_is_refused(
    api: FakeApi, around: Surroundings, tmp_path: Path, path: str, items: Any
) -> None:
    api.answer = lambda asked: Reply(200, items)
    with pytest.raises(ConfigurationError, match="named like a secret") as caught:
        await made(api, around, tmp_path / "o", path)
    assert "s3cr3t" not in str(caught.value)
    assert "can be mapped by hand" in str(caught.value)


@pytest.mark.contract("init.secret-names")
async def test_with_another_field_the_secret_is_in_no_file_and_no_request(
    api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    def answer(asked: Any) -> Reply:
        assert "s3cr3t" not in f"{asked.path}{asked.query}"
        if asked.path == "/tokens":
            same = {"token": "s3cr3t", "name": "n"}
            return Reply(200, [{"id": n, **same, "value": f"s3cr3t{n}"} for n in range(3)])
        return Reply(200, [{"id": n, "token": f"s3cr3t{n}"} for n in range(3)])

    api.answer = answer
    wanted = [Wanted("/tokens"), Wanted("/users")]
    request = Request(GivenSettings({}, {}), api.url, wanted, tmp_path / "o")
    report = await initialise(request, around, Assuming())
    for resource in report.plan.mapping["resources"]:
        text = json.dumps(resource["port"])
        assert ".id" in text
        assert ".token" not in text
        assert ".value" not in text
    assert "/users: left out (named like a secret): token" in report.plan.warnings
    for file in (tmp_path / "o").iterdir():
        assert "s3cr3t" not in file.read_text("utf-8")


async def test_a_key_that_is_the_identifier_is_not_said_to_be_left_out(
    api: FakeApi, around: Surroundings, tmp_path: Path
) -> None:
    api.answer = lambda asked: Reply(200, [{"key": f"P{n}", "lead": "x"} for n in range(3)])
    report = await made(api, around, tmp_path / "o", "/projects")
    mappings = report.plan.mapping["resources"][0]["port"]["entity"]["mappings"]
    assert mappings["identifier"] == ".key"
    assert not any("left out" in line for line in report.plan.warnings)


@pytest.mark.parametrize("path, usable", [("/users", ["id"]), ("/tokens", ["id"])])
def test_a_document_offers_no_secrets_either(tmp_path: Path, path: str, usable: list[str]) -> None:
    text = {"type": "string"}
    names = ["auth_token", "password", "id", *(["value"] if path == "/tokens" else [])]
    item = {"type": "object", "properties": dict.fromkeys(names, text)}
    content = {"application/json": {"schema": {"type": "array", "items": item}}}
    paths = {path: {"get": {"responses": {"200": {"content": content}}}}, f"{path}/{{token}}": {}}
    file = tmp_path / "o.json"
    file.write_text(json.dumps({"openapi": "3.0.0", "paths": paths}), "utf-8")
    found, _ = find_collections(load_document(str(file))[0])
    shape = describe_unasked(found[0], {}).shape
    assert [one.keys[0] for one in shape.identifiers] == usable
    assert [one.keys[0] for one in shape.fields] == usable
    assert set(shape.left_out) == {*names} - {*usable}


def test_a_query_parameter_named_like_a_secret_gets_no_value_of_a_document(tmp_path: Path) -> None:
    parameter = {"name": "api_key", "in": "query", "required": True, "example": "demo"}
    schema = {"type": "array", "items": {"type": "object", "properties": {"id": {}}}}
    content = {"application/json": {"schema": schema}}
    get = {"parameters": [parameter], "responses": {"200": {"content": content}}}
    file = tmp_path / "o.json"
    file.write_text(json.dumps({"openapi": "3.0.0", "paths": {"/a": {"get": get}}}), "utf-8")
    found, notes = find_collections(load_document(str(file))[0])
    assert not found
    assert "it needs the query parameters api_key" in notes[0]
