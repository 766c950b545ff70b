"""Content encodings: whatever was packed comes out, in small pieces, and nothing made for harm."""

import gzip
import random
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable

import brotli  # type: ignore[import-untyped]  # it ships no types
import httpx
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from errors import ResponseError
from transport.decoding import decoded

type Pack = Callable[[bytes], bytes]

MB = 2**20


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


ENCODINGS: list[tuple[str, Pack]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("GZIP", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("br", brotli.compress),
    ("zstd", zstandard.compress),
    ("identity", bytes),
    ("utf-8", bytes),
    ("", bytes),
]
PACKED = ENCODINGS[:7]
each = pytest.mark.parametrize("encoding, pack", ENCODINGS)
each_packed = pytest.mark.parametrize("encoding, pack", PACKED)


class Chunks(httpx.AsyncByteStream):
    """A body that arrives in pieces of so many bytes."""

    def __init__(self, body: bytes, size: int) -> None:
        self._body = body
        self._size = size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), self._size):
            yield self._body[start : start + self._size]


def answer(body: bytes, *encodings: str, size: int = 65_536) -> httpx.Response:
    headers = [("content-encoding", each) for each in encodings]
    return httpx.Response(200, headers=headers, stream=Chunks(body, size))


async def undone(body: bytes, *encodings: str, size: int = 65_536) -> bytes:
    return b"".join([piece async for piece in decoded(answer(body, *encodings, size=size))])


@each
@given(body=st.binary(max_size=3000), size=st.integers(1, 400))
async def test_what_was_packed_comes_out(encoding: str, pack: Pack, body: bytes, size: int) -> None:
    packed = pack(body)
    assert await undone(packed, encoding, size=size) == body


@pytest.mark.parametrize("encoding, pack", [("gzip", gzip.compress), ("zstd", zstandard.compress)])
@given(parts=st.lists(st.binary(max_size=300), max_size=4), size=st.integers(1, 50))
async def test_all_members_count(encoding: str, pack: Pack, parts: list[bytes], size: int) -> None:
    assert await undone(b"".join(map(pack, parts)), encoding, size=size) == b"".join(parts)


async def test_what_follows_gzip_is_passed_over_as_browsers_do() -> None:
    assert await undone(gzip.compress(b"[1]") + b"\0\0\x1f!", "gzip", size=7) == b"[1]"


@each_packed
async def test_an_empty_body_is_empty(encoding: str, pack: Pack) -> None:
    assert await undone(b"", encoding) == b""


@pytest.mark.contract("body.undecodable")
@each_packed
async def test_what_ends_too_early_is_damaged(encoding: str, pack: Pack) -> None:
    packed = pack(bytes(range(256)) * 40)
    with pytest.raises(httpx.DecodingError):
        await undone(packed[: len(packed) // 2], encoding)


@pytest.mark.contract("body.undecodable")
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
async def test_what_is_something_else_is_damaged(encoding: str) -> None:
    with pytest.raises(httpx.DecodingError):
        await undone(b"<html>no encoding at all</html>" * 100, encoding)


def bomb(pack: Pack, megabytes: int) -> bytes:
    return pack(b" " * (megabytes * MB))


@pytest.mark.contract("bounds.encoding")
@each_packed
async def test_what_was_made_for_harm_is_refused_with_little_memory(
    encoding: str, pack: Pack
) -> None:
    packed = bomb(pack, 40)
    tracemalloc.start()
    try:
        with pytest.raises(ResponseError, match="refused as an attack"):
            async for _ in decoded(answer(packed, encoding)):
                pass
        assert tracemalloc.get_traced_memory()[1] < 50 * MB
    finally:
        tracemalloc.stop()


@pytest.mark.contract("bounds.encoding")
@each_packed
async def test_pieces_are_small(encoding: str, pack: Pack) -> None:
    # Within the ratio, because it is small.
    async for piece in decoded(answer(bomb(pack, 20), encoding)):
        assert len(piece) <= 20 * MB


@pytest.mark.contract("bounds.encoding")
async def test_real_data_that_shrinks_well_is_read() -> None:
    lines = b"".join(
        b'{"id":%d,"status":"active","owner":null,"tags":[]},' % n for n in range(640_000)
    )
    assert len(lines) > 32 * MB
    assert await undone(gzip.compress(lines, 1), "gzip") == lines


@pytest.mark.contract("bounds.encoding")
async def test_a_packed_file_is_no_way_around() -> None:
    members = gzip.compress(b" " * MB) * 2000
    with pytest.raises(ResponseError, match="refused as an attack"):
        await undone(gzip.compress(members), "gzip")
    # Files that a server packs once more, as some do, hardly shrink.
    packed = gzip.compress(random.Random(1).randbytes(2 * MB))
    assert await undone(gzip.compress(packed), "gzip") == packed


@pytest.mark.contract("bounds.encoding")
@pytest.mark.parametrize(
    "encodings", [("gzip, gzip",), ("gzip", "br"), ("br, identity, zstd",)], ids=str
)
async def test_several_encodings_are_refused(encodings: tuple[str, ...]) -> None:
    with pytest.raises(ResponseError, match="several times"):
        await undone(b"", *encodings)
