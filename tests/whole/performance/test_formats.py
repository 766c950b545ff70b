"""Large bodies of each format: memory stays flat, and the loop is never held up for long."""

import gzip
import io
import zipfile
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.responses import Response, StreamingResponse

from tools.benchmarks.bench import Bench, Task
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

MEGABYTES = 25
_NOTE = "a note, of some length; " * 8
_RECORDS = 1000
_CSV = "".join(f'{n},name {n},"{_NOTE}"\r\n' for n in range(_RECORDS)).encode()
_XML = "".join(
    f"<item id='{n}'><name>name {n}</name><note>{_NOTE}</note></item>\n" for n in range(_RECORDS)
).encode()
_LINES = "".join(f'{{"id": "{n}", "note": "{_NOTE}"}}\n' for n in range(_RECORDS)).encode()


def parts(name: str) -> list[bytes]:
    """The body in parts: its start, the records again and again, its end."""
    part = {"csv": _CSV, "xml": _XML, "jsonl": _LINES}[name]
    times = MEGABYTES * 1_000_000 // len(part)
    ends = {"csv": (b"id,name,note\r\n", b""), "xml": (b"<list>", b"</list>"), "jsonl": (b"", b"")}
    return [ends[name][0], *[part] * times, ends[name][1]]


def app() -> FastAPI:
    api = FastAPI()

    @api.get("/plain/{name}")
    def plain(name: str) -> StreamingResponse:
        return StreamingResponse(iter(parts(name)), media_type="application/octet-stream")

    @api.get("/gzip/{name}")
    def packed(name: str) -> StreamingResponse:
        def members() -> Iterator[bytes]:
            yield from (gzip.compress(part, 1) for part in parts(name))

        return StreamingResponse(members(), media_type="application/gzip")

    @api.get("/zip/{name}")
    def archive(name: str) -> Response:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as opened:
            opened.writestr("a", b"".join(parts(name)))
        return Response(file.getvalue(), media_type="application/zip")

    return api


@pytest.mark.parametrize(
    "path", ["/plain/csv", "/plain/xml", "/gzip/jsonl", "/gzip/csv", "/zip/csv"]
)
def test_memory_is_flat_and_the_loop_free(path: str) -> None:
    name = path.rpartition("/")[2]
    listing = {
        "kind": path,
        "response_format": name,
        "data_path": ".list.item" if name == "xml" else ".",
    }
    with serve(app()) as server:
        job = {"settings": {"base_url": server.url}, "resources": [listing], "watch": True}
        figures = Bench(quick=True, runs=1).run(Task("ours", job))
    assert figures["items"] == _RECORDS * (len(parts(name)) - 2)
    assert figures["peak"] - figures["idle"] <= 40, figures
    assert figures["longest_block_cpu"] <= 0.05, figures
