"""Finds what this tree relies on of the libraries below it beyond what they offer.

That is: names with an underscore that it uses, and methods of Ocean that its classes replace.
"""

import ast
import importlib
import inspect
import subprocess
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
LIBRARIES = ("port_ocean", "httpx", "httpcore")
# Of Ocean even a method that is public and replaced is worth a look when it changes.
_FRAMEWORK = "port_ocean"
# These need a running Ocean, or packages that only the benchmarks install.
_NOT_IMPORTED = ("main.py", "docker", "tools")
_OURSELVES = ("self", "cls", "super()")


def product_files() -> list[Path]:
    """List all Python files but the tests, relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    files = map(Path, done.stdout.split())
    return [file for file in files if file.parts[0] != "tests" and (ROOT / file).exists()]


@cache
def parsed(file: Path) -> ast.Module:
    """Parse a file of the tree."""
    return ast.parse((ROOT / file).read_text("utf-8"))


@cache
def seams() -> dict[str, set[Path]]:
    """Map each name, such as `httpx.AsyncClient._init_transport`, to the files that rely on it."""
    found: dict[str, set[Path]] = {}
    for file in product_files():
        module = None if file.parts[0] in _NOT_IMPORTED else _module(file)
        names = {*_imported(parsed(file)), *_touched(file, module)}
        for name in names | set(_inherited(module) if module else ()):
            found.setdefault(name, set()).add(file)
    return found


def is_private(name: str) -> bool:
    """Tell whether a name, or a module on the way to it, begins with an underscore."""
    return any(part.startswith("_") and not part.startswith("__") for part in name.split("."))


@cache
def owned_by(owner: type) -> dict[str, Any]:
    """Map the names that a class itself defines to their values; None for what its methods set."""
    functions = [_function(value) for value in vars(owner).values()]
    sources = [inspect.getsource(each) for each in functions if inspect.isfunction(each)]
    nodes = [node for text in sources for node in ast.walk(ast.parse(textwrap.dedent(text)))]
    set_in_methods = [
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and ast.unparse(node.value) == "self"
    ]
    return {**dict.fromkeys(set_in_methods), **vars(owner)}


def _module(file: Path) -> ModuleType:
    return importlib.import_module(".".join(file.with_suffix("").parts))


def _is_foreign(name: str) -> bool:
    return name.partition(".")[0] in LIBRARIES


def _function(value: Any) -> Any:
    return getattr(value, "fget", getattr(value, "__func__", value))


def _imported(tree: ast.Module) -> Iterator[str]:
    """Find private modules and names that a file imports."""
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        yield from (name for name in names if _is_foreign(name) and is_private(name))


def _touched(file: Path, module: ModuleType | None) -> Iterator[str]:
    """Find private attributes of modules, classes and annotated values; `?.name` is of others."""
    tree = parsed(file)
    arguments = [node for node in ast.walk(tree) if isinstance(node, ast.arg)]
    types = {each.arg: ast.unparse(each.annotation) for each in arguments if each.annotation}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not is_private(node.attr):
            continue
        receiver = ast.unparse(node.value)
        if receiver in _OURSELVES:
            continue
        try:
            owner = eval(types.get(receiver, receiver), dict(vars(module)) if module else {})
        except Exception:  # noqa: BLE001  # a value that only a call has
            if node.attr not in _our_names():
                yield f"?.{node.attr}"
            continue
        yield from _named(owner, node.attr)


def _named(owner: Any, name: str) -> Iterator[str]:
    if isinstance(owner, ModuleType) and _is_foreign(owner.__name__):
        yield f"{owner.__name__}.{name}"
    elif isinstance(owner, type) and (foreign := _foreign_owner(owner, name)):
        yield f"{foreign.__module__}.{foreign.__qualname__}.{name}"


def _foreign_owner(owner: type, name: str) -> type | None:
    return next(
        (one for one in owner.__mro__ if _is_foreign(one.__module__) and name in owned_by(one)),
        None,
    )


def _inherited(module: ModuleType) -> Iterator[str]:
    """Find what the classes of a module use and replace of the classes that they build upon."""
    for one in list(vars(module).values()):
        if not issubclass(type(one), type) or one.__module__ != module.__name__:
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(one)))
        used = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in _OURSELVES
        }
        for name in {*filter(is_private, used), *vars(one)} - {"_abc_impl"}:
            for found in () if name.startswith("__") else _named(one, name):
                if is_private(found) or _FRAMEWORK in found:
                    yield found


@cache
def _our_names() -> set[str]:
    """All names that the tree itself gives to anything, and those that named tuples have."""
    names = {"_replace", "_asdict", "_fields"}
    for file in product_files():
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                names.add(node.id if isinstance(node, ast.Name) else node.attr)
    return names
