"""The mapping, blueprints and settings that the page works on; written only when it says so.

What is found out about endpoints goes into it as `init` brings files up to date: what was changed
by hand stays.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from cli.init.merge import merge
from cli.init.plan import PAGING, SetupPlan
from errors import ConfigurationError

type Path = Sequence[str | int]

_PARTS = ("mapping", "blueprints", "settings")


class Draft:
    """A mapping with its blueprints and settings, as far as it is made."""

    def __init__(
        self, mapping: Mapping[str, Any] | None, blueprints: Sequence[Mapping[str, Any]]
    ) -> None:
        self.mapping: dict[str, Any] = deepcopy(dict(mapping or {}))
        self.mapping.setdefault("resources", [])
        self.blueprints: list[dict[str, Any]] = deepcopy([dict(one) for one in blueprints])
        self.settings: dict[str, Any] = {}
        self.warnings: list[str] = []
        self._generated = SetupPlan({}, {}, [])

    @property
    def plan(self) -> SetupPlan:
        """The content of the files to write."""
        return deepcopy(SetupPlan(self.settings, self.mapping, self.blueprints))

    def replace(self, mapping: Mapping[str, Any], blueprints: Sequence[Mapping[str, Any]]) -> None:
        """Take a mapping and its blueprints in place of what there is."""
        self.mapping = deepcopy(dict(mapping))
        self.mapping.setdefault("resources", [])
        taken = {str(one.get("identifier")) for one in blueprints}
        others = [one for one in self.blueprints if one["identifier"] not in taken]
        self.blueprints = deepcopy([*others, *map(dict, blueprints)])
        self._generated = SetupPlan({}, {}, [])

    def grow(self, plan: SetupPlan) -> None:
        """Take over what is known of endpoints now, but for what was changed by hand."""
        before, now = self._generated, deepcopy(plan)
        if self.mapping["resources"]:
            merge(before.mapping, self.mapping, now.mapping, is_whole=True)
        else:
            # In the order in which `init` writes it.
            self.mapping = {**now.mapping, **self.mapping, "resources": now.mapping["resources"]}
        if self.blueprints:
            merge(before.blueprints, self.blueprints, now.blueprints, is_whole=True)
        else:
            self.blueprints = now.blueprints
        self.settings = merge(before.settings, self.settings, now.settings, is_whole=True)
        self.warnings = plan.warnings
        self._generated = deepcopy(plan)

    def edit(self, path: Path, value: Any) -> None:
        """Set a part of the draft, such as `["mapping", "resources", 0, "selector", "query"]`.

        Inputs: `value`, None to remove it.

        Raises:
            ConfigurationError: there is no such part, or it is none to edit here.
        """
        if len(path) < 2 or path[0] not in _PARTS:
            raise ConfigurationError(f"{'.'.join(map(str, path))} is no part of a draft")
        if path[0] == "settings" and path[1] not in PAGING:
            raise ConfigurationError(f"{path[1]} is no setting that can be changed here")
        holder: Any = getattr(self, str(path[0]))
        for step in path[1:-1]:
            holder = _held(holder, step, path)
        _put(holder, path[-1], value, path)

    def index_of(self, kind: str) -> int | None:
        """Return the place of the first resource of a kind; None where there is none."""
        kinds = [resource.get("kind") for resource in self.mapping["resources"]]
        return kinds.index(kind) if kind in kinds else None


def _held(holder: Any, step: str | int, path: Path) -> Any:
    if isinstance(holder, dict):
        return holder.setdefault(str(step), {})
    if isinstance(holder, list) and isinstance(step, int) and 0 <= step < len(holder):
        return holder[step]
    raise _nowhere(path)


def _put(holder: Any, step: str | int, value: Any, path: Path) -> None:
    if isinstance(holder, dict):
        holder.pop(str(step), None) if value is None else holder.update({str(step): value})
    elif isinstance(holder, list) and isinstance(step, int) and 0 <= step < len(holder):
        holder[step : step + 1] = [] if value is None else [value]
    elif isinstance(holder, list) and step == len(holder) and value is not None:
        holder.append(value)
    else:
        raise _nowhere(path)


def _nowhere(path: Path) -> ConfigurationError:
    return ConfigurationError(f"the draft has no {'.'.join(map(str, path))}")
