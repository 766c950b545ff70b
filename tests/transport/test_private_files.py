"""Files that only their owner may read."""

import os
import stat
from pathlib import Path

import pytest

from transport import private_files


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_new_file_is_for_its_owner_and_never_overwrites(tmp_path: Path) -> None:
    file = tmp_path / "key"
    private_files.write(file, b"first")
    assert (file.read_bytes(), mode_of(file)) == (b"first", 0o600)
    with pytest.raises(FileExistsError):
        private_files.write(file, b"second")
    assert file.read_bytes() == b"first"


def test_a_file_is_replaced_whole_and_becomes_private(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"old")
    file.chmod(0o644)
    with file.open("rb") as reader:
        private_files.replace(file, b"new")
        assert reader.read() == b"old"
    assert (file.read_bytes(), mode_of(file)) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_replaced_stays_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        private_files.replace(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_one_descriptor_at_a_time_holds_the_lock(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    first, second = private_files.open_lock(file), private_files.open_lock(file)
    assert mode_of(file) == 0o600
    assert private_files.try_lock(first)
    assert not private_files.try_lock(second)
    os.close(first)
    assert private_files.try_lock(second)
    os.close(second)
