"""Agreement of annotators in a terminal: by measure, by pair, by label, and the documents with the least."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from goldwire.corpora.visible import line, visible
from goldwire.eval.comparison.agreement import Agreement, Mean, MeasureAgreement
from goldwire.eval.comparison.annotators import ANNOTATOR
from goldwire.eval.measures.measure import name, parse
from goldwire.eval.measures.phrases import amount, interval, points
from goldwire.eval.report.table import Cell, Column, Group, Table
from goldwire.eval.report.terminal import print_table

# Which tokens were counted, in words.
COUNTED = {
    "file": "those of the files",
    "file+goldwire-1": "those of the files, and in some documents Goldwire's",
    "goldwire-1": "as Goldwire counts them",
}
SHOWN = 5  # documents with the least agreement


def render(found: Agreement, console: Console) -> None:
    """Print how far annotators agree: by measure, by pair, by label, and where least."""
    many = (
        f"{amount(len(found.layers), 'layer')}, {amount(found.documents, 'document')} "
        "annotated by at least two; F1, kappa and alpha in points of a hundred"
    )
    console.print(Text(visible(many), "bold"))
    if found.nobody is not None:
        console.print(Text(visible(f"{found.nobody}; a pair of such layers is no pair of people"), "yellow"))
    for layer, kinds in found.rejected.items():
        told = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
        console.print(
            Text(
                visible(f"{layer}: {amount(sum(kinds.values()), 'unit')} rejected, not compared: {told}"),
                "yellow",
            )
        )
    for layer, view in found.views.items():
        console.print(Text(visible(f"{layer} is seen through {view}"), "yellow"))
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
    kappas = {(kappa.first, kappa.second): kappa.kappa for kappa in found.kappas}
    rows = []
    for index, pair in enumerate(found.measures[0].pairs if found.measures else ()):
        scores = (points(measure.pairs[index].score.f) for measure in found.measures)
        kappa = points(kappas.get((pair.first, pair.second)))
        names = " / ".join(line(name.removeprefix(ANNOTATOR)) for name in (pair.first, pair.second))
        rows.append((names, str(pair.documents), *scores, kappa))
    return _table(("pair", "texts", *(_name(measure) for measure in found.measures), "kappa"), rows)


def _worst(measure: MeasureAgreement) -> Text:
    scored = sorted((mean.value, id) for id, mean in measure.by_document.items() if mean.value is not None)
    worst = ", ".join(f"{id} ({points(f)})" for f, id in scored[:SHOWN])
    return Text(visible(f"Least agreement by {_name(measure)}: {worst}") if worst else "")


def _name(measure: MeasureAgreement) -> str:
    return name(parse(measure.measure))


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    """Figures beside names, the names first."""
    first, *others = titles
    columns = (Column(title=first, kind="name"), *(Column(title=title) for title in others))
    cells = tuple(tuple(Cell(text=text) for text in row) for row in rows)
    return Table(title="", columns=columns, groups=(Group(rows=cells),))
