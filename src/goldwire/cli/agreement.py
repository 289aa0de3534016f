"""`goldwire eval agreement`: how far annotators agree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.arguments import Dir, Documents, Ignore, Maps, Only, maps_of, view_of
from goldwire.cli.output import Json, print_json
from goldwire.corpora.visible import line, visible
from goldwire.eval.measures.phrases import amount, interval, points

if TYPE_CHECKING:
    from rich.console import RenderableType

    from goldwire.eval.comparison.agreement import Agreement, Mean, MeasureAgreement
    from goldwire.eval.report.table import Table

# Which tokens were counted, in words.
COUNTED = {
    "file": "those of the files",
    "file+goldwire-1": "those of the files, and in some documents Goldwire's",
    "goldwire-1": "as Goldwire counts them",
}
SHOWN = 5  # documents with the least agreement


def agreement(
    folder: Dir,
    more: Annotated[list[str] | None, typer.Argument(metavar="[LAYER]…", hidden=True)] = None,
    *,
    layers: Annotated[
        list[str] | None,
        typer.Option(metavar="LAYER…", help="Layers to compare, two or more; all annotators' if not given."),
    ] = None,
    measure: Annotated[
        list[str] | None, typer.Option(help="A measure (see `eval measures`); may be repeated.")
    ] = None,
    documents: Documents = None,
    labels: Maps = None,
    only: Only = None,
    ignore: Ignore = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resampling.")] = 0,
    as_json: Json = False,
) -> None:
    """Say how far annotators agree: F of each pair by measure, kappa and Krippendorff's alpha on tokens.

    Two layers are compared on the documents that both annotated; skipped documents and drafts are left out.
    The mean over pairs is the human ceiling for systems scored by the same measure. Tokens are those of the
    files where all annotators came with the same ones, else Goldwire's. What a label map leaves out, or
    --only and --ignore do, is no unit of anybody.

    \b
    Examples:
      goldwire eval agreement work
      goldwire eval agreement work --layers anna ben --measure entity --json
    """
    from goldwire.corpora.store import open_corpus
    from goldwire.eval.comparison.agreement import DEFAULTS, agree_corpus
    from goldwire.eval.gate.selection import select

    chosen = [*(layers or ()), *(more or ())]
    corpus = open_corpus(folder)
    asked = None if documents is None else select(corpus, documents)
    view = view_of(maps_of(labels), only, ignore, corpus.ontology())
    found = agree_corpus(corpus, chosen, measure or DEFAULTS, documents=asked, seed=seed, asked=view)
    if as_json:
        print_json(found)
    else:
        _show(found)


def _show(found: Agreement) -> None:
    from rich.console import Console
    from rich.text import Text

    from goldwire.eval.report.terminal import print_table

    console = Console()
    many = (
        f"{amount(len(found.layers), 'layer')}, {amount(found.documents, 'document')} "
        "annotated by at least two; F1, kappa and alpha in points of a hundred"
    )
    console.print(Text(visible(many), "bold"))
    if found.nobody is not None:
        console.print(Text(visible(f"{found.nobody}; a pair of such layers is no pair of people"), "yellow"))
    for name, kinds in found.rejected.items():
        told = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
        console.print(
            Text(
                visible(f"{name}: {amount(sum(kinds.values()), 'unit')} rejected, not compared: {told}"),
                "yellow",
            )
        )
    for name, view in found.views.items():
        console.print(Text(visible(f"{name} is seen through {view}"), "yellow"))
    for table in (_measures(found), _pairs(found)):
        console.print()
        print_table(table, console)
    console.print(Text(f"Krippendorff's alpha on tokens: {points(found.alpha)} ({COUNTED[found.tokens]})"))
    for measure in found.measures[:1]:
        console.print()
        print_table(_labels(measure), console)
        console.print(_worst(measure))


def _measures(found: Agreement) -> Table:
    rows = (
        (_name(measure), *_spread(mean), interval(mean.low, mean.high), str(mean.pairs))
        for measure in found.measures
        for mean in (measure.mean,)
    )
    return _table(("measure", "mean F1", "deviation", "95 %", "pairs"), rows)


def _labels(measure: MeasureAgreement) -> Table:
    """The mean over pairs of each label."""
    rows = ((line(label) or "all", *_spread(mean), str(mean.pairs)) for label, mean in measure.labels.items())
    return _table((f"by {_name(measure)}", "mean F1", "deviation", "pairs"), rows)


def _spread(mean: Mean) -> tuple[str, str]:
    return points(mean.value), points(mean.deviation)


def _pairs(found: Agreement) -> Table:
    from goldwire.eval.comparison.annotators import ANNOTATOR

    kappas = {(kappa.first, kappa.second): kappa.kappa for kappa in found.kappas}
    rows = []
    for index, pair in enumerate(found.measures[0].pairs if found.measures else ()):
        scores = (points(measure.pairs[index].score.f) for measure in found.measures)
        kappa = points(kappas.get((pair.first, pair.second)))
        names = " / ".join(line(name.removeprefix(ANNOTATOR)) for name in (pair.first, pair.second))
        rows.append((names, str(pair.documents), *scores, kappa))
    return _table(("pair", "texts", *(_name(measure) for measure in found.measures), "kappa"), rows)


def _worst(measure: MeasureAgreement) -> RenderableType:
    from rich.text import Text

    scored = sorted((mean.value, id) for id, mean in measure.by_document.items() if mean.value is not None)
    worst = ", ".join(f"{id} ({points(f)})" for f, id in scored[:SHOWN])
    return Text(visible(f"Least agreement by {_name(measure)}: {worst}") if worst else "")


def _name(measure: MeasureAgreement) -> str:
    from goldwire.eval.measures.measure import name, parse

    return name(parse(measure.measure))


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    """Figures beside names, the names first."""
    from goldwire.eval.report.table import Cell, Column, Group, Table

    first, *others = titles
    columns = (Column(title=first, kind="name"), *(Column(title=title) for title in others))
    cells = tuple(tuple(Cell(text=text) for text in row) for row in rows)
    return Table(title="", columns=columns, groups=(Group(rows=cells),))
