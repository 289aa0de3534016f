"""Columns of tables of articles, by name: which hold text, id and metadata, and which are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from goldwire.corpora.errors import CorpusError, among
from goldwire.corpora.metadata import KNOWN, OURS, Fields

FIELDS = ("id", "text", *KNOWN)  # what a column can be named for
MORE = "more"


class Columns(msgspec.Struct, frozen=True):
    """Which column holds which field, where it is not the one of the field's own name.

    One that is named "" has none. `more` are the columns whose values are kept in `Meta.more`; None for all
    that hold no field.
    """

    named: Mapping[str, str] = {}
    more: tuple[str, ...] | None = None

    def of(self, field: str) -> str:
        """The column of a field."""
        return self.named.get(field, field)

    def apply(self, row: Fields) -> Fields:
        """A row by the names of fields; what stands in a field's place without being it is left out."""
        if not self.named:
            return row
        taken = {self.of(field): field for field in FIELDS}
        pairs = [(field, row[self.of(field)]) for field in FIELDS if self.of(field) in row]
        rest = [(name, value) for name, value in row.items() if name not in taken and name not in FIELDS]
        made = Fields([*pairs, *rest])
        own = {field for field in FIELDS if self.of(field) in row.twice}
        made.twice = frozenset({*own, *(row.twice - taken.keys())})
        return made

    def displaced(self, there: Iterable[str]) -> dict[str, str]:
        """Columns called as a field that another column was named for, and hold none: why they are lost."""
        held = {self.of(field) for field in FIELDS}
        return {
            name: f"is not the column that --column names for {name}"
            for name in there
            if name in self.named and name not in held
        }

    def missing(self, there: Iterable[str]) -> str:
        """What is wrong with a table of these columns, and what can be done; empty if nothing is."""
        names = [*there]
        wanted = dict.fromkeys([*self.named.values(), *(self.more or ()), self.of("text")])
        away = [name for name in wanted if name and name not in names]
        if not away:
            return ""
        hint = "" if "text" in self.named or "text" not in away else "; name one by --column text=COLUMN"
        return f"has no column {', '.join(map(repr, away))}; it has {', '.join(names) or 'none'}{hint}"

    def keeps(self, name: str) -> bool:
        """Whether the value of a column that holds no field is kept."""
        return self.more is None or name in self.more

    def read(self, there: Iterable[str]) -> list[str]:
        """Those of a table's columns that have to be read."""
        fields = {*map(self.of, FIELDS), *OURS, "meta"}
        return [name for name in there if name in fields or self.keeps(name)]


def parse(given: Mapping[str, str]) -> Columns:
    """Columns as they are asked for: `text` of which column, `more` as names divided by commas.

    Raises `CorpusError` for what no column can be named for.

    >>> parse({"text": "body", "more": "desk,section"})
    Columns(named={'text': 'body'}, more=('desk', 'section'))
    """
    named = {field: column for field, column in given.items() if field != MORE}
    for field, column in named.items():
        if field not in FIELDS:
            raise CorpusError(
                f"--column {field}={column}: there is no field {field!r}{among(field, (*FIELDS, MORE))}"
            )
        if field == "text" and not column:
            raise CorpusError("--column text=: every article has a text; name its column")
    more = None if MORE not in given else tuple(name for name in given[MORE].split(",") if name)
    if wrong := [name for name in more or () if name in (*FIELDS, *OURS)]:
        raise CorpusError(
            f"--column {MORE}={given[MORE]}: {', '.join(wrong)} is the name of a field, under which no other "
            "value is kept; leave it out"
        )
    return Columns(named, more)
