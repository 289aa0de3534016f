"""Summaries of a report: the tables that each command shows, and what stands around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from goldwire.eval.comparison.compare import alone
from goldwire.eval.report import diagnosis, earlier, expense, slices, tables
from goldwire.eval.report.signatures import lines_of
from goldwire.eval.report.table import Summary, Table
from goldwire.eval.report.values import Report, about


def summarise(report: Report, shown: Iterable[Table]) -> Summary:
    """Some tables of a report, with what must be known first and what stands behind their numbers."""
    overview = report.overview
    return Summary(
        title=overview.title,
        about=" · ".join(about(report)),
        tables=tuple(shown),
        notes=tuple(note.text for note in overview.notes),
        verdict=overview.verdict,
        signatures=tuple(lines_of(report.boards)),
    )


def of_score(report: Report, limit: int) -> Iterator[Table]:
    """What is shown when something was scored: all figures, the types of the first measure that has some."""
    if not report.boards:
        return
    yield tables.scores(report)
    yield from earlier.sheets(report)
    yield from _runs(report)
    board = next((board for board in report.boards if board.rows), None)
    if board is not None:
        yield tables.types(board, limit)
    yield from slices.sheets(report)
    yield from (table for table in (tables.apart(report), tables.classes(report)) if table is not None)
    yield from _expense(report)


def _expense(report: Report) -> Iterator[Table]:
    found = expense.table(report)
    if found is not None:
        yield found


def _runs(report: Report) -> Iterator[Table]:
    found = tables.runs(report)
    if found is not None:
        yield found


def of_comparison(report: Report) -> Iterator[Table]:
    """What is shown to tell systems apart: all figures, and each against each."""
    yield tables.scores(report)
    yield from earlier.sheets(report)
    yield from _runs(report)
    if any(board.pairs for board in report.boards):
        yield tables.pairs(report.boards)
    yield from _expense(report)
    yield from slices.sheets(report)


def compared(report: Report) -> Summary:
    """The same with what stands around it; of one system, that there is none to compare it with."""
    made, systems = summarise(report, of_comparison(report)), report.overview.systems
    return msgspec.structs.replace(made, verdict=alone(systems[0])) if len(systems) == 1 else made


def of_report(report: Report) -> Iterator[Table]:
    """Everything."""
    if not report.boards:
        return
    yield from of_comparison(report)
    yield from (tables.types(board) for board in report.boards if board.rows)
    yield from (table for table in (tables.apart(report), tables.classes(report)) if table is not None)
    yield from _evidence(report)
    yield from tables.facts(report)


def _evidence(report: Report) -> Iterator[Table]:
    """What became of units, as far as the corpus was at hand."""
    for found, make in (
        (report.errors, diagnosis.errors),
        (report.causes, diagnosis.lost),
        (report.costs, diagnosis.costs),
        (report.versus, diagnosis.versus),
    ):
        if found:
            yield make(report)
    if report.curves:
        yield diagnosis.confidence(report.curves)
        yield diagnosis.thresholds(report)
