"""The report as Markdown with tables (GitHub flavour)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from goldwire.corpora.visible import line
from goldwire.eval.measures.phrases import amount
from goldwire.eval.report.signatures import fold, tests
from goldwire.eval.report.summary import of_report
from goldwire.eval.report.table import Cell, Table, abreast
from goldwire.eval.report.values import Report

# What Markdown may take for a sign of its own: anywhere, and at the start of a line.
_SIGNS = re.compile(r"(?P<sign>[\\`*_{}\[\]|~$])|(?P<entity>[<&@]|:(?=//))|^(?P<start>[-#>+=]|\d+(?=[.)]))")

TYPED = 3  # systems side by side, with all figures by type, that a page shows whole


def render(report: Report) -> str:
    """The whole report: what must be known first, the tables, definitions, signatures."""
    overview = report.overview
    lines = [f"# {escape(overview.title)}", "", _about(report), ""]
    lines += [f"- {escape(note.text)}" for note in overview.notes]
    if overview.verdict:
        lines += ["", f"**{escape(overview.verdict)}**"]
    for item in of_report(report):
        lines += ["", f"## {escape(item.title)}"]
        lines += [text for part in abreast(item, TYPED) for text in sheet(part)]
    lines += ["", "## Definitions", ""]
    lines += [f"- {escape(board.name)}: {escape(board.definition)}" for board in report.boards]
    lines += ["", "## Signatures", "", *_signatures(report)]
    return "\n".join(lines) + "\n"


def _about(report: Report) -> str:
    overview = report.overview
    scored = f", scored {escape(overview.created)}" if overview.created else ""
    version = f"goldwire {escape(overview.goldwire)}{scored}"
    return (
        f"{amount(overview.documents, 'document')}, gold layer {escape(overview.gold)}, corpus "
        f"{escape(overview.corpus)} (`{code(overview.fingerprint)}`), {version}."
    )


def sheet(table: Table) -> Iterator[str]:
    """A table for each group, under its title, and what stands beneath."""
    head = [escape(f"{column.over} {column.title}") for column in table.columns]
    flush = [column.left for column in table.columns]
    for group in table.groups:
        if group.title:
            yield from ("", f"### {escape(group.title)}")
        yield ""
        yield from _rows(head, (list(map(_cell, row, flush)) for row in group.rows), flush)
        if group.caption:
            yield from ("", escape(group.caption))
    if table.caption:
        yield from ("", f"*{escape(table.caption)}*")


def _cell(cell: Cell, left: bool) -> str:
    """Words, or a figure with its interval behind it; bold where a system leads by more than chance."""
    text = escape(cell.text) if left else cell.text.replace("<", "&lt;")
    return (f"**{text}**" if cell.lead else text) + (f" ({cell.range})" if cell.range else "")


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


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[bool]) -> Iterator[str]:
    """The lines of a table; columns are flush left where `left` says so, else right. Cells are Markdown."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' if flush else '---:' for flush in left)}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _signatures(report: Report) -> Iterator[str]:
    folded, tested = fold(report.boards), tests(report.boards)
    yield from (f"- {escape(title)}: `{code(own)}`" for title, own in folded.own)
    if folded.own:
        yield f"- all: `…|{code(folded.shared)}`"
    if tested:
        yield f"- told apart by: `{code(tested)}`"
