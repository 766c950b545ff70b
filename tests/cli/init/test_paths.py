"""Placeholders find the lists of their values, and paths the templates that they fit."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.init.asking import Assuming
from cli.init.detect.relations import RelationTarget, find_relations
from cli.init.files import docker_run
from cli.init.from_document import request_from_document
from cli.init.openapi.document import load_document
from cli.init.openapi.endpoints import look_through, server_url, shared_prefix
from cli.init.paths import fits, last_group, lists_of, renamed, skeleton
from cli.inputs import GivenSettings
from errors import ConfigurationError
from tests.cli.init.document_corpus import DOCUMENTS, NUMBER, TEXT, array, get, has, openapi

GITHUB = next(one for one in DOCUMENTS if one.name.startswith("github"))


@pytest.mark.parametrize(
    "path, known, expected",
    [
        ("/teams/{team_id}/members", ["/teams", "/people"], ["/teams"]),
        ("/teams/{team_id}/members/", ["/teams/"], ["/teams/"]),
        ("/Accounts/{Sid}/Calls.json", ["/Accounts.json"], ["/Accounts.json"]),
        ("/bindings/{vhost}", ["/bindings", "/vhosts"], ["/vhosts", "/bindings"]),
        ("/orgs/{org}/repos", ["/organizations", "/users"], ["/organizations"]),
        (
            "/repos/{owner}/{repo}/issues",
            ["/orgs/{org}/repos", "/repos"],
            ["/repos", "/orgs/{org}/repos"],
        ),
        ("/things/{id}", ["/others", "/ids"], []),
    ],
)
def test_lists_of_values(path: str, known: list[str], expected: list[str]) -> None:
    group = last_group(path)
    assert group is not None
    assert list(lists_of(group, known)) == expected


def test_a_chosen_list_comes_first() -> None:
    group = last_group("/repos/{owner}/{repo}/issues")
    assert group is not None
    known = ["/repositories", "/orgs/{org}/repos"]
    assert next(lists_of(group, known, ["/orgs/{org}/repos"])) == "/orgs/{org}/repos"


SEGMENT = st.from_regex(r"[a-z]{1,5}|\{[a-z]{1,5}\}", fullmatch=True)


@given(st.lists(SEGMENT, min_size=1, max_size=5), st.sampled_from(["", "/", ".json"]))
def test_an_ending_tells_nothing(segments: list[str], ending: str) -> None:
    plain = "/" + "/".join(segments)
    assert skeleton(plain + ending) == skeleton(plain)
    assert renamed(plain, plain) == plain
    concrete = "/" + "/".join(each.strip("{}") for each in segments)
    assert fits(concrete + ending, plain)
    assert not fits(f"{concrete}/more", plain)


def _document(folder: Path, content: Any) -> str:
    (folder / "openapi.json").write_text(json.dumps(content), "utf-8")
    return str(folder / "openapi.json")


@pytest.mark.contract("init.select")
def test_a_selected_path_may_have_values(tmp_path: Path) -> None:
    source = _document(tmp_path, GITHUB.content)
    asked = ["/orgs/acme/repos", "/repos/{owner}/{repo}/issues"]
    made = request_from_document(
        GivenSettings({}, {}), source, "", asked, tmp_path / "o", Assuming()
    )
    assert [one.path for one in made.wanted] == asked
    assert made.wanted[0].schema is not None


@pytest.mark.contract("init.select")
@pytest.mark.parametrize(
    "select, message",
    [
        ("/orgs/{org}/repos", r"is left out: nothing lists the values of \{org\}"),
        ("/nothing", "has no list at /nothing; it has /keys"),
    ],
)
def test_a_selected_path_that_cannot_be_read_says_why(
    tmp_path: Path, select: str, message: str
) -> None:
    item = array(has(id=NUMBER, name=TEXT))
    source = _document(tmp_path, openapi({"/orgs/{org}/repos": get(item), "/keys": get(item)}))
    with pytest.raises(ConfigurationError, match=message):
        request_from_document(
            GivenSettings({}, {}), source, "", [select], tmp_path / "o", Assuming()
        )


@pytest.mark.parametrize(
    "more, url",
    [
        ({"host": "a.test", "schemes": ["https"], "basePath": "/v2"}, "https://a.test/v2"),
        ({"host": "a.test", "schemes": ["http"]}, "http://a.test"),
        ({"host": "a.test", "schemes": ["http", "https"]}, "https://a.test"),
        ({"basePath": "/v2"}, ""),
    ],
)
def test_servers_of_swagger(tmp_path: Path, more: Any, url: str) -> None:
    source = _document(tmp_path, {"swagger": "2.0", "paths": {}, **more})
    root, address = load_document(source)
    assert server_url(root, address) == url
    # From the web, the host of the document is meant.
    assert url or server_url(root, "https://a.test/docs/swagger.json") == "https://a.test/v2"


def test_without_servers_the_origin_of_the_document_is_meant(tmp_path: Path) -> None:
    root, address = load_document(_document(tmp_path, openapi({}, servers="")))
    assert server_url(root, "https://a.test/docs/openapi.json") == "https://a.test"
    assert server_url(root, address) == ""


def test_headers_of_a_document_are_no_credentials_and_no_connection(tmp_path: Path) -> None:
    item = array(has(id=NUMBER))
    sent = {"Accept": "application/x", "Authorization": "Bearer x", "X-Auth-Token": "x"}
    paths = {"/a": get(item, sent=sent), "/b": get(item, sent={"Connection": "close"})}
    found = look_through(load_document(_document(tmp_path, openapi(paths)))[0])
    assert [(one.path, one.sent) for one in found.usable] == [("/a", {"Accept": "application/x"})]
    assert "Connection belongs to the connection" in found.left_out["/b"]


@pytest.mark.contract("init.relations")
@pytest.mark.parametrize(
    "items, sure",
    [
        ([{"team": "1"}, {"team": "2"}], True),
        ([{"team": "1"}, {"team": "8"}, {"team": "9"}], False),
        ([{"home_team": "1"}, {"home_team": "2"}], True),
        ([{"home_team": "9"}], None),
        ([{"steam": "1"}], None),
    ],
)
def test_relations_are_proven_by_looking_at_both(items: Any, sure: bool | None) -> None:
    target = RelationTarget("team", frozenset({"1", "2"}))
    found = find_relations(items, "match", [target])
    assert [one.is_sure for one in found] == ([] if sure is None else [sure])


@pytest.mark.contract("init.docker-run")
def test_the_script_runs_from_anywhere_and_says_what_it_needs(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    script = folder / "docker-run.sh"
    script.write_text(docker_run({"baseUrl": "http://127.0.0.1:1", "authType": "none"}, {}))
    (tmp_path / "docker").write_text('#!/bin/sh\npwd\nprintf "%s\\n" "$@"\n', "utf-8")
    (tmp_path / "docker").chmod(0o755)
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}

    def run(**variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(script)],
            cwd="/",
            env={**path, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    assert "OCEAN__PORT__CLIENT_ID: has to be set" in run().stderr
    done = run(OCEAN__PORT__CLIENT_ID="a", OCEAN__PORT__CLIENT_SECRET="b", IMAGE="own:1")
    lines = done.stdout.splitlines()
    assert (lines[0], lines[-1], done.returncode) == (str(folder), "own:1", 0)
    assert f"{folder}:/setup:ro" in lines
    assert "--network" in lines


CATALOG = "/odata/v4/catalog"


def _of_paths(*paths: str) -> Any:
    """A document whose lists have a number and a name."""
    return openapi({path: get(array(has(id=NUMBER, name=TEXT))) for path in paths})


@pytest.mark.contract("init.shared-prefix")
@pytest.mark.parametrize(
    "paths, prefix",
    [
        ([f"{CATALOG}/{name}" for name in ("Books", "Authors", "Genres")], CATALOG),
        (["/api/v1/users", "/api/v1/users/{id}/keys"], "/api/v1"),
        (["/api/v1/users/active", "/api/v1/users/closed"], "/api/v1"),
        (["/v2/users", "/v2/teams", "/v2/plans"], "/v2"),
        (["/users", "/teams", "/plans"], ""),
        (["/users/active", "/users/closed"], ""),
        (["/{tenant}/users", "/{tenant}/teams", "/{tenant}/plans"], ""),
        (["/api/users", "/health"], ""),
        ([], ""),
        (["/api/v1"], "/api"),
    ],
)
def test_what_all_paths_begin_with_belongs_to_the_base(
    paths: list[str], prefix: str, tmp_path: Path
) -> None:
    root = load_document(_document(tmp_path, _of_paths(*paths)))[0]
    assert shared_prefix(root) == prefix
    assert {prefix + path for path in look_through(root, prefix).listed} <= {*paths}


@pytest.mark.contract("init.shared-prefix")
@pytest.mark.parametrize("select", [f"{CATALOG}/Books", "/Books"])
def test_a_list_is_selected_with_the_prefix_or_without(select: str, tmp_path: Path) -> None:
    paths = [f"{CATALOG}/{name}" for name in ("Books", "Authors", "Genres")]
    source = _document(tmp_path, _of_paths(*paths))
    made = request_from_document(
        GivenSettings({}, {}), source, "", [select], tmp_path / "o", Assuming()
    )
    assert made.base_url == f"https://api.test{CATALOG}"
    assert [one.path for one in made.wanted] == ["/Books"]
    # Who gives an address means that one.
    whole = request_from_document(
        GivenSettings({}, {}), source, "https://h.test", [paths[0]], tmp_path / "o", Assuming()
    )
    assert (whole.base_url, whole.wanted[0].path) == ("https://h.test", paths[0])
