"""`init` on a corpus of documents, with nobody to ask: it picks what a person would pick."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.init.asking import Assuming
from cli.init.openapi.document import load_document
from cli.init.openapi.endpoints import look_through, server_url
from cli.init.openapi.unasked import describe_unasked
from cli.init.plan import make_plan
from tests.cli.init.document_corpus import DOCUMENTS, Document, DocumentPick

type Record = Callable[[str, object], None]

CHOICES = [(document, path) for document in DOCUMENTS for path in document.picks]


def _written(document: Document, folder: Path) -> str:
    for name, content in {"openapi.json": document.content, **document.parts}.items():
        (folder / name).write_text(json.dumps(content), "utf-8")
    return str(folder / "openapi.json")


@pytest.mark.contract("init.picks-of-documents")
@pytest.mark.parametrize("document, path", CHOICES, ids=lambda one: str(getattr(one, "name", one)))
def test_init_picks_what_a_person_would(
    document: Document, path: str, tmp_path: Path, record_property: Record
) -> None:
    record_property("init endpoints", "0/1")
    lists = look_through(load_document(_written(document, tmp_path))[0])
    chosen = [each.path for each in lists.usable if each.path in document.picks]
    assert path in chosen, lists.notes
    surveyed = [describe_unasked(lists.listed[each], lists.listed, chosen) for each in chosen]
    plan = make_plan(surveyed, {"baseUrl": "https://api.test"}, Assuming())
    resource = next(one for one in plan.mapping["resources"] if one["kind"] == path)
    wrong = _differences(document.picks[path], resource, plan)
    if not wrong:
        record_property("init endpoints", "1/0")
    assert wrong == [], "\n".join(wrong)


def _differences(pick: DocumentPick, resource: Any, plan: Any) -> list[str]:
    selector, mappings = resource["selector"], resource["port"]["entity"]["mappings"]
    blueprints = {f'"{one["identifier"]}"': one for one in plan.blueprints}
    relations = blueprints[mappings["blueprint"]]["relations"]
    own = selector.get("pagination", plan.settings.get("paginationType", "none"))
    sources = selector.get("path_parameters", {})
    guess = next(one for one in plan.guesses if one.kind == resource["kind"])
    got = {
        "data_path": (selector.get("data_path", "."), pick.data_path),
        "identifier": (mappings["identifier"], pick.identifier),
        "title": (mappings["title"], pick.title or mappings["title"]),
        "way": (own["type"] if isinstance(own, dict) else own, pick.way),
        "relations": (
            {name: one["target"] for name, one in relations.items()},
            dict(pick.relations),
        ),
        "sources": ({name: one["endpoint"] for name, one in sources.items()}, dict(pick.sources)),
        "headers": (selector.get("headers", {}), dict(pick.headers)),
        "why": (bool(guess.rests_on), True),
    }
    return [
        f"{key}: {mine!r}, not {theirs!r}" for key, (mine, theirs) in got.items() if mine != theirs
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: str(one.name))
def test_what_is_no_list_is_none(document: Document, tmp_path: Path) -> None:
    root, address = load_document(_written(document, tmp_path))
    assert not set(document.others) & look_through(root).listed.keys()
    assert server_url(root, address) == document.base_url
