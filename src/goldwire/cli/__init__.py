"""The command line: a thin layer that reads arguments, calls the library and shows what comes back.

A group's commands are imported when one of them is asked for, and commands import what they need when they
run, so that `goldwire --help` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
import typer.core
import typer.main
import typer.models

from goldwire.cli import demo
from goldwire.cli.options import App, Top

GROUPS = {
    "corpus": "Make, look at and convert corpora.",
    "annotate": "Label Studio: what goes in, what comes out.",
    "eval": "Run extractors, score them, compare them.",
}
MODULES = {"eval": "evaluate"}  # named otherwise, for `eval` is Python's own
# How a command is made of a function, alone or with its group.
HOW: dict[str, Any] = {"pretty_exceptions_short": False, "rich_markup_mode": None}


class Late(typer.core.TyperGroup):
    """A group that makes a command of a function once it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order of their module."""
        self._load()
        return super().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One of them; None where there is none of that name."""
        for info in self._typer().registered_commands:
            if info.name == cmd_name:
                return typer.main.get_command_from_info(info, **HOW)
        self._load()
        return super().get_command(ctx, cmd_name)

    def _typer(self) -> typer.Typer:
        found: typer.Typer = import_module(f"goldwire.cli.{MODULES.get(self.name or '', self.name)}").app
        return found

    def _load(self) -> None:
        if not self.commands:
            whole = typer.models.TyperInfo(self._typer())
            self.commands = typer.main.get_group_from_info(whole, suggest_commands=True, **HOW).commands


app = App(
    name="goldwire",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _help in GROUPS.items():
    app.add_typer(typer.Typer(cls=Late, help=_help, no_args_is_help=True), name=_name)
app.command("demo")(demo.demo)


@app.callback(cls=Top)
def goldwire() -> None:
    """Gold annotation of entities and events in news, and scores of extractors that can be defended."""
