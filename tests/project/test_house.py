"""The rules of the house, which docs/architecture.md explains. There are no exceptions."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.seams import ROOT, is_private, parsed, product_files, seams

# From the lowest to the highest: each room imports from those before it only. So `settings` and
# `mapping`, what operators and users say, know no machine. What is in `docker` imports nothing.
ROOMS = (
    *("statuses", "outcomes", "log_lines", "api_messages", "errors", "redaction", "settings"),
    "formats",
    *("expressions", "mapping", "transport", "auth", "cache", "client", "pagination", "reading"),
    *("framework", "live_events", "probe", "integration", "main", "cli", "tests", "tools"),
)
_PRINTERS = {"print", "sys.stdout", "sys.stderr", "rich"}


def room_of(file: Path) -> str:
    return file.parts[0].removesuffix(".py")


def imports_of(file: Path) -> Iterator[Path]:
    """The files of this tree that a file imports."""
    for node in ast.walk(parsed(file)):
        names = [alias.name for alias in getattr(node, "names", ()) if isinstance(alias, ast.alias)]
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name}" for name in names] + [f"{node.module}"]
        paths = [Path(*name.split(".")).with_suffix(".py") for name in names]
        yield from (path for path in paths if (ROOT / path).exists())


def test_rooms_import_downward_only() -> None:
    assert {room_of(module) for file in product_files() for module in imports_of(file)} <= {*ROOMS}
    assert not [
        f"{file} imports {imported}"
        for file in product_files()
        for imported in imports_of(file)
        if ROOMS.index(room_of(imported)) > ROOMS.index(room_of(file))
    ]


def test_no_modules_import_each_other() -> None:
    TopologicalSorter({file: set(imports_of(file)) for file in product_files()}).prepare()


def test_only_two_rooms_reach_for_what_libraries_do_not_offer() -> None:
    reached = {room_of(file) for name in seams() if is_private(name) for file in seams()[name]}
    assert reached == {"framework", "transport"}


def test_only_the_command_line_prints() -> None:
    printing = {
        room_of(file)
        for file in product_files()
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in _PRINTERS
    }
    assert printing == {"cli", "tools"}


@pytest.mark.contract("evidence.gate")
def test_a_proof_is_made_in_one_place_only() -> None:
    """What anybody else may do with an outcome is to doubt it."""
    calls = {
        (str(file), ast.unparse(node.func))
        for file in product_files()
        if file.parts[0] != "tools"
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call)
    }
    assert {file for file, called in calls if called == "Outcome"} == {"outcomes.py"}
    assert {file for file, called in calls if called == "Outcome.of"} == {
        "reading/resource_reader.py"
    }


def test_each_room_says_what_it_is_and_nothing_else_does() -> None:
    files = [file for file in product_files() if file.name == "__init__.py"]
    rooms = {file.parent for file in product_files() if file.parts[0] in ROOMS}
    assert {file.parent for file in files} == {room for room in rooms if len(room.parts) == 1}
    assert all(len(parsed(file).body) == 1 and ast.get_docstring(parsed(file)) for file in files)


def test_what_is_imported_late_is_imported_so_for_a_reason() -> None:
    for file in product_files():
        lines = (ROOT / file).read_text("utf-8").splitlines()
        for function in ast.walk(parsed(file)):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        assert lines[node.lineno - 2].lstrip().startswith("# "), f"{file}"
