"""gzip and zip: whole or an error, within limits."""

import asyncio
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import EndpointError
from formats import packing
from formats.packing import gunzip
from tests.formats.encoding import COLUMNS, FORMATS, as_csv, as_zip, items_of

ITEMS = [{"id": str(number), "name": "n" * 50, "note": ""} for number in range(40)]
LINES = b"".join(json.dumps(item).encode() + b"\n" for item in ITEMS)


async def _unpacked(content: bytes, size: int) -> bytes:
    async def chunks() -> AsyncGenerator[bytes]:
        for start in range(0, len(content), size):
            yield content[start : start + size]

    return b"".join([piece async for piece in gunzip(chunks())])


@settings(max_examples=60, deadline=None)
@given(
    members=st.lists(st.binary(max_size=50) | st.just(b"\0" * 5000), min_size=1, max_size=4),
    size=st.integers(1, 200),
    padding=st.integers(0, 3),
)
def test_members_follow_each_other(members: list[bytes], size: int, padding: int) -> None:
    body = b"".join(map(gzip.compress, members)) + b"\0" * padding
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "PIECE", 64)
        assert asyncio.run(_unpacked(body, size)) == b"".join(members)


@pytest.mark.parametrize("piece", [1, 100, 5000, 1 << 20])
@pytest.mark.parametrize("size", [5000, 5001, 100_000])
def test_what_fills_a_piece_exactly(piece: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "PIECE", piece)
    content = b"\0" * size if piece > 1 else b"\0" * 200
    assert asyncio.run(_unpacked(gzip.compress(content), 1 << 20)) == content


@pytest.mark.parametrize(
    "body, said",
    [
        (gzip.compress(LINES)[:-1], "ends too early"),
        (gzip.compress(LINES) + gzip.compress(LINES)[:9], "ends too early"),
        (gzip.compress(LINES) + b"garbage", "followed by something else"),
        (gzip.compress(LINES)[:-8] + b"\0\0\0\0" + gzip.compress(LINES)[-4:], "damaged"),
        (gzip.compress(gzip.compress(LINES)), "packed several times"),
        (gzip.compress(as_zip(LINES)), "packed several times"),
        (as_zip(as_zip(LINES)), "packed several times"),
        (as_zip(gzip.compress(gzip.compress(LINES))), "packed several times"),
        (as_zip(), "holds no file"),
        (as_zip(LINES)[:-10], "zip body is damaged"),
        (as_zip(LINES)[40:], "JSON"),
    ],
    ids=range(11),
)
@pytest.mark.parametrize("cuts", [None, []])
def test_what_is_not_whole_is_an_error(body: bytes, said: str, cuts: list[int] | None) -> None:
    with pytest.raises(EndpointError, match=said) as raised:
        items_of(body, ".", "jsonl", cuts=cuts)
    assert not raised.value.said or said == "JSON"


@pytest.mark.parametrize(
    "flag, said",
    [(0x01, r"nested/part-0.jsonl in the zip body is encrypted"), (0x20, "zip")],
    ids=["encrypted", "patched"],
)
def test_a_file_that_cannot_be_read_is_refused(flag: int, said: str) -> None:
    body = bytearray(as_zip(LINES, suffix="jsonl"))
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = body.rindex(mark) + offset
        body[place] |= flag
    with pytest.raises(EndpointError, match=said):
        items_of(bytes(body), ".", "jsonl")


def test_other_methods_are_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.jsonl", LINES)
    with pytest.raises(EndpointError, match="only deflate is read"):
        items_of(file.getvalue(), ".", "jsonl")


@pytest.mark.parametrize("cuts", [None, [], [10, 20]])
def test_all_files_of_an_archive_are_read_in_its_order(cuts: list[int] | None) -> None:
    csvs = as_zip(as_csv(ITEMS[:10]), as_csv(ITEMS[10:]), suffix="csv")
    assert items_of(csvs, cuts=cuts) == ITEMS
    packed = as_zip(gzip.compress(LINES), gzip.compress(LINES), suffix="jsonl.gz")
    assert items_of(packed, cuts=cuts) == ITEMS * 2
    objects = as_zip(b'{"list": [{"id": 1}]}', b'{"list": [{"id": 2}]}', suffix="json")
    assert items_of(objects, ".list", cuts=cuts) == [{"id": 1}, {"id": 2}]
    assert items_of(objects, ".list | map(.)", cuts=cuts) == [{"id": 1}, {"id": 2}]
    assert items_of(objects, ".list | first", cuts=cuts) == [{"id": 1}, {"id": 2}]
    single = as_zip(b'{"id": 1}', b'{"id": 2}', suffix="json")
    assert items_of(single, cuts=cuts) == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize("cuts", [None, []])
def test_a_file_unlike_the_others_is_an_error(cuts: list[int] | None) -> None:
    mixed = as_zip(b'{"list": [{"id": 1}]}', b'{"error": "x"}', suffix="json")
    with pytest.raises(EndpointError, match=r"part-1\.json has no list"):
        items_of(mixed, ".list", cuts=cuts)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", b"id,n\n1,2\n")
        archive.writestr("b.json", b"[]")
    with pytest.raises(EndpointError, match="files of the zip body are csv and json"):
        items_of(file.getvalue(), cuts=cuts)


def test_what_macos_adds_is_no_file() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.jsonl", LINES)
        archive.writestr("__MACOSX/._a.jsonl", b"\0\1")
        archive.writestr("x/.DS_Store", b"\0\1")
    assert items_of(file.getvalue()) == ITEMS


def test_a_bomb_is_refused_before_it_goes_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_HARMLESS", 1_000_000)
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * 999_999 + b"\n") for _ in range(50)) + packer.flush()
    assert len(bomb) < 60_000
    with pytest.raises(EndpointError, match="refused as an attack"):
        items_of(bomb, ".", "jsonl")
    with pytest.raises(EndpointError, match="refused as an attack"):
        items_of(as_zip((b" " * 999_999 + b"\n") * 50), ".", "jsonl")


@pytest.mark.parametrize("kind", ["size", "overlap"])
def test_an_archive_that_lies_is_an_error(kind: str) -> None:
    body = bytearray(as_zip(LINES, LINES))
    place = body.rindex(b"PK\x01\x02")
    if kind == "size":
        body[place + 24 : place + 28] = (1).to_bytes(4, "little")
    else:
        body[place + 42 : place + 46] = (10).to_bytes(4, "little")
    with pytest.raises(EndpointError, match="damaged"):
        items_of(bytes(body), ".", "jsonl")


@pytest.mark.parametrize("format_type", ["json", "jsonl", "csv", "xml"])
@pytest.mark.parametrize("files", [1, 3])
def test_a_whole_body_in_memory_has_a_limit(
    format_type: str, files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is packed in it together, since all of it is held."""
    write, data_path, _ = FORMATS[format_type]
    records = [dict.fromkeys(COLUMNS, str(number)) for number in range(9)]
    content = write(records)
    body = gzip.compress(content) if files == 1 else as_zip(*[content] * files)
    whole = f"[{data_path}] | flatten | sort_by(.id)"

    monkeypatch.setattr("formats.bodies._MOST_AT_ONCE", files * len(content))
    assert items_of(body, whole, format_type) == records * files
    monkeypatch.setattr("formats.bodies._MOST_AT_ONCE", files * len(content) - 1)
    with pytest.raises(EndpointError, match=r"too large .* reads it piece by piece"):
        items_of(body, whole, format_type)
    assert items_of(body, data_path, format_type) == records * files


def test_an_item_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reading.item_stream._LONGEST_ITEM", 1000)
    with pytest.raises(EndpointError, match="no item within 1000 bytes"):
        items_of(b'[{"id": "' + b"x" * 3000, cuts=[500, 1000, 1500, 2000, 2500])
