"""Fixtures for the tests of single rooms: Ocean's context without Ocean, an API, captured logs."""

import datetime
import ipaddress
import json
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from loguru import logger
from port_ocean.config.settings import SslSettings
from port_ocean.log.sensetive import sensitive_log_filter

from client import ApiClient
from framework.context import ocean_context
from settings.connection import ConnectionSettings
from tests.support.fake_api import FakeApi
from transport import rate_limits

type ClientFactory = Callable[..., ApiClient]

# The other tests boot Ocean themselves.
_ROOMS = (
    "auth",
    "cache",
    "client",
    "expressions",
    "formats",
    "framework",
    "live_events",
    "mapping",
    "pagination",
    "reading",
    "redaction",
    "settings",
    "transport",
)


@pytest.fixture(autouse=True)
def _without_ocean(request: pytest.FixtureRequest) -> None:
    """Give every test of a room a context of its own."""
    if request.path.parent.name in _ROOMS and request.path.parents[1].name == "tests":
        request.getfixturevalue("ocean_config")
        request.getfixturevalue("clean_surroundings")


@pytest.fixture
def ocean_config() -> Iterator[SimpleNamespace]:
    """The few settings of Ocean that the core reads; a test may change them."""
    config = SimpleNamespace(
        ssl=SslSettings(),
        disable_ip_outbound_blocker=True,
        allow_environment_variables_jq_access=False,
        process_in_queue_timeout=60,
        process_in_queue_max_workers=1,
    )
    with ocean_context(SimpleNamespace(config=config)):
        yield config


@pytest.fixture
def clean_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret learnt by one test masks words in another; no proxy; retries without patience."""
    monkeypatch.setattr(
        sensitive_log_filter, "compiled_patterns", list(sensitive_log_filter.compiled_patterns)
    )
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr(rate_limits, "_FIRST_BACKOFF", 0.002)


@pytest.fixture
async def api() -> AsyncIterator[FakeApi]:
    async with FakeApi().running() as running:
        yield running


@pytest.fixture
async def other_api() -> AsyncIterator[FakeApi]:
    """A second server: another port of the same host, so another origin."""
    async with FakeApi().running() as running:
        yield running


@pytest.fixture
async def connect(api: FakeApi) -> AsyncIterator[ClientFactory]:
    """Builds clients for `api` from settings in snake_case, and closes them after the test."""
    clients: list[ApiClient] = []

    def build(**settings: Any) -> ApiClient:
        config = {"base_url": api.url, "max_retries": 2, "timeout": "5", **settings}
        clients.append(ApiClient(ConnectionSettings.parse(config)))
        return clients[-1]

    yield build
    for client in clients:
        await client.aclose()


@pytest.fixture
def logs() -> Iterator[list[str]]:
    """Everything that is logged at any level, with context and tracebacks, before any masking."""
    lines: list[str] = []
    handler = _Collector(lines)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    sink = logger.add(lambda message: lines.append(_whole(message)), level=0, diagnose=False)
    yield lines
    logger.remove(sink)
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody signed but itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
async def tls_api(certificate: Path) -> AsyncIterator[FakeApi]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    async with FakeApi().running(tls) as running:
        yield running


class _Collector(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())


def _whole(message: Any) -> str:
    record = message.record
    return f"{message} {json.dumps(record['extra'], default=repr)}"
