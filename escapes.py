"""Text of others made harmless: whatever a terminal would obey or hide is shown as an escape."""

import json
import re

# Control characters but for tabs and line breaks, separators of lines, marks of direction, halves
# of surrogate pairs, and what takes no room. Joiners stay: words of Persian and emoji have them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# A further line that looks like the first one of another message.
_FURTHER_LINE = re.compile(r"\n(?! )")


def visible(text: str) -> str:
    r"""Return a text in which nothing acts on a terminal; `ESC [ 2 J` becomes `\x1b[2J`."""
    return _HIDDEN.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def one_line(text: str) -> str:
    r"""Return a text as `visible` does, on one line: a line break becomes `\n`."""
    return visible(text).replace("\n", "\\n")


def indented(text: str) -> str:
    """Return a text as `visible` does; no further line of it starts where messages start."""
    return _FURTHER_LINE.sub("\n  ", visible(text))


def in_json(text: str) -> str:
    """Return a JSON text with the same in escapes of JSON: it means what it meant."""
    return _HIDDEN.sub(lambda match: json.dumps(match[0])[1:-1], text)
