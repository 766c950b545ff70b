"""Names: words of keys and paths, singular and plural, identifiers for Port."""

import re
from functools import lru_cache

from cli.init.detect.plurals import singular

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_]+")
_SUFFIX = re.compile(r"\.(json|xml|csv|php|do)$", re.IGNORECASE)
# What an endpoint does is no name of what it lists: `/models/search`, `/users.list`, `/getTeams`.
_VERBS = frozenset(
    {"search", "filter", "query", "list", "find", "lookup", "scroll", "all", "get", "fetch"}
    | {"export", "listing", "browse", "select", "read"}
)
# Segments that name the API itself, or a version of it.
_OF_THE_API = re.compile(
    r"api|rest|odata|v\d+(\.\d+)?((a|b|alpha|beta)\d*)?|\d{4}-\d{2}-\d{2}", re.IGNORECASE
)


def names_the_api(segment: str) -> bool:
    """Return whether a segment of a path names the API itself, or a version of it: `v2`."""
    return bool(_OF_THE_API.fullmatch(segment))


def words_of(name: str) -> list[str]:
    """Return the words of a key, the last one singular: `userGroups` gives user, group."""
    return list(_words(name))


# Of large documents, the same names are looked at over and over.
@lru_cache(maxsize=20_000)
def _words(name: str) -> tuple[str, ...]:
    words = [word.lower() for word in _WORD.findall(name)]
    return (*words[:-1], singular(words[-1])) if words else ()


def camel(words: list[str]) -> str:
    """Return camelCase of words: user, group gives `userGroup`."""
    return "".join([words[0], *(word.title() for word in words[1:])]) if words else ""


def title(words: list[str]) -> str:
    """Return a title from words: user, group gives `User group`; id and url in capitals."""
    shown = [word.upper() if word in ("id", "url", "uri", "api", "ip") else word for word in words]
    text = " ".join(shown)
    return text[:1].upper() + text[1:]


def property_name(keys: tuple[str, ...]) -> str:
    """Return a property's identifier from its keys: owner, full_name gives `ownerFullName`."""
    words = [word.lower() for key in keys for word in _WORD.findall(_NOT_ALLOWED.sub("_", key))]
    name = camel(words)
    return name if name and not name[0].isdigit() else f"_{name}"


def property_title(keys: tuple[str, ...]) -> str:
    """Return a property's title: owner, full_name gives `Owner full name`."""
    return title([word.lower() for key in keys for word in _WORD.findall(key)])


def blueprint_name(endpoint: str) -> str:
    """Return a blueprint's identifier: the endpoint `/api/v1/teams/{id}/members` gives `member`."""
    return camel(words_of(last_segment(endpoint))) or "item"


@lru_cache(maxsize=20_000)
def last_segment(endpoint: str) -> str:
    """Return the last segment of a path that names something; empty where there is none.

    Placeholders, verbs and versions name nothing: `/api/v2/models/search` gives `models`, and
    `/users.list` gives `users`.
    """
    names = (noun_of(segment) for segment in reversed(segments_of(endpoint)))
    return next((name for name in names if name), "")


def noun_of(segment: str) -> str:
    """Return what of a segment is no verb and no suffix; empty where nothing is left."""
    name = without_suffix(segment)
    if is_of_the_api(name):
        return ""
    parts = [part for part in re.split(r"[.:]", name) if part.lower() not in _VERBS]
    noun = ".".join(parts)
    words = _WORD.findall(noun)
    if len(words) > 1 and words[0].lower() in _VERBS and noun.startswith(words[0]):
        return noun[len(words[0]) :].lstrip("-_")
    return noun


def is_of_the_api(segment: str) -> bool:
    """Return whether a segment of a path names the API itself, such as `api` or `v2`."""
    return bool(_OF_THE_API.fullmatch(segment))


def without_suffix(segment: str) -> str:
    """Return a segment of a path without what tells the format: `users.json` gives `users`."""
    return _SUFFIX.sub("", segment)


def segments_of(endpoint: str) -> list[str]:
    """Return the segments of a path that are no placeholders."""
    path = endpoint.partition("?")[0]
    return [part for part in path.split("/") if part and not part.startswith("{")]
