"""An OpenAPI document: loaded, its `$ref`s followed within its own place, nowhere else."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource, Unresolvable

from cli.init.openapi.sources import Sources, shown
from cli.init.openapi.swagger import upgraded
from errors import ConfigurationError

# Schemas that refer to each other may branch without end.
_MOST_PLACES = 20_000
_MOST_SECONDS = 60.0
_LOOKS_AT_CLOCK = 100
# So many $refs may lead to each other.
_MOST_STEPS = 100

# Of the library, which does not name its class.
type _Resolver = Any


class Allowance:
    """How much may be looked at: so many places of a part, for so long of the whole document.

    `known` is what was found out about places before, which costs nothing to ask again.
    """

    def __init__(self, until: float, known: dict[tuple[Any, int], Any] | None = None) -> None:
        self._until = until
        self._left = _MOST_PLACES
        self.known = {} if known is None else known

    def fresh(self) -> "Allowance":
        """Return the allowance of another part of the same document."""
        return Allowance(self._until, self.known)

    def spend(self) -> None:
        """Look at one more place.

        Raises:
            ConfigurationError: there were too many.
        """
        self._left -= 1
        if self._left < 0:
            raise ConfigurationError(f"its schemas lead to more than {_MOST_PLACES:,} places")
        if self._left % _LOOKS_AT_CLOCK == 0 and time.process_time() > self._until:
            raise ConfigurationError(f"the document takes more than {_MOST_SECONDS:.0f} s to read")


class Node:
    """A place in a document. What a `$ref` there points to counts as being there.

    `name` is the last step of the `$ref` that led there, such as the name of a schema.
    """

    __slots__ = ("_allowance", "_content", "_resolver", "name")

    def __init__(
        self, content: Any, resolver: _Resolver, allowance: Allowance, name: str = ""
    ) -> None:
        self._content = content
        self._resolver = resolver
        self._allowance = allowance
        self.name = name

    def alone(self) -> "Node":
        """Return the same place with an allowance of its own."""
        return Node(self._content, self._resolver, self._allowance.fresh(), self.name)

    def once[Result](self, question: Callable[["Node"], Result]) -> Result:
        """Return what a question finds out about this place, which is asked once."""
        known = self._allowance.known
        key = (question, id(self._content))
        if key not in known:
            known[key] = question(self)
        found: Result = known[key]
        return found

    def child(self, *keys: str | int) -> "Node | None":
        """Return the place below these keys; None where there is nothing.

        Raises:
            ConfigurationError: a `$ref` on the way cannot or must not be followed, or it leads
                through too many places.
        """
        self._allowance.spend()
        content, resolver, name = self._content, self._resolver, self.name
        for key in keys:
            content = _step(content, key)
            if content is None:
                return None
            content, resolver, name = _followed(content, resolver)
        return None if content is None else Node(content, resolver, self._allowance, name)

    def value(self, *keys: str | int, default: Any = None) -> Any:
        """Return the plain value below these keys, in which nothing is followed.

        The last key is that of the value: a `$ref` that stands there is data, not a reference.
        """
        found = self._at(*keys[:-1])
        if keys:
            found = found.get(keys[-1]) if isinstance(found, Mapping) else None
        return default if found is None else found

    def names(self, *keys: str) -> list[str]:
        """Return the keys of an object."""
        content = self._at(*keys)
        return [str(key) for key in content] if isinstance(content, Mapping) else []

    def items(self, *keys: str) -> Iterator[tuple[str, "Node"]]:
        """Yield the places below an object, by their keys."""
        holder = self.child(*keys)
        for key in holder.names() if holder else ():
            if holder and (found := holder.child(key)):
                yield key, found

    def elements(self, *keys: str) -> Iterator["Node"]:
        """Yield the places below a list."""
        holder = self.child(*keys)
        content = holder._content if holder else None
        for index in range(len(content) if isinstance(content, list) else 0):
            if holder and (found := holder.child(index)):
                yield found

    def _at(self, *keys: str | int) -> Any:
        """Return what is below these keys, the last one followed like those before it."""
        holder = self.child(*keys)
        return None if holder is None else holder._content


def load_document(source: str, *, verify: bool = True) -> tuple[Node, str]:
    """Return the root of a document from a file or a URL, and its address.

    Swagger 2.0 is read as the OpenAPI 3 that says the same.

    Raises:
        ConfigurationError: it cannot be read, or is no such document.
    """
    sources = Sources(source, verify=verify)
    content = sources.document()
    _check_version(content, shown(source))
    if "swagger" in content:
        content = upgraded(content)

    def retrieve(address: str) -> Resource[Any]:
        return Resource.opaque(sources.part(address))

    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]  # attrs' alias
    whole = registry.with_resource(sources.address, Resource.opaque(content))
    resolver = whole.resolver(sources.address)
    allowance = Allowance(time.process_time() + _MOST_SECONDS)
    return Node(content, resolver, allowance), sources.address


def _step(content: Any, key: str | int) -> Any:
    """Return what is at a key of an object, or at an index of a list; None where nothing is."""
    if isinstance(content, Mapping):
        return content.get(key)
    is_index = isinstance(content, list) and isinstance(key, int) and key < len(content)
    return content[key] if is_index else None


def _followed(content: Any, resolver: _Resolver) -> tuple[Any, _Resolver, str]:
    """Return what stands at a place once its `$ref`s are followed, how further ones are, its name.

    Raises:
        ConfigurationError: one leads nowhere, elsewhere, or in a circle.
    """
    name = ""
    for _ in range(_MOST_STEPS):
        reference = content.get("$ref") if isinstance(content, Mapping) else None
        if not isinstance(reference, str):
            return content, resolver, name
        try:
            found = resolver.lookup(reference)
        except (Unresolvable, NoSuchResource, ValueError, TypeError, KeyError) as error:
            raise _explained(error, reference) from None
        content, resolver = found.contents, found.resolver
        name = reference.rpartition("/")[2]
    raise ConfigurationError("its $refs lead in a circle")


def _explained(error: BaseException, reference: str) -> ConfigurationError:
    """Return why a `$ref` cannot be followed: what its reader said, where one was asked."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConfigurationError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return ConfigurationError(f"$ref {reference} leads to nothing")


def _check_version(content: Any, name: str) -> None:
    if not isinstance(content, Mapping) or ("openapi" not in content and "swagger" not in content):
        raise ConfigurationError(f"{name} is no OpenAPI document: it has no field `openapi`")
    version = str(content.get("openapi") or content.get("swagger"))
    if not version.startswith(("3.", "2.")):
        raise ConfigurationError(f"{name} is OpenAPI {version}; 2.0 and 3.x are understood")
    if not isinstance(content.get("paths"), Mapping):
        raise ConfigurationError(f"{name} lists no paths")
