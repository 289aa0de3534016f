"""Changes since an earlier gold layer, as a table: F before and now, and which systems changed places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from goldwire.eval.measures.measure import name, parse
from goldwire.eval.measures.phrases import amount, listed, points, signed, span
from goldwire.eval.measures.titles import title
from goldwire.eval.report.table import Cell, Column, Group, Row, Table
from goldwire.eval.report.tables import f_of
from goldwire.eval.report.values import Report
from goldwire.eval.scoring.earlier import Moved, Was
from goldwire.eval.scoring.record import Record


def of_records(records: Mapping[str, Record]) -> tuple[Was, ...]:
    """What records say of gold layers before."""
    return tuple(record.was for record in records.values() if record.was is not None)


def sheets(report: Report) -> Iterator[Table]:
    """A table for each gold layer before."""
    yield from map(_table, report.was)


def _table(was: Was) -> Table:
    measures = list(dict.fromkeys(one.measure for one in was.moved))
    columns = (
        Column(title="system", kind="system"),
        *(Column(title=f"{f_of(measures)} {when}") for when in ("before", "now")),
        Column(title="difference"),
    )
    return Table(
        title=f"What changed since {was.layer}",
        columns=columns,
        groups=tuple(_group(was, measure) for measure in measures),
        caption=_caption(was),
    )


def _group(was: Was, measure: str) -> Group:
    rows = tuple(_row(one) for one in was.moved if one.measure == measure)
    return Group(rows=rows, title=title(parse(measure)))


def _row(one: Moved) -> Row:
    ends = "" if one.low is None or one.high is None else span(one.low, one.high)
    return (
        Cell(text=one.system, system=one.system),
        Cell(text=points(one.before)),
        Cell(text=points(one.now)),
        Cell(text=signed(one.difference), range=ends),
    )


def _caption(was: Was) -> str:
    both = amount(was.documents, "document")
    told = [f"F on {both} that both gold layers judge; on {was.changed:,} of them they differ."]
    apart = ((was.only_now, "only gold judges"), (was.only_before, f"only {was.layer} judges"))
    told += [f"Not among them: {amount(number, 'document')} that {who}." for number, who in apart if number]
    if was.unweighted:
        told.append("Documents count alike here, however they were drawn.")
    return " ".join([*told, "Intervals of differences: 95 %, documents resampled.", *_order(was)])


def _order(was: Was) -> Iterator[str]:
    """Which systems changed places, by which measure."""
    for measure in dict.fromkeys(one.measure for one in was.turns):
        turned = [f"{one.ahead} is ahead of {one.behind} now" for one in was.turns if one.measure == measure]
        yield f"By {name(parse(measure))} the order turned: {listed(turned)}."
    if not was.turns and len({one.system for one in was.moved}) > 1:
        yield "No two systems changed places."
