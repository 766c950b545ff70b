"""APIs that page in ways of their own, all of them in two runs: a broken page, and one that passes.

Their models, and what each of them does, are in `dialects.py`.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.fake_api import Received, Reply
from tests.whole.process.conftest import open_harbour
from tests.whole.process.dialects import DIALECTS, EU, SESSION, SIZE, Dialect
from tests.whole.process.sailing import Harbour, Outcome, resource
from tests.whole.process.serving import serve_model

pytestmark = pytest.mark.process

GONE = "gone"
TOKEN = "t0ken-for-all-servers"
each_dialect = pytest.mark.parametrize("name", DIALECTS)

type Catalog = dict[str, dict[str, Any]]


class World:
    """All of the APIs; the second page of each one is broken, for good or once."""

    def __init__(self) -> None:
        self.is_broken = True
        self.faults: Counter[str] = Counter()

    def __call__(self, request: Received) -> Reply:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        name = request.path.removeprefix(EU).split("/")[1]
        dialect = DIALECTS[name]
        start = dialect.start(request)
        if start == SIZE and (self.is_broken or not self.faults[name]):
            self.faults[name] += 1
            return self._fault(dialect)
        return _reply(dialect.page(request, start))

    def pass_on(self) -> None:
        """Be well from now on, but for one fault each that passes."""
        self.is_broken = False
        self.faults.clear()

    def _fault(self, dialect: Dialect) -> Reply:
        return _reply(dialect.error) if self.is_broken else dialect.passing


def _reply(body: Any) -> Reply:
    return body if isinstance(body, Reply) else Reply(body=body)


@dataclass(frozen=True)
class Voyage:
    """Both runs, what the catalog held after each, and the sessions that each server was told."""

    broken: Outcome
    kept: dict[str, Catalog]
    well: Outcome
    read: dict[str, Catalog]
    faults: Counter[str]
    sessions: tuple[set[str], set[str]]


@pytest.fixture(scope="module")
def voyage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voyage]:
    world = World()
    with ExitStack() as stack:
        harbour = stack.enter_context(open_harbour(tmp_path_factory.mktemp("dialects")))
        us, eu = (stack.enter_context(serve_model(world)) for _ in range(2))
        harbour.install([mapped(name, dialect) for name, dialect in DIALECTS.items()])
        for name, dialect in DIALECTS.items():
            harbour.store(name, {each: {"version": 1} for each in (*dialect.names, GONE)})
        settings = {
            "baseUrl": us.url,
            "authType": "bearer_token",
            "apiToken": TOKEN,
            "instances": [f"{eu.url}{EU}"],
            "sessionHeaders": [SESSION],
            "maxRetries": "2",
            "timeout": "5",
        }
        broken = harbour.sail(settings)
        kept = catalogs(harbour)
        world.pass_on()
        well = harbour.sail(settings)
        told = [{each.headers.get(SESSION, "") for each in api.received} for api in (us, eu)]
        sessions = told[0] - {""}, told[1] - {""}
        yield Voyage(broken, kept, well, catalogs(harbour), world.faults, sessions)


def mapped(name: str, dialect: Dialect) -> dict[str, Any]:
    found = resource(
        name,
        name,
        identifier=dialect.identifier,
        version=dialect.version,
        **dialect.selector,
    )
    found["port"]["entity"]["mappings"]["properties"]["parent"] = dialect.text
    return found


def catalogs(harbour: Harbour) -> dict[str, Catalog]:
    return {name: harbour.catalog(name) for name in DIALECTS}


@pytest.mark.contract(
    "failure.resource-fails", "failure.keeps-what-was-read", "failure.no-deletes", "body.other-word"
)
@each_dialect
def test_a_page_that_says_error_deletes_nothing(name: str, voyage: Voyage) -> None:
    dialect = DIALECTS[name]
    assert voyage.broken.code == 1
    assert voyage.broken.totals()[2] == 0
    assert dialect.verdict.format(name) in voyage.broken.log
    versions = {each: found["version"] for each, found in voyage.kept[name].items()}
    expected = {each: 2 if each in dialect.first else 1 for each in (*dialect.names, GONE)}
    assert versions == expected


@pytest.mark.contract(
    "json.encoding",
    "json.guarded",
    "json.half-characters",
    "pagination.custom",
    "pagination.placeholder",
    "retry.transient",
)
@each_dialect
def test_all_arrive_and_what_is_gone_is_deleted(name: str, voyage: Voyage) -> None:
    dialect = DIALECTS[name]
    assert voyage.well.code == 0, voyage.well.errors()
    assert voyage.faults[name] == 1, "its fault was not met"
    versions = {each: found["version"] for each, found in voyage.read[name].items()}
    assert versions == dict.fromkeys(dialect.names, 2)
    assert {found.get("parent") for found in voyage.read[name].values()} == dialect.texts


@pytest.mark.contract(
    "auth.session-headers", "instances.credentials", "secrets.log-headers", "secrets.log-settings"
)
def test_each_server_has_a_session_of_its_own(voyage: Voyage) -> None:
    us, eu = voyage.sessions
    assert len(us) == len(eu) == 1
    assert not us & eu
    for secret in (TOKEN, *us, *eu):
        assert secret not in voyage.broken.log
        assert secret not in voyage.well.log
