"""Runs one command within Ocean's context, and turns expected errors into texts and exit codes."""

import asyncio
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from errors import ConfigurationError
from explore.commands import WrongInput, run_check, run_init, run_preview
from explore.display import Terminal
from explore.inputs import ROOT
from explore.options import PROBLEMS, USAGE, InitOptions, Inputs, PreviewOptions
from explore.surroundings import Surroundings, surroundings
from observer import Limits
from redaction import hide_settings_in_errors

_FAULT = 3
_INTERRUPTED = 130


def run(
    command: str,
    flags: Mapping[str, Any],
    env_places: Mapping[str, str],
    arguments: Mapping[str, Any],
) -> int:
    """Run a command with the arguments that click gave for it; returns the exit code."""
    terminal = Terminal.standard()
    hide_settings_in_errors()
    return guarded(
        terminal,
        lambda: asyncio.run(_within_ocean(command, flags, env_places, arguments, terminal)),
    )


def guarded(terminal: Terminal, action: Callable[[], int]) -> int:
    """The exit code of an action, or that of the error it ends with."""
    try:
        return action()
    except WrongInput as error:
        terminal.fail(error.title)
        for problem in error.problems:
            terminal.err.print(f"  {terminal.mask(str(problem))}", markup=False, soft_wrap=True)
        return PROBLEMS
    except ConfigurationError as error:
        terminal.fail(str(error))
        return USAGE
    except Exception as error:  # noqa: BLE001 (its text may hold anything, secrets included)
        terminal.fail(f"{_place_of(error)}; this is a fault of ocean-custom, please report it")
        return _FAULT
    except KeyboardInterrupt:
        terminal.fail("interrupted")
        return _INTERRUPTED


def _place_of(error: BaseException) -> str:
    """The kind of an unexpected error, and where it came up."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(str(ROOT))] or frames
    place = f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    return f"unexpected {type(error).__name__}{place}"


async def _within_ocean(
    command: str,
    flags: Mapping[str, Any],
    env_places: Mapping[str, str],
    arguments: Mapping[str, Any],
    terminal: Terminal,
) -> int:
    with surroundings() as around:
        return await _COMMANDS[command](flags, env_places, arguments, around, terminal)


async def _check(
    flags: Mapping[str, Any],
    env_places: Mapping[str, str],
    arguments: Mapping[str, Any],
    around: Surroundings,
    terminal: Terminal,
) -> int:
    inputs = _inputs(flags, env_places, arguments)
    return await run_check(inputs, around, terminal, offline=arguments["offline"])


async def _preview(
    flags: Mapping[str, Any],
    env_places: Mapping[str, str],
    arguments: Mapping[str, Any],
    around: Surroundings,
    terminal: Terminal,
) -> int:
    bounds = {name: arguments[name] for name in ("pages", "endpoints", "items")}
    own = {name: arguments[name] for name in ("blueprints", "save", "replay", "rows")}
    inputs = _inputs(flags, env_places, arguments)
    return await run_preview(inputs, PreviewOptions(Limits(**bounds), **own), around, terminal)


async def _init(
    flags: Mapping[str, Any],
    env_places: Mapping[str, str],
    arguments: Mapping[str, Any],
    around: Surroundings,
    terminal: Terminal,
) -> int:
    own = {name: arguments[name] for name in ("endpoints", "out", "yes", "openapi", "select")}
    inputs = Inputs(flags, env_places, as_json=arguments["as_json"])
    return await run_init(inputs, InitOptions(**own), around, terminal)


def _inputs(
    flags: Mapping[str, Any], env_places: Mapping[str, str], arguments: Mapping[str, Any]
) -> Inputs:
    own = {name: arguments[name] for name in ("mapping", "from_port", "as_json")}
    return Inputs(flags, env_places, **own)


_COMMANDS = {"check": _check, "preview": _preview, "init": _init}
