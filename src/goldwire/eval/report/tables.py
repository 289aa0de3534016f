"""Tables of a report, each made here and nowhere else, so that every view says the same words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from goldwire.eval.measures.aliases import ALIASES
from goldwire.eval.measures.measure import parse
from goldwire.eval.measures.phrases import UNDEFINED, amount, chance, interval, number, points, signed, span
from goldwire.eval.report.table import Cell, Column, Group, Row, Table
from goldwire.eval.report.values import Board, Figure, Pair, Report, Standing, TypeScore

ATTACHED = ALIASES["AC+"]  # what the other definitions of arguments are compared with
ABREAST = 6  # systems side by side that a page of usual width shows whole
_ALIKE = "Systems that share a letter cannot be told apart."
# What stands behind an interval, and what it says (see `statistics.unseen.remarks`).
_MARKS: dict[str | None, str] = {"unlike": "†", "alone": "‡"}
_REMARKS = {
    "†": "† Most of this interval allows for documents unlike those seen: they are too few to tell.",
    "‡": "‡ Rests on one document, which makes more than half of the spread.",
}
_PAIRS = (
    "Differences in points. The test (p) decides whether there is one; the interval says how large it may "
    "be, allows for documents unlike those seen, and so may hold 0 where the test sees a difference. "
    "better/same/worse: documents as the second sees them, where both have a figure. shows: the least loss, "
    "spread over hits, that these documents show in four cases of five; none, if not even a loss of nearly "
    "all. needs: how many documents would show the one found; where runs are known, or how many runs of each."
)
_TYPES = "Types are not tested one by one: a difference between systems may be chance."


# ---------------------------------------------------------------- figures
def scores(report: Report) -> Table:
    """P, R and F1 with their intervals and counts: one row a measure, or a group a measure of all systems."""
    boards, f = report.boards, f_name(report.boards)
    if len(report.overview.systems) == 1:
        rows = tuple((Cell(text=board.name), *_figures(board.standings[0])) for board in boards)
        people = tuple((Cell(text=board.name), *_agreed(board)) for board in boards if board.ceiling)
        groups = (Group(rows=rows), *((Group(title=_PEOPLE, rows=people),) if people else ()))
        columns = (Column(title="measure", kind="name"), *_columns(f))
        title, units = _called(boards[0].standings[0]), units_of((*rows, *people))
        return Table(title=title, columns=columns, groups=groups, caption=units)
    letters = any(standing.group for board in boards for standing in board.standings)
    groups = tuple(Group(title=board.name, rows=_ranked(board, letters)) for board in boards)
    units = units_of(row for group in groups for row in group.rows)
    caption = f"{units} {_ALIKE}" if letters else units
    return Table(title="Ranking", columns=_ranking(f, letters), groups=groups, caption=caption)


def units_of(rows: Iterable[Row]) -> str:
    """In what the figures are, whether their intervals stand beside them, and what their marks say."""
    rows = tuple(rows)
    told = "with 95 %" if any(cell.range for row in rows for cell in row) else "without"
    return " ".join([f"Points of a hundred, {told} intervals.", *_remarks(rows)])


def _remarks(rows: Iterable[Row]) -> Iterator[str]:
    """What the signs behind intervals say, each once."""
    ends = [cell.range for row in rows for cell in row]
    return (said for sign, said in _REMARKS.items() if any(sign in end for end in ends))


def ranking(board: Board) -> Table:
    """The systems under one measure; people among themselves in the last row, where that is known."""
    letters = any(standing.group for standing in board.standings)
    rows = _ranked(board, letters)
    columns = _ranking(f_name((board,)), letters)
    return Table(title=board.name, columns=columns, groups=(Group(rows=rows),), caption=units_of(rows))


def f_name(boards: Iterable[Board]) -> str:
    """F1, or F with its beta where all measures have the same other one, or F.

    >>> f_name(())
    'F1'
    """
    return f_of(board.measure for board in boards)


def f_of(measures: Iterable[str]) -> str:
    """The same, of measures by their string forms."""
    betas = {parse(measure).beta for measure in measures} or {1.0}
    return f"F{betas.pop():g}" if len(betas) == 1 else "F"


def _ranking(f: str, letters: bool) -> tuple[Column, ...]:
    alike = (Column(title="alike", kind="letters"),) if letters else ()
    return (Column(title="system", kind="system"), *alike, *_columns(f))


def _columns(f: str) -> tuple[Column, ...]:
    counts = (Column(title=title, kind="count") for title in ("right", "found", "gold"))
    return (*(Column(title=title) for title in ("P", "R", f)), *counts)


_PEOPLE = "annotators among themselves"
_BLANK = Cell(text="")


def _agreed(board: Board) -> Row:
    """How well people agree: their F, in the place of a system's."""
    return (_BLANK, _BLANK, figure_cell(board.ceiling or Figure()), *[_BLANK] * 3)


def _ranked(board: Board, letters: bool) -> tuple[Row, ...]:
    """The systems under one measure; people among themselves in the last row, where that is known."""
    people = (Cell(text=_PEOPLE), *((_BLANK,) if letters else ()), *_agreed(board))
    return _systems(board, letters) if board.ceiling is None else (*_systems(board, letters), people)


def _systems(board: Board, letters: bool) -> tuple[Row, ...]:
    return tuple(
        (
            Cell(text=_called(item), system=item.system),
            *((Cell(text=item.group),) if letters else ()),
            *_figures(item),
        )
        for item in board.standings
    )


def _called(item: Standing) -> str:
    """A system by name, with how many runs; where it failed, its figures are never seen without that."""
    told = [amount(len(item.runs), "run")] if item.runs else []
    told += [f"{item.failed:,} failed"] if item.failed else []
    return f"{item.system} ({', '.join(told)})" if told else item.system


def _figures(item: Standing) -> Row:
    """P, R and F1, and what was right, found and wanted; two numbers where the sides hit differently."""
    right = dict.fromkeys(number(hits) for hits in (item.system_hits, item.hits))
    return (
        figure_cell(item.precision, item.system_hits, item.produced),
        figure_cell(item.recall, item.hits, item.gold),
        figure_cell(item.f, item.hits, item.gold or item.produced, lead=item.lead),
        Cell(text="/".join(right)),
        Cell(text=number(item.produced)),
        Cell(text=number(item.gold)),
    )


def figure_cell(
    figure: Figure,
    hits: float | None = None,
    whole: float | None = None,
    *,
    lead: bool = False,
    shade: int | None = None,
) -> Cell:
    """A figure with its interval and what is said beside it; where nothing was right, of how many."""
    known = figure.low is not None and figure.high is not None and (figure.low, figure.high) != (0, 0)
    ends = interval(figure.low, figure.high) + _MARKS.get(figure.remark, "") if known else ""
    if figure.value == 0 and hits == 0 and whole:
        return Cell(text=f"0 of {number(whole)}", range=ends, shade=shade)
    return Cell(text=points(figure.value), range=ends, lead=lead, shade=shade)


# ---------------------------------------------------------------- runs
def runs(report: Report) -> Table | None:
    """The runs of systems that have some, beneath their mean; None where no system has."""
    groups = tuple(
        Group(title=board.name, rows=tuple(row for item in board.standings for row in _runs(item)))
        for board in report.boards
        if any(item.runs for item in board.standings)
    )
    titles = ("P", "R", f_name(report.boards), "between runs")
    columns = (Column(title="run", kind="system"), *(Column(title=title) for title in titles))
    caption = _runs_caption(item for board in report.boards for item in board.standings)
    return Table(title="Runs", columns=columns, groups=groups, caption=caption) if groups else None


_RUNS = (
    "and the standard deviation of F between runs; then each run. Numbers of units of such a system are "
    "means over its runs too."
)


def _runs_caption(items: Iterable[Standing]) -> str:
    """What the means are, and whether they have intervals: a streamed record keeps no documents for them."""
    known = any(item.runs and item.f.low is not None for item in items)
    ends = "with 95 % intervals for other runs and other documents," if known else "without intervals,"
    return f"Means, {ends} {_RUNS}"


def _runs(item: Standing) -> Iterator[Row]:
    """The mean of a system, then each of its runs; nothing of a system without."""
    if item.runs:
        means = map(figure_cell, (item.precision, item.recall, item.f))
        yield (Cell(text=_called(item), system=item.system), *means, Cell(text=points(item.deviation)))
    for run in item.runs:
        figures = (Cell(text=points(value)) for value in (run.precision, run.recall, run.f))
        yield (Cell(text=run.name), *figures, Cell(text=""))


# ---------------------------------------------------------------- by type
def types(board: Board, limit: int | None = None) -> Table:
    """P, R, F1 and what was found of every type, for every system; those with most gold units first."""
    shown = board.rows[:limit]
    rest = len(board.rows) - len(shown)
    several = len(board.columns) > 1
    kinds = (("P", "figure"), ("R", "figure"), (f_name((board,)), "figure"), ("found", "count"))
    columns = tuple(
        Column(title=title, kind="figure" if kind == "figure" else "count", over=system if several else "")
        for system in board.columns
        for title, kind in kinds
    )
    rows = tuple(
        (Cell(text=row.label), Cell(text=number(row.gold)), *(c for cell in row.cells for c in _type(cell)))
        for row in shown
    )
    notes = [_TYPES] if several else []
    if rest > 0:
        notes.append(f"{amount(rest, 'more type is', 'more types are')} in the record.")
    return Table(
        title=f"{board.name}, by type",
        columns=(Column(title="type", kind="name"), Column(title="gold", kind="count"), *columns),
        groups=(Group(rows=rows),),
        keys=2,
        caption=" ".join([*notes, *_remarks(rows)]),
    )


def _type(score: TypeScore) -> Row:
    whole = score.gold or score.found
    return (
        Cell(text=points(score.precision)),
        Cell(text=points(score.recall)),
        figure_cell(score.f, score.hits, whole, shade=score.shade),
        Cell(text=number(score.found)),
    )


# ---------------------------------------------------------------- each against each
def pairs(boards: Iterable[Board]) -> Table:
    """The differences of systems, what the documents can show, and in a sentence what follows."""
    titles = ("difference", "95 %", "p (Holm)", "better/same/worse", "told apart", "shows", "needs")
    columns = (
        Column(title="second − first", kind="name"),
        *(Column(title=title, kind="count") for title in titles),
    )
    groups = tuple(
        Group(title=board.name, rows=tuple(map(_pair, board.pairs)), caption=board.verdict)
        for board in boards
        if board.pairs
    )
    return Table(title="Each against each", columns=columns, groups=groups, caption=_PAIRS)


def _pair(pair: Pair) -> Row:
    return tuple(
        Cell(text=text)
        for text in (
            f"{pair.second} − {pair.first}",
            signed(pair.difference.value),
            span(pair.difference.low, pair.difference.high),
            chance(pair.adjusted),
            f"{pair.wins:,}/{pair.ties:,}/{pair.losses:,}",
            "yes" if pair.decided else "no",
            "none" if pair.shows is None and pair.p is not None else points(pair.shows),
            _needs(pair),
        )
    )


def _needs(pair: Pair) -> str:
    """Documents that would show the difference, or runs of each system."""
    runs = [amount(pair.needs_runs, "run")] if pair.needs_runs else []
    return " or ".join([*([number(pair.needs)] if pair.needs or not runs else []), *runs])


# ---------------------------------------------------------------- measures side by side
def definitions(report: Report) -> Table:
    """Every measure with the figures of all systems, and what it counts as right."""
    systems = report.overview.systems
    rows = tuple(
        (
            Cell(text=board.name),
            *(_shaded(board, system) for system in systems),
            Cell(text=board.definition),
        )
        for board in report.boards
    )
    columns = (
        Column(title="measure", kind="name"),
        *(Column(title=system) for system in systems),
        Column(title="what counts as right", kind="words"),
    )
    return Table(title="Every definition, side by side", columns=columns, groups=(Group(rows=rows),))


def _shaded(board: Board, system: str) -> Cell:
    item = next((item for item in board.standings if item.system == system), None)
    return Cell(text=UNDEFINED) if item is None else Cell(text=points(item.f.value), shade=item.shade)


def apart(report: Report) -> Table | None:
    """How far other definitions of a right argument are from AC+ for the same output, in points."""
    attached = next((board for board in report.boards if board.measure == ATTACHED), None)
    others = [
        board for board in report.boards if parse(board.measure).units == "argument" and board is not attached
    ]
    if attached is None or len(others) < 2:  # noqa: PLR2004 - one other stands above, with AC+ itself
        return None
    systems = report.overview.systems
    rows = tuple(
        (
            Cell(text=board.name),
            *(Cell(text=signed(_less(value_of(board, s), value_of(attached, s)))) for s in systems),
        )
        for board in others
    )
    columns = (Column(title="measure", kind="name"), *(Column(title=s, kind="count") for s in systems))
    return Table(title=f"Points from {attached.name}", columns=columns, groups=(Group(rows=rows),))


def value_of(board: Board, system: str) -> float | None:
    """The figure of a system under a measure."""
    return next((item.f.value for item in board.standings if item.system == system), None)


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def classes(report: Report) -> Table | None:
    """How many units are correct, incorrect, partial, missing and spurious, where a suite asks for it."""
    told = [(board, item) for board in report.boards for item in board.standings if item.classes]
    if not told:
        return None
    names = list(dict.fromkeys(name for _, item in told for name in item.classes))
    rows = tuple(
        (
            Cell(text=board.name),
            Cell(text=item.system),
            *(Cell(text=number(item.classes.get(name))) for name in names),
        )
        for board, item in told
    )
    columns = (
        Column(title="measure", kind="name"),
        Column(title="system", kind="system"),
        *(Column(title=name, kind="count") for name in names),
    )
    return Table(
        title="Correct, incorrect, partial, missing, spurious",
        columns=columns,
        groups=(Group(rows=rows),),
        keys=2,
    )


def facts(report: Report) -> Iterator[Table]:
    """What the runner measured, a row for each thing, a column for each system; some systems a table."""
    for first in range(0, len(report.facts), ABREAST):
        part = report.facts[first : first + ABREAST]
        names = dict.fromkeys(name for item in part for name in item.values)
        rows = tuple(
            (Cell(text=name), *(Cell(text=item.values.get(name, UNDEFINED)) for item in part))
            for name in names
        )
        columns = (
            Column(title="measured", kind="name"),
            *(Column(title=item.system, kind="words") for item in part),
        )
        yield Table(title="Speed and failures", columns=columns, groups=(Group(rows=rows),))
