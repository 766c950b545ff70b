"""Ocean's entities at less than they cost: made without a check where it would change nothing.

pydantic looks at each entity of a mapping anew, and again when it is written to Port. What came out
of jq is JSON, and nearly always of the types that an entity has.
"""

import sys
from collections.abc import Mapping
from typing import Any, Self, cast

from port_ocean.clients.port.types import UserAgentType
from port_ocean.context.event import EventType, event
from port_ocean.core.handlers.entity_processor import jq_entity_processor
from port_ocean.core.handlers.port_app_config.models import ResourceConfig
from port_ocean.core.integrations.mixins import SyncRawMixin
from port_ocean.core.models import Entity
from port_ocean.core.ocean_types import CalculationResult

_FIELDS = frozenset(Entity.__fields__)
# What Port gets of an entity.
_AS_WRITTEN = {"exclude_unset": True, "by_alias": True}
_TEXT, _TEAM = (type(None), str), (type(None), str, list)


class QuickEntity(Entity):
    """An entity made of a mapped item; it is, and says, what Ocean's own does."""

    @classmethod
    def parse_obj(cls, obj: Any) -> Self:
        """Return the entity of a mapped item; errors as for Ocean's own."""
        return cls.construct(set(obj), **obj) if _is_valid(obj) else super().parse_obj(obj)

    def dict(self, **options: Any) -> dict[str, Any]:
        """Return the fields, as Ocean's own does, of which the values are not copied."""
        if options != _AS_WRITTEN:
            return super().dict(**options)
        given = self.__fields_set__
        return {name: value for name, value in self.__dict__.items() if name in given}


class SeenEntity:
    """An entity that was written, as far as it is kept until the resync ends.

    That is what decides whether another one is deleted: a tenth of the memory of an entity.
    """

    __slots__ = ("blueprint", "identifier", "relations")

    def __init__(self, entity: Entity) -> None:
        self.identifier: Any = entity.identifier
        # All entities of a resource share one text.
        self.blueprint: Any = _shared(entity.blueprint)
        self.relations: Mapping[str, Any] = entity.relations or _NOTHING

    @property
    def is_using_search_identifier(self) -> bool:
        """Return whether only Port knows which entity it is."""
        return isinstance(self.identifier, dict)


class SlimResults(SyncRawMixin):
    """An integration whose full resync keeps of each entity only what it is needed for."""

    async def _register_resource_raw(
        self,
        resource: ResourceConfig,
        results: list[dict[Any, Any]],
        user_agent_type: UserAgentType,
        parse_all: bool = False,
        batch_index: int = 1,
    ) -> CalculationResult:
        found = await super()._register_resource_raw(
            resource, results, user_agent_type, parse_all, batch_index
        )
        if event.event_type != EventType.RESYNC:
            return found
        slim = [SeenEntity(entity) for entity in found.entity_selector_diff.passed]
        # For Ocean they are what it counts and hands on; DeletionGuard knows them.
        kept = found.entity_selector_diff._replace(passed=cast("list[Entity]", slim))
        return found._replace(entity_selector_diff=kept)


_NOTHING: Mapping[str, Any] = {}


def _shared(blueprint: Any) -> Any:
    return sys.intern(blueprint) if type(blueprint) is str else blueprint


def make_entities_quickly() -> None:
    """Let Ocean make its entities in this way."""
    jq_entity_processor.Entity = QuickEntity  # type: ignore[attr-defined]


def _is_valid(mapped: Any) -> bool:
    """Return whether pydantic would leave all values of a mapped item as they are."""
    return (
        type(mapped) is dict
        and mapped.keys() <= _FIELDS
        and "identifier" in mapped
        and "blueprint" in mapped
        and type(mapped.get("properties", _NOTHING)) is dict
        and type(mapped.get("relations", _NOTHING)) is dict
        and type(mapped.get("icon")) in _TEXT
        and type(mapped.get("team")) in _TEAM
    )
