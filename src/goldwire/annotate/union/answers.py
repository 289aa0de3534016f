"""Answers of people who were shown a union, as decisions.

What is left in the finished task is right, what was taken out is wrong; what nobody was shown, since an
annotator has said it later, is not decided. Two people who adjudicated one document decide what they agree
on. What they changed or added beyond that is an amendment (`amend`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from goldwire.annotate import adjudicate as merging
from goldwire.annotate.adjudicate import Adjudicated, Disagreement
from goldwire.annotate.adjudicate.decisions import Say
from goldwire.annotate.adjudicate.quoting import Quoted
from goldwire.annotate.adjudicate.returned import AND, Conflict
from goldwire.annotate.union import facts
from goldwire.annotate.union.facts import Fact, Facts, Key, Layers
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Document

_MARKED = ("mention", "event", "argument", "relation")  # what is there or not, each by itself


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one person submitted, when, and the line that they were shown."""

    who: str
    when: str
    line: Annotations
    shown: Annotations


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What answers decide of one document.

    `amendments` are decisions on what annotators do not differ on. `gone` counts what people kept and no
    annotator says any more; `is_changed` tells that annotators have changed their work since they were shown.
    """

    document: str
    decisions: tuple[Disagreement, ...] = ()
    amendments: tuple[Disagreement, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    gone: int = 0
    is_changed: bool = False

    @property
    def both(self) -> list[str]:
        """What was left with two types that annotators had given to the same words, by these words."""
        readings: dict[tuple[str, str], list[str]] = defaultdict(list)
        for item in self.decisions:
            if item.unit in ("mention", "event") and item.decision:
                readings[item.unit, item.key.partition(" [[")[2]].append(item.words)
        return [" and ".join(words) for words in readings.values() if len(words) > 1]


def decide(
    layers: Layers, document: Document, union: Annotations, answers: Sequence[Answer], ontology: Ontology
) -> Decided:
    """What the answers to one document decide; `union` is the line that would be shown now."""
    people = [_Person(answer, document.text, ontology) for answer in answers]
    decisions, conflicts = list[Disagreement](), list[Conflict]()
    while True:
        found = merging.adjudicate(layers, [document], decisions, ontology)
        undecided = [item for item in found.disagreements if item.decision is None]
        said = {(item.unit, item.key): _said(item, people) for item in undecided}
        conflicts = [
            Conflict(item=item, said=tuple(says.items()))
            for item in undecided
            if len({*(says := said[item.unit, item.key]).values()}) > 1
        ]
        new = [
            _signed(msgspec.structs.replace(item, decision=next(iter(says.values()))), says, people)
            for item in undecided
            if len({*(says := said[item.unit, item.key]).values()}) == 1
        ]
        if not new:
            break
        decisions += new
    judged = {(item.unit, item.key) for item in found.disagreements}
    comparing = _Comparing(layers, document, found, judged, ontology)
    amendments, own = comparing.amendments(people)
    now = _marked(facts.stated(facts.shown(union), document.text, ontology))
    kept = {key for person in people for key in person.given.keys() & _marked(person.shown)}
    return Decided(
        document=document.id,
        decisions=tuple(item for item in found.disagreements if item.decision is not None),
        amendments=tuple(amendments),
        conflicts=(*conflicts, *own),
        gone=len(kept - now),
        is_changed=any(_marked(person.shown) != now for person in people),
    )


def _signed(item: Disagreement, who: Iterable[str], people: Iterable[_Person]) -> Disagreement:
    """A decision with those who made it, and when the last did."""
    theirs = [person for person in people if person.who in who]
    return msgspec.structs.replace(
        item,
        by=AND.join(sorted(person.who for person in theirs)),
        at=max(person.when for person in theirs),
    )


def _said(item: Disagreement, people: Iterable[_Person]) -> dict[str, Say]:
    return {person.who: said for person in people if (said := person.says(item)) is not None}


def _marked(given: Facts) -> set[Key]:
    return {key for key in given if key[0] in _MARKED}


class _Person:
    """What somebody was shown and what they left of it."""

    def __init__(self, answer: Answer, text: str, ontology: Ontology) -> None:
        shown = facts.shown(answer.shown)
        self.who = answer.who
        self.when = answer.when
        self.shown = facts.stated(shown, text, ontology)
        self.given = facts.answered(answer.line, shown, text, ontology)

    def says(self, item: Disagreement) -> Say:
        """What they say of something that annotators differ on; None if they were not asked."""
        key: Key = item.unit, item.key
        if (given := self.given.get(key)) is not None:
            return given.says
        if (shown := self.shown.get(key)) is not None:
            return _absent(shown)
        return None

    def amends(self, key: Key, now: Fact | None) -> Say:
        """What they have changed to something else than what comes out `now`; None if nothing."""
        given, shown = self.given.get(key), self.shown.get(key)
        if given is not None:
            # Which link is asked about depends on what else is joined.
            is_new = shown is None or shown.says != given.says or key[0] == "cluster"
            is_other = given.says != (now.says if now is not None else given.default)
            return given.says if is_new and is_other else None
        if shown is None or now is None or not self._has_all(now.of):
            return None
        return _absent(now)

    def _has_all(self, units: Iterable[str]) -> bool:
        """Whether units are left: what hangs on one that is not goes with it."""
        return all(("mention", key) in self.given or ("event", key) in self.given for key in units)


def _absent(fact: Fact) -> Say:
    """What it means that somebody took this out."""
    return False if fact.says is True else fact.default or ""


class _Comparing:
    """Compares what people left with what comes out by all other decisions."""

    def __init__(
        self,
        layers: Layers,
        document: Document,
        made: Adjudicated,
        judged: set[Key],
        ontology: Ontology,
    ) -> None:
        self.document = document
        self.quoted = Quoted(document)
        self.judged = judged
        text = document.text
        absent = facts.absent(made, document.id)
        self.now: Facts = {}
        for line in made.annotations:
            self.now |= facts.stated(line, text, ontology, absent)
        self.layers = {
            name: facts.stated(layer[document.id], text, ontology)
            for name, layer in layers.items()
            if document.id in layer
        }

    def amendments(self, people: Sequence[_Person]) -> tuple[list[Disagreement], list[Conflict]]:
        """What all people changed alike, and what they changed differently."""
        same, conflicts = list[Disagreement](), list[Conflict]()
        known = {
            key: fact for person in people for key, fact in (*person.shown.items(), *person.given.items())
        }
        for key, fact in known.items():
            if key in self.judged:
                continue
            now = self.now.get(key)
            said = {person.who: person.amends(key, now) for person in people}
            if {*said.values()} == {None}:
                continue
            if len({*said.values()}) == 1:
                same.append(_signed(self._amendment(key, fact, next(iter(said.values()))), said, people))
            else:
                before = _view(self.now, key, fact)
                views = tuple((who, before if say is None else say) for who, say in said.items())
                conflicts.append(Conflict(item=self._amendment(key, fact, None), said=views))
        return same, conflicts

    def _amendment(self, key: Key, fact: Fact, decision: Say) -> Disagreement:
        asked = {name: layer for name, layer in self.layers.items() if _asked(layer, fact.of)}
        says = {name: _view(layer, key, fact) for name, layer in asked.items()}
        if (
            len({*says.values()}) != 1
        ):  # nobody could say it; or a link that comes of others, whoever denies it
            says = dict.fromkeys(asked or self.layers, _view(self.now, key, fact))
        unit, name = key
        return Disagreement(
            document=self.document.id,
            unit=unit,
            key=name,
            words=fact.words,
            sentence=self.quoted.quote(fact.where),
            says=says,
            decision=decision,
        )


def _asked(layer: Facts, units: Iterable[str]) -> bool:
    return all(("mention", key) in layer or ("event", key) in layer for key in units)


def _view(layer: Facts, key: Key, fact: Fact) -> Say:
    """What a layer, or what comes out, says of what somebody has changed."""
    found = layer.get(key)
    return found.says if found is not None else False if fact.says is True else fact.default
