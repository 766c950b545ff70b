"""The rendered Deployment, run as Kubernetes would, from an empty organization to a catalog."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.whole.helm.charts import Manifest, of_kind, render, the, with_values
from tests.whole.image.engine import Engine
from tests.whole.image.installation import BLUEPRINT, ITEMS, RESOURCE, free_port, serve_api
from tools.sandbox.port.app import create_app
from tools.sandbox.port.state import PortState
from tools.sandbox.server import serve

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

RELEASE = f"test-{os.getpid()}"
NAME = f"{RELEASE}-ocean-custom"


@contextmanager
def played(engine: Engine, manifests: list[Manifest], file: Path) -> Iterator[str]:
    """The pod of the Deployment while it runs; the name of its container."""
    if engine.version() < (4, 4):
        # It stores the Secrets of manifests in a form that it cannot read.
        secret = the(manifests, "Secret")
        file.write_text(json.dumps(secret["data"]), "utf-8")
        engine.podman("secret", "create", secret["metadata"]["name"], str(file))
        manifests = [each for each in manifests if each is not secret]
    file.write_text(yaml.safe_dump_all(manifests), "utf-8")
    try:
        engine.podman("kube", "play", "--network=host", str(file))
        (container,) = engine.podman(
            "ps", "--quiet", f"--filter=name={NAME}.*-ocean-custom$"
        ).split()
        yield container
    finally:
        # Not `kube down`, which waits ten seconds for the pause container.
        for pod in (f"{NAME}-pod", f"{NAME}-pod-0"):
            engine.attempt("pod", "rm", "--force", "--time=0", pod)
        engine.attempt("secret", "rm", NAME)


def on_host_network(deployment: Manifest, port: int) -> Manifest:
    """Without the port of the pod, which podman would forward, and with probes to `port`."""
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    del container["ports"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        container[probe]["httpGet"]["port"] = port
    return deployment


def values_for(image: str, port_url: str, api_url: str, port: int) -> dict[str, Any]:
    return with_values(
        {
            "image": image,
            "imagePullPolicy": "Never",
            "port": {"baseUrl": port_url},
            "integration": {
                "config": {"baseUrl": api_url, "verifySsl": False, "customHeaders": {"X-A": "b"}},
                "mapping": {"resources": [RESOURCE]},
                "blueprints": [BLUEPRINT],
            },
            # The pod shares the network of this machine.
            "extraEnv": [{"name": "APPLICATION__PORT", "value": str(port)}],
        }
    )


def test_the_rendered_deployment_fills_the_catalog(
    engine: Engine, image: str, tmp_path: Path
) -> None:
    state = PortState()
    with serve(create_app(state)) as port, serve_api() as api:
        free = free_port()
        manifests = render(values_for(image, port.url, api.url, free), name=RELEASE)
        wanted = [
            *of_kind(manifests, "ConfigMap"),
            *of_kind(manifests, "Secret"),
            on_host_network(the(manifests, "Deployment"), free),
        ]
        with played(engine, wanted, tmp_path / "pod.yaml") as container:
            deadline = time.monotonic() + 60
            while len(state.entities.get("item", {})) < len(ITEMS):
                assert time.monotonic() < deadline, engine.logs(container)
                time.sleep(0.2)
            user = engine.podman("exec", container, "id", "-u").strip()
            mounts = engine.podman("exec", container, "cat", "/proc/mounts")
    assert user == "65532"
    root = next(line for line in mounts.splitlines() if line.split()[1] == "/")
    assert "ro" in root.split()[3].split(",")
    assert state.unknown_requests == []
    integration = state.integrations["my-api"]
    assert [each["kind"] for each in integration.config["resources"]] == ["/items"]
