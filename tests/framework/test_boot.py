"""What keeps a start from succeeding: Ocean's complaints in words, the names that are replaced."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from port_ocean.clients.port.client import PortClient
from port_ocean.config.settings import IntegrationConfiguration
from pydantic import create_model
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from framework import boot
from framework.context import ocean_context
from tools.sandbox.server import serve


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "custom"\nversion = "1"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OCEAN__INTEGRATION__CONFIG__BASE_URL", "https://api.test")
    monkeypatch.setenv("OCEAN__INTEGRATION__TYPE", "custom")
    monkeypatch.setenv("OCEAN__PORT__CLIENT_ID", "id")
    monkeypatch.setenv("OCEAN__PORT__CLIENT_SECRET", "s3cret")
    monkeypatch.setenv("OCEAN__EVENT_LISTENER__TYPE", "ONCE")


def errors(logs: list[str]) -> list[str]:
    return [line for line in logs if "ERROR" in line]


def test_the_names_that_are_replaced_are_there() -> None:
    assert vars(import_module("port_ocean.ocean"))["IntegrationConfiguration"]
    asked = vars(import_module("port_ocean.run"))["validate_integration_runtime"]
    # Ours may be in its place already.
    taken = list(inspect.signature(asked).parameters)
    assert inspect.iscoroutinefunction(asked)
    assert taken in (["port_client", "requested_runtime"], ["port_client", "runtime"])


@pytest.mark.contract("start.words")
@pytest.mark.parametrize(
    "variable, value, line",
    [
        ("OCEAN__EVENT_LISTENER__TYPE", "polling", "(got 'polling'); did you mean POLLING?"),
        ("OCEAN__EVENT_LISTENER__TYPE", "WEBHOOK", "OCEAN__EVENT_LISTENER__APP_HOST: is required"),
        ("OCEAN__SCHEDULED_RESYNC_INTERVAL", "hourly", "OCEAN__SCHEDULED_RESYNC_INTERVAL: should "),
        ("OCEAN__INTEGRATION__CONFIG__AUTH_TYPE", "bearer", "did you mean bearer_token?"),
    ],
)
def test_what_ocean_refuses_is_told_with_what_we_refuse(
    variable: str, value: str, line: str, monkeypatch: pytest.MonkeyPatch, logs: list[str]
) -> None:
    monkeypatch.setenv(variable, value)
    # So that Ocean refuses something whatever the case.
    monkeypatch.setenv("OCEAN__CLIENT_TIMEOUT", "soon")
    with pytest.raises(SystemExit) as ended:
        boot._configured()
    assert ended.value.code == 1
    said = "\n".join(logs)
    assert line in said
    assert "OCEAN__CLIENT_TIMEOUT: should be" in said
    assert "s3cret" not in said


def test_a_type_that_only_ocean_refuses_is_told(
    monkeypatch: pytest.MonkeyPatch, logs: list[str]
) -> None:
    monkeypatch.setenv("OCEAN__INTEGRATION__CONFIG__ALLOWED_HOSTS", "a.b, c.d")
    model = create_model("Config", allowed_hosts=(list, ...), base_url=(str, ...))
    with pytest.raises(SystemExit):
        boot._configured(integration_config_model=model)
    assert "allowedHosts: must be a JSON list" in "\n".join(logs)


def test_right_settings_are_handed_on() -> None:
    assert isinstance(boot._configured(), IntegrationConfiguration)


def test_a_setting_given_in_parts_is_not_looked_at_as_text(
    monkeypatch: pytest.MonkeyPatch, logs: list[str]
) -> None:
    monkeypatch.setenv("OCEAN__INTEGRATION__CONFIG__CUSTOM_HEADERS__ACCEPT", "text/csv")
    monkeypatch.setenv("OCEAN__CLIENT_TIMEOUT", "soon")
    with pytest.raises(SystemExit):
        boot._configured()
    (line,) = errors(logs)
    assert "customHeaders" not in line
    assert "1 connection setting is wrong" in line


@pytest.fixture
def answers() -> dict[str, int]:
    return {"status": 200}


@pytest.fixture
def port(answers: dict[str, int]) -> Iterator[str]:
    async def token(_: Request) -> JSONResponse:
        return JSONResponse({}, answers["status"])

    with serve(Starlette(routes=[Route("/v1/auth/access_token", token, methods=["POST"])])) as up:
        yield up.url


async def introduced(url: str, **client: str) -> int:
    """Ask Port as a start does; give how often Ocean's own question was asked."""
    asked = 0

    async def ask(*_: Any) -> None:
        nonlocal asked
        asked += 1

    given = {"client_id": "id", "client_secret": "s3cret", "api_url": f"{url}/v1", **client}
    config = boot._configured(port={"base_url": url, "client_id": "a", "client_secret": "b"})
    with ocean_context(SimpleNamespace(config=config)):
        port_client = cast("PortClient", SimpleNamespace(auth=SimpleNamespace(**given)))
        await boot._introduced(ask)(port_client, None)
    return asked


async def test_a_port_that_answers_is_asked_on(port: str, logs: list[str]) -> None:
    assert await introduced(port) == 1
    assert errors(logs) == []


@pytest.mark.contract("start.words")
@pytest.mark.parametrize("status", [401, 403])
async def test_credentials_that_port_refuses_end_the_start(
    port: str, answers: dict[str, int], status: int, logs: list[str]
) -> None:
    answers["status"] = status
    with pytest.raises(SystemExit):
        await introduced(port)
    (line,) = errors(logs)
    assert f"refuses them ({status})" in line
    assert "s3cret" not in line


async def test_a_port_that_is_ill_is_waited_for(
    port: str, answers: dict[str, int], logs: list[str]
) -> None:
    answers["status"] = 503
    assert await introduced(port) == 1
    (line,) = errors(logs)
    assert "answers 503" in line
    assert "it is tried again" in line


@pytest.mark.contract("start.all-at-once")
async def test_wrong_settings_are_not_waited_with(
    port: str, answers: dict[str, int], monkeypatch: pytest.MonkeyPatch, logs: list[str]
) -> None:
    answers["status"] = 503
    monkeypatch.setenv("OCEAN__INTEGRATION__CONFIG__TIMEOUT", "-1")
    with pytest.raises(SystemExit):
        await introduced(port)
    (line,) = errors(logs)
    assert "answers 503" in line
    assert "timeout: should be greater than 0" in line


async def test_missing_credentials_are_not_sent(port: str, logs: list[str]) -> None:
    with pytest.raises(SystemExit):
        await introduced(port, client_id=" ", client_secret="")
    assert "OCEAN__PORT__CLIENT_ID: is required" in errors(logs)[0]
    assert "OCEAN__PORT__CLIENT_SECRET: is required" in errors(logs)[0]


async def test_the_end_of_waiting_is_told_in_words(port: str, logs: list[str]) -> None:
    async def ask(*_: Any) -> None:
        raise httpx.ConnectTimeout("")

    config = boot._configured()
    auth = SimpleNamespace(client_id="i", client_secret="s", api_url=f"{port}/v1")
    client = cast("PortClient", SimpleNamespace(auth=auth))
    with ocean_context(SimpleNamespace(config=config)), pytest.raises(SystemExit):
        await boot._introduced(ask)(client, None)
    assert "Port cannot be used: ConnectTimeout" in errors(logs)[0]


@pytest.mark.contract("hosted.machine")
@pytest.mark.parametrize(
    "given, reads",
    [
        ({"OCEAN__RUNTIME": "Saas"}, False),
        ({"OCEAN__RUNTIME": "saas"}, False),
        ({"OCEAN__RUNTIME": "OnPrem"}, True),
        ({}, True),
        ({"OCEAN__DISABLE_IP_OUTBOUND_BLOCKER": "false"}, False),
        ({"OCEAN__DISABLE_IP_OUTBOUND_BLOCKER": "perhaps"}, False),
        ({"OCEAN__RUNTIME": "Saas", "OCEAN__DISABLE_IP_OUTBOUND_BLOCKER": "true"}, True),
    ],
)
def test_what_is_wrong_with_ocean_s_settings_opens_no_file_of_port_s_machine(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch, logs: list[str], *, reads: bool
) -> None:
    monkeypatch.setenv("OCEAN__CLIENT_TIMEOUT", "soon")
    monkeypatch.setenv("OCEAN__INTEGRATION__CONFIG__CA_CERTIFICATE", "/no/such/file")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        boot._configured()
    (line,) = [each for each in "\n".join(logs).splitlines() if "caCertificate" in each]
    assert ("reads the machine" not in line) is reads
    assert ("No such file" in line) is reads
