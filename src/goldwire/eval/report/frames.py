"""The report's figures as flat tables, for spreadsheets and programs: CSV or Parquet, one file a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import polars as pl

from goldwire.corpora.atomic import write_output
from goldwire.corpora.lock import locked
from goldwire.eval.report.values import Errors, Report

Form = Literal["csv", "parquet"]
RUNS = "runs"  # the table that only reports of systems with runs have
_REAL, _TEXT, _WHOLE = pl.Float64(), pl.String(), pl.Int64()
_OF_RUNS = {
    **dict.fromkeys(("measure", "system", "run"), _TEXT),
    **dict.fromkeys(("f", "precision", "recall", "deviation"), _REAL),
}


def frames(report: Report) -> dict[str, pl.DataFrame]:
    """The tables by name: scores, types, pairs, confusion, errors, slices, notes; runs where there are some.

    Shares are of one.
    Undefined is null. In `confusion`, null gold is spurious and null found is missed.
    """
    return {
        "scores": pl.DataFrame(
            list(_scores(report)),
            {
                **dict.fromkeys(("measure", "system"), _TEXT),
                **dict.fromkeys(
                    ("f", "f_low", "f_high", "precision", "recall", "hits", "found", "gold"), _REAL
                ),
                **dict.fromkeys(("group", "signature"), _TEXT),
                **dict.fromkeys(("precision_low", "precision_high", "recall_low", "recall_high"), _REAL),
            },
        ),
        "types": pl.DataFrame(
            list(_types(report)),
            {
                **dict.fromkeys(("measure", "label", "system"), _TEXT),
                **dict.fromkeys(("gold", "f", "precision", "recall", "found"), _REAL),
            },
        ),
        "pairs": pl.DataFrame(
            list(_pairs(report)),
            {
                **dict.fromkeys(("measure", "first", "second"), _TEXT),
                **dict.fromkeys(("difference", "low", "high", "p", "p_holm"), _REAL),
                **dict.fromkeys(("wins", "ties", "losses"), _WHOLE),
                "shows": _REAL,
                "needs": _WHOLE,
            },
        ),
        "confusion": confusion(
            (matrix.units, matrix.system, *cell) for matrix in report.matrices for cell in matrix.counts
        ),
        "errors": errors((*report.errors, *report.causes)),
        "slices": pl.DataFrame(
            list(_slices(report)),
            {
                **dict.fromkeys(("measure", "slice", "value", "system"), _TEXT),
                **dict.fromkeys(("f", "f_low", "f_high", "precision", "recall", "found", "gold"), _REAL),
                "documents": _WHOLE,
                **dict.fromkeys(("difference", "p", "p_holm"), _REAL),
                **dict.fromkeys(("standing", "signature"), _TEXT),
            },
        ),
        "notes": pl.DataFrame(
            [{"kind": note.kind, "about": note.about, "note": note.text} for note in report.overview.notes],
            {"kind": _TEXT, "about": _TEXT, "note": _TEXT},
        ),
        **_runs(report),
    }


def _runs(report: Report) -> dict[str, pl.DataFrame]:
    """The runs of systems that have some, with the standard deviation of F between them."""
    rows = [
        (board.measure, item.system, run.name, run.f, run.precision, run.recall, item.deviation)
        for board in report.boards
        for item in board.standings
        for run in item.runs
    ]
    return {RUNS: pl.DataFrame(rows, _OF_RUNS, orient="row")} if rows else {}


def write(report: Report, folder: Path, form: Form) -> list[Path]:
    """Write every table into a folder, which is made; returns the files."""
    made = {folder / f"{name}.{form}": _encode(frame, form) for name, frame in frames(report).items()}
    with locked(folder, "eval report"):  # tables of two reports are not to be mixed
        for path, data in made.items():
            write_output(path, data)
        if (earlier := folder / f"{RUNS}.{form}") not in made and _is_of_runs(earlier, form):
            earlier.unlink()
    return [*made]


def _is_of_runs(path: Path, form: Form) -> bool:
    """Whether a file is the table of runs of an earlier report, and not somebody's own of that name."""
    try:
        columns = pl.read_csv(path, n_rows=0).columns if form == "csv" else [*pl.read_parquet_schema(path)]
    except (OSError, pl.exceptions.PolarsError):
        return False
    return columns == [*_OF_RUNS]


def _encode(frame: pl.DataFrame, form: Form) -> bytes:
    buffer = BytesIO()
    if form == "csv":
        frame.with_columns(_no_formula(pl.col(pl.String))).write_csv(buffer)
    else:
        frame.write_parquet(buffer)
    return buffer.getvalue()


def _no_formula(column: pl.Expr) -> pl.Expr:
    """Words that a spreadsheet would take for a formula, behind the mark that makes them words again."""
    begins = column.str.contains(r"^[=+\-@\t\r]") & ~column.str.contains(r"^[+-]?[0-9.]+$")
    return pl.when(begins).then("'" + column).otherwise(column).name.keep()


Row = dict[str, Any]


def _scores(report: Report) -> Iterator[Row]:
    for board in report.boards:
        for item in board.standings:
            yield {
                "measure": board.measure,
                "system": item.system,
                "f": item.f.value,
                "f_low": item.f.low,
                "f_high": item.f.high,
                "precision": item.precision.value,
                "recall": item.recall.value,
                "hits": item.hits,
                "found": item.produced,
                "gold": item.gold,
                "group": item.group,
                "signature": item.signature,
                "precision_low": item.precision.low,
                "precision_high": item.precision.high,
                "recall_low": item.recall.low,
                "recall_high": item.recall.high,
            }


def _types(report: Report) -> Iterator[Row]:
    for board in report.boards:
        for row in board.rows:
            for system, cell in zip(board.columns, row.cells, strict=True):
                yield {
                    "measure": board.measure,
                    "label": row.label,
                    "system": system,
                    "gold": row.gold,
                    "f": cell.f.value,
                    "precision": cell.precision,
                    "recall": cell.recall,
                    "found": cell.found,
                }


def _pairs(report: Report) -> Iterator[Row]:
    for board in report.boards:
        for pair in board.pairs:
            yield {
                "measure": board.measure,
                "first": pair.first,
                "second": pair.second,
                "difference": pair.difference.value,
                "low": pair.difference.low,
                "high": pair.difference.high,
                "p": pair.p,
                "p_holm": pair.adjusted,
                "wins": pair.wins,
                "ties": pair.ties,
                "losses": pair.losses,
                "shows": pair.shows,
                "needs": pair.needs,
            }


def _slices(report: Report) -> Iterator[Row]:
    for board in report.slices:
        for sliced in board.systems:
            for item in sliced.scores:
                ends = item.intervals.get("f")
                yield {
                    "measure": board.measure,
                    "slice": board.slice,
                    "value": item.value,
                    "system": sliced.system,
                    "f": item.score.f,
                    "f_low": None if ends is None else ends.low,
                    "f_high": None if ends is None else ends.high,
                    "precision": item.score.precision,
                    "recall": item.score.recall,
                    "found": item.score.system,
                    "gold": item.score.gold,
                    "documents": item.documents,
                    "difference": item.difference,
                    "p": item.p,
                    "p_holm": item.p_holm,
                    "standing": item.standing,
                    "signature": item.signature,
                }


def confusion(cells: Iterable[tuple[str, str, str | None, str | None, int]]) -> pl.DataFrame:
    """How labels fall together, given what stands in each row."""
    columns = {"units": _TEXT, "system": _TEXT, "gold": _TEXT, "found": _TEXT, "count": _WHOLE}
    return pl.DataFrame(list(cells), columns, orient="row")


def errors(found: Iterable[Errors]) -> pl.DataFrame:
    """How many units are in each class, or put down to each cause."""
    rows = [(item.units, item.system, tally.name, tally.count) for item in found for tally in item.tallies]
    columns = {"units": _TEXT, "system": _TEXT, "class": _TEXT, "count": _WHOLE}
    return pl.DataFrame(rows, columns, orient="row")
