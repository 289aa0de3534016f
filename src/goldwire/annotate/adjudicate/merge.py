"""Several annotators' layers into one: what all agree on is taken, the rest listed for somebody to decide.

Units are compared by what they say, never by their ids: a mention by type and spans, an event by type and
trigger (one without a trigger by type and arguments), an argument by event, role and mention, an attribute by
its value (by each where it may have several), a cluster by which mentions it joins. Only those count who
could have said it: a layer without the event has no say on its arguments.

Decisions are a file of `Disagreement` lines with `decision` filled in: true or false for a unit, the value
for an attribute. What hangs on an undecided mention or event comes up once that is decided. Heads and
alternatives are taken where they are the same; scores are not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Literal

import msgspec

from goldwire.annotate.adjudicate.decisions import Disagreement, Key, Say, Unit, decision_faults, key_of
from goldwire.annotate.adjudicate.views import Items, View, spans_of
from goldwire.annotate.exchange import clusters
from goldwire.corpora.errors import DataError
from goldwire.corpora.offsets import surface
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Held,
    Mention,
    Provenance,
    Relation,
)
from goldwire.corpora.validate import annotation_faults
from goldwire.corpora.values import code, each, held


class Adjudicated(msgspec.Struct, frozen=True, kw_only=True):
    """The new layer; everything on which annotators differ, decided or not; and counts by unit.

    `alone` are documents that fewer than two annotated: they are not in the layer. `stale` are decisions on
    what nobody differs on any more.
    """

    annotations: tuple[Annotations, ...]
    disagreements: tuple[Disagreement, ...]
    agreed: dict[str, int]
    alone: tuple[str, ...]
    stale: tuple[Disagreement, ...]

    @property
    def open(self) -> int:
        """How many disagreements nobody has decided yet."""
        return sum(item.decision is None for item in self.disagreements)


TOOL = "goldwire adjudicate"
Layers = Mapping[str, Mapping[str, Annotations]]
_Given = Mapping[Key, Disagreement]


def adjudicate(
    layers: Layers,
    documents: Iterable[Document],
    decisions: Iterable[Disagreement] = (),
    ontology: Ontology | None = None,
) -> Adjudicated:
    """Merge the layers of annotators, by name, on the documents that at least two of them did.

    A line of the result has the status `adjudicated` when nothing is left to decide there, else `draft`.
    Raises `DataError` for decisions of another kind than their unit, or that break a rule of the ontology.
    """
    given = {key_of(item): item for item in decisions}
    faults = [fault for item in given.values() for fault in decision_faults(item)]
    if faults:
        raise DataError(f"{len(faults)} decision(s) that cannot be followed", faults)
    judges, alone = [], []
    symmetric = frozenset() if ontology is None else ontology.symmetric
    for document in documents:
        there = {name: layer[document.id] for name, layer in layers.items() if document.id in layer}
        views = {name: View(annotations, symmetric) for name, annotations in there.items()}
        if len(views) > 1:
            judges.append(Judge(document, views, given, ontology))
        elif views:
            alone.append(document.id)
    found = [item for judge in judges for item in judge.found]
    used = {key_of(item) for item in found}
    return Adjudicated(
        annotations=tuple(judge.merged for judge in judges),
        disagreements=tuple(found),
        agreed=dict(sum((judge.agreed for judge in judges), Counter[str]())),
        alone=tuple(alone),
        stale=tuple(item for key, item in given.items() if key not in used),
    )


class Judge:
    """Merges the views of one document; `found` and `agreed` say where they differ and where not."""

    def __init__(
        self, document: Document, views: Mapping[str, View], given: _Given, ontology: Ontology | None
    ) -> None:
        self.document = document
        self.views = views
        self.given = given
        self.ontology = ontology
        self.found: list[Disagreement] = []
        self.agreed: Counter[str] = Counter()
        self.merged = self._merge()

    def _merge(self) -> Annotations:
        mentions = self._kept(
            "mention", {key: m for v in self.views.values() for key, m in v.mentions.items()}
        )
        events = self._kept("event", {key: e for v in self.views.values() for key, e in v.events.items()})
        ids = {key: f"m{n}" for n, key in enumerate(mentions, start=1)}
        together = {**self._clusters("mention", mentions), **self._clusters("event", events)}
        made = Annotations(
            document=self.document.id,
            sha256=self.document.sha256,
            mentions=tuple(self._mention(key, ids[key], together.get(key)) for key in mentions),
            events=tuple(
                self._event(key, f"e{n}", ids, together.get(key)) for n, key in enumerate(events, start=1)
            ),
            relations=tuple(self._relations(ids)),
        )
        faults = annotation_faults(made, self.document, self.ontology)
        if faults:
            raise DataError(f"{self.document.id}: the layers or decisions are not sound", faults)
        return msgspec.structs.replace(made, provenance=self._provenance())

    def _provenance(self) -> Provenance:
        left = sum(item.decision is None for item in self.found)
        details = {"layers": [*self.views], "differed": len(self.found), "open": left}
        return Provenance(tool=TOOL, status="draft" if left else "adjudicated", details=details)

    def _judge(self, unit: Unit, key: str, words: str, says: dict[str, Say]) -> Say:
        """What all say, or what was decided; None if nothing was."""
        if len({*says.values()}) == 1:
            self.agreed[unit] += 1
            return next(iter(says.values()))
        item = self.given.get((self.document.id, unit, key, words))
        decision = item.decision if item is not None else None
        self.found.append(
            Disagreement(
                document=self.document.id, unit=unit, key=key, words=words, says=says, decision=decision
            )
        )
        return decision

    # ------------------------------------------------------------ mentions and events

    def _kept(self, unit: Literal["mention", "event"], items: Items) -> list[str]:
        """The names of those that all have or that were decided for, in text order."""
        places = {key: (spans_of(item), key) for key, item in items.items()}
        return [
            key
            for key in sorted(places, key=lambda key: places[key])
            if self._judge(
                unit, key, self._words(key), {n: key in self._of(v, unit) for n, v in self.views.items()}
            )
        ]

    def _of(self, view: View, unit: Literal["mention", "event"]) -> Items:
        return view.mentions if unit == "mention" else view.events

    def _words(self, key: str) -> str:
        item = next(
            i for v in self.views.values() for i in (v.mentions.get(key), v.events.get(key)) if i is not None
        )
        if not spans_of(item):
            return key
        return f"{item.type} “{surface(self.document.text, spans_of(item), ' … ')}”"

    def _mention(self, key: str, id: str, cluster: str | None) -> Mention:
        holders = {name: view.mentions[key] for name, view in self.views.items() if key in view.mentions}
        first = next(iter(holders.values()))
        heads = {mention.head for mention in holders.values()}
        return Mention(
            id=id,
            type=first.type,
            spans=first.spans,
            head=first.head if len(heads) == 1 else None,
            attributes=self._attributes("mention", key, holders),
            cluster=cluster,
        )

    def _event(self, key: str, id: str, ids: Mapping[str, str], cluster: str | None) -> Event:
        holders = {name: view.events[key] for name, view in self.views.items() if key in view.events}
        first = next(iter(holders.values()))
        return Event(
            id=id,
            type=first.type,
            alternatives=first.alternatives if len({e.alternatives for e in holders.values()}) == 1 else (),
            trigger=first.trigger,
            arguments=tuple(self._arguments(key, [*holders], ids)),
            attributes=self._attributes("event", key, holders),
            cluster=cluster,
        )

    def _attributes(
        self, on: Literal["mention", "event"], key: str, holders: Mapping[str, Mention | Event]
    ) -> dict[str, Held]:
        """The attributes on which holders agree or which were decided; defaults are left out."""
        known = self.ontology.attributes if self.ontology else {}
        names = dict.fromkeys(name for item in holders.values() for name in item.attributes)
        values: dict[str, Held] = {}
        for attribute in names:
            default = known[attribute].default if attribute in known else None
            says = {name: item.attributes.get(attribute, default) for name, item in holders.items()}
            several = attribute in known and known[attribute].multiple
            several = several or any(isinstance(said, tuple) for said in says.values())
            judge = self._values if several else self._value
            value = judge(f"{on} {key} {attribute}", f"{attribute} of {self._words(key)}", says)
            if value and value != default:
                values[attribute] = value
        return values

    def _value(self, place: str, words: str, says: Mapping[str, Held | None]) -> Held | None:
        value = self._judge("attribute", place, words, {name: code(said) for name, said in says.items()})
        return value if isinstance(value, str) else None

    def _values(self, place: str, words: str, says: Mapping[str, Held | None]) -> Held | None:
        """Of an attribute with several values those that all have or that were decided for."""
        every = sorted({one for said in says.values() for one in each(said)})
        return held(
            one
            for one in every
            if self._judge(
                "attribute", f"{place}={one}", f"{one}: {words}", {n: one in each(s) for n, s in says.items()}
            )
        )

    # ------------------------------------------------------------ what joins them

    def _arguments(self, event: str, holders: list[str], ids: Mapping[str, str]) -> Iterator[Argument]:
        """Those whose mention is kept; only layers that have the event are asked."""
        views = {name: self.views[name] for name in holders}
        every = {
            (role, m) for view in views.values() for e, role, m in view.arguments if e == event and m in ids
        }
        for role, mention in sorted(every, key=lambda each: (each[0], int(ids[each[1]][1:]))):
            says: dict[str, Say] = {n: (event, role, mention) in view.arguments for n, view in views.items()}
            words = f"{role} of {self._words(event)}: {self._words(mention)}"
            if self._judge("argument", f"{event} {role} {mention}", words, says):
                given = {view.arguments.get((event, role, mention)) for view in views.values()} - {None}
                same = next(iter(given)) if len(given) == 1 else ()
                others = tuple(ids[name] for name in same or () if name in ids)
                yield Argument(role=role, mention=ids[mention], alternatives=others)

    def _relations(self, ids: Mapping[str, str]) -> Iterator[Relation]:
        """Those whose ends are kept; only layers that have both are asked."""
        every = {
            each
            for view in self.views.values()
            for each in view.relations
            if {each[0], each[2]} <= ids.keys()
        }
        for number, (source, type, target) in enumerate(sorted(every), start=1):
            says: dict[str, Say] = {
                name: (source, type, target) in view.relations
                for name, view in self.views.items()
                if source in view.mentions and target in view.mentions
            }
            words = f"{type}: {self._words(source)} to {self._words(target)}"
            if self._judge("relation", f"{source} {type} {target}", words, says):
                yield Relation(id=f"r{number}", type=type, source=ids[source], target=ids[target])

    def _clusters(self, unit: Literal["mention", "event"], kept: list[str]) -> dict[str, str]:
        """The cluster of each: joined where all that have both join them, or where it was decided."""
        pairs = self._pairs(unit, kept)
        sure = [pair for pair, says in pairs.items() if all(says.values())]
        union = clusters.Union[str]()
        for one, other in sure:
            union.join(one, other)
        doubtful: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
        first = {union.find(key): key for key in reversed(kept)}
        for (one, other), says in pairs.items():
            ends = sorted((first[union.find(one)], first[union.find(other)]), key=kept.index)
            if ends[0] != ends[1]:
                views = doubtful[ends[0], ends[1]]
                views.update({name: views.get(name, False) or said for name, said in says.items()})
        decided = [
            ends
            for ends, says in doubtful.items()
            if self._judge("cluster", " = ".join(ends), " = ".join(map(self._words, ends)), {**says})
        ]
        self.agreed["cluster"] += len(sure)
        return clusters.name(kept, [*sure, *decided], {})

    def _pairs(
        self, unit: Literal["mention", "event"], kept: list[str]
    ) -> dict[tuple[str, str], dict[str, bool]]:
        """The pairs that some layer joins, and whether each layer that has both joins them."""
        order = {key: place for place, key in enumerate(kept)}
        pairs: set[tuple[str, str]] = set()
        for view in self.views.values():
            groups: dict[str, list[str]] = defaultdict(list)
            for key, item in self._of(view, unit).items():
                if key in order and item.cluster is not None:
                    groups[item.cluster].append(key)
            for group in groups.values():
                group.sort(key=order.__getitem__)
                pairs.update(combinations(group, 2))
        return {
            (one, other): {
                name: items[one].cluster == items[other].cluster is not None
                for name, view in self.views.items()
                if one in (items := self._of(view, unit)) and other in items
            }
            for one, other in sorted(pairs, key=lambda pair: (order[pair[0]], order[pair[1]]))
        }
