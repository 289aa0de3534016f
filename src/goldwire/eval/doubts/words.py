"""Words for doubts: readings with their sentence, and reasons for people."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import msgspec

from goldwire.corpora.offsets import surface
from goldwire.corpora.sentences import sentences
from goldwire.corpora.types import Span
from goldwire.eval.counting.texts import Texts
from goldwire.eval.doubts.dictionary import BARE
from goldwire.eval.doubts.look import On, Unit
from goldwire.eval.doubts.rank import Case, Court, Voice
from goldwire.eval.doubts.readings import Doubt, Holder, Kind, Reading
from goldwire.eval.measures.phrases import amount, listed

DIGITS = 12  # of the hash that names a doubt


class Writer(msgspec.Struct, frozen=True, dict=True):
    """What doubts are told from."""

    court: Court

    @property
    def texts(self) -> Texts:
        """The texts of the documents."""
        return self.court.gold.texts

    @cached_property
    def _lines(self) -> dict[int, list[Span]]:
        return {}

    def tell(self, case: Case) -> Doubt:
        """A case in words."""
        unit = case.unit
        row, sentence = self.texts.rows[unit.document], self.sentence(case)
        gold, other = (self.reading(one) for one in case[:2])
        return Doubt(
            id=name(row.id, unit, case),
            document=row.id,
            sha256=row.sha256,
            unit=unit.unit,  # type: ignore[arg-type]
            kind=kind(case),
            gold=gold,
            other=other,
            on=None if unit.on is None else self.holder(unit.document, unit.on),
            name=unit.name or None,
            doubt=round(case.doubt, 3),
            reasons=tuple(self.reasons(case)),
            says={voice.name: self.reading(voice.said) for voice in case.voices if voice.view},
            sentence=self.texts.text(unit.document)[sentence.start : sentence.end],
            at=sentence.start,
            decision=None,
        )

    def reading(self, unit: Unit | None) -> Reading | None:
        """A unit as a reading."""
        if unit is None:
            return None
        words = surface(self.texts.text(unit.document), unit.spans, " … ")
        return Reading(label=unit.label, spans=unit.spans, words=words)

    def holder(self, document: int, on: On) -> Holder:
        """What a unit belongs to."""
        words = surface(self.texts.text(document), on.spans, " … ")
        return Holder(unit=on.unit, type=on.type, spans=on.spans, words=words)  # type: ignore[arg-type]

    def sentence(self, case: Case) -> Span:
        """From the first sentence that a reading touches to the last."""
        units = [one for one in case[:2] if one is not None]
        spans = [span for one in units for span in (*one.spans, *(one.on.spans if one.on else ()))]
        low, high = min(span.start for span in spans), max(span.end for span in spans)
        near = [one for one in self._sentences(units[0].document) if one.start < high and low < one.end]
        return Span(min([low, *(one.start for one in near)]), max([high, *(one.end for one in near)]))

    def _sentences(self, document: int) -> list[Span]:
        if document not in self._lines:
            found = sentences(self.texts.text(document))
            self._lines[document] = [Span(one[0].start, one[-1].end) for one in found]
        return self._lines[document]

    # ------------------------------------------------------------ reasons
    def reasons(self, case: Case) -> Iterator[str]:
        """What is said of a case, the heaviest first; those that say the same together."""
        parts: dict[tuple[bool, Unit | None], list[Voice]] = {}
        for voice in sorted(case.voices, key=lambda voice: -abs(voice.worth)):
            parts.setdefault((voice.view is None, voice.said), []).append(voice)
        for (is_dictionary, said), voices in parts.items():
            if is_dictionary:
                yield from self._elsewhere(case)
            elif said is None:
                yield self._silent(case, voices)
            else:
                yield self._reads(case, said, voices)

    def _reads(self, case: Case, said: Unit, voices: Sequence[Voice]) -> str:
        names, reads = _names(voices), "reads" if len(voices) == 1 else "read"
        what = _called(said, self.reading(said), case)
        if said not in case[:2]:
            return f"{names} {reads} neither, but {what}"
        as_gold = " as gold does" if said == case.gold else ""
        shares = listed([self._share(voice, said) for voice in voices])
        return f"{names} {reads} {what}{as_gold}; elsewhere gold agrees with that in {shares}"

    def _share(self, voice: Voice, said: Unit) -> str:
        trust = self.court.trust[voice.name]
        share, score, bar = trust.precision(said), trust.view.scores.get(said), trust.threshold(said)
        if score is None or bar is None:
            return _percent(share)
        sure = f"from its usual {bar:.2f} on" if score >= bar else f"below its usual {bar:.2f}"
        return f"{_percent(share)} (score {score:.2f}, {sure})"

    def _silent(self, case: Case, voices: Sequence[Voice]) -> str:
        has = "has" if len(voices) == 1 else "have"
        parts = [f"{_names(voices)} {has} nothing here{' as gold has' if case.gold is None else ''}"]
        for one in dict.fromkeys(one for one in case[:2] if one is not None):
            shares = listed([_percent(self._missed(voice, one)) for voice in voices])
            parts.append(f"{'it misses' if len(voices) == 1 else 'they miss'} {shares} of {one.label}")
        return "; ".join(dict.fromkeys(parts))

    def _missed(self, voice: Voice, of: Unit) -> float:
        return self.court.trust[voice.name].silence(of)

    def _elsewhere(self, case: Case) -> Iterator[str]:
        """How often the words of either reading are labelled how, elsewhere in gold."""
        dictionary = self.court.dictionary
        seen = set()
        for one in (case.gold, case.other):
            if one is None or one.unit == "argument" or (entry := dictionary.entry(one)) in seen:
                continue
            seen.add(entry)
            counts = dictionary.counts(entry, one.document)
            if counts:
                each = [_times(label, number) for label, number in counts.most_common()]
                yield f"elsewhere in gold “{entry[2]}” is {listed(each)}"


def _times(label: str, number: int) -> str:
    return f"{label if label != BARE else 'unlabelled'} {amount(number, 'time')}"


def _names(voices: Sequence[Voice]) -> str:
    return listed([voice.name for voice in voices])


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _called(said: Unit, reading: Reading | None, case: Case) -> str:
    """The label, and the words where these are not the same for all readings."""
    places = {one.spans for one in (said, *case[:2]) if one is not None}
    label = said.label or "no value"
    return label if len(places) == 1 or reading is None else f"{label} “{reading.words}”"


def kind(case: Case) -> Kind:
    """How the readings differ, seen from gold."""
    gold, other = case.gold, case.other
    if gold is None:
        return "missing"
    if other is None:
        return "spurious"
    if gold.unit == "attribute":
        return "value"
    if gold.spans == other.spans:
        return "type"
    return "boundary" if gold.label == other.label else "boundary+type"


def name(document: str, unit: Unit, case: Case) -> str:
    """What a doubt is called: the same for the same readings of the same place, whoever doubts and how
    much."""
    said = [None if one is None else (one.label, *one.spans) for one in case[:2]]
    content = msgspec.json.encode([document, unit.unit, unit.name, unit.on, said])
    return hashlib.sha256(content).hexdigest()[:DIGITS]


def tell(court: Court, cases: Iterable[Case]) -> list[Doubt]:
    """Cases in words."""
    writer = Writer(court)
    return list(map(writer.tell, cases))
