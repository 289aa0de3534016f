"""Tables as values: columns of a kind, rows of cells in groups, a caption; and what stands around them.

Each medium renders them once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

# What a column holds. Names are of people's making and may be long; figures may have an interval.
ColumnKind = Literal["name", "system", "letters", "figure", "count", "words"]


class _Struct(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Column(_Struct, frozen=True):
    """A column; `over` is what stands above it and its neighbours (a system), where something does."""

    title: str
    kind: ColumnKind = "figure"
    over: str = ""

    @property
    def left(self) -> bool:
        """Whether its cells are flush left."""
        return self.kind in ("name", "system", "letters", "words")


class Cell(_Struct, frozen=True):
    """What stands in a place; `range` is the interval of a figure, `shade` the step of a heat map.

    `lead` marks the figure of a system that is ahead of all others by more than chance; `faint` is what says
    too little to be looked at first; `system` whose name it is, where more is said beside that.
    """

    text: str
    range: str = ""
    lead: bool = False
    shade: int | None = None
    faint: bool = False
    system: str = ""


Row = tuple[Cell, ...]


class Group(_Struct, frozen=True):
    """Rows under a title of their own, with a caption beneath; the only group of a table has none."""

    rows: tuple[Row, ...]
    title: str = ""
    caption: str = ""


class Table(_Struct, frozen=True):
    """The first `keys` columns say what a row is of, and stand in every part of a table that is broken up."""

    title: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    keys: int = 1
    caption: str = ""

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of all groups."""
        return tuple(row for group in self.groups for row in group.rows)


class Summary(_Struct, frozen=True):
    """Tables with all that must stand above and below them: what they are of, notes, verdict, signatures."""

    title: str
    about: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    verdict: str = ""
    signatures: tuple[str, ...] = ()


def head(table: Table, number: int) -> Table:
    """The first rows of a table, under the titles of their groups."""
    kept, left = [], number
    for group in table.groups:
        if left > 0:
            kept.append(msgspec.structs.replace(group, rows=group.rows[:left]))
            left -= len(group.rows)
    return msgspec.structs.replace(table, groups=tuple(kept))


def abreast(table: Table, number: int) -> list[Table]:
    """The table in parts that have so many groups of columns under one heading, the first columns in each."""
    spans, first = [], table.keys
    for over, many in heads(table.columns[table.keys :]):
        spans.append(range(first, first + many) if over else range(0))
        first += many
    if len(spans) <= number or not all(spans):
        return [table]
    return [_select(table, spans[place : place + number]) for place in range(0, len(spans), number)]


def _select(table: Table, spans: Sequence[range]) -> Table:
    """The first columns of a table, and those of some spans."""
    places = [*range(table.keys), *(place for span in spans for place in span)]
    return msgspec.structs.replace(
        table,
        columns=tuple(table.columns[place] for place in places),
        groups=tuple(
            msgspec.structs.replace(
                group, rows=tuple(tuple(row[place] for place in places) for row in group.rows)
            )
            for group in table.groups
        ),
    )


def heads(columns: tuple[Column, ...]) -> Iterator[tuple[str, int]]:
    """What stands above the columns, and above how many of them."""
    first = 0
    for place in range(1, len(columns) + 1):
        if place == len(columns) or columns[place].over != columns[first].over:
            yield columns[first].over, place - first
            first = place
