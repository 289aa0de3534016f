"""Tables in the terminal: what must be known first, the tables, what stands behind the numbers."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from rich.console import Console
from rich.text import Text

from goldwire.eval.report.layout import Line, lay_out, wrap
from goldwire.eval.report.table import Summary, Table

T = TypeVar("T", Summary, Table)
_STYLES = {"": "", "head": "dim", "dim": "dim", "lead": "bold green", "title": "bold", "note": "italic"}


def render(summary: Summary, console: Console) -> None:
    """Print tables with all that must stand above and below them."""
    out, summary = _Printer(console), _fit(summary, console)
    out.say(summary.title, "bold")
    out.say(summary.about, "dim")
    for note in summary.notes:
        out.say(f"note: {note}", "yellow")
    if summary.verdict:
        out.say("")
        out.say(summary.verdict, "bold")
    for table in summary.tables:
        out.say("")
        out.say(table.title, "bold")
        print_table(table, console)
    if summary.signatures:
        out.say("")
        out.say("Signatures", "bold")
        for text in summary.signatures:
            out.copy(text)  # not wrapped, so that it can be copied whole


def print_table(table: Table, console: Console) -> None:
    """Print a table and its caption: names wrap, parts stand one below the other, no figure is cut."""
    out, table = _Printer(console), _fit(table, console)
    for pieces in lay_out(table, console.width):
        out.put(pieces)
    if table.caption:
        out.say(table.caption, "italic")


# What stands for our own signs, where an encoding does not have them.
_PLAIN = {
    "–": "-",
    "−": "-",
    "─": "-",
    "†": "*",
    "‡": "**",
    "…": "...",
    "·": "|",
    "≥": ">=",
    "≤": "<=",
    "×": "x",
    "↓": "v",
    "→": "->",
}


def _missing(console: Console) -> dict[str, str]:
    """Those of our signs that a console cannot print, with what it prints in their place."""

    def has(sign: str) -> bool:
        try:
            return bool(sign.encode(console.encoding))
        except UnicodeEncodeError:
            return False

    return {sign: plain for sign, plain in _PLAIN.items() if not has(sign)}


def _fit(value: T, console: Console) -> T:
    """A summary or a table in signs that the console has, before it is laid out: some take more room."""
    signs = str.maketrans(_missing(console))
    if not signs:
        return value
    return msgspec.json.decode(msgspec.json.encode(value).decode().translate(signs), type=type(value))


class _Printer:
    """Prints lines as they are: what is laid out already is neither cut nor wrapped again."""

    def __init__(self, console: Console) -> None:
        self.console, self.signs = console, str.maketrans(_missing(console))

    def say(self, text: str, style: str = "") -> None:
        """Words, wrapped where the terminal ends."""
        for part in wrap(text, self.console.width):
            self.copy(part, style)

    def put(self, pieces: Line) -> None:
        """A line of a table."""
        told = ((piece.text.translate(self.signs), _STYLES[piece.style]) for piece in pieces)
        self._print(Text.assemble(*told))

    def copy(self, text: str, style: str = "dim") -> None:
        """A line that may be longer than the terminal is wide."""
        self._print(Text(text, style))

    def _print(self, text: Text) -> None:
        self.console.print(text, soft_wrap=True, highlight=False)
