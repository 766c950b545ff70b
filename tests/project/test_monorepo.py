"""What Port's monorepo, and its release for two architectures, ask of this repository."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools.scripts.poetry_install import pinned

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# What depends on the architecture would be named by one of these.
ARCHITECTURES = re.compile(r"amd64|arm64|x86_64|aarch64|TARGETARCH|TARGETPLATFORM|--platform")


@pytest.mark.contract("image.monorepo")
def test_the_release_job_finds_name_and_version() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert re.search(r'^name = "custom"$', text, re.MULTILINE)
    version = re.search(r'^version = "(.*)"$', text, re.MULTILINE)
    assert version
    assert re.fullmatch(r"\d+\.\d+\.\d+(-beta|-dev|\.?post\d+)?", version[1])


@pytest.mark.contract("image.monorepo")
def test_everything_is_copied_from_the_folder_in_the_context() -> None:
    copies = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    sources = [source for line in copies for source in line.split()[:-1]]
    assert sources
    assert [each for each in sources if not each.startswith("${BUILD_CONTEXT}/")] == []


@pytest.mark.contract("image.architectures")
def test_nothing_in_the_build_depends_on_the_architecture() -> None:
    assert not ARCHITECTURES.search(DOCKERFILE)
    assert not ARCHITECTURES.search((ROOT / "docker" / "unused.txt").read_text("utf-8"))


@pytest.mark.contract("image.architectures")
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_locked_requirement_has_a_wheel(machine: str, tmp_path: Path) -> None:
    """uv resolves the lock for the machine, from wheels alone, as the build does."""
    uv = subprocess.run(
        [ROOT / "tools" / "scripts" / "bootstrap", "uv"], capture_output=True, text=True, check=True
    ).stdout.strip()
    done = subprocess.run(
        [
            *(uv, "pip", "install", "--dry-run", "--no-build", "--require-hashes", "--quiet"),
            *("--python-platform", f"{machine}-manylinux_2_28", "--python-version", "3.12"),
            *("--system-certs", "--target", str(tmp_path), "--python", sys.executable),
            *("--requirements", str(ROOT / "requirements.txt")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.contract("image.monorepo")
def test_poetry_takes_the_project_as_it_is() -> None:
    """Poetry 2 reads the project table; what it does not know, it would refuse."""
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert tables["tool"]["poetry"] == {"package-mode": False}
    assert {"name", "version", "dependencies", "requires-python"} <= tables["project"].keys()
    # Poetry resolves all groups; with what the benchmarks compare with, it finds no end.
    assert tables["dependency-groups"].keys() == {"dev", "bootstrap"}
    assert not {"airbyte-cdk", "dlt"} & {*tables["dependency-groups"]["dev"]}


@pytest.mark.contract("image.monorepo")
def test_the_versions_of_the_lock_can_be_asked_of_poetry() -> None:
    """These versions, extras included, are what the check of `poetry install` installs."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    lock = (ROOT / "requirements.txt").read_text("utf-8")
    tables = tomllib.loads(pinned(text, lock))
    asked = [Requirement(each) for each in tables["project"]["dependencies"]]
    assert len(asked) == len(re.findall(r"^\w", lock, re.MULTILINE))
    assert all(str(each.specifier).startswith("==") for each in asked)
    extras = {each.name: each.extras for each in asked if each.extras}
    assert extras["httpx"] == {"brotli", "http2", "zstd"}
    assert extras["port-ocean"] == {"cli"}
    assert "dependency-groups" not in tables


@pytest.mark.contract("image.monorepo")
@pytest.mark.parametrize("arguments", [[], ["-f", "ui"]])
def test_the_schema_of_the_mapping_can_be_asked_for(arguments: list[str]) -> None:
    ocean = Path(sys.executable).with_name("ocean")
    done = subprocess.run(
        [ocean, "port-app-config", "schema", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "queryParams" in done.stdout


@pytest.mark.contract("image.monorepo")
def test_the_targets_of_its_checks_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)
    assert {"install", "test", "lint"} <= set(targets)
