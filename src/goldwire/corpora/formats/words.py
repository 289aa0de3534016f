"""Words of a document for formats of tokens, parted where units begin or end, and the sentences they make."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from goldwire.corpora.offsets import tokens
from goldwire.corpora.types import Document, Mention, Span, Spans

OUT_OF_WORDS = "mentions that begin or end in white space"


class Words(NamedTuple):
    """The words of a text, the first word of each line that has one; words by where they start and end."""

    spans: list[Span]
    lines: list[int]
    starts: Mapping[int, int]
    ends: Mapping[int, int]

    def of(self, span: Span) -> tuple[int, int] | None:
        """The first word of a span and the one behind its last; None if it begins or ends in white space."""
        first, last = self.starts.get(span.start), self.ends.get(span.end)
        return None if first is None or last is None else (first, last + 1)

    def line(self, word: int) -> int:
        """The number of the line with a word."""
        return bisect_right(self.lines, word) - 1

    def sentences(self, text: str) -> list[list[str]]:
        """The words as text, line by line."""
        bounds = pairwise([*self.lines, len(self.spans)])
        return [[text[a:b] for a, b in self.spans[first:after]] for first, after in bounds]


def words(document: Document, units: Iterable[Spans]) -> Words:
    """The words of a document, as Goldwire counts them, with a border wherever one of the units has one."""
    edges = {edge for spans in units for span in spans for edge in span}
    spans = [word for token in tokens(document.text) for word in cut(token, edges)]
    breaks = ("\n" in document.text[a.end : b.start] for a, b in pairwise(spans))
    lines = [0, *(number for number, apart in enumerate(breaks, start=1) if apart)]
    starts = {span.start: number for number, span in enumerate(spans)}
    return Words(spans, lines, starts, {span.end: number for number, span in enumerate(spans)})


def cut(token: Span, edges: Collection[int]) -> Iterator[Span]:
    """A token, parted where a unit begins or ends inside it."""
    cuts = [token.start, *(place for place in range(token.start + 1, token.end) if place in edges), token.end]
    return (Span(a, b) for a, b in pairwise(cuts))


def whole(mentions: Iterable[Mention], lost: Counter[str]) -> list[Mention]:
    """Mentions of one span; the others are counted as lost."""
    given = list(mentions)
    kept = [mention for mention in given if len(mention.spans) == 1]
    lost["discontinuous mentions"] += len(given) - len(kept)
    return kept


def apart(mentions: Iterable[Mention], lost: Counter[str]) -> list[Mention]:
    """Mentions of one span that do not overlap, in text order; of those that do, the longest is kept."""
    kept: list[Mention] = []
    taken: set[int] = set()
    given = whole(mentions, lost)
    for mention in sorted(given, key=lambda m: (m.spans[0].start - m.spans[0].end, m.spans, m.type)):
        covered = range(mention.spans[0].start, mention.spans[0].end)
        if taken.isdisjoint(covered):
            taken.update(covered)
            kept.append(mention)
    lost["overlapping mentions"] += len(given) - len(kept)
    return sorted(kept, key=lambda mention: mention.spans)
