"""The start of the process: what it cannot start with is told in words, all of it in one message.

Ocean reads its own settings, and asks Port, before this integration is asked for anything; what
goes wrong there it shows as a traceback.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
from dotenv import dotenv_values
from loguru import logger
from port_ocean.clients.port.client import PortClient
from port_ocean.config.base import BaseOceanSettings
from port_ocean.config.settings import IntegrationConfiguration
from port_ocean.context.ocean import ocean
from port_ocean.core.models import EventListenerType, Runtime
from port_ocean.helpers.ssl import resolve_verify_param
from pydantic import BaseModel, ValidationError, create_model
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError as UnreadableError

from errors import SettingsError
from framework.process import FAILURE, end_without_ocean
from mapping.fields.pagination import check_expressions
from settings.connection import ConnectionSettings
from settings.names import PREFIX, given_to_ocean
from settings.wording import choice, quotes

_LISTENER = "OCEAN__EVENT_LISTENER"
_PORT = "OCEAN__PORT__BASE_URL"
_CLIENT_ID, _CLIENT_SECRET = "OCEAN__PORT__CLIENT_ID", "OCEAN__PORT__CLIENT_SECRET"
_REGIONS = "https://api.port.io, or https://api.us.port.io for organizations in the US region"
# How long Port may take to answer until it is told that it does not.
_PATIENCE = 3.0
# What Ocean's types of settings are called where its own words do not say how to write a value.
_WORDS = {
    "list_type": 'must be a JSON list, such as `["a.example.com", "b.example.com"]`',
    "dict_type": 'must be a JSON object, such as `{"name": "value"}`',
    "string_type": "must be a text; write it in quotes",
    "missing": "is required",
}

type RuntimeCheck = Callable[..., Any]


def explain_wrong_settings() -> None:
    """Have everything that keeps Ocean from starting told in words; once, at import."""
    # By name, because the package has a function of the same name as its module.
    application, start = map(import_module, ("port_ocean.ocean", "port_ocean.run"))
    if vars(application)["IntegrationConfiguration"] is not _configured:
        vars(application)["IntegrationConfiguration"] = _configured
        asked = vars(start)["validate_integration_runtime"]
        vars(start)["validate_integration_runtime"] = _introduced(asked)


def _configured(*args: Any, **kwargs: Any) -> IntegrationConfiguration:
    """Return Ocean's settings, or end the process with one message that names all wrong ones."""
    try:
        return IntegrationConfiguration(*args, **kwargs)
    except UnreadableError as error:
        problems = [_unreadable(str(error))]
    except ValidationError as error:
        # Those of the integration itself are looked for below, also where Ocean did not get so far.
        details = error.errors(include_url=False)
        problems = [*dict.fromkeys(_ocean_problems(details))]
    hosted = _may_be_hosted()
    own = _problems_of(lambda: ConnectionSettings.parse(_as_written(), is_hosted=hosted))
    told = {line.partition(":")[0] for line in own}
    untold = _setting_problems(kwargs.get("integration_config_model"), told)
    raise _end([*problems, *untold, *own])


def _introduced(asked: RuntimeCheck) -> RuntimeCheck:
    """Return Ocean's first question to Port, before which is told why it will get no answer."""

    async def ask(port_client: PortClient, runtime: Any) -> None:
        refused, silent = await _trouble(port_client)
        own = _problems_of(read_settings) if refused or silent else []
        if refused or own:
            raise _end([*filter(None, [*refused, silent]), *own])
        if silent:
            logger.error(f"{silent}; it is tried again")
        try:
            await asked(port_client, runtime)
        except httpx.HTTPError as error:
            raise _end([silent or f"{_PORT}: Port cannot be used: {_reason(error)}"]) from None

    return ask


async def _trouble(port_client: PortClient) -> tuple[list[str], str]:
    """Return what Port refuses, or why it does not answer; both empty where it does."""
    auth = port_client.auth
    given = {_CLIENT_ID: auth.client_id, _CLIENT_SECRET: auth.client_secret}
    if missing := [f"{name}: is required" for name, value in given.items() if not value.strip()]:
        return missing, ""
    base = str(ocean.config.port.base_url)
    asked = {"clientId": auth.client_id, "clientSecret": auth.client_secret}
    verify = resolve_verify_param(ocean.config.ssl.port)
    try:
        async with httpx.AsyncClient(timeout=_PATIENCE, verify=verify) as client:
            answer = await client.post(f"{auth.api_url}/auth/access_token", json=asked)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return [], f"{_PORT}: Port at {base} cannot be reached: {_reason(error)}; it is {_REGIONS}"
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        quoted = next(filter(None, map(quotes, given.values())), "")
        told = f"Port at {base} refuses them ({answer.status_code}){quoted}"
        advice = "copy both from the credentials of your organization"
        region = f"and look at {_PORT}: it is {_REGIONS}"
        return [f"{_CLIENT_ID} and {_CLIENT_SECRET}: {told}; {advice}, {region}"], ""
    if not answer.is_success:
        return [], f"{_PORT}: {base} answers {answer.status_code}; Port is {_REGIONS}"
    return [], ""


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def read_settings() -> ConnectionSettings:
    """Return the connection settings, from what Ocean has read.

    Raises:
        SettingsError: with every problem of the settings.
    """
    given = given_to_ocean()
    beside = {name: given[name] for name in given.keys() - ConnectionSettings.names()}
    is_hosted = not ocean.config.disable_ip_outbound_blocker
    settings = ConnectionSettings.parse(
        {**beside, **ocean.integration_config}, given, is_hosted=is_hosted
    )
    return check_expressions(settings)


def _may_be_hosted() -> bool:
    """Return whether the machine is Port's, or may be: then no setting reads it, not even to try.

    Who hosts it learns the other problems first, and those of such settings at the next start.
    """
    # What Ocean goes by, read as it reads all settings, where all else may be wrong.
    hosting = create_model(
        "Hosting",
        __base__=BaseOceanSettings,
        runtime=(str, Runtime.OnPrem.value),
        disable_ip_outbound_blocker=(bool | None, None),
    )
    try:
        given = hosting().model_dump()
    except (UnreadableError, ValidationError):
        return True
    if given["disable_ip_outbound_blocker"] is not None:
        return not given["disable_ip_outbound_blocker"]
    return bool(given["runtime"] != Runtime.OnPrem.value)


def _as_written() -> dict[str, Any]:
    """Return the settings as they are given, but those that are given in several parts."""
    names = (name.upper() for name in os.environ)
    own = (name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))
    parts = {name.partition("__")[0].lower() for name in own if "__" in name}
    return {name: value for name, value in given_to_ocean().items() if name not in parts}


def _problems_of(read: Callable[[], object]) -> list[str]:
    try:
        read()
    except SettingsError as error:
        return list(error.problems)
    return []


def _ocean_problems(details: list[ErrorDetails]) -> Iterator[str]:
    """Yield a line for each complaint of Ocean about its own settings."""
    for detail in details:
        if detail["loc"][:1] == ("event_listener",):
            yield from _listener_problems(detail)
        elif detail["loc"]:
            name = "__".join(["OCEAN", *(str(part).upper() for part in detail["loc"])])
            yield f"{name}: {_words_of(detail)}"


def _setting_problems(model: type[BaseModel] | None, told: set[str]) -> Iterator[str]:
    """Yield a line for each setting whose type Ocean refuses; `told` are those that have one."""
    try:
        if model:
            model.model_validate(_as_written())
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            name = to_camel(str(detail["loc"][0]))
            if name not in told:
                yield f"{name}: {_words_of(detail)}"


def _words_of(detail: ErrorDetails) -> str:
    return _WORDS.get(detail["type"], detail["msg"].removeprefix("Input "))


def _listener_problems(detail: ErrorDetails) -> Iterator[str]:
    """Yield what is wrong with the event listener, of which Ocean tries every kind."""
    kinds = [each.value for each in EventListenerType]
    kind = _listener_type()
    if kind is None:
        yield _no_json(_LISTENER)
    elif kind not in kinds:
        said = f"must be one of {', '.join(kinds)} (got {kind!r}){choice(kind, kinds)}"
        yield f"{_LISTENER}__TYPE: {said}"
    elif kind.lower() in str(detail["loc"][1]).lower().replace("http", "webhook"):
        parts = [str(part).upper() for part in detail["loc"][2:]]
        yield f"{'__'.join([_LISTENER, *parts])}: {_words_of(detail)}, with the type {kind}"


def _listener_type() -> str | None:
    """Return the type of the event listener in the environment; None where that is no JSON."""
    in_file = dotenv_values(interpolate=False) if Path(".env").is_file() else {}
    variables = {name.upper(): value for name, value in {**in_file, **os.environ}.items()}
    if kind := variables.get(f"{_LISTENER}__TYPE"):
        return kind
    try:
        whole = json.loads(variables.get(_LISTENER) or "{}")
    except ValueError:
        return None
    return str(whole.get("type", "")) if isinstance(whole, Mapping) else None


def _unreadable(said: str) -> str:
    """Say which variable is no JSON.

    Sample of what is said: `error parsing value for field "event_listener" from source …`.
    """
    return _no_json(f"OCEAN__{said.partition('field "')[2].partition('"')[0].upper()}")


def _no_json(variable: str) -> str:
    advice = f'; write {{"type": "POLLING"}}, or set {_LISTENER}__TYPE'
    return f"{variable}: must be a JSON object{advice if variable == _LISTENER else ''}"


def _end(problems: list[str]) -> SystemExit:
    """Tell all that is wrong; return what ends the process."""
    logger.error(f"{SettingsError(problems)}")
    end_without_ocean()
    return SystemExit(FAILURE)
