"""`{{.path}}` templates of custom authentication."""

import json
from contextlib import suppress
from typing import Any

import jq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.answer_template import TemplateError, check, fill, programs_in


def render(template: Any, response: Any, place: str = "") -> Any:
    """Fill a template with what its programs give, evaluated in this process."""
    values: dict[str, Any] = {}
    for path, program in programs_in(template).items():
        with suppress(ValueError, StopIteration):
            values[path] = json.loads(jq.compile(program).input_value(response).first())
    return fill(template, values, response, place)


_NAMES = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
_PLAIN = st.text().filter(lambda text: "{{" not in text and "}}" not in text)
_SCALARS = (
    st.text()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: number % 1 != 0)
)


@pytest.mark.contract("auth.template.path")
@given(name=_NAMES, value=_SCALARS)
def test_a_lone_placeholder_takes_the_text_of_the_value(name: str, value: Any) -> None:
    rendered = render(f"{{{{.{name}}}}}", {name: value})
    assert isinstance(rendered, str)
    assert rendered == (value if isinstance(value, str) else json.dumps(value))


@pytest.mark.contract("auth.template.text")
@pytest.mark.parametrize("where", ["headers", "queryParams", "body"])
def test_a_number_is_text_in_every_part_of_the_template(where: str) -> None:
    made = render({where: {"lifetime": "{{.expires_in}}"}}, {"expires_in": 3600})
    assert made == {where: {"lifetime": "3600"}}


@pytest.mark.contract("auth.template.anywhere")
@given(values=st.lists(st.text(min_size=1), min_size=1, max_size=4), between=_PLAIN)
def test_placeholders_amid_text_are_all_replaced(values: list[str], between: str) -> None:
    between = between.replace("{", "").replace("}", "") or " "
    response = {f"v{n}": value for n, value in enumerate(values)}
    template = between + between.join(f"{{{{ .v{n} }}}}" for n in range(len(values))) + between
    assert render(template, response) == between + between.join(values) + between


@pytest.mark.contract("auth.template.anywhere")
def test_two_placeholders_may_be_all_of_a_text() -> None:
    response = {"token_type": "Bearer", "access_token": "abc"}
    assert render("{{.token_type}} {{.access_token}}", response) == "Bearer abc"


@pytest.mark.contract("auth.template.anywhere")
def test_nested_objects_and_lists_are_rendered() -> None:
    template = {"a": [{"b": "x-{{.data.token}}"}, 7, None, True], "c": "{{.list[1]}}"}
    response = {"data": {"token": "t"}, "list": [1, 2]}
    assert render(template, response) == {"a": [{"b": "x-t"}, 7, None, True], "c": "2"}


@given(value=st.recursive(st.none() | st.booleans() | st.integers() | _PLAIN, st.lists))
def test_a_template_without_placeholders_stays_as_it_is(value: Any) -> None:
    assert render(value, {"unused": 1}) == value


@pytest.mark.contract("auth.template.path")
@pytest.mark.parametrize(
    "value, text", [(True, "true"), (7, "7"), (1.5, "1.5"), ({"a": [1]}, '{"a":[1]}')]
)
def test_values_that_are_no_text_are_written_as_json_within_a_text(value: Any, text: str) -> None:
    assert render("<{{.v}}>", {"v": value}) == f"<{text}>"


@pytest.mark.contract("auth.template.path")
def test_large_integers_keep_every_digit_within_a_text() -> None:
    assert render("account {{.id}}", {"id": 9007199254740993}) == "account 9007199254740993"


@pytest.mark.contract("auth.template.no-dot")
@pytest.mark.parametrize("inner", ["access_token", " access_token ", "", "1", "$ENV.HOME"])
def test_a_placeholder_without_a_dot_is_refused_with_its_place(inner: str) -> None:
    with pytest.raises(TemplateError, match=r"headers\.Authorization") as caught:
        check({"headers": {"Authorization": f"Bearer {{{{{inner}}}}}"}})
    assert inner.strip() in str(caught.value)
    assert "{{.access_token}}" in str(caught.value)


@pytest.mark.contract("auth.template.no-end")
@pytest.mark.parametrize(
    "text, shown",
    [
        ("Bearer {{.token", "{{.token without its end; write {{.token}}"),
        ("{{ .token }", "{{.token without its end"),
        ("{{.a}} {{.b", "{{.b without its end"),
        ("{{token", "{{token without its end"),
        ("{{.data.token[0]", "{{.data.token[0] without its end"),
    ],
)
def test_a_placeholder_without_its_end_is_refused_with_its_place(text: str, shown: str) -> None:
    with pytest.raises(TemplateError, match=r"headers\.Authorization") as caught:
        check({"headers": {"Authorization": text}})
    assert shown in str(caught.value)


@pytest.mark.contract("auth.template.no-end")
@pytest.mark.parametrize(
    "text",
    [
        *("{{.token}}", "{{.a}}{{.b}}", "Bearer {{ .token }}", "{{.a}}}}", "{.token}", "{.token"),
        *("}}", "{", "{{", "{{}", '{"a": {"b": 1}}', "{{.a}} {{"),
    ],
)
def test_a_placeholder_with_its_end_is_none_without(text: str) -> None:
    check({"headers": {"Authorization": text}})


@pytest.mark.contract("auth.template.no-dot")
def test_a_path_that_is_no_jq_is_refused_with_its_place() -> None:
    with pytest.raises(TemplateError, match=r"body.list\[1\].*no valid JQ"):
        check({"body": {"list": ["x", "{{.a[}}"]}})


@pytest.mark.contract("auth.template.missing-path")
@given(
    keys=st.lists(_NAMES, min_size=1, max_size=4, unique=True),
    secret=st.from_regex(r"[A-Z0-9]{8,20}", fullmatch=True),
)
def test_a_missing_path_names_the_keys_and_never_their_values(keys: list[str], secret: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render({"headers": {"Auth": "Bearer {{.not_there_at_all}}"}}, dict.fromkeys(keys, secret))
    message = str(caught.value)
    assert "headers.Auth" in message
    assert "{{.not_there_at_all}}" in message
    assert all(key in message for key in keys)
    assert secret not in message


@pytest.mark.contract("auth.template.missing-path")
@pytest.mark.parametrize("response", [{"a": None}, {}, [], "s3cr3t-value", None, {"a": "s3cr3t"}])
def test_null_and_what_is_not_there_are_missing(response: Any) -> None:
    with pytest.raises(TemplateError) as caught:
        render("{{.a.b}}", response, "headers.X")
    assert "s3cr3t" not in str(caught.value)


def test_the_environment_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_SECRET", "hidden")
    for path in (".x // env.OPERATOR_SECRET", ".x // $ENV.OPERATOR_SECRET"):
        with pytest.raises(TemplateError):
            render(f"{{{{{path}}}}}", {"other": 1})


def test_false_and_empty_text_are_values() -> None:
    assert render({"a": "{{.no}}", "b": "{{.empty}}"}, {"no": False, "empty": ""}) == {
        "a": "false",
        "b": "",
    }
    assert render("{{.zero}}", {"zero": 0}) == "0"
