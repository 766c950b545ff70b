"""Kept responses on disk: private, whole or absent, bounded, and safe to share."""

import asyncio
import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cache import directory as kept_responses
from cache.directory import KeptResponses
from cache.files import KeptBody, Metadata, body_digest
from errors import ResponseError

LIMIT = 200_000
NAME = "a" * 64


@pytest.fixture
def kept(tmp_path: Path) -> KeptResponses:
    return KeptResponses(tmp_path, LIMIT)


def store(kept: KeptResponses, name: str, body: bytes) -> None:
    digest = body_digest()
    digest.update(body)
    kept.keyed_hash()
    new = kept.begin(name, Metadata(((b"etag", b'"\xe9"'),), digest.digest(), len(body)))
    new.write(body)
    kept.commit(new, name)


def body_of(kept: KeptResponses, name: str) -> bytes | None:
    entry = kept.find(name)
    return entry.read_all() if entry and entry.is_intact() else None


def files(place: Path) -> list[Path]:
    return [file for file in (place / "ocean-custom-responses").iterdir() if file.name != "key"]


def test_an_entry_is_found_again_also_by_another_process(
    kept: KeptResponses, tmp_path: Path
) -> None:
    store(kept, NAME, b"body")
    other = KeptResponses(tmp_path, LIMIT)
    assert other.keyed_hash(b"x") == kept.keyed_hash(b"x")
    entry = other.find(NAME)
    assert entry
    assert entry.metadata.headers == ((b"etag", b'"\xe9"'),)
    assert entry.read_all() == b"body"
    assert other.find("b" * 64) is None


def test_everything_is_readable_for_its_owner_only(kept: KeptResponses, tmp_path: Path) -> None:
    place = tmp_path / "ocean-custom-responses"
    place.mkdir(mode=0o755)
    store(kept, NAME, b"body")
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    modes = {stat.S_IMODE(file.stat().st_mode) for file in place.iterdir()}
    assert modes == {0o600}
    assert len(list(place.iterdir())) == 2


def test_a_link_in_place_of_the_directory_is_refused(kept: KeptResponses, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "ocean-custom-responses").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        kept.keyed_hash()


def test_a_key_that_is_broken_is_replaced(kept: KeptResponses, tmp_path: Path) -> None:
    store(kept, NAME, b"body")
    (tmp_path / "ocean-custom-responses" / "key").write_bytes(b"short")
    other = KeptResponses(tmp_path, LIMIT)
    assert other.find(NAME) is None
    store(other, NAME, b"new")
    assert body_of(other, NAME) == b"new"


@given(position=st.integers(0, 10_000), flipped=st.integers(1, 255), cut=st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_is_damaged_is_never_served(
    tmp_path_factory: pytest.TempPathFactory, position: int, flipped: int, cut: bool
) -> None:
    place = tmp_path_factory.mktemp("kept")
    kept = KeptResponses(place, LIMIT)
    store(kept, NAME, b"body" * 50)
    (file,) = files(place)
    content = bytearray(file.read_bytes())
    position %= len(content)
    if cut:
        del content[position:]
    else:
        content[position] ^= flipped
    file.write_bytes(content)
    assert body_of(kept, NAME) is None
    store(kept, NAME, b"new")
    assert body_of(kept, NAME) == b"new"


async def test_a_body_that_is_cut_while_it_is_read_is_an_error(
    kept: KeptResponses, tmp_path: Path
) -> None:
    store(kept, NAME, bytes(100_000))
    entry = kept.find(NAME)
    assert entry
    assert entry.is_intact()
    (file,) = files(tmp_path)
    os.truncate(file, 70_000)
    with pytest.raises(OSError, match="cut"):
        entry.read_all()
    async with asyncio.timeout(5):
        with pytest.raises(ResponseError, match="responseDirectory"):
            [chunk async for chunk in KeptBody(entry).chunks()]
        with pytest.raises(ResponseError, match="cut"):
            await KeptBody(entry).read()


def test_an_entry_under_another_name_is_none(kept: KeptResponses, tmp_path: Path) -> None:
    store(kept, NAME, b"body")
    (file,) = files(tmp_path)
    file.rename(file.with_name("b" * 64))
    assert kept.find("b" * 64) is None


def test_what_was_not_used_for_longest_makes_room(kept: KeptResponses, tmp_path: Path) -> None:
    for number in range(5):
        store(kept, f"{number:064}", bytes(20_000))
        entry = kept.find(f"{number:064}")
        assert entry
        os.utime(files(tmp_path)[0], (1, 1))
        for file in files(tmp_path):
            os.utime(file, (int(file.name), int(file.name)))
    first = kept.find(f"{0:064}")
    assert first
    first.touch()
    for number in range(5, 9):
        store(kept, f"{number:064}", bytes(20_000))
    left = {int(file.name) for file in files(tmp_path)}
    assert {0, 8} <= left
    assert 1 not in left
    assert sum(file.stat().st_size for file in files(tmp_path)) <= LIMIT


@given(sizes=st.lists(st.integers(0, 150_000), max_size=12))
@settings(max_examples=30, deadline=None)
def test_the_size_is_never_exceeded(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    place = tmp_path_factory.mktemp("kept")
    processes = [KeptResponses(place, LIMIT), KeptResponses(place, LIMIT)]
    for number, size in enumerate(sizes):
        # Each process counts what it writes itself and looks at all when it makes room.
        store(processes[number % 2], f"{number:064}", bytes(size))
        assert body_of(processes[0], f"{number:064}") == bytes(size)
        assert sum(file.stat().st_size for file in files(place)) <= 2 * LIMIT


def test_an_entry_that_is_removed_stays_readable_for_who_has_it(kept: KeptResponses) -> None:
    store(kept, NAME, b"body")
    entry = kept.find(NAME)
    assert entry
    kept.remove(NAME)
    assert entry.is_intact()
    assert entry.read_all() == b"body"


def test_what_killed_processes_left_is_removed(
    kept: KeptResponses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(kept, NAME, b"body")
    place = tmp_path / "ocean-custom-responses"
    old, fresh = place / "new-old", place / "new-fresh"
    old.write_bytes(b"x")
    fresh.write_bytes(b"x")
    os.utime(old, (0, time.time() - kept_responses._ABANDONED_SECONDS - 1))
    store(KeptResponses(tmp_path, LIMIT), "c" * 64, b"body")
    assert not old.exists()
    assert fresh.exists()


def test_a_write_that_fails_leaves_nothing(
    kept: KeptResponses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.keyed_hash()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        kept.begin(NAME, Metadata((), b"", 0))
    assert files(tmp_path) == []
