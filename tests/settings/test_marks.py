"""What derives from the marks of a setting."""

from typing import Annotated, Any

import pytest
from pydantic import Field, SecretStr
from pydantic.alias_generators import to_camel

from cache.between_resyncs import instance_of
from errors import SettingsError
from redaction import Redactor
from settings.connection import ConnectionSettings
from settings.marks import SAME_ANSWERS, SECRET, SECRET_VALUES, SameAnswers, Sensitive, marked
from settings.secrets import secrets_of

API = {"base_url": "https://api.test"}
# Another value of every setting that answers do not depend on.
CHANGED = {
    "pagination_type": "page",
    "page_size": 7,
    "pagination_param": "p",
    "size_param": "s",
    "start_page": 3,
    "cursor_path": "c",
    "has_more_path": "m",
    "last_page_path": "l",
    "next_link_path": "n",
    "header_link_rel": "r",
    "total_path": "t",
    "timeout": 3,
    "max_concurrent_requests": 3,
    "max_requests_per_second": 3,
    "max_retries": 3,
    "max_retry_wait": 3,
    "strict": True,
    "max_outage_wait": 3,
    "mapping_engine": "ocean",
    "response_directory": "/var/lib",
    "response_directory_size": 3,
    "webhook_window": 3,
}


class Extended(ConnectionSettings):
    """Settings with one more of each kind, as someone may add them."""

    pin: Annotated[SecretStr, SECRET] | None = None
    licences: Annotated[dict[str, int], SECRET_VALUES] = Field(default_factory=dict)
    patience: Annotated[int, SAME_ANSWERS] = 1
    tenant: str = "a"


def test_a_mark_is_found_wherever_it_stands_in_a_type() -> None:
    sensitive, same = marked(Extended, Sensitive), marked(Extended, SameAnswers)
    assert (sensitive["pin"], sensitive["licences"]) == (SECRET, SECRET_VALUES)
    assert same["patience"] is SAME_ANSWERS
    assert "tenant" not in {**sensitive, **same}


def test_a_new_secret_is_masked_and_answers_depend_on_it() -> None:
    settings = Extended.parse({**API, "pin": "s3cret-pin", "licences": {"A": 123456}})
    assert Redactor(secrets_of(settings)).text("s3cret-pin 123456 A") == "*** *** A"
    assert instance_of(settings, "one") != instance_of(Extended.parse(API), "one")


def test_answers_depend_on_whatever_is_not_marked() -> None:
    plain = instance_of(Extended.parse(API), "one")
    assert instance_of(Extended.parse({**API, "patience": 2}), "one") == plain
    assert instance_of(Extended.parse({**API, "tenant": "b"}), "one") != plain


def test_settings_that_answers_do_not_depend_on() -> None:
    plain = instance_of(ConnectionSettings.parse(API), "one")
    assert instance_of(ConnectionSettings.parse({**API, "http_version": "auto"}), "one") != plain
    assert instance_of(ConnectionSettings.parse(API | CHANGED), "one") == plain


def test_no_setting_whose_type_hides_its_value_lacks_the_mark() -> None:
    hiding = {
        name
        for name, info in ConnectionSettings.model_fields.items()
        if "SecretStr" in str(info.annotation)
    }
    assert "api_token" in hiding
    assert hiding <= set(marked(ConnectionSettings, Sensitive))


@pytest.mark.contract("secrets.errors")
@pytest.mark.parametrize("name", [*marked(ConnectionSettings, Sensitive), "ca_certificate"])
def test_a_complaint_quotes_no_secret(name: str) -> None:
    given: dict[str, Any] = {**API, name: ["hush-hush"]}
    with pytest.raises(SettingsError) as caught:
        ConnectionSettings.parse(given)
    (problem,) = (line for line in caught.value.problems if line.startswith(f"{to_camel(name)}:"))
    assert "hush" not in problem
