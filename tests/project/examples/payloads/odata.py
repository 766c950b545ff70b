"""OData: `value`, and `@odata.nextLink` on every page but the last."""

from typing import Any
from urllib.parse import quote

import httpx

from tests.project.examples.model_server import ModelServer, number

SERVICE = "https://services.odata.org/V4/Northwind/Northwind.svc"
LARGEST_PAGE = 20


def _customer(n: int) -> dict[str, Any]:
    return {
        "CustomerID": f"CUST{n}",
        "CompanyName": f"Trader {n}",
        "ContactName": f"Contact {n}",
        "City": "Kiel",
        "Country": "Germany" if n % 2 else None,
    }


CUSTOMERS = [_customer(n) for n in range(45)]
EMPLOYEES = [
    {
        "EmployeeID": n,
        "FirstName": "Eve",
        "LastName": f"Number{n}",
        "Title": "Seller",
        "HireDate": "2020-08-14T00:00:00Z",
        "ReportsTo": 1 if n > 1 else None,
    }
    for n in range(1, 10)
]


def _order(n: int, customer: str) -> dict[str, Any]:
    return {
        "OrderID": n,
        "CustomerID": customer,
        "EmployeeID": 1 + n % 9,
        "OrderDate": "2026-01-10T00:00:00Z",
        "ShippedDate": None,
        "Freight": 12.75,
        "ShipCountry": "Germany",
    }


ORDERS = {
    "CUST0": [_order(n, "CUST0") for n in range(10_000, 10_050)],
    "CUST44": [_order(10_500, "CUST44")],
}

ENTITIES = {
    "northwindCustomer": {found["CustomerID"] for found in CUSTOMERS},
    "northwindEmployee": {str(n) for n in range(1, 10)},
    "northwindOrder": {*map(str, range(10_000, 10_050)), "10500"},
}
SAMPLES = [
    {
        "blueprint": "northwindCustomer",
        "identifier": "CUST43",
        "title": "Trader 43",
        "properties": {"contact": "Contact 43", "city": "Kiel", "country": "Germany"},
        "relations": {},
    },
    {
        "blueprint": "northwindEmployee",
        "identifier": "9",
        "title": "Eve Number9",
        "properties": {"jobTitle": "Seller", "hiredAt": "2020-08-14T00:00:00Z"},
        "relations": {"manager": "1"},
    },
    {
        "blueprint": "northwindOrder",
        "identifier": "10500",
        "title": "Order 10500",
        "properties": {
            "orderedAt": "2026-01-10T00:00:00Z",
            "shippedAt": None,
            "freight": 12.75,
            "shipCountry": "Germany",
        },
        "relations": {"customer": "CUST44", "employee": "7"},
    },
]


def _page(
    request: httpx.Request, path: str, items: list[dict[str, Any]], *, relative: bool = False
) -> httpx.Response:
    start = number(request, "$skiptoken", 0)
    end = start + LARGEST_PAGE
    body: dict[str, Any] = {
        "@odata.context": f"{SERVICE}/$metadata#{path}",
        "value": items[start:end],
    }
    if end < len(items):
        # Both forms occur: a link may be relative to the address of its page.
        root = "" if relative else f"{SERVICE}/"
        body["@odata.nextLink"] = f"{root}{quote(path, safe="/()'")}?$skiptoken={end}"
    return httpx.Response(200, json=body)


def serve() -> ModelServer:
    server = ModelServer(SERVICE)

    @server.route("/Customers")
    def customers(request: httpx.Request) -> httpx.Response:
        return _page(request, "Customers", CUSTOMERS, relative=True)

    @server.route("/Employees")
    def employees(request: httpx.Request) -> httpx.Response:
        chosen = request.url.params["$select"].split(",")
        found = [{name: employee[name] for name in chosen} for employee in EMPLOYEES]
        return _page(request, "Employees", found)

    @server.route("/Customers('{customer}')/Orders")
    def orders(request: httpx.Request, customer: str) -> httpx.Response:
        return _page(request, f"Customers('{customer}')/Orders", ORDERS.get(customer, []))

    return server
