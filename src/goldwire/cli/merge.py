"""`goldwire eval merge`: the parts that many machines made, as the one whole that one machine would have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from goldwire.cli.options import refuse
from goldwire.cli.output import Json, print_json

if TYPE_CHECKING:
    from goldwire.corpora.store import Corpus
    from goldwire.eval.parts.file import PartFile


def merge(
    ctx: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE|FOLDER…", help="Files of parts; of a folder all that are in it."),
    ],
    *,
    into: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The corpus that parts are of: its record, or layer, is written; or added, if it is packed.",
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Of scores: write the record there, where the corpus is not at hand."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Of scores: the record is DIR/records/NAME.json; the suite's name if not given."),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Of scores: replace a record of this name, whatever it holds."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Merge the parts that were made with --part into what one machine would have made of the whole corpus.

    The record of scores is the same to the last byte, and so are the layers of runs; parts of several systems
    become a layer each. Parts may be given in any order; each must be there once. What is missing, doubled,
    damaged, or made from another state of the corpus, by another plan or another version, is told all at
    once, and nothing is written. Exit 1 if more documents failed than were allowed of the whole.

    \b
    Examples:
      goldwire eval merge parts --into work
      goldwire eval merge parts/run-*.part --into work
      goldwire eval merge parts/score-*.part --record record.json
    """
    from goldwire.corpora.errors import CorpusError
    from goldwire.corpora.store import open_corpus
    from goldwire.eval.parts.merge import check_wholes, find_files

    if (into is None) == (record is None):
        ctx.fail("say where the whole goes: --into DIR, the corpus that the parts are of, or --record FILE")
    if record is not None:
        refuse(ctx, ("name",), "with --record FILE, which names the record")
    corpus = None if into is None else open_corpus(into)
    found = check_wholes(find_files(files))
    first = found[0][0]
    kind = first.header.kind
    if kind not in _KINDS:
        raise CorpusError(f"{first.path}: parts of kind {kind!r}, which this Goldwire does not merge")
    _KINDS[kind](found, _To(corpus, record, name, replace, as_json))


class _To(NamedTuple):
    """Where the whole goes, and how it is shown; there is a `corpus` or the file of a `record`."""

    corpus: Corpus | None
    record: Path | None
    name: str | None
    replace: bool
    as_json: bool


def _scores(wholes: Sequence[Sequence[PartFile]], to: _To) -> None:
    """The record of scores, kept where `eval score` would keep it."""
    from goldwire.cli.score import put, record_place
    from goldwire.eval.parts.merge import check_corpus, merge_scores

    [found] = wholes
    if to.corpus is not None:
        check_corpus(
            to.corpus, found[0].header, "make them anew, or write the record elsewhere (--record FILE)"
        )
    merged = merge_scores(found)
    options, place = merged.plan.options, to.record
    if to.corpus is not None:
        place = record_place(to.corpus, options.suite if to.name is None else to.name)
    assert place is not None  # noqa: S101 - for the type checker
    put(merged.record, place, to.corpus, options, replace=to.replace, as_json=to.as_json)


def _runs(wholes: Sequence[Sequence[PartFile]], to: _To) -> None:
    """The layers of systems, with their quarantine files and facts, where `eval run` would write them."""
    from goldwire.cli.outcome import show
    from goldwire.corpora.errors import CorpusError
    from goldwire.eval.parts.file import SYSTEM
    from goldwire.eval.parts.layer import merge_runs
    from goldwire.eval.systems.run import attempt

    if to.corpus is None or to.name is not None or to.replace:
        raise CorpusError(
            "parts of runs become layers of the corpus that they are of: give --into DIR, and leave out "
            "--record, --name and --replace, which are for scores"
        )
    corpus = to.corpus
    outcomes = [
        attempt(found[0].header.alike[SYSTEM], partial(merge_runs, corpus, found)) for found in wholes
    ]
    if to.as_json:
        print_json(outcomes)
    else:
        show(outcomes, None if corpus.source else corpus.path)
    if status := max(outcome.status for outcome in outcomes):
        raise typer.Exit(status)


_KINDS: dict[str, Callable[[Sequence[Sequence[PartFile]], _To], None]] = {"score": _scores, "run": _runs}
