"""The generated parts of docs/compare.md: the table, and the fifteen tasks with their sources."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.benchmarks.compare.files import parts_of
from tools.benchmarks.compare.results import RESULTS, Lines, count, digest
from tools.benchmarks.compare.tasks import FILES, TASKS, Task, Variant
from tools.scripts.markdown import table, with_part

PAGE = Path("docs") / "compare.md"
_TITLES = {"ours": "this project", "dlt": "dlt", "airbyte": "Airbyte"}

type Results = Mapping[str, Any]


def render(root: Path) -> str:
    """Return the page, with the generated parts renewed and the rest as it stands."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))
    page = (root / PAGE).read_text(encoding="utf-8")
    parts = {
        "versions": "Compared were "
        + ", ".join(f"{name} {version}" for name, version in kept["versions"].items())
        + ".",
        "table": _table(kept["tasks"]),
        "tasks": "\n\n".join(
            _task(number, task, kept["tasks"].get(task.name, {}))
            for number, task in enumerate(TASKS, 1)
        ),
    }
    for name, text in parts.items():
        page = with_part(page, name, text)
    return page


def problems() -> list[str]:
    """Return sources of which there is no result, or one of an earlier state."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))["tasks"]
    return [
        f"{task.name}/{file} has changed since it was run: python -m tools.benchmarks.compare "
        f"--only {task.name}"
        for task in TASKS
        for _, file in task.ways
        if kept.get(task.name, {}).get(file, {}).get("digest") != digest(task, task.folder / file)
    ]


def _table(results: Results) -> str:
    rows = [
        [f"{number}. [{task.title}](#{number}-{_anchor(task.title)})", *_cells(task, results)]
        for number, task in enumerate(TASKS, 1)
    ]
    totals = ["Lines in all"]
    for file in FILES.values():
        counted = [count(task.folder / file) for task in TASKS]
        lines = Lines(sum(c.configuration for c in counted), sum(c.code for c in counted))
        totals.append(str(lines))
    return table(["Task", *_TITLES.values()], [*rows, totals])


def _cells(task: Task, results: Results) -> list[str]:
    cells = []
    for file in FILES.values():
        found = results.get(task.name, {}).get(file, {})
        cells.append(f"{count(task.folder / file)}{_unless_right(found)}")
    return cells


def _unless_right(found: Results) -> str:
    whole = found.get("whole", "not run")
    broken = found.get("broken", "right")
    said = f"; {whole}" if whole != "right" else ""
    return f"{said}; broken: {broken}" if broken != "right" else said


def _task(number: int, task: Task, results: Results) -> str:
    broken = f" Broken: {task.fault.text}." if task.fault else ""
    blocks = [f"### {number}. {task.title}", f"{task.text}{broken}"]
    blocks += [_source(tool, task.folder / file) for tool, file in FILES.items()]
    blocks += ["\n".join(_variant(task, each, results) for each in task.variants)]
    return "\n\n".join(block for block in blocks if block)


def _source(tool: str, file: Path) -> str:
    blocks = "\n\n".join(_block(part) for part in parts_of(file))
    if tool == "ours":
        return blocks
    summary = f"{_TITLES[tool]}: {count(file)}"
    return f"<details><summary>{summary}</summary>\n\n{blocks}\n\n</details>"


def _block(file: Path) -> str:
    language = "python" if file.suffix == ".py" else "yaml"
    return f"```{language}\n{file.read_text(encoding='utf-8').strip()}\n```"


def _variant(task: Task, variant: Variant, results: Results) -> str:
    found = results.get(variant.file, {})
    whole = found.get("whole", "not run")
    broken = f"; broken: {found['broken']}" if "broken" in found else ""
    link = f"../tools/benchmarks/compare/{task.name}/{variant.file}"
    return f"- {_TITLES[variant.tool]}, [{variant.text}]({link}): {whole}{broken}."


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
