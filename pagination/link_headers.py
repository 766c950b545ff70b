"""`Link` headers, as RFC 8288 has them."""

import re
from collections.abc import Iterator

# A link's target may hold commas and semicolons; a quoted parameter value may hold anything. What
# was matched once is not given back, so that blanks without end are looked at once.
_LINK = re.compile(
    r'<([^<>]*+)>((?:\s*+;\s*+[^\s=;,"]++\s*+(?:=\s*+(?:"(?:[^"\\]|\\.)*+"|[^\s;,"]*+))?+)*+)'
)
_LINK_PARAMETER = re.compile(
    r';\s*+([^\s=;,"]++)\s*+(?:=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s;,"]*+)))?+'
)


def parse_link_header(value: str) -> Iterator[tuple[str, set[str]]]:
    """Return targets and their relation types, lower case, from a `Link` header.

    That is RFC 8288, section 3. Sample: `<https://api.example.com/v1?page=2>; rel="next"` gives
    `("https://api.example.com/v1?page=2", {"next"})`.

    Only the first `rel` of a link counts, as the RFC says. Anything unreadable is passed over, and
    so is a link that says `results="false"`, as Sentry's do that lead to nothing.
    """
    for target, parameters in _LINK.findall(value):
        given: dict[str, str] = {}
        for name, quoted, token in _LINK_PARAMETER.findall(parameters):
            given.setdefault(name.lower(), quoted or token)
        if "rel" in given and given.get("results", "").lower() != "false":
            yield target.strip(), set(given["rel"].lower().split())
