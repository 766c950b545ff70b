"""Reading entities: pages of a result, the chosen fields, what an integration wrote."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tools.sandbox.port.derived import derived_properties
from tools.sandbox.port.errors import InvalidRequest
from tools.sandbox.port.records import EntityRecord
from tools.sandbox.port.state import PortState

EntityKey = tuple[str, str]

_SEPARATOR = "\n"


def search_datasource(
    state: PortState, *, prefix: str, suffix: str, before: str | None
) -> list[EntityRecord]:
    """Entities by the ends of their `$datasource`, last changed before the given time, if any."""
    limit = _moment(before) if before else None
    return [
        entity
        for records in state.entities.values()
        for entity in records.values()
        if entity.datasource.startswith(prefix)
        and entity.datasource.endswith(suffix)
        and (limit is None or entity.updated_at < limit)
    ]


def page_of(
    found: Sequence[EntityRecord], body: dict[str, Any], default_limit: int
) -> tuple[list[EntityRecord], str | None]:
    """Return one page of `found` and the cursor of the next, by `limit` and `from` of the request.

    A cursor names the last entity of its page, not a position: entities that come or go between
    two pages neither repeat others nor hide them.
    """
    limit = body.get("limit", default_limit)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise InvalidRequest("limit must be >= 1")
    ordered = sorted(found, key=_key)
    if start := body.get("from"):
        last = _decode_cursor(start)
        ordered = [entity for entity in ordered if _key(entity) > last]
    page = ordered[:limit]
    following = _encode_cursor(page[-1]) if len(ordered) > limit else None
    return page, following


def reduced(
    state: PortState,
    entity: EntityRecord,
    include: Sequence[str] | None,
    exclude: Sequence[str] | None,
    *,
    derived: bool,
) -> dict[str, Any]:
    """Return the entity's JSON with `include` fields only, or without `exclude` fields.

    A field is `identifier`, `$updatedAt`, `properties`, `properties.language`, `relations.team`, …
    """
    document = entity.as_json()
    if derived:
        extra = derived_properties(state, entity)
        document["properties"] = {**document["properties"], **extra}
    if include:
        return _only(document, include)
    return _without(document, exclude) if exclude else document


def _only(document: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for name in names:
        group, _, field = name.removeprefix("$").partition(".")
        if not field and group in document:
            chosen[group] = document[group]
        elif field in document.get(group, {}):
            chosen.setdefault(group, {})[field] = document[group][field]
    return chosen


def _without(document: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    dropped = {name.removeprefix("$") for name in names}
    kept = {key: value for key, value in document.items() if key not in dropped}
    for group in {"properties", "relations"} & kept.keys():
        kept[group] = {
            field: value
            for field, value in kept[group].items()
            if f"{group}.{field}" not in dropped
        }
    return kept


def _key(entity: EntityRecord) -> EntityKey:
    return entity.blueprint, entity.identifier


def _encode_cursor(entity: EntityRecord) -> str:
    return base64.urlsafe_b64encode(_SEPARATOR.join(_key(entity)).encode()).decode()


def _decode_cursor(cursor: Any) -> EntityKey:
    try:
        blueprint, identifier = base64.urlsafe_b64decode(cursor).decode().split(_SEPARATOR)
    except (TypeError, ValueError, binascii.Error) as error:
        raise InvalidRequest('"from" is not a cursor of this server') from error
    return blueprint, identifier


def _moment(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise InvalidRequest('"before" must be an ISO 8601 date and time') from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
