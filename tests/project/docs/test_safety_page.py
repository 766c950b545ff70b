"""The tables in docs/safety.md are those which the integration reads."""

import pytest

from statuses import TABLE, Meaning, Row, Situation
from tests.project.docs.harness import ROOT
from tools.scripts import code_tables, generate_docs
from tools.scripts.markdown import with_part


def test_the_page_is_up_to_date() -> None:
    path, text, _ = generate_docs.PAGES["safety"](ROOT)
    difference = generate_docs.difference(path, text)
    assert not difference, f"run python -m tools.scripts.generate_docs safety\n{difference}"


def test_another_meaning_is_another_page(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row((404, 451), Meaning.GONE, "look at it", "left out")
    monkeypatch.setattr(code_tables, "TABLE", {**TABLE, Situation.NESTED: [row]})
    added = set(code_tables.safety(ROOT).splitlines()) - set(
        (ROOT / code_tables.SAFETY).read_text("utf-8").splitlines()
    )
    assert added == {f"| {Situation.NESTED.value} | 404 or 451 | left out (look at it) |"}


def test_a_page_without_the_part_is_refused() -> None:
    with pytest.raises(ValueError, match="statuses: begin"):
        with_part("nothing", "statuses", "")
