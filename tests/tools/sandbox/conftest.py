"""A stand-in for Port inside the test's own event loop, with a client that speaks as Ocean does."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tools.sandbox.port.app import create_app
from tools.sandbox.port.state import PortState

INTEGRATION = "my-integration"
USER_AGENT = f"port-ocean/custom/0.1.0/{INTEGRATION}/exporter"


@pytest.fixture
def port_state() -> PortState:
    return PortState()


@pytest.fixture
async def port_anonymous(port_state: PortState) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token, such as a browser."""
    transport = httpx.ASGITransport(app=create_app(port_state))
    async with httpx.AsyncClient(transport=transport, base_url="http://port.test") as client:
        yield client


@pytest.fixture
async def port_api(port_anonymous: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client that has signed in, with the user agent of an integration."""
    credentials = {"clientId": "id", "clientSecret": "secret"}
    response = await port_anonymous.post("/v1/auth/access_token", json=credentials)
    port_anonymous.headers["Authorization"] = f"Bearer {response.json()['accessToken']}"
    port_anonymous.headers["User-Agent"] = USER_AGENT
    return port_anonymous


@pytest.fixture
async def port_catalog(port_api: httpx.AsyncClient) -> httpx.AsyncClient:
    """`port_api` with an integration and three related blueprints: team ← service ← incident."""
    await port_api.post("/v1/integration", json={"installationId": INTEGRATION, "config": {}})
    for blueprint in _blueprints():
        response = await port_api.post("/v1/blueprints", json=blueprint)
        assert response.status_code == 201, response.text
    return port_api


def _blueprints() -> list[dict[str, Any]]:
    return [
        {"identifier": "team", "title": "Team", "schema": {"properties": {}}, "relations": {}},
        {
            "identifier": "service",
            "title": "Service",
            "icon": "Service",
            "schema": {
                "properties": {
                    "language": {
                        "type": "string",
                        "title": "Language",
                        "enum": ["Go", "Rust"],
                        "enumColors": {"Go": "turquoise"},
                    },
                    "stars": {"type": "number", "title": "Stars"},
                    "public": {"type": "boolean", "title": "Public"},
                    "repository": {"type": "string", "format": "url", "title": "Repository"},
                    "created": {"type": "string", "format": "date-time", "title": "Created"},
                    "tags": {"type": "array", "title": "Tags", "items": {"type": "string"}},
                    "settings": {"type": "object", "title": "Settings"},
                },
            },
            "mirrorProperties": {"teamName": {"title": "Team name", "path": "owner.$title"}},
            "calculationProperties": {
                "popular": {
                    "title": "Popular",
                    "type": "boolean",
                    "calculation": ".properties.stars > 100",
                }
            },
            "relations": {"owner": {"title": "Owner", "target": "team"}},
        },
        {
            "identifier": "incident",
            "title": "Incident",
            "schema": {"properties": {}},
            "relations": {
                "service": {"title": "Service", "target": "service", "required": True},
                "responders": {"target": "team", "many": True},
            },
        },
    ]
