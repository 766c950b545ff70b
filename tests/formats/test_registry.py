"""A format is added in two places, its class and the registry, and is then one like the others."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api_messages import ApiRequest
from errors import EndpointError, ResponseError, SelectorError
from formats import registry
from formats.bodies import decode
from formats.format import Document, Format, ItemReader, ListPart, names_option, option
from formats.paths import Step
from mapping.fields.selector import CustomSelector
from settings.connection import ConnectionSettings
from tests.formats.encoding import as_zip, items_of
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Reply
from tools.scripts import code_tables

# --- What is added


@dataclass(frozen=True, slots=True)
class Pairs(Format):
    """Lines of names and values, such as `id=1&name=ada`; `only` says which of them count."""

    name = "pairs"
    media_types = ("text/x-pairs",)
    suffixes = ("pairs",)
    gives = "each line, an object of texts"
    refuses = "a line without `=`"
    may_be_empty = True

    only: tuple[str, ...] = option((), lambda value: names_option("only", value))

    @classmethod
    def looks_like(cls, text: str) -> bool:
        return text.startswith("id=")

    def reader(self, document: Document, path: Sequence[Step]) -> ItemReader | None:
        return None if path else PairsReader(self)


class PairsReader(ItemReader):
    """Reads whole lines."""

    is_found: bool | None = True

    def __init__(self, options: Pairs) -> None:
        self._only = options.only
        self._rest = b""

    def feed(self, chunk: bytes) -> list[ListPart]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [ListPart.of([self._item(line.decode()) for line in lines])] if lines else []

    def close(self) -> list[ListPart]:
        return self.feed(b"\n") if self._rest else []

    def frame(self) -> Any:
        return []

    def _item(self, line: str) -> dict[str, str]:
        pairs = [pair.partition("=") for pair in line.split("&")]
        if not all(equals for _, equals, _ in pairs):
            raise ResponseError("a line of pairs has no =")
        return {name: text for name, _, text in pairs if not self._only or name in self._only}


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "FORMATS", (*registry.FORMATS, Pairs))


# --- What works then

BODY = b"id=1&name=ada\nid=2&name=bob\n"
ITEMS = [{"id": "1", "name": "ada"}, {"id": "2", "name": "bob"}]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("cuts", [None, [], [3, 14, 20]])
@pytest.mark.parametrize(
    "data_path, items",
    [(".", ITEMS), (".[] | {id}", [{"id": "1"}, {"id": "2"}]), (".[1:]", ITEMS[1:])],
)
def test_a_page_of_it_is_read(cuts: list[int] | None, data_path: str, items: list[Any]) -> None:
    assert items_of(BODY, data_path, "pairs", cuts=cuts) == items
    assert items_of(BODY, data_path, cuts=cuts, media_type="text/x-pairs; charset=utf-8") == items
    named = {"media_type": "application/octet-stream", "path": "/users.pairs.gz"}
    assert items_of(gzip.compress(BODY), data_path, cuts=cuts, **named) == items


def test_files_of_an_archive_are_read_by_their_names() -> None:
    assert items_of(as_zip(BODY, b"", suffix="pairs"), ".") == ITEMS
    with pytest.raises(EndpointError, match="a line of pairs has no ="):
        items_of(as_zip(b"id", suffix="pairs"), ".")


def test_its_options_are_those_of_its_class() -> None:
    only = {"type": "pairs", "only": ["name"]}
    assert items_of(BODY, ".", only) == [{"name": "ada"}, {"name": "bob"}]
    settings = ConnectionSettings(base_url="https://h.test")
    selector = CustomSelector.validate({"query": "true", "response_format": only})
    assert selector.plan("/x", settings).endpoint.response_format == Pairs(("name",))
    for wrong, said in [
        ({"type": "pairs", "but": []}, "'but' is no option of pairs; pairs has only"),
        ({"type": "pairs", "only": "id"}, "only must be a list of names"),
        ("pear", "type must be one of json, jsonl, csv, xml, pairs"),
    ]:
        selector = CustomSelector.validate({"query": "true", "response_format": wrong})
        with pytest.raises(SelectorError, match=f"response_format: {said}"):
            selector.plan("/x", settings)


def test_errors_and_pages_name_it() -> None:
    with pytest.raises(
        EndpointError, match=r"is not JSON.*it looks like pairs: then set response_"
    ):
        items_of(BODY, ".", media_type="text/plain")
    with pytest.raises(EndpointError, match="a line of pairs has no ="):
        items_of(b"id", ".", "pairs")
    assert "`xml` or `pairs`" in registry.described()
    assert "`only` (pairs)" in registry.described()
    row = (
        "| `pairs` | `text/x-pairs` | `only` | each line, an object of texts | a line without `=` |"
    )
    assert row in code_tables.formats(ROOT)


def test_what_starts_as_json_is_json() -> None:
    assert items_of(b'[{"id": 1}]', ".", media_type="text/x-pairs") == [{"id": 1}]


async def test_a_client_gets_it(api: FakeApi, connect: ClientFactory) -> None:
    api.script(Reply(body=BODY, headers={"content-type": "text/x-pairs"}))
    answer = await connect().send(ApiRequest("GET", httpx.URL(f"{api.url}/users")))
    assert (await decode(answer)).value == ITEMS
