"""Tokens that are kept between runs: for their owner and instance only, and never in the way."""

from pathlib import Path

import pytest

from cache.delta_tokens import DeltaToken, DeltaTokens
from cache.directory import KeptResponses
from settings.connection import ConnectionSettings

LIMIT = 1_000_000
ONE, OTHER = DeltaToken("t1", b"\x00\xff", 3, 4), DeltaToken("t2")


def tokens(directory: Path, instance: bytes = b"one") -> DeltaTokens:
    return DeltaTokens(KeptResponses(directory, LIMIT), instance)


@pytest.mark.contract("incremental.delta")
async def test_a_token_outlives_the_process_and_is_its_instances_own(tmp_path: Path) -> None:
    assert await tokens(tmp_path).load("a") is None
    await tokens(tmp_path).save("a", ONE)
    await tokens(tmp_path).save("b", OTHER)
    assert await tokens(tmp_path).load("a") == ONE
    assert await tokens(tmp_path, b"other").load("a") is None
    await tokens(tmp_path).save("a", None)
    assert await tokens(tmp_path).load("a") is None
    assert await tokens(tmp_path).load("b") == OTHER


async def test_what_is_damaged_or_cannot_be_written_is_no_token(tmp_path: Path) -> None:
    kept = tokens(tmp_path)
    await kept.save("a", ONE)
    (file,) = (
        each for each in (tmp_path / "ocean-custom-responses").iterdir() if each.name != "key"
    )
    file.write_bytes(file.read_bytes()[:-3] + b"xx]")
    assert await kept.load("a") is None
    (tmp_path / "file").write_text("no directory")
    broken = tokens(tmp_path / "file")
    await broken.save("a", ONE)
    assert await broken.load("a") is None


def test_without_a_directory_there_are_none() -> None:
    assert (
        DeltaTokens.for_settings(ConnectionSettings.parse({"base_url": "https://a.test"}), b"")
        is None
    )
