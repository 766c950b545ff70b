"""Names that stand where settings stand, but that no setting has.

Ocean passes over them. One that is evidently a misspelt setting is an error, because the setting
that was meant would silently have its default; of others, a warning tells that nothing reads them.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping, Set
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from dotenv import dotenv_values
from pydantic.alias_generators import to_camel, to_snake

# Beside `pyproject.toml`, which the working directory holds.
CONFIG_FILE = Path("config.yaml")
_FROM_ENVIRONMENT = re.compile(r"\{\{ from env (\S+) \}\}")
PREFIX = "OCEAN__INTEGRATION__CONFIG__"
_WHOLE = PREFIX.rstrip("_")
_CLOSE_ENOUGH = 0.8
# Names that old examples give, and the settings that do what they say.
OF_OLD_EXAMPLES: Mapping[str, str] = {
    "pageParam": "paginationParam",
    "offsetParam": "paginationParam",
    "cursorParam": "paginationParam",
    "limitParam": "sizeParam",
    "authValue": "apiToken, apiKey or username and password, as authType says",
}


class Unknown(NamedTuple):
    """The judgement on names that no setting has: errors, and what is only worth a warning."""

    problems: list[str]
    warnings: list[str]


def judge(given: Iterable[str], known: Set[str]) -> Unknown:
    """Judge names in camelCase; `known` are those of all settings.

    A name that looks like a setting which is given as well is no misspelt one.

    Sample: `paginationTipe: is no setting; did you mean paginationType?`
    """
    given = list(given)
    candidates = sorted(known - set(given))
    found = Unknown([], [])
    for name in given:
        if name in known:
            continue
        if instead := OF_OLD_EXAMPLES.get(name):
            found.problems.append(f"{name}: is no setting, and nothing reads it; use {instead}")
        elif meant := _meant(name, candidates):
            found.problems.append(f"{name}: is no setting; did you mean {meant}?")
        else:
            found.warnings.append(f"{name}: is no setting, and nothing reads it")
    return found


def given_beside(known: Set[str], env_file: Path = Path(".env")) -> dict[str, Any]:
    """Return what is given where Ocean reads settings, by snake_case names beyond `known`."""
    found = given_to_ocean(env_file).items()
    return {name: value for name, value in found if name not in known}


def given_to_ocean(env_file: Path = Path(".env")) -> dict[str, Any]:
    """Return what is given where Ocean reads settings, by snake_case names.

    That is in the environment, each for itself or all as one JSON text, in the env file that Ocean
    reads, and in its `config.yaml`. Sample: `{"pagination_tipe": "page"}`.
    """
    in_file = dotenv_values(env_file, interpolate=False) if env_file.is_file() else {}
    variables = {name.upper(): value for name, value in {**in_file, **os.environ}.items() if value}
    whole = whole_config(variables.get(_WHOLE, ""))
    of_whole = {to_snake(name): value for name, value in whole.items()}
    # One of several parts, as CUSTOM_HEADERS__ACCEPT, is a part of an object.
    single = {
        name.removeprefix(PREFIX).partition("__")[0].lower(): value
        for name, value in variables.items()
        if name.startswith(PREFIX)
    }
    return {**in_config_file(), **of_whole, **single}


def in_config_file(file: Path = CONFIG_FILE) -> dict[str, Any]:
    """Return the settings of the file that Ocean reads where nothing else has them.

    Names are in snake_case; `{{ from env NAME }}` is taken from the environment, if it is there.
    """
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        # Ocean itself says what is wrong with it.
        return {}
    for name in ("integration", "config"):
        content = content.get(name) if isinstance(content, Mapping) else None
    named = content.items() if isinstance(content, Mapping) else ()
    filled = ((to_snake(str(name)), _from_environment(value)) for name, value in named)
    return {name: value for name, value in filled if value is not None}


def _from_environment(value: Any) -> Any:
    found = _FROM_ENVIRONMENT.fullmatch(value) if isinstance(value, str) else None
    return os.environ.get(found[1]) if found else value


def whole_config(text: str) -> dict[str, Any]:
    """Return all settings of one JSON text, as Ocean also takes them; none of what is no object."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _meant(name: str, candidates: list[str]) -> str | None:
    by_text = {to_snake(each): each for each in candidates}
    close = get_close_matches(to_snake(name), by_text, 1, _CLOSE_ENOUGH)
    return to_camel(close[0]) if close else None
