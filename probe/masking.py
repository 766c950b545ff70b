"""Takes secrets out of what is saved, so that equal secrets stay equal and different ones differ.

A page token is hidden like any token, and yet the next page can be told from the one before.
"""

import re
from typing import Any

from redaction import TELLING, Redactor

_TELLING_KEY = re.compile(rf"{TELLING}|session|^(sig|key|code|auth|pat)$", re.IGNORECASE)
_QUERY_VALUE = re.compile(r"([?&;])([^=&#?\s\"<>]+)=([^&#\s\"<>]*)")
# The parts of a mapping that are sent as they are.
_SENT = frozenset({"headers", "query_params", "queryParams", "body"})
# What stands for a value that is not in the mapping, as in `Bearer ${TOKEN}`.
_REFERENCE = re.compile(r"(\w+ )?\$?\{[\w-]+\}")
# Shorter ones may be part of any word.
_SHORTEST = 8


class Masker:
    """Masks known secrets, and values under names that tell of one, as `***1`, `***2`, …"""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._numbers: dict[str, int] = {}

    def value(self, value: Any, name: str = "") -> Any:
        """Return a JSON value without secrets; `name` is the key that holds it."""
        if isinstance(value, dict):
            return {key: self.value(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner, name) for inner in value]
        if isinstance(value, str):
            return self._hidden(value) if is_telling(name) and value else self.text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            masked = self._redactor.text(str(value))
            return value if masked == str(value) else masked
        return value

    def mapping(self, value: Any, name: str = "") -> Any:
        """Return a mapping without secrets: only what is sent can be one, JQ and options stay."""
        if name in _SENT:
            return self._sent(value)
        if isinstance(value, dict):
            return {key: self.mapping(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.mapping(inner) for inner in value]
        return self.text(value) if isinstance(value, str) else value

    def _sent(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._sent(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._sent(inner, name) for inner in value]
        is_reference = isinstance(value, str) and _REFERENCE.fullmatch(value)
        return value if is_reference else self.value(value, name)

    def text(self, text: str) -> str:
        """Return a text, perhaps an address, without secrets."""
        masked = self._redactor.text(_QUERY_VALUE.sub(self._query_value, text))
        # A page token of an answer is part of the next request, under whatever name.
        for secret, number in self._numbers.items():
            if len(secret) >= _SHORTEST and secret in masked:
                masked = masked.replace(secret, f"***{number}")
        return masked

    def _query_value(self, match: re.Match[str]) -> str:
        mark, name, value = match.groups()
        hidden = self._hidden(value) if value and is_telling(name) else value
        return f"{mark}{name}={hidden}"

    def _hidden(self, secret: str) -> str:
        if secret.startswith("***"):
            return secret
        number = self._numbers.setdefault(secret, len(self._numbers) + 1)
        return f"***{number}"


def is_telling(name: str) -> bool:
    """Tell whether a name tells that its value is a secret."""
    return bool(_TELLING_KEY.search(name))
