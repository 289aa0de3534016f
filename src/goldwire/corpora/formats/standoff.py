"""Meaning of the lines of brat's `.ann` files as annotations, and annotations as such lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from goldwire.corpora.encodings import composed
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.formats import loss, reckoning
from goldwire.corpora.formats.ann import Lines, Link, Text, Value
from goldwire.corpora.offsets import joined, surface
from goldwire.corpora.rejected import raw_spans
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Mention,
    Rejected,
    Relation,
    Spans,
)
from goldwire.corpora.validate import Flaw
from goldwire.corpora.values import each

Unit = Literal["mention", "event", "argument", "attribute", "cluster"]
_SPACE = re.compile(r"\s")
_NUMBERED = re.compile(r"(.+?)\d+")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`triggers` and `coreference` are types, divided by commas; `clusters` is a regular expression.

    LitBank: triggers=EVENT for its events, and for its coreference clusters='.+-[0-9]+'.
    """

    triggers: str = ""
    coreference: str = "Coref,Coreference"
    clusters: str = ""
    encoding: str | None = None


def to_annotations(
    lines: Lines, raw: str, document: Document, options: Options, lost: Counter[str]
) -> tuple[Annotations, list[str]]:
    """What lines say of a document whose text stood in `raw` as the offsets count it.

    With it a note on each line whose words differ in case from the text. `lost` is added to. Arguments and
    relations may name mentions that were rejected: sifting finds them.
    """
    reader = _Reader(lines, raw, document, options, lost)
    return reader.read(), reader.notes


class _Reader:
    """Takes the lines of one document apart."""

    def __init__(
        self, lines: Lines, raw: str, document: Document, options: Options, lost: Counter[str]
    ) -> None:
        self.lines, self.document, self.lost = lines, document, lost
        self.notes: list[str] = []
        self.rejected: list[Rejected] = []
        self.wrong: dict[str, Flaw] = {}  # what is wrong with a T line, by its id
        self.clusters = _pattern(options.clusters) if options.clusters else None
        self.as_events = set(options.triggers.split(","))
        self.coreference = set(options.coreference.split(","))
        self.triggers = {event.trigger for event in lines.events.values()}
        links = [*lines.events.values(), *lines.relations.values()]
        self.ends = {id for link in links for _, id in link.ends}
        self.spans = self.fitting(raw)
        lost.update(lines.other)

    def read(self) -> Annotations:
        for id in self.wrong:
            self.reject_text(id)
        values = self.values()
        clusters = self.joined()
        mentions = tuple(
            Mention(
                id=id, type=self.lines.texts[id].type, spans=self.spans[id],
                attributes=values.get(id, {}), cluster=clusters.get(id),
            )
            for id in filter(self.is_mention, self.spans)
        )  # fmt: skip
        found = Annotations(
            document=self.document.id,
            sha256=self.document.sha256,
            mentions=self.named(mentions),
            events=tuple(self.events(values, clusters)),
            relations=tuple(self.relations()),
        )
        return msgspec.structs.replace(found, rejected=tuple(self.rejected))

    def fitting(self, raw: str) -> dict[str, Spans]:
        """Spans in the document, of the T lines whose surface they give; parts that only white space parts
        are one: brat cuts a mention at each line break.
        """
        texts, whole = self.lines.texts, self.document.text
        places = reckoning.place(texts, raw, whole)
        found = {}
        for id, text in texts.items():
            spans = places[id]
            if spans is not None and reckoning.fits(text, spans, whole):
                found[id] = joined(spans, whole)
                if not reckoning.fits(text, spans, whole, fold=False):
                    told = f"{id}: the text has {surface(whole, spans)!r}, the file says {text.surface!r}"
                    self.notes.append(f"{text.line}: {told}: taken, its case alone differs")
                continue
            got = None if spans is None else surface(whole, spans)
            message = f"{id}: the offsets give {got!r}, the file says {text.surface!r}"
            message += composed(got or "", text.surface, whole)
            self.wrong[id] = Flaw("", "outside-text" if got is None else "words-differ", message)
        return found

    def is_cluster(self, id: str) -> bool:
        return self.clusters is not None and self.clusters.fullmatch(self.lines.texts[id].type) is not None

    def is_mention(self, id: str) -> bool:
        """Whether a T line is a mention: no trigger, unless something else names it, and no cluster."""
        if self.is_cluster(id):
            return False
        return id in self.ends or not (id in self.triggers or self.lines.texts[id].type in self.as_events)

    # ------------------------------------------------------------ what does not fit

    def reject(self, unit: Unit, flaw: Flaw, where: str, **more: Any) -> None:
        found = Rejected(
            unit=unit,
            kind=flaw.kind,
            message=flaw.message,
            where=where,
            document=self.document.id,
            **more,
        )
        self.rejected.append(found)

    def reject_text(self, id: str) -> None:
        """A T line as what it is; as a trigger it is told with its event."""
        text = self.lines.texts[id]
        more = {"id": id, "type": text.type, "spans": raw_spans(text.spans), "words": text.surface}
        if self.is_cluster(id):
            self.reject("cluster", self.wrong[id], text.line, **more)
        elif self.is_mention(id):
            self.reject("mention", self.wrong[id], text.line, **more)
        elif id not in self.triggers:
            self.reject("event", self.wrong[id], text.line, **more)

    def reject_event(self, id: str, event: Link) -> None:
        """An event without a sound trigger, and its arguments."""
        text = self.lines.texts.get(event.trigger)
        trigger = raw_spans(text.spans) if text else ()
        flaw = self.wrong.get(event.trigger) or Flaw("", "no-mention", f"there is no {event.trigger}")
        why = flaw._replace(message=f"{id}: its trigger does not fit: {flaw.message}")
        words = text.surface if text else None
        self.reject("event", why, event.line, id=id, type=event.type, spans=trigger, words=words)
        for role, end in self.fillers(event):
            if end in self.lines.events:
                self.lost["arguments that are events"] += 1
                continue
            filler = self.lines.texts.get(end)
            spans = raw_spans(filler.spans) if filler else ()
            more = {"type": event.type, "role": role, "spans": spans, "trigger": trigger}
            self.reject("argument", why, event.line, **more)

    # ------------------------------------------------------------ what does

    def joined(self) -> dict[str, str]:
        """The cluster of each id that Equiv or coreference lines join, called as the first of its ids."""
        links = [link for link in self.lines.relations.values() if link.type in self.coreference]
        groups = [*self.lines.same, *([id for _, id in link.ends] for link in links)]
        found: dict[str, str] = {}
        for ids in groups:
            olds = {found.get(id, id) for id in ids}
            name = min(olds, key=lambda id: (len(id), id))
            found.update({id: name for id, cluster in found.items() if cluster in olds})
            found.update(dict.fromkeys(ids, name))
        return found

    def named(self, mentions: tuple[Mention, ...]) -> tuple[Mention, ...]:
        """Mentions with the clusters that T lines name on their spans."""
        names: dict[Spans, str] = {}
        for id in filter(self.is_cluster, self.spans):
            text = self.lines.texts[id]
            if (name := names.setdefault(self.spans[id], text.type)) != text.type:
                message = f"{id}: {text.type} and {name} are clusters of one span"
                self.reject("cluster", Flaw("", "contradiction", message), text.line, type=text.type)
        spans = {mention.spans for mention in mentions}
        self.lost["clusters without a mention"] += len(names.keys() - spans)
        return tuple(
            msgspec.structs.replace(m, cluster=names[m.spans]) if m.spans in names else m for m in mentions
        )

    def values(self) -> dict[str, dict[str, str]]:
        """Attributes by the id of mention or event; those of a trigger are its events'."""
        found: dict[str, dict[str, str]] = {}
        for value in self.lines.values:
            if value.target in self.lines.relations:
                self.lost["attributes of relations"] += 1
                continue
            if value.target not in self.lines.texts and value.target not in self.lines.events:
                message = f"attribute {value.name}: there is no {value.target}"
                self.reject("attribute", Flaw("", "no-mention", message), value.line)
                continue
            events = [id for id, event in self.lines.events.items() if event.trigger == value.target]
            for id in events or [value.target]:
                if found.setdefault(id, {}).setdefault(value.name, value.value) != value.value:
                    message = f"{id} has two values of {value.name}"
                    given = {value.name: value.value}
                    flaw = Flaw("", "contradiction", message)
                    self.reject("attribute", flaw, value.line, id=id, value=given)
        return found

    def events(self, values: Mapping[str, Mapping[str, str]], clusters: Mapping[str, str]) -> Iterator[Event]:
        for id, event in self.lines.events.items():
            if event.trigger not in self.spans:
                self.reject_event(id, event)
                continue
            yield Event(
                id=id,
                type=event.type,
                trigger=self.spans[event.trigger],
                arguments=tuple(self.arguments(event)),
                attributes=dict(values.get(id, {})),
                cluster=clusters.get(id, clusters.get(event.trigger)),
            )
        for id, spans in self.spans.items():
            type = self.lines.texts[id].type
            if type in self.as_events and id not in self.triggers:
                attributes = dict(values.get(id, {}))
                yield Event(id=id, type=type, trigger=spans, attributes=attributes, cluster=clusters.get(id))

    def arguments(self, event: Link) -> Iterator[Argument]:
        for role, end in self.fillers(event):
            if end in self.lines.events:
                self.lost["arguments that are events"] += 1
            else:
                yield Argument(role=role, mention=self.meant(end))

    def fillers(self, event: Link) -> Iterator[tuple[str, str]]:
        """Roles and what fills them."""
        seen: set[str] = set()
        for role, end in event.ends:
            # brat writes the second filler of a role as ROLE2.
            numbered = _NUMBERED.fullmatch(role)
            name = numbered[1] if numbered is not None and numbered[1] in seen else role
            seen.add(name)
            yield name, end

    def meant(self, id: str) -> str:
        """The mention that an id stands for: a cluster's T line stands for the one mention with its spans."""
        if id not in self.spans or not self.is_cluster(id):
            return id
        same = [
            other for other in self.spans if self.spans[other] == self.spans[id] and self.is_mention(other)
        ]
        return same[0] if len(same) == 1 else id

    def relations(self) -> Iterator[Relation]:
        for id, relation in self.lines.relations.items():
            ends = [end for _, end in relation.ends]
            if relation.type in self.coreference:
                continue
            if any(end in self.lines.events for end in ends):
                self.lost["relations of events"] += 1
            elif len(ends) != 2:  # noqa: PLR2004 - source and target
                self.lost["relations of other than two"] += 1
            else:
                source, target = map(self.meant, ends)
                yield Relation(id=id, type=relation.type, source=source, target=target)


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        message = f"{text!r} is no regular expression: {error}"
        raise DataError("format brat: wrong option", [Fault("brat", "clusters", message)]) from error


# ---------------------------------------------------------------- annotations to lines


def encode(annotations: Annotations, document: Document, lost: Counter[str]) -> Lines:
    """The lines of a document's annotations; what they cannot hold is added to `lost`."""
    lines = Lines()
    annotations = loss.with_triggers(annotations, lost)
    name = _namer(lost)
    ids: dict[str, str] = {}
    for mention in annotations.mentions:
        ids[mention.id] = _add_text(lines, name(mention.type), mention.spans, document)
    events: dict[str, str] = {}
    for event in annotations.events:
        trigger = _add_text(lines, name(event.type), event.trigger, document)
        ends = _numbered((name(argument.role), ids[argument.mention]) for argument in event.arguments)
        events[event.id] = f"E{len(lines.events) + 1}"
        lines.events[events[event.id]] = Link(name(event.type), trigger, ends, "")
    for relation in annotations.relations:
        ends = [("Arg1", ids[relation.source]), ("Arg2", ids[relation.target])]
        lines.relations[f"R{len(lines.relations) + 1}"] = Link(name(relation.type), "", ends, "")
    for units, names in ((annotations.mentions, ids), (annotations.events, events)):
        for unit in units:
            lines.values += [
                Value(name(key), names[unit.id], name(one), "")
                for key, value in unit.attributes.items()
                for one in each(value)
            ]
        clusters: dict[str, list[str]] = {}
        for unit in units:
            if unit.cluster is not None:
                clusters.setdefault(unit.cluster, []).append(names[unit.id])
        lines.same += [members for members in clusters.values() if len(members) > 1]
        lost["clusters of one"] += sum(len(members) == 1 for members in clusters.values())
    return lines


def _namer(lost: Counter[str]) -> Callable[[str], str]:
    def name(label: str) -> str:
        plain = _SPACE.sub("_", label) or "_"
        lost["labels with white space"] += plain != label
        return plain

    return name


def _add_text(lines: Lines, type: str, spans: Spans, document: Document) -> str:
    id = f"T{len(lines.texts) + 1}"
    lines.texts[id] = Text(type, spans, _SPACE.sub(" ", surface(document.text, spans)), "")
    return id


def _numbered(ends: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Roles that occur again get a number, as brat wants it."""
    seen: Counter[str] = Counter()
    found = []
    for role, id in ends:
        seen[role] += 1
        found.append((role if seen[role] == 1 else f"{role}{seen[role]}", id))
    return found
