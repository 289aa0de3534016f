"""Cuts: what is left of a layer without some units, such as those below a threshold of confidence.

A unit without a score has nothing that could be below a threshold, and stays (whole kinds of units may have
none, see `scoring.thresholds`). What hangs on a unit that goes, goes with it: the arguments of an event, the
arguments and relations that a mention fills, its place in a cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from goldwire.corpora import exclude
from goldwire.corpora.types import Annotations
from goldwire.eval.counting.columns import ROWS_OF, Bools, Extents, Floats, Ints, Table, columns_of


def keep(
    table: Table, mentions: Bools, events: Bools, own: tuple[Bools, Bools] | None = None
) -> tuple[Table, int]:
    """The table without some mentions and events, and what hung on them; and how many went in all.

    `own` are the arguments and relations that may stay, if some go for themselves.
    """
    arguments = events[table.argument_event] & mentions[table.argument_mention]
    relations = mentions[table.relation_source] & mentions[table.relation_target]
    if own is not None:
        arguments, relations = arguments & own[0], relations & own[1]
    gone = sum(int((~kept).sum()) for kept in (mentions, events, arguments, relations))
    if not gone:
        return table, 0
    row = {"mention": np.cumsum(mentions) - 1, "event": np.cumsum(events) - 1}
    units = {"mention": mentions, "event": events, "argument": arguments, "relation": relations}
    index = {name: np.flatnonzero(kept) for unit, kept in units.items() for name in columns_of(unit)}

    def taken(name: str) -> Any:
        column = _taken(getattr(table, name), index[name])
        return row[ROWS_OF[name]][column] if name in ROWS_OF else column

    return Table(**{name: taken(name) for name in Table.__struct_fields__}), gone


def _taken(column: Any, index: Ints) -> Any:
    if isinstance(column, dict):
        return {name: values[index] for name, values in column.items()}
    return column.take(index) if isinstance(column, Extents) else column[index]


# ---------------------------------------------------------------- by scores
def scores(table: Table) -> Floats:
    """All scores that units of a table have."""
    found = (table.mention_score, table.event_score, table.argument_score, table.relation_score)
    whole = np.concatenate(found)
    there: Floats = whole[~np.isnan(whole)]
    return there


class Cut(msgspec.Struct, frozen=True):
    """The threshold of every document: the only one of `values`, or that of the document's fold.

    A document that is in no fold is not scored.
    """

    values: tuple[float, ...]
    fold: dict[str, int] = {}

    def of(self, document: str) -> float:
        """The least score that counts in a document."""
        return self.values[self.fold.get(document, 0)] if self.fold else self.values[0]

    def column(self, documents: Sequence[str]) -> Floats:
        """The same of several documents."""
        if not self.fold:
            return np.full(len(documents), self.values[0])
        return np.fromiter(map(self.of, documents), np.float64, len(documents))


def cut_table(table: Table, least: Floats) -> tuple[Table, int]:
    """The table without units below the least score of their document, and how many went in all."""
    mentions = _reaches(table.mention_score, least, table.mentions.document)
    events = _reaches(table.event_score, least, table.events.document)
    document = table.events.document[table.argument_event]
    arguments = _reaches(table.argument_score, least, document)
    document = table.mentions.document[table.relation_source]
    relations = _reaches(table.relation_score, least, document)
    return keep(table, mentions, events, (arguments, relations))


def _reaches(score: Floats, least: Floats, document: Ints) -> Bools:
    return np.isnan(score) | (score >= least[document])


def cut_line(line: Annotations, least: float) -> Annotations:
    """The same of a line."""

    def reaches(unit: object) -> bool:
        score = getattr(unit, "score", None)
        return score is None or score >= least

    left = exclude.only(line, reaches, reaches)
    return msgspec.structs.replace(
        left,
        events=tuple(
            msgspec.structs.replace(event, arguments=tuple(filter(reaches, event.arguments)))
            for event in left.events
        ),
        relations=tuple(filter(reaches, left.relations)),
    )
