"""The generated part of docs/performance.md, and the figures behind it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from tools.benchmarks.environment import ROOT
from tools.benchmarks.results import Section
from tools.scripts.markdown import table, with_part

PAGE = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "tools" / "benchmarks" / "results.json"
_VERDICT = {True: "met", False: "**missed**"}
_sections = TypeAdapter(dict[str, Section])


def merge(
    sections: Mapping[str, Section], machine: Mapping[str, str], *, order: Sequence[str]
) -> str:
    """Keep these results beside those of earlier runs; returns the generated part of the page."""
    kept: dict[str, Any] = {"machine": {}, "sections": {}}
    if RESULTS.exists():
        kept = json.loads(RESULTS.read_text(encoding="utf-8"))
    kept["machine"] = dict(machine)
    kept["sections"] |= {name: asdict(section) for name, section in sections.items()}
    kept["sections"] = {name: kept["sections"][name] for name in order if name in kept["sections"]}
    text = json.dumps(kept, indent=1, ensure_ascii=False)
    RESULTS.write_text(f"{text}\n", encoding="utf-8")
    return from_results(kept)


def from_results(kept: Mapping[str, Any]) -> str:
    """Return the generated part, from what is in tools/benchmarks/results.json."""
    return body(_sections.validate_python(kept["sections"]), kept["machine"])


def write(generated: str) -> None:
    """Put the generated part between the markers of the page."""
    PAGE.write_text(rendered(generated), encoding="utf-8")


def rendered(generated: str) -> str:
    """Return the page with its generated part renewed."""
    return with_part(PAGE.read_text(encoding="utf-8"), "measured", generated.strip())


def body(sections: Mapping[str, Section], machine: Mapping[str, str]) -> str:
    """Return Markdown: the machine, all targets, then workload by workload."""
    blocks = [table(["Measured on", ""], [list(pair) for pair in machine.items()])]
    targets = [
        [name, target.what, target.measured, target.wanted, _VERDICT[target.met]]
        for name, section in sections.items()
        for target in section.targets
    ]
    head = ["Workload", "What", "Measured", "Target", ""]
    blocks = [*blocks * bool(machine), *["## Targets", table(head, targets)] * bool(targets)]
    for name, section in sections.items():
        blocks += [f"## {section.title}", f"`{name}`: {section.text}"]
        blocks += [table(shown.head, shown.rows) for shown in section.tables]
        blocks += ["\n".join(f"- {note}" for note in section.notes)]
    return "\n\n".join(block for block in blocks if block) + "\n"
