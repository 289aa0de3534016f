"""The report as Markdown with tables (GitHub flavour)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from goldwire.eval.report.model import Board, Report
from goldwire.eval.text import amount, chance, interval, line, number, points, signed, span

# What Markdown may take for a sign of its own: anywhere, and at the start of a line.
_SIGNS = re.compile(r"(?P<sign>[\\`*_{}\[\]|~$])|(?P<entity>[<&@]|:(?=//))|^(?P<start>[-#>+=]|\d+(?=[.)]))")


def render(report: Report) -> str:
    """The whole report: ranking by measure, types, differences, signatures."""
    overview = report.overview
    lines = [
        f"# {escape(overview.title)}",
        "",
        _about(report),
        "",
        *(f"- {escape(note)}" for note in overview.notes),
    ]
    for board in report.boards:
        lines += ["", f"## {escape(board.name)}", "", *_board(board)]
    lines += ["", "## Signatures", "", *_signatures(report)]
    return "\n".join(lines) + "\n"


def _about(report: Report) -> str:
    overview = report.overview
    return (
        f"{amount(overview.documents, 'document')}, gold layer {escape(overview.gold)}, corpus "
        f"{escape(overview.corpus)} (`{code(overview.fingerprint)}`), goldwire {escape(overview.goldwire)}. "
        "F1 in points of a hundred, with 95 % intervals. Systems that share a letter cannot be told apart."
    )


def escape(text: str) -> str:
    """Foreign text as Markdown that says the same and does nothing.

    >>> print(escape("<b>a|b*"), escape("1. http://x"))
    &#60;b>a\\|b\\* 1\\. http&#58;//x
    """

    def replace(found: re.Match[str]) -> str:
        if found["entity"]:
            return f"&#{ord(found['entity'])};"
        start = found["start"] or ""
        return f"{start}\\" if start.isdigit() else f"\\{found['sign'] or start}"

    return _SIGNS.sub(replace, line(text))


def code(text: str) -> str:
    """Text fit to stand between single backticks, in a table too.

    >>> code("a`b|c")
    'aʼb¦c'
    """
    return line(text).replace("`", "ʼ").replace("|", "¦")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> Iterator[str]:
    """The lines of a table; the first `left` columns are flush left, the others right. Cells are Markdown."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' if i < left else '---:' for i in range(len(head)))}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _board(board: Board) -> Iterator[str]:
    yield f"{escape(board.definition)} `{code(board.measure)}`"
    if board.verdict:
        yield from ("", f"**{escape(board.verdict)}**")
    yield ""
    yield from table(
        ["System", "F1", "95 %", "P", "R", "Group"],
        (
            [
                escape(s.system),
                points(s.f.value),
                interval(s.f.low, s.f.high),
                points(s.precision.value),
                points(s.recall.value),
                s.group,
            ]
            for s in board.standings
        ),
    )
    if board.pairs:
        yield ""
        yield from table(
            ["Second less first", "Difference", "95 %", "p (Holm)", "Better/same/worse"],
            (
                [
                    f"{escape(pair.second)} − {escape(pair.first)}",
                    signed(pair.difference.value),
                    span(pair.difference.low, pair.difference.high),
                    chance(pair.adjusted).replace("<", "&lt;"),
                    f"{pair.wins}/{pair.ties}/{pair.losses}",
                ]
                for pair in board.pairs
            ),
        )
    yield from _types(board)


def _types(board: Board) -> Iterator[str]:
    if not any(row.label for row in board.rows):
        return
    yield ""
    yield from table(
        ["Type", "Gold", *(escape(standing) for standing in board.columns)],
        (
            [escape(row.label), number(row.gold), *(points(cell.figure.value) for cell in row.cells)]
            for row in board.rows
        ),
    )


def _signatures(report: Report) -> Iterator[str]:
    for board in report.boards:
        for standing in board.standings:
            yield f"- {escape(standing.system)}, {escape(board.name)}: `{code(standing.signature)}`"
