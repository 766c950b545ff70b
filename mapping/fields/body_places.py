"""Places in the body of a request, where parameters of times and pages are put.

variables.after                    a key of an object
filterGroups.0.filters.0.value     a number leads into a list
filterGroups[0].filters[0].value   refused, with the right spelling
"""

from collections.abc import Mapping
from typing import Any

from errors import SelectorError
from mapping.fields.request import RequestFields
from mapping.plan.templates import placeholders_in
from settings.places import PlaceError, place_of


def check_body_place(request: RequestFields, name: str, setting: str, *, is_made: bool) -> None:
    """Refuse a place that the body does not have, so that what is put there would be ignored.

    Inputs: `name`, the place; `setting` names it. Objects that lead to it are made where `is_made`;
    elements of lists never are, and the last key need not be there.

    Raises:
        SelectorError: names the place, and what the body has instead.
    """
    held = request.body
    if request.body_format == "form" or (isinstance(held, Mapping) and name in held):
        return
    try:
        place = place_of(name)
    except PlaceError as error:
        raise SelectorError(f"{setting}: {error}") from None
    if request.body_format == "graphql":
        held = held if isinstance(held, Mapping) else {}
        held = {"variables": {}, **held}
    _check(held, place.removeprefix(".").split("."), [], f"{setting}: {name}", is_made)


def _check(held: Any, parts: list[str], before: list[str], what: str, is_made: bool) -> None:
    part, *rest = parts
    where = ".".join(before) or "the body"
    if isinstance(held, str) and placeholders_in(held):
        return
    if isinstance(held, list):
        if not part.isdecimal() or int(part) >= len(held):
            raise SelectorError(
                f"{what}: {where} is a list of {len(held)}, whose places are numbers from 0; "
                f"it has no {part}"
            )
        if rest:
            _check(held[int(part)], rest, [*before, part], what, is_made)
        return
    if held is not None and not isinstance(held, Mapping):
        raise SelectorError(f"{what}: {where} is neither an object nor a list; look at body")
    known = held or {}
    if part in known:
        if rest:
            _check(known[part], rest, [*before, part], what, is_made)
    elif rest and (not is_made or any(each.isdecimal() for each in rest)):
        there = ", ".join(sorted(map(str, known))) or "nothing"
        raise SelectorError(
            f"{what}: {where} has no {part}, so that nothing would be asked for there; it has "
            f"{there}. Write in body what leads to the place"
        )
