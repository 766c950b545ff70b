"""Builds the image and runs containers of it with podman, on a machine that may offer little.

Needs root, podman, runc and catatonit. The base image is made by mmdebstrap from Debian's packages
and kept outside of the checkout, or it is the image that BASE_IMAGE names.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
SUITE = "trixie"
RECIPE = [
    "--variant=minbase",
    "--include=python3,python3-venv,ca-certificates",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
]
# Limits that every kernel grants, and none of the services of a booted system.
CONTAINERS_CONF = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""


@dataclass(frozen=True)
class Ended:
    """A container that ended: its exit code, what it printed, and how long it ran, in seconds."""

    code: int
    printed: str
    seconds: float


def missing_tools() -> list[str]:
    """The programs without which images cannot be built and run here."""
    needed = [
        "podman",
        "runc",
        "catatonit",
        *([] if os.environ.get("BASE_IMAGE") else ["mmdebstrap"]),
    ]
    return [name for name in needed if shutil.which(name) is None]


class Engine:
    """Podman with a configuration of its own, kept in `directory`."""

    def __init__(self, directory: Path) -> None:
        configuration = directory / "containers.conf"
        configuration.write_text(CONTAINERS_CONF, "utf-8")
        self.environment = os.environ | {"CONTAINERS_CONF": str(configuration)}
        self._base = os.environ.get("BASE_IMAGE", "")

    def podman(self, *arguments: str, limit: float = 120) -> str:
        """Run podman and return what it printed; when it fails, raise with all that it said."""
        done = self._run(arguments, limit)
        assert done.returncode == 0, f"podman {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def version(self) -> tuple[int, ...]:
        """The version of podman."""
        printed = self.podman("version", "--format={{.Client.Version}}")
        return tuple(int(part) for part in printed.strip().split(".")[:2])

    def attempt(self, *arguments: str) -> None:
        """Run podman and let it fail: to tidy up what may not have come to be."""
        self._run(arguments, 60)

    def build(
        self, tag: str, *, context: Path = ROOT, folder: str = ".", version: str = ""
    ) -> None:
        """Build the Dockerfile on the base image, and remove what had the tag before.

        `folder` is where the integration is in the context, `version` what it is built as.
        """
        before = self._run(["image", "inspect", "--format={{.Id}}", tag], 20).stdout.strip()
        options = ["--format=docker", "--isolation=chroot", "--layers", f"--tag={tag}"]
        base = f"--build-arg=BASE_IMAGE={self._base or self._local_base()}"
        if folder != ".":
            options += [f"--file={context / folder / 'Dockerfile'}"]
            options += [f"--build-arg=BUILD_CONTEXT={folder}"]
        if version:
            options += [f"--build-arg=INTEGRATION_VERSION={version}"]
        self.podman("build", *options, base, str(context), limit=400)
        if before and before != self.inspect(tag)["Id"]:
            self.attempt("image", "rm", before)

    def inspect(self, image: str) -> dict[str, Any]:
        """What the image says of itself."""
        found: list[dict[str, Any]] = json.loads(self.podman("image", "inspect", image))
        return found[0]

    def run(
        self,
        image: str,
        *command: str,
        options: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        limit: float = 60,
    ) -> Ended:
        """Run a container to its end."""
        begin = time.monotonic()
        with self.running(image, *command, options=options, variables=variables) as name:
            return self.ended(name, since=begin, limit=limit)

    def ended(self, name: str, *, since: float, limit: float = 60) -> Ended:
        """Wait for the end of a container that began, or was asked to end, at `since`."""
        code = int(self.podman("wait", "--interval=50ms", name, limit=limit))
        seconds = time.monotonic() - since
        return Ended(code, self.logs(name), seconds)

    def logs(self, name: str) -> str:
        """All that a container printed so far."""
        done = self._run(["logs", name], 20)
        return done.stdout + done.stderr

    @contextmanager
    def running(
        self,
        image: str,
        *command: str,
        options: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
    ) -> Iterator[str]:
        """A container while it runs, by name; it shares the network of this machine."""
        given = [f"--env={name}={value}" for name, value in (variables or {}).items()]
        fixed = ["--detach", "--network=host", "--no-healthcheck"]
        name = self.podman("run", *fixed, *given, *options, image, *command).split()[-1]
        try:
            yield name
        finally:
            self.attempt("rm", "--force", "--time=0", name)

    def _run(self, arguments: Sequence[str], limit: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["podman", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )

    def _local_base(self) -> str:
        version = f"{SUITE}-{_fingerprint()}"
        tag = f"localhost/ocean-custom-base:{version}"
        archive = cache_directory() / f"base-{version}.tar"
        if not archive.exists():
            _bootstrap(archive)
        if self._run(["image", "exists", tag], 20).returncode:
            # What this machine trusts, the build trusts: package indexes may have a private CA.
            trust = [f"--change=ENV {name}={BUNDLE}" for name in ("PIP_CERT", "SSL_CERT_FILE")]
            self.podman("import", "--quiet", *trust, str(archive), tag)
        return tag


def cache_directory() -> Path:
    """Where base images are kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME")
    cache = Path(home or Path.home() / ".cache") / "ocean-custom"
    cache.mkdir(parents=True, exist_ok=True)
    return cache


def _fingerprint() -> str:
    recipe = [*RECIPE, SUITE, platform.machine(), BUNDLE.read_text("utf-8")]
    return hashlib.sha256("\n".join(recipe).encode()).hexdigest()[:12]


def _bootstrap(archive: Path) -> None:
    draft = archive.with_suffix(".draft.tar")
    command = ["mmdebstrap", *RECIPE, f"--customize-hook=copy-in {BUNDLE} {BUNDLE.parent}"]
    done = subprocess.run(
        [*command, SUITE, str(draft)], capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr
    draft.replace(archive)
