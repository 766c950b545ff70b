"""Renders the chart with the Helm engine: a `helm` on PATH, else the one of a package."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "helm" / "ocean-custom"
EXAMPLES = ROOT / "helm" / "examples"

Manifest = dict[str, Any]
Values = dict[str, Any]

MINIMAL: Values = {
    "image": "port-ocean-custom",
    "port": {"clientId": "client-id", "clientSecret": "client-secret"},
    "integration": {
        "identifier": "my-api",
        "config": {"baseUrl": "https://api.example.com/v2"},
    },
}


class ChartError(Exception):
    """The chart refused the values; the message is Helm's."""


def with_values(*layers: Mapping[str, Any]) -> Values:
    """The minimal values with others laid over them, as Helm merges files."""
    merged = deepcopy(MINIMAL)
    for layer in layers:
        _lay(merged, layer)
    return merged


def render(values: Mapping[str, Any], *, name: str = "rel") -> list[Manifest]:
    """All manifests that an installation of these values creates.

    Raises:
        ChartError: when the schema or a template refuses the values.
    """
    texts = _with_binary(values, name) if shutil.which("helm") else _with_package(values, name)
    return [manifest for manifest in yaml.safe_load_all("\n---\n".join(texts)) if manifest]


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def the(manifests: list[Manifest], kind: str) -> Manifest:
    """The only manifest of a kind."""
    (manifest,) = of_kind(manifests, kind)
    return manifest


def pod_of(manifest: Manifest) -> Manifest:
    """The spec of the pods of a Deployment, a Job or a CronJob."""
    spec = manifest["spec"]
    if manifest["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    pod: Manifest = spec["template"]["spec"]
    return pod


def _lay(target: Values, layer: Mapping[str, Any]) -> None:
    for key, value in layer.items():
        if isinstance(value, Mapping) and isinstance(target.get(key), dict):
            _lay(target[key], value)
        else:
            target[key] = deepcopy(value)


@cache
def _package() -> Any:
    return pytest.importorskip("helm_python", reason="no helm: neither the program nor the package")


def _with_package(values: Mapping[str, Any], name: str) -> list[str]:
    helm = _package()
    with helm.Chart.load(str(CHART)) as chart:
        try:
            chart.validate_schema(values)
            texts = chart.render(values, name=name, namespace="prod")
        except helm.HelmError as error:
            raise ChartError(str(error)) from error
    return [text for file, text in texts.items() if file.endswith(".yaml")]


def _with_binary(values: Mapping[str, Any], name: str) -> list[str]:
    command = ["helm", "template", name, str(CHART), "--namespace=prod", "--values=-"]
    done = subprocess.run(
        command, input=json.dumps(values), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ChartError(done.stderr)
    return [done.stdout]
