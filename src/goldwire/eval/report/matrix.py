"""Table of a matrix of prompts and models: main effects, and the combinations, the best on top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from goldwire.eval.comparison.compare import Standing
from goldwire.eval.comparison.matrix import Factor, Level, MatrixResult
from goldwire.eval.measures.phrases import chance, interval, points, signed, span
from goldwire.eval.report.table import Cell, Column, Group, Row, Table

_CAPTION = (
    "Points of a hundred, with 95 % intervals. less: than the first of its group, with p over documents and "
    "runs, corrected by Holm over all pairs of prompts, of models, or of combinations. A prompt or a model "
    "stands with the mean over the others, also of intervals. between runs: the standard deviation of F1."
)
_BLANK = Cell(text="")


def table(found: MatrixResult, cost: Mapping[str, str]) -> Table:
    """Everything in one table; `cost` is what 1,000 documents cost by combination, as shown."""
    groups = [_levels(found, "prompt", "Prompts"), _levels(found, "model", "Models")]
    rows = tuple(_combination(found, standing, cost) for standing in found.comparison.standings)
    columns = (
        Column(title="", kind="system"),
        Column(title="F1"),
        Column(title="less"),
        Column(title="p (Holm)"),
        Column(title="runs", kind="count"),
        Column(title="between runs"),
        *((Column(title="cost/1,000"),) if cost else ()),
    )
    rest = [_BLANK] * (len(columns) - 4)
    shown = [Group(title=g.title, rows=tuple((*row, *rest) for row in g.rows)) for g in groups if g.rows]
    return Table(
        title=f"Prompts and models: {found.comparison.measure}",
        columns=columns,
        groups=(*shown, Group(title="Combinations", rows=rows)),
        caption=_CAPTION,
    )


def _levels(found: MatrixResult, factor: Factor, title: str) -> Group:
    levels = [level for level in found.levels if level.factor == factor]
    several = len(levels) > 1  # one has no effect
    return Group(title=title, rows=tuple(_level_rows(found, levels)) if several else ())


def _level_rows(found: MatrixResult, levels: list[Level]) -> Iterator[Row]:
    steps = {(step.factor, step.first, step.second): step for step in found.steps}
    for level in levels:
        step = steps.get((level.factor, levels[0].name, level.name))
        less = _BLANK if step is None else _less(step.difference, step.low, step.high)
        p = _BLANK if step is None else Cell(text=chance(step.p_holm))
        yield Cell(text=level.name), _figure(level.value, level.low, level.high), less, p


def _combination(found: MatrixResult, standing: Standing, cost: Mapping[str, str]) -> Row:
    best, ends = found.comparison.standings[0].system, standing.interval
    pairs = {(pair.first, pair.second): pair for pair in found.comparison.pairs}
    pair = pairs.get((best, standing.system))
    return (
        Cell(text=standing.system, system=standing.system),
        _figure(standing.value, ends.low if ends else None, ends.high if ends else None),
        _BLANK if pair is None else _less(pair.difference, pair.low, pair.high),
        _BLANK if pair is None else Cell(text=chance(pair.p_holm)),
        Cell(text=str(standing.runs)),
        Cell(text=points(standing.deviation)),
        *((Cell(text=cost.get(standing.system, "")),) if cost else ()),
    )


def _figure(value: float | None, low: float | None, high: float | None) -> Cell:
    return Cell(text=points(value), range="" if low is None else interval(low, high))


def _less(value: float | None, low: float | None, high: float | None) -> Cell:
    return Cell(text=signed(value), range="" if low is None else span(low, high))
