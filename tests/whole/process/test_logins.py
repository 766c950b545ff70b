"""Ways to sign in, each in one run: the session ends midway, and a page of one list is broken.

Their models, and the settings for each of them, are in `logins.py`. Keystone and HTTP Digest are
in tests/whole/scenarios.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.whole.process.conftest import open_harbour
from tests.whole.process.logins import LOGINS, NAMES, PASSWORD, SIZE, Portal
from tests.whole.process.sailing import Outcome, resource
from tests.whole.process.serving import serve_model

pytestmark = pytest.mark.process

AT_ONCE = 2
GONE = "gone"
LISTS = ("things", "broken")
each_login = pytest.mark.parametrize("name", LOGINS)


@dataclass(frozen=True)
class Case:
    """A run, the versions in the catalog after it, and what each of two servers was asked for."""

    outcome: Outcome
    versions: dict[str, dict[str, Any]]
    portal: Portal
    asked: tuple[set[str], set[str]]


def run_case(name: str, directory: Path) -> Case:
    login = LOGINS[name]
    portal = Portal(login, directory)
    portal.subject.write_text("subj3ct-0\n")
    with ExitStack() as stack:
        harbour = stack.enter_context(open_harbour(directory))
        own, other = (stack.enter_context(serve_model(portal)) for _ in range(2))
        portal.instance_url = other.url
        harbour.install([_mapped(each) for each in LISTS])
        for each in LISTS:
            harbour.store(each, {name: {"version": 1} for name in (*NAMES, GONE)})
        settings = {
            name: value.format(directory=directory) if name == "subjectTokenFile" else value
            for name, value in login.settings.items()
        }
        outcome = harbour.sail({"baseUrl": own.url, "maxRetries": "1", **settings})
        versions = {
            each: {name: found["version"] for name, found in harbour.catalog(each).items()}
            for each in LISTS
        }
    asked = [{request.path for request in api.received} for api in (own, other)]
    return Case(outcome, versions, portal, (asked[0], asked[1]))


def _mapped(name: str) -> dict[str, Any]:
    pagination = {"type": "page", "page_size": SIZE}
    return resource(name, name, endpoint=f"/api/{name}", data_path=".items", pagination=pagination)


type Cases = dict[str, Future[Case]]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cases]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {each: pool.submit(run_case, each, tmp_path_factory.mktemp(each)) for each in LOGINS}


@pytest.mark.contract(
    "auth.custom.form-answer",
    "auth.session-headers",
    "auth.steps.answers",
    "auth.steps.cookies",
    "auth.steps.renewal",
    "retry.custom-renews-once",
)
@each_login
def test_all_arrive_though_the_session_ends(name: str, cases: Cases) -> None:
    case = cases[name].result()
    assert case.portal.logins == (2 if case.portal.login.end else 1)
    assert case.versions["things"] == {**dict.fromkeys(NAMES, 2), GONE: 1}


@pytest.mark.contract("failure.resource-fails", "failure.keeps-what-was-read", "failure.no-deletes")
@each_login
def test_a_page_that_is_an_error_deletes_nothing(name: str, cases: Cases) -> None:
    case = cases[name].result()
    assert case.outcome.code == 1
    assert case.outcome.totals()[2] == 0
    assert "broken was not read completely" in case.outcome.log
    assert "things was not read completely" not in case.outcome.log
    found = case.versions["broken"]
    assert found.keys() == {*NAMES, GONE}
    # What stands behind the page may have been read.
    assert {found[each] for each in NAMES[:SIZE]} == {2}
    assert {found[each] for each in (*NAMES[SIZE : 2 * SIZE], GONE)} == {1}


@pytest.mark.contract("secrets.log-settings", "secrets.log-auth-response", "secrets.log-headers")
@each_login
def test_no_secret_is_logged(name: str, cases: Cases) -> None:
    case = cases[name].result()
    for secret in (PASSWORD, "cr3dential", "subj3ct", "an0nymous"):
        assert secret not in case.outcome.log


@pytest.mark.contract("auth.template.base-url")
@each_login
def test_the_api_is_asked_where_it_is(name: str, cases: Cases) -> None:
    case = cases[name].result()
    lists = {f"/api/{each}" for each in LISTS}
    own, other = case.asked
    assert (other if case.portal.login.has_tenant else own) >= lists
    assert not (own & lists if case.portal.login.has_tenant else other)
