"""The entrypoint of the image: certificates first, then the integration or a command.

    (nothing)                       ocean sail, the integration
    ocean …                         Ocean's own command line
    check …, preview …, init …      ocean-custom with these arguments
    ocean-custom …                  the command line of this integration
    anything else                   that program

A certificate authority of one's own is mounted as a PEM file `*.crt` in
/usr/local/share/ca-certificates. It is trusted besides the public ones.
"""

import os
import runpy
import shutil
import signal
import ssl
import sys
import tempfile
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import certifi

APPLICATION = Path("/app")
MOUNTED_CERTIFICATES = Path("/usr/local/share/ca-certificates")
SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
BUNDLE_NAME = "ca-bundle.pem"
COMMANDS = ("check", "preview", "init")
TERMINATED = 128 + signal.SIGTERM


class StartError(Exception):
    """The container cannot start; the message says why and what to do."""


def main(arguments: Sequence[str]) -> None:
    """Run what the arguments of the container ask for, in this process."""
    try:
        trust_mounted_certificates(os.environ)
        run(command_of(arguments))
    except StartError as error:
        sys.exit(f"error: {error}")


def command_of(arguments: Sequence[str]) -> list[str]:
    """Return the command line that the arguments stand for.

    >>> command_of(["check", "--verbose"])
    ['ocean-custom', 'check', '--verbose']
    """
    if not arguments:
        return ["ocean", "sail"]
    if arguments[0] in COMMANDS:
        return ["ocean-custom", *arguments]
    return list(arguments)


def run(command: Sequence[str]) -> None:
    """Run a command line in place of this program.

    Raises:
        StartError: when there is no such program.
    """
    name, *arguments = command
    if name == "ocean":
        _run_ocean(arguments)
    elif name == "ocean-custom":
        _run_command_line(arguments)
    else:
        _replace_by(command)


def trust_mounted_certificates(environment: MutableMapping[str, str]) -> None:
    """Make a bundle of the public and the mounted certificates the one that TLS clients use.

    With nothing mounted the environment stays as it is, once the bundle that it names is checked.

    Raises:
        StartError: when a file is not readable or holds no valid certificate.
    """
    mounted = sorted(MOUNTED_CERTIFICATES.glob("*.crt"))
    named = environment.get("SSL_CERT_FILE")
    if not mounted:
        if named:
            _read_certificates(Path(named), "SSL_CERT_FILE")
        return
    public = _public_bundle(Path(named) if named else None)
    files = [(public, "the public certificates"), *((path, "the mount") for path in mounted)]
    bundle = _write_bundle([_read_certificates(path, source) for path, source in files])
    # Whatever the chart set: it cannot know where the bundle is.
    environment.update(SSL_CERT_FILE=str(bundle), REQUESTS_CA_BUNDLE=str(bundle))


def _public_bundle(named: Path | None) -> Path:
    """Return the operator's own bundle, else that of the base image, else that of certifi."""
    ours = named in (None, SYSTEM_BUNDLE, _bundle()) or named.parent == MOUNTED_CERTIFICATES
    if named and not ours:
        return named
    return SYSTEM_BUNDLE if SYSTEM_BUNDLE.exists() else Path(certifi.where())


def _read_certificates(path: Path, source: str) -> bytes:
    if path.is_dir():
        raise StartError(
            f"{path} ({source}) is a directory, not a certificate. Container engines make one "
            "where the file to mount does not exist: check the path on the host."
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
        return path.read_bytes().rstrip() + b"\n"
    except ssl.SSLError as error:
        raise StartError(
            f"{path} ({source}) holds no valid certificate ({error.reason}). Give certificates as "
            "PEM, which starts with -----BEGIN CERTIFICATE-----; openssl x509 -inform der converts "
            "others."
        ) from error
    except OSError as error:
        raise StartError(
            f"{path} ({source}) cannot be read: {error.strerror}. It must be there, and be "
            f"readable for user {os.getuid()}, group {os.getgid()}."
        ) from error


def _bundle() -> Path:
    # Not tempfile's choice, which fails where nothing can be written.
    return Path(os.environ.get("TMPDIR") or "/tmp/ocean") / BUNDLE_NAME  # noqa: S108 (the image's)


def _write_bundle(parts: Sequence[bytes]) -> Path:
    """Write the bundle in one step: other processes of the container may be reading it."""
    bundle = _bundle()
    try:
        with tempfile.NamedTemporaryFile(dir=bundle.parent, delete=False) as draft:
            draft.writelines(parts)
        Path(draft.name).replace(bundle)
    except OSError as error:
        raise StartError(
            f"the certificates cannot be written to {bundle}: {error.strerror}. Mount something "
            f"writable there, such as a tmpfs or an emptyDir at {bundle.parent}."
        ) from error
    return bundle


def _run_ocean(arguments: Sequence[str]) -> None:
    # The first process of a container ignores signals that it has no handler for, and Ocean has
    # none before its web server runs. Nor must a job that was stopped half-way count as done.
    signal.signal(signal.SIGTERM, _terminate)
    ocean = str(Path(sys.executable).with_name("ocean"))
    sys.argv = [ocean, *arguments]
    runpy.run_path(ocean, run_name="__main__")


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(TERMINATED)


def _run_command_line(arguments: Sequence[str]) -> None:
    # Its modules are found from any working directory, so that files can be written into a mount.
    path = os.pathsep.join(filter(None, [str(APPLICATION), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": path}
    command = [sys.executable, "-P", "-m", "cli", *arguments]
    os.execve(sys.executable, command, environment)  # noqa: S606 (no shell is wanted)


def _replace_by(command: Sequence[str]) -> None:
    program = shutil.which(command[0])
    if program is None:
        raise StartError(
            f"there is no program {command[0]!r} in this image. Give no arguments to run the "
            f"integration, or one of {', '.join(COMMANDS)}, ocean-custom, ocean."
        )
    os.execv(program, list(command))  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
