"""NO_PROXY as OpenShift and others write it: ranges, brackets and ports hold, nothing fails."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import StatusError
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Reply
from tests.support.proxy import Proxy
from tests.transport.test_proxies import _get
from transport.no_proxy import NoProxy, no_proxy

OPENSHIFT = (
    ".cluster.local,.svc,10.0.0.0/16,127.0.0.1,172.30.0.0/16,api-int.ocp.example.com,localhost,"
    "[::1],fd00::/8"
)


@pytest.mark.contract("proxy.no-proxy")
@pytest.mark.parametrize(
    "text, url, is_direct",
    [
        (OPENSHIFT, "http://10.0.3.4/", True),
        (OPENSHIFT, "http://10.1.3.4/", False),
        (OPENSHIFT, "http://[::1]:8080/", True),
        (OPENSHIFT, "http://[fd12::7]/", True),
        (OPENSHIFT, "http://[fe80::7]/", False),
        (OPENSHIFT, "https://api.ns.svc/", True),
        (OPENSHIFT, "https://svc/", False),
        (OPENSHIFT, "https://API-INT.ocp.example.com./", True),
        (OPENSHIFT, "https://x.api-int.ocp.example.com/", True),
        (OPENSHIFT, "https://notlocalhost/", False),
        ("10.0.0.0/8", "http://[::ffff:10.1.2.3]/", True),
        ("example.com:8443", "https://example.com:8443/", True),
        ("example.com:8443", "https://example.com/", False),
        ("example.com:443", "https://a.example.com/", True),
        ("[::1]:80", "http://[::1]/", True),
        ("[::1]:80", "https://[::1]/", False),
        ("a.test b.test", "https://b.test/", True),
        ("*.example.com", "https://a.example.com/", True),
        ("*.example.com", "https://example.com/", False),
        ("http://one.test", "http://one.test/", True),
        ("x.test, *", "https://anything.test/", True),
        ("", "https://anything.test/", False),
        ("1.example.com", "https://1.example.com/", True),
    ],
)
def test_what_is_asked_without_a_proxy(text: str, url: str, is_direct: bool) -> None:
    assert NoProxy.parse(text).covers(httpx.URL(url)) is is_direct


@pytest.mark.contract("proxy.no-proxy")
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize(
    "text", [OPENSHIFT, "[::1", "fd00::/200", "a/b", "1.2.3.4/8:90", "[::1]:80,[fd00::]/8", "[]:1"]
)
def test_httpx_can_read_what_is_left_and_nothing_is_forgotten(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv(name, text)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    first = no_proxy()
    httpx.AsyncClient()
    assert no_proxy() == first == no_proxy()


@given(st.text(max_size=30))
def test_any_text_is_readable_once_it_was_read(text: str) -> None:
    environment = {"NO_PROXY": text}
    found = no_proxy(environment)
    assert no_proxy(environment) == found
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("no_proxy", raising=False)
        if "\0" not in environment["NO_PROXY"] and environment["NO_PROXY"].isprintable():
            patch.setenv("NO_PROXY", environment["NO_PROXY"].encode("utf-8", "replace").decode())
            httpx.Client()


def test_what_is_not_understood_is_named() -> None:
    found = NoProxy.parse("ok.test,10.0.0.0/99,[::1,a/b,192.168.,10.0.0.1-10.0.0.9")
    assert found.unknown == ("10.0.0.0/99", "[::1", "a/b", "192.168.", "10.0.0.1-10.0.0.9")


@pytest.mark.contract("proxy.no-proxy")
async def test_a_range_keeps_requests_from_the_proxy(
    api: FakeApi, connect: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Proxy().running() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
        monkeypatch.setenv("NO_PROXY", "[::1],fd00::/8,127.0.0.0/8")
        client = connect()
        assert await _get(client, api) == 200
        assert proxy.asked == []
        await client.aclose()


@pytest.mark.contract("proxy.who-answered")
@pytest.mark.parametrize(
    "headers, who",
    [
        ({"X-Squid-Error": "ERR_ACCESS_DENIED 0"}, "the proxy answered 403"),
        ({}, "the API, or the proxy before it, answered 403"),
    ],
)
async def test_an_error_through_a_proxy_says_so(
    api: FakeApi, connect: ClientFactory, headers: dict[str, str], who: str
) -> None:
    async with Proxy().running() as proxy:
        client = connect(proxy=f"http://{proxy.address}")
        api.script(Reply(403, headers=headers))
        with pytest.raises(StatusError) as caught:
            await _get(client, api)
        await client.aclose()
    assert who in str(caught.value)
    assert "NO_PROXY" in caught.value.advice
