"""Keyset pagination, a key as user name without password, and form bodies, as Stripe has them.

https://docs.stripe.com/api/pagination
https://docs.stripe.com/api/customers/search
"""

import base64

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from tests.whole.process.sailing import Harbour, resource
from tools.sandbox.server import serve

pytestmark = pytest.mark.process

KEY = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"
CUSTOMERS = [f"cus_{number:03}" for number in range(57)]


class Stripe:
    """Lists customers after an id; answers once with a failure of its own."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.asked: list[str] = []
        self.app.get("/v1/customers")(self.customers)

    def customers(
        self, request: Request, limit: int = 10, starting_after: str = ""
    ) -> JSONResponse:
        self.asked.append(starting_after)
        given = request.headers.get("authorization", "")
        if given != "Basic " + base64.b64encode(f"{KEY}:".encode()).decode():
            return JSONResponse({"error": {"message": f"Invalid API Key: {given}"}}, 401)
        if len(self.asked) == 3:
            return JSONResponse({"error": {"type": "api_error"}}, 503)
        left = [each for each in CUSTOMERS if each > starting_after]
        data = [{"id": each, "email": f"{each}@example.com"} for each in left[:limit]]
        return JSONResponse({"object": "list", "data": data, "has_more": len(left) > limit})


def test_customers(harbour: Harbour) -> None:
    api = Stripe()
    listed = resource(
        "/v1/customers",
        "customer",
        data_path=".data",
        pagination={
            "type": "cursor",
            "page_size": 20,
            "param": "starting_after",
            "cursor_item": ".id",
            "has_more_path": "has_more",
        },
    )
    with serve(api.app) as server:
        harbour.install([listed])
        # The connection's own pagination is for other endpoints.
        settings = {"baseUrl": server.url, "paginationType": "page", "authType": "basic"}
        outcome = harbour.sail(settings | {"username": KEY})
    assert outcome.code == 0, outcome.errors()
    assert set(harbour.catalog("customer")) == set(CUSTOMERS)
    assert api.asked == ["", "cus_019", "cus_039", "cus_039"]
    assert KEY not in outcome.log
