"""Expense of systems beside what they find: cost for 1,000 documents and latency, in a table and a plane.

A system is called dominated under a measure where another one is better *and* cheaper, each beyond chance:
its F is higher by the test of the pair, corrected over all pairs, and the intervals of the two costs are
apart. What is only seen to be so in these documents is not called that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from goldwire.corpora.visible import line
from goldwire.eval.comparison.contender import Contender
from goldwire.eval.measures.phrases import UNDEFINED, listed, number, points, seconds
from goldwire.eval.report.charts import Axis, Dot, Line, Place, PlaneChart, around, quantities
from goldwire.eval.report.table import Cell, Column, Group, Table
from goldwire.eval.report.values import Board, Expense, Figure, Report, Standing
from goldwire.eval.statistics.resample import student
from goldwire.eval.systems.facts import Reported, reported

PER = 1000  # documents that a cost is for
TAIL = 0.975  # of a 95 % interval
GREY = "soft"
_WIDE = 20.0  # times the least cost that the greatest is, from where on they stand on a logarithmic axis
TITLE = "Cost and time"
_CAPTION = (
    "Cost for 1,000 documents, of the answers that the layer is made of, with the 95 % interval of the mean "
    "over documents (t); of several runs in their mean. Latency for one document."
)
DOMINATED = (
    "Dominated: another system has a higher F1 beyond chance (Holm over all pairs) and costs less beyond "
    "chance (intervals apart). Whoever is not dominated need not be worth the cost."
)


# ---------------------------------------------------------------- values
def expenses(systems: Sequence[Contender]) -> tuple[Expense, ...]:
    """What each system costs; nothing where the cost of none is known."""
    found = tuple(_expense(system) for system in systems)
    return found if any(item.cost.value is not None for item in found) else ()


def _expense(system: Contender) -> Expense:
    runs = [reported(one.facts) for one in system.record.systems if one.name in system.layers]
    latency = [run.speed.latency for run in runs if run.speed.latency is not None]
    costs = [_cost(run) for run in runs]
    known = [cost for cost in costs if cost.value is not None]
    return Expense(
        system=system.name,
        cost=_mean(known) if len(known) == len(costs) else Figure(),
        latency=fmean(one.p50 for one in latency) if latency else None,
        slow=fmean(one.p95 for one in latency) if latency else None,
        why="" if len(known) == len(costs) else _why(runs),
    )


def _cost(run: Reported) -> Figure:
    """The cost for 1,000 documents; runs of earlier versions do not tell how far documents are apart."""
    costs = run.costs
    if costs is None:
        whole, documents = run.usage.get("cost"), run.documents
        earlier = run.spent is None and whole is not None and documents
        return Figure(value=PER * whole / documents) if earlier and whole and documents else Figure()
    if costs.documents < 2:  # noqa: PLR2004 - one does not tell how far they are apart
        return Figure(value=PER * costs.mean)
    half = student(TAIL, costs.documents) * costs.deviation / math.sqrt(costs.documents)
    return Figure(
        value=PER * costs.mean, low=PER * max(0.0, costs.mean - half), high=PER * (costs.mean + half)
    )


def _mean(runs: Sequence[Figure]) -> Figure:
    """The mean of runs on the same documents; its interval is no wider than theirs in the mean."""
    lows, highs = [run.low for run in runs], [run.high for run in runs]
    whole = None not in lows
    return Figure(
        value=fmean(run.value or 0.0 for run in runs),
        low=fmean(low or 0.0 for low in lows) if whole else None,
        high=fmean(high or 0.0 for high in highs) if whole else None,
    )


def _why(runs: Sequence[Reported]) -> str:
    if any(run.usage.get("untold") for run in runs):
        return "some answers did not say their tokens"
    if any("tokens_in" in run.usage for run in runs):
        return "no price was given, or requests were lost"
    return "not paid by tokens, or not told"


def dominated(board: Board, found: Sequence[Expense]) -> dict[str, str]:
    """The systems under a measure that another one dominates, and which: the one with the highest F."""
    costs = {item.system: item.cost for item in found}
    better = {
        (pair.second, pair.first) if (pair.difference.value or 0.0) > 0 else (pair.first, pair.second)
        for pair in board.pairs
        if pair.decided and pair.difference.value
    }
    return {
        worse.system: next(iter(best))
        for worse in board.standings
        if (
            best := [
                standing.system
                for standing in board.standings
                if (standing.system, worse.system) in better
                and is_below(costs.get(standing.system), costs.get(worse.system))
            ]
        )
    }


def is_below(one: Figure | None, other: Figure | None) -> bool:
    """Whether the interval of one ends before that of the other begins.

    >>> is_below(Figure(value=1, low=0.5, high=1.5), Figure(value=2, low=1.6, high=2.4))
    True
    """
    return bool(one and other and one.high is not None and other.low is not None and one.high < other.low)


# ---------------------------------------------------------------- the table
def table(report: Report) -> Table | None:
    """Cost and latency of each system, and under which measures it is dominated; None if no cost is known."""
    if not report.expenses:
        return None
    by = {board.name: dominated(board, report.expenses) for board in report.boards}
    rows = tuple(
        (Cell(text=item.system, system=item.system), *_figures(item), Cell(text=_dominated(item.system, by)))
        for item in report.expenses
    )
    columns = (
        Column(title="system", kind="system"),
        Column(title="cost / 1,000"),
        Column(title="median latency"),
        Column(title="95th percentile"),
        Column(title="dominated", kind="words"),
    )
    return Table(title=TITLE, columns=columns, groups=(Group(rows=rows),), caption=f"{_CAPTION} {DOMINATED}")


def _figures(item: Expense) -> tuple[Cell, ...]:
    ends = (item.cost.low, item.cost.high)
    between = "" if None in ends else "–".join(map(number, ends))
    cost = Cell(text=number(item.cost.value) if item.cost.value is not None else UNDEFINED, range=between)
    return cost, Cell(text=seconds(item.latency)), Cell(text=seconds(item.slow))


def _dominated(system: str, by: Mapping[str, Mapping[str, str]]) -> str:
    """By whom, and under which measures."""
    over: dict[str, list[str]] = {}
    for measure, found in by.items():
        if system in found:
            over.setdefault(found[system], []).append(measure)
    return "; ".join(f"by {other} ({listed(measures)})" for other, measures in over.items())


# ---------------------------------------------------------------- the plane
def plane(board: Board, found: Sequence[Expense], colours: Mapping[str, int]) -> PlaneChart | None:
    """F (up) against cost (right), with intervals both ways; None where fewer than two systems have both."""
    costs = {item.system: item.cost for item in found if item.cost.value is not None}
    shown = [s for s in board.standings if s.system in costs and s.f.value is not None]
    if len(shown) < 2:  # noqa: PLR2004 - one stands against nothing
        return None
    grey = dominated(board, found)
    ends = [end for s in shown for end in _ends(costs[s.system])]
    axis, place = quantities(ends, "cost for 1,000 documents", wide=_WIDE)
    up = around([end for s in shown for end in _ends(s.f)], f"{board.name}: F1")
    marks = [
        _marks(s, costs[s.system], GREY if s.system in grey else f"s{colours[s.system]}", place)
        for s in shown
    ]
    return PlaneChart(
        caption=f"{board.name}: F1 against cost",
        text="; ".join(_said(s, costs[s.system], grey) for s in shown),
        x=axis,
        y=up,
        lines=(_frontier(shown, costs, axis, place), *(one for lines, _ in marks for one in lines)),
        dots=tuple(dot for _, dot in marks),
    )


def _ends(figure: Figure) -> Iterator[float]:
    yield from (end for end in (figure.value, figure.low, figure.high) if end is not None)


def _marks(standing: Standing, cost: Figure, colour: str, place: Place) -> tuple[list[Line], Dot]:
    """The lines of both intervals, and the dot where they meet."""
    x, y = place(cost.value or 0.0), standing.f.value or 0.0
    lines = []
    if cost.low is not None and cost.high is not None:
        lines.append(Line(((place(cost.low), y), (place(cost.high), y)), colour, thin=True))
    if standing.f.low is not None and standing.f.high is not None:
        lines.append(Line(((x, standing.f.low), (x, standing.f.high)), colour, thin=True))
    text = f"{standing.system}: F1 {points(standing.f.value)}, cost {number(cost.value)}"
    return lines, Dot(x, y, 0.3, colour, text, standing.system)


def _said(standing: Standing, cost: Figure, grey: Mapping[str, str]) -> str:
    told = f"{line(standing.system)}: F1 {points(standing.f.value)} at {number(cost.value)}"
    by = grey.get(standing.system)
    return f"{told}, dominated by {line(by)}" if by else told


def _frontier(shown: Sequence[Standing], costs: Mapping[str, Figure], axis: Axis, place: Place) -> Line:
    """Steps along the best F that can be had for a cost, in these documents."""
    steps: list[tuple[float, float]] = []
    for standing in sorted(shown, key=lambda s: (costs[s.system].value or 0.0, -(s.f.value or 0.0))):
        x, y = place(costs[standing.system].value or 0.0), standing.f.value or 0.0
        if not steps or y > steps[-1][1]:
            steps += [(x, steps[-1][1])] if steps else []
            steps.append((x, y))
    return Line((*steps, (axis.high, steps[-1][1])), GREY, thin=True, dashed=True)
