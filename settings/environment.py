"""Environment variables: `${NAME}` in a header takes one, and JQ sees none.

Those that Ocean reads its own settings from, Port's credentials among them, are never taken.
"""

import json
import os
import re
from collections.abc import Mapping

from settings.types import refuse

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(rf"\$\{{({NAME.pattern})\}}")
# The settings of Ocean, and Port's credentials by the names that examples of the framework use.
_OF_OCEAN = re.compile(r"OCEAN__.*|PORT_CLIENT_(ID|SECRET)", re.IGNORECASE)


def is_of_ocean(name: str) -> bool:
    """Return whether a variable holds a secret of the integration itself, or may."""
    return bool(_OF_OCEAN.fullmatch(name))


def forget_ocean_s_own() -> None:
    """Take those variables out of the environment, for whatever reads it from now on."""
    for name in filter(is_of_ocean, list(os.environ)):
        del os.environ[name]


def is_referred_to(headers: object) -> bool:
    """Return whether headers, which may be JSON text, hold a `${NAME}` anywhere."""
    if isinstance(headers, str):
        try:
            headers = json.loads(headers)
        except ValueError:
            return "${" in str(headers)
    values = headers.values() if isinstance(headers, Mapping) else [headers]
    return any(_REFERENCE.search(str(value)) for value in values)


def filled_in(headers: dict[str, str]) -> dict[str, str]:
    """Replace each `${NAME}` in a header value by that environment variable."""
    named = {name for value in headers.values() for name in _REFERENCE.findall(value)}
    if own := sorted(filter(is_of_ocean, named)):
        refuse(f"refers to {', '.join(own)}, which may hold a secret of the integration itself")
    if missing := sorted(named - os.environ.keys()):
        refuse(f"refers to environment variables that are not set: {', '.join(missing)}")
    return {
        name: _REFERENCE.sub(lambda match: os.environ[match.group(1)], value)
        for name, value in headers.items()
    }


def hidden_from(program: str) -> str:
    """Return a jq program for which `env` and `$ENV` are empty."""
    return "def env: {}; {} as $ENV | " + program
