"""An event as it arrives: where it was sent to, and what its body holds."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from formats.json_text import parse_exactly
from settings.webhook_signatures import Target

FORM = "application/x-www-form-urlencoded"
# GitHub, Bitbucket and Slack put JSON there.
_PAYLOAD = "payload"
_MOST_FIELDS = 1000


def target_of(base_url: str, method: str, path: str, query: bytes) -> Target:
    """Return where a request was sent to, as its sender wrote it.

    Inputs: `base_url`, the address that webhooks reach; `path` below it, still encoded; `query`.
    """
    text = query.decode("latin-1")
    url = f"{base_url.rstrip('/')}{path}"
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        pairs = []
    return Target(method, f"{url}?{text}" if text else url, dict(pairs))


def body_of(content: bytes, headers: Mapping[str, str]) -> Any:
    """Return the JSON value of a body; of a form, its `payload`, or an object of its fields.

    Sample: `payload=%7B%22id%22%3A7%7D` gives `{"id": 7}`, and `id=7&tag=a&tag=b` gives
    `{"id": "7", "tag": ["a", "b"]}`.

    Raises:
        ValueError: it is neither.
    """
    if not is_form(headers):
        return parse_exactly(content)[0]
    pairs = parse_qsl(
        content.decode("utf-8"),
        keep_blank_values=True,
        strict_parsing=True,
        max_num_fields=_MOST_FIELDS,
    )
    fields: dict[str, list[str]] = {}
    for name, text in pairs:
        fields.setdefault(name, []).append(text)
    if len(payloads := fields.get(_PAYLOAD, [])) == 1:
        return parse_exactly(payloads[0].encode())[0]
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in fields.items()}


def is_form(headers: Mapping[str, str]) -> bool:
    """Tell whether a body is that of a form; names of `headers` are lower case."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


def as_json(content: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a body in JSON, for who reads nothing else; one that is no form stays as it is."""
    return json.dumps(body_of(content, headers)).encode() if is_form(headers) else content
