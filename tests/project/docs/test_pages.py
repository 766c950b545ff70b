"""What the pages mention exists: links, settings, environment variables, messages."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jq
import pytest
import yaml
from humps import camelize, decamelize
from pydantic.v1 import BaseModel as BaseModelV1

from mapping.fields.selector import CustomSelector
from mapping.resources import CustomPortAppConfig
from settings.answer_template import programs_in
from settings.connection import ConnectionSettings
from settings.custom_auth import CustomAuthRequest, CustomAuthRequestTemplate
from tools.scripts.model_tables import nested_models

SETTINGS = ConnectionSettings(base_url="https://api.test")
ROOT = Path(__file__).resolve().parents[3]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "examples" / "ci" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "helm").rglob("README.md")),
]

_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CAMEL_CASE = re.compile(r"[a-z]+(?:[A-Z][a-z]+)+")
_VARIABLE = re.compile(r"OCEAN__INTEGRATION__CONFIG__([A-Z_]+)")
_CHART_VALUE = re.compile(r"integration\.(config|secrets)\.([A-Za-z]+)")
_VARYING = re.compile(r"…|\d+")

# Names that others chose: Ocean's chart, whose names ours has, and fields that APIs use in answers.
_CHART = yaml.safe_load((ROOT / "helm" / "schema.yaml").read_text("utf-8"))
_OF_KUBERNETES = {"emptyDir", "runAsUser", "runAsGroup", "sizeLimit", "maxEventProcessingSeconds"}
_OF_APIS = {"hasMore", "totalCount", "validationToken", "nextSyncToken"}

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@every_page
def test_links_resolve(page: Path) -> None:
    broken = [link for link in _links(page) if not _resolves(page, link)]
    assert not broken


@every_page
def test_upgrades_take_what_is_new_in_the_chart(page: Path) -> None:
    """With `--reuse-values` alone, templates fail over values that the older chart did not have."""
    blocks = [match[3] for match in _FENCE.finditer(page.read_text("utf-8"))]
    assert not [block for block in blocks if " --reuse-values" in block]


@every_page
def test_settings_exist(page: Path) -> None:
    mentioned = {name for name in _CODE.findall(_prose(page)) if _CAMEL_CASE.fullmatch(name)}
    assert mentioned - _known_names() == set()


@every_page
def test_environment_variables_are_settings(page: Path) -> None:
    known = {decamelize(name).upper() for name in _settings()} | {"SNAKE_CASE", ""}
    assert {name.rstrip("_") for name in _VARIABLE.findall(_plain(page))} - known == set()


@every_page
def test_chart_values_are_settings_in_their_place(page: Path) -> None:
    in_text = {(group, name) for group, name in _CHART_VALUE.findall(_plain(page))}
    mentioned = in_text - {("config", "camelCase"), ("secrets", "camelCase")}
    assert {(_group_of(name), name) for _, name in mentioned} == mentioned


@every_page
def test_values_files_are_settings_in_their_place(page: Path) -> None:
    for document in _yaml_blocks(page):
        integration = document.get("integration", {}) if isinstance(document, dict) else {}
        for group in ("config", "secrets"):
            for name in integration.get(group, {}):
                assert _group_of(name) == group


@every_page
def test_mappings_can_be_used(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exposed = ("GITHUB_ORG", "CANNY_API_KEY")
    for name in exposed:
        monkeypatch.setenv(name, "acme")
    update = {"exposed_variables": exposed, "response_directory": "/var/lib/x"}
    settings = SETTINGS.model_copy(update=update)
    for document in _yaml_blocks(page):
        resources = document.get("resources", []) if isinstance(document, dict) else document
        if isinstance(document, dict) and (own := document.get("settings")):
            config = {decamelize(name): value for name, value in own.items()}
            settings = ConnectionSettings.parse(config)
        for entry in resources if isinstance(resources, list) else []:
            if isinstance(entry, dict) and "kind" in entry:
                selector = entry["selector"] or {}
                CustomSelector.validate(selector).plan(entry["kind"], settings)


BODY = {
    "filterGroups": [{"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE"}]}],
    "query": {"range": {"updated": {}}},
}


def _rows_of(page: str, heading: str = "## Your API") -> list[str]:
    text = (ROOT / "docs" / page).read_text("utf-8")
    section = text.partition(f"{heading}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    # Of several tables, the last one.
    table = section.rpartition("\n| --- |")[2]
    return [line for line in table.splitlines() if line.startswith("| ")]


def _blocks_in(row: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for code in _CODE.findall(row):
        if re.match(r"(incremental|windows|pagination|query_params): ", code):
            found |= yaml.safe_load(code)
    return found


@pytest.mark.contract("docs.your-api")
@pytest.mark.parametrize("row", _rows_of("freshness.md"), ids=lambda row: row[2:20])
def test_blocks_for_apis_can_be_used(row: str) -> None:
    blocks = _blocks_in(row)
    assert "incremental" in blocks or "windows" in blocks
    settings = SETTINGS.model_copy(update={"response_directory": "/var/lib/x"})
    selector = {"query": "true", "method": "POST", "body": BODY, **blocks}
    CustomSelector.validate(selector).plan("/x", settings)


_LOGINS = _rows_of("authentication.md", "### Logins in several steps")


@pytest.mark.contract("auth.steps.answers")
@pytest.mark.parametrize("row", _LOGINS, ids=lambda row: row[2:20])
def test_logins_can_be_used(row: str) -> None:
    codes = [code.replace(r"\|", "|").replace("{…}", "{}") for code in _CODE.findall(row)]
    request, *template = map(json.loads, codes)
    given = {"custom_auth_request": request, "auth_type": "custom", "base_url": "https://h.test"}
    given |= {"custom_auth_request_template": template[0]} if template else {}
    parsed = ConnectionSettings.parse(given)
    assert parsed.custom_auth_request
    assert parsed.custom_auth_request.steps
    for program in programs_in([request, template]).values():
        jq.compile(program)


def test_logins_were_found() -> None:
    assert len(_LOGINS) == 6


@pytest.mark.contract("docs.your-api")
@pytest.mark.parametrize("row", _rows_of("live-events.md"), ids=lambda row: row[2:20])
def test_live_events_for_apis_can_be_used(row: str) -> None:
    api, settings, entry = row.strip("| ").split(" | ")
    auth, *more = _CODE.findall(settings)
    given: dict[str, Any] = {"webhook_auth": auth, "webhook_secret": "c2VjcmV0"}
    given |= {"webhook_username": "x"} if auth == "basic" else {}
    for name, value in re.findall(r"(preset|header|handshake) `([^`]+)`", settings):
        given[f"webhook_{name}"] = value
        more.remove(value)
    assert not more, api
    given |= {"webhook_query_param": "key"} if "query parameter" in settings else {}
    given |= {"response_directory": "/var/lib/x"} if "directory" in settings else {}
    parsed = ConnectionSettings.parse({"base_url": "https://api.example.com", **given})
    fields: dict[str, Any] = {}
    for code in _CODE.findall(entry):
        fields |= yaml.safe_load(code) if ": " in code else {}
    fetch = {"fetch": "/x/{id}"} if "params" in fields else {}
    identifier = {"identifier": ".body.id"} if "delete_when" in fields else {}
    live = [{**fetch, **identifier, **fields}]
    CustomSelector.validate({"query": "true", "live_events": live}).plan("/x", parsed)


def test_all_settings_are_explained() -> None:
    text = "".join(_prose(page) for page in PAGES if page.name != "configuration.md")
    assert set(_settings()) - set(_CODE.findall(text)) == set()


def test_defaults_in_tables_are_those_of_the_spec() -> None:
    for page in PAGES:
        for name, default in re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", page.read_text(), re.M):
            given = _settings().get(name, {}).get("default")
            if isinstance(given, str | bool) and page.name != "configuration.md":
                assert default == (given if isinstance(given, str) else str(given).lower()), name


def test_messages_of_the_troubleshooting_page_exist() -> None:
    text = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    messages = re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)
    assert messages
    missing = [message for message in messages if not _is_said(message)]
    assert not missing


def _links(page: Path) -> list[str]:
    prose = _FENCE.sub("", page.read_text("utf-8"))
    return [link for link in _LINK.findall(prose) if "://" not in link]


def _resolves(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in _anchors(target)


@cache
def _anchors(page: Path) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@cache
def _plain(page: Path) -> str:
    return page.read_text("utf-8").replace("\\_", "_")


def _prose(page: Path) -> str:
    return _FENCE.sub("", _plain(page))


def _yaml_blocks(page: Path) -> Iterator[Any]:
    for _, language, text in _FENCE.findall(page.read_text("utf-8")):
        if language == "yaml":
            yield yaml.safe_load(text)


@cache
def _settings() -> dict[str, dict[str, Any]]:
    spec = yaml.safe_load((ROOT / ".port" / "spec.yaml").read_text("utf-8"))
    return {setting["name"]: setting for setting in spec["configurations"]}


def _group_of(name: str) -> str:
    return "secrets" if _settings()[name].get("sensitive") else "config"


@cache
def _known_names() -> set[str]:
    authentication = {
        camelize(name)
        for model in (CustomAuthRequest, CustomAuthRequestTemplate)
        for name in model.model_fields
    }
    mapping = {
        field.alias
        for model in (CustomPortAppConfig, *nested_models(CustomPortAppConfig))
        if issubclass(model, BaseModelV1)
        for field in model.__fields__.values()
    }
    return {*_settings(), *authentication, *mapping, *_chart_values(_CHART), *_OF_APIS}


def _chart_values(node: dict[str, Any]) -> Iterator[str]:
    for name, value in node.get("properties", {}).items():
        yield name
        yield from _chart_values(value)
    if "items" in node:
        yield from _chart_values(node["items"])
    # Parts of Kubernetes objects and of Ocean's settings that descriptions mention.
    yield from _OF_KUBERNETES


def _is_said(message: str) -> bool:
    pieces = [piece.strip() for piece in _VARYING.split(message)]
    return all(any(piece in text for text in _texts()) for piece in pieces if piece)


@cache
def _texts() -> tuple[str, ...]:
    """Every literal text of the integration's modules, parts of f-strings included."""
    rooms = [each.parent for each in ROOT.glob("*/__init__.py") if each.parent.name != "tools"]
    modules = [*ROOT.glob("*.py"), *(each for room in rooms for each in room.rglob("*.py"))]
    return tuple(
        node.value
        for module in modules
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
