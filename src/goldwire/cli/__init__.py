"""The command line: a thin layer that reads arguments, calls the library and shows what comes back.

Commands import what they need when they run, so that `goldwire --help` stays quick.
"""

from __future__ import annotations

from typing import Annotated

import typer

from goldwire import __version__
from goldwire.cli import annotate, corpus, demo, evaluate

app = typer.Typer(
    name="goldwire",
    help="Gold annotation of entities and events in news, and scores of extractors that can be defended.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(corpus.app, name="corpus")
app.add_typer(annotate.app, name="annotate")
app.add_typer(evaluate.app, name="eval")
app.command("demo")(demo.demo)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"goldwire {__version__}")
        raise typer.Exit


@app.callback()
def goldwire(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Gold annotation of entities and events in news, and scores of extractors that can be defended."""
