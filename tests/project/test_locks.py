"""The locks hold wherever the packages come from, and they say what pyproject.toml says."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "requirements.txt"
DEVELOPMENT = ROOT / "requirements-dev.txt"
BOOTSTRAP = ROOT / "requirements-uv.txt"
BENCHMARKS = ROOT / "tools" / "benchmarks" / "requirements.txt"

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

each_lock = pytest.mark.parametrize(
    "lock",
    [RUNTIME, DEVELOPMENT, BOOTSTRAP, BENCHMARKS],
    ids=lambda path: str(path.relative_to(ROOT)),
)


def entries(lock: Path) -> Iterator[str]:
    """Each requirement of a lock with its options, continuation lines joined."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    return (line for line in text.splitlines() if line.strip())


def locked(lock: Path) -> dict[str, Version]:
    """The pinned version of each package of a lock."""
    requirements = [Requirement(entry.partition("--hash")[0]) for entry in entries(lock)]
    return {r.name: Version(next(iter(r.specifier)).version) for r in requirements}


def assert_satisfied(declared: list[str], lock: Path) -> None:
    pins = locked(lock)
    for requirement in map(Requirement, declared):
        name = requirement.name.lower()
        assert name in pins, f"{lock.name} lacks {name}: run `make lock`"
        assert pins[name] in requirement.specifier, f"{lock.name} is behind: run `make lock`"


@each_lock
def test_lock_names_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text


def test_no_lock_format_that_names_addresses_is_in_use() -> None:
    assert not [
        name for name in ("uv.lock", "pylock.toml", "poetry.lock") if (ROOT / name).exists()
    ]


@each_lock
def test_every_requirement_is_pinned_and_hashed(lock: Path) -> None:
    for entry in entries(lock):
        assert "==" in entry
        assert "--hash=sha256:" in entry


def test_runtime_lock_satisfies_the_dependencies() -> None:
    assert_satisfied(PROJECT["project"]["dependencies"], RUNTIME)


def test_development_lock_satisfies_the_dev_group() -> None:
    assert_satisfied(PROJECT["dependency-groups"]["dev"], DEVELOPMENT)


def test_benchmark_lock_satisfies_the_bench_group() -> None:
    lines = BENCHMARKS.with_suffix(".in").read_text(encoding="utf-8").splitlines()
    asked = [line for line in lines if not line.startswith("#")]
    assert asked
    assert_satisfied(asked, BENCHMARKS)


def test_what_is_compared_with_is_no_dependency_of_the_product() -> None:
    assert {"dlt", "airbyte-cdk"} <= locked(BENCHMARKS).keys()
    assert not {"dlt", "airbyte-cdk"} & locked(DEVELOPMENT).keys()


def test_tests_run_with_the_versions_of_the_runtime_lock() -> None:
    development = locked(DEVELOPMENT)
    assert {name: development.get(name) for name in locked(RUNTIME)} == locked(RUNTIME)


def test_ocean_takes_the_integration_type_of_the_published_integration() -> None:
    assert PROJECT["project"]["name"] == "custom"
