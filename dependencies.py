"""Which path parameter depends on which: their order, what is needed, and what cannot be."""

from collections.abc import Iterable, Mapping, Sequence

from endpoints import Endpoint
from errors import SelectorError
from parameters import PathParameter
from templates import texts_in


def in_order(endpoint: Endpoint, parameters: Sequence[PathParameter]) -> list[PathParameter]:
    """The parameters that a request needs, each after those that its own request needs.

    Raises:
        SelectorError: parameters depend on each other in a circle; it is named.
    """
    owners = {name: parameter for parameter in parameters for name in parameter.fields}
    for parameter in parameters:
        _visit(parameter, owners, [], [])
    found: list[PathParameter] = []
    for name in endpoint.placeholders:
        if name in owners:
            _visit(owners[name], owners, [], found)
    return found


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
    """Whether a 404 can mean that what was discovered is gone.

    Values that the mapping gives are there or wrong; and in a batch, one that is gone must not
    take the others with it.
    """
    used = set(endpoint.placeholders)
    owners = [parameter for parameter in parameters if used & set(parameter.fields)]
    return any(owner.endpoint for owner in owners) and not any(owner.batch for owner in owners)


def stands_in_text(endpoint: Endpoint, name: str) -> bool:
    """Whether a placeholder is a part of some text, so that a list would have to be joined."""
    placeholder = f"{{{name}}}"
    is_typed = endpoint.body_format in ("json", "graphql")
    own = [text for text in texts_in(endpoint.body) if not is_typed or text != placeholder]
    other = texts_in([endpoint.path, endpoint.query_params, endpoint.headers])
    return any(placeholder in text for text in (*other, *own))


def _visit(
    parameter: PathParameter,
    owners: Mapping[str, PathParameter],
    above: list[str],
    found: list[PathParameter],
) -> None:
    if parameter.name in above:
        circle = " → ".join([*above[above.index(parameter.name) :], parameter.name])
        raise SelectorError(
            f"path_parameters depend on each other in a circle: {circle}; "
            f"the endpoint of one of them must do without the others' placeholders"
        )
    if parameter in found:
        return
    for name in parameter.uses:
        if name in owners:
            _visit(owners[name], owners, [*above, parameter.name], found)
    found.append(parameter)
