"""Boots the integration as a page configures it, with a scripted API in place of the network."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from humps import decamelize
from port_ocean.integration_testing import IntegrationTestHarness, InterceptTransport

ROOT = Path(__file__).resolve().parents[3]


@asynccontextmanager
async def booted(
    settings: Mapping[str, Any],
    resources: Sequence[Mapping[str, Any]],
    transport: InterceptTransport,
) -> AsyncIterator[IntegrationTestHarness]:
    """The running integration, with settings named as in the spec.

    The working directory must be the project's root.
    """
    harness = IntegrationTestHarness(
        integration_path=str(ROOT),
        port_mapping_config={
            "deleteDependentEntities": True,
            "createMissingRelatedEntities": True,
            "enableMergeEntity": True,
            "resources": list(resources),
        },
        third_party_transport=transport,
        config_overrides={
            "caching_storage_mode": "memory",
            "integration": {
                "identifier": "pages",
                "type": "custom",
                "config": {decamelize(name): value for name, value in settings.items()},
            },
        },
    )
    await harness.start()
    try:
        yield harness
    finally:
        await harness.shutdown()
