"""The request sequences of docs/pagination are what the integration does."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from loguru import logger
from port_ocean.integration_testing import InterceptTransport
from port_ocean.integration_testing.harness import ResyncResult

from tests.project.docs.harness import ROOT, booted
from tests.project.docs.http_sequences import BASE_URL, Sequence, identity, read_page

PAGES = sorted((ROOT / "docs" / "pagination").glob("*.md"))
SEQUENCES = [sequence for page in PAGES for sequence in read_page(page)]
_ENDED = re.compile(r"(\d+) items in \d+ pages, ended by (.+)$")


@dataclass
class Outcome:
    """What a resync came to; `endings` are the reasons that the log gives."""

    result: ResyncResult
    asked: list[tuple[str, str, list[tuple[str, str]]]]
    sent: list[bytes] = field(default_factory=list)
    endings: list[tuple[int, str]] = field(default_factory=list)

    @property
    def identifiers(self) -> list[str]:
        return [entity["identifier"] for entity in self.result.upserted_entities]

    @property
    def errors(self) -> str:
        return "\n".join(map(str, self.result.errors))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_page_has_sequences(page: Path) -> None:
    assert read_page(page)


def test_there_is_a_page_for_each_type() -> None:
    types = {"none", "offset", "page", "cursor", "next_link", "header_link", "custom"}
    assert {page.stem for page in PAGES} == {*types, "README"}
    assert all(s.settings["paginationType"] in types for s in SEQUENCES)


@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda sequence: sequence.name)
async def test_the_integration_does_what_the_page_says(sequence: Sequence) -> None:
    outcome = await _resync(sequence)
    assert outcome.asked == [exchange.asked for exchange in sequence.exchanges]
    for exchange, content in zip(sequence.exchanges, outcome.sent, strict=True):
        assert exchange.sent is None or json.loads(content) == exchange.sent
    if sequence.error:
        assert sequence.error in outcome.errors
        return
    assert not outcome.result.errors
    assert len(set(outcome.identifiers)) == len(outcome.identifiers) == sequence.items
    assert outcome.endings == [(sequence.items, sequence.reason)]


async def _resync(sequence: Sequence) -> Outcome:
    transport = _answering(sequence)
    settings = {"baseUrl": BASE_URL, **sequence.settings}
    async with booted(settings, [_resource(sequence)], transport) as harness:
        with _endings() as endings:
            result = await harness.trigger_resync()
    asked = [identity(call.request.method, call.request.url) for call in transport.calls]
    sent = [call.request.content for call in transport.calls]
    return Outcome(result, asked, sent, endings)


def _answering(sequence: Sequence) -> InterceptTransport:
    """Answers in the order of the page, whatever is asked; what is asked is compared later."""
    answers = iter(sequence.exchanges)

    def answer(request: httpx.Request) -> httpx.Response:
        exchange = next(answers, None)
        if exchange is None:
            return httpx.Response(501, json={"message": "the page shows no further request"})
        return httpx.Response(
            exchange.status, headers=dict(exchange.headers), content=json.dumps(exchange.body)
        )

    return InterceptTransport().add_route(None, "https://", answer)


def _resource(sequence: Sequence) -> dict[str, Any]:
    entity = {"identifier": ".id | tostring", "blueprint": '"item"'}
    return {
        "kind": sequence.exchanges[0].url.path,
        "selector": {"query": "true", **sequence.selector},
        "port": {"entity": {"mappings": entity}},
    }


@contextmanager
def _endings() -> Iterator[list[tuple[int, str]]]:
    """Collects the reasons that the log gives for the end of each endpoint."""
    found: list[tuple[int, str]] = []

    def take(message: str) -> None:
        if match := _ENDED.search(message.strip()):
            found.append((int(match[1]), match[2]))

    sink = logger.add(take, level="DEBUG", format="{message}")
    try:
        yield found
    finally:
        logger.remove(sink)
