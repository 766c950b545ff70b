"""The mapping and the blueprints of an installation, as Port has them."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from port_ocean.clients.port.client import PortClient
from port_ocean.exceptions.clients import BlockedIPError

from cli.mapping_file import MappingSource
from cli.surroundings import PORT_VARIABLES, Surroundings
from errors import ConfigurationError
from framework.context import close_port_client

_NEEDED = (*PORT_VARIABLES, "OCEAN__INTEGRATION__IDENTIFIER")
_VERSION = "0.0.0"


async def read_from_port(around: Surroundings) -> tuple[MappingSource, list[dict[str, Any]]]:
    """Return the mapping of the installation in the environment, and the blueprints it fills.

    Raises:
        ConfigurationError: credentials are missing, Port refuses, or has no such installation.
    """
    if missing := variables_missing():
        verb = "are" if len(missing) > 1 else "is"
        raise ConfigurationError(f"--from-port needs {', '.join(missing)}, which {verb} not set")
    async with _asking(around) as client:
        integration = await client.get_current_integration(should_log=False)
        mapping = integration.get("config") or {}
        blueprints = [await _blueprint(client, name) for name in sorted(_blueprint_names(mapping))]
    source = MappingSource(f"Port ({around.config.integration.identifier})", mapping)
    return source, [blueprint for blueprint in blueprints if blueprint]


def variables_missing() -> list[str]:
    """Return the variables that say which installation in Port is meant, as far as not set."""
    return [name for name in _NEEDED if not os.environ.get(name)]


async def write_to_port(around: Surroundings, mapping: Mapping[str, Any]) -> None:
    """Put a mapping in place of that of the installation in the environment.

    An installation that runs takes it at once, and syncs with it.

    Raises:
        ConfigurationError: Port refuses it, or cannot be reached.
    """
    async with _asking(around) as client:
        name = client.integration_identifier
        # Ocean's own would write the version of this tool as that of the installation.
        response = await client.client.patch(
            f"{client.auth.api_url}/integration/{name}",
            headers=await client.auth.headers(),
            json={"config": mapping},
        )
        response.raise_for_status()


@asynccontextmanager
async def _asking(around: Surroundings) -> AsyncIterator[PortClient]:
    """Give a client of Port; its errors become such as users understand."""
    try:
        yield _client(around)
    except httpx.HTTPStatusError as error:
        raise ConfigurationError(_refusal(error, around)) from None
    except (httpx.HTTPError, BlockedIPError, OSError) as error:
        raise ConfigurationError(
            f"Port at {around.config.port.base_url} cannot be reached: {type(error).__name__}"
        ) from None
    finally:
        await close_port_client()


def _client(around: Surroundings) -> PortClient:
    port, integration = around.config.port, around.config.integration
    return PortClient(
        base_url=str(port.base_url),
        client_id=port.client_id,
        client_secret=port.client_secret,
        integration_identifier=integration.identifier,
        integration_type=integration.type,
        integration_version=_VERSION,
    )


async def _blueprint(client: PortClient, name: str) -> dict[str, Any]:
    try:
        found = await client.get_blueprint(name, should_log=False)
    except httpx.HTTPStatusError:
        return {}
    return dict(found.dict(by_alias=True))


def _blueprint_names(mapping: dict[str, Any]) -> set[str]:
    """Return the blueprints that are named plainly; computed ones only show with the items."""
    names = set()
    for resource in mapping.get("resources", []):
        entity = resource.get("port", {}).get("entity", {}).get("mappings", {})
        text = str(entity.get("blueprint", "")).strip()
        if len(text) > 2 and text[0] in "\"'" and text[-1] == text[0]:
            names.add(text[1:-1])
    return names


def _refusal(error: httpx.HTTPStatusError, around: Surroundings) -> str:
    status = error.response.status_code
    base = around.config.port.base_url
    if status in (401, 403):
        return f"Port at {base} refuses OCEAN__PORT__CLIENT_ID and OCEAN__PORT__CLIENT_SECRET"
    if status == httpx.codes.NOT_FOUND:
        name = around.config.integration.identifier
        return f"Port at {base} has no integration {name}; look at OCEAN__INTEGRATION__IDENTIFIER"
    return f"Port at {base} answers {status}"
