"""An authType is added in three places: its settings class, its strategy and the spec."""

from collections.abc import Generator, Iterator
from typing import Any

import httpx
import pytest
import yaml

from api_messages import ApiRequest
from auth import factory
from auth.strategy import AuthStrategy
from client import ApiClient
from errors import SettingsError, StatusError
from probe.advice import advice_for
from probe.recording import RecordingClient
from redaction import Redactor
from settings.connection import ConnectionSettings
from settings.credentials import AuthSettings, AuthType
from settings.types import Secret, revealed
from tests.project.spec.test_spec_form import credentials_of
from tests.support.fake_api import FakeApi, Reply
from tools.scripts.spec import values_that_count

# --- What is added


class StampSettings(AuthSettings):
    """A stamp on every request."""

    kind = AuthType(
        "stamp", ("postage",), required=("stampText",), credentials="stampText", scheme="stamp"
    )

    stamp_text: Secret | None = None
    stamp_color: str = "red"

    def combined_secrets(self) -> Iterator[str]:
        yield f"{self.stamp_color} {revealed(self.stamp_text)}".title()


class Settings(StampSettings, ConnectionSettings):
    """All settings: the class above is named among the bases."""


class StampAuth(AuthStrategy):
    """Sends the stamp in a header."""

    serves = StampSettings

    def __init__(self, settings: StampSettings, redactor: Redactor) -> None:
        self._stamp = f"{settings.stamp_color} {revealed(settings.stamp_text)}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["X-Stamp"] = self._stamp
        yield request


SPEC: list[dict[str, Any]] = yaml.safe_load("""
- name: stampText
  type: string
  required: false
  default: ""
  sensitive: true
  dependencies:
    - "on": authType
      when: {in: [postage, stamp]}
      then: {required: false}
- name: stampColor
  type: string
  required: false
  default: red
  dependencies:
    - "on": authType
      when: {in: [postage, stamp]}
      then: {required: false}
""")


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factory, "STRATEGIES", (*factory.STRATEGIES, StampAuth))


# --- What works then


def _settings(api: FakeApi, **more: Any) -> Settings:
    given = {"base_url": api.url, "auth_type": "stamp", "stamp_text": "p0stage-due\n", **more}
    settings = Settings.parse(given)
    assert isinstance(settings, Settings)
    return settings


async def _send(settings: Settings) -> None:
    client = ApiClient(settings)
    try:
        await client.send(ApiRequest("GET", httpx.URL(f"{settings.base_url}/x")))
    finally:
        await client.aclose()


@pytest.mark.parametrize("auth_type", ["stamp", "postage"])
async def test_its_strategy_is_sent_with_each_request(api: FakeApi, auth_type: str) -> None:
    settings = _settings(api, auth_type=auth_type, stamp_color="blue")
    await _send(settings)
    assert settings.auth_type == "stamp"
    assert api.received[0].headers["x-stamp"] == "blue p0stage-due"


async def test_the_other_strategies_still_serve_theirs(api: FakeApi) -> None:
    await _send(_settings(api, auth_type="bearer_token", api_token="t0ken"))
    assert api.received[0].headers["authorization"] == "Bearer t0ken"
    assert "x-stamp" not in api.received[0].headers


async def test_its_secret_is_masked(api: FakeApi) -> None:
    api.script(Reply(400, body=b"no room for p0stage-due, Red P0Stage-Due"))
    with pytest.raises(StatusError, match=r"no room for \*\*\*, \*\*\*"):
        await _send(_settings(api))


def test_what_it_requires_is_told() -> None:
    given = {"base_url": "https://h.test", "auth_type": "postage"}
    with pytest.raises(SettingsError, match="stampText: is required with authType postage; set it"):
        Settings.parse(given)
    with pytest.raises(SettingsError, match=r"authType: must be one of 'none', .*'stamp'"):
        Settings.parse({**given, "auth_type": "stamps"})


@pytest.mark.parametrize(
    "auth_type, status, challenge, said",
    [
        ("stamp", 401, "Stamp", "the API refuses stampText: look for a typing error"),
        ("stamp", 401, "Basic realm=x", "the API asks for Basic credentials, not Stamp"),
        ("stamp", 403, "", "the credentials are known but may not read this endpoint"),
        ("stamp", 401, "Digest realm=x", "the API asks for Digest credentials, not Stamp"),
        ("none", 401, "NTLM", "authType is none; the API asks for NTLM credentials"),
        ("none", 401, "Digest", "authType is none; it asks for authType digest"),
        ("none", 401, "Stamp", "authType is none; it asks for authType stamp"),
    ],
)
async def test_advice_speaks_of_it(
    api: FakeApi, auth_type: str, status: int, challenge: str, said: str
) -> None:
    api.script(Reply(status, headers={"www-authenticate": challenge}))
    settings = _settings(api, auth_type=auth_type)
    client = RecordingClient(settings)
    with pytest.raises(StatusError):
        await client.send(ApiRequest("GET", httpx.URL(f"{api.url}/x")))
    await client.aclose()
    assert said in advice_for(client.exchanges[0], settings)


def test_the_spec_is_held_against_it() -> None:
    shown = {
        each["name"]: {"authType": values_that_count(each["dependencies"][0])} for each in SPEC
    }
    assert credentials_of(Settings) == {**credentials_of(ConnectionSettings), **shown}
