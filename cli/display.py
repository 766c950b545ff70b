"""Output that all commands share: marks, problems, tables without frames."""

import io
import sys
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli.inputs import Problem
from escapes import indented, one_line

_PLAIN_WIDTH = 120


class Terminal:
    """The two consoles of a command: one for results, one for progress and errors.

    `mask` takes secrets out of every text that is shown; it is replaced once settings are known.
    No text can command the terminal: most of them tell what an API or a document has said.
    """

    def __init__(self, out: Console, err: Console) -> None:
        self.out = out
        self.err = err
        self.mask: Callable[[str], str] = lambda text: text

    @classmethod
    def standard(cls) -> "Terminal":
        """Return the process's own output: plain lines of a fixed width where it is no terminal."""
        return cls(_console(sys.stdout), _console(sys.stderr))

    def line(self, text: str = "", style: str = "") -> None:
        """Show one line of text; a long one wraps."""
        self.out.print(Text(self.plain(text), style=style), soft_wrap=not self.out.is_terminal)

    def plain(self, text: str) -> str:
        """Return a text on one line, without secrets."""
        return one_line(self.mask(text))

    def heading(self, text: str) -> None:
        """Show a heading, with a line of space above."""
        self.out.print()
        self.out.print(Text(self.plain(text), style="bold"))

    def item(self, ok: bool | None, text: str, style: str = "", *, wrap: bool = True) -> None:
        """Show a mark and a text, which may have several lines."""
        # A file takes a long line whole; a terminal would break it within a word.
        soft_wrap = not wrap and not self.out.is_terminal
        self.out.print(self.mark(ok), self.cell(text, style), soft_wrap=soft_wrap)

    def mark(self, ok: bool | None) -> Text:
        """Return a mark for good, bad, or (None) worth a look."""
        if ok is None:
            return Text("!", style="yellow")
        sign, plain, style = ("✓", "+", "green") if ok else ("✗", "x", "red")
        return Text(sign if self.out.encoding.startswith("utf") else plain, style=style)

    def table(self, *columns: str, header: bool = True, right: Container[str] = ()) -> Table:
        """Return a table without frames, to be filled and shown; `right` columns hold numbers.

        Names that start with an underscore are not shown.
        """
        table = Table(
            box=None, show_header=header, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0)
        )
        for name in columns:
            table.add_column(
                "" if name.startswith("_") else self.cell(name),
                justify="right" if name in right else "left",
                no_wrap=name in right,
                overflow="fold",
            )
        return table

    def cell(self, value: Any, style: str = "") -> Text:
        """Return a cell that shows a value, without secrets."""
        return Text(indented(self.mask(str(value))), style=style)

    def show(self, table: Table) -> None:
        """Show a filled table; without the spaces that fill its last column, where they matter."""
        if self.out.is_terminal or self.out.record:
            self.out.print(table)
            return
        with self.out.capture() as captured:
            self.out.print(table)
        lines = (line.rstrip() for line in captured.get().splitlines())
        self.out.out("\n".join(lines), highlight=False)

    def advise(self, text: str) -> None:
        """Show what to do."""
        self.out.print(f"  [dim]→[/dim] {escape(self.plain(text))}")

    def problems(self, problems: Iterable[Problem]) -> None:
        """Show problems, each with its place."""
        for problem in problems:
            table = self.table("_mark", "_text", header=False)
            table.add_row(self.mark(False), self.cell(problem.message))
            if problem.place:
                table.add_row("", self.cell(problem.place, "dim"))
            self.show(table)

    def fail(self, text: str, problems: Iterable[Problem] = ()) -> None:
        """Show an error that ends the command, and problems with their places."""
        self.err.print(Text.assemble(("error: ", "red bold"), self.cell(text)))
        for problem in problems:
            soft_wrap = not self.err.is_terminal
            self.err.print(Text("  "), self.cell(problem), sep="", soft_wrap=soft_wrap)

    @contextmanager
    def working(self, *, quiet: bool = False) -> Iterator[Callable[[str], None]]:
        """Show what is being done, where the output is a terminal; gives a function to say it."""
        if quiet or not self.err.is_terminal:
            yield lambda text: None
            return
        with self.err.status("working") as status:
            yield lambda text: status.update(escape(self.plain(text)))


def _console(stream: Any) -> Console:
    if isinstance(stream, io.TextIOWrapper):
        # A terminal that cannot show a character must not end the command.
        stream.reconfigure(errors="backslashreplace")
    if stream.isatty():
        return Console(file=stream, highlight=False)
    return Console(
        file=stream, highlight=False, color_system=None, force_terminal=False, width=_PLAIN_WIDTH
    )
