"""Every customer record of NetSuite, which refuses more than a few requests at once.

https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1540391670.html (collections)
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_1500275531.html (concurrency)
"""

import asyncio

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

CUSTOMERS = [str(number) for number in range(1, 241)]
AT_ONCE = 3


class NetSuite:
    """Lists customers, and gives one by one; beyond its limit it answers 429 at once."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.answered = self.refused = self._inside = 0
        self.app.get("/services/rest/record/v1/customer")(self.customers)
        self.app.get("/services/rest/record/v1/customer/{customer}")(self.customer)

    async def customers(self, request: Request, limit: int = 1000, offset: int = 0) -> JSONResponse:
        found = CUSTOMERS[offset : offset + limit]
        return await self._governed(
            {
                "items": [{"id": each, "links": []} for each in found],
                "count": len(found),
                "offset": offset,
                "totalResults": len(CUSTOMERS),
                "hasMore": offset + limit < len(CUSTOMERS),
            }
        )

    async def customer(self, customer: str) -> JSONResponse:
        return await self._governed({"id": customer, "entityId": f"C{customer}", "version": 1})

    async def _governed(self, answer: dict[str, object]) -> JSONResponse:
        if self._inside >= AT_ONCE:
            self.refused += 1
            details = [{"o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED"}]
            return JSONResponse({"title": "Too many requests", "o:errorDetails": details}, 429)
        self._inside += 1
        try:
            await asyncio.sleep(0.01)
        finally:
            self._inside -= 1
        self.answered += 1
        return JSONResponse(answer)


def test_customers(harbour: Harbour) -> None:
    api = NetSuite()
    listed = resource(
        "/services/rest/record/v1/customer/{id}",
        "customer",
        path_parameters={
            "id": {
                "endpoint": "/services/rest/record/v1/customer",
                "data_path": ".items",
                "field": ".id",
            }
        },
    )
    with serve(api.app) as server:
        harbour.install([listed])
        settings = {
            "baseUrl": server.url,
            "paginationType": "offset",
            "pageSize": "100",
            "maxConcurrentRequests": "10",
        }
        outcome = harbour.sail(settings)
    assert outcome.code == 0, outcome.errors()
    assert set(harbour.catalog("customer")) == set(CUSTOMERS)
    assert api.answered == len(CUSTOMERS) + 3
    assert api.refused < len(CUSTOMERS) / 5
    assert outcome.printed.count("maxConcurrentRequests") == 1
