"""The schemes that a 401 asks for, in its `WWW-Authenticate` header (RFC 9110, section 11.6.1).

WWW-Authenticate: Basic realm="dev, test", Bearer error="invalid_token"
"""

import re

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?')
# A scheme, and what may follow it; `error = x` is a parameter.
_SCHEME = re.compile(r"\s*([A-Za-z][\w!#$%&'*+.^`|~-]{0,29})(?:\s++(?!=)|\s*$)")
_MOST = 4


def schemes_in(header: str) -> list[str]:
    """Return the schemes as the header spells them, each once: `["Basic", "Bearer"]`."""
    parts = _QUOTED.sub("", header).split(",")
    found = (match[1] for part in parts if (match := _SCHEME.match(part)))
    return list(dict.fromkeys(found))[:_MOST]


def wanted_by(header: str) -> str:
    """Return advice on a 401 with this header, such as `the API asks for Basic or Bearer`."""
    schemes = schemes_in(header)
    return f"the API asks for {' or '.join(schemes)}" if schemes else ""
