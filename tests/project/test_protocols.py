"""Who plays a Protocol of the product names it as its base, and has all that it asks for."""

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest

ROOT = Path(__file__).parents[2]
_NO_PRODUCT = {"tests", "tools", "docker"}
# Starting points act when they are imported.
_NO_MODULES = {"__init__.py", "__main__.py", "main.py"}


def product_classes() -> Iterator[type]:
    for file in sorted(ROOT.rglob("*.py")):
        place = file.relative_to(ROOT)
        is_product = place.parts[0] not in _NO_PRODUCT and not place.parts[0].startswith(".")
        if is_product and place.name not in _NO_MODULES:
            module = importlib.import_module(".".join(place.with_suffix("").parts))
            for value in vars(module).values():
                # By its real type, because Ocean's proxies ask for what they stand for.
                if issubclass(type(value), type) and value.__module__ == module.__name__:
                    yield value


def is_protocol(one: type) -> bool:
    return Protocol in one.__bases__


CLASSES = list(product_classes())
PROTOCOLS = [one for one in CLASSES if is_protocol(one)]


def wanted(protocol: type) -> Mapping[str, Any]:
    """The members that a Protocol asks for; those that are only declared are None."""
    declared: dict[str, Any] = dict.fromkeys(inspect.get_annotations(protocol))
    return declared | {name: it for name, it in vars(protocol).items() if not name.startswith("_")}


@cache
def members(player: type) -> Mapping[str, Any]:
    """The members that a class has from anyone but a Protocol; what instances get is None."""
    found: dict[str, Any] = {}
    for base in reversed(player.__mro__[:-1]):
        if not is_protocol(base) and base is not Protocol and base.__module__ != "typing":
            found |= dict.fromkeys(inspect.get_annotations(base))
            if base in CLASSES or base.__module__ == __name__:
                set_here = re.findall(r"self\.(\w+)\b[^=\n]*=[^=]", inspect.getsource(base))
                found |= dict.fromkeys(set_here)
            found |= vars(base)
    return found


def fits(member: Any, asked: Any) -> bool:
    """Whether a method can be called as the Protocol says; anything else is for the types."""
    if not inspect.isfunction(asked):
        return True
    if not inspect.isfunction(member):
        return False
    theirs, ours = (inspect.signature(one).parameters for one in (member, asked))
    extra = [one for name, one in theirs.items() if name not in ours]
    return (
        [(one.name, one.kind) for one in theirs.values() if one.name in ours]
        == [(one.name, one.kind) for one in ours.values()]
        and all(one.default is not one.empty for one in extra)
        and inspect.iscoroutinefunction(member) == inspect.iscoroutinefunction(asked)
    )


def lacking(player: type, protocol: type) -> list[str]:
    """The names of members that a class has not, or not as the Protocol asks for them."""
    has = members(player)
    return [
        name
        for name, asked in wanted(protocol).items()
        if name not in has or not fits(has[name], asked)
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_protocol_is_played_and_each_player_names_it(protocol: type) -> None:
    players = [one for one in CLASSES if protocol in one.__mro__ and one is not protocol]
    assert players
    assert not {one: names for one in players if (names := lacking(one, protocol))}
    if any(map(inspect.isfunction, wanted(protocol).values())):
        silent = [one for one in CLASSES if one not in players and not is_protocol(one)]
        assert [one for one in silent if not lacking(one, protocol)] == []


def test_the_protocols_of_the_product_are_found() -> None:
    assert {"LargeBody", "Splitter", "Authenticator"} <= {one.__name__ for one in PROTOCOLS}


class _Asked(Protocol):
    size: int

    @property
    def name(self) -> str: ...

    async def read(self, count: int, *, slowly: bool) -> bytes: ...


class _Player(_Asked):
    name = "one"

    def __init__(self) -> None:
        self.size = 0

    async def read(self, count: int, *, slowly: bool, twice: bool = False) -> bytes:
        return b""


class _Inherits(_Asked):
    pass


class _Differs(_Player):
    async def read(self, number: int, *, slowly: bool) -> bytes:  # type: ignore[override]
        return b""


class _Demands(_Player):
    async def read(self, count: int, *, slowly: bool, twice: bool) -> bytes:  # type: ignore[override]
        return b""


class _Blocks(_Player):
    def read(self, count: int, *, slowly: bool) -> bytes:  # type: ignore[override]
        return b""


@pytest.mark.parametrize(
    "player, names",
    [
        (_Player, []),
        (_Inherits, ["size", "name", "read"]),
        (_Differs, ["read"]),
        (_Demands, ["read"]),
        (_Blocks, ["read"]),
    ],
)
def test_what_a_player_lacks_is_noticed(player: type, names: list[str]) -> None:
    assert lacking(player, _Asked) == names
