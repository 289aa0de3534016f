"""Slices in a report: which are shown, and the table of each, the same in every view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from goldwire.corpora.store import SYSTEM
from goldwire.corpora.types import PREFILL
from goldwire.eval.comparison.contender import Contender
from goldwire.eval.comparison.slices import SlicedSystem, SliceScore, Standing, common, compare_slices, find
from goldwire.eval.measures.measure import name, parse
from goldwire.eval.measures.phrases import UNDEFINED, amount, chance, listed, number, signed
from goldwire.eval.measures.titles import title
from goldwire.eval.report.table import Cell, Column, Group, Row, Table
from goldwire.eval.report.tables import f_of, figure_cell, units_of
from goldwire.eval.report.values import Report, SliceBoard, figure_of
from goldwire.eval.scoring.record import Record

_CAPTION = (
    "A unit that only a system has is in the slice of its own words. “against the rest”: F of a slice less "
    "F of all other units or documents; p is by permutation, with Holm's correction over all slices and "
    "systems of the measure. Slices that are too few could not show a difference of ten points: they are "
    "no better and no worse."
)
_RUNS = (
    "Of a system with several runs figures, numbers of units and differences are means over its runs; "
    "intervals are for other runs and other documents, and p is that of a t-test over both if that is larger."
)


def make_boards(
    records: Mapping[str, Record], systems: Sequence[Contender], measure: str, *, seed: int = 0
) -> Iterator[SliceBoard]:
    """What is shown of the slices that all records have, under a measure."""
    found: dict[str, list[SlicedSystem]] = {}
    for one in compare_slices(systems, parse(measure), seed=seed) if common(systems) else ():
        found.setdefault(one.slice, []).append(one)
    for slice_, sliced in found.items():
        yield SliceBoard(
            slice=slice_,
            measure=measure,
            name=f"{title(parse(measure))}, by {slice_}",
            systems=tuple(sliced),
            notes=(*_notes(records, slice_), *(_pulled(sliced) if slice_ == PREFILL else ())),
        )


def _notes(records: Mapping[str, Record], slice_: str) -> Iterator[str]:
    """What must be told of a slice, and which measures it says nothing of."""
    slicings = [find(record, slice_) for record in records.values()]
    told = [note for slicing in slicings for note in slicing.notes]
    whole = list(dict.fromkeys(name(parse(form)) for slicing in slicings for form in slicing.unparted))
    if whole:
        told.append(f"no units or counts to part by it: {listed(whole)}")
    yield from (f"{note[0].upper()}{note[1:]}." for note in dict.fromkeys(told))


def _pulled(systems: Sequence[SlicedSystem]) -> Iterator[str]:
    """How far gold is pulled to each system that annotators were shown."""
    for one in systems:
        own = next((item for item in one.scores if item.value.removeprefix(SYSTEM) == one.system), None)
        if own is not None and own.difference is not None:
            yield (
                f"Gold that was made upon {one.system} gives it {signed(own.difference)} points of F "
                f"against the rest: {_PULLED[own.standing]}"
            )


_PULLED: dict[Standing, str] = {
    "better": "more than chance, so annotators follow what they are shown.",
    "worse": "more than chance, and against what was shown.",
    "not told apart": "that may be chance.",
    "too few": "too few documents to say anything of it.",
    "alone": "there is nothing to compare it with.",
}


def sheets(report: Report) -> Iterator[Table]:
    """The tables of all slices; what holds for all of them is said beneath the last."""
    last = len(report.slices) - 1
    several = any(one.runs for board in report.slices for one in board.systems)
    caption = f"{_CAPTION} {_RUNS}" if several else _CAPTION
    for place, board in enumerate(report.slices):
        yield _table(board, caption if place == last else "")


def by_measure(report: Report) -> Iterator[tuple[str, list[Table]]]:
    """The tables of each measure, under its name."""
    pairs = zip(report.slices, sheets(report), strict=True)
    for measure, group in groupby(pairs, key=lambda pair: pair[0].measure):
        yield name(parse(measure)), [sheet for _, sheet in group]


def _table(board: SliceBoard, more: str) -> Table:
    """The figures of each slice, and how it stands to the rest; one group a system."""
    several = len(board.systems) > 1
    groups = tuple(
        Group(title=_called(one) if several or one.runs else "", rows=tuple(map(_row, one.scores)))
        for one in board.systems
    )
    units = units_of(row for group in groups for row in group.rows)
    columns = (
        Column(title="slice", kind="name"),
        *(Column(title=title) for title in ("P", "R", f_of([board.measure]))),
        *(Column(title=title, kind="count") for title in ("right", "found", "gold", "documents")),
        *(Column(title=title, kind="count") for title in ("against the rest", "p (Holm)")),
        Column(title="the slice is", kind="words"),
    )
    caption = " ".join(filter(None, (units, *board.notes, more)))
    return Table(title=board.name, columns=columns, groups=groups, caption=caption)


def _called(one: SlicedSystem) -> str:
    """A system by name, with how many runs."""
    return f"{one.system} ({amount(one.runs, 'run')})" if one.runs else one.system


def _row(item: SliceScore) -> Row:
    score, ends, faint = item.score, item.intervals, item.standing == "too few"
    right = dict.fromkeys(number(hits) for hits in (score.system_hits, score.gold_hits))
    cells = (
        Cell(text=item.value),
        figure_cell(figure_of(score.precision, ends.get("precision")), score.system_hits, score.system),
        figure_cell(figure_of(score.recall, ends.get("recall")), score.gold_hits, score.gold),
        figure_cell(figure_of(score.f, ends.get("f")), score.gold_hits, score.gold or score.system),
        Cell(text="/".join(right)),
        Cell(text=number(score.system)),
        Cell(text=number(score.gold)),
        Cell(text=number(item.documents)),
        Cell(text=signed(item.difference)),
        Cell(text=UNDEFINED if faint else chance(item.p_holm)),
        Cell(text=UNDEFINED if item.standing == "alone" else item.standing),
    )
    return tuple(_faint(cell) for cell in cells) if faint else cells


def _faint(cell: Cell) -> Cell:
    return Cell(text=cell.text, range=cell.range, faint=True)
