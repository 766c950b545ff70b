"""Webhooks reach a running integration, and the catalog follows the API."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.whole.process.conftest import open_harbour
from tests.whole.process.live import SECRET, ChangingApi, Running, listening, resync, until
from tests.whole.process.sailing import Harbour, resource

pytestmark = pytest.mark.process

EVENTS = [
    {
        "when": '.headers["x-event"] == "user"',
        "fetch": "/users/{id}",
        "params": {"id": ".body.user.id"},
        "identifier": ".body.user.id",
        "delete_when": '.body.action == "erased"',
    }
]
SETTINGS: dict[str, object] = {
    "webhookAuth": "hmac",
    "webhookPreset": "github",
    "webhookSecret": SECRET,
    "webhookWindow": "0.3",
    "maxRetries": "1",
    "maxRetryWait": "1",
}
LIMIT = 4000


@dataclass(frozen=True)
class Scene:
    """All that takes part."""

    api: ChangingApi
    harbour: Harbour
    integration: Running

    def tell(self, identifier: str, action: str = "changed", **more: Any) -> int:
        body = {"action": action, "user": {"id": identifier, "version": -1}, **more}
        return self.integration.send(body, headers={"X-Event": "user"})

    def version(self, identifier: str) -> int | None:
        """The version in the catalog; None when there is no such entity."""
        properties = self.harbour.catalog("user").get(identifier)
        return None if properties is None else int(properties["version"])

    def asked_for(self, identifier: str) -> int:
        return self.api.asked[f"/users/{identifier}"]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One running integration for all tests of this module, each with users of its own."""
    with open_harbour(tmp_path_factory.mktemp("live")) as harbour, ChangingApi().serve() as api:
        for name in ("ann", "bob", "cid", "dan", "eve", "fay"):
            api.change(name, 1)
        harbour.install([resource("/users", "user", live_events=EVENTS)])
        settings = {**SETTINGS, "baseUrl": api.url, "webhookBodyLimit": str(LIMIT)}
        with listening(harbour, settings) as integration:
            yield Scene(api, harbour, integration)


def test_an_item_is_created_updated_and_deleted(scene: Scene) -> None:
    scene.api.change("new", 1)
    assert scene.tell("new") == 200
    until(lambda: scene.version("new") == 1)
    scene.api.change("new", 2)
    scene.tell("new")
    until(lambda: scene.version("new") == 2)
    del scene.api.users["new"]
    scene.tell("new")
    # A 404 is believed half a minute later.
    until(lambda: scene.version("new") is None, seconds=60)
    assert scene.version("ann") == 1


def test_an_item_that_is_shown_only_after_its_event_arrives(scene: Scene) -> None:
    """As GitHub's, which answer 404 for a moment after they were made."""
    assert scene.tell("late") == 200
    until(lambda: scene.asked_for("late") == 1)
    scene.api.change("late", 1)
    until(lambda: scene.version("late") == 1)


def test_a_form_with_a_signed_payload_is_read(scene: Scene) -> None:
    scene.api.change("fay", 3)
    form = urlencode({"payload": json.dumps({"user": {"id": "fay"}})}).encode()
    headers = {"X-Event": "user", "Content-Type": "application/x-www-form-urlencoded"}
    assert scene.integration.send(form, headers=headers) == 200
    until(lambda: scene.version("fay") == 3)
    assert scene.integration.send(form, secret="another secret", headers=headers) == 401


def test_an_event_that_says_so_deletes_without_a_request(scene: Scene) -> None:
    before = scene.asked_for("bob")
    scene.tell("bob", "erased")
    until(lambda: scene.version("bob") is None)
    assert scene.asked_for("bob") == before
    # The API still has it: the event was wrong, and an ordinary one brings it back.
    scene.tell("bob")
    until(lambda: scene.version("bob") == 1)


def test_a_burst_causes_one_request_and_the_newest_state_wins(scene: Scene) -> None:
    start = time.monotonic()
    for version in range(2, 22):
        scene.api.change("cid", version)
        assert scene.tell("cid") == 200
    until(lambda: scene.version("cid") == 21)
    # Sending twenty events may take longer than one window.
    windows = (time.monotonic() - start) / float(str(SETTINGS["webhookWindow"]))
    assert scene.asked_for("cid") <= 1 + windows
    assert scene.asked_for("cid") < 20


def test_a_failed_fetch_is_lost_and_deletes_nothing(scene: Scene) -> None:
    scene.api.broken.add("dan")
    scene.tell("dan")
    until(lambda: scene.integration.fates().get("lost", 0) == 1)
    assert "/users: a live event is lost until the next resync: GET " in scene.integration.text()
    assert scene.version("dan") == 1
    scene.api.broken.clear()


@pytest.mark.parametrize(
    "body, secret, status",
    [
        ({"user": {"id": "eve"}}, "another secret", 401),
        ({"user": {"id": "eve"}, "padding": "x" * LIMIT}, SECRET, 413),
        (b"not json", SECRET, 400),
    ],
)
def test_what_is_not_genuine_or_too_large_is_refused(
    scene: Scene, body: Any, secret: str, status: int
) -> None:
    before = scene.integration.fates().get("refused", 0)
    sent = scene.integration.send(body, secret=secret, headers={"X-Event": "user"})
    assert sent == status
    assert scene.integration.fates()["refused"] == before + 1
    assert scene.asked_for("eve") == 0


def test_what_another_event_says_is_ignored(scene: Scene) -> None:
    assert scene.integration.send({"user": {"id": "eve"}}, headers={"X-Event": "ping"}) == 200
    scene.api.change("fay", 5)
    scene.tell("fay")
    until(lambda: scene.version("fay") == 5)
    assert scene.asked_for("eve") == 0


def test_afterwards_a_resync_changes_nothing(scene: Scene) -> None:
    """The last test of this module: every change before it was told by an event."""
    sync = resync(scene.harbour)
    assert (sync.created, sync.deleted) == (set(), set())
    assert {name: scene.version(name) for name in scene.api.users} == {
        name: user["version"] for name, user in scene.api.users.items()
    }


def test_what_waits_is_applied_before_the_end(harbour: Harbour) -> None:
    with ChangingApi().serve() as api:
        api.change("ann", 1)
        harbour.install([resource("/users", "user", live_events=EVENTS)])
        settings = {**SETTINGS, "baseUrl": api.url, "webhookWindow": "30"}
        with listening(harbour, settings) as integration:
            api.change("ann", 2)
            integration.send({"user": {"id": "ann"}}, headers={"X-Event": "user"})
            until(lambda: "Successfully processed webhook events" in integration.text())
        assert harbour.catalog("user")["ann"]["version"] == 2


def test_without_webhook_auth_nothing_is_accepted(harbour: Harbour) -> None:
    with ChangingApi().serve() as api:
        api.change("ann", 1)
        harbour.install([resource("/users", "user", live_events=EVENTS)])
        with listening(harbour, {"baseUrl": api.url}) as integration:
            answer = httpx.post(integration.hook, json={"user": {"id": "ann"}})
            assert answer.status_code == 404
            said = "/users: its live_events have no effect: webhookAuth is not set"
            assert said in integration.text()


def test_batches_forms_and_handshakes_of_others_arrive(harbour: Harbour) -> None:
    """As Microsoft Graph sends: a question, then batches, with a token in the address."""
    with ChangingApi().serve() as api:
        api.change("ann", 1)
        api.change("bob", 1)
        entry = {**EVENTS[0], "each": ".body.value[]", "when": '.body.kind == "user"'}
        harbour.install([resource("/users", "user", live_events=[entry])])
        settings = {
            "baseUrl": api.url,
            "webhookAuth": "token",
            "webhookQueryParam": "key",
            "webhookSecret": SECRET,
            "webhookHandshake": "graph",
            "webhookWindow": "0.3",
        }
        with listening(harbour, settings) as integration:
            asked = httpx.post(integration.hook, params={"validationToken": "a: b"})
            assert (asked.status_code, asked.text) == (200, "a: b")
            assert asked.headers["content-type"].startswith("text/plain")
            batch = {"value": [{"kind": "user", "user": {"id": name}} for name in ("ann", "bob")]}
            assert httpx.post(integration.hook, json=batch).status_code == 401
            api.change("ann", 2)
            assert httpx.post(integration.hook, json=batch, params={"key": SECRET}).is_success
            until(lambda: harbour.catalog("user")["ann"]["version"] == 2)
            api.change("bob", 3)
            form = {"payload": json.dumps(batch)}
            assert httpx.post(integration.hook, data=form, params={"key": SECRET}).is_success
            until(lambda: harbour.catalog("user")["bob"]["version"] == 3)
            assert SECRET not in integration.text()


MADE = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81"


@pytest.mark.contract("live.made-secrets", "live.handshakes")
def test_a_sender_that_makes_its_secret_and_others_that_ask(
    harbour: Harbour, tmp_path: Path
) -> None:
    """As Asana sends, at one of two addresses; Okta and a sender of its own kind ask as well."""
    with ChangingApi().serve() as api:
        api.change("ann", 1)
        entry = {**EVENTS[0], "each": ".body.events[]", "when": "true", "path": "/asana"}
        harbour.install([resource("/users", "user", live_events=[entry])])
        settings = {
            "baseUrl": api.url,
            "webhookAuth": "hmac",
            "webhookPreset": "asana",
            "webhookQueryParam": "key",
            "webhookSecret": SECRET,
            "webhookPaths": ["/webhook", "/asana"],
            "webhookHandshake": "okta",
            "webhookChallenge": {
                "method": "GET",
                "when": ["query.crc_token"],
                "respond": {"token": "{hmac:query.crc_token}"},
            },
            "webhookWindow": "0.3",
            "responseDirectory": str(tmp_path),
        }
        event = json.dumps({"events": [{"user": {"id": "ann"}}]}).encode()
        with listening(harbour, settings) as integration:
            hook = integration.hook.replace("/webhook", "/asana")

            def send(secret: str) -> int:
                signature = hmac.new(secret.encode(), event, hashlib.sha256).hexdigest()
                headers = {"X-Hook-Signature": signature, "Content-Type": "application/json"}
                return httpx.post(hook, content=event, headers=headers).status_code

            def shake(secret: str, **query: str) -> httpx.Response:
                return httpx.post(hook, params=query, headers={"X-Hook-Secret": secret})

            api.change("ann", 2)
            # A stranger's comes first, and gets nothing.
            stranger = MADE[::-1]
            assert shake(stranger).status_code == 401
            assert send(stranger) == 401
            assert shake(MADE, key=SECRET).headers["x-hook-secret"] == MADE
            assert send(MADE) == 200
            until(lambda: harbour.catalog("user")["ann"]["version"] == 2)
            assert shake(stranger, key="guessed-5ec2e7").status_code == 401
            assert [send(stranger), send(SECRET)] == [401, 401]
            okta = httpx.get(hook, headers={"X-Okta-Verification-Challenge": "abc"})
            assert okta.json() == {"verification": "abc"}
            answer = httpx.get(integration.hook, params={"crc_token": "abc"}).json()
            digest = hmac.new(SECRET.encode(), b"abc", hashlib.sha256).hexdigest()
            assert answer == {"token": digest}
            assert not [each for each in (MADE, stranger, SECRET) if each in integration.text()]
