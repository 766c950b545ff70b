"""The image as it is run: its size, its user, what it writes, how it starts and ends."""

import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from tests.whole.image.engine import ROOT, Engine
from tests.whole.image.installation import (
    Api,
    Organization,
    free_port,
    serve_api,
    serve_port,
    variables,
)

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

CONFINED = [
    "--user=1000790000:0",
    "--read-only",
    "--read-only-tmpfs=false",
    "--tmpfs=/tmp/ocean:mode=1777",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--memory=512m",
]
MEGABYTE = 1_000_000
COLD_START = 8


type Record = Callable[[str, object], None]


@pytest.fixture
def port() -> Iterator[Organization]:
    with serve_port() as organization:
        yield organization


@pytest.fixture
def api() -> Iterator[Api]:
    with serve_api() as served:
        yield served


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def test_size(engine: Engine, image: str, record_property: Record) -> None:
    size = engine.inspect(image)["Size"] / MEGABYTE
    record_property("image", f"{size:.0f} MB")
    assert size <= 250


def test_what_the_image_says_of_itself(engine: Engine, image: str) -> None:
    config = engine.inspect(image)["Config"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    labels = config["Labels"]
    assert config["User"] == "65532:65532"
    assert config["StopSignal"] in ("15", "SIGTERM")
    assert "8000/tcp" in config["ExposedPorts"]
    assert labels["org.opencontainers.image.version"] == project["version"]
    assert labels["org.opencontainers.image.licenses"] == project["license"]
    healthcheck = engine.inspect(image)["Healthcheck"]
    assert "/app/docker/healthcheck.py" in healthcheck["Test"]


def test_nothing_to_build_with_is_left(engine: Engine, image: str) -> None:
    script = (
        "import importlib.util, shutil;"
        "tools = [n for n in ('cc', 'gcc', 'make', 'git', 'uv') if shutil.which(n)];"
        "modules = [n for n in ('pip', 'setuptools', 'pytest', 'virtualenv')"
        " if importlib.util.find_spec(n)];"
        "print(tools, modules)"
    )
    assert engine.run(image, "python", "-c", script).printed.split("\n")[0] == "[] []"


def test_a_confined_run_fills_the_catalog(
    engine: Engine, image: str, port: Organization, api: Api
) -> None:
    ended = engine.run(image, options=CONFINED, variables=variables(port, api))
    assert ended.code == 0, ended.printed
    assert {name: each["version"] for name, each in port.catalog().items()} == {
        "item-0": 0,
        "item-1": 1,
        "item-2": 2,
    }
    assert seen_by_jq(port) == {(None, None)}


def test_cold_start(
    engine: Engine, image: str, port: Organization, api: Api, record_property: Record
) -> None:
    seconds: list[float] = []
    # A machine that is busy with something else may have to try again.
    while not seconds or (min(seconds) > COLD_START and len(seconds) < 3):
        api.requests.clear()
        begin = time.monotonic()
        assert engine.run(image, variables=variables(port, api)).code == 0
        seconds.append(api.requests[0] - begin)
    record_property("image", f"first request after {min(seconds):.1f} s")
    assert min(seconds) <= COLD_START


def test_jq_sees_the_environment_when_asked_to(
    engine: Engine, image: str, port: Organization, api: Api
) -> None:
    allowed = {"OCEAN__ALLOW_ENVIRONMENT_VARIABLES_JQ_ACCESS": "true"}
    ended = engine.run(image, variables=variables(port, api) | allowed)
    assert ended.code == 0, ended.printed
    # What is of the integration itself, it sees never.
    assert seen_by_jq(port) == {(None, "north")}


def seen_by_jq(port: Organization) -> set[tuple[object, object]]:
    """The values that entities took from the environment: Port's client secret, and another one."""
    return {(each.get("stolen"), each.get("region")) for each in port.catalog().values()}


@pytest.mark.contract("run.once-exit-code")
def test_a_failed_run_is_a_failed_container(
    engine: Engine, image: str, port: Organization, api: Api
) -> None:
    api.broken = True
    ended = engine.run(image, variables=variables(port, api))
    assert ended.code == 1, ended.printed
    assert port.catalog() == {}


def test_wrong_settings_are_a_failed_container(
    engine: Engine, image: str, port: Organization, api: Api
) -> None:
    wrong = {"OCEAN__INTEGRATION__CONFIG__AUTH_TYPE": "bearer_token"}
    ended = engine.run(image, variables=variables(port, api) | wrong)
    assert ended.code not in (0, 143)
    assert "apiToken: is required with authType bearer_token" in ended.printed
    assert ended.seconds < 20


@pytest.mark.parametrize("seconds", [0.2, 3])
def test_sigterm_ends_it_while_it_starts(
    engine: Engine, image: str, port: Organization, api: Api, seconds: float
) -> None:
    # Ocean's web server, which handles signals, waits for Port.
    given = variables(port, api) | {"OCEAN__PORT__BASE_URL": f"http://127.0.0.1:{free_port()}"}
    with engine.running(image, variables=given) as name:
        time.sleep(seconds)
        asked = time.monotonic()
        engine.podman("kill", "--signal=TERM", name)
        ended = engine.ended(name, since=asked)
    assert ended.code == 143
    assert ended.seconds < 5


def test_sigterm_in_a_resync_fails_the_job(
    engine: Engine, image: str, port: Organization, api: Api
) -> None:
    api.slow = 20
    with engine.running(image, options=CONFINED, variables=variables(port, api)) as name:
        until(lambda: bool(api.requests))
        asked = time.monotonic()
        engine.podman("kill", "--signal=TERM", name)
        ended = engine.ended(name, since=asked)
    assert ended.code not in (0, 137)
    assert ended.seconds < 5


def test_health_follows_port_and_prefix_and_sigterm_ends_it(
    engine: Engine, image: str, port: Organization, api: Api, record_property: Record
) -> None:
    given = variables(port, api, listener="POLLING") | {"OCEAN__PATH_PREFIX": "/ocean/"}
    url = f"http://127.0.0.1:{given['APPLICATION__PORT']}/ocean/health"
    with engine.running(image, options=CONFINED, variables=given) as name:
        until(lambda: answers(f"{url}/live"))
        until(lambda: answers(f"{url}/ready"))
        until(lambda: len(port.catalog()) == 3)
        engine.podman("exec", name, "python", "-P", "/app/docker/healthcheck.py")
        asked = time.monotonic()
        engine.podman("kill", "--signal=TERM", name)
        ended = engine.ended(name, since=asked)
    assert ended.code == 143
    record_property("image", f"ended {ended.seconds:.1f} s after SIGTERM")
    assert ended.seconds < 5


def test_health_tells_when_nothing_answers(engine: Engine, image: str) -> None:
    command = ["python", "-P", "/app/docker/healthcheck.py"]
    given = {"APPLICATION__PORT": str(free_port())}
    assert engine.run(image, *command, variables=given).code == 1


def test_an_unknown_command_names_the_known_ones(engine: Engine, image: str) -> None:
    ended = engine.run(image, "chek")
    assert ended.code == 1
    assert "no program 'chek'" in ended.printed
    assert "check, preview, init" in ended.printed


@pytest.mark.parametrize("command", [("check",), ("ocean-custom", "check")])
def test_the_command_line(engine: Engine, image: str, command: tuple[str, ...]) -> None:
    ended = engine.run(image, *command, "--help", options=[*CONFINED, "--workdir=/tmp/ocean"])
    assert ended.code == 0, ended.printed
    assert "usage" in ended.printed.lower()
