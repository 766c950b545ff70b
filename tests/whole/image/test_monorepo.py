"""The repository as a folder of Port's monorepo: built with that as the context, and run."""

import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.whole.image.engine import ROOT, Engine, cache_directory
from tests.whole.image.installation import serve_api, serve_port, variables

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

FOLDER = "integrations/custom"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
TAG = "localhost/ocean-custom-test:monorepo"


@pytest.fixture(scope="module")
def monorepo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An otherwise empty tree with the tracked files where Port has integrations."""
    tree = tmp_path_factory.mktemp("ocean")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            target = tree / FOLDER / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    return tree


@pytest.fixture(scope="module")
def built(engine: Engine, monorepo: Path) -> Iterator[str]:
    with FileLock(cache_directory() / "build.lock"):
        engine.build(TAG, context=monorepo, folder=FOLDER, version=VERSION)
    yield TAG
    engine.attempt("image", "rm", TAG)


@pytest.mark.contract("image.monorepo")
def test_what_is_built_there_reads_an_api_into_port(engine: Engine, built: str) -> None:
    with serve_port() as port, serve_api() as api:
        ended = engine.run(built, variables=variables(port, api))
        assert ended.code == 0, ended.printed
        assert sorted(port.catalog()) == ["item-0", "item-1", "item-2"]


@pytest.mark.contract("image.monorepo")
def test_it_says_its_version_and_has_the_same_files(engine: Engine, built: str, image: str) -> None:
    labels = engine.inspect(built)["Config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == VERSION
    listing = ["sh", "-c", "cd /app && find . -type f | sort"]
    assert engine.run(built, *listing).printed == engine.run(image, *listing).printed


@pytest.mark.contract("image.monorepo")
def test_another_version_than_that_of_the_project_is_refused(
    engine: Engine, monorepo: Path
) -> None:
    with pytest.raises(
        AssertionError, match=r"INTEGRATION_VERSION is 9\.9\.9, but not in pyproject"
    ):
        engine.build(f"{TAG}-wrong", context=monorepo, folder=FOLDER, version="9.9.9")
