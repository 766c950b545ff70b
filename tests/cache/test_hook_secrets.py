"""Secrets that senders make: each is kept for its owner only, and takes the place of no other."""

import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cache import hook_secrets
from cache.hook_secrets import HookSecretError, HookSecrets
from settings.connection import ConnectionSettings

ONE, OTHER = "b537207f20cbfa02357cf448134da559", "e8bd39d61597dcd5631b8012eae53e81"
ASANA = {
    "base_url": "https://api.test",
    "webhook_auth": "hmac",
    "webhook_preset": "asana",
    "webhook_secret": "s3cr3t-of-the-address",
    "webhook_query_param": "key",
}


def kept(directory: Path, instance: bytes = b"one") -> HookSecrets:
    return HookSecrets(directory, instance)


@pytest.mark.contract("live.made-secrets")
def test_a_secret_outlives_the_process_beside_others_and_is_its_instances_own(
    tmp_path: Path,
) -> None:
    kept(tmp_path).keep(ONE)
    kept(tmp_path).keep(OTHER)
    kept(tmp_path).keep(ONE)
    again = kept(tmp_path)
    assert again.known == ()
    assert again.renew()
    assert set(again.known) == {ONE, OTHER}
    stranger = kept(tmp_path, b"other")
    assert not stranger.renew()
    assert stranger.known == ()


@pytest.mark.contract("live.made-secrets")
def test_nobody_else_may_read_it_and_no_name_tells_it(tmp_path: Path) -> None:
    kept(tmp_path).keep(ONE)
    files = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert len(files) == 1
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert all(not stat.S_IMODE(each.stat().st_mode) & 0o077 for each in files[0].parents[:2])
    assert ONE not in str(files[0])


def test_a_folder_of_somebody_else_is_none(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    kept(elsewhere).keep(ONE)
    planted = tmp_path / "ours" / "ocean-custom-webhooks"
    planted.parent.mkdir()
    planted.symlink_to(elsewhere / "ocean-custom-webhooks")
    ours = kept(planted.parent)
    assert not ours.renew()
    with pytest.raises(HookSecretError, match="look at responseDirectory"):
        ours.keep(OTHER)


def test_what_another_process_keeps_is_found_but_not_looked_for_all_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = kept(tmp_path), kept(tmp_path)
    assert not one.renew()
    other.keep(ONE)
    assert not one.renew()
    monkeypatch.setattr(hook_secrets, "_PAUSE", 0)
    one = kept(tmp_path)
    assert one.renew()
    assert not one.renew()
    other.keep(OTHER)
    assert one.renew()


def test_what_is_damaged_is_no_secret(tmp_path: Path) -> None:
    kept(tmp_path).keep(ONE)
    (file,) = (each for each in tmp_path.rglob("*") if each.is_file())
    (file.parent / "other").write_text(OTHER)
    file.write_text(ONE[:-1])
    again = kept(tmp_path)
    assert not again.renew()


@pytest.mark.contract("live.made-secrets")
@pytest.mark.parametrize("what", ["iterdir", "read_bytes"])
def test_what_cannot_be_read_for_a_while_is_not_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(hook_secrets, "_PAUSE", 0)
    ours = kept(tmp_path)
    ours.keep(ONE)

    def fail(path: Path) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(Path, what, fail)
        assert not ours.renew()
        assert ours.known == (ONE,)
    kept(tmp_path).keep(OTHER)
    assert ours.renew()
    assert set(ours.known) == {ONE, OTHER}


def test_threads_know_what_another_one_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = kept(tmp_path)
    kept(tmp_path).keep(ONE)
    read, begun = ours._read, threading.Event()

    def slowly() -> Iterator[str]:
        begun.set()
        time.sleep(0.2)
        yield from read()

    monkeypatch.setattr(ours, "_read", slowly)
    first = threading.Thread(target=ours.renew)
    first.start()
    assert begun.wait(10)
    ours.renew()
    assert ours.known == (ONE,)
    first.join()


@pytest.mark.parametrize("secret", ["", "a" * 15, "a" * 513, "ä" * 20, "a" * 20 + "\n"])
def test_odd_secrets_are_refused(tmp_path: Path, secret: str) -> None:
    with pytest.raises(HookSecretError, match="must have 16 to 512 characters"):
        kept(tmp_path).keep(secret)
    assert not list(tmp_path.iterdir())


def test_no_more_than_a_hundred_are_kept_and_those_stay(tmp_path: Path) -> None:
    full = kept(tmp_path)
    for number in range(100):
        full.keep(f"{number:032}")
    with pytest.raises(HookSecretError, match="100 secrets of webhooks are kept already") as told:
        full.keep(ONE)
    assert str(tmp_path) not in str(told.value)
    full.keep(f"{7:032}")
    assert len(full.known) == 100


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(HookSecretError, match="look at responseDirectory") as told:
        kept(tmp_path / "file").keep(ONE)
    assert ONE not in str(told.value)


@pytest.mark.contract("live.made-secrets")
def test_new_credentials_are_no_reason_to_lose_them(tmp_path: Path) -> None:
    given = {**ASANA, "response_directory": str(tmp_path), "auth_type": "bearer_token"}
    old, new = (ConnectionSettings.parse({**given, "api_token": token}) for token in ("a1", "b2"))
    before, after, other = (
        HookSecrets.for_settings(settings, identifier)
        for settings, identifier in ((old, "mine"), (new, "mine"), (new, "another"))
    )
    assert before
    assert after
    assert other
    before.keep(ONE)
    assert after.renew()
    assert not other.renew()


def test_who_makes_no_secrets_has_none(tmp_path: Path) -> None:
    given = {**ASANA, "webhook_preset": "github", "response_directory": str(tmp_path)}
    assert HookSecrets.for_settings(ConnectionSettings.parse(given), "x") is None
