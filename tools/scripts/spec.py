"""`.port/spec.yaml` as its readers need it, and the part of it that is generated."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

PATH = Path(".port") / "spec.yaml"
ADVANCED = "Advanced Configuration"

Setting = dict[str, Any]

_IN_VIEW = frozenset({"baseUrl", "authType"})


def settings_of(root: Path) -> list[Setting]:
    """Return the settings, in the order of the form."""
    spec = yaml.safe_load((root / PATH).read_text("utf-8"))
    settings: list[Setting] = spec["configurations"]
    return settings


def values_that_count(clause: Mapping[str, Any]) -> list[str]:
    """Return the values of the other setting with which a dependency holds.

    Sample: `["offset", "page"]` for `{on: paginationType, when: {in: [offset, page]}, …}`.
    """
    when = clause["when"]
    return [when["equals"]] if "equals" in when else list(when["in"])


def owner_of(setting: Mapping[str, Any]) -> str | None:
    """Return the setting that decides whether this one is read; None where it always is."""
    clauses = setting.get("dependencies", [])
    return clauses[0]["on"] if clauses else None


def shown_with(settings: Iterable[Setting], owner: str, value: str) -> Iterator[tuple[str, bool]]:
    """Yield each setting that the form shows with a value of its owner, and if it must be given."""
    for setting in settings:
        for clause in setting.get("dependencies", []):
            if clause["on"] == owner and value in values_that_count(clause):
                yield setting["name"], clause["then"]["required"]


def render(root: Path) -> str:
    """Return the text of the spec, with the layout of the form renewed."""
    text = (root / PATH).read_text("utf-8")
    written = text.partition("\ninterface:\n")[0]
    folded = [each["name"] for each in settings_of(root) if not is_in_view(each)]
    lines = ["interface:", "  sections:", f"    - label: {ADVANCED}", "      configurationNames:"]
    return "\n".join([written.rstrip("\n"), *lines, *(f"        - {name}" for name in folded), ""])


def is_in_view(setting: Mapping[str, Any]) -> bool:
    """Tell whether the form shows a setting without unfolding anything: address and credentials."""
    return setting["name"] in _IN_VIEW or owner_of(setting) == "authType"
