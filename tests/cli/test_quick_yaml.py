"""Large YAML is read quickly, and means what it means to ruamel: never something else."""

import time
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cli import quick_yaml, yaml_text
from cli.init.openapi import sources
from cli.init.openapi.document import load_document
from cli.mapping_file import to_plain
from cli.quick_yaml import UnusualYamlError, load_quickly
from cli.yaml_text import UnreadableYamlError, load_yaml
from errors import ConfigurationError

# Texts that a reader of YAML 1.1 or a careless one takes for something else.
TRICKY = [
    *("no", "yes", "on", "off", "y", "N", "True", "false", "TRUE", "null", "Null", "~", ""),
    *("2020-01-01", "2020-01-01 10:00:00", "2020-01-01T10:00:00Z", "12:30:45", "1:20", "2020-1-1"),
    *("1", "-1", "+1", "01", "08", "0o17", "0x1F", "0b11", "1_000", "_", "1.5", "1.", ".5", "1e3"),
    *("1.0e+3", "-.inf", ".nan", ".NaN", "123456789012345678901234567890", "1" * 30 + ".5"),
    *(
        "<<",
        "=",
        "a: b",
        "a #b",
        "#b",
        "- a",
        "'a'",
        '"a"',
        "[a]",
        "{a}",
        "*a",
        "&a",
        "!a",
        "|",
        ">",
    ),
    *("%a", "@a", "`a", "a\nb", "a\n\nb\n", " a ", "a\tb", "$ref", "é", "\U0001f600", "a" * 200),
]
TEXTS = st.sampled_from(TRICKY) | st.text(max_size=8)
SCALARS = TEXTS | st.booleans() | st.none() | st.integers() | st.floats() | st.dates()
KEYS = TEXTS | st.sampled_from([200, 404, 1.5, True, None])


def _with_twins(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return containers of values, some of which hold the same object twice, as an alias does."""
    twins = values.map(lambda value: {"a": value, "b": [value, value]})
    return st.lists(values, max_size=4) | st.dictionaries(KEYS, values, max_size=4) | twins


DOCUMENTS = _with_twins(st.recursive(SCALARS, _with_twins, max_leaves=12))
STYLES = st.fixed_dictionaries(
    {
        "default_style": st.sampled_from([None, "'", '"', "|", ">"]),
        "default_flow_style": st.sampled_from([True, False, None]),
        "width": st.sampled_from([8, 80, 10_000]),
        "indent": st.sampled_from([2, 4]),
        "allow_unicode": st.booleans(),
        "line_break": st.sampled_from(["\n", "\r\n"]),
        "explicit_start": st.booleans(),
    }
)


def by_ruamel(text: str) -> Any:
    with warnings.catch_warnings(action="ignore"):
        return to_plain(load_yaml(text))


def written(value: Any) -> str:
    """Return a value with its types and the order of its keys; one that is no number, too."""
    return repr(value)


@settings(max_examples=100)
@given(document=DOCUMENTS, style=STYLES)
def test_whatever_is_read_quickly_means_what_it_means_to_ruamel(document: Any, style: Any) -> None:
    text = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, **style)
    try:
        quick = load_quickly(text)
    except UnusualYamlError:
        return
    assert written(quick) == written(by_ruamel(text))


PLAIN = st.recursive(
    st.text(alphabet="abc xyz-/{}$#:", max_size=12) | st.booleans() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet="abcdefxyz"), inner),
    max_leaves=20,
)


@settings(max_examples=30)
@given(content=st.dictionaries(st.text(alphabet="abcdefxyz/{}"), PLAIN))
def test_what_documents_have_is_read_quickly(content: dict[str, Any]) -> None:
    assert load_quickly(yaml.dump(content, Dumper=yaml.CSafeDumper)) == content


LINES = st.builds(
    lambda indent, key, value: f"{' ' * indent}{key}{value}",
    st.sampled_from([0, 0, 2, 2, 4]),
    st.sampled_from(["a: ", "b: ", "- ", "- c: ", "200: ", "'q': ", "? ", "<<: ", "&n d: ", ""]),
    st.sampled_from(
        [
            *(*TRICKY, "&n x", "&n {i: 1}", "*n", "[*n, 1]", "{<<: *n}", "|", ">-", "|2", "a:b"),
            *("a # c", "---", "...", "!!str 1", "[a, b: c,]", "{a, 'b':1}", "\ufeff", "\u2028"),
            '"\\x41\\u0041\\/\\N\\_"',
        ]
    ),
)


@settings(max_examples=300)
@given(lines=st.lists(LINES, max_size=6), end=st.sampled_from(["\n", "\r\n", "\r", "\x85"]))
def test_no_text_is_read_as_something_else(lines: list[str], end: str) -> None:
    text = end.join(lines)
    try:
        quick = load_quickly(text)
    except UnusualYamlError:
        return
    try:
        slow = by_ruamel(text)
    except UnreadableYamlError:
        return
    assert written(quick) == written(slow)


@pytest.mark.parametrize(
    "text, value",
    [
        ("200: {ok: no}", {"200": {"ok": "no"}}),
        ("on: [yes, true, ~, 1e3, 0o17]", {"on": ["yes", True, None, 1000.0, 15]}),
        ("at: 2020-01-01", {"at": "2020-01-01"}),
        ("'1': 1\n? b\n: '2'", {"1": 1, "b": "2"}),
        ("a: &a {x: 1, y: 1}\nb: {y: 2, <<: *a}", {"a": {"x": 1, "y": 1}, "b": {"x": 1, "y": 2}}),
        ("- &a {x: 1}\n- {<<: [*a, {x: 2, y: 2}]}", [{"x": 1}, {"x": 1, "y": 2}]),
        ("a: &a x\n*a : b", {"a": "x", "x": "b"}),
        ("a: |\n  b\n  c\nd: >\n  e\n  f\n", {"a": "b\nc\n", "d": "e f\n"}),
        ("{a: 1, b: [1, 2,],}", {"a": 1, "b": [1, 2]}),
        ("a: '<<'\n'<<': b", {"a": "<<", "<<": "b"}),
    ],
)
def test_usual_yaml_is_read(text: str, value: Any) -> None:
    quick = load_quickly(text)
    assert written(quick) == written(by_ruamel(text))
    assert quick == value


UNUSUAL = {
    "a tag": ("a: !!str 1", {"a": "1"}),
    "a directive": ("%YAML 1.1\n---\na: no", {"a": False}),
    "a key twice": ("a: 1\na: 2", "duplicate key"),
    "a key twice after a merge": ("x: &x {b: 1}\ny: {<<: *x, a: 1, a: 2}", None),
    "two merges": ("x: &x {b: 1}\ny: {<<: *x, <<: *x}", "duplicate merge key"),
    "a merge of a text": ("a: {<<: x}", "expected a mapping"),
    "a merge of texts": ("a: {<<: [x]}", "expected a mapping for merging"),
    "a list as a key": ("? [a]\n: 1", {"('a',)": 1}),
    "two documents": ("a: 1\n---\nb: 1", "another document"),
    "nothing": ("", None),
    "a scalar": ("a", "a"),
    "an alias of nothing": ("a: *b", "undefined alias"),
    "an alias within": ("a: &a [*a]", "within what it stands for"),
    "an anchor twice": ("- &a 1\n- &a 2\n- *a", [1, 2, 2]),
    "a date that is none": ("a: 2020-99-99", "none of its kind"),
    "an equals sign": ("a: =", "could not determine"),
    "an old break": ("a:\u2028  b: 1", {"a": {"b": 1}}),
    "a mark of bytes": ("- a\n- \ufeff", ["a", "\ufeff"]),
    "half a pair": ('a: "\\ud800"', {"a": "\ufffd"}),
    "an error": ("a: [", "line"),
    "bytes": ("a: \x01", "unacceptable character"),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_yaml_is_left_to_ruamel(tmp_path: Path, name: str) -> None:
    text, expected = UNUSUAL[name]
    with pytest.raises(UnusualYamlError):
        load_quickly(text)
    file = tmp_path / "openapi.yaml"
    file.write_text(text, "utf-8")
    source = sources.Sources(str(file))
    if isinstance(expected, str) and name != "a scalar":
        with warnings.catch_warnings(action="ignore"), pytest.raises(ConfigurationError) as caught:
            source.document()
        assert expected in str(caught.value)
    elif expected is not None:
        with warnings.catch_warnings(action="ignore"):
            assert source.document() == expected


LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)


@pytest.mark.contract("init.documents")
@pytest.mark.parametrize(
    "text, problem",
    [
        (LAUGHS, "line 8: it has more than 2,000,000 values"),
        ("[" * 201 + "]" * 201, "line 1: it is nested deeper than 200"),
        ("\n".join(" " * depth + "a:" for depth in range(400)), "nested deeper than 200"),
        ("[" * 1_000_000, "nested deeper than 200"),
        ("{a: " * 500_000, "nested deeper than 200"),
    ],
)
def test_what_would_be_too_much_is_refused_at_once(text: str, problem: str) -> None:
    start = time.process_time()
    with pytest.raises(UnreadableYamlError, match=problem):
        load_quickly(text)
    assert time.process_time() - start < 6


@pytest.mark.contract("init.documents")
@pytest.mark.parametrize(
    "text, values",
    [
        ("- a\n" * 99, 100),
        ("- 'a'\n" * 99, 100),
        ("{" + ", ".join(f"a{n}: {n}" for n in range(50)) + "}", 101),
        ("x: &x {a: 1, b: 2}\ny:\n" + "- <<: *x\n" * 10, 79),
        ("x: &x [1, 2]\n? y\n: [*x, *x]", 13),
    ],
)
def test_values_are_counted_as_ruamel_counts_them(
    monkeypatch: pytest.MonkeyPatch, text: str, values: int
) -> None:
    for read, module in ((load_quickly, quick_yaml), (load_yaml, yaml_text)):
        monkeypatch.setattr(module, "MOST_NODES", values)
        read(text)
        monkeypatch.setattr(module, "MOST_NODES", values - 1)
        with pytest.raises(UnreadableYamlError, match=f"it has more than {values - 1} values"):
            read(text)


@pytest.mark.parametrize("text", ["[" * 200 + "]" * 200, LAUGHS[: LAUGHS.index("a6:")]])
def test_what_is_just_within_the_bounds_is_read(text: str) -> None:
    assert written(load_quickly(text)) == written(by_ruamel(text))


def test_megabytes_take_less_than_a_second_each() -> None:
    paths = {f"path{n}": {"get": {"summary": "x " * 80}} for n in range(6000)}
    text = yaml.dump(paths, Dumper=yaml.CSafeDumper)
    assert len(text) > 1_000_000
    start = time.process_time()
    load_quickly(text)
    assert time.process_time() - start < len(text) / 1_000_000


@pytest.mark.parametrize("text", ["openapi: 3.0.3\npaths: {}", "openapi: !!str 3.0.3\npaths: {}"])
def test_where_there_is_no_libyaml_the_same_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    file = tmp_path / "openapi.yaml"
    file.write_text(text, "utf-8")
    root, address = load_document(str(file))
    monkeypatch.setattr(quick_yaml, "CParser", None)
    with pytest.raises(UnusualYamlError):
        load_quickly(text)
    assert load_document(str(file))[1] == address
    assert sources.Sources(str(file)).document() == {"openapi": "3.0.3", "paths": {}}
    assert root is not None


@pytest.mark.parametrize("text, is_read", [("a: [1, 2, 3]", True), ("a: [1, !!str 2, 3]", False)])
def test_only_unusual_yaml_is_bounded_more_tightly_than_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, is_read: bool
) -> None:
    monkeypatch.setattr(sources, "_MOST_UNUSUAL", 5)
    file = tmp_path / "openapi.yaml"
    file.write_text(text, "utf-8")
    if is_read:
        assert sources.Sources(str(file)).document() == {"a": [1, 2, 3]}
        return
    with pytest.raises(ConfigurationError, match="convert it to JSON first"):
        sources.Sources(str(file)).document()
