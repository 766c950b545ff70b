"""Keeps secrets out of whatever is about to be said: logs, errors, excerpts of bodies."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import chain, islice
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
from port_ocean.log.sensetive import sensitive_log_filter

from disguises import SHORTEST, Disguises, Span

MASK = "***"
_BODY_EXCERPT = 300
_LOOKED_AT = 64 * 1024
# Characters; a link may have 65,536.
_MOST_OF_URL = 2000
# Short values ("1", "true", "GET") are no secrets, and masking them would garble every message.
SHORTEST_SECRET = SHORTEST
# Texts that one login teaches, and characters of those that nothing uses: each takes time in every
# message.
MOST_LEARNT, _MOST_TELLING = 100, 8192
# Keys above a text that may tell that it is secret.
_KEYS_LOOKED_AT = 3
# How many renewed credentials stay masked: those in use, and those that late messages may show.
_GENERATIONS = 4
# How many are still known for credentials where a link repeats one; a token may be signed for one
# request only, of which many are in flight.
_HELD = 64
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
    rf"{TELLING}|auth|session|cookie|^sig$|(^|[-_])(key|code|pat)$", re.IGNORECASE
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


class Redactor:
    """Masks known secrets, JSON Web Tokens, and values whose name tells that they are a secret.

    Secrets are also registered with Ocean's log filter, which covers log messages; this class
    covers what that one does not see: exceptions, tracebacks, log context and excerpts of bodies.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._renewed: dict[str, deque[frozenset[str]]] = {}
        self._held: dict[str, deque[tuple[str, ...]]] = {}
        self._lasting = Disguises(())
        self._known: tuple[Disguises, ...] = ()
        self._hidden: Set[str] = frozenset()
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """Mask these from now on, also as they look in URLs, JSON, HTML and Basic credentials."""
        self._secrets = self._secrets.union(secrets)
        self._lasting = Disguises(self._secrets)
        self._mask_known()

    def learn_renewed(
        self, used: Any, answer: Any = None, *, goes_on: bool = False, of: str = "login"
    ) -> None:
        """Mask what replaces earlier credentials: texts in `used`, and telling ones of `answer`.

        Inputs: JSON values; `answer` is the whole answer of a login, of which what stands under
        names such as `id_token` counts. At most `MOST_LEARNT` texts are learnt. Of each thing that
        is renewed, which `of` names, only the last few are remembered: an instance that runs for
        months has many logins, and a header may come with every answer. What `goes_on` belongs to
        the one before.
        """
        found = islice(chain(leaves(used), _telling_leaves(answer)), MOST_LEARNT)
        kept = self._renewed.setdefault(of, deque(maxlen=_GENERATIONS))
        before = kept.pop() if goes_on and kept else frozenset()
        kept.append(before.union(found))
        self.hold(used, of=of)
        self._mask_known()

    def hold(self, used: Any, *, of: str = "login") -> None:
        """Know for credentials what `used` has under telling names; all of it, where none tells.

        A tenant's name beside a token is none. Of a list, each element is judged for itself. `of`
        names what is renewed, as above.
        """
        parts = used if isinstance(used, list) else [used]
        found = [text for part in parts for text in [*telling(part)] or [*leaves(part)]]
        self._held.setdefault(of, deque(maxlen=_HELD)).append(tuple(found[:MOST_LEARNT]))

    @property
    def held(self) -> frozenset[str]:
        """The credentials that were obtained or signed lately."""
        kept = chain.from_iterable(self._held.values())
        return frozenset(chain.from_iterable(kept))

    def _mask_known(self) -> None:
        renewed = Disguises(frozenset().union(*chain.from_iterable(self._renewed.values())))
        self._known = (self._lasting, renewed)
        # Ocean looks for texts as they are.
        hidden = self._lasting.spellings | renewed.spellings
        unmask({re.escape(spelling) for spelling in self._hidden - hidden})
        sensitive_log_filter.hide_sensitive_strings(*hidden - self._hidden)
        self._hidden = hidden

    def text(self, text: str) -> str:
        """Return the text with every known secret masked."""
        data = text.encode("utf-8", "surrogatepass")
        found = sorted(span for known in self._known for span in known.spans(data))
        shown = _without(found, data).decode("utf-8", "surrogatepass") if found else text
        return _without_tokens(shown)

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


def telling(value: Any) -> Iterator[str]:
    """Yield the texts of a JSON value under names of credentials: `Authorization`, `password`."""
    for names, leaf in _named_leaves(value):
        if names[-1].lower() not in _HARMLESS and _TELLING_PARAMETER.search(names[-1]):
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


def _without(spans: Iterable[Span], data: bytes) -> bytes:
    """Return the text with a mask in place of each span; spans are sorted, and may overlap."""
    parts: list[bytes] = []
    position = 0
    for begin, end in spans:
        if begin >= position:
            parts += [data[position:begin], MASK.encode()]
        position = max(position, end)
    return b"".join([*parts, data[position:]])


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
