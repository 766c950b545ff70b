"""Connection settings as the command line finds them: flags, environment, files.

Flags win over the environment, that over the env file, and that over Ocean's `config.yaml`, as in
Ocean itself.
"""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from dotenv import dotenv_values
from pydantic.alias_generators import to_camel, to_snake

from errors import SettingsError
from settings.connection import ConnectionSettings
from settings.marks import Sensitive, marked
from settings.names import CONFIG_FILE, PREFIX, given_beside, in_config_file, whole_config

ROOT = Path(__file__).resolve().parents[1]
_WHOLE = PREFIX.rstrip("_")
_DEFAULT_FILES = (".env", "ocean.env")
_NO = ("false", "0", "no", "off")


def own_version() -> str:
    """Return the version of this integration, as its image is tagged."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong, and where it stands: a file and line, a variable, a flag."""

    message: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


@dataclass(frozen=True, slots=True)
class GivenSettings:
    """Raw settings by snake_case name, and for each where it was given."""

    values: dict[str, Any] = field(repr=False)
    places: dict[str, str]

    def parse(self) -> ConnectionSettings:
        """Return the checked settings.

        Raises:
            SettingsError: with every problem of the settings.
        """
        # Ocean comes with it, for which the help does not wait.
        from mapping.fields.pagination import check_expressions

        return check_expressions(ConnectionSettings.parse(self.values))

    @property
    def verifies(self) -> bool:
        """Return whether certificates are verified, also where other settings are wrong."""
        return str(self.values.get("verify_ssl", "true")).lower() not in _NO

    def problems(self, error: SettingsError) -> list[Problem]:
        """Return the problems of an error, each with the place where its setting was given."""
        return self.placed(error.problems)

    def placed(self, lines: Iterable[str]) -> list[Problem]:
        """Return lines that start with a setting, each with the place where that was given."""
        return [Problem(line, self._place_of(line)) for line in lines]

    def _place_of(self, line: str) -> str:
        name = line.partition(":")[0].partition(".")[0]
        return self.places.get(to_snake(name), "")


@cache
def spec_settings() -> tuple[Mapping[str, Any], ...]:
    """Return the settings as `.port/spec.yaml` lists them."""
    spec = yaml.safe_load((ROOT / ".port" / "spec.yaml").read_text("utf-8"))
    return tuple(spec["configurations"])


def secret_names() -> set[str]:
    """Return the names, in camelCase, of the settings that hold secrets."""
    return set(map(to_camel, marked(ConnectionSettings, Sensitive)))


def variable(name: str) -> str:
    """Return the environment variable of a setting, by its name in the spec."""
    return f"{PREFIX}{to_snake(name).upper()}"


def load_env_file(path: Path | None) -> dict[str, str]:
    """Add the variables of an env file to the environment, which keeps what it has.

    Returns the place of each variable, such as `.env:3`. Without a path, `.env` and then
    `ocean.env` in the working directory are read: Ocean reads the first, `init` writes the other.

    Raises:
        OSError, UnicodeDecodeError: the file cannot be read.
    """
    files = [path] if path else [file for file in map(Path, _DEFAULT_FILES) if file.is_file()]
    places = {}
    for file in files:
        text = file.read_text("utf-8")
        for name, value in dotenv_values(file, interpolate=False).items():
            if value is not None and name not in os.environ:
                os.environ[name] = value
                places[name.upper()] = f"{file}:{_line_of(text, name)}"
    return places


def gather(flags: Mapping[str, Any], env_places: Mapping[str, str]) -> GivenSettings:
    """Return the settings of this run.

    Inputs: `flags` by snake_case name, None where not given; `env_places` from `load_env_file`.
    """
    of_flags = (
        (name, value, f"--{name.replace('_', '-')}")
        for name, value in flags.items()
        if value is not None
    )
    found = [*_of_environment(env_places), *of_flags]
    values = {name: value for name, value, _ in found}
    return GivenSettings(values, {name: place for name, _, place in found})


def _of_environment(env_places: Mapping[str, str]) -> Iterator[tuple[str, Any, str]]:
    of_file = in_config_file()
    for name, value in of_file.items():
        yield name, value, str(CONFIG_FILE)
    variables = {name.upper(): value for name, value in os.environ.items()}
    whole = {to_snake(n): value for n, value in whole_config(variables.get(_WHOLE, "")).items()}
    for name, value in whole.items():
        yield name, value, env_places.get(_WHOLE, _WHOLE)
    for setting in spec_settings():
        key = variable(setting["name"])
        if key in variables:
            yield to_snake(setting["name"]), variables[key], env_places.get(key, key)
    given = ConnectionSettings.names() | whole.keys() | of_file.keys()
    for name, value in given_beside(given).items():
        key = f"{PREFIX}{name.upper()}"
        yield name, value, env_places.get(key, key)


def _line_of(text: str, name: str) -> int:
    lines = text.splitlines()
    starts = (f"{name}=", f"export {name}=", f"{name} =")
    return next((n for n, line in enumerate(lines, 1) if line.strip().startswith(starts)), 1)
