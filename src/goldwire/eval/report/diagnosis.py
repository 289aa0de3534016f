"""Diagnosis as tables: classes and causes of errors, what they cost, two systems by unit, confidence."""

from __future__ import annotations

from collections.abc import Iterable

from goldwire.eval.measures.phrases import UNDEFINED, number, points, signed
from goldwire.eval.report.table import Cell, Column, Group, Table
from goldwire.eval.report.values import Curve, Errors, Report, Step

_THRESHOLDS = (
    "Units with a lower score, and those without one, are left out. Choose a score on other documents than "
    "those that are reported: chosen on this gold, F1 is too high."
)


def errors(report: Report) -> Table:
    """How many units of each system are in each class, with their share of all."""
    return _tallied("Error classes", report.errors)


def lost(report: Report) -> Table:
    """How many gold arguments each system lost by each cause, with their share of all that are lost."""
    return _tallied("Why arguments are lost", report.causes)


def _tallied(title: str, found: tuple[Errors, ...]) -> Table:
    rows = tuple(
        (
            Cell(text=item.system),
            Cell(text=item.units),
            *(Cell(text=number(tally.count), range=_share(tally.share)) for tally in item.tallies),
        )
        for item in found
    )
    names = [tally.name for tally in found[0].tallies]
    columns = (
        Column(title="system", kind="system"),
        Column(title="units", kind="words"),
        *(Column(title=name, kind="count") for name in names),
    )
    caption = "Units, and their share in points of a hundred."
    return Table(title=title, columns=columns, groups=(Group(rows=rows),), keys=2, caption=caption)


def _share(value: float | None) -> str:
    return "" if value is None else points(value)


def costs(report: Report) -> Table:
    """F of the arguments as it is, and with one kind of error put right, with what that gains."""
    rows = tuple(
        (Cell(text=item.system), *(Cell(text=points(step.value), range=_gain(step)) for step in item.steps))
        for item in report.costs
    )
    _, *steps = report.costs[0].steps
    titles = ("as it is", *(step.name for step in steps))
    columns = (Column(title="system", kind="system"), *(Column(title=title) for title in titles))
    return Table(
        title="What each error upstream costs",
        columns=columns,
        groups=(Group(rows=rows),),
        caption="F1 of the arguments (AC+) as it is, and with one kind of error put right from gold; with "
        "it what that gains.",
    )


def _gain(step: Step) -> str:
    return "" if step.gain is None else signed(step.gain)


def versus(report: Report) -> Table:
    """Gold units that only one of two systems has right, both have, or neither."""
    rows = tuple(
        (
            Cell(text=f"{item.second} − {item.first}"),
            Cell(text=item.units),
            *(Cell(text=number(n)) for n in (item.fixed, item.broken, item.both_right, item.both_wrong)),
        )
        for item in report.versus
    )
    titles = ("fixed", "broken", "both right", "both wrong")
    columns = (
        Column(title="second − first", kind="name"),
        Column(title="units", kind="words"),
        *(Column(title=title, kind="count") for title in titles),
    )
    return Table(
        title="A against B",
        columns=columns,
        groups=(Group(rows=rows),),
        keys=2,
        caption="fixed: units of gold that only the second has right; broken: only the first.",
    )


def confidence(curves: Iterable[Curve]) -> Table:
    """How well the scores of systems order what they find, and how far their word can be taken."""
    rows = tuple(
        (
            Cell(text=curve.system),
            Cell(text=curve.units),
            Cell(text=points(curve.average_precision)),
            Cell(text=points(curve.best)),
            Cell(text=UNDEFINED if curve.threshold is None else f"{curve.threshold:g}"),
            Cell(text=points(curve.calibration_error)),
        )
        for curve in curves
    )
    titles = ("average precision", "best F1", "at score ≥", "calibration error")
    columns = (
        Column(title="system", kind="system"),
        Column(title="units", kind="words"),
        *(Column(title=title) for title in titles),
    )
    return Table(title="Confidence", columns=columns, groups=(Group(rows=rows),), keys=2)


def thresholds(report: Report) -> Table:
    """What is left of P, R and F1 when only units with at least some score are kept: a group a system."""
    columns = (Column(title="score ≥", kind="name"), *(Column(title=title) for title in ("P", "R", "F1")))
    groups = tuple(
        Group(
            title=f"{curve.system}, {curve.units}",
            rows=tuple(
                (Cell(text=f"{least:g}"), *(Cell(text=points(figure)) for figure in figures))
                for least, *figures in curve.levels
            ),
            caption=f"Best F1 {points(curve.best)} at {curve.threshold:g}, a score chosen on this very gold."
            if curve.threshold is not None
            else "",
        )
        for curve in report.curves
    )
    return Table(title="By the least score", columns=columns, groups=groups, caption=_THRESHOLDS)
