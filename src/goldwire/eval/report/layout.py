"""Layout of tables for a width in characters: names wrap, tables break into parts, no figure is cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import msgspec
from rich.cells import cell_len

from goldwire.corpora.visible import line
from goldwire.eval.report.table import Cell, Column, Table, heads

GAP, CLOSE = 2, 1  # blanks between columns, and where there is little room
INDENT = "  "
NAME = 14  # names are not squeezed below this to save a table from being broken
WORD = 14  # headings and words in cells wrap at this, unless their column is wider
# Where a word may be broken: after one of these, if it must be at all; a number is not.
_JOINTS = re.compile(r"(?<=[-_/:;+=|@])|(?<=[.,])(?!\d)")


class Piece(msgspec.Struct, frozen=True):
    """Some text with a style: "" plain, "head", "dim", "lead", "title", "note"."""

    text: str
    style: str = ""


Line = list[Piece]


class _Part(msgspec.Struct, frozen=True):
    """Some columns of a table, by number, how wide each is, and the blanks between them."""

    columns: tuple[int, ...]
    widths: dict[int, int]
    gap: int

    def reach(self, numbers: Sequence[int]) -> int:
        """How wide neighbouring columns are together."""
        return sum(self.widths[number] + self.gap for number in numbers) - self.gap


def lay_out(table: Table, width: int) -> Iterator[Line]:
    """The lines of a table without its title and caption; parts have an empty line between them."""
    parts = _parts(table, width)
    for number, part in enumerate(parts):
        if number:
            yield []
        yield from _head(table, part)
        for group in table.groups:
            yield from ([Piece(text, "title")] for text in (wrap(group.title, width) if group.title else ()))
            for row in group.rows:
                yield from _row(row, table, part)
            if group.caption and number == len(parts) - 1:
                yield from ([Piece(INDENT + text, "note")] for text in wrap(group.caption, width - 2))


# ---------------------------------------------------------------- columns
def _parts(table: Table, width: int) -> list[_Part]:
    """As few parts as figures fit in, closer together where that saves a table from being broken."""
    loose = _broken_up(table, width, GAP)
    close = loose if len(loose) == 1 else _broken_up(table, width, CLOSE)
    return close if len(close) == 1 else loose


def _broken_up(table: Table, width: int, gap: int) -> list[_Part]:
    """Parts, each of which begins with the columns that say what a row is of."""
    widths = {number: _natural(table, number) for number in range(len(table.columns))}
    keys = tuple(range(table.keys))
    name = min(widths[0], NAME)
    room = width - name - sum(widths[key] + gap for key in keys[1:])
    parts = []
    for columns in _packed(table, {number: wide + gap for number, wide in widths.items()}, room):
        used = sum(widths[column] + gap for column in (*keys[1:], *columns))
        own = {**widths, 0: max(name, min(widths[0], width - used))}
        parts.append(_Part((*keys, *columns), own, gap))
    return parts


def _packed(table: Table, widths: dict[int, int], room: int) -> Iterator[tuple[int, ...]]:
    """Columns in order, as many a part as there is room for; those of one block stay together."""
    part: tuple[int, ...] = ()
    for block in _blocks(table, widths, room):
        if part and sum(widths[column] for column in (*part, *block)) > room:
            yield part
            part = ()
        part += block
    yield part


def _blocks(table: Table, widths: dict[int, int], room: int) -> Iterator[tuple[int, ...]]:
    """What stands under one heading, else figures by figures and counts by counts, where there is room."""
    of = {number: (table.columns[number].over or table.columns[number].kind) for number in widths}
    for _, numbers in groupby(range(table.keys, len(table.columns)), of.__getitem__):
        block = tuple(numbers)
        if sum(widths[column] for column in block) <= room:
            yield block
        else:
            yield from ((column,) for column in block)


def _natural(table: Table, number: int) -> int:
    """How wide a column is that cuts no figure and no number; words in it may wrap."""
    column, cells = table.columns[number], [row[number] for row in table.rows]
    if number == 0:
        indent = len(_indent(table))
        return max([cell_len(line(cell.text)) + indent for cell in cells] + [cell_len(line(column.title))])
    if _wraps(column, number):
        return max([min(cell_len(line(cell.text)), WORD) for cell in cells] + [_heading(column.title)])
    texts = [text for cell in cells for text in (line(cell.text), cell.range)]
    return max([cell_len(text) for text in texts] + [_heading(column.title)])


def _indent(table: Table) -> str:
    """Before the names of rows that stand under a title."""
    return INDENT if any(group.title for group in table.groups) else ""


def _wraps(column: Column, number: int) -> bool:
    """Whether the cells of a column may be broken into lines: the names of rows, and words."""
    return number == 0 or column.kind in ("name", "system", "words")


def _heading(title: str) -> int:
    """How wide a column must be for its heading, which may be broken."""
    parts = (part for word in line(title).split() for part in _JOINTS.split(word))
    return max((min(cell_len(part), WORD) for part in parts), default=1)


# ---------------------------------------------------------------- lines
def _head(table: Table, part: _Part) -> Iterator[Line]:
    columns = tuple(table.columns[number] for number in part.columns)
    if any(column.over for column in columns):
        yield from _over(columns, part)
    titles = [wrap(table.columns[number].title, part.widths[number]) for number in part.columns]
    yield from _stacked(titles, table, part, lambda _, __: "head", bottom=True)
    yield [Piece("─" * part.reach(part.columns), "dim")]


def _over(columns: tuple[Column, ...], part: _Part) -> Iterator[Line]:
    """What stands above several columns, wrapped to their width."""
    spans, place = [], 0
    for over, many in heads(columns):
        wide = part.reach(part.columns[place : place + many])
        spans.append((wrap(over, wide), wide))
        place += many
    high = max(len(texts) for texts, _ in spans)
    for depth in range(high):
        cells = [
            pad(texts[depth] if depth < len(texts) else "", wide, left=number == 0 or len(texts) > 1)
            for number, (texts, wide) in enumerate(spans)
        ]
        yield [Piece((" " * part.gap).join(cells).rstrip(), "head")]


def _row(row: Sequence[Cell], table: Table, part: _Part) -> Iterator[Line]:
    """A row: figures with their intervals beneath, names in as many lines as they need."""
    texts = []
    for number in part.columns:
        cell = row[number]
        wrapped = _wraps(table.columns[number], number)
        indent = "" if number else _indent(table)
        wide = part.widths[number] - len(indent)
        told = [indent + text for text in wrap(cell.text, wide)] if wrapped else [line(cell.text)]
        texts.append([*told, *([cell.range] if cell.range else [])])

    def style(place: int, depth: int) -> str:
        cell = row[part.columns[place]]
        if cell.range and depth == len(texts[place]) - 1:
            return "dim"
        return "lead" if cell.lead else "dim" if cell.faint else ""

    return _stacked(texts, table, part, style)


def _stacked(
    texts: list[list[str]],
    table: Table,
    part: _Part,
    style: Callable[[int, int], str],
    *,
    bottom: bool = False,
) -> Iterator[Line]:
    """Cells of several lines side by side, from the top or on the ground."""
    high = max(len(lines) for lines in texts)
    for depth in range(high):
        pieces: Line = []
        for place, (number, lines) in enumerate(zip(part.columns, texts, strict=True)):
            own = depth - (high - len(lines)) if bottom else depth
            text = lines[own] if 0 <= own < len(lines) else ""
            wide, left = part.widths[number], table.columns[number].left
            gap = " " * part.gap if place else ""
            pieces.append(Piece(gap + pad(text, wide, left=left), style(place, own)))
        yield _trimmed(pieces)


def _trimmed(pieces: Line) -> Line:
    """Without blanks at the end of the line."""
    while pieces and not pieces[-1].text.strip():
        pieces = pieces[:-1]
    return [*pieces[:-1], Piece(pieces[-1].text.rstrip(), pieces[-1].style)] if pieces else []


def pad(text: str, width: int, *, left: bool) -> str:
    """Text filled up with blanks to a width of cells; longer text stays whole."""
    blanks = " " * max(0, width - cell_len(text))
    return text + blanks if left else blanks + text


def wrap(text: str, width: int) -> list[str]:
    """Text in lines of at most so many cells: broken at blanks, else at joints of names, else anywhere.

    >>> wrap("TC (trigger + type)", 12), wrap("en_core_web_sm-3.8.0", 12)
    (['TC (trigger', '+ type)'], ['en_core_web_', 'sm-3.8.0'])
    """
    lines = [""]
    for word in line(text).split():
        joined = f"{lines[-1]} {word}".strip()
        if cell_len(joined) <= width:
            lines[-1] = joined
        else:
            lines += _broken(word, width)
    return [text for text in lines if text] or [""]


def _broken(word: str, width: int) -> list[str]:
    """A word in pieces that fit."""
    lines = [""]
    for part in _JOINTS.split(word):
        if cell_len(lines[-1] + part) <= width:
            lines[-1] += part
        elif cell_len(part) <= width:
            lines.append(part)
        else:
            for sign in part:
                if lines[-1] and cell_len(lines[-1] + sign) > width:
                    lines.append("")
                lines[-1] += sign
    return lines
