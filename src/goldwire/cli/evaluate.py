"""`goldwire eval`: run extractors, score them, compare them."""

from __future__ import annotations

import typer

app = typer.Typer(help="Run extractors, score them, compare them.", no_args_is_help=True)


@app.callback()
def _evaluate() -> None:
    """Run extractors, score them, compare them."""
