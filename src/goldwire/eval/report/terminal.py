"""A report in the terminal: what must be known first, its tables, what stands behind the numbers."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from goldwire.eval.report.layout import Line, lay_out, wrap
from goldwire.eval.report.signatures import lines_of
from goldwire.eval.report.table import Table
from goldwire.eval.report.values import Report, about

_STYLES = {"": "", "head": "dim", "dim": "dim", "lead": "bold green", "title": "bold", "note": "italic"}


def render(report: Report, tables: Iterable[Table], console: Console) -> None:
    """Print some tables of a report, with all that must stand above and below them."""
    out = _Printer(console)
    overview = report.overview
    out.say(overview.title, "bold")
    out.say(" · ".join(about(report)), "dim")
    for note in overview.notes:
        out.say(f"note: {note.text}", "yellow")
    if overview.verdict:
        out.say("")
        out.say(overview.verdict, "bold")
    for table in tables:
        out.say("")
        out.say(table.title, "bold")
        print_table(table, console)
    _print_signatures(report, out)


def print_table(table: Table, console: Console) -> None:
    """Print a table and its caption: names wrap, parts stand one below the other, no figure is cut."""
    out = _Printer(console)
    for pieces in lay_out(table, console.width):
        out.put(pieces)
    if table.caption:
        out.say(table.caption, "italic")


def _print_signatures(report: Report, out: _Printer) -> None:
    """The signature of every number; not wrapped, so that it can be copied whole."""
    found = lines_of(report.boards)
    if not found:
        return
    out.say("")
    out.say("Signatures", "bold")
    for text in found:
        out.copy(text)


class _Printer:
    """Prints lines as they are: what is laid out already is neither cut nor wrapped again."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, text: str, style: str = "") -> None:
        """Words, wrapped where the terminal ends."""
        for part in wrap(text, self.console.width):
            self.copy(part, style)

    def put(self, pieces: Line) -> None:
        """A line of a table."""
        self._print(Text.assemble(*((piece.text, _STYLES[piece.style]) for piece in pieces)))

    def copy(self, text: str, style: str = "dim") -> None:
        """A line that may be longer than the terminal is wide."""
        self._print(Text(text, style))

    def _print(self, text: Text) -> None:
        self.console.print(text, soft_wrap=True, highlight=False)
