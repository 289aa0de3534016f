"""`goldwire corpus cover`: documents that were looked at and hold nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.arguments import OwnDir
from goldwire.cli.output import Json, note, print_json, say

if TYPE_CHECKING:
    from goldwire.corpora.coverage import Covering


def cover(
    folder: OwnDir,
    *,
    layer: Annotated[str, typer.Option(help="The layer, such as gold.")],
    documents: Annotated[
        str,
        typer.Option(
            metavar="all|FILE|split:NAME|layer:NAME",
            help="What was looked at; FILE has an id a line, layer:NAME means those with a line there.",
        ),
    ],
    as_json: Json = False,
) -> None:
    """Say that documents without a line in a layer were looked at and hold nothing: they get an empty line.

    A document without a line is not judged, and not scored. Lines that are there stay as they are.

    \b
    Example:
      goldwire corpus cover work --layer gold --documents all
    """
    from goldwire.corpora import coverage
    from goldwire.corpora.store import open_corpus

    done = coverage.cover(open_corpus(folder), layer, documents)
    if as_json:
        print_json(done)
        return
    _tell_left(done)
    say(f"{folder}: layer {layer}: {done.written} empty line(s) written; it {done.covered}")


def _tell_left(done: Covering) -> None:
    from goldwire.corpora.coverage import named

    left = {
        "skipped": done.skipped,
        "a draft": done.drafts,
        "everything for it was rejected, see the quarantine": done.all_rejected,
    }
    for reason, ids in left.items():
        if ids:
            note(f"left as it is, not judged ({reason}): {named(ids)}")
