"""Agreement of annotators as tables: by measure, by pair, by label, and the documents with the least."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from goldwire.eval.comparison.agreement import Agreement, MeasureAgreement
from goldwire.eval.comparison.annotators import ANNOTATOR
from goldwire.eval.comparison.coefficients import FEWEST, NOTHING, ONE_VALUE, Coefficient, Named
from goldwire.eval.comparison.pairs import Mean
from goldwire.eval.measures.measure import name, parse
from goldwire.eval.measures.phrases import amount, number, points
from goldwire.eval.measures.titles import title
from goldwire.eval.report.table import Cell, Column, ColumnKind, Group, Row, Summary, Table
from goldwire.eval.report.tables import f_of, figure_cell, units_of
from goldwire.eval.report.values import figure_of

# Which tokens were counted, in words.
COUNTED = {
    "file": "those of the files",
    "file+goldwire-1": "those of the files, and in some documents Goldwire's",
    "goldwire-1": "as Goldwire counts them",
}
_NAMES: dict[Named, str] = {
    "kappa": "kappa",
    "alpha": "alpha",
    "alpha-u": "alpha for unitizing",
    "alpha-u-binary": "alpha for unitizing, types aside",
    "gamma": "gamma",
}
SHOWN = 5  # documents with the least agreement


def summarise(found: Agreement) -> Summary:
    """How far annotators agree, with what must be known first."""
    return Summary(
        title=f"Agreement of {amount(len(found.layers), 'layer')}",
        about=f"{amount(found.documents, 'document')} annotated by at least two",
        tables=(
            means(found),
            pairs(found),
            beyond_chance(found),
            *unitized(found),
            *(labels(measure) for measure in found.measures[:1] if measure.labels),
        ),
        notes=tuple(_notes(found)),
    )


def _notes(found: Agreement) -> Iterator[str]:
    if found.nobody is not None:
        yield f"{found.nobody}; a pair of such layers is no pair of people"
    if found.gold_tasks:
        were = "was a gold task" if found.gold_tasks == 1 else "were gold tasks"
        yield f"{amount(found.gold_tasks, 'document')} among these {were}, which everybody has"
    for layer, kinds in found.rejected.items():
        told = ", ".join(f"{times} {kind}" for kind, times in kinds.items())
        yield f"{layer}: {amount(sum(kinds.values()), 'unit')} rejected, not compared: {told}"
    yield from (f"{layer} is seen through {view}" for layer, view in found.views.items())
    for one in found.coefficients:
        if one.value is None and one.why not in {ONE_VALUE, NOTHING}:
            yield f"{_called(one)} is not defined: {one.why}"


def means(found: Agreement) -> Table:
    """The mean over pairs by each measure, with its interval."""
    rows = tuple(
        (
            Cell(text=title(parse(measure.measure))),
            figure_cell(figure_of(measure.mean.value, measure.mean)),
            *_spread(measure.mean),
        )
        for measure in found.measures
    )
    columns = _columns("measure", _mean_columns(measure.measure for measure in found.measures))
    caption = f"{units_of(rows)} F and its deviation are those of the pairs, each with the same weight."
    return Table(title="Mean over pairs", columns=columns, groups=(Group(rows=rows),), caption=caption)


def pairs(found: Agreement) -> Table:
    """F of each pair by each measure, and kappa."""
    measures = found.measures
    kappas = {one.layers: one.value for one in found.coefficients if one.name == "kappa"}
    rows = tuple(
        (
            Cell(text=" / ".join(layer.removeprefix(ANNOTATOR) for layer in (pair.first, pair.second))),
            Cell(text=number(pair.documents)),
            *(Cell(text=points(measure.pairs[index].score.f)) for measure in measures),
            Cell(text=points(kappas.get((pair.first, pair.second)))),
        )
        for index, pair in enumerate(measures[0].pairs if measures else ())
    )
    figures: list[tuple[str, ColumnKind]] = [(_name(measure), "figure") for measure in measures]
    columns = _columns("pair", [("documents", "count"), *figures, ("kappa", "figure")])
    return Table(title="Each against each", columns=columns, groups=(Group(rows=rows),))


def beyond_chance(found: Agreement) -> Table:
    """The coefficients of all layers together, with their intervals."""
    shown = [one for one in found.coefficients if one.name != "kappa" and not _of_type(one)]
    rows = tuple(
        (
            Cell(text=_called(one)),
            figure_cell(figure_of(one.value, one)),
            Cell(text=number(one.count)),
            Cell(text=number(one.documents)),
        )
        for one in shown
    )
    columns = _columns("coefficient", [("value", "figure"), ("rests on", "count"), ("documents", "count")])
    caption = (
        f"Tokens are {COUNTED[found.tokens]}. Intervals are from resampling documents; there is none of "
        f"fewer than {FEWEST}, nor where they do not differ."
    )
    return Table(title="Beyond chance", columns=columns, groups=(Group(rows=rows),), caption=caption)


def unitized(found: Agreement) -> Iterator[Table]:
    """Alpha for unitizing of each type."""
    for unit in ("mention", "trigger"):
        own = [one for one in found.coefficients if one.of == unit and _of_type(one)]
        rows = tuple((Cell(text=one.label), figure_cell(figure_of(one.value, one))) for one in own)
        if rows:
            columns = _columns("type", [("alpha-u", "figure")])
            yield Table(title=f"Alpha for unitizing of {unit}s", columns=columns, groups=(Group(rows=rows),))


def _of_type(one: Coefficient) -> bool:
    return one.name == "alpha-u" and bool(one.label)


def _called(one: Coefficient) -> str:
    """A coefficient in words: `alpha for unitizing, mentions`."""
    of = f"{one.of}s" if not one.label else f"{one.label} of {one.of}s"
    return f"{_NAMES[one.name]}, {of}"


def labels(measure: MeasureAgreement) -> Table:
    """The mean over pairs of each label; below, the documents to look at first."""
    rows = tuple(
        (Cell(text=label or "all"), Cell(text=points(mean.value)), *_spread(mean))
        for label, mean in measure.labels.items()
    )
    return Table(
        title=f"{title(parse(measure.measure))}, by type",
        columns=_columns("type", _mean_columns([measure.measure])),
        groups=(Group(rows=rows),),
        caption=_least(measure),
    )


def _mean_columns(measures: Iterable[str]) -> Iterator[tuple[str, ColumnKind]]:
    yield from ((f_of(measures), "figure"), ("deviation", "figure"), ("pairs", "count"))


def _spread(mean: Mean) -> Row:
    return Cell(text=points(mean.deviation)), Cell(text=number(mean.pairs))


def _least(measure: MeasureAgreement) -> str:
    scored = sorted((mean.value, id) for id, mean in measure.by_document.items() if mean.value is not None)
    worst = ", ".join(f"{id} ({points(f)})" for f, id in scored[:SHOWN])
    return f"Least agreement by {_name(measure)}: {worst}" if worst else ""


def _name(measure: MeasureAgreement) -> str:
    return name(parse(measure.measure))


def _columns(first: str, others: Iterable[tuple[str, ColumnKind]]) -> tuple[Column, ...]:
    """Figures and counts beside names, the names first."""
    return (Column(title=first, kind="name"), *(Column(title=title, kind=kind) for title, kind in others))
