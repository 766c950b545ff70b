"""Port's connection test: the verdicts of `check`, on a running installation."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing

from loguru import logger
from port_ocean.core.probe import ProbeCheck, ProbeCheckStatus, ProbeContext

from errors import SettingsError
from mapping.resources import CustomPortAppConfig
from probe.connection import Step, reach
from probe.recording import Notes, RecordingClient
from probe.resource_reading import impatient
from probe.verdicts import judge_resources
from settings.connection import ConnectionSettings

type LoadMapping = Callable[[], Awaitable[CustomPortAppConfig]]


async def probe(
    context: ProbeContext, settings_of: Callable[[], ConnectionSettings], load_mapping: LoadMapping
) -> ProbeContext:
    """Fill a probe with one check for each resource of the mapping.

    Inputs: `settings_of` gives the settings or raises SettingsError; `load_mapping` may fail,
    because a connection is often tested before there is a mapping.
    """
    try:
        settings = impatient(settings_of())
    except SettingsError as error:
        await context.fail(str(error))
        return context
    client = RecordingClient(settings)
    try:
        failed = await _first_failure(settings, client)
        if failed:
            await context.fail(f"{failed.name}: {failed.detail} {failed.advice}".strip())
        else:
            await _check_resources(context, settings, client, load_mapping)
    finally:
        await client.aclose()
    return context


async def _first_failure(settings: ConnectionSettings, client: RecordingClient) -> Step | None:
    async with aclosing(reach(settings, client)) as steps:
        async for step in steps:
            if not step.ok and not step.is_of_root:
                return step
    return None


async def _check_resources(
    context: ProbeContext,
    settings: ConnectionSettings,
    client: RecordingClient,
    load_mapping: LoadMapping,
) -> None:
    try:
        mapping = await load_mapping()
    except Exception as error:  # noqa: BLE001 (Port may have no such installation yet)
        logger.warning(f"The mapping could not be loaded: {type(error).__name__}")
        context.message = "the API can be reached; there is no mapping yet to test"
        return
    checks = [ProbeCheck(kind=resource.kind) for resource in mapping.resources]
    context.checks += checks
    await context.update_progress()
    verdicts = await judge_resources(mapping.resources, client, settings, Notes())
    for check, verdict in zip(checks, verdicts, strict=True):
        check.status = ProbeCheckStatus.SUCCESS if verdict.ok else ProbeCheckStatus.FAILURE
        check.message = verdict.message
    await context.update_progress()
