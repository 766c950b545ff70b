"""A customer of the hosted form, who writes the settings but does not own the machine."""

import json
import os
import ssl
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_messages import ApiRequest
from client import ApiClient
from errors import RequestError, SettingsError
from settings import environment
from settings.connection import ConnectionSettings
from tests.rooms import ClientFactory
from tests.support.authority import Authority
from tests.support.fake_api import FakeApi
from tests.support.proxy import Proxy
from transport import address_guard
from transport.address_guard import is_public

pytestmark = pytest.mark.usefixtures("ocean_config", "clean_surroundings")

type Resolve = Callable[..., list[str]]

INTERNAL = ("127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "172.16.0.1", "100.64.0.1")
INTERNAL_IPV6 = ("::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fec0::1", "ff02::1")
PUBLIC = ("8.8.8.8", "2606:4700::1111")


def dressed(address: str) -> list[str]:
    """The forms in which an IPv4 address is written as one of IPv6."""
    number = int(IPv4Address(address))
    return [
        f"::ffff:{address}",
        f"64:ff9b::{address}",
        str(IPv6Address((0x2002 << 112) | (number << 80))),
        f"::{address}",
        str(IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF))),
    ]


@pytest.mark.contract("hosted.guard")
@pytest.mark.parametrize(
    "address", [*INTERNAL, *INTERNAL_IPV6, *(each for ip in INTERNAL for each in dressed(ip))]
)
def test_internal_addresses_are_known_in_all_clothes(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [*PUBLIC, "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_public_addresses_are_reached(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_of_ipv4_is_judged_alike_when_it_is_mapped(address: IPv4Address) -> None:
    assert is_public(str(address)) == is_public(f"::ffff:{address}")


@given(st.text(max_size=40))
def test_what_is_no_address_is_not_public(text: str) -> None:
    if "." not in text and ":" not in text:
        assert not is_public(text)


async def _get(client: ApiClient, url: str) -> int:
    return (await client.send(ApiRequest("GET", url))).status


@pytest.mark.usefixtures("hosted")
@pytest.mark.contract("hosted.guard")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"]
)
async def test_no_spelling_of_this_machine_is_reached(
    host: str, api: FakeApi, connect: ClientFactory
) -> None:
    url = api.url.replace("127.0.0.1", host)
    with pytest.raises(RequestError, match="not reachable from a hosted integration"):
        await _get(connect(base_url=url), f"{url}/x")
    assert api.received == []


@pytest.mark.usefixtures("hosted")
@pytest.mark.contract("hosted.guard")
async def test_one_internal_address_of_a_name_is_enough(
    api: FakeApi, connect: ClientFactory, resolve: Resolve
) -> None:
    resolve("8.8.8.8", "127.0.0.1")
    with pytest.raises(RequestError, match="hosted"):
        await _get(connect(base_url="http://api.test"), "http://api.test/x")


@pytest.mark.usefixtures("hosted")
@pytest.mark.contract("hosted.proxy")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "x.port.io"])
async def test_a_proxy_within_is_not_reached(
    host: str, connect: ClientFactory, resolve: Resolve
) -> None:
    if host == "x.port.io":
        resolve("127.0.0.1")
    async with Proxy().running() as proxy:
        address = proxy.address.replace("127.0.0.1", host)
        client = connect(base_url="http://api.port.io", proxy=f"http://{address}")
        with pytest.raises(RequestError, match="hosted"):
            await _get(client, "http://api.port.io/x")
        assert proxy.asked == []


@pytest.mark.usefixtures("hosted")
@pytest.mark.contract("hosted.proxy")
async def test_a_proxy_of_the_environment_is_asked_for_the_address_that_was_judged(
    api: FakeApi, connect: ClientFactory, resolve: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setattr(address_guard, "is_public", lambda address: True)
    asked = resolve("127.0.0.1")
    url = api.url.replace("127.0.0.1", "api.test")
    async with Proxy().running() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
        client = connect(base_url=url)
        assert [await _get(client, f"{url}/x"), await _get(client, f"{url}/y")] == [200, 200]
        await client.aclose()
        assert proxy.asked[0] == f"GET {api.url}/x HTTP/1.1"
    assert set(asked) == {"api.test"}
    assert f"http://{api.received[0].headers['host']}" == url


@pytest.mark.usefixtures("hosted")
@pytest.mark.contract("hosted.proxy")
async def test_tls_through_a_proxy_is_that_of_the_name(
    connect: ClientFactory, resolve: Resolve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(address_guard, "is_public", lambda address: True)
    resolve("127.0.0.1")
    authority = Authority()
    tls = authority.server(tmp_path, asks=False)
    names: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: names.append(name)
    async with FakeApi().running(tls) as api, Proxy().running() as proxy:
        url = api.url.replace("127.0.0.1", "localhost")
        client = connect(
            base_url=url, proxy=f"http://{proxy.address}", ca_certificate=authority.pem
        )
        assert await _get(client, f"{url}/x") == 200
        assert await _get(client, f"{url}/y") == 200
        await client.aclose()
        assert proxy.asked == [f"CONNECT {api.url.removeprefix('https://')} HTTP/1.1"]
    assert names == ["localhost"]
    assert isinstance(tls, ssl.SSLContext)


async def test_elsewhere_addresses_within_are_reached(api: FakeApi, connect: ClientFactory) -> None:
    assert await _get(connect(), f"{api.url}/x") == 200


BASE = {"base_url": "https://api.example.com"}


@pytest.mark.contract("hosted.machine")
@pytest.mark.parametrize(
    "name, value",
    [
        ("customHeaders", {"X": "a ${HOME} b"}),
        ("customHeaders", json.dumps({"X": "${HOME}"})),
        ("customHeaders", '{"X": "\\u0024{HOME}"}'),
        ("customHeaders", '{"X": "${HOME}'),
        ("exposedVariables", ["HOME"]),
        ("exposedVariables", "HOME"),
        ("refreshTokenFile", "/etc/hostname"),
        ("signingKeyFile", "/etc/hostname"),
        ("responseDirectory", "/tmp"),
        ("caCertificate", "/etc/hostname"),
        ("clientCertificate", "/etc/hostname"),
        ("clientKey", "/etc/hostname"),
    ],
)
def test_settings_that_read_the_machine_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(SettingsError) as caught:
        ConnectionSettings.parse({**BASE, name: value}, is_hosted=True)
    (problem, *others) = [each for each in caught.value.problems if each.startswith(name)]
    assert "reads the machine" in problem
    # Not even tried: what is there, or not, is not told.
    assert others == []


@pytest.mark.contract("hosted.machine")
def test_each_wrong_setting_is_named_at_once() -> None:
    given = {"exposed_variables": ["HOME"], "signing_key_file": "/x", "timeout": "soon"}
    with pytest.raises(SettingsError) as caught:
        ConnectionSettings.parse({**BASE, **given}, is_hosted=True)
    named = {problem.partition(":")[0] for problem in caught.value.problems}
    assert named == {"exposedVariables", "signingKeyFile", "timeout"}


def test_what_reads_no_machine_is_accepted() -> None:
    pem = Authority().pem
    given = {**BASE, "custom_headers": {"X": "$5 {a} $NAME"}, "ca_certificate": pem}
    assert ConnectionSettings.parse(given, is_hosted=True).ca_certificate == pem.strip()


@pytest.mark.contract("variables.of-ocean")
@pytest.mark.parametrize("name", ["OCEAN__PORT__CLIENT_SECRET", "ocean__x", "PORT_CLIENT_SECRET"])
@pytest.mark.parametrize("is_hosted", [True, False])
def test_variables_of_ocean_are_in_no_header(
    name: str, monkeypatch: pytest.MonkeyPatch, *, is_hosted: bool
) -> None:
    monkeypatch.setenv(name, "s3cret-0f-ocean")
    for settings in ({"customHeaders": {"X": f"${{{name}}}"}}, {"exposedVariables": [name]}):
        with pytest.raises(SettingsError) as caught:
            ConnectionSettings.parse({**BASE, **settings}, is_hosted=is_hosted)
        assert "s3cret" not in str(caught.value)


@pytest.mark.contract("variables.of-ocean")
def test_variables_of_ocean_leave_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OCEAN__PORT__CLIENT_SECRET", "PORT_CLIENT_ID", "OCEANS"):
        monkeypatch.setenv(name, "x")
    environment.forget_ocean_s_own()
    assert [name for name in os.environ if environment.is_of_ocean(name)] == []
    assert os.environ["OCEANS"] == "x"
