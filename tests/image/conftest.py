"""The image, built once for all tests; a machine that cannot build it skips them, and says why."""

import hashlib
import os

import pytest
from filelock import FileLock

from tests.image.engine import ROOT, Engine, cache_directory, why_not


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    if reason := why_not():
        # It must be so without buildah, or in a container that lets nothing be mounted: there is no
        # image then. CI installs what is needed and sets IMAGE_TESTS, which makes it an error.
        required = os.environ.get("IMAGE_TESTS") == "required"
        (pytest.fail if required else pytest.skip)(f"no image: {reason}")
    return Engine(tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="session")
def image(engine: Engine) -> str:
    """The tag of the image that this checkout makes."""
    checkout = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    tag = f"localhost/ocean-custom-test:{checkout}"
    # Workers of one test run, and runs of several checkouts, share the cache of layers.
    with FileLock(cache_directory() / "build.lock"):
        engine.build(tag)
    return tag
