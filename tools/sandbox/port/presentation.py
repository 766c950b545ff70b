"""Values as a reader wants to see them: text, links, chips, relative dates."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from tools.sandbox.port.formats import parse_date_time
from tools.sandbox.port.records import EntityRecord, now
from tools.sandbox.port.state import PortState

HUES = (215, 262, 325, 8, 36, 140, 182)
GROUPED_FROM = 10_000
URL_TEXT_LENGTH = 44

# Port's names for the colours of enum values, as hues; greys have none.
ENUM_HUES: Mapping[str, int | None] = {
    "blue": 212,
    "paleBlue": 205,
    "turquoise": 180,
    "green": 145,
    "lime": 95,
    "olive": 75,
    "yellow": 48,
    "gold": 42,
    "orange": 28,
    "bronze": 22,
    "red": 2,
    "pink": 330,
    "purple": 272,
    "darkGray": None,
    "lightGray": None,
    "silver": None,
}


@dataclass(frozen=True)
class Chip:
    text: str
    href: str | None = None
    hue: int | None = None


@dataclass(frozen=True)
class Cell:
    """One value, ready for a template; `kind` chooses how it is drawn.

    Kinds: empty, text, long, number, boolean, link, date, badge, chips, json.
    """

    kind: str
    text: str = ""
    href: str | None = None
    chips: tuple[Chip, ...] = ()
    moment: datetime | None = None
    hue: int | None = None


EMPTY = Cell("empty")


def property_cell(schema: Mapping[str, Any], value: Any) -> Cell:
    """Return a property's value under its definition; a misfit is shown as text."""
    if value is None or value == "" or value == []:
        return EMPTY
    if isinstance(value, bool):
        return Cell("boolean", "Yes" if value else "No")
    if isinstance(value, int | float):
        return Cell("number", number(value))
    if isinstance(value, str):
        return _string_cell(schema, value)
    if isinstance(value, list):
        return _list_cell(schema, value)
    return Cell("json", json.dumps(value, ensure_ascii=False, indent=2))


def relation_cell(state: PortState, target: str, identifiers: list[str]) -> Cell:
    """Return links to the related entities, by title."""
    if not identifiers:
        return EMPTY
    return Cell("chips", chips=tuple(_entity_chip(state, target, item) for item in identifiers))


def _entity_chip(state: PortState, blueprint: str, identifier: str) -> Chip:
    related = state.find_entity(blueprint, identifier)
    if related is None:
        return Chip(identifier)
    return Chip(related.label, href=entity_url(blueprint, identifier), hue=hue(blueprint))


def _string_cell(schema: Mapping[str, Any], value: str) -> Cell:
    name = schema.get("format")
    if name in ("date-time", "timer") and (moment := parse_date_time(value)):
        return Cell("date", value, moment=moment)
    if name in ("email", "user") and "@" in value:
        return Cell("link", value, href=f"mailto:{quote(value, safe='@')}")
    if href := web_address(value):
        return Cell("link", short_url(value), href=href)
    if "enum" in schema:
        return Cell("badge", value, hue=_enum_hue(schema, value))
    return Cell("long" if "\n" in value or len(value) > 90 else "text", value)


def _list_cell(schema: Mapping[str, Any], values: list[Any]) -> Cell:
    items = schema.get("items") or {}
    chips = []
    for value in values:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        chips.append(Chip(text, href=web_address(text), hue=_enum_hue(items, text)))
    return Cell("chips", chips=tuple(chips))


def _enum_hue(schema: Mapping[str, Any], value: str) -> int | None:
    return ENUM_HUES.get(schema.get("enumColors", {}).get(value, ""))


def web_address(value: str) -> str | None:
    """Return the value itself when it is an http(s) address; anything else is never made a link."""
    return value if value.startswith(("http://", "https://")) and " " not in value else None


def short_url(value: str) -> str:
    parts = urlsplit(value)
    text = (parts.netloc + parts.path).rstrip("/")
    return text if len(text) <= URL_TEXT_LENGTH else text[: URL_TEXT_LENGTH - 1] + "…"


def entity_url(blueprint: str, identifier: str) -> str:
    return f"/entities/{quote(blueprint, safe='')}/{quote(identifier, safe='')}"


def blueprint_url(blueprint: str) -> str:
    return f"/blueprints/{quote(blueprint, safe='')}"


def hue(name: str) -> int:
    """Return a colour that always belongs to the same name."""
    return HUES[zlib.crc32(name.encode()) % len(HUES)]


def initials(title: str) -> str:
    words = title.replace("_", " ").replace("-", " ").split()
    if len(words) > 1:
        return (words[0][0] + words[1][0]).upper()
    return title.strip("_")[:2].capitalize()


def number(value: int | float) -> str:
    """Write a number, grouped only from five digits on, so that years and ports stay readable."""
    if isinstance(value, int) or (abs(value) < 2**53 and value.is_integer()):
        return f"{value:,.0f}" if abs(value) >= GROUPED_FROM else f"{value:.0f}"
    return f"{value:,.6g}" if abs(value) < GROUPED_FROM else f"{value:,.2f}"


def duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


_STEPS = (
    (60, 1, "second"),
    (3600, 60, "minute"),
    (86400, 3600, "hour"),
    (86400 * 30, 86400, "day"),
    (86400 * 365, 86400 * 30, "month"),
    (float("inf"), 86400 * 365, "year"),
)


def relative(moment: datetime) -> str:
    """Return a moment in relation to now: `3 minutes ago`, `in 2 days`, `just now`."""
    elapsed = (now() - moment).total_seconds()
    distance = abs(elapsed)
    if distance < 5:
        return "just now"
    size, unit = next((size, unit) for limit, size, unit in _STEPS if distance < limit)
    amount = max(1, int(distance // size))
    phrase = f"{amount} {unit}{'s' if amount > 1 else ''}"
    return f"{phrase} ago" if elapsed > 0 else f"in {phrase}"


def absolute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S %Z")


def searchable(entity: EntityRecord) -> str:
    """Return everything about the entity that the search box looks at, in lower case."""
    content = [entity.identifier, entity.title, entity.team, entity.properties, entity.relations]
    return json.dumps(content, ensure_ascii=False).casefold()
