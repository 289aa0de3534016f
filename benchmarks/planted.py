"""Errors planted in gold, and how many of them `eval doubts` puts on top.

    python benchmarks/planted.py CORPUS [--noise 0.2,0.3,0.3 | --system NAME …] [--seed 1]

Of one in twenty mentions and triggers (`--share`) one of four things is done: another type, a boundary a word
off, the unit dropped, a unit added elsewhere. Systems are layers of the corpus, made before, or copies of the
unharmed gold to which a program did the same with a larger share: told as `noise`.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from goldwire.corpora.coverage import finished
from goldwire.corpora.sentences import Word, words
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.corpora.types import Annotations, Document, Event, Mention, Span, Spans
from goldwire.eval.doubts.find import find
from goldwire.eval.doubts.readings import Doubt

KINDS = ("type", "boundary", "dropped", "added")
SHARE = 0.05
TOP = 100
Lines = dict[str, Annotations]
Item = Mention | Event


class Planted(NamedTuple):
    """One error: in gold as it is now the spans are wrong, or, of a dropped unit, missing."""

    kind: str
    unit: str
    document: str
    spans: Spans

    def is_told(self, doubt: Doubt) -> bool:
        """Whether a doubt is about it."""
        if (doubt.unit, doubt.document) != (self.unit, self.document):
            return False
        if doubt.gold is not None:
            return self.kind != "dropped" and doubt.gold.spans == self.spans
        found = doubt.other.spans if doubt.other is not None else ()
        return self.kind == "dropped" and any(
            a.start < b.end and b.start < a.end for a in found for b in self.spans
        )


class Found(NamedTuple):
    """How many were planted by kind, hits at the top, and what is found among twice their number."""

    planted: Counter[str]
    precision: float
    told: Counter[str]
    missed: list[Planted]

    @property
    def recall(self) -> float:
        """The share of all that was planted that is among the first, twice as many as were planted."""
        return self.told.total() / self.planted.total()


def plant(
    documents: Sequence[Document], lines: Mapping[str, Annotations], share: float, seed: int
) -> tuple[Lines, list[Planted]]:
    """The lines with errors, and what was done."""
    chance, found, planted = random.Random(seed), {}, list[Planted]()
    types = {
        "mention": sorted({one.type for line in lines.values() for one in line.mentions}),
        "trigger": sorted({one.type for line in lines.values() for one in line.events}),
    }
    for document in documents:
        line = lines[document.id]
        gardener = _Gardener(document, share, chance, types, planted)
        mentions = gardener.treat("mention", line.mentions)
        events = gardener.treat("trigger", line.events)
        known = {one.id for one in mentions}
        found[document.id] = msgspec.structs.replace(
            line,
            mentions=tuple(mentions),
            events=tuple(_bound(one, known) for one in events if isinstance(one, Event)),
            relations=(),
        )
    return found, planted


def _bound(event: Event, known: set[str]) -> Event:
    kept = tuple(one for one in event.arguments if one.mention in known)
    return msgspec.structs.replace(event, arguments=kept)


class _Gardener(NamedTuple):
    """Plants errors in the units of one document."""

    document: Document
    share: float
    chance: random.Random
    types: dict[str, list[str]]
    planted: list[Planted]

    def treat(self, unit: str, items: Sequence[Item]) -> list:
        """The units, some of them with an error."""
        found = words(self.document.text)
        kept: list[Item] = []
        for item in items:
            if self.chance.random() >= self.share or not _spans(item):
                kept.append(item)
                continue
            kept += self._harm(unit, item, items, found)
        return kept

    def _harm(self, unit: str, item: Item, items: Sequence[Item], found: list[Word]) -> list[Item]:
        kind = self.chance.choice(KINDS)
        others = [type for type in self.types[unit] if type != item.type]
        if kind == "type" and others:
            self._note(kind, unit, _spans(item))
            return [msgspec.structs.replace(item, type=self.chance.choice(others))]
        if kind == "boundary" and (moved := self._moved(_spans(item), found)):
            self._note(kind, unit, moved)
            return [_at(item, moved)]
        if kind == "added" and (free := self._free(items, found)):
            self._note(kind, unit, free)
            new = msgspec.structs.replace(
                _at(item, free), id=f"{item.id}-added", type=self.chance.choice(items).type
            )
            return [item, msgspec.structs.replace(new, arguments=()) if isinstance(new, Event) else new]
        self._note("dropped", unit, _spans(item))
        return []

    def _note(self, kind: str, unit: str, spans: Spans) -> None:
        self.planted.append(Planted(kind, unit, self.document.id, spans))

    def _moved(self, spans: Spans, found: list[Word]) -> Spans:
        """The spans with a word more or fewer at one end."""
        start, end = spans[0].start, spans[-1].end
        inside = [n for n, word in enumerate(found) if start <= word.start and word.end <= end]
        if not inside:
            return ()
        first, last = inside[0], inside[-1]
        ways = [(found[first - 1].start, end)] * (first > 0)
        ways += [(start, found[last + 1].end) for _ in "." if last + 1 < len(found)]
        ways += [(found[first + 1].start, end), (start, found[last - 1].end)] if first < last else []
        return (Span(*self.chance.choice(ways)),) if ways else ()

    def _free(self, items: Sequence[Item], found: list[Word]) -> Spans:
        """One or two words that no unit touches; after twenty tries none."""
        taken = [span for item in items for span in _spans(item)]
        for _ in range(20):
            first = self.chance.randrange(len(found))
            last = min(len(found) - 1, first + self.chance.choice((0, 0, 1)))
            span = Span(found[first].start, found[last].end)
            if found[first].text[0].isalnum() and not any(
                span.start < one.end and one.start < span.end for one in taken
            ):
                return (span,)
        return ()


def _spans(item: Item) -> Spans:
    return item.spans if isinstance(item, Mention) else item.trigger


def _at(item: Item, spans: Spans) -> Item:
    if isinstance(item, Mention):
        return msgspec.structs.replace(item, spans=spans)
    return msgspec.structs.replace(item, trigger=spans)


def measure(doubts: Sequence[Doubt], planted: Sequence[Planted]) -> Found:
    """How many of the first doubts about mentions and triggers are about what was planted."""
    about: dict[tuple[str, str], list[Planted]] = {}
    for one in planted:
        about.setdefault((one.unit, one.document), []).append(one)
    told = [
        [one for one in about.get((doubt.unit, doubt.document), ()) if one.is_told(doubt)]
        for doubt in doubts
        if doubt.unit in ("mention", "trigger")
    ]
    top = min(TOP, len(planted))
    first = {one for found in told[: 2 * len(planted)] for one in found}
    return Found(
        planted=Counter(one.kind for one in planted),
        precision=sum(map(bool, told[:top])) / top,
        told=Counter(one.kind for one in first),
        missed=[one for one in planted if one not in first],
    )


def try_out(corpus: Corpus, noise: Sequence[float], systems: Sequence[str], share: float, seed: int) -> Found:
    """Harm gold as layer `harmed`, hold systems against it, and look what comes out on top."""
    lines = finished(corpus.layer("gold"))
    documents = [one for one in corpus.documents() if one.id in lines]
    harmed, planted = plant(documents, lines, share, seed)
    corpus.write_layer("harmed", harmed.values())
    names = list(systems)
    for number, much in enumerate(noise, start=1):
        copy, _ = plant(documents, lines, much, 1000 * seed + number)
        corpus.write_layer(f"system/noise-{number}", copy.values())
        names.append(f"noise-{number}")
    return measure(find(corpus, "harmed", names).doubts, planted)


def main() -> None:
    """Try it on a corpus and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--noise", default="")
    parser.add_argument("--system", action="append", default=[])
    parser.add_argument("--share", type=float, default=SHARE)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    noise = [float(one) for one in given.noise.split(",") if one]
    found = try_out(open_corpus(given.corpus), noise, given.system, given.share, given.seed)
    number = found.planted.total()
    print(f"planted {number}; precision at {min(TOP, number)}: {found.precision:.2f}; ", end="")
    print(f"recall at {2 * number}: {found.recall:.2f}")
    for kind in KINDS:
        print(f"  {kind}: {found.told[kind]} of {found.planted[kind]} told")
    for one in found.missed:
        print(f"  missed: {one.kind} {one.unit} in {one.document} at {[*map(list, one.spans)]}")


if __name__ == "__main__":
    main()
