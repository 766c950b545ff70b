"""Runs one command within Ocean's context, and turns expected errors into texts and exit codes."""

import asyncio
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.arguments import (
    PROBLEMS,
    USAGE,
    InitOptions,
    Inputs,
    PreviewOptions,
)
from cli.as_json import failure_as_json, write_json
from cli.commands import (
    WrongInput,
    run_check,
    run_init,
    run_preview,
)
from cli.display import Terminal
from cli.inputs import ROOT, Problem
from cli.surroundings import Surroundings, surroundings
from errors import ConfigurationError
from framework.process import hide_settings_in_errors
from reading.session import Limits

_FAULT = 3
_INTERRUPTED = 130
_SOURCES = ("mapping", "from_port", "as_json")


def run(
    command: str,
    flags: Mapping[str, Any],
    env_places: Mapping[str, str],
    arguments: Mapping[str, Any],
) -> int:
    """Run a command with the arguments that click gave for it; returns the exit code."""
    terminal = Terminal.standard()
    hide_settings_in_errors()
    running = _within_ocean(command, _Call(flags, env_places, arguments), terminal)
    code, failure = guarded(lambda: asyncio.run(running))
    if failure:
        _tell(failure, command, terminal, as_json=arguments["as_json"])
    return code


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a command ended early: one line, and problems with their places."""

    title: str
    problems: Sequence[Problem] = ()


def guarded(action: Callable[[], int]) -> tuple[int, Failure | None]:
    """Return the exit code of an action, or that of the error it ends with."""
    try:
        return action(), None
    except WrongInput as error:
        return PROBLEMS, Failure(error.title, error.problems)
    except ConfigurationError as error:
        return USAGE, Failure(str(error))
    except KeyboardInterrupt:
        return _INTERRUPTED, Failure("interrupted")
    except Exception as error:  # noqa: BLE001 (its text may hold anything, secrets included)
        return _FAULT, Failure(
            f"{_place_of(error)}; this is a fault of ocean-custom, please report it"
        )


def _tell(failure: Failure, command: str, terminal: Terminal, *, as_json: bool) -> None:
    if as_json:
        value = failure_as_json(command, failure.title, failure.problems)
        terminal.out.out(write_json(value, terminal.mask), highlight=False)
        return
    terminal.fail(failure.title)
    for problem in failure.problems:
        terminal.err.print(f"  {terminal.mask(str(problem))}", markup=False, soft_wrap=True)


def _place_of(error: BaseException) -> str:
    """Return the kind of an unexpected error, and where it came up."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(str(ROOT))] or frames
    place = f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    return f"unexpected {type(error).__name__}{place}"


@dataclass(frozen=True, slots=True)
class _Call:
    """A command as it was given: settings by flag, places of variables, arguments by name."""

    flags: Mapping[str, Any]
    env_places: Mapping[str, str]
    arguments: Mapping[str, Any]

    def take(self, *names: str) -> dict[str, Any]:
        return {name: self.arguments[name] for name in names}

    def inputs(self, *names: str) -> Inputs:
        return Inputs(self.flags, self.env_places, **self.take(*names))


async def _within_ocean(command: str, call: _Call, terminal: Terminal) -> int:
    with surroundings() as around:
        return await _COMMANDS[command](call, around, terminal)


async def _check(call: _Call, around: Surroundings, terminal: Terminal) -> int:
    inputs = call.inputs(*_SOURCES)
    return await run_check(inputs, around, terminal, offline=call.arguments["offline"])


async def _preview(call: _Call, around: Surroundings, terminal: Terminal) -> int:
    limits = Limits(**call.take("pages", "endpoints", "items"))
    options = PreviewOptions(limits, **call.take("blueprints", "save", "replay", "rows"))
    return await run_preview(call.inputs(*_SOURCES), options, around, terminal)


async def _init(call: _Call, around: Surroundings, terminal: Terminal) -> int:
    options = InitOptions(**call.take("endpoints", "out", "yes", "openapi", "select"))
    return await run_init(call.inputs("as_json"), options, around, terminal)


_COMMANDS = {"check": _check, "preview": _preview, "init": _init}
