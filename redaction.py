"""Keeps secrets out of whatever is about to be said: logs, errors, excerpts of bodies."""

import base64
import html
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cache
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
from port_ocean.log.sensetive import sensitive_log_filter

MASK = "***"
_BODY_EXCERPT = 300
_LOOKED_AT = 64 * 1024
# Short values ("1", "true", "GET") are no secrets, and masking them would garble every message.
SHORTEST_SECRET = 4
# How many renewed credentials stay masked: those in use, and those that late messages may show.
_GENERATIONS = 4
# Masking what these hold ("client_credentials", "application/json") would only hide causes.
_HARMLESS = frozenset(
    {
        "accept",
        "accept-language",
        "content-type",
        "user-agent",
        "grant_type",
        "scope",
        "response_type",
        "token_type",
        "expires_in",
        "expires",
        "expires_at",
    }
)
# A pattern for parts of names whose values are secret.
TELLING = "token|secret|passw|pwd|api[-_]?key|authorization|credential|signature|jwt"
_TELLING_PARAMETER = re.compile(
    rf"{TELLING}|auth|session|^sig$|(^|[-_])(key|code|pat)$", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Some are signed for one request only, too many to remember.
_JSON_WEB_TOKEN = re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*")

# `code` and `key` name ordinary things in error bodies, so this list is shorter than a URL's.
_NAMED_IN_BODY = re.compile(
    rf'("[^"]*(?:{TELLING}|cookie)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"?', re.IGNORECASE
)


class _Known:
    """Secrets in all their forms, and how to find them."""

    def __init__(self, forms: frozenset[str]) -> None:
        self.forms = forms
        # Longest first: a secret that contains another one must not leave its rest behind.
        ordered = sorted(forms, key=len, reverse=True)
        # However an API escapes them in URLs, HTML and JSON.
        one_of = "|".join("".join(map(_spelt, form)) for form in ordered)
        # Found without being consumed, because the end of one may be the start of another.
        self.pattern = re.compile(f"(?=({one_of}))") if ordered else None
        self.spellings = {spelling for form in forms for spelling in _spellings_of(form)}


class Redactor:
    """Masks known secrets, JSON Web Tokens, and values whose name tells that they are a secret.

    Secrets are also registered with Ocean's log filter, which covers log messages; this class
    covers what that one does not see: exceptions, tracebacks, log context and excerpts of bodies.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lasting = _Known(frozenset())
        self._renewed: deque[frozenset[str]] = deque(maxlen=_GENERATIONS)
        self._patterns: tuple[re.Pattern[str], ...] = ()
        self._hidden: Set[str] = frozenset()
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """Mask these from now on, also as they look in URLs, JSON, HTML and Basic credentials."""
        self._lasting = _Known(self._lasting.forms.union(*map(_forms_of, secrets)))
        self._mask_known()

    def learn_renewed(self, value: Any) -> None:
        """Mask every text in a JSON value that replaces an earlier one, such as a fetched token.

        Only the last few are remembered: an instance that runs for months fetches many.
        """
        self._renewed.append(frozenset().union(*map(_forms_of, leaves(value))))
        self._mask_known()

    def _mask_known(self) -> None:
        # Apart, because a private key among those that last takes long to make a pattern of.
        renewed = _Known(frozenset().union(*self._renewed))
        self._patterns = tuple(filter(None, (self._lasting.pattern, renewed.pattern)))
        # Ocean looks for texts as they are.
        hidden = self._lasting.spellings | renewed.spellings
        unmask({re.escape(spelling) for spelling in self._hidden - hidden})
        sensitive_log_filter.hide_sensitive_strings(*hidden - self._hidden)
        self._hidden = hidden

    def text(self, text: str) -> str:
        """Return the text with every known secret masked."""
        found = (match.span(1) for pattern in self._patterns for match in pattern.finditer(text))
        return _JSON_WEB_TOKEN.sub(MASK, _without(sorted(found), text))

    def url(self, url: httpx.URL | str) -> str:
        """Return the URL without user information, secrets, and values of parameters like `token`.

        It is for people: values are decoded, but for control characters.
        """
        parsed = httpx.URL(url)
        plain = self._address(parsed)
        pairs = [
            f"{name}={MASK if _TELLING_PARAMETER.search(name) else value}"
            for name, value in parsed.params.multi_items()
        ]
        shown = self.text(f"{plain}?{'&'.join(pairs)}" if pairs else plain)
        # A value with a line break must not look like lines of the log.
        return _CONTROL.sub(lambda match: quote(match[0]), shown)

    def _address(self, url: httpx.URL) -> str:
        """Return scheme, host and path, decoded where it holds a secret, so that the mask shows."""
        plain = str(url.copy_with(userinfo=None, query=None, fragment=None))
        masked = self.text(url.path)
        return plain if masked == url.path else f"{url.scheme}://{url.netloc.decode()}{masked}"

    def excerpt(self, content: bytes) -> str:
        """Return the start of a body for an error: at most 300 characters, on one line."""
        # Masked before it is cut, so that no cut leaves the start of a secret behind.
        text = content[:_LOOKED_AT].decode("utf-8", errors="replace")
        named = _NAMED_IN_BODY.sub(rf'\1"{MASK}"', text)
        shown = " ".join(self.text(named).split())
        return shown if len(shown) <= _BODY_EXCERPT else f"{shown[:_BODY_EXCERPT]}…"


def unmask(patterns: set[str]) -> None:
    # In place, because Ocean's log handlers hold the list.
    masked = sensitive_log_filter.compiled_patterns
    masked[:] = [pattern for pattern in masked if pattern.pattern not in patterns]


def leaves(value: Any, name: str = "") -> Iterator[str]:
    """Yield every string and number inside a JSON value as text, except under harmless names.

    Numbers count: an account number or a PIN may be one. `name` is the key that holds `value`.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item, name)
    elif value is not None and not isinstance(value, bool) and name.lower() not in _HARMLESS:
        yield str(value)


def _without(spans: Iterable[tuple[int, int]], text: str) -> str:
    """Return the text with a mask in place of each span; spans are sorted, and may overlap."""
    parts: list[str] = []
    position = 0
    for begin, end in spans:
        if begin >= position:
            parts += [text[position:begin], MASK]
        position = max(position, end)
    return "".join([*parts, text[position:]])


def _forms_of(secret: str) -> set[str]:
    stripped = secret.strip()
    candidates = {
        stripped,
        # "Bearer abc": the part behind the scheme is the secret.
        stripped.rpartition(" ")[2],
    }
    long_enough = {form for form in candidates if len(form) >= SHORTEST_SECRET}
    return long_enough | {base64.b64encode(form.encode()).decode() for form in long_enough}


def _spellings_of(form: str) -> set[str]:
    """Return how a secret is usually spelt in URLs and JSON."""
    return {
        form,
        quote(form, safe=""),
        quote_plus(form),
        quote(form),
        json.dumps(form)[1:-1],
        json.dumps(form)[1:-1].replace("/", "\\/"),
        json.dumps(form, ensure_ascii=False)[1:-1],
    }


@cache
def _spelt(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    plain = {character, f"\\{character}", html.escape(character), json.dumps(character)[1:-1]}
    units = character.encode("utf-16-be")
    coded = {
        "".join(f"%{byte:02x}" for byte in character.encode()),
        "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)),
        f"&#x{ord(character):x};",
        f"&#{ord(character)};",
    }
    if character == " ":
        plain.add("+")
    one_of = "|".join(map(re.escape, sorted(plain, key=len, reverse=True)))
    return f"(?:{one_of}|(?i:{'|'.join(map(re.escape, coded))}))"
