"""The hooks that Ocean calls; what they do is in the integration class."""

from contextlib import aclosing
from typing import cast

from port_ocean.context.ocean import ocean
from port_ocean.core.ocean_types import ASYNC_GENERATOR_RESYNC_TYPE
from port_ocean.core.probe import ProbeContext

from framework.process import end_in_good_order
from integration import CustomIntegration

# Ocean swallows an error in integration.py, and would run on with a class that knows no selectors.
if type(ocean.integration).__name__ != CustomIntegration.__name__:
    raise TypeError("integration.py could not be loaded; import it to see why")

integration = cast("CustomIntegration", ocean.integration)
end_in_good_order(lambda: integration.exit_code)
integration.accept_live_events()


@ocean.on_probe()
async def on_probe(context: ProbeContext) -> ProbeContext:
    return await integration.probe(context)


@ocean.on_resync()
async def on_resync(kind: str) -> ASYNC_GENERATOR_RESYNC_TYPE:
    async with aclosing(integration.read_resource(kind)) as batches:
        async for batch in batches:
            yield batch
