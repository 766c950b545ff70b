"""Runs one command within Ocean's context, and turns expected errors into texts and exit codes."""

import asyncio
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.as_json import failure_as_json, write_json
from cli.commands import (
    PROBLEMS,
    USAGE,
    InitOptions,
    Inputs,
    PreviewOptions,
    StudioOptions,
    WrongInput,
    run_check,
    run_init,
    run_preview,
    run_studio,
)
from cli.display import Terminal
from cli.inputs import ROOT, Problem
from cli.surroundings import surroundings
from errors import ConfigurationError
from reading.session import Limits

_FAULT = 3
_INTERRUPTED = 130
# Items may be nested as deep as bodies may be; what walks through them takes a frame for a level.
_DEEPEST = 10_000
_SOURCES = ("mapping", "from_port", "as_json")


def run(
    command: str, flags: Mapping[str, Any], env_places: Mapping[str, str], options: dict[str, Any]
) -> int:
    """Run a command with the options that click gave for it; returns the exit code."""
    sources = {name: options.pop(name) for name in _SOURCES if name in options}
    inputs = Inputs(flags, env_places, **sources)
    sys.setrecursionlimit(_DEEPEST)
    terminal = Terminal.standard()
    code, failure = guarded(lambda: asyncio.run(_within_ocean(command, inputs, options, terminal)))
    if failure:
        _tell(failure, command, terminal, as_json=inputs.as_json)
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
    terminal.fail(failure.title, failure.problems)


def _place_of(error: BaseException) -> str:
    """Return the kind of an unexpected error, and where it came up."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(str(ROOT))] or frames
    place = f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    return f"unexpected {type(error).__name__}{place}"


async def _within_ocean(
    command: str, inputs: Inputs, options: dict[str, Any], terminal: Terminal
) -> int:
    with surroundings() as around:
        match command:
            case "check":
                return await run_check(inputs, around, terminal, **options)
            case "preview":
                limits = Limits(*map(options.pop, ("pages", "endpoints", "items")))
                preview = PreviewOptions(limits, **options)
                return await run_preview(inputs, preview, around, terminal)
            case "studio":
                return await run_studio(inputs, StudioOptions(**options), around, terminal)
        return await run_init(inputs, InitOptions(**options), around, terminal)
