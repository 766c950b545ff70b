"""The mapping in Port: compared with the draft, taken from there, and put there."""

from collections.abc import Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from cli.from_port import read_from_port, variables_missing, write_to_port
from cli.mapping_file import to_plain
from cli.studio.draft import Draft
from cli.studio.keeping import difference, state_of
from cli.surroundings import Surroundings
from errors import ConfigurationError


class AtPort:
    """The installation in Port that the environment names."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    @property
    def name(self) -> str:
        """Its identifier; empty where the environment does not say all that it takes."""
        missing = variables_missing()
        return "" if missing else str(self._around.config.integration.identifier)

    async def compare(self, draft: Draft) -> dict[str, Any]:
        """Return what putting the draft there would change.

        `state` stands for the mapping that is there now, and has to be given to put another.

        Raises:
            ConfigurationError: the environment names no installation, or Port refuses.
        """
        source, _ = await read_from_port(self._around)
        there = _text(to_plain(source.data))
        lines = difference(there, _text(draft.mapping))
        return {"name": self.name, "lines": lines, "state": state_of({"mapping": there})}

    async def take(self, draft: Draft) -> None:
        """Take the mapping and its blueprints from there into the draft; errors as above."""
        source, blueprints = await read_from_port(self._around)
        draft.replace(to_plain(source.data), blueprints)

    async def put(self, draft: Draft, state: str) -> None:
        """Put the draft there, if what is there is what was compared with.

        Raises:
            ConfigurationError: it is not, or Port refuses.
        """
        if not draft.mapping["resources"]:
            raise ConfigurationError("the mapping has no resource, so that a sync would delete all")
        if (await self.compare(draft))["state"] != state:
            raise ConfigurationError("the mapping in Port was changed meanwhile; compare it again")
        await write_to_port(self._around, draft.mapping)


def _text(mapping: Mapping[str, Any]) -> str:
    yaml, stream = YAML(), StringIO()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(mapping, stream)
    return stream.getvalue()
