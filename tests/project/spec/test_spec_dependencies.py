"""A setting is shown in Port's form exactly where it has an effect, or is required."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from api_messages import ApiRequest
from errors import PaginationError, SettingsError
from settings.connection import ConnectionSettings
from settings.pagination import PaginationSettings
from tests.support.models import Answer, EndpointRead
from tools.scripts.spec import shown_with, values_that_count

ROOT = Path(__file__).resolve().parents[3]
SPEC: dict[str, Any] = yaml.safe_load((ROOT / ".port" / "spec.yaml").read_text("utf-8"))
LISTED: list[dict[str, Any]] = SPEC["configurations"]
SETTINGS: dict[str, dict[str, Any]] = {each["name"]: each for each in LISTED}
# What else decides about the settings that a value of these asks for.
FURTHER: dict[str, dict[str, list[str]]] = {
    "authType": {name: SETTINGS[name]["enum"] for name in ("grantType", "clientAuthentication")},
    "paginationType": {},
    "webhookAuth": {
        "webhookPreset": ["", *SETTINGS["webhookPreset"]["enum"]],
        "webhookQueryParam": ["", "key"],
    },
}
BASE_URL = {"base_url": "https://api.test"}

# For each setting of pagination a value that makes a difference to the API below.
SAMPLES = {
    "page_size": "2",
    "pagination_param": "p",
    "size_param": "s",
    "start_page": "3",
    "start_offset": "1",
    "cursor_path": "beside.other",
    "has_more_path": "beside.more",
    "last_page_path": "beside.last",
    "total_path": "beside.count",
    "next_link_path": "beside.link",
    "header_link_rel": "weiter",
    "next_request": ".body.beside.link",
}
# What a type cannot do without.
NEEDED = {"custom": {"next_request": ".body.next_cursor"}}


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def demanded(owner: str, value: str) -> set[str]:
    return {name for name, required in shown_with(LISTED, owner, value) if required}


def named(owner: str, value: str) -> set[str]:
    return {name for name, _ in shown_with(LISTED, owner, value)}


def missed(given: dict[str, str]) -> set[str]:
    """The settings that are missed with these, each by itself: of several, none is demanded."""
    try:
        ConnectionSettings.parse(
            {**BASE_URL, **{snake(name): each for name, each in given.items()}}
        )
    except SettingsError as error:
        problems = (each for each in error.problems if ": is required" in each)
        return {each.partition(":")[0] for each in problems if "(or " not in each}
    return set()


def always_missed(owner: str, value: str) -> set[str]:
    """The settings that are missed with a value of an owner, whatever the others of it say."""
    cases = (
        dict(zip(FURTHER[owner], each, strict=True)) for each in product(*FURTHER[owner].values())
    )
    return set.intersection(*(missed({owner: value, **given}) for given in cases))


OWNERS = {each["on"] for entry in LISTED for each in entry.get("dependencies", [])}


@pytest.mark.contract("spec.dependencies")
@pytest.mark.parametrize(
    "owner, value",
    [(owner, value) for owner in sorted(OWNERS) for value in SETTINGS[owner]["enum"]],
)
def test_the_form_demands_what_the_settings_ask_for(owner: str, value: str) -> None:
    assert demanded(owner, value) == always_missed(owner, value)


@pytest.mark.contract("spec.dependencies")
def test_every_other_setting_of_choice_that_is_missed_is_shown() -> None:
    cases = product(SETTINGS["grantType"]["enum"], SETTINGS["clientAuthentication"]["enum"])
    always = {name for name, setting in SETTINGS.items() if not setting.get("dependencies")}
    for grant, way in cases:
        given = {"authType": "oauth2", "grantType": grant, "clientAuthentication": way}
        assert missed(given) <= named("authType", "oauth2") | always


@pytest.mark.contract("spec.dependencies")
def test_a_setting_depends_on_one_other_and_once_on_each_value_of_it() -> None:
    for entry in LISTED:
        clauses = entry.get("dependencies", [])
        assert len({each["on"] for each in clauses}) <= 1
        values = [value for each in clauses for value in values_that_count(each)]
        assert len(values) == len(set(values))


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
        {
            **BASE_URL,
            "pagination_type": pagination_type,
            **NEEDED.get(pagination_type, {}),
            **given,
        }
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
    assert effective == named("paginationType", pagination_type)


def test_every_setting_of_pagination_has_a_sample() -> None:
    depending = {
        snake(name)
        for name, entry in SETTINGS.items()
        if any(clause["on"] == "paginationType" for clause in entry.get("dependencies", []))
    }
    assert depending == SAMPLES.keys()
