"""Kinds of authType against an API that asks for them, with right and with wrong credentials.

Others are in tests/whole/scenarios, each against an API that is known for it.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from tests.whole.process.conftest import open_harbour
from tests.whole.process.sailing import Outcome, resource
from tools.sandbox.sample.app import create_app
from tools.sandbox.sample.auth import IDENTITY, AuthStyle
from tools.sandbox.sample.catalog import Catalog
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

SECRET = "s3cret-of-the-sample-7f21"
WRONG = "wr0ng-secret-of-nobody-90aa"
AT_ONCE = 3
# At this rate a run takes longer than a token lives, and no request waits for so long.
TOKEN_SECONDS = 4.0
RATE = "20"


def custom(secret: str) -> dict[str, object]:
    body = {"grant_type": "client_credentials", "client_id": IDENTITY, "client_secret": secret}
    return {
        "authType": "custom",
        "maxRequestsPerSecond": RATE,
        "customAuthRequest": {"endpoint": "/oauth/token", "body": body},
        "customAuthRequestTemplate": {"headers": {"Authorization": "Bearer {{.access_token}}"}},
    }


def settings_of(style: AuthStyle, secret: str) -> dict[str, object]:
    settings: dict[str, dict[str, object]] = {
        "none": {},
        "bearer": {"authType": "bearer_token", "apiToken": secret},
        "basic": {"authType": "basic", "username": IDENTITY, "password": secret},
        "api_key": {"authType": "api_key", "apiKey": secret},
        "custom": custom(secret),
    }
    return settings[style]


@dataclass(frozen=True)
class Case:
    """Two runs: with right credentials, then with wrong ones; and what is in the catalog."""

    right: Outcome
    wrong: Outcome
    expected: set[str]
    after_right: set[str]
    after_wrong: set[str]
    logins: int


def run_case(style: AuthStyle, directory: Path) -> Case:
    app = create_app(token=SECRET, auth=style, token_lifetime=TOKEN_SECONDS)
    mapping = [
        resource("/api/v1/packages", "package", data_path=".items", version="null"),
        nested_resource(),
    ]
    with open_harbour(directory) as harbour, serve(app) as api:
        common = {"baseUrl": api.url, "paginationType": "page", "pageSize": "10"}
        harbour.install(mapping)
        right = harbour.sail(common | settings_of(style, SECRET))
        after_right = set(harbour.catalog("package")) | set(harbour.catalog("requirement"))
        logins = sum(access.path == "/oauth/token" for access in app.state.access_log)
        wrong = right if style == "none" else harbour.sail(common | settings_of(style, WRONG))
        after_wrong = set(harbour.catalog("package")) | set(harbour.catalog("requirement"))
    return Case(right, wrong, expected_of(app), after_right, after_wrong, logins)


def nested_resource() -> dict[str, Any]:
    name = {"endpoint": "/api/v1/packages", "data_path": ".items", "field": ".id"}
    return resource(
        "/api/v1/packages/{name}/requirements",
        "requirement",
        identifier='.id | gsub("[^A-Za-z0-9]"; "-")',
        version="null",
        data_path=".items",
        path_parameters={"name": name},
    )


def expected_of(app: FastAPI) -> set[str]:
    catalog: Catalog = app.state.catalog
    plain = {
        "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in each.id)
        for each in catalog.requirements
    }
    return {package.id for package in catalog.packages} | plain


type Cases = dict[str, Future[Case]]
STYLES: tuple[AuthStyle, ...] = ("none", "bearer", "basic", "api_key", "custom")


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cases]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {each: pool.submit(run_case, each, tmp_path_factory.mktemp(each)) for each in STYLES}


@pytest.mark.contract(
    "settings.names.env",
    "settings.objects.json-string",
    "auth.bearer.header",
    "auth.basic.header",
    "auth.api-key.header",
    "auth.custom.endpoint-path",
    "auth.custom.body-json",
    "auth.template.headers",
    "auth.custom.interval.unset",
    "path-parameter.paginated",
    "run.once-success",
)
@pytest.mark.parametrize("style", STYLES)
def test_everything_arrives(style: str, cases: Cases) -> None:
    case = cases[style].result()
    assert case.right.code == 0, case.right.errors()
    assert case.after_right == case.expected
    if style == "custom":
        assert case.logins > 1, "the token was not renewed"


@pytest.mark.contract(
    "retry.static-credentials",
    "retry.custom-renews-once",
    "failure.no-deletes",
    "failure.message",
    "run.once-exit-code",
)
@pytest.mark.parametrize("style", [style for style in STYLES if style != "none"])
def test_wrong_credentials_fail_and_delete_nothing(style: str, cases: Cases) -> None:
    case = cases[style].result()
    assert case.wrong.code == 1
    assert case.wrong.totals()[2] == 0
    assert case.after_wrong == case.after_right
    advice = "customAuthRequest" if style == "custom" else "look at authType and its credentials"
    assert any("401" in line and advice in line for line in case.wrong.errors())
    assert case.wrong.seconds < 30


@pytest.mark.contract("secrets.log-settings", "secrets.log-auth-response", "secrets.log-headers")
@pytest.mark.parametrize("style", STYLES)
def test_no_secret_is_logged(style: str, cases: Cases) -> None:
    case = cases[style].result()
    assert SECRET not in case.right.log
    assert WRONG not in case.wrong.log
    assert "Bearer ey" not in case.right.log
