"""Containers that are given a certificate authority of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.whole.image.certificates import Files, make_certificates
from tests.whole.image.engine import Engine
from tests.whole.image.installation import Api, serve_api, serve_port, variables

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

TARGET = "/usr/local/share/ca-certificates/cert.crt"
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
READ_ONLY = ["--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp/ocean:mode=1777"]
COUNT = (
    "import os, ssl;"
    "bundle = os.environ['SSL_CERT_FILE'];"
    "assert os.environ['REQUESTS_CA_BUNDLE'] == bundle;"
    "print(bundle, len(ssl.create_default_context(cafile=bundle).get_ca_certs()))"
)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return make_certificates(tmp_path)


@pytest.fixture
def api(files: Files) -> Iterator[Api]:
    with serve_api(files.server) as served:
        yield served


def volume(source: Path) -> str:
    return f"--volume={source}:{TARGET}:ro"


def test_a_mounted_authority_is_trusted(engine: Engine, image: str, files: Files, api: Api) -> None:
    options = [*READ_ONLY, "--user=4711:4711", volume(files.authority)]
    # As Port's chart sets it: the bundle of the image, where the authority is not.
    chart = {"SSL_CERT_FILE": SYSTEM_BUNDLE, "REQUESTS_CA_BUNDLE": SYSTEM_BUNDLE}
    with serve_port() as port:
        ended = engine.run(image, options=options, variables=variables(port, api) | chart)
        assert ended.code == 0, ended.printed
        assert len(port.catalog()) == 3


def test_without_it_the_api_is_not_trusted(engine: Engine, image: str, api: Api) -> None:
    with serve_port() as port:
        ended = engine.run(image, variables=variables(port, api))
        assert ended.code == 1
        assert port.catalog() == {}
        assert api.requests == []
    assert "certificate is not trusted" in ended.printed


@pytest.mark.parametrize("named", [None, SYSTEM_BUNDLE, TARGET, "/tmp/ocean/ca-bundle.pem"])
def test_public_authorities_stay_trusted(
    engine: Engine, image: str, files: Files, named: str | None
) -> None:
    options = [volume(files.authority), *([] if named else ["--unsetenv=SSL_CERT_FILE"])]
    given = {"SSL_CERT_FILE": named} if named else {}
    ended = engine.run(image, "python", "-c", COUNT, options=options, variables=given)
    bundle, count = ended.printed.split()
    assert bundle == "/tmp/ocean/ca-bundle.pem"
    assert int(count) > 100


def test_a_bundle_of_the_operator_replaces_the_public_authorities(
    engine: Engine, image: str, files: Files
) -> None:
    options = [volume(files.authority), f"--volume={files.authority}:/own/bundle.pem:ro"]
    given = {"SSL_CERT_FILE": "/own/bundle.pem"}
    ended = engine.run(image, "python", "-c", COUNT, options=options, variables=given)
    assert ended.printed.split()[-1] == "1"


def test_what_is_no_certificate_is_named(engine: Engine, image: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.crt"
    broken.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    broken.chmod(0o644)
    ended = engine.run(image, options=[volume(broken)])
    assert ended.code == 1
    assert f"error: {TARGET} (the mount) holds no valid certificate" in ended.printed


def test_a_file_that_was_not_there_is_named(engine: Engine, image: str, tmp_path: Path) -> None:
    directory = tmp_path / "missing.crt"
    directory.mkdir()
    ended = engine.run(image, options=[volume(directory)])
    assert ended.code == 1
    assert "is a directory, not a certificate" in ended.printed


def test_a_place_that_cannot_be_written_is_named(engine: Engine, image: str, files: Files) -> None:
    options = ["--read-only", "--read-only-tmpfs=false", volume(files.authority)]
    ended = engine.run(image, options=options)
    assert ended.code == 1
    assert "emptyDir at /tmp/ocean" in ended.printed
