"""Keeps secrets out of whatever is about to be said: logs, errors, excerpts of bodies."""

import base64
import html
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cache
from itertools import chain, islice
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus

import httpx
from port_ocean.log.sensetive import sensitive_log_filter

MASK = "***"
_BODY_EXCERPT = 300
_LOOKED_AT = 64 * 1024
# Characters; a link may have 65,536.
_MOST_OF_URL = 2000
# Short values ("1", "true", "GET") are no secrets, and masking them would garble every message.
SHORTEST_SECRET = 4
# Texts that one login teaches, and characters of those that nothing uses: each takes time in every
# message.
MOST_LEARNT, _MOST_TELLING = 100, 8192
# Keys above a text that may tell that it is secret.
_KEYS_LOOKED_AT = 3
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
_TELLING_NAME = re.compile(TELLING, re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# JSON Web Tokens: some are signed for one request only, too many to remember. They are looked for
# in words, each of which is looked at once: a search in the whole text would begin at every start.
_WORD = re.compile(r"[\w.-]++")
_JWT_SIGN = "eyJ"
_JWT_START = re.compile(rf"\b{_JWT_SIGN}[\w-]{{5}}")

# `code` and `key` name ordinary things in error bodies, so this list is shorter than a URL's. From
# each quote, it looks to the next one: what was matched once is not given back.
_NAMED_IN_BODY = re.compile(
    rf'("(?=[^"]*(?:{TELLING}|cookie))[^"]*+"\s*+:\s*+)"(?:[^"\\]|\\.)*+"?', re.IGNORECASE
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

    def learn_renewed(self, used: Any, answer: Any = None) -> None:
        """Mask what replaces earlier credentials: texts in `used`, and telling ones of `answer`.

        Inputs: JSON values; `answer` is the whole answer of a login, of which what stands under
        names such as `id_token` counts. At most `MOST_LEARNT` texts are learnt. Only the last few
        logins are remembered: an instance that runs for months has many.
        """
        found = islice(chain(leaves(used), _telling_leaves(answer)), MOST_LEARNT)
        self._renewed.append(frozenset().union(*map(_forms_of, found)))
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
        return _without_tokens(_without(sorted(found), text))

    def url(self, url: httpx.URL | str) -> str:
        """Return the URL without user information, secrets, and values of parameters like `token`.

        It is for people: values are decoded, but for control characters.
        """
        parsed = httpx.URL(url)
        plain = self._address(parsed)
        # As many as may be shown; httpx takes long for thousands.
        query = "&".join(parsed.query.decode("ascii").split("&", _MOST_OF_URL)[:_MOST_OF_URL])
        pairs = [
            f"{name}={MASK if _TELLING_PARAMETER.search(name) else value}"
            for name, value in parse_qsl(query, keep_blank_values=True)
        ]
        shown = self.text(f"{plain}?{'&'.join(pairs)}" if pairs else plain)
        # A value with a line break must not look like lines of the log.
        return _cut(_CONTROL.sub(lambda match: quote(match[0]), shown), _MOST_OF_URL)

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
        return _cut(shown, _BODY_EXCERPT)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def unmask(patterns: set[str]) -> None:
    # In place, because Ocean's log handlers hold the list.
    masked = sensitive_log_filter.compiled_patterns
    masked[:] = [pattern for pattern in masked if pattern.pattern not in patterns]


def leaves(value: Any, name: str = "") -> Iterator[str]:
    """Yield every string and number inside a JSON value as text, except under harmless names.

    Numbers count: an account number or a PIN may be one. `name` is the key that holds `value`.
    """
    for names, leaf in _named_leaves(value, name):
        if names[-1].lower() not in _HARMLESS:
            yield leaf


def _telling_leaves(answer: Any) -> Iterator[str]:
    """Yield the texts of an answer under names that tell secrets, within bounds.

    Those that have such a name themselves come before those in an object that has.
    """
    own, within = [], []
    for names, leaf in _named_leaves(answer):
        if names[-1].lower() in _HARMLESS:
            continue
        if _TELLING_PARAMETER.search(names[-1]):
            own.append(leaf)
        elif any(map(_TELLING_NAME.search, names)):
            within.append(leaf)
    left = _MOST_TELLING
    for leaf in chain(own, within):
        if len(leaf) <= left:
            left -= len(leaf)
            yield leaf


def _named_leaves(value: Any, name: str = "") -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every string and number as text, with the last few keys that lead there.

    Sample: `{"data": {"token": "x"}}` has `(("data", "token"), "x")`.
    """
    waiting: list[tuple[tuple[str, ...], Any]] = [((name,), value)]
    while waiting:
        names, current = waiting.pop()
        if isinstance(current, Mapping):
            inner = ((*names[-_KEYS_LOOKED_AT:], str(key)) for key in current)
            waiting += reversed(list(zip(inner, current.values(), strict=True)))
        elif isinstance(current, list | tuple):
            waiting += ((names, item) for item in reversed(current))
        elif current is not None and not isinstance(current, bool):
            yield names, str(current)


def _without(spans: Iterable[tuple[int, int]], text: str) -> str:
    """Return the text with a mask in place of each span; spans are sorted, and may overlap."""
    parts: list[str] = []
    position = 0
    for begin, end in spans:
        if begin >= position:
            parts += [text[position:begin], MASK]
        position = max(position, end)
    return "".join([*parts, text[position:]])


def _without_tokens(text: str) -> str:
    """Return the text with a mask in place of each JSON Web Token."""
    if _JWT_SIGN not in text:
        return text
    return _WORD.sub(lambda word: _without_token(word[0]), text)


def _without_token(word: str) -> str:
    """Return a word such as `a.eyJhbGciOi.eyJzdWIi.c2ln.b` as `a.***.b`."""
    if _JWT_SIGN not in word:
        return word
    parts = word.split(".")
    shown = []
    at = 0
    while at < len(parts):
        start = _JWT_START.search(parts[at])
        # Header and payload; the signature may be empty.
        is_token = start and at + 2 < len(parts) and parts[at + 1]
        shown.append(f"{parts[at][: start.start()]}{MASK}" if start and is_token else parts[at])
        at += 3 if is_token else 1
    return ".".join(shown)


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
