"""Tables of a record as polars frames; shares are of one, undefined is null."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from goldwire.corpora.errors import InputValueError, among
from goldwire.eval.measures.measure import parse
from goldwire.eval.report import frames
from goldwire.eval.report.build import make_report
from goldwire.eval.report.values import Errors, Tally
from goldwire.eval.scoring.record import Record
from goldwire.eval.statistics.figures import FIGURES, by_document

TABLES = ("scores", "types", "documents", "confusion", "errors", "slices")
# The kinds of units in the words of a reader, as reports have them.
UNITS = {"entity": "entities", "event": "triggers", "argument": "arguments"}


def frame(record: Record, table: str) -> pl.DataFrame:
    """A table of a record; `InputValueError` if there is none of that name."""
    if table not in TABLES:
        raise InputValueError(f"no table {table!r}{among(table, TABLES)}")
    if table == "documents":
        return _documents(record)
    if table == "confusion":
        return _confusion(record)
    report = make_report({"record": record}, quick=table != "slices", tested=False)
    if table == "errors":
        return frames.errors((*errors_of(record), *causes_of(record)))
    return frames.frames(report)[table]


def _confusion(record: Record) -> pl.DataFrame:
    """How labels fall together: null gold is spurious, null found is missed."""
    return frames.confusion(
        (UNITS[item.units], item.system, *cell) for item in record.confusions for cell in item.cells
    )


def errors_of(record: Record) -> tuple[Errors, ...]:
    """What became of all units, by class."""
    return tuple(
        Errors(system=item.system, units=UNITS[item.units], tallies=tuple(_tallies(item.classes)))
        for item in record.confusions
    )


def causes_of(record: Record) -> tuple[Errors, ...]:
    """What lost arguments of gold are put down to."""
    return tuple(
        Errors(
            system=item.system,
            units=UNITS[item.units],
            tallies=tuple(
                _tallies({name: gold for name, (gold, _) in item.causes.items() if _is_lost(name)})
            ),
        )
        for item in record.confusions
        if item.causes
    )


def _is_lost(cause: str) -> bool:
    """Whether a cause is one that a gold argument can have."""
    from goldwire.eval.report.sums import LOST

    return cause in LOST


def _tallies(counts: dict[str, int]) -> Iterator[Tally]:
    whole = sum(counts.values())
    for name, count in counts.items():
        yield Tally(name=name, count=count, share=count / whole if whole else None)


# ---------------------------------------------------------------- by document
_SUMS = ("system_hits", "found", "hits", "gold")  # the columns of `counts.COLUMNS`, as in `scores`
_DOCUMENTS = {
    **dict.fromkeys(("measure", "system", "document"), pl.String()),
    **dict.fromkeys((*_SUMS, *FIGURES), pl.Float64()),
}


def _documents(record: Record) -> pl.DataFrame:
    """The counts and figures of each document, by measure and system.

    Undefined is null. Figures are of the document alone, over all its labels. Of drawn gold, `weight` is what
    the document stands for; counts are without it.
    """
    parts = [_of_system(record, system.name, form) for form in record.measures for system in record.systems]
    found = pl.concat([pl.DataFrame(schema=_DOCUMENTS), *parts])
    if record.weights is None:
        return found
    weights = pl.DataFrame({"document": record.documents, "weight": record.weights.each})
    return found.join(weights, on="document", how="left", maintain_order="left")


def _of_system(record: Record, system: str, form: str) -> pl.DataFrame:
    measure = parse(form)
    counts = record.get_counts(system, measure)
    sums, figures = counts.by_document(), by_document(counts, measure)
    columns = dict(zip((*_SUMS, *FIGURES), np.hstack([sums, figures]).T, strict=True))
    found = pl.DataFrame(
        {"document": counts.documents, **columns}, schema_overrides={"document": pl.String()}
    )
    named = found.with_columns(measure=pl.lit(form), system=pl.lit(system))
    return named.select(*_DOCUMENTS).with_columns(pl.col(*FIGURES).fill_nan(None))
