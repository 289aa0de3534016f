"""Output of commands: `--json` for programs, plain or rich text for people, progress on standard error."""

from __future__ import annotations

import os
import sys
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldwire.corpora.visible import escaped, visible

if TYPE_CHECKING:
    from rich.console import Console

PIPE = 100  # columns of what goes into a pipe or a log, whatever terminal is near

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for programs.")]


def print_json(value: Any) -> None:
    """A value that msgspec can encode, or with paths in it, as indented JSON on standard output."""
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(value, enc_hook=_encode_path), indent=2).decode()
    sys.stdout.write(escaped(text) + "\n")


def _encode_path(value: Any) -> str:
    if not isinstance(value, PurePath):
        raise TypeError(f"{type(value).__name__} is nothing that JSON has")
    return str(value)


def say(text: str, *, end: str = "\n") -> None:
    """Text for people on standard output; what would control their terminal is shown."""
    sys.stdout.write(visible(text) + end)


def note(message: str) -> None:
    """A line for people on standard error, out of the way of what is piped."""
    sys.stderr.write(f"{visible(message)}\n")


def make_console() -> Console:
    """Standard output for people: as wide as the terminal is, or as COLUMNS says, or `PIPE`."""
    from rich.console import Console

    columns = os.environ.get("COLUMNS", "")
    free = sys.stdout.isatty() or (columns.isdecimal() and int(columns) > 0)
    return Console(width=None if free else PIPE)
