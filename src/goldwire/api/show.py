"""Display of records in a terminal and in a notebook: a short table, a page, a drawing."""

from __future__ import annotations

import html as escaping
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from goldwire.api.several import check_whole, corpus_of
from goldwire.corpora.atomic import write_output
from goldwire.corpora.errors import InputValueError, among
from goldwire.corpora.store import Corpus
from goldwire.corpora.visible import visible
from goldwire.eval.measures.measure import Measure, form_of
from goldwire.eval.measures.phrases import amount
from goldwire.eval.report import tables
from goldwire.eval.report.build import make_report
from goldwire.eval.report.summary import summarise
from goldwire.eval.report.table import Summary, Table, head
from goldwire.eval.report.values import Report
from goldwire.eval.scoring.record import Record

if TYPE_CHECKING:
    from rich.console import Console

    from goldwire.eval.report.charts import RowChart

WIDTH = 100  # columns of what is shown as text
LINES = 29  # of a record as text, at most
ROWS = 12  # of its table
NOTES = 2
SIGNATURES = 5  # lines of them


def text(record: Record) -> str:
    """A record as text: title, notes, P, R and F1 with their intervals, signatures; `LINES` at most."""
    return short(_summary(record), 'record.frame("scores")')


def short(summary: Summary, rest: str) -> str:
    """The last of some tables as text of `LINES` lines at most; `rest` says where all of it is."""
    table, signed = summary.tables[-1], summary.signatures
    notes = _notes(summary.notes)
    verdict = ["", *_wrapped(summary.verdict)[:2]] if summary.verdict else []
    more = [f"… and {len(signed) - SIGNATURES} more: {rest}"] if len(signed) > SIGNATURES else []
    signatures = [*signed[: SIGNATURES - 1], *more, *signed[-1:]] if more else signed
    above = [summary.title, summary.about, *notes, *verdict, "", table.title]
    below = ["", *signatures]
    shown = _lines(head(table, ROWS))
    room = LINES - len(above) - len(below) - 1
    whole = len(shown) <= room and len(table.rows) <= ROWS
    cut = [] if whole else [f"… {amount(len(table.rows), 'row')} in all: {rest}"]
    return visible("\n".join([*above, *shown[:room], *cut, *below]))


def _notes(told: Sequence[str]) -> list[str]:
    """The first `NOTES` notes, of two lines each; what is left of a note or of all is said."""
    shown = [line for note in told[:NOTES] for line in _cut(_wrapped(f"note: {note}"), 2)]
    return shown + ([f"note: {amount(len(told) - NOTES, 'more note')} in the report"] if told[NOTES:] else [])


def _cut(lines: list[str], room: int) -> list[str]:
    return lines if len(lines) <= room else [*lines[: room - 1], f"{lines[room - 1][: WIDTH - 2]} …"]


def html(record: Record) -> str:
    """A record for a notebook: the same, in a table of HTML."""
    return cell(_summary(record), 'record.frame("scores")')


def cell(summary: Summary, rest: str) -> str:
    """Tables for a notebook, the first `ROWS` rows of each; `rest` says where all of them are."""
    from goldwire.eval.report.html import render_cell

    long = [table for table in summary.tables if len(table.rows) > ROWS]
    more = [f"{table.title}: {amount(len(table.rows), 'row')} in all: {rest}" for table in long]
    shown = tuple(head(table, ROWS) for table in summary.tables)
    return render_cell(msgspec.structs.replace(summary, tables=shown), more=more, notes=NOTES)


def _summary(record: Record) -> Summary:
    report = _report(record)
    return summarise(report, [tables.scores(report)])


def _report(record: Record) -> Report:
    return make_report({"record": record}, quick=True, tested=False)


def console(file: io.StringIO) -> Console:
    """Text of `WIDTH` columns without colours."""
    from rich.console import Console

    # In a notebook it would show what is printed at once, and print nothing.
    return Console(file=file, width=WIDTH, color_system=None, force_terminal=False, force_jupyter=False)


def _lines(table: Table) -> list[str]:
    from goldwire.eval.report.terminal import print_table

    file = io.StringIO()
    print_table(table, console(file))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def _wrapped(text: str) -> list[str]:
    from goldwire.eval.report.layout import wrap

    return list(wrap(text, WIDTH))


# ---------------------------------------------------------------- the page
class Page(msgspec.Struct, frozen=True):
    """The report as one page of HTML that needs nothing else."""

    html: str
    HEIGHT = 640  # pixels of a notebook that it takes

    def save(self, path: str | Path) -> Path:
        """Put the page at `path`."""
        write_output(Path(path), self.html.encode())
        return Path(path)

    def __repr__(self) -> str:
        return f"A report of {len(self.html.encode()) / 10**6:.1f} MB; keep it with .save('report.html')"

    def _repr_html_(self) -> str:
        """The page in a frame of its own, so that neither its styles nor its script reach the notebook."""
        return (
            f'<iframe srcdoc="{escaping.escape(self.html)}" sandbox="allow-scripts" title="Report" '
            f'style="width:100%;height:{self.HEIGHT}px;border:1px solid #ccc"></iframe>'
        )


def make_page(record: Record, corpus: Corpus | str | Path | None, *, seed: int) -> Page:
    """The page of a record, with texts and examples where its corpus is at hand."""
    from goldwire.eval.report.html import render
    from goldwire.eval.report.whole import make_whole

    check_whole(seed=seed)
    home = corpus_of(corpus)
    return Page(render(*make_whole({"record": record}, home, seed=seed)))


# ---------------------------------------------------------------- drawings
class Plot(msgspec.Struct, frozen=True):
    """A drawing, in SVG, as wide as there is room."""

    caption: str
    svg: str

    def save(self, path: str | Path) -> Path:
        """Put the drawing at `path`."""
        write_output(Path(path), self.svg.encode())
        return Path(path)

    def __repr__(self) -> str:
        return f"A drawing: {self.caption}; keep it with .save('plot.svg')"

    def _repr_html_(self) -> str:
        """The drawing under its caption, on paper of its own: a dark notebook would swallow the letters."""
        style, caption = "max-width:820px;background:#fff;color:#222;margin:0", escaping.escape(self.caption)
        return f'<figure style="{style}"><figcaption>{caption}</figcaption>{self.svg}</figure>'


PLOTS = ("scores", "errors", "causes")


def draw(record: Record, what: str, measure: str | Measure | None) -> Plot:
    """A drawing of a record; `InputValueError` if there is none of that name, or nothing to draw."""
    from goldwire.eval.report import svg

    if what not in PLOTS:
        raise InputValueError(f"no plot {what!r}{among(what, PLOTS)}")
    chart = _scores(record, measure) if what == "scores" else _errors(record, what)
    if not chart.rows:
        raise InputValueError(f"the record has no {what} to draw: no unit, or no measure by span and type")
    return Plot(chart.caption, svg.render(chart))


def _scores(record: Record, measure: str | Measure | None) -> RowChart:
    from goldwire.eval.report import plots

    form = form_of(record.measures[0] if measure is None else measure)
    record.result(record.systems[0].name, form)  # says what there is, where this is not
    report = _report(record)
    board = next(board for board in report.boards if board.measure == form)
    return plots.forest(board, plots.colour_numbers(report.overview.systems))


def _errors(record: Record, what: str) -> RowChart:
    from goldwire.api.tables import causes_of, errors_of
    from goldwire.eval.report import plots

    return plots.classes(errors_of(record)) if what == "errors" else plots.causes(causes_of(record))
