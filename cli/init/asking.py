"""Questions to the user, and what was assumed where nobody was asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import click

from cli.display import Terminal
from errors import ConfigurationError


class Asker(Protocol):
    """Decides what detection is not sure of; keeps a note of each decision."""

    notes: list[str]

    def choose(self, question: str, options: Sequence[str]) -> int:
        """Return the index of the option to take; the first is the likeliest."""

    def confirm(self, question: str, *, default: bool, is_minor: bool = False) -> bool:
        """Return whether to do what the question says.

        Where nobody is there to answer a minor one, its default needs no note.
        """

    def pick(self, question: str, options: Sequence[str]) -> list[int]:
        """Return the indices of the options to take, at least one."""


@dataclass(slots=True)
class Assuming(Asker):
    """`--yes`: takes the likeliest answer, and notes what it was."""

    notes: list[str] = field(default_factory=list)

    def choose(self, question: str, options: Sequence[str]) -> int:
        self.notes.append(f"{question} Assumed: {options[0]}")
        return 0

    def confirm(self, question: str, *, default: bool, is_minor: bool = False) -> bool:
        if not is_minor:
            self.notes.append(f"{question} Assumed: {'yes' if default else 'no'}")
        return default

    def pick(self, question: str, options: Sequence[str]) -> list[int]:
        self.notes.append(f"{question} Assumed: all {len(options)}")
        return list(range(len(options)))


@dataclass(slots=True)
class Interactive(Asker):
    """Asks at the terminal."""

    terminal: Terminal
    notes: list[str] = field(default_factory=list)

    def choose(self, question: str, options: Sequence[str]) -> int:
        self.terminal.line(question)
        for number, option in enumerate(options, 1):
            self.terminal.line(f"  {number}  {option}")
        answer: int = click.prompt(
            "Number", type=click.IntRange(1, len(options)), default=1, err=True
        )
        return answer - 1

    def confirm(self, question: str, *, default: bool, is_minor: bool = False) -> bool:
        return click.confirm(self.terminal.plain(question), default=default, err=True)

    def pick(self, question: str, options: Sequence[str]) -> list[int]:
        self.terminal.line(question)
        for number, option in enumerate(options, 1):
            self.terminal.line(f"  {number}  {option}")
        picked: list[int] = click.prompt(
            "Numbers, with commas, or all",
            default="all",
            value_proc=lambda text: _numbers(text, len(options)),
            err=True,
        )
        return picked


class Unattended(Asker):
    """Neither a terminal nor `--yes`: the first question ends the command."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def choose(self, question: str, options: Sequence[str]) -> int:
        raise _nobody(question)

    def confirm(self, question: str, *, default: bool, is_minor: bool = False) -> bool:
        if is_minor:
            return default
        raise _nobody(question)

    def pick(self, question: str, options: Sequence[str]) -> list[int]:
        raise _nobody(question)


def _numbers(text: str, count: int) -> list[int]:
    if text.strip().lower() == "all":
        return list(range(count))
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and 1 <= int(part) <= count for part in parts):
        raise click.UsageError(f"give numbers from 1 to {count}, such as 1,3, or all")
    return sorted({int(part) - 1 for part in parts})


def _nobody(question: str) -> ConfigurationError:
    return ConfigurationError(
        f"there is a question, and no terminal to ask it at; give --yes to take what is likeliest: "
        f"{question}"
    )
