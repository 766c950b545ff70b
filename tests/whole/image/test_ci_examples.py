"""The jobs of examples/ci, run as GitHub and GitLab would run them."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.whole.image.engine import ROOT, Ended, Engine
from tests.whole.image.installation import Api, Organization, serve_api, serve_port, variables

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

CI = ROOT / "examples" / "ci"
# What the owner of a copy sets: names of variables and secrets, and the values of this test.
SECRETS = {"PORT_CLIENT_ID": "id", "PORT_CLIENT_SECRET": "secret", "API_TOKEN": "t0ken"}
EDITED = (
    "OCEAN__PORT__BASE_URL",
    "OCEAN__INTEGRATION__CONFIG__BASE_URL",
    "OCEAN__INTEGRATION__IDENTIFIER",
)

type Job = Callable[[Organization, Api], Ended]


@pytest.fixture(params=["github", "gitlab"])
def job(request: pytest.FixtureRequest, engine: Engine, image: str, tmp_path: Path) -> Job:
    """Runs the example of one of the two to its end."""
    run = {"github": _github, "gitlab": _gitlab}[str(request.param)]
    return lambda port, api: run(engine, image, tmp_path, port, api)


def _github(engine: Engine, image: str, directory: Path, port: Organization, api: Api) -> Ended:
    workflow = yaml.safe_load((CI / "github-workflow.yml").read_text("utf-8"))
    (step,) = workflow["jobs"]["sync"]["steps"]
    known = {f"secrets.{name}": value for name, value in SECRETS.items()}
    known["vars.OCEAN_CUSTOM_IMAGE"] = image
    given = _filled(step["env"], r"\$\{\{ ([\w.]+) \}\}", known) | _edits(port, api)
    # Podman in place of Docker, with the network of this machine.
    docker = directory / "docker"
    docker.write_text('#!/bin/sh\nshift\nexec podman run --network=host --no-healthcheck "$@"\n')
    docker.chmod(0o755)
    environment = engine.environment | given | {"PATH": f"{directory}:{os.environ['PATH']}"}
    # GitHub's shell for `run`.
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return Ended(done.returncode, done.stdout + done.stderr, 0)


def _gitlab(engine: Engine, image: str, directory: Path, port: Organization, api: Api) -> Ended:
    pipeline = yaml.safe_load((CI / "gitlab-ci.yml").read_text("utf-8"))["sync-catalog"]
    assert pipeline["image"] == {"name": "$OCEAN_CUSTOM_IMAGE", "entrypoint": [""]}
    given = _filled(pipeline["variables"], r"\$(\w+)", SECRETS) | _edits(port, api)
    script = "\n".join(["set -e", *pipeline["script"]])
    options = ["--entrypoint=", "--workdir=/"]
    return engine.run(image, "sh", "-c", script, options=options, variables=given)


def _filled(texts: dict[str, Any], reference: str, known: dict[str, str]) -> dict[str, str]:
    return {
        name: re.sub(reference, lambda match: known[match[1]], str(text))
        for name, text in texts.items()
    }


def _edits(port: Organization, api: Api) -> dict[str, str]:
    ours = variables(port, api)
    return {name: ours[name] for name in EDITED}


def test_the_job_fills_the_catalog_with_its_credentials(job: Job) -> None:
    with serve_port() as port, serve_api(token=SECRETS["API_TOKEN"]) as api:
        ended = job(port, api)
        assert ended.code == 0, ended.printed
        assert len(port.catalog()) == 3
    assert SECRETS["API_TOKEN"] not in ended.printed


@pytest.mark.contract("run.once-exit-code")
def test_the_job_fails_when_the_sync_fails(job: Job) -> None:
    with serve_port() as port, serve_api(token="another") as api:
        ended = job(port, api)
        assert ended.code == 1, ended.printed
        assert port.catalog() == {}
