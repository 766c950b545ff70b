"""Ocean's entities at less than they cost: made without a check where it would change nothing.

pydantic looks at each entity of a mapping anew, and again when it is written to Port. What came out
of jq is JSON, and nearly always of the types that an entity has.
"""

from collections.abc import Mapping
from typing import Any, Self

from port_ocean.core.handlers.entity_processor import jq_entity_processor
from port_ocean.core.models import Entity

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
    """The rest of an entity that was written, which is kept until the resync ends.

    It is what decides whether another one is deleted, at a tenth of the memory.
    """

    __slots__ = ("blueprint", "identifier", "relations")

    def __init__(self, entity: Entity) -> None:
        self.identifier: Any = entity.identifier
        self.blueprint: Any = entity.blueprint
        self.relations: Mapping[str, Any] = entity.relations or _NOTHING

    @property
    def is_using_search_identifier(self) -> bool:
        return isinstance(self.identifier, dict)


_NOTHING: Mapping[str, Any] = {}


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
