"""Cuts: what is left of a system's layer where units below a threshold of confidence are left out.

A unit without a score has nothing that could be below a threshold, and stays (whole kinds of units may have
none, see `scoring.thresholds`). What hangs on a unit that goes, goes with it: the arguments of an event, the
arguments and relations that a mention fills, its place in a cluster.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from goldwire.corpora import exclude
from goldwire.corpora.types import Annotations
from goldwire.eval.counting import columns
from goldwire.eval.counting.columns import Bools, Floats, Ints, Table


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
    return columns.keep(table, mentions, events, (arguments, relations))


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
