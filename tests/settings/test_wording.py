"""Values of settings that are evidently meant otherwise than written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import SettingsError
from settings.connection import ConnectionSettings
from settings.wording import choice, json_advice, quotes, unquoted

URL = "https://api.test"


def problems(**config: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        ConnectionSettings.parse({"base_url": URL, **config})
    return list(caught.value.problems)


@pytest.mark.contract("start.words")
@pytest.mark.parametrize(
    "setting, given, meant",
    [
        ("auth_type", "bearer", "bearer_token"),
        ("auth_type", "token", "bearer_token"),
        ("auth_type", "Basic", "basic"),
        ("auth_type", "apikey", "api_key"),
        ("auth_type", "oauth", "oauth2"),
        ("auth_type", '"basic"', "basic"),
        ("pagination_type", "next-link", "next_link"),
        ("pagination_type", "Cursor", "cursor"),
        ("pagination_type", "pages", "page"),
        ("mapping_engine", "OCEAN", "ocean"),
    ],
)
def test_a_choice_that_was_meant_is_named(setting: str, given: str, meant: str) -> None:
    line = next(line for line in problems(**{setting: given}) if "must be one of" in line)
    assert f"(got {given!r})" in line
    assert line.endswith(f"; did you mean {meant}?")


@pytest.mark.parametrize("given", ["", "xyz", "42", "none of these"])
def test_none_is_guessed_where_nothing_is_like_it(given: str) -> None:
    assert choice(given, ["offset", "page", "cursor"]) == ""


@pytest.mark.contract("start.words")
@pytest.mark.parametrize("value", ["api.example.com", "api.example.com:8443/v2", "10.0.0.1:80"])
def test_an_address_without_its_scheme_gets_it(value: str) -> None:
    (line,) = problems(base_url=value)
    assert f"; write https://{value}" in line


@pytest.mark.parametrize("value", ["ada:pw@h.test", "ftp://ada:pw@h.test", "h.test?key=pw", "//h"])
def test_no_advice_repeats_what_may_be_secret(value: str) -> None:
    (line,) = problems(base_url=value)
    assert "pw" not in line
    assert "write https" not in line


@pytest.mark.contract("start.words")
@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_around_a_value_are_told(quote: str) -> None:
    for setting, value in (("base_url", URL), ("page_size", "50"), ("custom_headers", "{}")):
        (line,) = problems(**{setting: f"{quote}{value}{quote}"})
        assert line.endswith("; leave out the quotes around it")


@pytest.mark.contract("start.words")
def test_quotes_that_are_taken_for_a_part_of_the_value_are_warned_of() -> None:
    given = {"base_url": URL, "auth_type": "bearer_token", "api_token": "'t0ken'"}
    (line,) = ConnectionSettings.parse(given).warnings
    assert line.startswith("apiToken: has quotes around its value")
    assert "t0ken" not in line
    assert ConnectionSettings.parse({**given, "api_token": "t'0'ken"}).warnings == []


@pytest.mark.contract("start.words")
def test_single_quotes_in_json_are_told_and_nothing_of_it() -> None:
    (line,) = problems(custom_headers="{'X-Key': 's3cret'}")
    assert line.endswith("; JSON has double quotes where this has single ones")
    assert "s3cret" not in line


@given(st.text())
def test_advice_never_fails(text: str) -> None:
    assert isinstance(json_advice(text) + choice(text, ["a", "b"]) + quotes(text), str)


@given(st.text().filter(lambda text: "'" not in text and '"' not in text))
def test_what_has_no_quotes_stays(text: str) -> None:
    assert unquoted(text) == text
    assert quotes(text) == ""
    assert unquoted(f"'{text}'") == text
