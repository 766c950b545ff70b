"""The instance's own proxy: for the API only, before those of the environment, never shown."""

from typing import Any

import httpx
import pytest

from api_messages import ApiRequest
from client import ApiClient
from errors import EndpointError, RequestError, SettingsError, StatusError
from settings.connection import ConnectionSettings
from settings.secrets import redactor_for
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Reply
from tests.support.proxy import Proxy
from transport.diagnosis import proxy_refusal

_PASSWORD = "p4ss/w0rd secret"
_QUOTED = "p4ss%2Fw0rd%20secret"


def _parse(proxy: str) -> ConnectionSettings:
    return ConnectionSettings.parse({"base_url": "https://api.example.com", "proxy": proxy})


async def _get(client: ApiClient, api: FakeApi, path: str = "/x") -> int:
    return (await client.send(ApiRequest("GET", httpx.URL(f"{api.url}{path}")))).status


async def test_requests_go_through_the_proxy_of_the_instance(
    api: FakeApi, connect: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "*")
    async with Proxy("ada", _PASSWORD).running() as proxy:
        client = connect(proxy=f" http://ada:{_QUOTED}@{proxy.address} ")
        assert await _get(client, api) == 200
        assert proxy.asked == [f"GET {api.url}/x HTTP/1.1"]
        assert "proxy-authorization" in api.received[0].headers
        await client.aclose()


async def test_tls_goes_through_it_in_a_tunnel(tls_api: FakeApi, connect: ClientFactory) -> None:
    async with Proxy("ada", _PASSWORD).running() as proxy:
        client = connect(
            base_url=tls_api.url, verify_ssl=False, proxy=f"http://ada:{_QUOTED}@{proxy.address}"
        )
        assert [await _get(client, tls_api), await _get(client, tls_api)] == [200, 200]
        host = tls_api.url.removeprefix("https://")
        assert proxy.asked == [f"CONNECT {host} HTTP/1.1"]
        assert "proxy-authorization" not in tls_api.received[0].headers
        await client.aclose()


async def test_without_the_setting_the_environment_counts(
    api: FakeApi, connect: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Proxy().running() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
        client = connect()
        assert await _get(client, api) == 200
        await client.aclose()
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert await _get(connect(), api) == 200
        assert len(proxy.asked) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_refused_credentials_name_the_setting_and_are_not_shown(
    scheme: str, api: FakeApi, tls_api: FakeApi, connect: ClientFactory, logs: list[str]
) -> None:
    target = api if scheme == "http" else tls_api
    async with Proxy("ada", "another").running() as proxy:
        address = f"http://ada:{_QUOTED}@{proxy.address}"
        client = connect(base_url=target.url, verify_ssl=False, max_retries=1, proxy=address)
        with pytest.raises(EndpointError, match="407") as caught:
            await _get(client, target)
        await client.aclose()
    said = "\n".join([str(caught.value), repr(caught.value), *logs])
    assert isinstance(caught.value, StatusError | RequestError)
    assert "look at proxy" in caught.value.advice or "proxy wants" in caught.value.advice
    assert "secret" not in said
    assert target.received == []


@pytest.mark.contract("proxy.refusal-once")
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_is_asked_once_with_credentials_that_it_refuses(
    scheme: str, api: FakeApi, tls_api: FakeApi, connect: ClientFactory
) -> None:
    """Asked again and again with them, it locks the account."""
    target = api if scheme == "http" else tls_api
    async with Proxy("ada", "another").running() as proxy:
        address = f"http://ada:{_QUOTED}@{proxy.address}"
        client = connect(base_url=target.url, verify_ssl=False, max_retries=8, proxy=address)
        with pytest.raises(EndpointError, match="407"):
            await _get(client, target)
        await client.aclose()
        assert len(proxy.asked) == 1


@pytest.mark.contract("proxy.refusal-once")
@pytest.mark.parametrize(
    "said, is_final",
    [
        ("407 Proxy Authentication Required", True),
        ("403 Forbidden", True),
        ("404", True),
        ("400 Bad Request", True),
        ("502 Bad Gateway", False),
        ("503 Service Unavailable", False),
        ("504 Gateway Timeout", False),
        ("429 Too Many Requests", False),
        ("500 Oops", False),
        ("no connection to the proxy: refused", False),
        ("Proxy Server could not connect: host unreachable.", False),
        ("", False),
    ],
)
def test_what_a_proxy_says_is_final_or_passes(said: str, is_final: bool) -> None:
    refusal = proxy_refusal(httpx.ProxyError(said))
    assert (refusal is not None) == is_final
    if refusal:
        assert "the proxy refused: " in refusal.reason
        # The reason may repeat anything.
        assert "Authentication" not in str(refusal)


async def test_a_proxy_that_is_not_there_is_named(api: FakeApi, connect: ClientFactory) -> None:
    async with Proxy().running() as proxy:
        address = proxy.address
    client = connect(max_retries=1, proxy=f"http://{address}")
    with pytest.raises(RequestError, match="no connection to the proxy") as caught:
        await _get(client, api)
    assert "look at proxy" in caught.value.advice


async def test_an_api_that_is_not_there_is_not_blamed_on_a_proxy(
    api: FakeApi, connect: ClientFactory
) -> None:
    client = connect(base_url="http://127.0.0.1:1", max_retries=0)
    with pytest.raises(RequestError, match="no connection") as caught:
        await client.send(ApiRequest("GET", httpx.URL("http://127.0.0.1:1/x")))
    assert "proxy" not in str(caught.value)


@pytest.mark.parametrize(
    "value, problem",
    [
        ("proxy.example.com:3128", "is not a URL"),
        ("socks5://ada:hunter22@proxy.example.com", "SOCKS is not supported"),
        ("http://", "name a host"),
        ("http://ada:hunter22/3@proxy.example.com:3128", ""),
        ("http://proxy.example.com:3128/path", "must not hold a path"),
        ("http://proxy.example.com:99999999", "is not a URL"),
    ],
)
def test_what_is_no_address_of_a_proxy_is_refused(value: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _parse(value)
    assert str(caught.value.problems[0]).startswith("proxy: ")
    assert problem in caught.value.problems[0]
    assert "hunter22" not in str(caught.value)


def test_the_credentials_are_secrets() -> None:
    settings = _parse(f"http://ada:{_QUOTED}@proxy.example.com:3128")
    redactor = redactor_for(settings)
    basic: Any = httpx.Proxy(settings.proxy.get_secret_value()) if settings.proxy else None
    for form in (_PASSWORD, _QUOTED, "YWRhOnA0c3MvdzByZCBzZWNyZXQ="):
        assert form not in redactor.text(f"it says {form}")
    assert basic.auth == ("ada", _PASSWORD)
    assert _QUOTED not in repr(settings)


async def test_a_body_that_breaks_off_behind_a_proxy_is_read_again(
    api: FakeApi, connect: ClientFactory
) -> None:
    truncated = Reply(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[1, 2")
    api.script(truncated, Reply(body=[1, 2]))
    async with Proxy().running() as proxy:
        client = connect(proxy=f"http://{proxy.address}")
        answer = await client.send(ApiRequest("GET", httpx.URL(f"{api.url}/x")))
        assert answer.content == b"[1, 2]"
        await client.aclose()
