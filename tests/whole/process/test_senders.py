"""Each kind of sender of webhooks is answered when it asks, and believed in what it signs only."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.whole.process.live import ChangingApi, Running, listening, until
from tests.whole.process.sailing import Harbour, resource

pytestmark = [
    pytest.mark.process,
    pytest.mark.contract("live.signatures", "live.handshakes"),
]

# In base64, as Svix gives them out.
SECRET = "whsec_" + base64.b64encode(b"5ec2e7-of-the-sender-of-events").decode()
EVENT = json.dumps({"user": {"id": "ann"}}).encode()
CHALLENGE = "qgg8vlvZRS6UYooatFL8Aw"

type Signer = Callable[[str, bytes, float, str], dict[str, str]]


@dataclass(frozen=True)
class Question:
    """A handshake: what is sent, and the answer."""

    answer: bytes
    method: str = "POST"
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    answered: Mapping[str, str] = field(default_factory=dict)
    is_signed: bool = False


@dataclass(frozen=True)
class Sender:
    """A sender: its settings, how it signs, as its documentation says, and what it asks before.

    `sign` takes the secret, the body, the seconds since 1970 and the address.
    """

    settings: Mapping[str, object]
    sign: Signer
    questions: tuple[Question, ...] = ()
    has_time: bool = True


def digest(secret: str, message: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.digest(secret.encode(), message, algorithm)


def in_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def slack(secret: str, body: bytes, moment: float, _url: str) -> dict[str, str]:
    told = f"{moment:.0f}"
    signature = digest(secret, f"v0:{told}:".encode() + body).hex()
    return {"X-Slack-Signature": f"v0={signature}", "X-Slack-Request-Timestamp": told}


def zoom(secret: str, body: bytes, moment: float, _url: str) -> dict[str, str]:
    told = f"{moment:.0f}"
    signature = digest(secret, f"v0:{told}:".encode() + body).hex()
    return {"x-zm-signature": f"v0={signature}", "x-zm-request-timestamp": told}


def meta(secret: str, body: bytes, _moment: float, _url: str) -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={digest(secret, body).hex()}"}


def trello(secret: str, body: bytes, _moment: float, url: str) -> dict[str, str]:
    return {"X-Trello-Webhook": in_base64(digest(secret, body + url.encode(), "sha1"))}


def twitch(secret: str, body: bytes, moment: float, _url: str) -> dict[str, str]:
    told = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
    signature = digest(secret, b"id-1" + told.encode() + body).hex()
    prefix = "Twitch-Eventsub-Message"
    return {
        f"{prefix}-Id": "id-1",
        f"{prefix}-Timestamp": told,
        f"{prefix}-Signature": f"sha256={signature}",
    }


def hubspot(secret: str, body: bytes, moment: float, url: str) -> dict[str, str]:
    told = f"{moment * 1000:.0f}"
    signature = digest(secret, b"POST" + url.encode() + body + told.encode())
    return {"X-HubSpot-Signature-v3": in_base64(signature), "X-HubSpot-Request-Timestamp": told}


def zendesk(secret: str, body: bytes, moment: float, _url: str) -> dict[str, str]:
    told = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    prefix = "X-Zendesk-Webhook-Signature"
    return {prefix: in_base64(digest(secret, told.encode() + body)), f"{prefix}-Timestamp": told}


def svix(secret: str, body: bytes, moment: float, _url: str) -> dict[str, str]:
    told = f"{moment:.0f}"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.digest(key, f"msg_1.{told}.".encode() + body, "sha256")
    return {
        "svix-id": "msg_1",
        "svix-timestamp": told,
        # While a secret is replaced, it signs with both.
        "svix-signature": f"v1,{in_base64(b'another')} v1,{in_base64(signature)}",
    }


def described(secret: str, body: bytes, moment: float, _url: str) -> dict[str, str]:
    told = f"{moment * 1000:.0f}"
    signature = digest(secret, told.encode() + b"/" + body, "sha512")
    return {"X-Sum": f"at={told};sum={in_base64(signature)}"}


SENDERS = {
    "slack": Sender(
        {"webhookPreset": "slack", "webhookHandshake": "event_grid"},
        slack,
        (
            Question(
                compact({"challenge": CHALLENGE}),
                content=compact({"type": "url_verification", "challenge": CHALLENGE}),
                is_signed=True,
            ),
            Question(
                compact({"validationResponse": CHALLENGE}),
                headers={"aeg-event-type": "SubscriptionValidation"},
                content=compact([{"data": {"validationCode": CHALLENGE}}]),
            ),
        ),
    ),
    "zoom": Sender(
        {"webhookPreset": "zoom", "webhookHandshake": "monday"},
        zoom,
        (
            Question(
                compact(
                    {
                        "plainToken": CHALLENGE,
                        "encryptedToken": digest(SECRET, CHALLENGE.encode()).hex(),
                    }
                ),
                content=compact(
                    {"event": "endpoint.url_validation", "payload": {"plainToken": CHALLENGE}}
                ),
                is_signed=True,
            ),
            Question(compact({"challenge": CHALLENGE}), content=compact({"challenge": CHALLENGE})),
        ),
    ),
    "meta": Sender(
        {"webhookPreset": "meta", "webhookHandshake": "cloudevents"},
        meta,
        (
            Question(
                CHALLENGE.encode(),
                "GET",
                {
                    "hub.mode": "subscribe",
                    "hub.challenge": CHALLENGE,
                    "hub.verify_token": SECRET,
                },
            ),
            Question(
                b"",
                "OPTIONS",
                headers={"WebHook-Request-Origin": "eventemitter.example.com"},
                answered={"webhook-allowed-origin": "eventemitter.example.com"},
            ),
        ),
        has_time=False,
    ),
    "trello": Sender(
        {"webhookPreset": "trello", "webhookHandshake": "dropbox"},
        trello,
        (
            Question(b"", "HEAD"),
            Question(CHALLENGE.encode(), "GET", {"challenge": CHALLENGE}),
        ),
        has_time=False,
    ),
    "twitch": Sender(
        {
            "webhookPreset": "twitch",
            "webhookChallenge": {
                "method": "GET",
                "when": ["headers.x-ask"],
                "respond": {"sum": "{hmac_base64:headers.x-ask}"},
            },
        },
        twitch,
        (
            Question(
                CHALLENGE.encode(),
                headers={"Twitch-Eventsub-Message-Type": "webhook_callback_verification"},
                content=compact({"challenge": CHALLENGE}),
                is_signed=True,
            ),
            Question(
                compact({"sum": in_base64(digest(SECRET, CHALLENGE.encode()))}),
                "GET",
                headers={"X-Ask": CHALLENGE},
            ),
        ),
    ),
    "hubspot": Sender({"webhookPreset": "hubspot"}, hubspot),
    "zendesk": Sender({"webhookPreset": "zendesk"}, zendesk),
    "svix": Sender({"webhookPreset": "svix"}, svix),
    "described": Sender(
        {
            "webhookHeader": "X-Sum",
            "webhookPrefix": "sum=",
            "webhookSeparator": ";",
            "webhookAlgorithm": "sha512",
            "webhookEncoding": "base64",
            "webhookSignedPayload": "{timestamp}/{body}",
            "webhookTimestampHeader": "X-Sum",
            "webhookTimestampPrefix": "at=",
        },
        described,
    ),
}


def ask(integration: Running, sender: Sender, question: Question) -> None:
    headers = dict(question.headers)
    if question.is_signed:
        unsigned = httpx.post(integration.hook, content=question.content, headers=headers)
        assert unsigned.status_code == 401
        assert CHALLENGE not in unsigned.text
        headers |= sender.sign(SECRET, question.content, time.time(), integration.hook)
    answer = httpx.request(
        question.method,
        integration.hook,
        params=dict(question.params) or None,
        headers=headers,
        content=question.content,
    )
    assert (answer.status_code, answer.content) == (200, question.answer)
    assert dict(question.answered).items() <= dict(answer.headers).items()


@pytest.mark.parametrize("name", SENDERS)
def test_a_sender_is_answered_and_believed(harbour: Harbour, name: str) -> None:
    sender = SENDERS[name]
    with ChangingApi().serve() as api:
        api.change("ann", 1)
        entry = {
            "fetch": "/users/{id}",
            "params": {"id": ".body.user.id"},
            "identifier": ".body.user.id",
        }
        harbour.install([resource("/users", "user", live_events=[entry])])
        settings = {
            "baseUrl": api.url,
            "webhookAuth": "hmac",
            "webhookSecret": SECRET,
            "webhookWindow": "0.2",
            **sender.settings,
        }
        with listening(harbour, settings) as integration:

            def send(secret: str, *, late: float = 0, body: bytes = EVENT) -> int:
                headers = sender.sign(secret, EVENT, time.time() - late, integration.hook)
                headers["Content-Type"] = "application/json"
                return httpx.post(integration.hook, content=body, headers=headers).status_code

            for question in sender.questions:
                ask(integration, sender, question)
            # None of the questions was taken for an event.
            assert api.asked["/users/ann"] == 0
            other = "whsec_" + in_base64(hashlib.sha256(name.encode()).digest())
            assert send(other) == 401
            assert send(SECRET, body=EVENT + b" ") == 401
            if sender.has_time:
                assert [send(SECRET, late=400), send(SECRET, late=-400)] == [401, 401]
            api.change("ann", 2)
            assert send(SECRET) == 200
            until(lambda: harbour.catalog("user")["ann"]["version"] == 2)
            assert api.asked["/users/ann"] == 1
            assert SECRET not in integration.text()
            assert SECRET.removeprefix("whsec_") not in integration.text()
