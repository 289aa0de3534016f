"""Judges the views of one document: what all say, what was decided, and what is still open."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, Literal, NamedTuple

import msgspec

from goldwire.annotate.adjudicate.decisions import Disagreement, Key, Say, Unit, key_of
from goldwire.annotate.adjudicate.quoting import Quoted
from goldwire.annotate.adjudicate.views import Items, View, spans_of
from goldwire.annotate.adjudicate.votes import FEWEST, verdict
from goldwire.annotate.exchange import clusters
from goldwire.annotate.exchange.tasks import shown_to_all
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
    Spans,
)
from goldwire.corpora.validate import annotation_faults
from goldwire.corpora.values import code, each, held

TOOL = "goldwire adjudicate"
EQUALS = " = "  # between the ends of a cluster
Bearer = Literal["mention", "event"]  # that others hang on
Place = tuple[Bearer, str]


class About(NamedTuple):
    """What a disagreement is about: a label, and the mentions and events that it hangs on or is one of."""

    label: str
    on: tuple[Place, ...]


class Judge:
    """Merges the views of one document; `found` and `agreed` say where they differ and where not.

    `about` has for each disagreement what it is about. Mentions and events that differ are kept as it was
    decided; with `every`, all of them, so that all that could ever come up is found, but for clusters, which
    depend on what is kept.
    """

    def __init__(
        self,
        document: Document,
        views: Mapping[str, View],
        given: Mapping[Key, Disagreement],
        ontology: Ontology | None,
        majority: int | None = None,
        *,
        every: bool = False,
    ) -> None:
        self.document = document
        self.views = views
        self.given = given
        self.ontology = ontology
        self.least = majority if len(views) >= FEWEST else None
        self.every = every
        self.quoted = Quoted(document)
        self.found: list[Disagreement] = []
        self.about: list[About] = []
        self.agreed: Counter[str] = Counter()
        self.made = self._make()

    @property
    def voted(self) -> int:
        """How many disagreements a vote decided."""
        return sum(item.vote > 0 for item in self.found)

    def merged(self) -> Annotations:
        """The line of the new layer; `DataError` if what was decided cannot stand together."""
        faults = annotation_faults(self.made, self.document, self.ontology)
        if faults:
            raise DataError(f"{self.document.id}: the layers or decisions are not sound", faults)
        return msgspec.structs.replace(self.made, provenance=self._provenance())

    def _make(self) -> Annotations:
        mentions, events = self._kept("mention"), self._kept("event")
        ids = {key: f"m{n}" for n, key in enumerate(mentions, start=1)}
        together = {**self._clusters("mention", mentions), **self._clusters("event", events)}
        return Annotations(
            document=self.document.id,
            sha256=self.document.sha256,
            mentions=tuple(self._mention(key, ids[key], together.get(key)) for key in mentions),
            events=tuple(
                self._event(key, f"e{n}", ids, together.get(key)) for n, key in enumerate(events, start=1)
            ),
            relations=tuple(self._relations(ids)),
        )

    def _provenance(self) -> Provenance:
        left = sum(item.decision is None for item in self.found)
        details: dict[str, Any] = {"layers": [*self.views], "differed": len(self.found), "open": left}
        details |= shown_to_all(view.shown for view in self.views.values())
        if len(self.views) == 1:
            details["single"] = True
        if self.least is not None:
            details |= {"majority": self.least, "voted": self.voted}
        return Provenance(tool=TOOL, status="draft" if left else "adjudicated", details=details)

    def _judge(self, unit: Unit, key: str, words: str, says: dict[str, Say], about: About) -> Say:
        """What all say, or what was decided; None if nothing was."""
        if len({*says.values()}) == 1:
            self.agreed[unit] += 1
            return next(iter(says.values()))
        sentence = self.quoted.quote(span for place in about.on for span in self.spans(*place))
        asked = Disagreement(
            document=self.document.id, unit=unit, key=key, words=words, sentence=sentence, says=says
        )
        self.found.append(self._answered(asked))
        self.about.append(about)
        return self.found[-1].decision

    def _answered(self, asked: Disagreement) -> Disagreement:
        """As a person decided it, or else a vote, or else open."""
        given = self.given.get(key_of(asked))
        if given is not None:
            told = {name: getattr(given, name) for name in ("decision", "note", "by", "at")}
            asked = msgspec.structs.replace(asked, **told)
        if asked.decision is None and self.least is not None:
            decision = verdict(asked.says, self.least)
            if decision is not None:
                return msgspec.structs.replace(asked, decision=decision, vote=self.least)
        return asked

    def spans(self, unit: Bearer, key: str) -> Spans:
        """Where a mention or event stands; of an event without a trigger, where its arguments do."""
        item = next(items[key] for view in self.views.values() if key in (items := self.items(view, unit)))
        if isinstance(item, Mention) or item.trigger:
            return spans_of(item)
        view = next(view for view in self.views.values() if view.events.get(key) is item)
        return tuple(span for _, name in view.fillers[key] for span in view.mentions[name].spans)

    # ------------------------------------------------------------ mentions and events

    def keys(self, unit: Bearer) -> list[str]:
        """The names of all that anybody has, in text order."""
        items = {key: item for view in self.views.values() for key, item in self.items(view, unit).items()}
        return sorted(items, key=lambda key: (spans_of(items[key]), key))

    def _kept(self, unit: Bearer) -> list[str]:
        """The names of those that all have or that were decided for, in text order."""
        kept = []
        for key in self.keys(unit):
            says: dict[str, Say] = {name: key in self.items(view, unit) for name, view in self.views.items()}
            label = next(i[key].type for v in self.views.values() if key in (i := self.items(v, unit)))
            about = About(label, ((unit, key),))
            if self._judge(unit, key, self.words(key), says, about) or self.every:
                kept.append(key)
        return kept

    def items(self, view: View, unit: Bearer) -> Items:
        """The mentions or events of a view, by name."""
        return view.mentions if unit == "mention" else view.events

    def words(self, key: str) -> str:
        """A mention or event as people read it."""
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

    def _attributes(self, on: Bearer, key: str, holders: Mapping[str, Mention | Event]) -> dict[str, Held]:
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
            words = f"{attribute} of {self.words(key)}"
            about = About(attribute, ((on, key),))
            value = judge(about, f"{on} {key} {attribute}", words, says)
            if value and value != default:
                values[attribute] = value
        return values

    def _value(self, about: About, key: str, words: str, says: Mapping[str, Held | None]) -> Held | None:
        value = self._judge("attribute", key, words, {name: code(said) for name, said in says.items()}, about)
        return value if isinstance(value, str) else None

    def _values(self, about: About, key: str, words: str, says: Mapping[str, Held | None]) -> Held | None:
        """Of an attribute with several values those that all have or that were decided for."""
        every = sorted({one for said in says.values() for one in each(said)})
        return held(
            one
            for one in every
            if self._judge(
                "attribute",
                f"{key}={one}",
                f"{one}: {words}",
                {n: one in each(s) for n, s in says.items()},
                about,
            )
        )

    # ------------------------------------------------------------ what joins them

    def _arguments(self, event: str, holders: list[str], ids: Mapping[str, str]) -> Iterator[Argument]:
        """Those whose mention is kept; only layers that have the event are asked."""
        views = {name: self.views[name] for name in holders}
        every = {each for view in views.values() for each in view.fillers[event] if each[1] in ids}
        for role, mention in sorted(every, key=lambda each: (each[0], int(ids[each[1]][1:]))):
            says: dict[str, Say] = {n: (event, role, mention) in view.arguments for n, view in views.items()}
            words = f"{role} of {self.words(event)}: {self.words(mention)}"
            key = f"{event} {role} {mention}"
            about = About(role, (("event", event), ("mention", mention)))
            if self._judge("argument", key, words, says, about):
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
            words = f"{type}: {self.words(source)} to {self.words(target)}"
            key = f"{source} {type} {target}"
            about = About(type, (("mention", source), ("mention", target)))
            if self._judge("relation", key, words, says, about):
                yield Relation(id=f"r{number}", type=type, source=ids[source], target=ids[target])

    def _clusters(self, unit: Bearer, kept: list[str]) -> dict[str, str]:
        """The cluster of each: joined where all that have both join them, or where it was decided."""
        pairs = self.pairs(unit, kept)
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
            if self._judge(
                "cluster",
                EQUALS.join(ends),
                EQUALS.join(map(self.words, ends)),
                {**says},
                About("", tuple((unit, end) for end in ends)),
            )
        ]
        self.agreed["cluster"] += len(sure)
        return clusters.name(kept, [*sure, *decided], {})

    def pairs(self, unit: Bearer, kept: list[str]) -> dict[tuple[str, str], dict[str, bool]]:
        """The pairs that some layer joins, and whether each layer that has both joins them."""
        order = {key: place for place, key in enumerate(kept)}
        pairs: set[tuple[str, str]] = set()
        for view in self.views.values():
            groups: dict[str, list[str]] = defaultdict(list)
            for key, item in self.items(view, unit).items():
                if key in order and item.cluster is not None:
                    groups[item.cluster].append(key)
            for group in groups.values():
                group.sort(key=order.__getitem__)
                pairs.update(combinations(group, 2))
        return {
            (one, other): {
                name: items[one].cluster == items[other].cluster is not None
                for name, view in self.views.items()
                if one in (items := self.items(view, unit)) and other in items
            }
            for one, other in sorted(pairs, key=lambda pair: (order[pair[0]], order[pair[1]]))
        }
