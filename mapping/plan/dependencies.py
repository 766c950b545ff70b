"""Path parameters that need each other: their order, those that are needed, circles."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from errors import SelectorError
from mapping.plan.endpoint import Endpoint
from mapping.plan.path_parameter import PathParameter
from mapping.plan.templates import texts_in


def in_order(
    used: Iterable[str], owners: Mapping[str, str], parameter_of: Callable[[str], PathParameter]
) -> list[PathParameter]:
    """Return the parameters that fill these placeholders, each after those that it needs itself.

    Inputs: `owners` has, for each placeholder, the name of the parameter that fills it;
    `parameter_of` makes a parameter, and is asked for those only that are needed.

    Raises:
        SelectorError: parameters depend on each other in a circle, which is named; or as
            `parameter_of`.
    """
    found: dict[str, PathParameter] = {}

    def visit(placeholder: str, above: tuple[str, ...]) -> None:
        name = owners.get(placeholder)
        if name is None or name in found:
            return
        if name in above:
            raise SelectorError(
                "path_parameters depend on each other in a circle: "
                f"{' → '.join([*above[above.index(name) :], name])}; the endpoint of one of them "
                "must do without the others' placeholders"
            )
        parameter = parameter_of(name)
        for each in parameter.uses:
            visit(each, (*above, name))
        found[name] = parameter

    for placeholder in used:
        visit(placeholder, ())
    return list(found.values())


def check_names(fields: Mapping[str, Iterable[str]], include: Mapping[str, Iterable[str]]) -> None:
    """Refuse what would give an item the same `__name` twice.

    Inputs: by parameter, the names of its placeholders and of what it includes.

    Raises:
        SelectorError: names what stands twice, and where.
    """
    places: dict[str, list[str]] = {}
    for setting, named in (("placeholder", fields), ("include", include)):
        for parameter, names in named.items():
            for name in names:
                places.setdefault(name, []).append(f"path_parameters.{parameter} ({setting})")
    for name, where in places.items():
        if len(where) > 1:
            raise SelectorError(
                f"{name} stands in {' and in '.join(where)}; each name may be given once, because "
                f"items carry it as __{name}"
            )


def may_vanish(endpoint: Endpoint, parameters: Iterable[PathParameter]) -> bool:
    """Tell whether a 404 can mean that what was discovered is gone.

    Values that the mapping gives are there or wrong; and in a batch, one that is gone must not
    take the others with it.
    """
    used = set(endpoint.placeholders)
    owners = [parameter for parameter in parameters if used & set(parameter.fields)]
    return any(owner.endpoint for owner in owners) and not any(owner.batch for owner in owners)


def stands_in_text(endpoint: Endpoint, name: str) -> bool:
    """Tell whether a placeholder is a part of some text, so that a list would have to be joined.

    It is none where it is a whole text in a JSON body, or in a list of parameters.
    """
    placeholder = f"{{{name}}}"
    body, params = endpoint.body, endpoint.query_params
    if endpoint.body_format in ("json", "graphql"):
        own = [text for text in texts_in(body) if text != placeholder]
    else:
        own = _outside_lists(body, placeholder)
    other = texts_in([endpoint.path, endpoint.headers])
    return any(placeholder in text for text in (*other, *own, *_outside_lists(params, placeholder)))


def _outside_lists(params: Any, placeholder: str) -> list[str]:
    """Return the texts of parameters, without those in a list that are the placeholder."""
    values = params.values() if isinstance(params, Mapping) else [params]
    return [
        text
        for value in values
        for text in texts_in(value)
        if not (isinstance(value, list) and text == placeholder)
    ]
