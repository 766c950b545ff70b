"""Environment variables: `${NAME}` in a header takes one, and JQ sees none."""

import os
import re

from settings.types import refuse

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(rf"\$\{{({NAME.pattern})\}}")


def filled_in(headers: dict[str, str]) -> dict[str, str]:
    """Replace each `${NAME}` in a header value by that environment variable."""
    named = {name for value in headers.values() for name in _REFERENCE.findall(value)}
    if missing := sorted(named - os.environ.keys()):
        refuse(f"refers to environment variables that are not set: {', '.join(missing)}")
    return {
        name: _REFERENCE.sub(lambda match: os.environ[match.group(1)], value)
        for name, value in headers.items()
    }


def hidden_from(program: str) -> str:
    """Return a jq program for which `env` and `$ENV` are empty."""
    return "def env: {}; {} as $ENV | " + program
