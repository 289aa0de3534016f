"""The data of a page on which people decide: all that could ever come up, with everybody's view.

    index     {origin, people, values: {attribute: [value…]}, types: {name: colour}, chunk,
               documents: [document…], units: [unit…], cases: [[number of a unit…]…]}
    document  {i: id, h: title, p: [person…] as shown, v: how many a vote needs or null,
               c: [clusters of mentions, of events]}
    clusters  {k: [[key, words, unit or null, spans]…] in text order, d: [[key, words, decision, note, by]…],
               p: [[number in k, number in k, {place of a person: whether they are joined}]…]}
    unit      {d: document, u: kind, k: key, w: words, l: label, s: spans, y: {place of a person: view},
               n: [units that must be there], o: [decision, note, by, votes] if there is one, or t: its note}

A person is a number into `people`, or null where names are hidden; places of persons are those in `p`. The
texts are in blocks beside it (see `passages`).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from goldwire.annotate.adjudicate import cases
from goldwire.annotate.adjudicate.decisions import Disagreement, Say, key_of
from goldwire.annotate.adjudicate.judge import Bearer, Judge, Place
from goldwire.annotate.adjudicate.merge import Layers, iter_views
from goldwire.annotate.adjudicate.passages import Passages
from goldwire.annotate.adjudicate.returned import Origin, origin_of
from goldwire.annotate.adjudicate.votes import is_by_vote
from goldwire.annotate.exchange.clusters import Union
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Document, Span, Spans
from goldwire.eval.report.payload import colour

CHUNK = 20  # documents in one block
BEARERS: tuple[Bearer, ...] = ("mention", "event")
Json = dict[str, Any]
Numbers = Mapping[Place, int]  # of the units that are mentions or events, by their names


class Screen(NamedTuple):
    """The blocks of a page, what it was made for, and how many disagreements it has beside clusters."""

    blocks: dict[str, Any]
    origin: Origin
    units: int


def make_screen(
    layers: Layers,
    documents: Sequence[Document],
    decisions: Iterable[Disagreement],
    ontology: Ontology | None,
    *,
    to: str,
    majority: int | None = None,
    blind: bool = False,
) -> Screen:
    """Everything that a page shows; decisions that there are already can be changed on it.

    With `blind`, nothing in it says who is who, and the order of people is another for each document.
    """
    given = {key_of(item): item for item in decisions if not is_by_vote(item)}
    judges = [
        judge
        for document, views in iter_views(layers, documents, ontology)
        if (judge := Judge(document, views, given, ontology, majority, every=True)).found
    ]
    origin = origin_of(layers, [judge.document.id for judge in judges], to, ontology, blind=blind)
    decided: dict[str, list[Disagreement]] = defaultdict(list)
    for item in given.values():
        if item.unit == "cluster" and item.decision is not None:
            decided[item.document].append(item)
    gathered = _Gathered(list(layers), origin, blind=blind)
    texts = [gathered.add(judge, decided[judge.document.id]) for judge in judges]
    chunks = {f"docs-{n}": texts[at : at + CHUNK] for n, at in enumerate(range(0, len(texts), CHUNK))}
    return Screen({"index": gathered.index(ontology), **chunks}, origin, len(gathered.units))


class _Gathered:
    """What the page must know before it unpacks a text."""

    def __init__(self, names: Sequence[str], origin: Origin, *, blind: bool) -> None:
        self.names, self.origin, self.blind = names, origin, blind
        self.documents: list[Json] = []
        self.units: list[Json] = []
        self.cases: list[list[int]] = []
        self.types: dict[str, None] = {}

    def index(self, ontology: Ontology | None) -> Json:
        known = ontology.attributes if ontology else {}
        return {
            "origin": self.origin,
            "people": [] if self.blind else self.names,
            "values": {name: [*attribute.values] for name, attribute in known.items()},
            "types": {name: colour(ontology, name) for name in self.types},
            "chunk": CHUNK,
            "documents": self.documents,
            "units": self.units,
            "cases": self.cases,
        }

    def add(self, judge: Judge, decided: Iterable[Disagreement]) -> Json:
        """Add what differs in a document; its text, as far as it is needed, is what comes back."""
        order = self._order(judge)
        kept = [n for n, item in enumerate(judge.found) if item.unit != "cluster"]
        number = {n: len(self.units) + place for place, n in enumerate(kept)}
        bearers = {
            (unit, item.key): number[n]
            for n in kept
            for unit in BEARERS
            if (item := judge.found[n]).unit == unit
        }
        units = [_unit(judge, n, order, bearers) | {"d": len(self.documents)} for n in kept]
        joined = [_clusters(judge, unit, order, bearers, decided) for unit in BEARERS]
        wanted = [span for unit in units for span in unit["s"]]
        wanted += [span for part in joined for *_, spans in part["k"] for span in spans]
        passages = Passages(judge, order)
        self.units += units
        self.cases += [[number[n] for n in case] for case in cases.group(judge)]
        self.documents.append(self._document(judge, order) | {"c": joined})
        self.types |= dict.fromkeys(passages.types)
        return {"b": passages.around(wanted)}

    def _order(self, judge: Judge) -> list[str]:
        order = list(judge.views)
        if self.blind:
            random.Random(f"{self.origin.page} {judge.document.id}").shuffle(order)
        return order

    def _document(self, judge: Judge, order: Sequence[str]) -> Json:
        people = [None if self.blind else self.names.index(name) for name in order]
        title = judge.document.meta.title or ""
        return {"i": judge.document.id, "h": title, "p": people, "v": judge.least}


def _unit(judge: Judge, number: int, order: Sequence[str], bearers: Numbers) -> Json:
    item, about = judge.found[number], judge.about[number]
    own = (item.unit, item.key)
    made: Json = {
        "u": item.unit,
        "k": item.key,
        "w": item.words,
        "l": about.label,
        "s": _flat(cases.places(judge, number)),
        "y": _placed(item.says, order),
        "n": [bearers[place] for place in about.on if place in bearers and place != own],
    }
    if item.decision is not None:
        made["o"] = [item.decision, item.note, item.by, item.vote]
    elif item.note:
        made["t"] = item.note
    return made


def _placed(says: Mapping[str, Say], order: Sequence[str]) -> dict[str, Say]:
    """Views by the place of who has them; who could not say anything is absent."""
    return {str(place): says[name] for place, name in enumerate(order) if name in says}


def _clusters(
    judge: Judge, unit: Bearer, order: Sequence[str], bearers: Numbers, decided: Iterable[Disagreement]
) -> Json:
    """What the page needs to find out which clusters are in doubt, once it is known what they could join."""
    found = judge.pairs(unit, judge.keys(unit))
    union = Union[str]()
    for one, other in found:
        union.join(one, other)
    doubtful = {union.find(one) for (one, _), says in found.items() if len({*says.values()}) > 1}
    keys = [key for key in judge.keys(unit) if union.find(key) in doubtful]
    place = {key: n for n, key in enumerate(keys)}
    return {
        "k": [
            [key, judge.words(key), bearers.get((unit, key)), _flat(judge.spans(unit, key))] for key in keys
        ],
        "p": [
            [place[one], place[other], _placed(dict(says), order)]
            for (one, other), says in found.items()
            if one in place
        ],
        "d": [[d.key, d.words, d.decision, d.note, d.by] for d in decided] if keys else [],
    }


def _flat(spans: Spans) -> list[Span]:
    return list(dict.fromkeys(spans))
