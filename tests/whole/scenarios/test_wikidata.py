"""A query that is sent as text, as SPARQL endpoints such as Wikidata's take it.

https://www.w3.org/TR/sparql11-protocol/#query-via-post-direct
https://www.mediawiki.org/wiki/Wikidata_Query_Service/User_Manual
"""

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

QUERY = 'SELECT ?item WHERE { ?item wdt:P31 wd:Q9143 . FILTER(LANG(?l) = "en") }'
LANGUAGES = [f"Q{number}" for number in range(8)]


def test_programming_languages(harbour: Harbour) -> None:
    app = FastAPI()
    asked: list[tuple[str, str]] = []

    @app.post("/sparql")
    async def sparql(request: Request) -> JSONResponse:
        asked.append((request.headers["content-type"], (await request.body()).decode()))
        bindings = [{"item": {"type": "uri", "value": name}} for name in LANGUAGES]
        found = {"head": {"vars": ["item"]}, "results": {"bindings": bindings}}
        return JSONResponse(found, media_type="application/sparql-results+json")

    languages = resource(
        "languages",
        "language",
        endpoint="/sparql",
        method="POST",
        headers={
            "Content-Type": "application/sparql-query",
            "Accept": "application/sparql-results+json",
        },
        body_format="text",
        body=QUERY,
        data_path=".results.bindings",
        emit="{id: .item.value}",
    )
    with serve(app) as server:
        harbour.install([languages])
        outcome = harbour.sail({"baseUrl": server.url})
    assert outcome.code == 0, outcome.errors()
    assert set(harbour.catalog("language")) == set(LANGUAGES)
    assert asked == [("application/sparql-query", QUERY)]
