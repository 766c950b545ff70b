"""Problems of a selector, in the words in which users write it."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic.v1 import BaseModel

from errors import SelectorError
from mapping.fields.pagination import spelt

# As in `entityDeletionTreshold`.
_CLOSE_ENOUGH = 0.8


def unusable(kind: str, problems: Iterable[str], what: str = "selector") -> SelectorError:
    """Return the error that names a resource's kind, and each problem of a part of it on a line."""
    listed = "\n".join(f"  - {problem}" for problem in problems)
    return SelectorError(f"the {what} of kind {kind} cannot be used:\n{listed}")


def names_of(model: type[BaseModel]) -> set[str]:
    """Return all spellings of the fields of a model."""
    return {name for field in model.__fields__.values() for name in (field.name, field.alias)}


def misspelt_in(given: Iterable[str], model: type[BaseModel]) -> list[str]:
    """Return a line for each name that is no field of a model, but nearly one."""
    names = names_of(model)
    return [
        f"{name}: is not known; did you mean {close[0]}?"
        for name in sorted(set(given) - names)
        if (close := difflib.get_close_matches(name, sorted(names), 1, _CLOSE_ENOUGH))
    ]


def describe(selector: type[BaseModel], detail: Mapping[str, Any]) -> str:
    """Return a line for one of pydantic's errors: the place, and what is allowed there."""
    blocks = dict(_blocks_of(selector))
    models = [selector, *blocks.values()]
    names = {field.alias: field.name for m in models for field in m.__fields__.values()}
    parts = [str(part) for part in detail["loc"] if part != "__root__"]
    named = [spelt(names.get(part, part)) for part in parts]
    place = ".".join(named)
    if detail["type"] == "value_error.extra":
        block = next(blocks[part] for part in reversed(named) if part in blocks)
        allowed = ", ".join(map(spelt, block.__fields__))
        return f"{place}: is not known; allowed are {allowed}"
    given = detail.get("ctx", {}).get("given")
    got = f" (got {given!r})" if given is not None else ""
    return f"{place}: {detail['msg']}{got}"


def _blocks_of(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the blocks that a user may write within a model, by the names of their fields."""
    for field in model.__fields__.values():
        for part in (field, *(field.sub_fields or ())):
            if isinstance(part.type_, type) and issubclass(part.type_, BaseModel):
                yield field.name, part.type_
                yield from _blocks_of(part.type_)
