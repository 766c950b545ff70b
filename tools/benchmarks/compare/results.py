"""Results of a run that are kept, and the lines that each tool needs."""

import ast
import hashlib
from dataclasses import dataclass
from pathlib import Path

from tools.benchmarks.compare.files import parts_of
from tools.benchmarks.compare.tasks import FOLDER, Task

RESULTS = FOLDER / "results.json"
_FRAME = (ast.Import, ast.ImportFrom)
_DEFINITIONS = (ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Lines:
    """Lines that say something: no blank ones, no comments, no imports.

    `code` counts those of classes and functions beside `source`, which is configuration.
    """

    configuration: int
    code: int = 0

    def __str__(self) -> str:
        return f"{self.configuration}{f' + {self.code} of code' if self.code else ''}"


def digest(task: Task, file: Path) -> str:
    """Return a digest that changes with this file and its parts, these APIs and this task."""
    asked = repr((task.text, task.items, task.fault, sorted(task.names.items())))
    parts = [part.read_bytes() for part in parts_of(file)]
    parts += [(FOLDER / "apis.py").read_bytes(), asked.encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def count(file: Path) -> Lines:
    """Count a mapping, a manifest with its components, or a source in Python."""
    counted = [_count(part) for part in parts_of(file)]
    return Lines(sum(each.configuration for each in counted), sum(each.code for each in counted))


def _count(file: Path) -> Lines:
    text = file.read_text(encoding="utf-8")
    said = [i for i, line in enumerate(text.splitlines(), 1) if _says_something(line)]
    if file.suffix != ".py":
        return Lines(len(said))
    parsed = ast.parse(text).body
    imports = _covered([node for node in parsed if isinstance(node, _FRAME)])
    definitions = [node for node in parsed if isinstance(node, _DEFINITIONS)]
    code = _covered([node for node in definitions if node.name != "source"])
    left = [i for i in said if i not in imports]
    return Lines(sum(i not in code for i in left), sum(i in code for i in left))


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _covered(nodes: list[ast.stmt]) -> set[int]:
    lines: set[int] = set()
    for node in nodes:
        decorators = [each.lineno for each in getattr(node, "decorator_list", [])]
        lines.update(range(min([node.lineno, *decorators]), (node.end_lineno or 0) + 1))
    return lines
