"""The image, built once for all tests.

To make a base image and to mount its layers takes root, which CI is: for other users there is none
to test, and the reason of the skip says how to have one.
"""

import hashlib
import os

import pytest
from filelock import FileLock

from tests.whole.image.engine import ROOT, Engine, cache_directory, missing_tools


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    if os.geteuid() != 0:
        pytest.skip(
            "building an image mounts its layers, which takes root: "
            "`sudo make pytest ARGS=tests/whole/image`"
        )
    if missing := missing_tools():
        pytest.fail(
            f"{', '.join(missing)} missing: tools/scripts/system-tools installs it on Debian"
        )
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
