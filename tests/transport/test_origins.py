"""Where requests may go."""

from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api_messages import ApiRequest
from errors import RefusedOriginError
from transport.origins import OriginRule, origin

_BASE = "https://api.example.com/v1"
_CURRENT = httpx.URL(f"{_BASE}/teams?page=1")
_RULE = OriginRule(_BASE, ("files.example.com", "*.cdn.example.com", "127.0.0.1:9000"))
_HOSTS = st.sampled_from(
    [
        "api.example.com",
        "API.example.COM",
        "api.example.com.",
        "api.example.com.evil.test",
        "evil-api.example.com",
        "evil.test",
        "files.example.com",
        "a.cdn.example.com",
        "cdn.example.com",
        "evilcdn.example.com",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "127.0.0.1",
        "127.0.0.1:9000",
        "0x7f.1",
        "аpi.example.com",
        "",
    ]
)
_LINKS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(
            ["https://", "http://", "//", "\\\\", "/\\", "https:", "ftp://", "///", ""]
        ),
        st.sampled_from(
            ["", "api.example.com@", "api.example.com\\@", "u:p@", "api.example.com%40"]
        ),
        _HOSTS,
        st.sampled_from(["", ":443", ":80", ":8443", ":00443", ":"]),
        st.sampled_from(["", "/x", "\\x", "/../..", "?q=@evil.test", "#@evil.test", "/%2e%2e"]),
    ),
)


def _may_be_called(url: httpx.URL) -> bool:
    """The rule once more, written on what another parser makes of the same text."""
    parts = urlsplit(str(url))
    default = {"https": 443, "http": 80}.get(parts.scheme)
    port = default if parts.port is None else parts.port
    if (parts.scheme, parts.hostname, port) == ("https", "api.example.com", 443):
        return True
    host = parts.hostname or ""
    return parts.scheme in ("http", "https") and (
        host == "files.example.com"
        or (host.endswith(".cdn.example.com"))
        or (host, port) == ("127.0.0.1", 9000)
    )


def _redirected(rule: OriginRule, link: str) -> httpx.URL:
    """Where the client goes on to."""
    return rule.admit(ApiRequest("GET", _CURRENT).following(link).url)


@pytest.mark.contract("origin.link-refused")
@given(link=_LINKS | st.text())
@example("https://api.example.com\\@evil.test/")
@example("https://api.example.com@evil.test/")
@example("//evil.test/x")
@example("https://api.example.com:0/")
def test_no_link_leads_where_nothing_may_be_sent(link: str) -> None:
    try:
        target = _redirected(_RULE, link)
    except (ValueError, RefusedOriginError):
        return
    assert _may_be_called(target), target
    assert not target.userinfo
    if _RULE.is_own(target):
        assert urlsplit(str(target)).hostname == "api.example.com"


@pytest.mark.contract("origin.link-refused")
@pytest.mark.parametrize(
    "link",
    [
        "https://evil.test/x",
        "https://api.example.com:8443/x",
        "https://api.example.com.evil.test/",
        "https://api.example.com@evil.test/",
        "ftp://api.example.com/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://[::1]/",
    ],
)
def test_refused_links_name_the_setting_that_would_allow_them(link: str) -> None:
    with pytest.raises(RefusedOriginError) as caught:
        _redirected(_RULE, link)
    assert "allowedHosts" in str(caught.value)


def test_a_refusal_quotes_neither_credentials_nor_query_of_the_link() -> None:
    with pytest.raises(RefusedOriginError) as caught:
        _redirected(_RULE, "https://user:hunter22@evil.test/x?token=s3cr3t")
    assert "evil.test" in str(caught.value)
    assert "hunter22" not in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    "link, target",
    [
        ("/v2/x?page=2", "https://api.example.com/v2/x?page=2"),
        ("?page=2", "https://api.example.com/v1/teams?page=2"),
        ("more", "https://api.example.com/v1/more"),
        ("https://API.example.com:443/x#part", "https://api.example.com/x"),
        ("https://u:p@api.example.com/x", "https://api.example.com/x"),
        ("  /x ", "https://api.example.com/x"),
    ],
)
def test_links_within_the_origin_are_resolved(link: str, target: str) -> None:
    assert str(_redirected(_RULE, link)) == target


@pytest.mark.contract("origin.upgrade")
@pytest.mark.parametrize("port", ["", ":80"])
def test_http_to_the_own_host_is_upgraded(port: str) -> None:
    target = _redirected(_RULE, f"http://api.example.com{port}/x?a=1")
    assert str(target) == "https://api.example.com/x?a=1"
    own_port = OriginRule("https://api.example.com:8443/v1")
    assert _redirected(own_port, f"http://api.example.com{port}/x").port == 8443


@pytest.mark.contract("origin.upgrade")
def test_https_is_never_downgraded() -> None:
    with pytest.raises(RefusedOriginError):
        _redirected(OriginRule("http://api.example.com"), "https://api.example.com/x")


@pytest.mark.contract("origin.allowed", "origin.no-credentials")
@pytest.mark.parametrize("link", ["https://files.example.com/x", "http://127.0.0.1:9000/x"])
def test_allowed_hosts_may_be_called_and_are_not_own(link: str) -> None:
    target = _redirected(_RULE, link)
    assert str(target) == link
    assert not _RULE.is_own(target)


@pytest.mark.contract("origin.allowed-wildcard")
def test_a_wildcard_means_every_host_below_and_no_other() -> None:
    for host in ("a.cdn.example.com", "a.b.cdn.example.com"):
        assert _redirected(_RULE, f"https://{host}/x").host == host
    for host in ("cdn.example.com", "evilcdn.example.com", "a.cdn.example.com.evil.test"):
        with pytest.raises(RefusedOriginError):
            _redirected(_RULE, f"https://{host}/x")


@pytest.mark.contract("origin.allowed")
@pytest.mark.parametrize(
    "pattern, link",
    [
        ("[::1]:9000", "http://[::1]:9000/x"),
        ("[::1]", "http://[::1]:9000/x"),
        ("files.example.com:443", "https://files.example.com/x"),
        ("xn--mnchen-3ya.de", "https://münchen.de/x"),
        ("*.xn--mnchen-3ya.de", "https://files.xn--mnchen-3ya.de/x"),
    ],
)
def test_allowed_hosts_in_their_other_spellings(pattern: str, link: str) -> None:
    assert _redirected(OriginRule(_BASE, (pattern,)), link) == httpx.URL(link)


def test_an_origin_has_its_default_port() -> None:
    assert origin(httpx.URL("https://A.example/x")) == ("https", "a.example", 443)
    assert origin(httpx.URL("http://a.example:80")) == ("http", "a.example", 80)
