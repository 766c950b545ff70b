"""The entrypoint of the image: which program runs, and which certificates it trusts."""

import os
import runpy
import signal
import ssl
import sys
from pathlib import Path

import pytest

from docker import entrypoint
from docker.entrypoint import StartError, command_of, main, run, trust_mounted_certificates
from tests.whole.image.certificates import make_certificates


class Replaced(Exception):
    """The program would have been replaced by another one."""


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """The calls that would replace this program, none of which does."""
    calls: list[tuple[object, ...]] = []

    def note(*arguments: object) -> None:
        calls.append(arguments)
        raise Replaced

    monkeypatch.setattr(os, "execv", note)
    monkeypatch.setattr(os, "execve", note)
    return calls


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The places of the image, below a directory: mount, public bundle, temporary files."""
    monkeypatch.setattr(entrypoint, "MOUNTED_CERTIFICATES", tmp_path / "mount")
    monkeypatch.setattr(entrypoint, "SYSTEM_BUNDLE", tmp_path / "system.pem")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    for directory in ("mount", "temporary"):
        (tmp_path / directory).mkdir()
    return tmp_path


@pytest.fixture
def authority(places: Path) -> bytes:
    """The text of a certificate, which is mounted."""
    text = make_certificates(places).authority.read_bytes()
    (places / "mount" / "cert.crt").write_bytes(text)
    return text


@pytest.mark.parametrize(
    "arguments, command",
    [
        ([], ["ocean", "sail"]),
        (["ocean", "probe"], ["ocean", "probe"]),
        (["check"], ["ocean-custom", "check"]),
        (["preview", "/users", "-n3"], ["ocean-custom", "preview", "/users", "-n3"]),
        (["init"], ["ocean-custom", "init"]),
        (["ocean-custom", "check"], ["ocean-custom", "check"]),
        (["python", "-V"], ["python", "-V"]),
    ],
)
def test_what_arguments_stand_for(arguments: list[str], command: list[str]) -> None:
    assert command_of(arguments) == command


def test_the_command_line_finds_its_modules_from_anywhere(
    replaced: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/theirs")
    with pytest.raises(Replaced):
        run(["ocean-custom", "check", "--all"])
    ((program, arguments, environment),) = replaced
    assert program == sys.executable
    assert arguments == [sys.executable, "-P", "-m", "cli", "check", "--all"]
    assert isinstance(environment, dict)
    assert environment["PYTHONPATH"] == "/app:/theirs"


def test_any_other_program_takes_the_place(replaced: list[tuple[object, ...]]) -> None:
    with pytest.raises(Replaced):
        run(["sh", "-c", "true"])
    ((program, arguments),) = replaced
    assert Path(str(program)).name == "sh"
    assert arguments == ["sh", "-c", "true"]


def test_an_unknown_program_ends_the_start() -> None:
    with pytest.raises(SystemExit, match=r"no program 'chek'.*check, preview, init"):
        main(["chek"])


def test_ocean_runs_in_this_process_and_ends_at_sigterm(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, list[str]]] = []

    def ocean(path: str, run_name: str) -> None:
        ran.append((path, sys.argv))
        assert run_name == "__main__"
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(runpy, "run_path", ocean)
    monkeypatch.setattr(sys, "argv", ["entrypoint.py"])
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            main([])
    finally:
        signal.signal(signal.SIGTERM, before)
    ((path, arguments),) = ran
    assert Path(path) == Path(sys.executable).with_name("ocean")
    assert arguments == [path, "sail"]
    assert ended.value.code == 143


def test_with_nothing_mounted_the_environment_stays(places: Path) -> None:
    (places / "mount" / "readme.txt").write_text("no certificate")
    environment = {"OTHER": "1"}
    trust_mounted_certificates(environment)
    assert environment == {"OTHER": "1"}
    assert list((places / "temporary").iterdir()) == []


@pytest.mark.parametrize("named", [None, "system.pem", "mount/cert.crt", "temporary/ca-bundle.pem"])
def test_the_mounted_certificates_join_the_public_ones(
    places: Path, authority: bytes, named: str | None
) -> None:
    public = make_certificates(places).authority.read_bytes()
    (places / "system.pem").write_bytes(public)
    environment = {"SSL_CERT_FILE": str(places / named)} if named else {}
    trust_mounted_certificates(environment)
    bundle = places / "temporary" / "ca-bundle.pem"
    assert environment == dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(bundle))
    assert bundle.read_bytes() == public + authority
    assert list(bundle.parent.iterdir()) == [bundle]


def test_without_a_bundle_in_the_base_image_certifi_has_the_public_ones(
    places: Path, authority: bytes
) -> None:
    environment = {"SSL_CERT_FILE": str(places / "system.pem")}
    trust_mounted_certificates(environment)
    context = ssl.create_default_context(cafile=environment["SSL_CERT_FILE"])
    assert len(context.get_ca_certs()) > 100


def test_a_bundle_of_the_operator_comes_first(places: Path, authority: bytes) -> None:
    own = make_certificates(places).authority
    environment = {"SSL_CERT_FILE": str(own)}
    trust_mounted_certificates(environment)
    assert Path(environment["SSL_CERT_FILE"]).read_bytes() == own.read_bytes() + authority


def test_several_are_mounted(places: Path, authority: bytes) -> None:
    second = make_certificates(places).authority.read_bytes()
    # Without the line break at the end that parts it from the next one.
    (places / "mount" / "a.crt").write_bytes(second.rstrip())
    environment: dict[str, str] = {}
    trust_mounted_certificates(environment)
    assert Path(environment["SSL_CERT_FILE"]).read_bytes().endswith(second + authority)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"hello", id="text"),
        pytest.param(b"\x30\x82\x01\x00", id="DER"),
        pytest.param(
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", id="nonsense"
        ),
    ],
)
def test_what_is_no_certificate_is_named(places: Path, content: bytes) -> None:
    (places / "mount" / "cert.crt").write_bytes(content)
    with pytest.raises(StartError, match=r"mount/cert\.crt \(the mount\) holds no valid certif"):
        trust_mounted_certificates({})


def test_a_directory_in_place_of_a_file_is_named(places: Path) -> None:
    (places / "mount" / "cert.crt").mkdir()
    with pytest.raises(StartError, match="is a directory, not a certificate"):
        trust_mounted_certificates({})


@pytest.mark.parametrize("name", ["missing.pem", "system.pem"])
def test_a_named_bundle_that_is_missing_is_named(places: Path, name: str) -> None:
    with pytest.raises(StartError, match=rf"{name} \(SSL_CERT_FILE\) cannot be read: No such file"):
        trust_mounted_certificates({"SSL_CERT_FILE": str(places / name)})


def test_where_nothing_can_be_written_the_place_is_named(places: Path, authority: bytes) -> None:
    (places / "temporary").rmdir()
    with pytest.raises(StartError, match=r"cannot be written to .*temporary/ca-bundle\.pem"):
        trust_mounted_certificates({})
