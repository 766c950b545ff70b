"""What the Content-Type of an answer, the name of a file or the start of a text tells."""

import re
from email.message import Message
from functools import lru_cache

from api_messages import ApiResponse
from formats.options import FormatType

_LINES = frozenset(
    {
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonl",
        "application/jsonlines",
        "application/x-jsonlines",
    }
)
_CSV = frozenset({"text/csv", "application/csv", "text/x-csv"})
_XML = frozenset({"application/xml", "text/xml"})
# Pages and pictures for people, which no API means as data.
_NO_DATA = frozenset({"application/xhtml+xml", "image/svg+xml"})
_BY_SUFFIX: dict[str, FormatType] = {
    "json": "json",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "csv": "csv",
    "xml": "xml",
}
_MARKUP = re.compile(r"\s*<(?:[!?]|[A-Za-z][\w:.-]*[\s/>])")
_HTML = re.compile(r"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*["{\[\]]|\[\s*[\d-])')
_COMMA_LINE = re.compile(r"[^{\[<\n]*[,;\t][^\n]*[^{\[<\n]\r?\n")


def content_type(response: ApiResponse) -> tuple[str, str]:
    """The media type and the charset, empty where the header does not say."""
    return _parse(response.headers.get("content-type", ""))


def by_media_type(media_type: str) -> FormatType:
    """The format that a Content-Type means; JSON for all that are unknown."""
    if media_type in _LINES:
        return "jsonl"
    if media_type in _CSV:
        return "csv"
    is_xml = media_type in _XML or media_type.endswith("+xml")
    return "xml" if is_xml and media_type not in _NO_DATA else "json"


def by_name(name: str) -> FormatType | None:
    """The format that the name of a file means: `users.csv.gz` is a CSV."""
    suffix = name.lower().removesuffix(".gz").rpartition(".")[2]
    return _BY_SUFFIX.get(suffix)


def is_markup(text: str) -> bool:
    """Whether a text evidently starts as HTML or XML does."""
    return _MARKUP.match(text) is not None


def is_json(text: str) -> bool:
    """Whether a text evidently starts as a JSON object or list does."""
    return _JSON.match(text) is not None


def guess(text: str) -> FormatType | None:
    """The format, other than JSON, that a text which is no JSON looks like."""
    if is_markup(text):
        return None if _HTML.match(text) else "xml"
    if is_json(text):
        return "jsonl" if re.match(r"\s*\{.*\}\s*\n\s*\{", text) else None
    return "csv" if _COMMA_LINE.match(text) else None


@lru_cache(maxsize=64)
def _parse(value: str) -> tuple[str, str]:
    if not value:
        return "", ""
    message = Message()
    message["content-type"] = value
    return message.get_content_type(), message.get_content_charset() or ""
