"""What goes with an entity: Port deletes those that require it, if the mapping says so."""

from collections.abc import Iterable

import httpx
from port_ocean.clients.port.client import PortClient


async def required_by(blueprints: Iterable[str], client: PortClient) -> dict[str, str]:
    """Return what entities of some blueprints require, directly or through others, and whose.

    With `deleteDependentEntities`, none of those can be deleted without them. Sample: where a
    `deployment` requires a `service`, and a `service` a `team`, of `["deployment"]` it is
    `{"service": "deployment", "team": "deployment"}`.

    Raises:
        httpx.HTTPError: Port does not say.
    """
    needed: dict[str, str] = {}
    for first in blueprints:
        waiting, looked_at = [first], set[str]()
        while waiting:
            name = waiting.pop()
            looked_at.add(name)
            targets = await _targets(name, client)
            needed = dict.fromkeys(targets, first) | needed
            waiting += targets - looked_at
    return needed


async def _targets(blueprint: str, client: PortClient) -> set[str]:
    try:
        found = await client.get_blueprint(blueprint, should_log=False)
    except httpx.HTTPStatusError as error:
        if error.response.status_code == httpx.codes.NOT_FOUND:
            return set()
        raise
    return {relation.target for relation in found.relations.values() if relation.required}
