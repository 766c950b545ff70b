"""What was meant by an expression that is no JQ: a bare name, or a path as JSONPath writes it.

items, data.items          .items, .data.items
$.items, $.items[*]        .items
$.teams[*].members         .teams[].members
"""

import re

_BARE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\[\*?\])*")
_ROOT = "$"
_EACH = "[*]"


def respelt(expression: str) -> str:
    """Return how JQ writes what an expression evidently means; empty where that is not evident.

    Sample: `.items` for `$.items[*]`.
    """
    text = expression.strip()
    if text.startswith(_ROOT):
        path = text.removeprefix(_ROOT)
    elif _BARE.fullmatch(text):
        path = f".{text}"
    else:
        return ""
    path = path.removesuffix(_EACH).replace(_EACH, "[]")
    return path if path.startswith(".") else f".{path}"


def is_bare_word(expression: str) -> bool:
    """Tell whether an expression is one word, such as a fixed text that lacks its quotes."""
    return bool(re.fullmatch(r"\s*[A-Za-z_][\w-]*\s*", expression))
