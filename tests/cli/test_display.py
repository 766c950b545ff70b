"""What the command line shows: text of others commands no terminal and hides nothing."""

import io
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cli.as_json import write_json
from cli.commands import Inputs, PreviewOptions, run_preview
from cli.display import Terminal, _console
from cli.inputs import Problem
from cli.saved import load
from cli.surroundings import Surroundings
from escapes import in_json, indented, one_line, visible
from reading.session import Limits
from tests.cli.conftest import Screen
from tests.cli.conftest import write_json as write_file
from tests.support.fake_api import FakeApi, Reply

HOSTILE = {
    "clear": "a\x1b[2Jb",
    "title": "a\x1b]0;owned\x07b",
    "eight bits": "a\x9b2Jb",
    "back": "a\rb\x08",
    "bidi": "a\u202eb\u2066c\u200f",
    "half": "a\ud800b",
    "unseen": "a\U000e0041\u200b\ufeffb",
    "lines": "a\n✓ nothing is wrong\u2028\u2029\x85",
}
ORDINARY = (
    *("plain", "Ünïcödé", "日本語", "می‌خواهم", "👩‍👩‍👧", "❤️", "עברית", "العربية", "a\tb", "→ ✓ …"),
    *("\\x1b", "[red]text[/red]", "a​".replace("\u200b", ""), "100 %", "ﷺ", "e\u0301", "\u00a0"),
)
HARMFUL = {"Cc", "Cs", "Zl", "Zp"}


def harmless(text: str) -> bool:
    return not any(
        (unicodedata.category(char) in HARMFUL and char not in "\n\t")
        or unicodedata.bidirectional(char) in {"LRE", "RLE", "PDF", "LRO", "RLO"}
        or unicodedata.bidirectional(char) in {"LRI", "RLI", "FSI", "PDI"}
        for char in text
    )


@pytest.mark.contract("terminal.escapes")
@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_whatever_a_text_holds_it_is_harmless(text: str) -> None:
    assert harmless(visible(text))
    assert "\n" not in one_line(text)
    assert all(line.startswith("  ") for line in indented(text).split("\n")[1:] if line)
    dumped = in_json(json.dumps(text, ensure_ascii=False))
    assert harmless(dumped)
    assert json.loads(dumped) == text


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert (visible(text), one_line(text), in_json(text)) == (text, text, text)


def test_escapes_are_those_of_python_and_of_json() -> None:
    assert visible("\x1b\u202e\ud800\U000e0041\x9b") == r"\x1b\u202e\ud800\U000e0041\x9b"
    assert in_json("\u202e\ud800\U000e0041\x9b") == r"\u202e\ud800\udb40\udc41\u009b"


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_is_shown_acts_on_the_terminal(name: str) -> None:
    text = HOSTILE[name]
    screen = Screen()
    terminal = screen.terminal
    terminal.line(text)
    terminal.heading(text)
    terminal.item(False, text)
    terminal.advise(text)
    terminal.problems([Problem(text, text)])
    terminal.fail(text, [Problem(text, text)])
    table = terminal.table(text)
    table.add_row(terminal.cell(text))
    terminal.show(table)
    shown = screen.text + screen._err.getvalue()
    assert harmless(shown)
    assert not [line for line in shown.splitlines() if line.startswith("✓")]
    shown.encode()


def test_names_of_columns_are_no_markup() -> None:
    screen = Screen()
    screen.terminal.show(screen.terminal.table("[red]a[/red]"))
    assert "[red]a[/red]" in screen.text


def test_a_terminal_of_few_characters_does_not_end_the_command() -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii")
    Terminal(_console(stream), _console(stream)).line("→ é")
    stream.flush()
    assert b"\\u2192" in written.getvalue()


def nested(depth: int) -> Any:
    value: Any = "end"
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_preview_shows_hostile_items(
    api: FakeApi, around: Surroundings, screen: Screen, tmp_path: Any, *, as_json: bool
) -> None:
    items = [{"id": n, "name": text, text: text} for n, text in enumerate(HOSTILE.values())]
    content = json.dumps(items).encode()
    api.answer = lambda asked: Reply(200, content, {"Content-Type": "application/json"})
    mappings = {"identifier": ".id | tostring", "title": ".name", "blueprint": '"x"'}
    whole = {**mappings, "properties": {"all": ".", "[red]": ".name"}}
    resource = {"kind": "/x", "selector": {"query": '.name != "x"'}}
    resource |= {"port": {"entity": {"mappings": whole}}}
    mapping = write_file(tmp_path / "m.json", {"resources": [resource]})
    inputs = Inputs({"base_url": api.url}, mapping=mapping, as_json=as_json)
    options = PreviewOptions(Limits(1, 1, 100), save=tmp_path / "saved.json")
    await run_preview(inputs, options, around, screen.terminal)
    assert harmless(screen.text)
    assert load(tmp_path / "saved.json").exchanges
    if as_json:
        titles = [one["title"] for one in screen.json["resources"][0]["entities"]]
        assert HOSTILE["clear"] in titles


def test_deep_values_are_written() -> None:
    assert json.loads(write_json({"v": nested(300)}, str)) == {"v": nested(300)}


def test_a_terminal_breaks_lines_between_words_and_a_file_never() -> None:
    text = "/people: " + "several words of which none is long " * 6
    for is_terminal in (True, False):
        out = Console(file=io.StringIO(), width=60, force_terminal=is_terminal, color_system=None)
        Terminal(out, out).item(None, text, wrap=False)
        assert isinstance(out.file, io.StringIO)
        lines = out.file.getvalue().splitlines()
        assert {word for line in lines for word in line.split()} == {"!", *text.split()}
        assert (len(lines) > 1) is is_terminal
