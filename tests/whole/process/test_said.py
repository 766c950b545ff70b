"""Answers of success that are no list, or not all of it: nothing that is there is deleted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.whole.process.said import FAILED, ITEMS, KEPT, PAGE_SIZE, PROVEN, Said, create_api
from tests.whole.process.sailing import Harbour, Outcome, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process


@contextmanager
def installed(harbour: Harbour, table: Mapping[str, Said]) -> Iterator[dict[str, object]]:
    """An API and a catalog of these resources; gives the settings."""
    harbour.install(
        resource(
            f"kind {name}",
            name,
            endpoint=f"/{name}/items",
            **_selector(said),
        )
        for name, said in table.items()
    )
    for name in table:
        harbour.store(name, {f"{name}-{number}": {"version": 1} for number in range(ITEMS)})
    with serve(create_api()) as server:
        # What waits for an answer that is ready shall not wait long.
        yield {"baseUrl": server.url, "pageSize": f"{PAGE_SIZE}", "maxRetries": "1"}


def _selector(said: Said) -> dict[str, Any]:
    found: dict[str, Any] = {"data_path": said.data_path}
    return {**found, "pagination": dict(said.pagination)} if said.pagination else found


def versions(harbour: Harbour, name: str) -> dict[str, Any]:
    return {each: found["version"] for each, found in harbour.catalog(name).items()}


def upserted(name: str, brought: int, *, is_gone: bool = False) -> dict[str, Any]:
    """The catalog of a resource of which so many items came."""
    numbers = range(ITEMS - 1) if is_gone else range(ITEMS)
    return {f"{name}-{number}": 2 if number < brought else 1 for number in numbers}


def told(outcome: Outcome, name: str, said: Said) -> bool:
    """Whether one line of the log says of a resource what was seen."""
    lines = outcome.printed.replace("\\n", " ").splitlines()
    where = [at for at, line in enumerate(lines) if f"kind {name} " in line]
    return any(said.says in " ".join(lines[at : at + 4]) for at in where)


@pytest.mark.contract("evidence.kept", "evidence.withheld", "evidence.gate")
@pytest.mark.timeout(200)
def test_more_without_a_way_on_is_kept_and_the_rest_is_proven(harbour: Harbour) -> None:
    with installed(harbour, {**KEPT, **PROVEN}) as settings:
        outcome = harbour.sail(settings)
    assert outcome.code == 0, outcome.printed[-3000:]
    assert outcome.sync is not None
    assert outcome.sync.status == "completed"
    for name, said in KEPT.items():
        assert versions(harbour, name) == upserted(name, said.brought), name
        assert told(outcome, name, said), name
    for name, said in PROVEN.items():
        assert versions(harbour, name) == upserted(name, said.brought, is_gone=True), name


@pytest.mark.contract("evidence.strict")
@pytest.mark.timeout(200)
def test_strict_makes_each_of_them_a_failure(harbour: Harbour) -> None:
    with installed(harbour, {**KEPT, **PROVEN}) as settings:
        outcome = harbour.sail({**settings, "strict": True})
    assert outcome.code == 1
    assert outcome.totals()[2] == 0
    for name, said in KEPT.items():
        assert versions(harbour, name) == upserted(name, said.brought), name
        assert told(outcome, name, said), name


@pytest.mark.contract("failure.no-deletes", "failure.keeps-what-was-read", "body.looks-like-error")
@pytest.mark.timeout(200)
def test_what_is_no_list_fails_its_resource(harbour: Harbour) -> None:
    with installed(harbour, {**FAILED, **PROVEN}) as settings:
        outcome = harbour.sail(settings)
    assert outcome.code == 1
    assert outcome.sync is not None
    assert outcome.sync.status == "failed"
    assert outcome.totals()[2] == 0
    for name, said in {**FAILED, **PROVEN}.items():
        assert versions(harbour, name) == upserted(name, said.brought), name
    for name, said in FAILED.items():
        assert f"kind {name} was not read completely" in outcome.log, name
        assert told(outcome, name, said), name


@pytest.mark.contract("settings.names.misspelt")
def test_a_misspelt_setting_deletes_nothing(harbour: Harbour) -> None:
    with installed(harbour, {"has_more": KEPT["has_more"]}) as settings:
        outcome = harbour.sail({**settings, "paginationTipe": "page"})
    assert outcome.code not in (0, None), outcome.printed[:3000]
    assert outcome.sync is None
    assert "paginationTipe: is no setting; did you mean paginationType?" in outcome.printed
    assert versions(harbour, "has_more") == upserted("has_more", 0)
