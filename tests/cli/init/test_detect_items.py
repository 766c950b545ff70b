"""Lists, fields, identifiers and relations are told from sample answers."""

import re
from typing import Any
from urllib.parse import unquote

import jq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli.arrays import arrays_in, jq_path
from cli.init.detect.fields import infer_schema, infer_shape
from cli.init.detect.identifiers import Cleaning, Identifier, Part, _parts
from cli.init.detect.lists import find_lists, is_clear
from cli.init.detect.naming import blueprint_name, property_name
from cli.init.detect.plurals import singular
from cli.init.detect.relations import RelationTarget, find_relations
from tests.cli.init.corpus import ESCAPED

PEOPLE = [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}]


@pytest.mark.parametrize(
    "body, endpoint, data_path",
    [
        (PEOPLE, "/x", "."),
        ({"data": PEOPLE, "included": PEOPLE * 9}, "/x", ".data"),
        ({"meta": {"columns": PEOPLE * 9}, "rows": PEOPLE}, "/x", ".rows"),
        ({"people": PEOPLE, "roles": PEOPLE * 9}, "/v1/people", ".people"),
        ({"total": 2, "a": PEOPLE, "b": [{"x": 1}, {"y": 2}, {"z": 3}]}, "/x", ".a"),
        (
            {"_embedded": {"users": PEOPLE}, "_links": {"self": {"href": "/"}}},
            "/users",
            "._embedded.users",
        ),
        ({"hits": {"total": 2, "hits": PEOPLE}}, "/x", ".hits.hits"),
        ({"pages": PEOPLE}, "/wiki/pages", ".pages"),
        ({"user-list": PEOPLE}, "/x", '."user-list"'),
        ({"tags": ["a", "b"]}, "/x", ".tags | map({value: .})"),
        (["a", "b"], "/x", "map({value: .})"),
        (
            {"people": {"a": {"n": 1, "m": 2}, "b": {"n": 3, "m": 4}}},
            "/x",
            ".people | to_entries | map({__key: .key} + .value)",
        ),
        ({"id": 1, "name": "one"}, "/x", "."),
        ({"data": [], "errors": []}, "/x", ".data"),
    ],
)
def test_where_the_items_are(body: Any, endpoint: str, data_path: str) -> None:
    best = find_lists(body, endpoint)[0]
    assert best.data_path == data_path
    [found] = (
        jq.compile(f'[{data_path} | if type == "array" then .[] else . end]')
        .input_value(body)
        .all()
    )
    assert found == best.items
    assert best.take(body) == best.items


def test_two_lists_alike_are_not_clear() -> None:
    guesses = find_lists({"active": PEOPLE, "gone": PEOPLE}, "/x")
    assert not is_clear(guesses)
    assert len(guesses) == 2


def test_an_empty_list_is_not_clear() -> None:
    assert not is_clear(find_lists({"data": []}, "/x"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(json_values)
def test_every_guess_is_what_its_data_path_gives(body: Any) -> None:
    for guess in find_lists(body, "/things"):
        if guess.form == "array":
            assert jq.compile(guess.data_path).input_value(body).first() == guess.items


@given(json_values)
def test_every_array_is_at_its_path(body: Any) -> None:
    for array in arrays_in(body):
        assert jq.compile(jq_path(array.path)).input_value(body).first() == list(array.elements)


@pytest.mark.parametrize(
    "values, schema",
    [
        ([True, False], {"type": "boolean"}),
        ([1, 2.5], {"type": "number"}),
        (["2026-03-01T08:30:00Z"], {"type": "string", "format": "date-time"}),
        (["2026-03-01"], {"type": "string"}),
        (["a@example.com", "b@example.org"], {"type": "string", "format": "email"}),
        (["https://example.com/x"], {"type": "string", "format": "url"}),
        (["https://example.com/x", "none"], {"type": "string"}),
        ([["a"], ["b", "c"]], {"type": "array", "items": {"type": "string"}}),
        ([[1, "a"]], {"type": "array"}),
        ([{"a": 1}], {"type": "object"}),
        (["1", 2], {"type": "string"}),
    ],
)
def test_types_and_formats(values: list[Any], schema: dict[str, Any]) -> None:
    assert infer_schema("field", values)[0] == schema


def test_few_values_under_a_telling_name_are_an_enum_and_a_doubt() -> None:
    schema, doubt = infer_schema("status", ["open", "closed"] * 5)
    assert schema["enum"] == ["closed", "open"]
    assert "Other values are refused" in doubt
    assert "enum" not in infer_schema("colour", ["open", "closed"] * 5)[0]
    assert "enum" not in infer_schema("status", [f"s{n}" for n in range(20)])[0]


def test_the_shape_of_items() -> None:
    items = [
        {
            "id": number,
            "name": f"App {number}",
            "owner": {"login": f"u{number}", "email": f"u{number}@example.com"},
            "attributes": {"region": "eu"},
            "api_token": "abc",
            "never": None,
            "_links": {"self": {"href": "/"}},
        }
        for number in range(4)
    ]
    shape = infer_shape(items, "app")
    assert shape.identifier is not None
    assert shape.identifier.expression == ".id | tostring"
    assert shape.identifier.is_sure
    assert shape.title == ".name"
    assert {field.name: field.expression for field in shape.fields} == {
        "id": ".id",
        "name": ".name",
        "ownerLogin": ".owner.login",
        "ownerEmail": ".owner.email",
        "region": ".attributes.region",
    }
    assert shape.left_out.keys() == {"api_token", "never"}


NUMBERED = '.__t + "/" + (.number | tostring)'


@pytest.mark.parametrize(
    "items, mark, expression",
    [
        ([{"id": 1, "key": "A"}, {"id": 1, "key": "B"}], "", ".key"),
        ([{"name": "a b"}, {"name": "c d"}], "", f".name | {ESCAPED}"),
        ([{"name": "a b"}, {"name": "a-b"}], "", f".name | {ESCAPED}"),
        ([{"userId": 4}, {"userId": 5}], "", ".userId | tostring"),
        ([{"id": 1, "__t": "x"}, {"id": 2, "__t": "y"}], "__t", ".id | tostring"),
        ([{"id": 1, "__t": "x"}, {"id": 2, "__t": "x"}], "__t", '.__t + "/" + (.id | tostring)'),
        ([{"id": 1, "__t": "x"}, {"id": 1, "__t": "y"}], "__t", '.__t + "/" + (.id | tostring)'),
        # Beyond 2^53, integers arrive as text; a smaller one may follow.
        ([{"id": "9007199254740993"}, {"id": "9007199254740995"}], "", ".id | tostring"),
        # Each parent counts its own: that a few of them differ is chance.
        ([{"number": 7, "__t": "x"}, {"number": 9, "__t": "y"}], "__t", NUMBERED),
        ([{"name": "a", "__t": "x"}, {"name": "b", "__t": "y"}], "__t", '.__t + "/" + (.name)'),
        ([{"uuid": "a", "__t": "x"}, {"uuid": "b", "__t": "y"}], "__t", ".uuid"),
    ],
)
def test_identifiers(items: list[dict[str, Any]], mark: str, expression: str) -> None:
    shape = infer_shape(items, "user", [[mark]] if mark else [])
    assert shape.identifier is not None
    assert shape.identifier.expression == expression
    names = [jq.compile(expression).input_value(item).first() for item in items]
    assert len(set(names)) == len(items)


def test_items_that_nothing_tells_apart_have_no_identifier() -> None:
    assert infer_shape([{"a": 1}, {"a": 1}], "x").identifier is None


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["id", "key", "name", "x"]), st.text(max_size=3) | st.integers(0, 3)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_an_identifier_always_tells_all_items_apart(items: list[dict[str, Any]]) -> None:
    for identifier in infer_shape(items, "thing").identifiers:
        program = jq.compile(identifier.expression)
        names = [program.input_value(item).first() for item in items]
        assert len(set(names)) == len(items)
        assert all(isinstance(name, str) and name for name in names)


SIGNS = st.text(alphabet=" -=~%'()*!/\\é2D0EC3A9", max_size=6) | st.text(max_size=4)


@pytest.mark.contract("init.identifiers-apart")
@given(seen=st.lists(SIGNS, min_size=1, max_size=3), unseen=st.lists(SIGNS, max_size=6))
def test_texts_that_nobody_has_seen_yet_stay_apart_too(seen: list[str], unseen: list[str]) -> None:
    cleaning = Cleaning.for_texts([*seen, " "])
    program = jq.compile(cleaning.value)
    made = {text: program.input_value(text).first() for text in [*seen, *unseen]}
    assert made == {text: cleaning.of(text) for text in made}
    assert len(set(made.values())) == len(made)
    assert all(re.fullmatch(r"[A-Za-z0-9@_.+:\\/=-]*", text) for text in made.values())
    assert {unquote(text.replace("=", "%")) for text in made.values()} == set(made)


ROWS = st.lists(st.tuples(SIGNS, SIGNS, SIGNS), unique=True, max_size=6)


@pytest.mark.contract("init.identifiers-apart")
@given(seen=ROWS.filter(len), unseen=ROWS)
@example(seen=[("/", "orders", "a")], unseen=[("/", "a/b", "c"), ("/", "a", "b/c")])
@example(seen=[("a/b", "c", 1), ("a", "b/c", 1)], unseen=[("a/b/c", "", 1), ("", "a=2Fb", 1)])
def test_fields_that_are_joined_stay_apart_whatever_they_hold(
    seen: list[tuple[Any, ...]], unseen: list[tuple[Any, ...]]
) -> None:
    """Unless no slash was ever seen, where plain identifiers are worth more."""
    keys = ("vhost", "queue", "name")
    columns: dict[tuple[str, ...], list[Any]] = {
        (key,): [row[place] for row in seen] for place, key in enumerate(keys)
    }
    parts = _parts(tuple(columns), columns)
    identifier = Identifier(parts, is_sure=False, cleaning=Cleaning.ESCAPED)
    program = jq.compile(identifier.expression)
    items = [dict(zip(keys, row, strict=True)) for row in dict.fromkeys([*seen, *unseen])]
    made = [program.input_value(item).first() for item in items]
    assert made == [identifier.of(item) for item in items]
    if any("/" in str(value) for row in seen for value in row):
        assert len(set(made)) == len(items)


def test_relations_escape_what_identifiers_of_their_target_do() -> None:
    parts = (Part(("__vhost",), is_escaped=True), Part(("name",)))
    made = Identifier(parts, is_sure=False)
    items = [{"__vhost": "/", "queue": name} for name in ("a", "b/c")]
    identifiers = frozenset({"=2F/a", "=2F/b/c"})
    [found] = find_relations(items, "binding", [RelationTarget("queue", identifiers, made)])
    program = jq.compile(found.expression)
    assert found.is_sure
    assert {program.input_value(item).first() for item in items} == identifiers


@pytest.mark.contract("init.identifiers-apart")
@pytest.mark.parametrize(
    "text, identifier",
    [
        ("a b", "a=20b"),
        ("a-b", "a-b"),
        ("a=20b", "a=3D20b"),
        ("ann+x@example.com", "ann+x@example.com"),
        (r"a/b:c.d\e", r"a/b:c.d\e"),
        ("~", "=7E"),
        ("é", "=C3=A9"),
    ],
)
def test_an_escaped_identifier_keeps_what_port_takes(text: str, identifier: str) -> None:
    assert jq.compile(Cleaning.ESCAPED.value).input_value(text).first() == identifier
    assert Cleaning.ESCAPED.of(text) == identifier


def test_identifiers_that_port_takes_are_left_as_they_are() -> None:
    assert Cleaning.for_texts(["a=20", r"x@y.z/:+\_-"]) is Cleaning.NONE


TEAM = RelationTarget("team", frozenset({"1", "2"}))


@pytest.mark.parametrize(
    "item, many, value, sure",
    [
        ({"team_id": 1}, False, "1", True),
        ({"teamId": "2"}, False, "2", True),
        ({"team": {"id": 1, "name": "Red"}}, False, "1", True),
        ({"team_ids": [1, 2]}, True, ["1", "2"], True),
        ({"teams": [{"id": 1}, {"id": 2}]}, True, ["1", "2"], True),
        ({"owner_team": "1"}, False, "1", True),
        ({"team_id": 9}, False, "9", False),
    ],
)
def test_relations(item: dict[str, Any], many: bool, value: Any, sure: bool) -> None:
    [relation] = find_relations([item], "person", [TEAM])
    assert (relation.target, relation.many, relation.is_sure) == ("team", many, sure)
    assert jq.compile(relation.expression).input_value(item).first() == value
    assert jq.compile(relation.expression).input_value({}).first() in (None, [])


@pytest.mark.parametrize("item", [{"steam": 1}, {"name": "team"}, {"team_size": {"a": 1}}])
def test_no_relations(item: dict[str, Any]) -> None:
    assert find_relations([item], "person", [TEAM]) == []


@pytest.mark.parametrize(
    "plural, one",
    [
        ("users", "user"),
        ("companies", "company"),
        ("statuses", "status"),
        ("boxes", "box"),
        ("branches", "branch"),
        ("news", "news"),
        ("people", "person"),
        ("services", "service"),
    ],
)
def test_singular(plural: str, one: str) -> None:
    assert singular(plural) == one


def test_names() -> None:
    assert blueprint_name("/api/v1/teams/{id}/user-groups.json?x=1") == "userGroup"
    assert blueprint_name("/") == "item"
    assert property_name(("owner", "full_name")) == "ownerFullName"
    assert property_name(("2fa",)) == "_2Fa"
