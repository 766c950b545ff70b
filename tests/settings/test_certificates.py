"""Certificates and keys: all ways to give them and to get them wrong, and nothing left behind."""

import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api_messages import ApiRequest
from client import ApiClient
from errors import RequestError, SettingsError
from settings.connection import ConnectionSettings
from settings.secrets import redactor_for
from tests.rooms import ClientFactory
from tests.support.authority import Authority, Issued
from tests.support.proxy import Proxy
from tests.support.tls_server import serving


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def reader(authority: Authority) -> Issued:
    return authority.issue("catalog-reader")


def _parse(**settings: Any) -> ConnectionSettings:
    return ConnectionSettings.parse({"base_url": "https://api.example.com", **settings})


def _problems(**settings: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        _parse(**settings)
    return "\n".join(caught.value.problems)


_SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda pem: pem,
    "with escaped line breaks": lambda pem: pem.replace("\n", "\\n"),
    "with escaped line breaks of Windows": lambda pem: pem.replace("\n", "\\r\\n"),
    "with spaces for line breaks": lambda pem: pem.replace("\n", " "),
    "with space around": lambda pem: f"\n  {pem}  \n",
}


@pytest.mark.parametrize("spelling", list(_SPELLINGS))
def test_pem_text_in_the_spellings_of_forms_and_environments(
    spelling: str, authority: Authority, reader: Issued
) -> None:
    spell = _SPELLINGS[spelling]
    settings = _parse(
        ca_certificate=spell(authority.pem),
        client_certificate=spell(reader.certificate),
        client_key=spell(reader.key),
    )
    assert settings.identity
    settings.identity.show_in(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    assert settings.ca_certificate
    assert settings.ca_certificate.split() == authority.pem.split()


def test_files_and_text_are_the_same(reader: Issued, tmp_path: Path) -> None:
    certificate, key = reader.save(tmp_path)
    from_files = _parse(client_certificate=str(certificate), client_key=f" {key}\n").identity
    assert (
        from_files == _parse(client_certificate=reader.certificate, client_key=reader.key).identity
    )
    both = _parse(client_certificate=f"{reader.key}{reader.certificate}").identity
    assert both == from_files


def test_an_encrypted_key_is_opened_by_its_password(authority: Authority) -> None:
    issued = authority.issue("catalog-reader", password="opens-it")
    given = {"client_certificate": issued.certificate, "client_key": issued.key}
    identity = _parse(**given, client_key_password="opens-it\n").identity
    assert identity
    identity.show_in(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    assert "clientKeyPassword: is required" in _problems(**given)
    wrong = _problems(**given, client_key_password="s0mething-else")
    assert "clientKeyPassword: does not open clientKey" in wrong
    assert "s0mething-else" not in wrong


def _damaged(pem: str) -> str:
    lines = pem.splitlines()
    return "\n".join([*lines[:1], lines[1][::-1], *lines[2:]])


_MISTAKES: dict[str, tuple[Callable[[Authority, Issued], dict[str, str]], str]] = {
    "no file": (
        lambda _, it: {"client_certificate": "/nowhere/client.crt", "client_key": it.key},
        "readable file (No such file or directory)",
    ),
    "a directory": (
        lambda _, it: {"ca_certificate": "/"},
        "caCertificate: is neither PEM text, with its -----BEGIN line, nor a readable",
    ),
    "a key that lost its first line": (
        lambda _, it: {
            "client_certificate": it.certificate,
            "client_key": "".join(it.key.splitlines()[1:]),
        },
        "clientKey: is neither PEM text",
    ),
    "a damaged key": (
        lambda _, it: {"client_certificate": it.certificate, "client_key": _damaged(it.key)},
        "clientKey: is damaged",
    ),
    "a damaged certificate": (
        lambda _, it: {"client_certificate": _damaged(it.certificate), "client_key": it.key},
        "clientCertificate: holds no usable certificate",
    ),
    "a damaged authority": (
        lambda ca, _: {"ca_certificate": _damaged(ca.pem)},
        "caCertificate: holds no usable certificate",
    ),
    "swapped": (
        lambda _, it: {"client_certificate": it.key, "client_key": it.certificate},
        "clientKey: holds no private key",
    ),
    "the key of another": (
        lambda ca, it: {"client_certificate": it.certificate, "client_key": ca.issue("b").key},
        "clientKey: does not belong to the first certificate of clientCertificate",
    ),
    "expired": (
        lambda ca, it: {"client_certificate": ca.issue("a", days=-2).certificate},
        "clientCertificate: expired on 2",
    ),
    "no key": (
        lambda _, it: {"client_certificate": it.certificate},
        "clientKey: is required with clientCertificate",
    ),
    "no certificate": (
        lambda _, it: {"client_key": it.key},
        "clientCertificate: is required with clientKey",
    ),
    "a password for nothing": (
        lambda _, it: {
            "client_certificate": it.certificate,
            "client_key": it.key,
            "client_key_password": "opens-n0thing",
        },
        "clientKeyPassword: is set, but clientKey is not encrypted",
    ),
}


@pytest.mark.parametrize("mistake", list(_MISTAKES))
def test_mistakes_are_named_at_start_and_no_key_is_quoted(
    mistake: str, authority: Authority, reader: Issued
) -> None:
    settings, expected = _MISTAKES[mistake]
    given = settings(authority, reader)
    problems = _problems(**given)
    assert expected in problems
    assert len(problems.splitlines()) <= 2
    secrets = [line for text in given.values() for line in text.splitlines() if len(line) > 20]
    secrets = [line for line in secrets if not line.startswith(("-----", "/"))]
    assert not any(secret[:20] in problems for secret in secrets)


def test_no_key_stays_on_disk_and_none_is_open_to_others(
    reader: Issued, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, str]] = []
    load = ssl.SSLContext.load_cert_chain

    def watched(self: ssl.SSLContext, certfile: str, *args: Any, **kwargs: Any) -> None:
        seen.append((Path(certfile).stat().st_mode & 0o777, Path(certfile).read_text()))
        load(self, certfile, *args, **kwargs)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    _parse(client_certificate=reader.certificate, client_key=reader.key)
    assert {mode for mode, _ in seen} == {0o600}
    assert reader.key.strip() in seen[0][1]
    assert not list(tmp_path.iterdir())


def test_the_key_is_a_secret(reader: Issued) -> None:
    settings = _parse(client_certificate=reader.certificate, client_key=reader.key)
    assert "PRIVATE" not in repr(settings)
    said = redactor_for(settings).text(f"it says {reader.key.splitlines()[1]}")
    assert said == "it says ***"


async def _get(client: ApiClient, url: str) -> int:
    return (await client.send(ApiRequest("GET", httpx.URL(url)))).status


async def test_an_api_that_wants_a_certificate_is_shown_it(
    authority: Authority, reader: Issued, connect: ClientFactory, tmp_path: Path
) -> None:
    tls = authority.server(tmp_path, asks=True)
    with serving(tls) as (url, _):
        client = connect(
            base_url=url,
            ca_certificate=authority.pem,
            client_certificate=reader.certificate,
            client_key=reader.key,
        )
        assert await _get(client, f"{url}/x") == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("shows", ["nothing", "another's"])
async def test_without_the_right_certificate_it_fails_at_once_and_names_the_setting(
    version: ssl.TLSVersion,
    shows: str,
    authority: Authority,
    connect: ClientFactory,
    tmp_path: Path,
) -> None:
    tls = authority.server(tmp_path, asks=True)
    tls.minimum_version = tls.maximum_version = version
    other = Authority().issue("other")
    shown = {"client_certificate": other.certificate, "client_key": other.key}
    with serving(tls) as (url, _):
        client = connect(
            base_url=url,
            ca_certificate=authority.pem,
            **({} if shows == "nothing" else shown),
        )
        with pytest.raises(RequestError, match="the server refuses who asks") as caught:
            await _get(client, f"{url}/x")
        assert "clientCertificate" in caught.value.advice
        assert client.traffic.retries == 0


@pytest.mark.contract("origin.no-credentials")
@pytest.mark.parametrize("by_proxy", [False, True])
async def test_other_hosts_are_not_shown_the_certificate(
    authority: Authority,
    reader: Issued,
    connect: ClientFactory,
    tmp_path: Path,
    by_proxy: bool,
) -> None:
    tls = authority.server(tmp_path, asks=True)
    # It asks, and goes on without: only what it is shown matters.
    tls.verify_mode = ssl.CERT_OPTIONAL
    async with Proxy().running() as proxy:
        with serving(tls) as (own, shown_to_own), serving(tls) as (other_host, shown):
            client = connect(
                **({"proxy": f"http://{proxy.address}"} if by_proxy else {}),
                base_url=own,
                max_concurrent_requests=1,
                allowed_hosts=other_host.removeprefix("https://"),
                ca_certificate=authority.pem,
                client_certificate=reader.certificate,
                client_key=reader.key,
            )
            for url in (own, other_host, own):
                assert await _get(client, f"{url}/x") == 200
            anonymous = ApiRequest("GET", httpx.URL(f"{own}/x"), is_anonymous=True)
            assert (await client.send(anonymous)).status == 200
            await client.aclose()
        assert len(proxy.asked) == (4 if by_proxy else 0)
    *with_credentials, without = shown_to_own
    assert len(with_credentials) == 2
    assert all(with_credentials)
    assert without is None
    assert shown == [None]


async def test_an_added_authority_is_trusted_besides_the_others(
    authority: Authority, connect: ClientFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Authority("Another authority")
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(other.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    for signer in (authority, other):
        with serving(signer.server(tmp_path, asks=False)) as (url, _):
            trusting = connect(base_url=url, ca_certificate=authority.pem)
            assert await _get(trusting, f"{url}/x") == 200
            if signer is authority:
                with pytest.raises(RequestError, match="certificate is not trusted") as caught:
                    await _get(connect(base_url=url), f"{url}/x")
                assert "caCertificate" in caught.value.advice


async def test_the_operators_switch_holds_with_an_added_authority(
    authority: Authority, connect: ClientFactory, tmp_path: Path, ocean_config: Any
) -> None:
    ocean_config.ssl.third_party.verify = False
    tls = Authority("Another authority").server(tmp_path, asks=False)
    with serving(tls) as (url, _):
        client = connect(base_url=url, ca_certificate=authority.pem)
        assert await _get(client, f"{url}/x") == 200
