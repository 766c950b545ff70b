"""Names that tell of secrets: what has one is never looked at, so that it can become nothing."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cli.init.detect.naming import last_segment, words_of
from redaction import TELLING

_SECRET = re.compile(
    rf"{TELLING}|passphrase|private[-_]?key|access[-_]?key|bearer|cookie"
    r"|^(sig|auth|pat|otp|session|session[-_]?(id|key))$",
    re.IGNORECASE,
)
# Ordinary words that hold one of these.
_ORDINARY = re.compile(r"secretar(?:y|ies|iat)|tokeni[sz]\w*|passwordless", re.IGNORECASE)
# Words that make a name one of something about a secret: when it ends, how many there are.
_ABOUT_AT_END = frozenset(
    {"at", "count", "limit", "policy", "required", "enabled", "disabled", "expiry", "expires"}
    | {"expired", "type", "status", "used", "usage", "length", "algorithm", "scanning"}
)
_ABOUT_AT_START = frozenset({"has", "is", "max", "min", "total", "num", "requires", "needs"})
# In a list of secrets, these are the secrets.
_WITHIN_SECRETS = frozenset({"__key", "value", "key", "code", "data", "hash", "plaintext", "sid"})
# Whoever has the id of one of these is let in.
_LETS_IN = frozenset({"session", "login", "cookie"})

type Keys = tuple[str, ...]


def names_secret(name: str) -> bool:
    """Return whether a name tells that its value is a secret: `auth_token`, not `token_count`."""
    if not _SECRET.search(_ORDINARY.sub("", name)):
        return False
    words = words_of(name)
    return not words or (words[-1] not in _ABOUT_AT_END and words[0] not in _ABOUT_AT_START)


def names_secret_at(name: str, endpoint: str) -> bool:
    """Return the same for a field of an endpoint's items: `/tokens` has secrets in `value`."""
    return names_secret(name) or (name in _WITHIN_SECRETS and _lists_secrets(endpoint))


def without_secrets(
    items: Sequence[Mapping[str, Any]], endpoint: str, hidden: set[Keys]
) -> list[dict[str, Any]]:
    """Return items without what is named like a secret, at any depth.

    Inputs: `hidden`, to which the keys of what is left out are added.
    Sample: `{"id": 1, "login": {"user": "a", "token": "b"}}` loses `login.token`.
    """
    within = _lists_secrets(endpoint)
    return [_sifted(item, (), hidden, _WITHIN_SECRETS if within else frozenset()) for item in items]


def _lists_secrets(endpoint: str) -> bool:
    name = last_segment(endpoint)
    return names_secret(name) or bool(_LETS_IN.intersection(words_of(name)))


def _sifted(value: Any, keys: Keys, hidden: set[Keys], more: frozenset[str] = frozenset()) -> Any:
    if isinstance(value, list):
        return [_sifted(inner, keys, hidden) for inner in value]
    if not isinstance(value, Mapping):
        return value
    kept = {}
    for key, inner in value.items():
        name = str(key)
        if name in more or names_secret(name):
            hidden.add((*keys, name))
        else:
            kept[key] = _sifted(inner, (*keys, name), hidden)
    return kept
