"""Ocean's context without a running Ocean: just what reading and mapping look at."""

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from loguru import logger
from port_ocean.config.settings import IntegrationConfiguration
from pydantic import ValidationError

from cli.inputs import ROOT
from errors import ConfigurationError
from framework.catalog import CountingEntityProcessor
from framework.context import ocean_context
from framework.process import hide_settings_in_errors
from probe.recording import Notes

_NOT_GIVEN = "not-given"
_IDENTIFIER = "OCEAN__INTEGRATION__IDENTIFIER"
PORT_VARIABLES = ("OCEAN__PORT__CLIENT_ID", "OCEAN__PORT__CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Ocean's configuration, its entity processor as this integration sets it up, and notes."""

    config: IntegrationConfiguration
    processor: CountingEntityProcessor
    notes: Notes


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Set up Ocean's context for the time of a command; logs are collected instead of printed.

    Raises:
        ConfigurationError: an OCEAN__ variable of the environment has a value that Ocean refuses.
    """
    hide_settings_in_errors()
    config = _configuration()
    handlers = SimpleNamespace(entity_processor=None)
    notes = Notes()
    logger.remove()
    sink = logger.add(
        lambda line: notes.lines.append(line.rstrip("\n")),
        level="WARNING",
        format="{message}",
        diagnose=False,
        backtrace=False,
    )
    try:
        with ocean_context(SimpleNamespace(config=config, integration=handlers)) as context:
            handlers.entity_processor = processor = CountingEntityProcessor(context)
            yield Surroundings(config, processor, notes)
    finally:
        logger.remove(sink)


def _configuration() -> IntegrationConfiguration:
    """Return Ocean's own settings from the environment, so that its TLS settings hold here."""
    missing = {
        name.rpartition("__")[2].lower(): _NOT_GIVEN
        for name in PORT_VARIABLES
        if not os.environ.get(name)
    }
    identity = {"type": "custom", "identifier": os.environ.get(_IDENTIFIER) or _NOT_GIVEN}
    given: dict[str, Any] = {"integration": identity, "processing_mode": "ocean-core"}
    if missing:
        given["port"] = missing
    try:
        # Ocean takes the type of the integration from the directory that it runs in.
        with chdir(ROOT):
            return IntegrationConfiguration(**given)
    except ValidationError as error:
        wrong = "; ".join(
            f"OCEAN__{'__'.join(str(part).upper() for part in detail['loc'])}: {detail['msg']}"
            for detail in error.errors(include_url=False, include_input=False)
        )
        raise ConfigurationError(f"Ocean refuses its own settings: {wrong}") from None
