"""The ranking as a LaTeX table: measures down, systems across, intervals, letters for significance.

Made for pdflatex; names in other scripts than Latin need XeLaTeX or LuaLaTeX.
"""

from __future__ import annotations

from goldwire.eval.report.model import Board, Report, Standing
from goldwire.eval.text import line, points

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
    """A table environment that needs booktabs; the best figure of each line is bold."""
    systems = report.overview.systems
    boards = [board for board in report.boards if board.standings]
    lines = [
        "% Needs \\usepackage[T1]{fontenc} and \\usepackage{booktabs}.",
        *(f"% {board.name}: {board.standings[0].signature}".translate({10: 32, 13: 32}) for board in boards),
        "\\begin{table}",
        "\\centering",
        f"\\begin{{tabular}}{{l{'r' * len(systems)}}}",
        "\\toprule",
        " & ".join(["F1", *map(escape, systems)]) + r" \\",
        "\\midrule",
        *(_row(board, systems) for board in boards),
        "\\bottomrule",
        "\\end{tabular}",
        f"\\caption{{{_caption(report)}}}",
        "\\end{table}",
    ]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Text with nothing in it that TeX takes for a command.

    >>> escape("50 % of a_b")
    '50 \\\\% of a\\\\_b'
    """
    return "".join(_SIGNS.get(sign, sign) for sign in line(text))


def _row(board: Board, systems: tuple[str, ...]) -> str:
    return " & ".join([escape(board.name), *(_cell(board, system) for system in systems)]) + r" \\"


def _cell(board: Board, system: str) -> str:
    standing = next((item for item in board.standings if item.system == system), None)
    if standing is None or standing.f.value is None:
        return "--"
    figure = points(standing.f.value)
    bold = f"\\textbf{{{figure}}}" if standing is board.standings[0] else figure
    letters = f"\\textsuperscript{{{standing.group}}}" if standing.group else ""
    return bold + letters + _interval(standing)


def _interval(standing: Standing) -> str:
    low, high = standing.f.low, standing.f.high
    if low is None or high is None:
        return ""
    return f" {{\\scriptsize[{points(low)}, {points(high)}]}}"


def _caption(report: Report) -> str:
    overview = report.overview
    return (
        f"F1 on {escape(overview.corpus)} ({overview.documents:,} documents), 95\\,\\% intervals by "
        "bootstrap over documents. Systems that share a letter do not differ at 5\\,\\% (paired approximate "
        "randomisation, Holm's correction)."
    )
