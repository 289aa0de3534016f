"""Amendments: decisions on what annotators do not differ in, made by whoever adjudicated.

Such a decision is a line like any other, with all annotators of one view and the decision against it: a unit
that nobody marked, one that all did and that is wrong, another value than all gave. (`says` is empty where
nobody could say it, as of an argument of an event that is new.) It is followed after all others. Where
annotators have come to say so themselves it is stale, and where they differ by now it decides that.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import msgspec

from goldwire.annotate.adjudicate import Adjudicated, Disagreement
from goldwire.annotate.adjudicate.decisions import key_of
from goldwire.annotate.adjudicate.returned import AND
from goldwire.annotate.adjudicate.views import View
from goldwire.annotate.exchange import clusters
from goldwire.annotate.union import facts
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Held,
    Mention,
    Relation,
    Span,
    Spans,
)
from goldwire.corpora.validate import annotation_faults
from goldwire.corpora.values import each, held

_NAME = re.compile(r"(?P<type>.+) \[(?P<spans>\[\d+, \d+\](, \[\d+, \d+\])*)\](?P<again> #\d+)?", re.DOTALL)
_SPAN = re.compile(r"\[(\d+), (\d+)\]")


class Amended(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an adjudication and the amendments that were followed; those that were not are stale."""

    adjudicated: Adjudicated
    followed: tuple[Disagreement, ...] = ()


def is_amendment(item: Disagreement) -> bool:
    """Whether a decision is one on which annotators did not differ when it was made."""
    return item.decision is not None and len({*item.says.values()}) < 2  # noqa: PLR2004 - two views


def amended(found: Adjudicated, documents: Iterable[Document], ontology: Ontology | None) -> Amended:
    """Follow the amendments among the decisions that adjudication had no use for."""
    by_document: dict[str, list[Disagreement]] = defaultdict(list)
    for item in found.stale:
        if is_amendment(item):
            by_document[item.document].append(item)
    known = {document.id: document for document in documents if document.id in by_document}
    followed, lines = list[Disagreement](), list[Annotations]()
    for line in found.annotations:
        made = line
        if line.document in by_document:
            absent = facts.absent(found, line.document)
            items = by_document[line.document]
            made, done = _amend(line, items, absent, known[line.document], ontology)
            followed += done
        lines.append(made)
    used = {key_of(item) for item in followed}
    stale = tuple(item for item in found.stale if key_of(item) not in used)
    people = _people([*found.disagreements, *followed])
    signed = tuple(_signed(line, people.get(line.document)) for line in lines)
    whole = msgspec.structs.replace(found, annotations=signed, stale=stale)
    return Amended(adjudicated=whole, followed=tuple(followed))


def _people(items: Iterable[Disagreement]) -> dict[str, str]:
    """Who decided anything in each document."""
    found: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.decision is not None and item.by:
            found[item.document] |= {*item.by.split(AND)}
    return {document: AND.join(sorted(people)) for document, people in found.items()}


def _signed(line: Annotations, author: str | None) -> Annotations:
    if author is None:
        return line
    provenance = msgspec.structs.replace(line.provenance, author=author)
    return msgspec.structs.replace(line, provenance=provenance)


def _amend(
    line: Annotations,
    items: Iterable[Disagreement],
    absent: Collection[str],
    document: Document,
    ontology: Ontology | None,
) -> tuple[Annotations, list[Disagreement]]:
    draft = _Draft(facts.view_of(line, ontology, absent), document.text)
    followed = [item for unit in _ORDER for item in items if item.unit == unit and draft.follow(item)]
    made = draft.made(line)
    faults = annotation_faults(made, document, ontology)
    if faults:
        raise DataError(f"{document.id}: decisions that cannot be followed", faults)
    return made, followed


_ORDER = ("mention", "event", "attribute", "argument", "relation", "cluster")


class _Draft:
    """A line taken apart into named units, to be changed and put together again."""

    def __init__(self, view: View, text: str) -> None:
        self.text = text
        self.mentions = {**view.mentions}
        self.events = {**view.events}
        self.arguments = {**view.arguments}
        self.relations = {*view.relations}
        self.links = {*facts.joined(self.mentions), *facts.joined(self.events)}

    def follow(self, item: Disagreement) -> bool:
        """Change what a decision says; whether there was anything to change."""
        match item.unit:
            case "mention":
                return self._mention(item)
            case "event":
                return self._event(item)
            case "attribute":
                return self._attribute(item)
            case "argument":
                return self._argument(item)
            case "relation":
                return self._relation(item)
            case "cluster":
                return self._link(item)

    def _mention(self, item: Disagreement) -> bool:
        if not item.decision:
            there = self.mentions.get(item.key)
            return there is not None and self._fits(item, there) and self.mentions.pop(item.key) is there
        if item.key in self.mentions:
            return False
        type, spans = _read(item)
        made = Mention(id="", type=type, spans=spans)
        return self._fits(item, made) and self.mentions.setdefault(item.key, made) is made

    def _event(self, item: Disagreement) -> bool:
        if not item.decision:
            there = self.events.get(item.key)
            return there is not None and self._fits(item, there) and self.events.pop(item.key) is there
        if item.key in self.events:
            return False
        type, spans = _read(item)
        made = Event(id="", type=type, trigger=spans)
        return self._fits(item, made) and self.events.setdefault(item.key, made) is made

    def _fits(self, item: Disagreement, *units: Mention | Event) -> bool:
        """Whether the words that a decision was made on stand where its units are."""
        return all(facts.words_of(item.key, unit, self.text) in item.words for unit in units)

    def _attribute(self, item: Disagreement) -> bool:
        on, _, rest = item.key.partition(" ")
        items: Mapping[str, Mention | Event] = self.mentions if on == "mention" else self.events
        key = _longest(key for key in items if rest.startswith(f"{key} "))
        if key is None or not self._fits(item, items[key]):
            return False
        name, before = rest[len(key) + 1 :], items[key].attributes
        if isinstance(item.decision, bool):
            name, _, value = name.partition("=")
            others = [one for one in each(before.get(name)) if one != value]
            after = held([*others, value] if item.decision else others)
        else:
            after = item.decision or None
        rest_of_them = {other: had for other, had in before.items() if other != name}
        self._describe(on, key, rest_of_them if after is None else {**rest_of_them, name: after})
        return after != before.get(name)

    def _describe(self, on: str, key: str, attributes: dict[str, Held]) -> None:
        if on == "mention":
            self.mentions[key] = msgspec.structs.replace(self.mentions[key], attributes=attributes)
        else:
            self.events[key] = msgspec.structs.replace(self.events[key], attributes=attributes)

    def _argument(self, item: Disagreement) -> bool:
        found = _between(item.key, self.events, self.mentions)
        if found is None or (found in self.arguments) is bool(item.decision):
            return False
        if not self._fits(item, self.events[found[0]], self.mentions[found[2]]):
            return False
        if item.decision:
            self.arguments[found] = ()
        else:
            del self.arguments[found]
        return True

    def _relation(self, item: Disagreement) -> bool:
        found = _between(item.key, self.mentions, self.mentions)
        if found is None or (found in self.relations) is bool(item.decision):
            return False
        if not self._fits(item, self.mentions[found[0]], self.mentions[found[2]]):
            return False
        self.relations ^= {found}
        return True

    def _link(self, item: Disagreement) -> bool:
        pairs = (_between(item.key, items, items) for items in (self.mentions, self.events))
        found = next((pair for pair in pairs if pair is not None), None)
        if found is None or ((found[0], found[2]) in self.links) is bool(item.decision):
            return False
        self.links ^= {(found[0], found[2])}
        return True

    # ------------------------------------------------------------ together again

    def made(self, line: Annotations) -> Annotations:
        """The line with what is left and new, in text order; what hangs on a unit that is gone goes too."""
        ids = {key: f"m{n}" for n, key in enumerate(facts.in_order(self.mentions), start=1)}
        names = {**self._named(self.mentions), **self._named(self.events)}
        relations = sorted(one for one in self.relations if {one[0], one[2]} <= ids.keys())
        return msgspec.structs.replace(
            line,
            mentions=tuple(
                msgspec.structs.replace(self.mentions[key], id=id, cluster=names.get(key))
                for key, id in ids.items()
            ),
            events=tuple(
                msgspec.structs.replace(
                    self.events[key], id=f"e{n}", arguments=self._arguments(key, ids), cluster=names.get(key)
                )
                for n, key in enumerate(facts.in_order(self.events), start=1)
            ),
            relations=tuple(
                Relation(id=f"r{n}", type=type, source=ids[one], target=ids[other])
                for n, (one, type, other) in enumerate(relations, start=1)
            ),
        )

    def _arguments(self, event: str, ids: Mapping[str, str]) -> tuple[Argument, ...]:
        theirs = (
            (role, filler, others)
            for (key, role, filler), others in self.arguments.items()
            if key == event and filler in ids
        )
        return tuple(
            Argument(
                role=role, mention=ids[filler], alternatives=tuple(ids[one] for one in others if one in ids)
            )
            for role, filler, others in sorted(theirs, key=lambda one: (one[0], int(ids[one[1]][1:])))
        )

    def _named(self, items: Mapping[str, Mention | Event]) -> dict[str, str]:
        pairs = [pair for pair in sorted(self.links) if {*pair} <= items.keys()]
        return clusters.name(facts.in_order(items), pairs, {})


def _read(item: Disagreement) -> tuple[str, Spans]:
    """The type and place that a name says (`adjudicate.name`)."""
    found = _NAME.fullmatch(item.key)
    if found is None:
        expected = "a type and spans are expected, as in GPE [[15, 21]]"
        raise DataError("a decision names no unit", [Fault(item.document, item.key, expected)])
    return found["type"], tuple(
        Span(int(start), int(end)) for start, end in _SPAN.findall(f"[{found['spans']}]")
    )


def _longest(names: Iterable[str]) -> str | None:
    return max(names, key=len, default=None)


def _between(key: str, sources: Iterable[str], targets: Iterable[str]) -> tuple[str, str, str] | None:
    """The two units that a key names, and what it says between them; None where they are not there."""
    one = _longest(source for source in sources if key.startswith(f"{source} "))
    other = _longest(target for target in targets if key.endswith(f" {target}"))
    if one is None or other is None or len(key) <= len(one) + len(other) + 2:
        return None
    return one, key[len(one) + 1 : -len(other) - 1], other
