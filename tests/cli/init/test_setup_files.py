"""Files that `init` writes: complete, without secrets, and the user's edits survive a re-run."""

import copy
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cli.init.addresses import split_endpoints
from cli.init.files import Folder, installation_name
from cli.init.merge import merge, remember
from cli.init.plan import SetupPlan
from cli.mapping_file import parse_mapping, read_mapping
from errors import ConfigurationError
from settings.connection import ConnectionSettings
from tests.cli.conftest import SECRET

ROOT = Path(__file__).resolve().parents[3]
SETTINGS: dict[str, Any] = {
    "baseUrl": "https://api.example.com/v2",
    "authType": "bearer_token",
    "paginationType": "page",
}


def resource(kind: str, **properties: str) -> dict[str, Any]:
    mappings = {"identifier": ".id", "blueprint": '"x"', "properties": properties}
    return {"kind": kind, "selector": {"query": "true"}, "port": {"entity": {"mappings": mappings}}}


def blueprint(name: str) -> dict[str, Any]:
    return {"identifier": name, "title": name, "schema": {"properties": {}}, "relations": {}}


def plan(*kinds: str, settings: dict[str, Any] | None = None, **properties: str) -> SetupPlan:
    mapping = {"resources": [resource(kind, **properties) for kind in kinds]}
    blueprints = [blueprint(kind.strip("/")) for kind in kinds]
    return SetupPlan(dict(settings or SETTINGS), mapping, blueprints)


def test_all_files_are_written_without_secrets(tmp_path: Path) -> None:
    secrets = {"apiToken": "", "customHeaders": ""}
    written = Folder(tmp_path / "o").write(plan("/users", name=".name"), secrets)
    assert written.created == [
        "port-app-config.yml",
        "blueprints.json",
        "ocean.env",
        "values.yaml",
        "docker-run.sh",
    ]
    folder = tmp_path / "o"
    assert all(SECRET not in file.read_text("utf-8") for file in folder.iterdir())
    lines = (folder / "ocean.env").read_text("utf-8").splitlines()[2:]
    prefix = "OCEAN__INTEGRATION__CONFIG__"
    assert lines == [
        f"{prefix}BASE_URL=https://api.example.com/v2",
        f"{prefix}AUTH_TYPE=bearer_token",
        f"{prefix}PAGINATION_TYPE=page",
        f"{prefix}API_TOKEN",
        f"{prefix}CUSTOM_HEADERS",
    ]
    run = folder / "docker-run.sh"
    assert run.stat().st_mode & stat.S_IXUSR
    assert f"{prefix}API_TOKEN" in run.read_text("utf-8")
    config, problems = parse_mapping(
        read_mapping(folder / "port-app-config.yml"), ConnectionSettings(base_url="https://x.test")
    )
    assert config is not None
    assert not problems


def test_the_values_fit_the_chart(tmp_path: Path) -> None:
    settings = {**SETTINGS, "pageSize": "50", "verifySsl": True}
    Folder(tmp_path).write(plan("/users", settings=settings), {"apiToken": ""})
    values = yaml.safe_load((tmp_path / "values.yaml").read_text("utf-8"))
    schema = json.loads((ROOT / "helm/ocean-custom/values.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(values)


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "o"
    Folder(folder).write(plan("/users"), {})
    before = {file.name: file.read_text("utf-8") for file in folder.iterdir()}
    written = Folder(folder).write(plan("/users"), {})
    assert not written.created
    assert not written.updated
    assert {file.name: file.read_text("utf-8") for file in folder.iterdir()} == before


def test_edits_comments_and_removals_stay_and_news_arrive(tmp_path: Path) -> None:
    Folder(tmp_path).write(plan("/users", name=".name", mail=".mail", gone=".gone"), {})
    path = tmp_path / "port-app-config.yml"
    text = path.read_text("utf-8")
    text = text.replace("name: .name", "name: .full_name  # ours")
    text = text.replace("            gone: .gone\n", "")
    path.write_text(f"# Mine.\n{text}", "utf-8")

    Folder(tmp_path).write(
        plan("/users", "/teams", name=".name", mail=".email", gone=".gone", new=".new"), {}
    )

    text = path.read_text("utf-8")
    assert text.startswith("# Mine.\n")
    assert "name: .full_name  # ours" in text
    users, teams = text.split("kind: /teams")
    assert "gone" not in users
    assert "mail: .email" in users
    assert "new: .new" in users
    assert "name: .name" in teams


def test_a_run_for_other_endpoints_keeps_the_first_ones(tmp_path: Path) -> None:
    Folder(tmp_path).write(plan("/users"), {})
    Folder(tmp_path).write(plan("/teams"), {})
    assert "kind: /users" in (tmp_path / "port-app-config.yml").read_text("utf-8")
    names = [one["identifier"] for one in json.loads((tmp_path / "blueprints.json").read_text())]
    assert names == ["users", "teams"]


def test_the_env_file_keeps_what_the_user_wrote(tmp_path: Path) -> None:
    Folder(tmp_path).write(plan("/users"), {"apiToken": ""})
    path = tmp_path / "ocean.env"
    prefix = "OCEAN__INTEGRATION__CONFIG__"
    text = path.read_text("utf-8").replace("PAGINATION_TYPE=page", "PAGINATION_TYPE=offset")
    path.write_text(f"{text}# mine\n{prefix}TIMEOUT=5\n", "utf-8")
    Folder(tmp_path).write(
        plan("/users", settings={**SETTINGS, "pageSize": "50"}), {"apiToken": ""}
    )
    text = path.read_text("utf-8")
    assert f"{prefix}PAGINATION_TYPE=offset\n" in text
    assert f"{prefix}PAGE_SIZE=50\n" in text
    assert f"# mine\n{prefix}TIMEOUT=5\n" in text


def test_a_file_that_is_no_yaml_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "port-app-config.yml").write_text("a: [", "utf-8")
    with pytest.raises(ConfigurationError, match="cannot be updated"):
        Folder(tmp_path).write(plan("/users"), {})
    assert (tmp_path / "port-app-config.yml").read_text("utf-8") == "a: ["


values = st.recursive(
    st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
mappings = st.dictionaries(st.sampled_from("pqr"), values, max_size=3)


@given(mappings, mappings)
def test_without_edits_a_merge_has_all_that_is_generated(base: Any, ours: Any) -> None:
    merged = merge(base, copy.deepcopy(base), ours)
    assert {key: merged[key] for key in ours} == {
        key: merge(base[key], copy.deepcopy(base[key]), value) if key in base else value
        for key, value in ours.items()
    }
    assert merged.keys() == base.keys() | ours.keys()


@given(mappings, mappings)
def test_with_nothing_new_a_merge_is_what_the_user_has(base: Any, theirs: Any) -> None:
    assert merge(base, copy.deepcopy(theirs), base) == theirs


@given(mappings, mappings, mappings)
def test_a_merge_changes_nothing_when_repeated(base: Any, theirs: Any, ours: Any) -> None:
    once = merge(base, copy.deepcopy(theirs), ours)
    again = merge(remember(base, ours), copy.deepcopy(once), ours)
    assert again == once


@pytest.mark.parametrize(
    "urls, given_base, base, paths",
    [
        (["https://a.example.com/api/v2/users"], "", "https://a.example.com/api/v2", ["/users"]),
        (["https://a.example.com/users/"], "", "https://a.example.com", ["/users/"]),
        (["https://a.example.com/"], "", "https://a.example.com", ["/"]),
        (["https://a.example.com/users.json"], "", "https://a.example.com", ["/users.json"]),
        (["https://a.example.com/v1"], "", "https://a.example.com", ["/v1"]),
        (
            ["https://a.example.com/v1/users", "https://a.example.com/v2/teams"],
            "",
            "https://a.example.com",
            ["/v1/users", "/v2/teams"],
        ),
        (
            ["/users", "teams"],
            "https://a.example.com/x/",
            "https://a.example.com/x",
            ["/users", "/teams"],
        ),
        (
            ["https://a.example.com/teams/{id}/members"],
            "",
            "https://a.example.com",
            ["/teams/{id}/members"],
        ),
    ],
)
def test_addresses(urls: list[str], given_base: str, base: str, paths: list[str]) -> None:
    found, wanted = split_endpoints(urls, given_base)
    assert (found, [one.path for one in wanted]) == (base, paths)


@pytest.mark.parametrize(
    "urls, base, message",
    [
        (["/users"], "", "paths need --base-url"),
        (["https://a.com/x", "https://b.com/x"], "", "one installation reads one API"),
        (["https://a.com/x"], "https://b.com", "is not below baseUrl"),
        (["https://user:pw@a.com/x"], "", "must not hold a user name"),
        (["a.com/x?x=pw"], "", "a.com/x is no URL"),
        (["https://[a/x"], "", r"https://\[a/x is no URL"),
        (["https://a.com/x?api_key=pw"], "", "/x: the query parameter api_key seems to hold"),
        (["/x?key=pw"], "https://a.com", "apiKeyLocation query and apiKeyHeader key"),
    ],
)
def test_addresses_that_cannot_be_used(urls: list[str], base: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as error:
        split_endpoints(urls, base)
    assert "pw" not in str(error.value)


def test_the_query_of_a_url_belongs_to_its_endpoint() -> None:
    _, [wanted] = split_endpoints(["https://a.com/users?active=true&empty=&pageToken=7"])
    assert wanted.query == {"active": "true", "empty": "", "pageToken": "7"}


def test_the_installation_is_named_after_the_host() -> None:
    assert installation_name({"baseUrl": "https://api.acme.com/v1"}) == "acme"
    assert installation_name({}) == "my-api"


@pytest.mark.parametrize("host", ["a`id`.example.com", 'a";id;".com', "a$PATH.com", "[::1]:80"])
def test_an_odd_host_is_nothing_that_a_shell_runs(host: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", installation_name({"baseUrl": f"https://{host}/v1"}))


def test_each_variable_has_one_line(tmp_path: Path) -> None:
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
    settings = {
        **SETTINGS,
        "caCertificate": pem,
        "apiKeyHeader": "X\nOCEAN__PORT__BASE_URL=http://x",
    }
    Folder(tmp_path).write(plan("/users", settings=settings), {})
    lines = (tmp_path / "ocean.env").read_text("utf-8").splitlines()[2:]
    prefix = "OCEAN__INTEGRATION__CONFIG__"
    assert all(line.startswith(prefix) for line in lines)
    assert f"{prefix}CA_CERTIFICATE={pem.replace('\n', ' ')}" in lines


def test_a_resource_that_was_written_by_hand_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "port-app-config.yml"
    own = "resources:\n  - kind: /users\n    mine: true  # of course\n"
    path.write_text(own, "utf-8")
    for _ in range(2):
        Folder(tmp_path).write(plan("/users", "/teams", name=".name"), {})
    text = path.read_text("utf-8")
    assert "  - kind: /users\n    mine: true  # of course\n  - kind: /teams\n" in text
