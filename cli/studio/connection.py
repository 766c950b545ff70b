"""The connection of a studio: settings as given and as typed, the steps to the API, the client.

What is typed is held in memory. Secrets never go back to the page, and no secret goes to a host
that it was not given for.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import urlsplit

from pydantic.alias_generators import to_camel, to_snake

from cli.inputs import GivenSettings, secret_names, spec_settings
from cli.saved import ReplayClient
from cli.studio.jobs import Tell
from cli.studio.memory import RememberingClient
from cli.studio.start import Start
from errors import ConfigurationError
from probe.connection import reach
from probe.recording import RecordingClient
from probe.resource_reading import impatient
from redaction import Redactor, leaves
from settings.connection import ConnectionSettings

# Where credentials, or what is sent with them, may go.
_PLACES = ("base_url", "token_url", "proxy")
# While endpoints are looked at, detection decides what is asked next.
_NO_PAGING = {"pagination_type": "none"}
# What the page offers beside credentials.
_MORE = (
    *("verifySsl", "caCertificate", "proxy", "customHeaders", "allowedHosts", "timeout"),
    *("maxConcurrentRequests", "maxRequestsPerSecond", "strict"),
)
_AUTH = "authType"


class Connection:
    """The settings that reach the API, and the client that asks it."""

    def __init__(self, start: Start) -> None:
        self._given = start.given
        self._recording = start.recording
        self._typed: dict[str, Any] = {}
        # Also what is refused as a setting, and what was given before.
        self._secrets = Redactor()
        self._learn(start.given.values)
        self._places = _places_in(start.given.values)
        self.client: RecordingClient | None = None
        self.settings: ConnectionSettings | None = None
        self.steps: list[dict[str, Any]] = []

    @property
    def values(self) -> dict[str, Any]:
        """The settings by snake_case name; what was typed wins."""
        return {**self._given.values, **self._typed}

    @property
    def given(self) -> GivenSettings:
        """The same with the places where they were given."""
        places = {n: p for n, p in self._given.places.items() if n not in self._typed}
        return GivenSettings(self.values, places)

    @property
    def is_replayed(self) -> bool:
        """True where a recording answers."""
        return self._recording is not None

    @property
    def asks(self) -> RecordingClient:
        """The client.

        Raises:
            ConfigurationError: there is no connection yet.
        """
        if self.client is None:
            raise ConfigurationError("there is no connection yet: give baseUrl first")
        return self.client

    def text(self, text: str) -> str:
        """Return a text without the secrets that were ever given."""
        known = self._secrets.text(text)
        return self.client.redactor.text(known) if self.client else known

    def shown(self) -> dict[str, Any]:
        """Return what the page may know: plain values, and which secrets there are."""
        hidden = secret_names()
        named = {to_camel(name): value for name, value in self.values.items() if value != ""}
        plain = {name: value for name, value in named.items() if name not in hidden}
        return {
            "values": plain,
            "secrets": sorted(named.keys() & hidden),
            "baseUrl": self.settings.base_url if self.settings else "",
            "connected": self.client is not None,
            "steps": self.steps,
            "replay": self.is_replayed,
        }

    async def connect(self, typed: Mapping[str, Any], tell: Tell) -> bool:
        """Take settings, and reach the API with them; returns whether it can be asked.

        Inputs: `typed` by name of the spec; a secret that is empty stays as it is.

        Raises:
            SettingsError: a setting is wrong.
            ConfigurationError: secrets would go to a host that they were not given for.
        """
        settings = impatient(ConnectionSettings.parse({**self._taken(typed), **_NO_PAGING}))
        await self.close()
        self.settings, self.steps = settings, []
        client = self.client = self._client_for(settings)
        if self._recording is None:
            async with aclosing(reach(settings, client)) as steps:
                async for step in steps:
                    told = {"name": step.name, "ok": step.ok, "detail": step.detail}
                    is_root = {"advice": step.advice, "isOfRoot": step.is_of_root}
                    self.steps.append({**told, **is_root})
                    tell({"step": self.steps[-1]})
        return all(step["ok"] or step["isOfRoot"] for step in self.steps)

    async def close(self) -> None:
        """Close the connections to the API."""
        if self.client:
            await self.client.aclose()
            self.client = None

    def _client_for(self, settings: ConnectionSettings) -> RecordingClient:
        if self._recording:
            return ReplayClient(settings, self._recording)
        return RememberingClient(settings)

    def _taken(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """Take over what was typed, where no secret that is kept would go elsewhere by it."""
        hidden = {to_snake(name) for name in secret_names()}
        new = {to_snake(name): value for name, value in typed.items()}
        self._learn(new)
        kept = [name for name in hidden if self.values.get(name) and not new.get(name)]
        left = {name: value for name, value in new.items() if name not in hidden or value}
        values = {**self.values, **left}
        places = _places_in(values)
        if kept and self._places and not places <= self._places:
            strange = ", ".join(sorted(places - self._places))
            self._forget(kept)
            raise ConfigurationError(
                f"the credentials were given for {', '.join(sorted(self._places))}, and are "
                f"forgotten now: give them again if they are meant for {strange}"
            )
        self._typed.update(left)
        self._places = places
        return {name: value for name, value in self.values.items() if value != ""}

    def _learn(self, values: Mapping[str, Any]) -> None:
        """Keep the secrets among settings from being shown, in whatever form they are given."""
        hidden = [values.get(to_snake(name)) for name in secret_names()]
        self._secrets.learn(*(text for value in hidden if value for text in texts_in(value)))

    def _forget(self, names: list[str]) -> None:
        self._typed.update(dict.fromkeys(names, ""))


def texts_in(value: Any) -> Iterator[str]:
    """Yield the texts of a setting, of an object also where it is written as JSON."""
    if isinstance(value, str):
        yield value
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if isinstance(value, dict | list):
        yield from leaves(value)


def _places_in(values: Mapping[str, Any]) -> frozenset[str]:
    """Return the origins that settings name."""
    return frozenset(filter(None, (_origin(str(values.get(name) or "")) for name in _PLACES)))


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return address
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower() if parts.netloc else ""


def form() -> dict[str, Any]:
    """Return what the page asks for: authTypes with their settings, and some more settings.

    Sample: `{"authTypes": {"bearer_token": [{"name": "apiToken", "sensitive": true, …}]}, …}`.
    """
    by_name = {setting["name"]: setting for setting in spec_settings()}
    types = [kind for kind in by_name[_AUTH]["enum"] if kind != "basic_auth"]
    return {
        "authTypes": {
            kind: [_field(one, kind) for one in by_name.values() if _belongs(one, kind)]
            for kind in types
        },
        "more": [_field(by_name[name]) for name in _MORE if name in by_name],
    }


def _belongs(setting: Mapping[str, Any], kind: str) -> bool:
    return any(_is_for(one, kind) for one in setting.get("dependencies", ()))


def _is_for(dependency: Mapping[str, Any], kind: str) -> bool:
    when = dependency["when"]
    return dependency["on"] == _AUTH and (when.get("equals") == kind or kind in when.get("in", ()))


def _field(setting: Mapping[str, Any], kind: str = "") -> dict[str, Any]:
    needed = (
        one["then"]["required"] for one in setting.get("dependencies", ()) if _is_for(one, kind)
    )
    return {
        "name": setting["name"],
        "type": setting["type"],
        "about": " ".join(str(setting["description"]).split()),
        "sensitive": bool(setting.get("sensitive")),
        "options": setting.get("enum"),
        "default": setting.get("default"),
        "required": any(needed),
    }
