"""`goldwire corpus`: make, look at and convert corpora."""

from __future__ import annotations

import typer

app = typer.Typer(help="Make, look at and convert corpora.", no_args_is_help=True)


@app.callback()
def _corpus() -> None:
    """Make, look at and convert corpora."""
