"""The pages for contributors name files, classes, functions and commands that exist."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from pydoc import locate

import pytest

from tests.project.test_house import ROOMS, room_of
from tests.support.seams import ROOT, parsed, product_files

ARCHITECTURE = ROOT / "docs" / "architecture.md"
PAGES = [
    ARCHITECTURE,
    ROOT / "docs" / "decisions.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / ".github" / "PULL_REQUEST_TEMPLATE.md",
]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)

_CODE = re.compile(r"`([^`\n]+)`")
_FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|md|ya?ml|toml|txt|json))")
# `RenewedAuth`, `STRATEGIES`, `Pager.receive`, `create_auth()`.
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*|(?:[A-Z][a-z0-9]*){2,}|[A-Z_]{4,}")
_MEMBER = re.compile(r"[A-Z]\w*\.[a-z_]\w*")
_FUNCTION = re.compile(r"([a-z_]+)\(\)")
_OF_OCEAN = re.compile(r"port_ocean(?:\.\w+)+")
_MODULE = re.compile(r"(?<=python -m )tools[\w.]+")
_TARGET = re.compile(r"make ([a-z-]+)")
_MARKER = re.compile(r"@pytest\.mark\.([a-z]+)")
_ROOM = re.compile(r"^\| `(\w+)(?:/|\.py)` \| (.+) \|$", re.MULTILINE)
# Not ours, and nothing that a file here defines.
_OTHER_NAMES = {"Decimal", "GOLDEN", "WORKERS", "VERSION", "ARGS", "ONCE", "POST"}


@every_page
def test_files_exist(page: Path) -> None:
    named = [name for _, name in _mentions(page) if _FILE.fullmatch(name)]
    assert named
    assert not [name for name in named if not (ROOT / name).exists()]
    assert not [name for name in named if name.endswith("/") and not (ROOT / name).is_dir()]


@every_page
def test_names_are_defined_in_the_file_beside_them(page: Path) -> None:
    wrong = [
        f"{name}: {', '.join(map(str, places)) or 'no file'}"
        for line, name in _mentions(page)
        for defined in [_defined_name(name)]
        for places in [_places_beside(line, name)]
        if defined and not any(defined in _definitions(file) for file in places)
    ]
    assert not wrong


@every_page
def test_names_of_ocean_exist(page: Path) -> None:
    named = [name for _, name in _mentions(page) if _OF_OCEAN.fullmatch(name)]
    assert not [name for name in named if locate(name) is None]


@every_page
def test_commands_and_markers_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    code = " ".join(name for _, name in _mentions(page))
    assert set(_TARGET.findall(code)) <= targets
    for module in _MODULE.findall(text):
        path = ROOT.joinpath(*module.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
    markers = (ROOT / "pyproject.toml").read_text("utf-8")
    assert not [name for name in _MARKER.findall(text) if not re.search(f'"{name}[:(]', markers)]


def test_each_step_of_an_item_names_a_file_and_what_it_does_there() -> None:
    text = ARCHITECTURE.read_text("utf-8")
    steps = re.findall(r"^\| (\d+) \| `(\S+\.py)`: `(\S+)` \| ", text, re.MULTILINE)
    assert [int(number) for number, _, _ in steps] == list(range(1, 11))
    for _, file, name in steps:
        assert (_defined_name(name) or name) in _definitions(Path(file))


def test_every_room_is_listed_in_order_with_what_it_says_itself() -> None:
    listed = _ROOM.findall(ARCHITECTURE.read_text("utf-8").partition("\n## The way")[0])
    existing = {room_of(file) for file in product_files()}
    assert [name for name, _ in listed] == [name for name in ROOMS if name in existing]
    assert listed == [(name, _first_line(name)) for name, _ in listed]


def _mentions(page: Path) -> Iterator[tuple[str, str]]:
    """Each piece of code in the text, with the line or paragraph that it stands in."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for block in text.split("\n\n"):
        for part in block.split("\n") if block.startswith(("|", "- ")) else [block]:
            for name in _CODE.findall(part):
                yield part, name


def _defined_name(name: str) -> str | None:
    """The name that has to be defined for a mention to be true; None where it is no name."""
    if name in _OTHER_NAMES or _FILE.fullmatch(name):
        return None
    if function := _FUNCTION.fullmatch(name):
        return function[1]
    is_name = any(shape.fullmatch(name) for shape in (_CLASS, _MEMBER))
    return name if is_name else None


def _places_beside(line: str, name: str) -> list[Path]:
    """The files of our code in the same row or paragraph, or else all files."""
    files = [Path(each) for each in _CODE.findall(line) if _FILE.fullmatch(each)]
    return [file for file in files if file.suffix == ".py"] or product_files()


@cache
def _definitions(file: Path) -> frozenset[str]:
    return frozenset(_defined(parsed(file).body))


def _defined(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield prefix + node.name
        if isinstance(node, ast.ClassDef):
            yield from _defined(node.body, f"{node.name}.")
        if isinstance(node, ast.AnnAssign | ast.Assign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (prefix + each.id for each in targets if isinstance(each, ast.Name))


def _first_line(room: str) -> str:
    file = Path(room, "__init__.py") if (ROOT / room).is_dir() else Path(f"{room}.py")
    return (ast.get_docstring(parsed(file)) or "").partition("\n")[0]
