"""`goldwire eval measures` and `suites`: say what measures mean and suites hold."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.output import Json, print_json
from goldwire.corpora.visible import visible

if TYPE_CHECKING:
    from goldwire.eval.measures.suites import Meaning, Suite


def measures(
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[MEASURE]…", help="All if not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what measures mean: definition, what counts, source, and which scorer agrees.

    \b
    Example:
      goldwire eval measures AC+ "entity:span+type@iou>=0.5"
    """
    from goldwire.eval.measures.measure import parse
    from goldwire.eval.measures.suites import explain, meanings, of_packages

    found = [explain(parse(text)) for text in wanted] if wanted else [*meanings().values(), *of_packages()]
    if as_json:
        print_json(found)
        return
    for meaning in found:
        _tell(f"{meaning.name}  {meaning.measure}" if meaning.name else meaning.measure, meaning)


def suites(
    wanted: Annotated[list[str] | None, typer.Argument(metavar="[SUITE]…", help="All if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Say what suites there are: their measures, definition, what counts, source, and which scorer agrees.

    \b
    Example:
      goldwire eval suites textee
    """
    from goldwire.eval.measures.suites import read_suite, suite_names

    found = [read_suite(suite) for suite in wanted or suite_names()]
    if as_json:
        print_json(found)
        return
    for suite in found:
        _tell(f"{suite.name}  {suite.title}", suite, "measures  " + "  ".join(suite.measures))


def _tell(title: str, about: Meaning | Suite, more: str = "") -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(file=sys.stdout)
    console.print(Text(visible(title), "bold"))
    facts = (("counts", about.counts), ("source", about.source), ("agrees with", about.agrees))
    lines = [
        about.definition,
        *(f"{key}: {value}" for key, value in facts if value),
        *([more] if more else []),
    ]
    console.print(Padding(Text(visible("\n".join(lines))), (0, 0, 1, 2)))
