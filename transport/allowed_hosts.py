"""Requests to hosts in `allowedHosts`, which get no credentials."""

import json
from dataclasses import replace
from urllib.parse import unquote_plus

import httpx

from api_messages import ApiRequest
from errors import RefusedOriginError
from redaction import SHORTEST_SECRET, Redactor
from settings.connection import ConnectionSettings

_HEADERS = frozenset({"accept", "content-type"})


class AllowedHostRule:
    """The rule for requests to allowed hosts: what is a credential is taken out.

    Links and redirects may lead there with what the API was asked with: the key in the query, or a
    body with variables filled in. `redactor` knows what is a credential.
    """

    def __init__(self, settings: ConnectionSettings, redactor: Redactor) -> None:
        self._parameters = settings.query_credentials
        self._secrets = frozenset(
            secret for secret in settings.secrets if len(secret) >= SHORTEST_SECRET
        )
        self._exposed = {
            name: value for name, value in settings.exposed.items() if len(value) >= SHORTEST_SECRET
        }
        self._redactor = redactor

    def without_credentials(self, request: ApiRequest) -> ApiRequest:
        """Return the request without them; of its headers, Accept and Content-Type stay.

        Raises:
            RefusedOriginError: it holds the value of an exposed variable, without which it would
                ask for something else; names the variable.
        """
        url = self._reduced(request.url)
        for name, value in self._exposed.items():
            if _is_in_query(value, url) or _is_in_body(value, request.body):
                raise RefusedOriginError(
                    f"refused to send the value of {name} to {url.host}",
                    advice="variables in exposedVariables are for the API of baseUrl only; what is "
                    "no secret may stand in the mapping itself",
                )
        headers = {
            name: value for name, value in request.headers.items() if name.lower() in _HEADERS
        }
        return replace(request.with_url(url), headers=headers)

    def _reduced(self, url: httpx.URL) -> httpx.URL:
        """Return the address without credentials, else to the letter, as it may be signed."""
        pairs = url.query.split(b"&")
        kept = [pair for pair in pairs if not self._is_credential(pair)]
        return url if len(kept) == len(pairs) else url.copy_with(query=b"&".join(kept) or None)

    def _is_credential(self, pair: bytes) -> bool:
        name, _, value = (unquote_plus(part) for part in pair.decode("ascii").partition("="))
        is_ours = name in self._parameters and self._redactor.text(value) != value
        return is_ours or value in self._secrets


def _is_in_query(value: str, url: httpx.URL) -> bool:
    """Return whether a parameter has this value, perhaps behind a word such as Bearer."""
    texts = (text for _, text in url.params.multi_items())
    return any(value in (text, text.rpartition(" ")[2]) for text in texts)


def _is_in_body(value: str, body: object) -> bool:
    told = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)
    quoted = json.dumps(value, ensure_ascii=False)[1:-1]
    return value in told or quoted in told
