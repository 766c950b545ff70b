"""The mapping as the command line finds it, and every problem in it with its line."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.alias_generators import to_camel
from pydantic.v1 import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cli.inputs import Problem
from errors import ConfigurationError, SelectorError
from expressions.programs import check_jq
from mapping.resources import CustomPortAppConfig, CustomResourceConfig
from settings.connection import ConnectionSettings

_RESOURCES_PATH = "OCEAN__RESOURCES_PATH"
_NAMES = ("port-app-config.yml", "port-app-config.yaml")
_PLACE_IN_LINE = re.compile(r"[A-Za-z_][\w.-]*")

type Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class MappingSource:
    """A mapping as plain data, and where it came from; `text` is empty when not from a file."""

    name: str
    data: Any
    text: str = ""

    def place(self, location: Location) -> str:
        """Return file, line and path of a part of the mapping, or of the nearest part there is."""
        path = _path_text(location)
        line = _line_of(self.data, location) if self.text else None
        start = f"{self.name}:{line}" if line else self.name
        return f"{start}: {path}" if path else start


def default_mapping_file() -> Path | None:
    """Return Ocean's own mapping file: in OCEAN__RESOURCES_PATH, else the working directory."""
    folders = [Path(os.environ[_RESOURCES_PATH])] if os.environ.get(_RESOURCES_PATH) else []
    candidates = (folder / name for folder in [*folders, Path()] for name in _NAMES)
    return next((path for path in candidates if path.is_file()), None)


def read_mapping(path: Path) -> MappingSource:
    """Return a mapping from a YAML or JSON file.

    Raises:
        ConfigurationError: the file cannot be read, or is no YAML.
    """
    text = read_text(path)
    try:
        data = YAML(typ="rt").load(text)
    except YAMLError as error:
        raise ConfigurationError(f"{path} is no valid YAML: {_first_words(error)}") from None
    return MappingSource(str(path), data, text)


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        ConfigurationError: the file is not there, or no text.
    """
    try:
        return path.read_text("utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"{path} cannot be read: {reason}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is no UTF-8 text") from None


def parse_mapping(
    source: MappingSource, settings: ConnectionSettings
) -> tuple[CustomPortAppConfig | None, list[Problem]]:
    """Return the mapping, and everything that is wrong with it under these settings.

    A mapping whose structure is wrong gives None; one whose selectors or JQ expressions are wrong
    can be used but for the resources in question.
    """
    plain = to_plain(source.data)
    if not isinstance(plain, Mapping) or not isinstance(plain.get("resources"), list):
        return None, [Problem("must be an object with a list `resources`", source.name)]
    if not plain["resources"]:
        return None, [
            Problem("has no resources; `ocean-custom init` makes a first one", source.name)
        ]
    try:
        config = CustomPortAppConfig.parse_obj(plain)
    except ValidationError as error:
        return None, [
            Problem(detail["msg"], source.place(tuple(detail["loc"]))) for detail in error.errors()
        ]
    problems = [
        problem
        for index, resource in enumerate(config.resources)
        for problem in _resource_problems(source, index, resource, settings)
    ]
    return config, problems


def to_plain(value: Any) -> Any:
    """Return plain dicts, lists and scalars from what ruamel read."""
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value if value is None else str(value)


def _resource_problems(
    source: MappingSource, index: int, resource: CustomResourceConfig, settings: ConnectionSettings
) -> Iterator[Problem]:
    here: Location = ("resources", index)
    told: set[Location] = set()
    try:
        resource.plan(settings)
    except SelectorError as error:
        for line in _lines_of(str(error)):
            steps = _steps_of(line)
            within = () if steps[:1] == ("port",) else ("selector",)
            told.add((*within, *steps))
            yield Problem(line, source.place((*here, *within, *steps)))
    for steps, expression in _expressions(resource):
        if steps in told:
            continue
        if complaint := _jq_complaint(expression):
            yield Problem(
                f"{expression!r} is not valid JQ: {complaint}", source.place((*here, *steps))
            )


def _expressions(resource: CustomResourceConfig) -> Iterator[tuple[Location, str]]:
    """Yield the JQ expressions of a resource that Ocean evaluates, and where they stand."""
    yield ("selector", "query"), resource.selector.query
    port = resource.port
    if port.items_to_parse:
        yield ("port", "itemsToParse"), port.items_to_parse
    yield from _leaves(
        port.entity.mappings.dict(exclude_unset=True), ("port", "entity", "mappings")
    )


def _leaves(value: Any, steps: Location) -> Iterator[tuple[Location, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            # Search queries hold operators and property names beside one JQ expression.
            if key not in ("combinator", "operator", "property"):
                yield from _leaves(inner, (*steps, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*steps, index))
    elif isinstance(value, str):
        yield steps, value


def _jq_complaint(expression: str) -> str:
    try:
        check_jq(expression, "")
    except SelectorError as error:
        return str(error).rpartition("is not valid JQ: ")[2].splitlines()[0]
    return ""


def _lines_of(text: str) -> list[str]:
    lines = [line.removeprefix("  - ") for line in text.splitlines()[1:]]
    # What jq says has lines of its own, of which the first says it all.
    return [line for line in lines if line and not line.startswith(("jq:", " "))] or [text]


def _steps_of(line: str) -> Location:
    match = _PLACE_IN_LINE.match(line)
    steps = match[0].rstrip(".").split(".") if match else []
    return tuple(int(step) if step.isdecimal() else step for step in steps)


def _path_text(location: Sequence[str | int]) -> str:
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _line_of(data: Any, location: Iterable[str | int]) -> int | None:
    """Return the line of the deepest part of a location that there is, counted from 1."""
    line: int | None = None
    for step in location:
        key = _key_in(data, step)
        if key is None:
            break
        # ruamel keeps the lines of keys and elements with what holds them; merged keys have none.
        lines = data.lc.data or {}
        line = lines[key][0] + 1 if key in lines else line
        data = data[key]
    return line


def _key_in(data: Any, step: str | int) -> str | int | None:
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        return step
    if isinstance(data, Mapping):
        spellings = (step, to_camel(str(step)))
        return next((key for key in spellings if key in data), None)
    return None


def _first_words(error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)
