"""Every paginationType over the sample API's lists: each item once, and no change means none."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.whole.process.conftest import open_harbour
from tests.whole.process.sailing import Outcome, resource
from tools.sandbox.sample.app import create_app
from tools.sandbox.sample.catalog import Catalog
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

AT_ONCE = 3
# Identifiers as they are in the API; Port knows no other characters than these.
PLAIN = '.id | gsub("[^A-Za-z0-9]"; "-")'


@dataclass(frozen=True)
class Family:
    """A list of the sample API, and where its items are."""

    path: str
    data_path: str
    attribute: str
    settings: dict[str, object]
    query: dict[str, str]


FAMILIES = {
    "none": Family("/api/v1/extras", ".", "extras", {}, {}),
    "offset": Family("/api/v1/topics", ".data", "topics", {}, {}),
    "page": Family("/api/v1/packages", ".items", "packages", {}, {}),
    "cursor": Family("/api/v1/modules", ".results", "modules", {}, {}),
    "next_link": Family("/odata/v1/Dependencies", ".value", "requirements", {}, {"$top": "90"}),
    "header_link": Family("/api/v1/entry-points", ".", "entry_points", {}, {"per_page": "7"}),
}


@dataclass(frozen=True)
class Case:
    """Two runs, what the catalog held then, and what the API sent how often."""

    first: Outcome
    second: Outcome
    stored: set[str]
    expected: set[str]
    requests: int
    repeated: int


def run_case(name: str, directory: Path) -> Case:
    family = FAMILIES[name]
    app = create_app(auth="none")
    settings = {"paginationType": name, "pageSize": "20", **family.settings}
    mapped = resource(
        family.path,
        name,
        identifier=PLAIN,
        version="null",
        data_path=family.data_path,
        query_params=family.query,
    )
    with open_harbour(directory) as harbour, serve(app) as api:
        harbour.install([mapped])
        first = harbour.sail({"baseUrl": api.url, **settings})
        asked = [f"{access.path}?{access.query}" for access in app.state.access_log]
        stored = set(harbour.catalog(name))
        second = harbour.sail({"baseUrl": api.url, **settings})
    catalog: Catalog = app.state.catalog
    expected = {_plain(item.id) for item in items_of(catalog, family)}
    return Case(first, second, stored, expected, len(asked), len(asked) - len(set(asked)))


def items_of(catalog: Catalog, family: Family) -> Sequence[Any]:
    items: Sequence[Any] = getattr(catalog, family.attribute)
    return items


def _plain(identifier: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in identifier)


type Cases = dict[str, Future[Case]]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cases]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            each: pool.submit(run_case, each, tmp_path_factory.mktemp(each)) for each in FAMILIES
        }


@pytest.mark.contract(
    "pagination.none.single",
    "pagination.query-kept",
    "pagination.offset.markers",
    "pagination.page.markers",
    "pagination.cursor.fields",
    "settings.nextLinkPath.default",
    "settings.headerLinkRel.default",
    "settings.pageSize.string-integer",
    "run.once-success",
)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_item_arrives_once(family: str, cases: Cases) -> None:
    case = cases[family].result()
    assert case.first.code == 0, case.first.errors()
    assert case.stored == case.expected
    assert case.first.totals() == (len(case.expected), 0, 0)
    assert case.requests == 1 if family == "none" else case.requests > 1
    assert case.repeated == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_a_second_run_changes_nothing(family: str, cases: Cases) -> None:
    case = cases[family].result()
    assert case.second.code == 0, case.second.errors()
    assert case.second.totals() == (0, 0, 0)
