"""HubSpot: `results`, and `paging.next.after` as long as there is more."""

from typing import Any

import httpx

from tests.project.examples.model_server import ModelServer, number

CREATED = {"createdAt": "2026-02-03T04:05:06.789Z", "updatedAt": "2026-02-04T04:05:06.789Z"}


def _company(n: int) -> dict[str, Any]:
    return {
        "id": str(8_000_000_000 + n),
        "properties": {
            "name": None if n == 1 else f"Company {n}",
            "domain": f"company{n}.example.com",
            "industry": "COMPUTER_SOFTWARE",
            "country": None,
        },
        **CREATED,
        "archived": False,
    }


COMPANIES = [_company(n) for n in range(201)]


def _stage(ident: str, order: int, probability: str, closed: str = "false") -> dict[str, Any]:
    return {
        "id": ident,
        "label": ident.title(),
        "displayOrder": order,
        "metadata": {"isClosed": closed, "probability": probability},
        **CREATED,
        "archived": False,
    }


STAGES = {
    "default": [_stage("offer", 0, "0.4"), _stage("won", 1, "1.0", "true")],
    "renewal": [_stage("due", 0, "0.9")],
}
PIPELINES = [
    {"id": name, "label": name.title(), "displayOrder": n, "stages": stages, **CREATED}
    for n, (name, stages) in enumerate(STAGES.items())
]


def _deal(n: int) -> dict[str, Any]:
    company = COMPANIES[n]["id"]
    found = [{"id": company, "type": kind} for kind in ("deal_to_company", "primary_company")]
    return {
        "id": str(6_000 + n),
        "properties": {
            "dealname": f"Deal {n}",
            "amount": ["1250.50", "", None][n % 3],
            "dealstage": "due" if n % 2 else "offer",
            "pipeline": "renewal" if n % 2 else "default",
            "closedate": "2026-09-30T00:00:00Z",
        },
        **CREATED,
        "archived": False,
        # An object without associations lacks the key.
        **({} if n == 5 else {"associations": {"companies": {"results": found}}}),
    }


DEALS = [_deal(n) for n in range(150)]

ENTITIES = {
    "hubspotCompany": {company["id"] for company in COMPANIES},
    "hubspotPipeline": set(STAGES),
    "hubspotStage": {"default/offer", "default/won", "renewal/due"},
    "hubspotDeal": {deal["id"] for deal in DEALS},
}
SAMPLES = [
    {
        "blueprint": "hubspotCompany",
        "identifier": "8000000001",
        "title": "company1.example.com",
        "properties": {
            "domain": "company1.example.com",
            "industry": "COMPUTER_SOFTWARE",
            "country": None,
            "createdAt": "2026-02-03T04:05:06.789Z",
        },
        "relations": {},
    },
    {
        "blueprint": "hubspotPipeline",
        "identifier": "renewal",
        "title": "Renewal",
        "properties": {"displayOrder": 1},
        "relations": {},
    },
    {
        "blueprint": "hubspotStage",
        "identifier": "default/won",
        "title": "Won",
        "properties": {"displayOrder": 1, "probability": 1, "isClosed": True},
        "relations": {"pipeline": "default"},
    },
    {
        "blueprint": "hubspotDeal",
        "identifier": "6141",
        "title": "Deal 141",
        "properties": {"amount": 1250.5, "closeDate": "2026-09-30T00:00:00Z"},
        "relations": {"stage": "renewal/due", "companies": ["8000000141"]},
    },
    {
        "blueprint": "hubspotDeal",
        "identifier": "6005",
        "title": "Deal 5",
        "properties": {"amount": None, "closeDate": "2026-09-30T00:00:00Z"},
        "relations": {"stage": "renewal/due", "companies": []},
    },
]


def _page(request: httpx.Request, items: list[dict[str, Any]]) -> httpx.Response:
    start = number(request, "after", 0)
    end = start + number(request, "limit", 10)
    body: dict[str, Any] = {"results": items[start:end]}
    if end < len(items):
        link = str(request.url.copy_set_param("after", end))
        body["paging"] = {"next": {"after": str(end), "link": link}}
    return httpx.Response(200, json=body)


def serve() -> ModelServer:
    server = ModelServer(
        "https://api.hubapi.com", {"Authorization": "Bearer replace-with-your-token"}
    )

    @server.route("/crm/v3/objects/companies")
    def companies(request: httpx.Request) -> httpx.Response:
        assert request.url.params["properties"] == "name,domain,industry,country"
        return _page(request, COMPANIES)

    @server.route("/crm/v3/objects/deals")
    def deals(request: httpx.Request) -> httpx.Response:
        assert request.url.params["associations"] == "companies"
        return _page(request, DEALS)

    @server.route("/crm/v3/pipelines/deals")
    def pipelines(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"results": PIPELINES})

    @server.route("/crm/v3/pipelines/deals/{pipeline}/stages")
    def stages(request: httpx.Request, pipeline: str) -> httpx.Response:
        return httpx.Response(200, json={"results": STAGES[pipeline]})

    return server
