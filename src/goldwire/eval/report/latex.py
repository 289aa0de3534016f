"""The figures as a LaTeX table: P, R and F1 of all systems, intervals, letters, what is not counted.

Made for pdflatex; names in other scripts than Latin need XeLaTeX or LuaLaTeX.
"""

from __future__ import annotations

from collections.abc import Iterator

from goldwire.corpora.visible import line
from goldwire.eval.measures.phrases import UNDEFINED, amount
from goldwire.eval.report import earlier, expense, slices
from goldwire.eval.report.signatures import fold
from goldwire.eval.report.table import Cell, Table
from goldwire.eval.report.tables import f_name, scores
from goldwire.eval.report.values import Report

_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "−": r"$-$",
}


def render(report: Report) -> str:
    """A table environment that needs booktabs; bold is a lead that is more than chance."""
    sheet, folded = scores(report), fold(report.boards)
    signatures = [*folded.own, ("all", f"...|{folded.shared}")]
    lines = [
        "% Needs \\usepackage[T1]{fontenc} and \\usepackage{booktabs}.",
        *(f"% {line(title)}: {line(own)}" for title, own in signatures),
        *_tabular(sheet),
        *_notes(report),
        f"\\caption{{{_caption(report, sheet)}}}",
        "\\end{table}",
        *(line for sheet in _more(report) for line in _apart(sheet)),
    ]
    return "\n".join(lines) + "\n"


def _tabular(sheet: Table) -> Iterator[str]:
    """The beginning of a table environment, and what is in it."""
    yield "\\begin{table}"
    yield "\\centering\\footnotesize\\setlength{\\tabcolsep}{3pt}"
    yield f"\\begin{{tabular}}{{{''.join('l' if column.left else 'r' for column in sheet.columns)}}}"
    yield "\\toprule"
    yield " & ".join(escape(column.title) for column in sheet.columns) + r" \\"
    yield from _groups(sheet)
    yield "\\bottomrule"
    yield "\\end{tabular}"


def _more(report: Report) -> Iterator[Table]:
    """The tables of cost, of what another gold changes, and of slices, as far as there are any."""
    costs = expense.table(report)
    yield from () if costs is None else (costs,)
    yield from earlier.sheets(report)
    yield from slices.sheets(report)


def _apart(sheet: Table) -> Iterator[str]:
    """A table environment of its own."""
    yield from _tabular(sheet)
    yield f"\\caption{{{escape(sheet.title)}. {escape(sheet.caption)}}}"
    yield "\\end{table}"


def escape(text: str) -> str:
    """Text with nothing in it that TeX takes for a command.

    >>> escape("50 % of a_b")
    '50 \\\\% of a\\\\_b'
    """
    return "".join(_SIGNS.get(sign, sign) for sign in line(text))


def _groups(sheet: Table) -> Iterator[str]:
    for group in sheet.groups:
        yield "\\midrule"
        if group.title:
            yield f"\\multicolumn{{{len(sheet.columns)}}}{{l}}{{\\textit{{{escape(group.title)}}}}} \\\\"
        yield from (" & ".join(map(_cell, row)) + r" \\" for row in group.rows)


def _cell(cell: Cell) -> str:
    text = "--" if cell.text == UNDEFINED else escape(cell.text)
    figure = f"\\textbf{{{text}}}" if cell.lead else text
    ends = f" {{\\scriptsize[{cell.range.replace('–', '--')}]}}" if cell.range else ""
    return figure + ends


def _notes(report: Report) -> Iterator[str]:
    """What must be known of the figures, under them."""
    told = [note.text for note in report.overview.notes]
    told += [report.overview.verdict] if report.overview.verdict else []
    if told:
        text = " ".join(map(escape, told))
        yield "\\par\\smallskip"
        yield f"\\parbox{{\\linewidth}}{{\\footnotesize {text}}}"


def _tests(report: Report) -> str:
    """How systems were told apart, in words."""
    over_runs = {pair.freedom is not None for board in report.boards for pair in board.pairs}
    told = ["paired approximate randomisation"] if False in over_runs else []
    return " or ".join([*told, *(["t-tests over documents and runs"] if True in over_runs else [])])


def _caption(report: Report, sheet: Table) -> str:
    overview = report.overview
    methods = []
    if any(cell.range for row in sheet.rows for cell in row):
        methods.append("intervals by bootstrap over documents")
    tests = _tests(report)
    if tests:
        methods.append(f"systems are told apart by {tests} at 5\\,\\%, with Holm's correction")
    how = "; ".join(methods)
    return (
        f"P, R and {f_name(report.boards)} on {escape(overview.corpus)} "
        f"({amount(overview.documents, 'document')}). {escape(sheet.caption)}"
        f"{f' {how[0].upper()}{how[1:]}.' if how else ''}"
    )
