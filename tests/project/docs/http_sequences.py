"""Reads the request sequences of docs/pagination: settings, selector, requests and answers.

A page shows them in fenced blocks: `yaml settings` and `yaml selector` hold for the
`http-sequence` blocks that follow them in the same `##` section.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

BASE_URL = "https://api.example.com"

_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^## ", re.MULTILINE)
_HEADER = re.compile(r"^([A-Za-z][A-Za-z0-9-]*): (.*)$")
_OUTCOME = re.compile(r"^(\d+) items, ended by (.+)$")


@dataclass(frozen=True)
class Exchange:
    """A request and its answer; `sent` is the request's body, where the page shows one."""

    method: str
    url: httpx.URL
    status: int
    headers: Mapping[str, str]
    body: Any
    sent: Any = None

    @property
    def asked(self) -> tuple[str, str, list[tuple[str, str]]]:
        """What identifies the request; the order of query parameters says nothing."""
        return identity(self.method, self.url)


@dataclass(frozen=True)
class Sequence:
    """One block: what is configured, what is asked and answered, and what comes of it.

    `items` and `reason` are those of a reading that ends well, `error` is what the error says.
    """

    name: str
    settings: Mapping[str, Any]
    selector: Mapping[str, Any]
    exchanges: tuple[Exchange, ...]
    items: int = 0
    reason: str = ""
    error: str = ""


@dataclass
class _Block:
    """Lines of a block, split by their first character."""

    exchanges: list[Exchange] = field(default_factory=list)
    outcome: str = ""


def identity(method: str, url: httpx.URL) -> tuple[str, str, list[tuple[str, str]]]:
    """Equal for requests that ask for the same thing."""
    return method, str(url.copy_with(query=None)), sorted(url.params.multi_items())


def read_page(page: Path) -> list[Sequence]:
    """All sequences of a page, in order.

    Raises:
        ValueError: a block does not follow the notation.
    """
    return [
        sequence
        for section in _SECTION.split(page.read_text("utf-8"))
        for sequence in _read_section(section, page.stem)
    ]


def _read_section(section: str, page: str) -> Iterator[Sequence]:
    title = section.partition("\n")[0].lstrip("# ")
    context: dict[str, Any] = {"settings": {}, "selector": {}}
    count = 0
    for info, text in _FENCE.findall(section):
        language, _, role = info.strip().partition(" ")
        if language == "yaml" and role in context:
            context[role] = yaml.safe_load(text)
        elif language == "http-sequence":
            count += 1
            yield _read_sequence(f"{page}: {title} {count}", text, **context)


def _read_sequence(
    name: str, text: str, settings: Mapping[str, Any], selector: Mapping[str, Any]
) -> Sequence:
    *lines, last = text.strip().splitlines()
    exchanges = tuple(_read_exchanges(lines, name))
    if last.startswith("! "):
        return Sequence(name, settings, selector, exchanges, error=last[2:])
    outcome = _OUTCOME.match(last.removeprefix("= "))
    if not outcome:
        raise ValueError(f"{name}: the last line must be an outcome, not {last!r}")
    items, reason = outcome.groups()
    return Sequence(name, settings, selector, exchanges, items=int(items), reason=reason)


def _read_exchanges(lines: list[str], name: str) -> Iterator[Exchange]:
    answer: list[str] = []
    request, sent = "", ""
    for line in [*lines, ">"]:
        if line.startswith("> {") and request and not answer:
            sent += line[1:].strip()
        elif line.startswith(">"):
            if request:
                yield _exchange(request, sent, answer)
            request, sent, answer = line[1:].strip(), "", []
        elif line.startswith("<") and request:
            answer.append(line[1:].strip())
        else:
            raise ValueError(f"{name}: neither a request nor an answer: {line!r}")


def _exchange(request: str, sent: str, answer: list[str]) -> Exchange:
    method, target = request.split(" ", 1)
    status, *rest = answer
    headers = {}
    while rest and (header := _HEADER.match(rest[0])):
        headers[header[1]] = header[2]
        rest.pop(0)
    url = httpx.URL(target if target.startswith("https:") else f"{BASE_URL}{target}")
    body = json.loads("".join(rest)) if rest else None
    return Exchange(method, url, int(status), headers, body, json.loads(sent) if sent else None)
