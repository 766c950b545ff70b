"""`{{.path}}` templates: values of an authentication response put into headers, query or body."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import jq

from settings import environment

_PLACEHOLDER = re.compile(r"\{\{((?:(?!\}\}).)*)\}\}", re.DOTALL)
# The start of one, of what is left once those that have an end are taken out.
_WITHOUT_END = re.compile(r"\{\{\s*([.\w][^\s{}]*)")


class TemplateError(ValueError):
    """A placeholder that gives nothing usable; the message never holds a value of the response."""


def check(template: Any, place: str = "") -> None:
    """Refuse a template with a placeholder that has no end, or no JQ path starting with a dot.

    Inputs: `template`, any JSON value whose strings may hold placeholders; `place`, where it
    stands, such as `headers.Authorization`.

    Raises:
        TemplateError: names the placeholder and its place.
    """

    def check_text(text: str, where: str) -> None:
        for path in _PLACEHOLDER.findall(text):
            _check_path(path.strip(), where)
        if cut := _WITHOUT_END.search(_PLACEHOLDER.sub("", text)):
            path = f".{cut[1].removeprefix('.')}"
            raise TemplateError(f"{where} has {{{{{cut[1]} without its end; write {{{{{path}}}}}")

    _with_texts(template, check_text, place)


def programs_in(template: Any) -> dict[str, str]:
    """Return the paths of all placeholders, each with the jq program that writes its value.

    It is written as JSON within jq, which would round large integers on their way out. No program
    sees the environment. Sample: for `"Bearer {{.token}}"`, the path is `.token`.
    """
    found: dict[str, str] = {}

    def collect(text: str, _: str) -> None:
        paths = [path.strip() for path in _PLACEHOLDER.findall(text)]
        found.update((path, _as_json(path)) for path in paths)

    _with_texts(template, collect, "")
    return found


def fill(
    template: Any,
    values: Mapping[str, Any],
    response: Any,
    place: str = "",
    encode: Callable[[str], str] = str,
) -> Any:
    """Put values into `template`, which `values` gives by the paths of placeholders.

    A placeholder takes the text form of its value: `"{{.expires_in}}"` becomes `"3600"`, and then
    what `encode` makes of that.

    Raises:
        TemplateError: a value is missing or null; names the placeholder and the keys that
            `response` does have.
    """

    def look_up(path: str, where: str) -> Any:
        value = values.get(path)
        if value is None:
            raise TemplateError(
                f"{where} uses {{{{{path}}}}}, which the authentication response does not have; "
                f"it has {_describe_keys(response)}"
            )
        return value

    def fill_text(text: str, where: str) -> str:
        return _PLACEHOLDER.sub(
            lambda match: encode(_as_text(look_up(match.group(1).strip(), where))), text
        )

    return _with_texts(template, fill_text, place)


def only_path_in(text: str) -> str | None:
    """Return the path of the placeholder that is the whole text, if one is."""
    match = _PLACEHOLDER.fullmatch(text)
    return match.group(1).strip() if match else None


def _with_texts(template: Any, change: Callable[[str, str], Any], place: str) -> Any:
    """Return the template with each string changed, by itself and its place."""
    if isinstance(template, str):
        return change(template, place)
    if isinstance(template, Mapping):
        places = {key: f"{place}.{key}" if place else str(key) for key in template}
        return {key: _with_texts(template[key], change, places[key]) for key in template}
    if isinstance(template, list):
        return [_with_texts(each, change, f"{place}[{n}]") for n, each in enumerate(template)]
    return template


def _check_path(path: str, place: str) -> None:
    if not path.startswith("."):
        raise TemplateError(
            f"{place} uses {{{{{path}}}}}; write a JQ path that starts with a dot, "
            "such as {{.access_token}}"
        )
    try:
        jq.compile(_as_json(path))
    except ValueError:
        quoted = '; a name with a dash is quoted: .headers["x-token"]' if "-" in path else ""
        raise TemplateError(
            f"{place} uses {{{{{path}}}}}, which is no valid JQ path{quoted}"
        ) from None


def _as_json(path: str) -> str:
    return environment.hidden_from(f"first(({path}) | tojson)")


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _describe_keys(response: Any) -> str:
    if isinstance(response, Mapping):
        return f"the keys {', '.join(sorted(map(str, response)))}" if response else "no keys"
    return "no keys, because it is no object"
