"""A setting is shown in Port's form exactly where it has an effect, or is required."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from api_messages import ApiRequest
from errors import PaginationError, SettingsError
from settings.connection import ConnectionSettings
from settings.pagination import PaginationSettings
from tests.support.models import Answer, EndpointRead

ROOT = Path(__file__).resolve().parents[3]
SPEC: dict[str, Any] = yaml.safe_load((ROOT / ".port" / "spec.yaml").read_text("utf-8"))
SETTINGS: dict[str, dict[str, Any]] = {each["name"]: each for each in SPEC["configurations"]}
# Credentials that one may do without.
OPTIONAL = {
    "basic": {"password"},
    "basic_auth": {"password"},
    "api_key": {"apiKeyPrefix"},
    "jwt": {"signingKeyFile", "tokenClaims", "tokenHeaders", "tokenPerRequest"},
    "aws_sigv4": {"sessionToken"},
    "oauth2": {
        "username",
        "password",
        "scope",
        "audience",
        "tokenParameters",
        "signingKey",
        "signingKeyFile",
        "tokenClaims",
        "tokenHeaders",
    },
}
BASE_URL = {"base_url": "https://api.test"}

# For each setting of pagination a value that makes a difference to the API below.
SAMPLES = {
    "page_size": "2",
    "pagination_param": "p",
    "size_param": "s",
    "start_page": "3",
    "cursor_path": "beside.other",
    "has_more_path": "beside.more",
    "last_page_path": "beside.last",
    "total_path": "beside.count",
    "next_link_path": "beside.link",
    "header_link_rel": "weiter",
}


def shown_with(switch: str, value: str) -> set[str]:
    return {
        name
        for name, entry in SETTINGS.items()
        for clause in entry.get("dependencies", [])
        if clause["name"] == switch and value in clause["values"]
    }


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


@pytest.mark.contract("spec.dependencies")
@pytest.mark.parametrize("auth_type", SETTINGS["authType"]["enum"])
def test_the_form_asks_for_what_an_auth_type_requires(auth_type: str) -> None:
    shown = shown_with("authType", auth_type)
    # What has a default need not be given.
    asked_for = {name for name in shown if not SETTINGS[name].get("default")}
    try:
        ConnectionSettings.parse({**BASE_URL, "auth_type": auth_type})
        required: set[str] = set()
    except SettingsError as error:
        lines = str(error).splitlines()
        required = {line.split(":")[0].strip(" -") for line in lines if ": is required" in line}
    assert required == asked_for - OPTIONAL.get(auth_type, set())


@pytest.mark.contract("spec.dependencies")
@pytest.mark.parametrize("grant", SETTINGS["grantType"]["enum"])
@pytest.mark.parametrize("way", SETTINGS["clientAuthentication"]["enum"])
def test_the_form_shows_what_a_grant_requires(grant: str, way: str) -> None:
    shown = shown_with("authType", "oauth2") | shown_with("grantType", grant)
    given = {"auth_type": "oauth2", "grant_type": grant, "client_authentication": way}
    with pytest.raises(SettingsError) as caught:
        ConnectionSettings.parse({**BASE_URL, **given})
    required = {problem.partition(":")[0] for problem in caught.value.problems}
    assert "tokenUrl" in required
    assert required <= shown


class Api:
    """Pages of two items that say where the next is, in places that only settings can name.

    With `usual_cursor` they hold a cursor in a usual place too.
    """

    def __init__(self, *, usual_cursor: bool) -> None:
        self.asked: list[str] = []
        self._usual_cursor = usual_cursor

    def __call__(self, request: ApiRequest) -> Answer:
        self.asked.append(str(request.url))
        number = len(self.asked)
        link = f"https://api.test/v1/things?link={number}"
        beside = {
            "other": f"other-{number}" if number < 3 else None,
            "more": number < 3,
            "last": number == 3,
            "count": 4,
            "link": link if number < 3 else None,
        }
        items = [{"id": 2 * number}, {"id": 2 * number + 1}] if number < 6 else []
        headers = {"Link": f'<{link}>; rel="weiter"'} if number < 3 else {}
        body: dict[str, Any] = {"items": items, "beside": beside}
        if self._usual_cursor:
            body["next_cursor"] = f"cursor-{number}" if number < 5 else None
        return Answer(body, 200, headers)


def courses(pagination_type: str, **given: str) -> list[list[str]]:
    """What is asked of each kind of API from beginning to end, and why that was the end."""
    settings = ConnectionSettings.parse(
        {**BASE_URL, "pagination_type": pagination_type, **given}
    ).pagination
    return [_course(Api(usual_cursor=usual), settings) for usual in (True, False)]


def _course(api: Api, settings: PaginationSettings) -> list[str]:
    try:
        read = EndpointRead(api, settings).run()
        ends = [read.reason, *map(str, read.doubts)]
    except PaginationError as error:
        ends = [str(error)]
    return [*api.asked, *ends]


@pytest.mark.contract("spec.dependencies")
@pytest.mark.parametrize("pagination_type", SETTINGS["paginationType"]["enum"])
def test_the_form_shows_what_a_pagination_type_reads(pagination_type: str) -> None:
    usual = courses(pagination_type)
    effective = {
        name
        for name in SETTINGS
        if (sample := SAMPLES.get(snake(name)))
        if courses(pagination_type, **{snake(name): sample}) != usual
    }
    assert effective == shown_with("paginationType", pagination_type)


def test_every_setting_of_pagination_has_a_sample() -> None:
    depending = {
        snake(name)
        for name, entry in SETTINGS.items()
        if any(clause["name"] == "paginationType" for clause in entry.get("dependencies", []))
    }
    assert depending == SAMPLES.keys()
