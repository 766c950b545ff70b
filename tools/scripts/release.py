"""Prepare a release: raise the version everywhere, and write the changelog of its fragments.

python -m tools.scripts.release raise 1.2.0   # edits files and CHANGELOG.md; commits nothing
python -m tools.scripts.release notes 1.2.0   # prints that version's part of CHANGELOG.md
"""

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
# Where the version is, apart from changelogs and locks, which have many versions.
FILES = (
    "pyproject.toml",
    "Dockerfile",
    "README.md",
    "docs/installation.md",
    "helm/ocean-custom/Chart.yaml",
    "helm/examples/README.md",
    "helm/examples/port-ocean-cronjob.yaml",
    "helm/examples/port-ocean-deployment.yaml",
)


class ReleaseError(Exception):
    """The release cannot be prepared; the message says why."""


def current_version(root: Path) -> str:
    """Return the version that pyproject.toml has."""
    version: str = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return version


def raise_version(root: Path, new: str) -> None:
    """Replace the version in every file that has it.

    Raises:
        ReleaseError: when `new` is no version, or not a higher one; no file is changed then.
    """
    old = current_version(root)
    if _parts(new) <= _parts(old):
        raise ReleaseError(f"{new} is not higher than {old}, which is in pyproject.toml")
    for name in FILES:
        path = root / name
        path.write_text(_mention_of(old).sub(new, path.read_text("utf-8")), "utf-8")


def notes(root: Path, version: str) -> str:
    """Return the part of CHANGELOG.md about a version, without its heading.

    Raises:
        ReleaseError: when it says nothing.
    """
    text = (root / "CHANGELOG.md").read_text("utf-8")
    found = re.search(rf"^## {re.escape(version)} .*?\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not found:
        raise ReleaseError(f"CHANGELOG.md has no version {version}")
    return found[1].strip() + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="release", description=__doc__)
    parser.add_argument("action", choices=["raise", "notes"])
    parser.add_argument("version", help="such as 1.2.0")
    options = parser.parse_args(arguments)
    try:
        if options.action == "notes":
            sys.stdout.write(notes(ROOT, options.version))
            return 0
        raise_version(ROOT, options.version)
    except ReleaseError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    command = [sys.executable, "-m", "towncrier", "build", "--yes", "--version", options.version]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _parts(version: str) -> tuple[int, ...]:
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"{version!r} is no version; give three numbers, such as 1.2.0")
    return tuple(map(int, version.split(".")))


def _mention_of(version: str) -> re.Pattern[str]:
    """Return the version, and not a part of another one."""
    return re.compile(rf"(?<![\d.]){re.escape(version)}(?![\d]|\.\d)")


if __name__ == "__main__":
    sys.exit(main())
