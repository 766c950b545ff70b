"""Names: words of keys and paths, singular and plural, identifiers for Port."""

import re

from cli.init.detect.plurals import singular

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_]+")


def words_of(name: str) -> list[str]:
    """Return the words of a key, the last one singular: `userGroups` gives user, group."""
    words = [word.lower() for word in _WORD.findall(name)]
    return [*words[:-1], singular(words[-1])] if words else []


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
    return camel(words_of(re.sub(r"\.(json|xml)$", "", last_segment(endpoint)))) or "item"


def last_segment(endpoint: str) -> str:
    """Return the last segment of a path that is no placeholder; empty where there is none."""
    return next(reversed(segments_of(endpoint)), "")


def segments_of(endpoint: str) -> list[str]:
    """Return the segments of a path that are no placeholders."""
    path = endpoint.partition("?")[0]
    return [part for part in path.split("/") if part and not part.startswith("{")]
