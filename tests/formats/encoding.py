"""The same records in each format, and how a body is cut and read in tests."""

import asyncio
import csv
import gzip
import io
import itertools
import json
import zipfile
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

import httpx

from api_messages import ApiRequest, ApiResponse
from expressions.evaluator import Evaluator
from expressions.jq_expressions import DataPath
from formats.registry import parse_format
from mapping.plan.endpoint import Endpoint
from pagination.page import Page
from reading.data_path_fit import DataPathFit
from reading.page_parser import LargePage, PageParser
from redaction import Redactor
from transport.spool import Spool

type Record = dict[str, str]
COLUMNS = ("id", "name", "note")


def as_csv(records: Sequence[Record], **options: Any) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS, **options)
    writer.writeheader()
    writer.writerows(records)
    return file.getvalue().encode()


def as_jsonl(records: Sequence[Record]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def as_json(records: Sequence[Record]) -> bytes:
    return json.dumps({"list": {"item": records}, "next": None}).encode()


def as_xml(records: Sequence[Record]) -> bytes:
    def element(name: str, content: str) -> str:
        return f"<{name}>{content}</{name}>"

    items = [
        element("item", "".join(element(key, escape(text)) for key, text in record.items()))
        for record in records
    ]
    return f'<?xml version="1.0"?>\n<list total="{len(records)}">{"".join(items)}</list>'.encode()


def as_zip(*contents: bytes, suffix: str = "txt") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("nested/", b"")
        for number, content in enumerate(contents):
            archive.writestr(f"nested/part-{number}.{suffix}", content)
    return file.getvalue()


FORMATS = {
    "csv": (as_csv, ".", "text/csv"),
    "jsonl": (as_jsonl, ".", "application/x-ndjson"),
    "json": (as_json, ".list.item", "application/json"),
    "xml": (as_xml, ".list.item", "application/xml"),
}
PACKINGS = {
    "plain": lambda content: content,
    "gzip": gzip.compress,
    "zip": as_zip,
}


class _Cut(Spool):
    """A large body that arrives in these chunks."""

    def __init__(self, chunks: Sequence[bytes]) -> None:
        super().__init__()
        self._cut = chunks

    async def chunks(self) -> Any:
        for chunk in self._cut:
            yield chunk


async def large(content: bytes, cuts: Sequence[int]) -> Spool:
    places = [0, *sorted(place for place in cuts if place < len(content)), len(content)]
    chunks = [content[a:b] for a, b in itertools.pairwise(places) if b > a]
    spool = _Cut(chunks)

    async def write() -> None:
        await spool.append(content)

    spool.fill(write())
    await spool.completed()
    return spool


async def response(
    content: bytes, media_type: str = "", *, cuts: Sequence[int] | None = None, path: str = "/x"
) -> ApiResponse:
    """An answer; with `cuts`, a large one that arrives in chunks that end there."""
    headers = httpx.Headers({"content-type": media_type} if media_type else {})
    url = httpx.URL(f"https://h.test{path}")
    body = None if cuts is None else await large(content, cuts)
    return ApiResponse(url, 200, headers, content[:65_536] if body else content, body)


async def page(
    answer: ApiResponse,
    data_path: str = ".",
    wanted: object = None,
    *,
    fit: DataPathFit | None = None,
) -> tuple[list[Any], Page]:
    """The items of an answer, and the page as pagination sees it."""
    evaluator = Evaluator()
    chosen = None if wanted is None else parse_format(wanted)
    endpoint = Endpoint("/x", data_path=DataPath(data_path), response_format=chosen)
    fit = DataPathFit(endpoint.data_path) if fit is None else fit
    parser = PageParser(endpoint, fit, Redactor([]), evaluator)
    request = ApiRequest("GET", answer.url)
    try:
        loaded = await parser.parse(request, answer)
        if isinstance(loaded, LargePage):
            await loaded.starts_like(None)
            items = [item async for portion in loaded.portions() for item in portion.items]
            loaded = await loaded.page()
        else:
            items = loaded.items
        parser.judge(loaded, answer)
        return items, loaded
    finally:
        evaluator.close()


def items_of(*args: Any, media_type: str = "", **options: Any) -> list[Any]:
    """The items of a body: `items_of(content, data_path, wanted)`."""
    content, *rest = args
    cuts = options.pop("cuts", None)
    path = options.pop("path", "/x")

    async def run() -> list[Any]:
        answer = await response(content, media_type, cuts=cuts, path=path)
        return (await page(answer, *rest, **options))[0]

    return asyncio.run(run())
