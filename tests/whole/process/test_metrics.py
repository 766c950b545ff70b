"""What a running integration tells Prometheus."""

import json
import re
import socket
import time
from collections.abc import Iterator

import httpx
import pytest
import yaml
from fastapi import FastAPI

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.demo.child_environment import IDENTIFIER
from tools.sandbox.demo.runner import ROOT
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

MONITORING = ROOT / "examples" / "monitoring"
FUNCTIONS = {"sum", "rate", "increase", "max"}
# By which the examples group or choose.
LABELS = {
    "resource_outcome_count": "outcome",
    "duration_seconds": "phase",
    "object_count": "object_count_type",
    "ocean_custom_requests_total": "outcome",
}
REQUESTS = 'ocean_custom_requests_total{outcome="2xx"}'


def _scrape(url: str, *, until: str, seconds: float) -> dict[str, float]:
    """The samples by their names, as soon as one is there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            text = httpx.get(url, trust_env=False).text
        except httpx.TransportError:
            text = ""
        samples = (line.rpartition(" ") for line in text.splitlines() if line[:1] != "#")
        if until in (found := {name: float(value) for name, _, value in samples}):
            return found
        time.sleep(0.1)
    raise AssertionError(f"no {until} within {seconds} s")


def used_by_examples() -> Iterator[str]:
    """The metrics that the dashboard and the alerts read."""
    dashboard = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text("utf-8"))
    expressions = [
        *(target["expr"] for panel in dashboard["panels"] for target in panel["targets"]),
        *(rule["expr"] for group in rules["groups"] for rule in group["rules"]),
    ]
    for expression in expressions:
        plain = re.sub(r"\{[^}]*\}|\[\w+\]|\bby \([^)]*\)", "", expression)
        yield from (name for name in re.findall(r"[a-z]\w+", plain) if name not in FUNCTIONS)


@pytest.mark.contract("monitoring.examples")
def test_requests_are_counted_where_oceans_metrics_are(harbour: Harbour) -> None:
    app = FastAPI()
    app.get("/things")(lambda: [{"id": "1", "version": 1}])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    harbour.install([resource("/things", "thing")])
    variables = {
        "APPLICATION__PORT": str(port),
        "OCEAN__EVENT_LISTENER": json.dumps({"type": "POLLING"}),
        "OCEAN__METRICS__ENABLED": "true",
    }
    with (
        serve(app) as server,
        harbour.running({"baseUrl": server.url}, variables=variables),
    ):
        found = _scrape(f"http://127.0.0.1:{port}/metrics", until=REQUESTS, seconds=60)
        # Ended within a sync, Ocean reports on one without a name.
        while (sync := harbour.state.last_sync(IDENTIFIER)) is None or sync.is_open:
            time.sleep(0.05)
        after = _scrape(f"http://127.0.0.1:{port}/metrics", until=REQUESTS, seconds=60)
    missing = {*used_by_examples()} - {name.split("{")[0] for name in after}
    assert not missing, sorted(after)
    labels = {name.split("{")[0]: name for name in after}
    for metric, label in LABELS.items():
        assert f'{label}="' in labels[metric]
    assert found[REQUESTS] == 1
    assert found["ocean_custom_concurrency_limit"] == 10
    assert {name.split("{")[0] for name in found if name.startswith("ocean_custom")} >= {
        "ocean_custom_retries_total",
        "ocean_custom_endpoints_down",
        "ocean_custom_skipped_total",
        "ocean_custom_throttled_seconds_total",
    }
