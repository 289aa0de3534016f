"""`goldwire eval compare`: which system is ahead, and whether that is more than chance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.files import source
from goldwire.cli.output import Json, print_json
from goldwire.cli.report import keys_of

if TYPE_CHECKING:
    from goldwire.corpora.store import Corpus
    from goldwire.eval.comparison.compare import Comparison
    from goldwire.eval.scoring.record import Record


def compare(
    records: Annotated[
        list[Path],
        typer.Argument(metavar="RECORD|-…", parser=source, help="Records of `eval score` on the same gold."),
    ],
    *,
    measure: Annotated[
        list[str] | None, typer.Option(help="A measure to compare by; may be repeated. All if not given.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the random swaps and resamples.")] = 0,
    as_json: Json = False,
) -> None:
    """Compare all systems of one or more records: differences, intervals, p-values, who cannot be told apart.

    Every pair is tested by paired approximate randomisation over documents; where several runs of a system
    are known, by a t-test over documents and runs. With p-values corrected by Holm over the pairs of a
    measure, below 5 % two systems are told apart, and systems that share a letter are not. Figures are
    points of a hundred, with --json shares of one. `better / same / worse` are documents as the second sees
    them, where both have a figure; `shows` is the smallest true difference that this corpus shows at 80 %
    power, `needs` the documents, or runs of each, that would show the one found; groups of near-duplicates
    count once.
    Exit 2 if the records are of different corpora, gold layers or policies.

    \b
    Examples:
      goldwire eval compare work/records/today.json
      goldwire eval compare before.json after.json --measure TC --json
    """
    from goldwire.corpora.store import open_corpus
    from goldwire.eval.comparison.compare import compare as compare_records
    from goldwire.eval.comparison.keeping import home_of
    from goldwire.eval.scoring.files import read_record

    named = {key: read_record(path) for key, path in keys_of(records).items()}
    comparisons = compare_records(named, measure, seed=seed)
    if as_json:
        print_json(comparisons)
    else:
        home = home_of(records[0])
        _show(named, comparisons, None if home is None else open_corpus(home), seed)


def _show(named: dict[str, Record], comparisons: list[Comparison], corpus: Corpus | None, seed: int) -> None:
    from goldwire.cli.output import make_console
    from goldwire.eval.report.build import assemble
    from goldwire.eval.report.ceilings import with_ceilings
    from goldwire.eval.report.summary import compared
    from goldwire.eval.report.terminal import render

    made = assemble(named, comparisons, quick=True, seed=seed)
    render(compared(with_ceilings(made, named, corpus, seed=seed)), make_console())
