"""Ocean's context and its HTTP client for Port where Ocean itself does not run."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import port_ocean.context.ocean as ocean_module
from port_ocean.clients.port.utils import _http_client
from port_ocean.context.ocean import PortOceanContext


@contextmanager
def ocean_context(app: Any) -> Iterator[PortOceanContext]:
    """Let Ocean's `ocean` stand for this application, such as `SimpleNamespace(config=…)`."""
    before = ocean_module._port_ocean
    # The public initialiser refuses a second context, and leaves no way back.
    ocean_module._port_ocean = context = PortOceanContext(app)
    try:
        yield context
    finally:
        ocean_module._port_ocean = before


async def close_port_client() -> None:
    """Close the connections over which Port was asked; Ocean keeps them until its process ends."""
    if (client := _http_client.pop()) is not None:
        await client.aclose()
