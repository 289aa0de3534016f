"""Charts of a report: forests of intervals, bars of classes, curves of confidence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from goldwire.corpora.visible import line
from goldwire.eval.measures.phrases import interval, points
from goldwire.eval.report import expense
from goldwire.eval.report.charts import (
    Chart,
    Dot,
    Line,
    PlaneChart,
    Row,
    RowChart,
    Segment,
    Whisker,
    around,
    shares,
)
from goldwire.eval.report.values import Board, Curve, Errors, Figure, Report, Tally

COLOURS = 8  # that the style sheet has for systems; from the ninth on they repeat
# Colours of the style sheet for the classes of units, and for the causes of lost arguments, which have
# nothing right among them and so no green.
CLASSES = (0, 1, 2, 3, 4, 5, 6)
CAUSES = (5, 2, 1, 3, 4, 7, 8, 6)


def draw(report: Report) -> dict[str, Chart]:
    """All charts of a report, by the name that the page asks for; those with nothing to show are left out."""
    colours = colour_numbers(report.overview.systems)
    charts: dict[str, Chart] = {f"forest-{board.key}": forest(board, colours) for board in report.boards}
    charts |= {"errors": classes(report.errors), "causes": causes(report.causes)}
    for board in report.boards:
        if (drawn := expense.plane(board, report.expenses, colours)) is not None:
            charts[f"expense-{board.key}"] = drawn
    for units in dict.fromkeys(item.units for item in report.curves):
        of = tuple(item for item in report.curves if item.units == units)
        charts[f"curves-{units}"] = curves(of, colours)
        charts[f"calibration-{units}"] = calibration(of, colours)
    return {name: chart for name, chart in charts.items() if isinstance(chart, PlaneChart) or chart.rows}


def colour_numbers(systems: tuple[str, ...]) -> dict[str, int]:
    """The colour of each system, as the style sheet numbers them."""
    return {system: number % COLOURS for number, system in enumerate(systems)}


# ---------------------------------------------------------------- measures
def forest(board: Board, colours: dict[str, int]) -> RowChart:
    """Each system's figure with its interval, best on top; a dashed line where people agree."""
    shown = [standing for standing in board.standings if standing.f.value is not None]
    ceiling = None if board.ceiling is None else board.ceiling.value
    values = [end for s in shown for end in (s.f.value, s.f.low, s.f.high) if end is not None]
    ends = any(standing.f.low is not None for standing in shown)
    return RowChart(
        caption=f"{board.name}: F1{' with 95 % interval' if ends else ''}",
        text="; ".join(
            f"{line(s.system)} {points(s.f.value)} ({interval(s.f.low, s.f.high)})" for s in board.standings
        ),
        axis=around([*values, *(() if ceiling is None else (ceiling,))] or [0.0, 1.0], "F1"),
        rows=tuple(Row(s.system, _whisker(s.f, f"s{colours[s.system]}")) for s in shown),
        rule=None if ceiling is None else (ceiling, "annotators"),
    )


def _whisker(f: Figure, colour: str) -> tuple[Whisker, ...]:
    return () if f.value is None else (Whisker(f.value, f.low, f.high, colour, points(f.value)),)


# ---------------------------------------------------------------- classes and causes
def classes(errors: tuple[Errors, ...]) -> RowChart:
    """What became of all units."""
    return stacked("What became of all units, in per cent", errors, CLASSES)


def causes(errors: tuple[Errors, ...]) -> RowChart:
    """What lost arguments are put down to."""
    return stacked("Lost arguments by cause, in per cent", errors, CAUSES)


def stacked(caption: str, errors: tuple[Errors, ...], palette: tuple[int, ...]) -> RowChart:
    """One bar for each system and kind of unit, divided by class; none for those without a unit."""
    several = len({item.units for item in errors}) > 1
    rows = [
        Row(f"{item.system}, {item.units}" if several else item.system, _segments(item.tallies, palette))
        for item in errors
        if any(tally.count for tally in item.tallies)
    ]
    text = "; ".join(f"{row.name}: {', '.join(mark.text for mark in _bars(row))}" for row in rows)
    return RowChart(caption, text, shares(points=True), tuple(rows))


def _segments(tallies: Sequence[Tally], palette: tuple[int, ...]) -> tuple[Segment, ...]:
    ends = list(accumulate(tally.share or 0.0 for tally in tallies))
    return tuple(
        Segment(start, end, f"c{palette[number % len(palette)]}", f"{tally.name} {points(tally.share)}")
        for number, (tally, start, end) in enumerate(zip(tallies, [0.0, *ends], ends, strict=False))
        if tally.share
    )


def _bars(row: Row) -> list[Segment]:
    return [mark for mark in row.marks if isinstance(mark, Segment)]


# ---------------------------------------------------------------- confidence
def curves(items: Sequence[Curve], colours: dict[str, int]) -> PlaneChart:
    """Precision (up) against recall (right), a line for each system."""
    return PlaneChart(
        caption="Precision against recall",
        text="; ".join(
            f"{item.system}: average precision {points(item.average_precision)}" for item in items
        ),
        x=shares("recall"),
        y=shares("precision"),
        lines=tuple(Line(item.points, f"s{colours[item.system]}") for item in items),
    )


def calibration(items: Sequence[Curve], colours: dict[str, int]) -> PlaneChart:
    """The share that is right among units of about one score; on the diagonal the score is honest."""
    most = max((number for item in items for *_, number in item.bins), default=1)
    diagonal = Line(((0.0, 0.0), (1.0, 1.0)), "soft", thin=True, dashed=True)
    return PlaneChart(
        caption="Share that is right, by score",
        text="; ".join(
            f"{item.system}: calibration error {points(item.calibration_error)}" for item in items
        ),
        x=shares("score"),
        y=shares("right"),
        lines=(
            diagonal,
            *(
                Line(tuple((score, right) for score, right, _ in i.bins), f"s{colours[i.system]}", thin=True)
                for i in items
            ),
        ),
        dots=tuple(
            Dot(score, right, number / most, f"s{colours[item.system]}", f"{item.system}: {number:,} units")
            for item in items
            for score, right, number in item.bins
        ),
    )
