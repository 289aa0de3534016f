"""Write docs/commands.md: the help of every command, as the program prints it. A test compares the two.

python docs/commands.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from goldwire.cli import app

WIDTH = 100  # characters of a line of help
INTRODUCTION = """# Every command

What `--help` prints, written here by `python docs/commands.py`. What comes back: [exit codes](exit-codes.md),
and [what `--json` prints](json.md).
"""


def iter_commands(
    command: Any, path: tuple[str, ...] = ("goldwire",)
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words, groups before their members, in the order of the program."""
    yield path, command
    if hasattr(command, "list_commands"):
        context = command.context_class(command)
        for name in command.list_commands(context):
            member = command.get_command(context, name)
            if not member.hidden:
                yield from iter_commands(member, (*path, name))


def help_of(path: tuple[str, ...], command: Any) -> str:
    """What `--help` prints."""
    settings = app.info.context_settings or {}
    context = command.context_class(command, info_name=" ".join(path), terminal_width=WIDTH, **settings)
    lines = (line.rstrip() for line in command.get_help(context).splitlines())
    return "\n".join(lines)


def render() -> str:
    """The whole page."""
    sections = [
        f"## {' '.join(path)}\n\n```text\n{help_of(path, command)}\n```\n"
        for path, command in iter_commands(typer.main.get_command(app))
    ]
    return "\n".join([INTRODUCTION, *sections])


if __name__ == "__main__":
    Path(__file__).with_suffix(".md").write_text(render(), encoding="utf-8")
