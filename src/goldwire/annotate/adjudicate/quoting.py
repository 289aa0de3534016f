"""Quotes a text around what a decision is on: the sentences, with the words in ⟦ ⟧."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property

from goldwire.corpora.sentences import sentences
from goldwire.corpora.types import Document, Span
from goldwire.eval.report.segments import join

CONTEXT = 200  # code points on either side, at most: a sentence may be a whole text without a full stop
OPENING, CLOSING, GAP = "⟦", "⟧", " … "


class Quoted:
    """The sentences of a document, found when they are first asked for."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def _bounds(self) -> list[tuple[int, int]]:
        found = sentences(self.document.text, self.document.excluded)
        return [(sentence[0].start, sentence[-1].end) for sentence in found]

    def quote(self, spans: Iterable[Span]) -> str:
        """The sentences in which spans stand, in text order; what overlaps is marked as one."""
        marks = join((span.start, span.end) for span in spans)
        pieces = join(self._around(*mark) for mark in marks)
        return GAP.join(self._marked(start, end, marks) for start, end in pieces)

    def _around(self, start: int, end: int) -> tuple[int, int]:
        """From where the sentence of `start` begins to where that of `end` ends, or as much as is shown."""
        first, last = self._sentence(start), self._sentence(end - 1)
        low = max(start - CONTEXT, first[0]) if first else start
        high = min(end + CONTEXT, last[1]) if last else end
        return min(low, start), max(high, end)

    def _sentence(self, place: int) -> tuple[int, int] | None:
        at = bisect_right(self._bounds, place, key=lambda bound: bound[0]) - 1
        return self._bounds[at] if at >= 0 and place < self._bounds[at][1] else None

    def _marked(self, start: int, end: int, marks: list[tuple[int, int]]) -> str:
        text, parts, at = self.document.text, [], start
        for low, high in marks:
            if start <= low and high <= end:
                parts += [text[at:low], OPENING, text[low:high], CLOSING]
                at = high
        return "".join([*parts, text[at:end]])
