"""Paths of endpoints: their placeholders, and the lists that may give the values of these.

Paths are compared by their segments; whether they end in a slash or in `.json` tells nothing.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from cli.init.detect.naming import last_segment, segments_of, without_suffix, words_of

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_ENDING = re.compile(r"(/|\.[A-Za-z]+)$")
# What placeholders are called after the thing that they name: `team_id`, `repoSlug`.
_ID_WORDS = frozenset({"id", "key", "slug", "uuid", "guid", "name", "sid", "gid", "uid", "number"})
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Group:
    """Placeholders that follow each other in a path, whose values one list gives together.

    Sample: of `/repos/{owner}/{repo}/issues`, `owner` and `repo`; `front` is `/repos`.
    """

    names: tuple[str, ...]
    front: str
    ending: str = ""

    @property
    def name(self) -> str:
        """The last of the names, which the list is about."""
        return self.names[-1]

    @property
    def words(self) -> list[str]:
        """The words of the thing that the last placeholder names: `team_id` gives team."""
        return thing_of(self.name)

    def guesses(self) -> list[str]:
        """Return where a list of values may be, as APIs spell it: in front, then its plural."""
        if not self.front:
            return []
        plain = [f"{self.front}{self.ending}", self.front, f"{self.front}/"]
        is_singular = words_of(last_segment(self.front)) == [last_segment(self.front).lower()]
        is_named = names_same(self.words, words_of(last_segment(self.front)))
        plural = [f"{self.front}s{self.ending}"] if is_singular and is_named else []
        return list(dict.fromkeys([*plain, *plural]))


def last_group(path: str) -> Group | None:
    """Return the last placeholders of a path; None where it has none."""
    segments = path.partition("?")[0].split("/")
    ends = [index for index, segment in enumerate(segments) if _PLACEHOLDER.search(segment)]
    if not ends:
        return None
    start = end = ends[-1]
    while start - 1 in ends:
        start -= 1
    names = [name for one in segments[start : end + 1] for name in _PLACEHOLDER.findall(one)]
    return Group(tuple(names), "/".join(segments[:start]), ending_of(path))


def ending_of(path: str) -> str:
    """Return what ends a path without telling anything: a slash, or a suffix such as `.json`."""
    found = _ENDING.search(path.partition("?")[0])
    return found[1] if found else ""


@lru_cache(maxsize=20_000)
def skeleton(path: str) -> tuple[str, ...]:
    """Return a path by its segments: equal for equal endpoints, whatever placeholders are called.

    Sample: `/orgs/{org}/repos.json` and `/orgs/{name}/repos/` both give `("orgs", "{}", "repos")`.
    """
    segments = path.partition("?")[0].strip("/").split("/")
    plain = [_PLACEHOLDER.sub("{}", segment) for segment in segments]
    return (*plain[:-1], without_suffix(plain[-1]))


def fits(path: str, template: str) -> bool:
    """Return whether a path may be a template with values.

    Sample: `/orgs/acme/repos` fits `/orgs/{org}/repos`.
    """
    own, other = skeleton(path), skeleton(template)
    pairs = zip(own, other, strict=False)
    return len(own) == len(other) and all(a == b or b == "{}" for a, b in pairs)


def thing_of(placeholder: str) -> list[str]:
    """Return the words of the thing that a placeholder names, without those that say how."""
    words = [word for word in words_of(placeholder) if word != "or"]
    while len(words) > 1 and words[-1] in _ID_WORDS:
        words.pop()
    return [] if words and words[-1] in _ID_WORDS else words


def how_named(placeholder: str) -> str:
    """Return the word that says how a placeholder names a thing: `slug` of `team_slug`."""
    words = words_of(placeholder)
    return words[-1] if words and words[-1] in _ID_WORDS else ""


def lists_of(group: Group, known: Iterable[str], chosen: Collection[str] = ()) -> Iterator[str]:
    """Yield the paths of lists that may give the values of placeholders, the likeliest first.

    Inputs: `known`, paths of which it is known that they list something; `chosen`, those of them
    that the user wants, which come first.
    """
    listed = list(known)
    in_front = [path for path in listed if group.front and skeleton(path) == skeleton(group.front)]
    named = [path for path in listed if names_same(group.words, words_of(last_segment(path)))]
    named.sort(key=lambda path: (path not in chosen, path.count("{"), len(segments_of(path))))
    is_front_named = names_same(group.words, words_of(last_segment(group.front)))
    ordered = [*in_front, *named] if is_front_named or not group.words else [*named, *in_front]
    yield from dict.fromkeys(ordered)


def names_same(words: list[str], others: list[str]) -> bool:
    """Return whether words name the same thing, one perhaps in short: `org`, `organization`."""
    if not words or not others:
        return False
    if words == others or words == others[-len(words) :]:
        return True
    short, long = sorted((words[-1], others[-1]), key=len)
    return len(words) == 1 and len(short) >= _SHORTEST and long.startswith(short)


def renamed(path: str, like: str) -> str:
    """Return a path with the placeholders of another one of the same skeleton."""
    names = iter(_PLACEHOLDER.findall(like))
    return _PLACEHOLDER.sub(lambda match: f"{{{next(names, match[1])}}}", path)
