"""A bulk operation by GraphQL whose result is a file at another host, as Shopify has it.

https://shopify.dev/docs/api/usage/bulk-operations/queries
"""

import json
from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

TOKEN = "shpat_hush-hush-token"
PRODUCTS = [f"gid://shopify/Product/{number}" for number in range(40)]
START = 'mutation { bulkOperationRunQuery(query: "{ products { edges { node { id } } } }") { x } }'
LOOK = "query ($id: ID!) { node(id: $id) { ... on BulkOperation { status errorCode url } } }"


class Storage:
    """Keeps the file; whoever sends it credentials has leaked them."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.seen: list[str] = []
        self.app.get("/bulk/{name}")(self.file)

    def file(self, request: Request, name: str, signature: str) -> Response:
        self.seen.append(str(request.headers))
        lines = "".join(json.dumps({"id": product}) + "\n" for product in PRODUCTS)
        # Signed links are for one name only.
        assert signature == f"hush-{name}"
        return Response(lines, media_type="application/jsonl")


class Shopify:
    """One bulk operation at a time, which is done at the third look."""

    def __init__(self, storage_url: str) -> None:
        self.app = FastAPI()
        self._storage_url = storage_url
        self._looks = 0
        self.app.post("/admin/api/graphql.json")(self.graphql)

    def graphql(
        self,
        request: Request,
        query: Annotated[str, Body()],
        variables: Annotated[dict[str, Any], Body()],
    ) -> JSONResponse:
        if request.headers.get("x-shopify-access-token") != TOKEN:
            return JSONResponse({"errors": "[API] Invalid API key or access token"}, 401)
        if query == START:
            self._looks = 0
            started = {"bulkOperation": {"id": "gid://shopify/BulkOperation/7"}}
            return JSONResponse({"data": {"bulkOperationRunQuery": started}})
        assert (query, variables) == (LOOK, {"id": "gid://shopify/BulkOperation/7"})
        self._looks += 1
        node: dict[str, Any] = {"status": "RUNNING", "errorCode": None, "url": None}
        if self._looks == 3:
            url = f"{self._storage_url}/bulk/7.jsonl?signature=hush-7.jsonl"
            node = {"status": "COMPLETED", "errorCode": None, "url": url}
        return JSONResponse({"data": {"node": node}})


def products() -> dict[str, Any]:
    graphql = {"endpoint": "/admin/api/graphql.json", "method": "POST", "body_format": "graphql"}
    return resource(
        "products",
        "product",
        endpoint="{file}",
        response_format="jsonl",
        export={
            "submit": {
                **graphql,
                "body": START,
                "fields": {"operation": ".data.bulkOperationRunQuery.bulkOperation.id"},
            },
            "poll": {
                **graphql,
                "body": {"query": LOOK, "variables": {"id": "{operation}"}},
                "done": '.data.node.status == "COMPLETED"',
                "failed": '.data.node.status == "FAILED"',
                "interval": 0.05,
                "fields": {"file": ".data.node.url"},
            },
        },
    )


def test_products(harbour: Harbour) -> None:
    storage = Storage()
    with serve(storage.app) as files, serve(Shopify(files.url).app) as shop:
        settings = {
            "baseUrl": shop.url,
            "authType": "api_key",
            "apiKeyHeader": "X-Shopify-Access-Token",
            "apiKey": TOKEN,
        }
        harbour.install([products()])
        refused = harbour.sail(settings)
        host = files.url.removeprefix("http://")
        allowed = harbour.sail(settings | {"allowedHosts": json.dumps([host])})
    assert refused.code == 1
    assert any("add it to allowedHosts" in line for line in refused.errors())
    assert allowed.code == 0, allowed.errors()
    assert set(harbour.catalog("product")) == set(PRODUCTS)
    assert len(storage.seen) == 1
    assert TOKEN not in storage.seen[0]
    # The link is as good as a credential.
    for secret in (TOKEN, "hush-7.jsonl"):
        assert secret not in refused.log + allowed.log
