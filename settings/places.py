"""Places in bodies, as settings name them: keys with dots between, such as `meta.next_cursor`.

meta.next     as it is          .meta.next    the same
$.meta.next   read as meta.next, with a warning
.meta["next"], meta[0].next     refused, with the right spelling
"""

import re

# One key or index in brackets: ["next"], ['next'], [0]
_BRACKETS = re.compile(r"""\.?\[(?:"([^"\]]+)"|'([^'\]]+)'|(\d+))\]""")
# What no key of an API has, but JQ, JSONPath and templates do.
_FOREIGN = re.compile(r"""[\[\]"'|(){}*?]|\.\.|\s*\.$""")
_ROOT = "$."


class PlaceError(ValueError):
    """A text that names no place; it says how to write one."""


def place_of(path: str) -> str:
    """Return the place that a text names, without the root of JSONPath.

    Raises:
        PlaceError: it is no keys with dots between.
    """
    place = path.removeprefix(_ROOT)
    if _FOREIGN.search(path) or place.startswith("/") or not place.strip(". "):
        raise PlaceError(f"{path!r} is no place in a body; {_advice(path)}")
    return place


def _advice(path: str) -> str:
    spelt = _BRACKETS.sub(lambda found: "." + "".join(filter(None, found.groups())), path)
    if spelt.startswith("/"):
        spelt = spelt.replace("/", ".")
    spelt = spelt.removeprefix("$").removeprefix(".").strip().rstrip(".")
    if not spelt or spelt.startswith(".") or _FOREIGN.search(spelt):
        return "write its keys with dots between, such as `meta.next`"
    return f"write `{spelt}`"
