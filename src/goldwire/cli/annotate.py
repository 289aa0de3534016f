"""`goldwire annotate`: label Studio: what goes in, what comes out."""

from __future__ import annotations

import typer

app = typer.Typer(help="Label Studio: what goes in, what comes out.", no_args_is_help=True)


@app.callback()
def _annotate() -> None:
    """Label Studio: what goes in, what comes out."""
