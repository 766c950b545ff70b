"""Events that arrive through Ocean's Redis stream reach a running integration."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from settings.webhook_signatures import PRESETS
from tests.whole.process.live import SECRET, ChangingApi, listening, until
from tests.whole.process.sailing import Harbour, resource

_SERVER = shutil.which("redis-server")
pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(
        _SERVER is None, reason="no redis-server (tools/scripts/system-tools installs it)"
    ),
]

STREAM = "1234/live-events/raw/event-stream"
ENTRY = {"fetch": "/users/{id}", "params": {"id": ".body.id"}, "identifier": ".body.id"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[tuple[str, "redis.Redis"]]:
    """A Redis of this test alone: its address, and a client."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [str(_SERVER), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as server:
        client = redis.Redis(port=port)
        try:
            _wait(client)
            yield f"redis://127.0.0.1:{port}", client
        finally:
            client.close()
            server.terminate()


def _wait(client: "redis.Redis") -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            client.ping()
            return
        except redis.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def fields(body: str, secret: str = SECRET) -> dict[Any, Any]:
    """An entry of the stream, as Ocean's ingestion writes it."""
    signature = PRESETS["github"].sign(body.encode(), secret)
    return {
        "eventId": f"event {body}",
        "webhookPath": "/live-events/1234/integration/webhook",
        "payload": body,
        "headers": json.dumps({"X-Hub-Signature-256": f"sha256={signature}"}),
        "queuedAt": str(time.time_ns()),
    }


def test_events_of_the_stream_are_applied_and_acknowledged(
    harbour: Harbour, store: tuple[str, "redis.Redis"]
) -> None:
    url, client = store
    live = {
        "OCEAN__BASE_URL": "https://ingest.test/live-events/1234",
        "OCEAN__LIVE_EVENTS": json.dumps(
            {"is_redis_stream_consumer_enabled": True, "redis": {"url": url, "block_ms": 100}}
        ),
    }
    with ChangingApi().serve() as api:
        api.change("ann", 1)
        api.change("bob", 1)
        harbour.install([resource("/users", "user", live_events=[ENTRY])])
        settings = {
            "baseUrl": api.url,
            "webhookAuth": "hmac",
            "webhookPreset": "github",
            "webhookSecret": SECRET,
            "webhookWindow": "0.2",
        }
        with listening(harbour, settings, variables=live) as integration:
            api.change("ann", 2)
            api.change("bob", 2)
            client.xadd(STREAM, fields('{"id": "bob"}', "guessed"))
            client.xadd(STREAM, fields('{ "id": "ann" }'))
            until(lambda: harbour.catalog("user")["ann"]["version"] == 2)
            until(lambda: integration.fates() == {"refused": 1, "updated": 1})
            assert harbour.catalog("user")["bob"]["version"] == 1
            groups = client.xinfo_groups(STREAM)
            assert [group["pending"] for group in groups] == [0]
