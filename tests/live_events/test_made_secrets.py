"""Senders that make a secret for each webhook: whose is believed, and whose is not."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from cache.hook_secrets import HookSecrets
from live_events.authentication import HookAuthenticator, authenticator_of
from settings.connection import ConnectionSettings
from settings.webhook_handshakes import Handshake
from settings.webhook_signatures import PRESETS
from tests.cache.test_hook_secrets import ASANA, ONE, OTHER
from tests.live_events.test_webhook_middleware import Door

KEY = ASANA["webhook_secret"]
BODY = b'{"events": [{"action": "changed", "resource": {"gid": "7"}}]}'


def door(directory: Path, **given: Any) -> Door:
    settings = ConnectionSettings.parse({**ASANA, "response_directory": str(directory), **given})
    kept = HookSecrets.for_settings(settings, "my-asana")
    authenticator = authenticator_of(settings, kept)
    assert isinstance(authenticator, HookAuthenticator)
    return Door(
        authenticator,
        1000,
        handshakes=settings.handshakes,
        secrets=settings.webhook_secrets,
        secret_from=settings.signature_scheme.secret_from,
        kept=kept,
    )


async def shake(at: Door, secret: str, query: str) -> int:
    return (await at.knock(headers={"x-hook-secret": secret}, query=query))[0]


async def event(at: Door, secret: str) -> int:
    signature = PRESETS["asana"].sign(BODY, secret)
    return (await at.knock(BODY, headers={"x-hook-signature": signature}))[0]


@pytest.mark.contract("live.made-secrets", "live.handshakes", "live.signatures")
async def test_events_are_signed_with_what_the_handshake_brought(tmp_path: Path) -> None:
    at = door(tmp_path)
    assert await event(at, ONE) == 401
    assert "no webhook has told its secret yet" in at.told[0]
    assert await shake(at, ONE, f"key={KEY}") == 200
    assert at.answered[b"x-hook-secret"] == ONE.encode()
    # One of a second project.
    assert await shake(at, OTHER, f"key={KEY}") == 200
    assert [await event(at, each) for each in (ONE, OTHER, KEY)] == [200, 200, 401]
    assert at.passed == [BODY, BODY]
    assert not any(secret in line for line in at.told for secret in (ONE, OTHER, KEY))
    # After a start, and in another replica.
    assert [await event(door(tmp_path), each) for each in (ONE, OTHER)] == [200, 200]


@pytest.mark.contract("live.made-secrets")
@pytest.mark.parametrize("query", ["", "key=", "key=wrong", f"other={KEY}"])
async def test_a_strangers_handshake_keeps_nothing_and_takes_nothing_away(
    tmp_path: Path, query: str
) -> None:
    at = door(tmp_path)
    assert await shake(at, OTHER, query) == 401
    assert b"x-hook-secret" not in at.answered
    assert await event(at, OTHER) == 401
    assert not list(tmp_path.iterdir())
    assert await shake(at, ONE, f"key={KEY}") == 200
    assert await shake(at, OTHER, query) == 401
    assert [await event(at, each) for each in (ONE, OTHER)] == [200, 401]


async def test_another_secret_of_the_address_leaves_the_webhooks_that_are_there(
    tmp_path: Path,
) -> None:
    assert await shake(door(tmp_path), ONE, f"key={KEY}") == 200
    new = door(tmp_path, webhook_secret="an0ther-of-the-address")
    assert await event(new, ONE) == 200
    assert await shake(new, OTHER, f"key={KEY}") == 401
    both = door(tmp_path, webhook_secret="an0ther-of-the-address", webhook_previous_secret=KEY)
    assert await shake(both, OTHER, f"key={KEY}") == 200


async def test_a_handshake_whose_secret_is_not_kept_is_not_answered(tmp_path: Path) -> None:
    at = door(tmp_path)
    assert await shake(at, "short", f"key={KEY}") == 503
    (tmp_path / "file").write_text("no directory")
    at = door(tmp_path / "file")
    assert await shake(at, ONE, f"key={KEY}") == 503
    assert b"x-hook-secret" not in at.answered
    assert "look at responseDirectory" in at.told[0]


@pytest.mark.contract("live.made-secrets")
async def test_a_handshake_of_ones_own_is_no_way_around_the_address(tmp_path: Path) -> None:
    own = {"when": "headers.x-hook-secret", "respond": "ok"}
    at = door(tmp_path, webhook_challenge=json.dumps(own))
    assert await shake(at, ONE, "") == 401
    assert Handshake.model_validate(own).verify == ""
    # Nor is one that nobody vouches for, should it ever get there.
    settings = ConnectionSettings.parse({**ASANA, "response_directory": str(tmp_path)})
    kept = HookSecrets.for_settings(settings, "my-asana")
    open_door = Door(
        HookAuthenticator(PRESETS["asana"], kept),  # type: ignore[arg-type]  # it is there
        handshakes=(Handshake.model_validate(own),),
        secret_from="headers.x-hook-secret",
        kept=kept,
    )
    assert await shake(open_door, ONE, "") == 200
    assert not list(tmp_path.iterdir())


async def test_files_are_read_beside_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = []
    renew = HookSecrets.renew

    def noting(kept: HookSecrets) -> bool:
        readers.append(threading.current_thread())
        return renew(kept)

    monkeypatch.setattr(HookSecrets, "renew", noting)
    assert await event(door(tmp_path), ONE) == 401
    assert readers
    assert threading.main_thread() not in readers


def test_neither_secret_nor_signature_gets_into_the_event(tmp_path: Path) -> None:
    secrets = HookSecrets(tmp_path, b"one")
    hidden = HookAuthenticator(PRESETS["asana"], secrets).headers
    assert hidden == {"x-hook-secret", "x-hook-signature"}
