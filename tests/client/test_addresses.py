"""IPv6 addresses wherever an address may stand."""

import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from api_messages import ApiRequest
from client import ApiClient
from errors import RefusedOriginError, SettingsError
from redaction import Redactor
from settings.connection import ConnectionSettings
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Reply
from transport.origins import OriginRule, origin


@pytest.fixture
async def api6() -> AsyncIterator[FakeApi]:
    async with FakeApi().running(host="::1") as running:
        yield running


async def _get(client: ApiClient, url: str) -> httpx.URL:
    return (await client.send(ApiRequest("GET", httpx.URL(url)))).url


async def test_an_api_at_an_address(api6: FakeApi, connect: ClientFactory) -> None:
    api6.script(Reply(302, headers={"location": f"{api6.url}/y?a=1"}), Reply())
    client = connect(base_url=f"{api6.url}/", auth_type="bearer_token", api_token="t0ken")
    assert str(await _get(client, f"{api6.url}/x")) == f"{api6.url}/y?a=1"
    assert [request.headers["host"] for request in api6.received] == [
        api6.url.removeprefix("http://")
    ] * 2
    assert api6.received[1].headers["authorization"] == "Bearer t0ken"


async def test_an_allowed_host_at_an_address(
    api: FakeApi, api6: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(302, headers={"location": f"{api6.url}/y"}))
    for allowed in ("[::1]", api6.url.removeprefix("http://")):
        client = connect(allowed_hosts=allowed, auth_type="bearer_token", api_token="t0ken")
        assert str(await _get(client, f"{api.url}/x")) == f"{api6.url}/y"
    assert not any("authorization" in request.headers for request in api6.received)
    with pytest.raises(RefusedOriginError, match=r"http://\[::1\]:\d+"):
        await _get(connect(allowed_hosts="[::2]"), f"{api.url}/x")


@pytest.mark.parametrize(
    "base",
    ["http://[::1]", "http://[::1]:8080/v1", "https://[2001:db8::1]/", "http://[FE80::1]:1/"],
)
def test_base_urls_with_addresses(base: str) -> None:
    parsed = ConnectionSettings.parse({"base_url": base}).base_url
    assert httpx.URL(parsed).host.lower() == httpx.URL(base.lower()).host
    rule = OriginRule(parsed)
    assert rule.is_own(httpx.URL(f"{parsed}/x"))
    linked = ApiRequest("GET", f"{parsed}/x/y").following("/z")
    assert rule.admit(linked.url).path == "/z"


@pytest.mark.parametrize(
    "base", ["http://[::1", "http://::1/", "http://[::1]extra", "http://[::g]"]
)
def test_what_is_no_address_is_refused(base: str) -> None:
    with pytest.raises(SettingsError, match="baseUrl"):
        ConnectionSettings.parse({"base_url": base})


@pytest.mark.parametrize("base", ["http://[fe80::1%25eth0]:8080", "http://[fe80::1%eth0]/v1"])
def test_a_zone_is_refused_and_said_to_be_none(base: str) -> None:
    with pytest.raises(SettingsError, match="zone") as caught:
        ConnectionSettings.parse({"base_url": base})
    assert "baseUrl" in str(caught.value)


def test_different_spellings_of_one_address_are_one_origin() -> None:
    rule = OriginRule("https://[2001:DB8:0:0::1]:443/v1", ["[::0001]:9000"])
    assert rule.is_own(httpx.URL("https://[2001:db8::1]/x"))
    assert origin(httpx.URL("https://[::1]")) == origin(httpx.URL("https://[0:0::1]:443"))
    assert rule.admit(httpx.URL("http://[::1]:9000/x")).port == 9000
    assert str(rule.admit(httpx.URL("http://[2001:db8::1]/x"))).startswith("https://[2001:db8::1]")


@pytest.mark.parametrize(
    "allowed, link, is_allowed",
    [
        ("[2001:db8::1]", "http://[2001:db8::1]:81/x", True),
        ("2001:db8::1", "http://[2001:db8::1]/x", True),
        ("[2001:db8::1]:81", "http://[2001:db8::1]/x", False),
        ("[2001:DB8::1]:81", "http://[2001:db8::1]:81/x", True),
        ("*.1", "http://[::1]/x", False),
    ],
)
def test_allowed_hosts_with_addresses(allowed: str, link: str, is_allowed: bool) -> None:
    hosts = ConnectionSettings.parse(
        {"base_url": "https://api.example.com", "allowed_hosts": allowed}
    ).allowed_hosts
    rule = OriginRule("https://api.example.com", hosts)
    if is_allowed:
        assert rule.admit(httpx.URL(link)).host == "2001:db8::1"
    else:
        with pytest.raises(RefusedOriginError):
            rule.admit(httpx.URL(link))


def test_addresses_are_shown_with_their_brackets() -> None:
    redactor = Redactor(["s3cret-value"])
    shown = redactor.url("https://user:s3cret-value@[2001:db8::1]:8443/x/s3cret-value?token=abc")
    assert shown == "https://[2001:db8::1]:8443/x/***?token=***"


def test_the_loopback_of_the_machine_is_there() -> None:
    """Else the tests above would fail for a reason of the machine's."""
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
