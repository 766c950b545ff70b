"""The file of `preview --save`, for bug reports, and a client that answers from it.

{"format": "ocean-custom recording", "version": 1,
 "settings": {"baseUrl": "https://api.example.com", "paginationType": "cursor"},
 "mapping": {"resources": […]},
 "exchanges": [{"method": "GET", "url": "https://api.example.com/users?limit=100",
                "sent": {…}, "body": null, "status": 200, "headers": {…}, "json": {…}}]}

`sent` are the headers that the mapping asks for.
"""

import asyncio
import json
import os
import re
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic.alias_generators import to_camel, to_snake

from api_messages import ApiRequest, ApiResponse
from cli.contents import from_saved, to_save
from cli.inputs import secret_names
from cli.private_texts import write_private
from errors import ConfigurationError, RequestError, StatusError
from escapes import in_json
from probe.masking import Masker, is_telling
from probe.recording import RecordedExchange, RecordingClient
from redaction import MASK
from settings.connection import ConnectionSettings

FORMAT = "ocean-custom recording"
VERSION = 1
# Of an answer; pagination, on_error and export may look at any other.
_DROPPED_HEADERS = frozenset(
    {"set-cookie", "content-encoding", "content-length", "transfer-encoding", "connection", "date"}
)
_NOT_SAVED = {"authType", "username", "allowedHosts"}
# How settings end that name files and folders.
_OF_FILES = ("file", "directory")
_SHOWN = 5
_TIME_FOR_LIMITS = 0.05

type Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """A saved preview: settings by their names in the spec, the mapping, and what was exchanged."""

    settings: Mapping[str, Any]
    mapping: Any
    exchanges: list[Mapping[str, Any]]


def save(path: Path, settings: ConnectionSettings, mapping: Any, client: RecordingClient) -> None:
    """Write what a client exchanged as a recording, readable by its owner only.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    masker = Masker(client.redactor)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "settings": masker.value(_settings_to_save(settings)),
        "mapping": masker.mapping(mapping),
        "exchanges": [_exchange_to_save(exchange, masker) for exchange in client.exchanges],
    }
    text = in_json(json.dumps(content, indent=1, ensure_ascii=False))
    try:
        write_private(path, f"{text}\n")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None


def load(path: Path) -> Recording:
    """Read a recording.

    Raises:
        ConfigurationError: it cannot be read, or is no recording of this version.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigurationError(f"{path} is no JSON") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ConfigurationError(f"{path} is no recording; `preview --save` writes one")
    if content.get("version") != VERSION:
        raise ConfigurationError(
            f"{path} has version {content.get('version')}, and only {VERSION} can be read"
        )
    settings, exchanges = content.get("settings"), content.get("exchanges")
    if not isinstance(settings, dict) or not isinstance(exchanges, list):
        raise ConfigurationError(f"{path} is damaged: it lacks settings or exchanges")
    return Recording(_harmless(settings), content.get("mapping"), exchanges)


def _harmless(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a recording without what none has: secrets, and files of this machine.

    It may come from anyone, and its reader's own files are none of its business.
    """
    refused = secret_names() | _NOT_SAVED
    return {
        name: value
        for name, value in settings.items()
        if to_camel(to_snake(name)) not in refused and not name.lower().endswith(_OF_FILES)
    }


def stand_in_for_variables(recording: Recording) -> None:
    """Give exposed variables that this environment lacks the mask that requests were saved with."""
    for name in recording.settings.get("exposedVariables") or ():
        os.environ.setdefault(name, MASK)


class ReplayClient(RecordingClient):
    """Answers each request as the recording has it, without any network."""

    waits = False

    def __init__(self, settings: ConnectionSettings, recording: Recording) -> None:
        super().__init__(settings)
        self._answers: dict[Key, deque[Mapping[str, Any]]] = defaultdict(deque)
        self._asked = [f"{item['method']} {item['url']}" for item in recording.exchanges]
        for exchange in recording.exchanges:
            key = _key(exchange["method"], exchange["url"], exchange["body"])
            self._answers[(*key, _headers_key(exchange.get("sent", {})))].append(exchange)
            # For another mapping, and for what holds a secret, which the recording does not.
            self._answers[key].append(exchange)
            self._answers[_without_secrets(key)].append(exchange)

    async def _ask(self, request: ApiRequest) -> ApiResponse:
        saved = self._find(request)
        if saved is None:
            # It may have been on its way when a limit ended the reading; so may it be now.
            await asyncio.sleep(_TIME_FOR_LIMITS)
            known = "; ".join(self._asked[:_SHOWN]) or "nothing"
            raise RequestError(
                "the recording has no answer for this request",
                endpoint=self.describe(request),
                advice=f"it has {known}",
            )
        return self._answer_from(saved, request)

    def _find(self, request: ApiRequest) -> Mapping[str, Any] | None:
        hidden = self.redactor.text
        body = json.loads(hidden(json.dumps(request.body, default=str)))
        key = _key(request.method, hidden(str(request.url)), body)
        sent = {name: hidden(text) for name, text in request.headers.items()}
        keys = ((*key, _headers_key(sent)), key, _without_secrets(key))
        found = next((self._answers[each] for each in keys if each in self._answers), None)
        if not found:
            return None
        return found.popleft() if len(found) > 1 else found[0]

    def _answer_from(self, saved: Mapping[str, Any], request: ApiRequest) -> ApiResponse:
        status = saved["status"]
        if status is None:
            raise RequestError(saved["error"], endpoint=self.describe(request))
        headers = httpx.Headers(saved["headers"])
        answer = ApiResponse(request.url, status, headers, from_saved(saved))
        if httpx.codes.is_success(status):
            return answer
        raise StatusError(
            status,
            f"the API answered {status}",
            said=self.redactor.excerpt(answer.content),
            endpoint=self.describe(request),
            answer=answer,
        )


def _settings_to_save(settings: ConnectionSettings) -> dict[str, Any]:
    hidden = secret_names() | _NOT_SAVED
    given = settings.model_dump(mode="json", exclude_unset=True)
    given |= given.pop("paging", {})
    named = {to_camel(name): value for name, value in given.items()}
    return {name: value for name, value in named.items() if name not in hidden}


def _exchange_to_save(exchange: RecordedExchange, masker: Masker) -> dict[str, Any]:
    saved = {
        "method": exchange.method,
        "url": masker.text(str(exchange.request.url)),
        "sent": {name: masker.value(text, name) for name, text in exchange.request.headers.items()},
        "body": masker.value(exchange.request.body),
        "status": exchange.status,
    }
    if exchange.response is None:
        return {**saved, "error": exchange.error.reason if exchange.error else ""}
    headers = exchange.response.headers
    kept = {
        name: masker.value(text, name)
        for name, text in headers.items()
        if name not in _DROPPED_HEADERS
    }
    return {**saved, "headers": kept, **to_save(exchange.content, masker)}


def _key(method: str, url: str, body: Any) -> Key:
    # A mask that stands for a variable is encoded in a query.
    address = str(httpx.URL(url)).replace("%2A", "*")
    return method, address, json.dumps(body, sort_keys=True, default=str)


def _headers_key(headers: Mapping[str, str]) -> str:
    return json.dumps({name.lower(): text for name, text in headers.items()}, sort_keys=True)


def _without_secrets(key: Key) -> Key:
    method, address, body = key
    url = httpx.URL(address)
    for name in list(url.params):
        if is_telling(name):
            url = url.copy_remove_param(name)
    return method, f"~{url}", re.sub(r"\*\*\*\d+", "***", body)
