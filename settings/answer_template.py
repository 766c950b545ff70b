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
            _compile(path.strip(), where)
        if cut := _WITHOUT_END.search(_PLACEHOLDER.sub("", text)):
            path = f".{cut[1].removeprefix('.')}"
            raise TemplateError(f"{where} has {{{{{cut[1]} without its end; write {{{{{path}}}}}")

    _with_texts(template, check_text, place)


def render(template: Any, response: Any, place: str = "") -> Any:
    """Put values of `response` into `template`.

    A placeholder takes the text form of its value: `"{{.expires_in}}"` becomes `"3600"`.

    Raises:
        TemplateError: names the placeholder and the keys that the response does have.
    """
    return _with_texts(template, lambda text, where: _render_text(text, response, where), place)


def values_of(template: Any, response: Any, place: str = "") -> list[dict[str, Any]]:
    """Return the values of `response` that `template` uses, each under its name in the response.

    Sample: `{{.data.token}}` gives `{"token": "…"}`. Errors as for `render`.
    """
    found: list[dict[str, Any]] = []

    def look_up(text: str, where: str) -> None:
        paths = (path.strip() for path in _PLACEHOLDER.findall(text))
        found.extend({path.rpartition(".")[2]: _look_up(path, response, where)} for path in paths)

    _with_texts(template, look_up, place)
    return found


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


def _render_text(template: str, response: Any, place: str) -> str:
    return _PLACEHOLDER.sub(
        lambda match: _as_text(_look_up(match.group(1).strip(), response, place)), template
    )


def _look_up(path: str, response: Any, place: str) -> Any:
    try:
        # As text within jq, which would round large integers on their way out.
        value = json.loads(_compile(path, place).input_value(response).first())
    except (StopIteration, ValueError):
        value = None
    if value is None:
        raise TemplateError(
            f"{place} uses {{{{{path}}}}}, which the authentication response does not have; "
            f"it has {_describe_keys(response)}"
        )
    return value


def _compile(path: str, place: str) -> Any:
    if not path.startswith("."):
        raise TemplateError(
            f"{place} uses {{{{{path}}}}}; write a JQ path that starts with a dot, "
            "such as {{.access_token}}"
        )
    try:
        return jq.compile(environment.hidden_from(f"({path}) | tojson"))
    except ValueError:
        raise TemplateError(f"{place} uses {{{{{path}}}}}, which is no valid JQ path") from None


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _describe_keys(response: Any) -> str:
    if isinstance(response, Mapping):
        return f"the keys {', '.join(sorted(map(str, response)))}" if response else "no keys"
    return "no keys, because it is no object"
