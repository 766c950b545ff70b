"""What requests carry that is more than its text: a page size, and JQ that nothing evaluates."""

import re
from collections.abc import Iterator, Mapping, Set
from typing import Any

import httpx

from api_messages import Where
from errors import SelectorError
from expressions.programs import check_jq
from mapping.plan.templates import placeholders_in, texts_in
from settings.pagination import AskedSettings, PaginationSettings

# A moment that moves with the clock, as JQ makes one; `now-7d` is what APIs read themselves.
_MOMENT = re.compile(r"\bnow\b.*\||\bnow\b.*\b(?:strftime|todate)\b|\bstrftime\(", re.DOTALL)
_SHOWN = 60


def with_own_size(
    pagination: PaginationSettings, path: str, parts: Mapping[Where, Any]
) -> PaginationSettings:
    """Return the pagination, where a page size that the request has already is not sent again.

    Inputs: `parts` are the query parameters, headers and body as they are written. Sample: the
    parameter `limit` of `{"query": {"limit": "200"}}` makes 200 the size of a full page.
    """
    sent = own_size(pagination, path, parts)
    if sent is None:
        return pagination
    size = _number(sent)
    return pagination.model_copy(update={"size_param": ""} | ({"page_size": size} if size else {}))


def own_size(pagination: PaginationSettings, path: str, parts: Mapping[Where, Any]) -> Any:
    """Return the page size that a request has already, as it is written; None where it has none."""
    if not isinstance(pagination, AskedSettings) or not pagination.size_param:
        return None
    name, where = pagination.size_param, pagination.size_where
    if where == "placeholder":
        return None
    if where == "query":
        in_path = httpx.QueryParams(path.partition("?")[2])
        return (parts["query"] or {}).get(name, in_path.get(name))
    if where == "header":
        headers = {key.lower(): value for key, value in (parts["header"] or {}).items()}
        return headers.get(name.lower())
    return _held(parts["body"], name.removeprefix(".").split("."))


def _held(body: Any, path: list[str]) -> Any:
    """Return what a body holds where a parameter is put; None where there is nothing."""
    for part in path:
        if isinstance(body, list) and part.isdecimal() and int(part) < len(body):
            body = body[int(part)]
        elif isinstance(body, Mapping):
            body = body.get(part)
        else:
            return None
    return body


def with_placeholders(
    pagination: AskedSettings,
    parts: list[Any],
    names: Set[str],
    place: str,
    *,
    is_size_written: bool,
) -> AskedSettings:
    """Return the pagination, without a size where no placeholder of the request takes one.

    Inputs: `parts`, those of the request in which placeholders may stand; `names`, those of path
    parameters; `place`, where the pagination is written; `is_size_written`, whether it names one.

    Raises:
        SelectorError: a placeholder that pagination should fill is not there, or another's.
    """
    there = {name for text in texts_in(parts) for name in placeholders_in(text)}
    has_size = is_size_written or pagination.size_param in there
    if pagination.size_where == "placeholder" and not has_size:
        pagination = pagination.model_copy(update={"size_param": ""})
    for name in sorted(pagination.placeholders):
        if name in names:
            raise SelectorError(f"{place}: {{{name}}} is a path parameter; give param another name")
        if name not in there:
            raise SelectorError(
                f"{place}: {{{name}}} stands nowhere in endpoint, query_params, headers and body, "
                "where `in: placeholder` looks for it"
            )
    return pagination


def jq_in(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield each text that is JQ for a moment, by its place; nothing evaluates it there.

    Sample: `("query_params.since", "now - 86400 | todate")`.
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from jq_in(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from jq_in(inner, f"{place}.{index}")
    elif isinstance(value, str) and _MOMENT.search(value) and _is_jq(value):
        yield place, value


def instead_of_jq(place: str, text: str) -> str:
    """Say that a text is sent as it is, and which block sends moments."""
    part, _, name = place.rpartition("query_params.")[2].rpartition("body.")
    where = ", in: body" if ".body." in f".{place}" or part else ""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return (
        f"{place}: {shown!r} is sent as it is written, because nothing evaluates JQ there; for "
        f"moments that move with the clock write the block `windows: {{from_param: {name}, "
        f"to_param: …, start: 30d, step: 30d{where}}}`"
    )


def _is_jq(text: str) -> bool:
    try:
        check_jq(text, "")
    except SelectorError:
        return False
    return True


def _number(sent: Any) -> int | None:
    """Return a positive number that may be written as a text."""
    text = str(sent).strip()
    is_number = not isinstance(sent, bool | float) and text.isdecimal() and int(text) > 0
    return int(text) if is_number else None
