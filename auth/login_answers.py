"""Answers to the steps of a login, as templates see them: also those that are no JSON.

{"body": {"token": "…"}, "headers": {"x-token": "…"}, "cookies": {"sid": "…"}, "text": "…",
 "status": 200, "steps": [the same of each answer, from the first one on]}
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import httpx

from formats.json_text import parse

_FORM = "application/x-www-form-urlencoded"


def body_of(response: httpx.Response) -> Any:
    """Return the JSON value of a body, or the fields of one that is declared as a form.

    Raises:
        ValueError: it is neither.
    """
    try:
        return parse(response.content)
    except (ValueError, RecursionError):
        declared = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if declared == _FORM and (fields := dict(parse_qsl(response.text))):
            return fields
        raise ValueError("it is neither JSON nor a form") from None


def seen(answers: Sequence[httpx.Response]) -> dict[str, Any]:
    """Return what templates see of the answers so far: the last one, and each in `steps`."""
    each = [_seen(answer) for answer in answers]
    return {**each[-1], "steps": each}


def telling(answers: Sequence[httpx.Response]) -> list[Any]:
    """Return the parts in which names tell secrets."""
    return [
        [_body_or_none(answer), dict(answer.headers), {"cookie": _cookies(answer)}]
        for answer in answers
    ]


def named(whole: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object whose keys are what the last answer has, as templates write them.

    Sample: `{"body.token": …, "cookies.sid": …, "headers.server": …, "status": …, "text": …}`
    """
    body = whole["body"]
    fields = [f"body.{name}" for name in body] if isinstance(body, Mapping) else ["body"]
    cookies = [f"cookies.{name}" for name in whole["cookies"]]
    headers = [f"headers.{name}" for name in whole["headers"] if name == name.lower()]
    return dict.fromkeys([*fields, *cookies, *headers, "text", "status", "steps"])


def _seen(answer: httpx.Response) -> dict[str, Any]:
    headers = dict(answer.headers)
    as_written = {_capitalised(name): value for name, value in headers.items()}
    return {
        "body": _body_or_none(answer),
        # Names of headers have no case, but keys have.
        "headers": {**as_written, **headers},
        "cookies": _cookies(answer),
        # A token often ends with a line break, which no header can carry.
        "text": answer.text.strip(),
        "status": answer.status_code,
    }


def _body_or_none(answer: httpx.Response) -> Any:
    try:
        return body_of(answer)
    except ValueError:
        return None


def _cookies(answer: httpx.Response) -> dict[str, str]:
    return {cookie.name: cookie.value or "" for cookie in answer.cookies.jar}


def _capitalised(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))
