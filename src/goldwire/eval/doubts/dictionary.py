"""A dictionary of gold: what the same words are labelled elsewhere, and how often they are not labelled.

Words of mentions are compared as they are written, those of triggers and attributes in lower case, white
space as one space. Where words stand without a label is found by runs of words of the text; a place that
touches a unit of gold of its kind, or an excluded region, says nothing. The document in question and its
near-duplicates are left out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from goldwire.corpora.offsets import surface
from goldwire.corpora.sentences import words
from goldwire.corpora.types import Span
from goldwire.eval.doubts.look import Gold, Unit

LONGEST = 8  # words of a unit that is looked for elsewhere
LEAST = 2  # times that words must have a label elsewhere before they speak for it
MOST = 3.0  # what a dictionary says at most, as a logarithm of odds: 20 to 1
BARE = ""  # the label of words without one

Entry = tuple[str, str, str]  # unit, name of an attribute, words


class Dictionary:
    """How often words have which label, by group of documents; and where they stand without one."""

    def __init__(self, gold: Gold, groups: Sequence[int]) -> None:
        self.texts, self.groups = gold.texts, groups
        self.labels: defaultdict[Entry, Counter[str]] = defaultdict(Counter)
        self.own: defaultdict[tuple[Entry, int], Counter[str]] = defaultdict(Counter)
        self.places: list[tuple[Entry, int, Span]] = []  # of words that are labelled elsewhere and not here
        self.longest = 0  # characters of any of these places
        self.found: dict[str, dict[int, list[tuple[Entry, Span]]]] = {}
        for unit in gold.units:
            if unit.unit != "argument":
                self._add(self.entry(unit), groups[unit.document], unit.label)
        for kind in ("mention", "trigger"):
            self._look(kind, [unit for unit in gold.units if unit.unit == kind])

    def _add(self, entry: Entry, group: int, label: str) -> None:
        self.labels[entry][label] += 1
        self.own[entry, group][label] += 1

    def entry(self, unit: Unit) -> Entry:
        """What a unit is looked up by."""
        return unit.unit, unit.name, _spelt(unit.unit, surface(self.texts.text(unit.document), unit.spans))

    def _look(self, kind: str, units: Sequence[Unit]) -> None:
        taken: defaultdict[int, list[Span]] = defaultdict(list)
        for number, row in enumerate(self.texts.rows):
            taken[number] += (Span(region.start, region.end) for region in row.excluded)
        for unit in units:
            taken[unit.document] += unit.spans
        known = {entry[2] for entry in self.labels if entry[0] == kind}
        self.found[kind] = {}
        for number in range(len(self.texts.rows)):
            places = [*_runs(kind, self.texts.text(number), known)]
            self.longest = max([self.longest, *(span.end - span.start for _, span in places)])
            self.found[kind][number] = [((kind, "", text), span) for text, span in places]
            size = len(self.texts.text(number))
            free = _untouched([span for _, span in places], taken[number], size)
            for (text, span), bare in zip(places, free, strict=True):
                if bare:
                    entry = (kind, "", text)
                    self.places.append((entry, number, span))
                    self._add(entry, self.groups[number], BARE)

    def counts(self, entry: Entry, document: int) -> Counter[str]:
        """How often the words have which label in other groups of documents."""
        return self.labels[entry] - self.own[entry, self.groups[document]] if entry in self.labels else _NONE

    def share(self, unit: Unit) -> float:
        """How often the words have the label elsewhere, of all times, as if 2 more were parted evenly."""
        found = self.counts(self.entry(unit), unit.document)
        return (found[unit.label] + 1) / (found.total() + 2)

    # ------------------------------------------------------------ what it would say itself
    def usual(self, entry: Entry, document: int) -> str | None:
        """The label that the words mostly have elsewhere; None if they mostly have none, or are seldom
        seen."""
        found = self.counts(entry, document)
        if not found:
            return None
        label, number = max(found.items(), key=lambda pair: (pair[1], pair[0]))
        return label if label != BARE and number >= LEAST and 2 * number > found.total() else None

    def missing(self) -> Iterator[Unit]:
        """Words without a label in gold that mostly have one elsewhere."""
        for entry, document, span in self.places:
            if (label := self.usual(entry, document)) is not None:
                yield Unit(entry[0], document, (span,), label)

    def others(self, unit: Unit) -> Iterator[Unit]:
        """What a unit of gold would be by other units: its words, or words that it overlaps, as elsewhere."""
        entry = self.entry(unit)
        if (label := self.usual(entry, unit.document)) not in (None, unit.label):
            yield unit._replace(label=label or "")
        if unit.unit in self.found and not self.counts(entry, unit.document):
            for other, span in self._near(unit):
                if (span,) != unit.spans and (label := self.usual(other, unit.document)) is not None:
                    yield Unit(unit.unit, unit.document, (span,), label)

    def _near(self, unit: Unit) -> Iterator[tuple[Entry, Span]]:
        """The known words that share a character with a unit."""
        found = self.found[unit.unit][unit.document]
        low = bisect_left(found, unit.spans[0].start - self.longest, key=lambda pair: pair[1].start)
        high = bisect_left(found, unit.spans[-1].end, key=lambda pair: pair[1].start)
        for entry, span in found[low:high]:
            if any(span.start < one.end and one.start < span.end for one in unit.spans):
                yield entry, span


_NONE: Counter[str] = Counter()


def _spelt(kind: str, text: str) -> str:
    one = " ".join(text.split())
    return one if kind == "mention" else one.lower()


def _runs(kind: str, text: str, known: set[str]) -> Iterator[tuple[str, Span]]:
    """The runs of words of a text that are known, with their places, in order of start."""
    found = words(text)
    for first, word in enumerate(found):
        for last in found[first : first + LONGEST]:
            run = _spelt(kind, text[word.start : last.end])
            if run in known:
                yield run, Span(word.start, last.end)


def _untouched(places: Sequence[Span], taken: Sequence[Span], size: int) -> list[bool]:
    """Which places share no character with what is taken, in a text of that size."""
    covered = bytearray(size)
    for span in taken:
        covered[span.start : span.end] = b"\1" * (span.end - span.start)
    return [not any(covered[place.start : place.end]) for place in places]
