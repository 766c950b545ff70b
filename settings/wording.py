"""The words for values that are evidently meant otherwise than written."""

import ast
from collections.abc import Iterable
from difflib import get_close_matches

_QUOTES = "\"'"


def choice(value: object, allowed: Iterable[str]) -> str:
    """Return the end of a line that names the value that was meant; empty where none is evident.

    Sample: `; did you mean bearer_token?` for `bearer`, `Bearer_Token` or `token`.
    """
    if not isinstance(value, str) or not value.strip():
        return ""
    plain = {_plain(each): each for each in allowed}
    text = _plain(unquoted(value))
    close = get_close_matches(text, plain, 1) or [each for each in plain if text in each.split("_")]
    return f"; did you mean {plain[close[0]]}?" if close else ""


def unquoted(value: str) -> str:
    """Return a text without the quotes that stand around the whole of it."""
    text = value.strip()
    is_quoted = len(text) > 1 and text[0] in _QUOTES and text[-1] == text[0]
    return text[1:-1] if is_quoted else value


def quotes(value: object) -> str:
    """Return the end of a line that tells of quotes around a value, as env files leave them."""
    if isinstance(value, str) and unquoted(value) != value:
        return "; leave out the quotes around it"
    return ""


def json_advice(text: str) -> str:
    """Return how to write a JSON text that is none; empty where that is not evident."""
    if unquoted(text) != text:
        return "; leave out the quotes around it"
    try:
        ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""
    return "; JSON has double quotes where this has single ones"


def _plain(text: str) -> str:
    return text.strip().lower().replace("-", "_").replace(" ", "_")
