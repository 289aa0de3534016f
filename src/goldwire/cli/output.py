"""Output of commands: `--json` for programs, plain or rich text for people, progress on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from goldwire.corpora.visible import escaped, visible

if TYPE_CHECKING:
    from rich.console import Console

PIPE = 100  # columns of what goes into a pipe or a log, whatever terminal is near

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for programs.")]


Level = Literal["quiet", "normal", "verbose"]
_LEVEL: dict[str, Level] = {"now": "normal"}  # one for all threads of the command that runs


@contextmanager
def speaking(level: Level | None) -> Iterator[None]:
    """Say less or more on standard error inside; as much as outside if nothing is asked for."""
    before = _LEVEL["now"]
    _LEVEL["now"] = level or before
    try:
        yield
    finally:
        _LEVEL["now"] = before


def told_as(place: str, name: str) -> None:
    """Call a file of ours by what it stands for from now on, whoever names it."""
    _NAMES[place] = name


def named(text: str) -> str:
    """A text for people, with our own files called by what they stand for."""
    for place, name in _NAMES.items():
        text = text.replace(place, name)
    return visible(text)


_NAMES: dict[str, str] = {}


def is_quiet() -> bool:
    """Whether nothing but errors goes to standard error."""
    return _LEVEL["now"] == "quiet"


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
    sys.stdout.write(named(text) + end)


def note(message: str) -> None:
    """A line for people on standard error, out of the way of what is piped; none with --quiet."""
    if not is_quiet():
        sys.stderr.write(f"{named(message)}\n")


def detail(message: str) -> None:
    """A line that is said with --verbose only."""
    if _LEVEL["now"] == "verbose":
        note(message)


def make_console() -> Console:
    """Standard output for people: as wide as the terminal is, or as COLUMNS says, or `PIPE`."""
    from rich.console import Console

    columns = os.environ.get("COLUMNS", "")
    free = sys.stdout.isatty() or (columns.isdecimal() and int(columns) > 0)
    return Console(width=None if free else PIPE)
