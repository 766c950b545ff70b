"""The command as its user runs it: help, exit codes, no tracebacks, nothing secret."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import SECRET
from tools.sandbox.sample.app import create_app
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = ROOT / ".venv" / "bin" / "ocean-custom"


@pytest.fixture(scope="module")
def sample() -> Iterator[str]:
    with serve(create_app(token=SECRET)) as server:
        yield server.url


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in the working directory of the test."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [LAUNCHER, *arguments],
        env={**inherited, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done


def settings(url: str) -> dict[str, str]:
    prefix = "OCEAN__INTEGRATION__CONFIG__"
    return {
        f"{prefix}BASE_URL": url,
        f"{prefix}AUTH_TYPE": "bearer_token",
        f"{prefix}API_TOKEN": SECRET,
        f"{prefix}PAGINATION_TYPE": "page",
    }


DEMO = ROOT / "tools" / "sandbox" / "demo"


@pytest.mark.parametrize("command", ["check", "preview", "init"])
def test_help_shows_an_example_and_every_setting(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"ocean-custom {command}" in done.stdout
    assert "Connection settings" in done.stdout
    assert "--custom-auth-request-template" in done.stdout
    assert "--json" in done.stdout


def test_init_check_and_preview_of_the_sample_api(sample: str) -> None:
    urls = (f"{sample}/api/v1/packages", f"{sample}/api/v1/licenses")
    asked = ("init", *urls, "--yes", "--json")
    first = run(*asked, **settings(sample))
    assert first.returncode == 0, first.stderr
    report = json.loads(first.stdout)
    assert report["settings"]["paginationType"] == "page"
    assert report["preview"]["ok"]
    token = {"OCEAN__INTEGRATION__CONFIG__API_TOKEN": SECRET}
    assert run("check", **token).returncode == 0
    shown = run("preview", **token)
    assert shown.returncode == 0
    assert "nothing would be refused" in shown.stdout
    again = run(*asked, **settings(sample))
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["files"] == {
        "created": [],
        "updated": [],
        "unchanged": report["files"]["created"],
    }


def test_problems_are_exit_code_1(sample: str) -> None:
    wrong = {**settings(sample), "OCEAN__INTEGRATION__CONFIG__API_TOKEN": "wrong"}
    mapping = DEMO / "port-app-config.yml"
    assert run("check", "--mapping", mapping, **wrong).returncode == 1
    assert run("preview", "--mapping", mapping, **wrong).returncode == 1
    assert run("preview", "--mapping", mapping, "--auth-type", "basic").returncode == 1


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["preview", "--base-url", "https://example.com"], "there is no mapping"),
        (["preview", "--mapping", "none.yml", "--base-url", "https://x.com"], "cannot be read"),
        (["preview", "--replay", "none.json"], "cannot be read"),
        (["check", "--from-port", "--base-url", "https://x.com"], "OCEAN__PORT__CLIENT_ID"),
        (["check", "--env-file", "none.env"], "none.env cannot be read"),
        (["check", "--pages"], "No such option"),
        (["init"], "give the URL of a list"),
        (["init", "users"], "paths need --base-url"),
        (["init", "--openapi", "none.yaml"], "cannot be read"),
        (["nothing"], "No such command"),
    ],
)
def test_usage_is_exit_code_2(arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) < 12


def test_a_question_without_a_terminal_names_the_way_out() -> None:
    document = ROOT / "tests" / "cli" / "documents" / "teams.json"
    done = run("init", "--openapi", document, "--api-key", SECRET)
    assert done.returncode == 2
    assert "give --yes" in done.stderr


def test_modules_of_the_working_directory_are_left_alone() -> None:
    Path("settings.py").write_text("raise SystemExit('wrong module')", "utf-8")
    Path("port-app-config.yml").write_text("resources: []", "utf-8")
    done = run("check", "--offline", "--base-url", "https://example.com")
    assert "wrong module" not in done.stderr
    assert "has no resources" in done.stdout


def test_a_wrong_setting_of_ocean_is_named() -> None:
    done = run(
        "check", "--offline", "--base-url", "https://x.com", OCEAN__CLIENT_TIMEOUT="a-minute"
    )
    assert done.returncode == 2
    assert "OCEAN__CLIENT_TIMEOUT" in done.stderr
    assert "a-minute" not in done.stderr


def test_json_says_why_nothing_was_done() -> None:
    wrong = run(
        "preview", "--json", "--auth-type", "nonsense", "--mapping", DEMO / "port-app-config.yml"
    )
    assert wrong.returncode == 1
    report = json.loads(wrong.stdout)
    assert (report["ok"], report["error"]) == (False, "The settings cannot be used")
    places = {one["message"].partition(":")[0]: one["place"] for one in report["problems"]}
    assert places == {"baseUrl": None, "authType": "--auth-type"}
    usage = run("preview", "--json", "--mapping", "none.yml", "--base-url", "https://x.com")
    assert usage.returncode == 2
    assert "none.yml" in json.loads(usage.stdout)["error"]
