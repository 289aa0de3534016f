"""Carries annotations of a document over to its corrected text, as far as their words are the same.

A mention or trigger moves if all of its characters stand together in the new text, in no word that was
changed. What does not move is rejected as `text-corrected`: an event whose trigger is lost, whole and with
its arguments; an argument or relation that names a mention which is lost. Nothing is put in another place.

A line judges the new text as it judged the old, unless words came in: of those nobody has said that there is
nothing in them, so the line is a draft. (A word in place of another is no new one: it stands where somebody
has looked, and a unit that it touches is rejected, which is told of gold above every figure.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from goldwire.corpora import exclude, tokens
from goldwire.corpora.diff import Difference, compare
from goldwire.corpora.offsets import surface
from goldwire.corpora.rejected import IN_PLACE, TEXT_CORRECTED, raw_spans
from goldwire.corpora.types import (
    DRAFT,
    NOT_DONE,
    Annotations,
    Argument,
    Document,
    Event,
    Mention,
    Provenance,
    RawSpans,
    Rejected,
    Relation,
    Span,
    Spans,
    Tokens,
)
from goldwire.corpora.valid import place, place_of_argument

CARRIED = "carried_from"  # in the details of a line's provenance: the hash of the text that was annotated


class Correction(msgspec.Struct, frozen=True):
    """A document as it was and as it is, and what is the same in their texts.

    `judged` says that somebody has looked at words that came in, and found nothing to annotate.
    """

    old: Document
    new: Document
    difference: Difference
    judged: bool = False

    def move(self, spans: Spans) -> Spans | None:
        """Where all of the spans are now; None if one of them is nowhere."""
        moved = [self.difference.move(span) for span in spans]
        return None if None in moved else tuple(span for span in moved if span is not None)


class Carried(msgspec.Struct, frozen=True):
    """A line for the new text, and what of the old one it does not have, whole."""

    line: Annotations
    lost: tuple[Rejected, ...]


def correction(old: Document, new: Document, *, judged: bool = False) -> Correction:
    """What became of a document's text."""
    return Correction(old, new, compare(old.text, new.text), judged)


def carry(line: Annotations, correction: Correction) -> Carried:
    """A line of the old text as one of the new."""
    carrier = _Carrier(correction)
    mentions = tuple(carrier.mentions(line.mentions))
    events = tuple(carrier.events(line.events))
    relations = tuple(carrier.relations(line.relations))
    kept = msgspec.structs.replace(
        line,
        sha256=correction.new.sha256,
        mentions=mentions,
        events=events,
        relations=relations,
        provenance=_provenance(line.provenance, correction),
        rejected=(*map(carrier.rejected_before, line.rejected), *in_line(carrier.lost)),
    )
    return Carried(kept, tuple(carrier.lost))


def in_line(lost: Iterable[Rejected]) -> Iterator[Rejected]:
    """What stays in a line of what it lost: what an excluded region took is no unit any more."""
    return (
        msgspec.structs.replace(item, where="", document=None, value=None)
        for item in lost
        if item.kind == TEXT_CORRECTED
    )


def carry_tokens(
    kept: Tokens, before: Annotations, after: Annotations, correction: Correction
) -> Tokens | None:
    """The tokens of a line that was carried; None where not each of them is there, or others are as well."""
    starts = [correction.difference.move(Span(*ends)) for ends in zip(kept.starts, kept.ends, strict=True)]
    moved = [span for span in starts if span is not None]
    same = len(moved) == len(starts) and _visible(correction.old.text) == _visible(correction.new.text)
    if not same or kept.sha256 != correction.old.sha256 or not tokens.fits(kept, before):
        return None
    ends = [span.end for span in moved]
    return tokens.keep(after, [span.start for span in moved], ends, kept.tags, kept.scheme, whole=kept.whole)


def _visible(text: str) -> int:
    return sum(map(len, text.split()))


def _provenance(provenance: Provenance, correction: Correction) -> Provenance:
    details = {CARRIED: correction.old.sha256, **provenance.details}
    status = provenance.status
    if correction.difference.added and not correction.judged and status not in NOT_DONE:
        status = DRAFT
    return msgspec.structs.replace(provenance, status=status, details=details)


class _Carrier:
    """Goes through the units of one line; `gone` are the mentions that were lost."""

    def __init__(self, correction: Correction) -> None:
        self.correction = correction
        self.lost: list[Rejected] = []
        self.gone: set[str] = set()
        self.places: dict[str, Spans] = {}  # of all mentions, in the old text

    def mentions(self, items: Iterable[Mention]) -> Iterator[Mention]:
        for mention in items:
            self.places.setdefault(mention.id, mention.spans)
            spans = self.correction.move(mention.spans)
            if spans is None or self.is_excluded(mention.spans, spans):
                self.gone.add(mention.id)
                self.lose("mention", mention, mention.spans, place("mentions", mention.id), spans)
            else:
                yield msgspec.structs.replace(mention, spans=spans, head=self.head(mention, spans))

    def head(self, mention: Mention, spans: Spans) -> Span | None:
        """The head, which moves with the part that it is in."""
        if mention.head is None:
            return None
        start, end = mention.head
        for before, after in zip(mention.spans, spans, strict=True):
            if before.start <= start and end <= before.end:
                by = after.start - before.start
                return Span(start + by, end + by)
        path = place("mentions", mention.id, ".head")
        self.lose("head", mention, mention.spans, path, None)
        return None

    def events(self, items: Iterable[Event]) -> Iterator[Event]:
        for event in items:
            trigger = self.correction.move(event.trigger)
            if trigger is None or self.is_excluded(event.trigger, trigger):
                self.lose("event", event, event.trigger, place("events", event.id), trigger)
                for argument in event.arguments:
                    self.lose_argument(
                        event, argument, event.trigger, f"its event {event.id!r} is lost", trigger
                    )
            else:
                arguments = tuple(self.arguments(event, trigger))
                yield msgspec.structs.replace(event, trigger=trigger, arguments=arguments)

    def arguments(self, event: Event, trigger: Spans) -> Iterator[Argument]:
        """The arguments that are left; of alternatives the first that is left stands."""
        for argument in event.arguments:
            left = [id for id in (argument.mention, *argument.alternatives) if id not in self.gone]
            if left:
                yield msgspec.structs.replace(argument, mention=left[0], alternatives=tuple(left[1:]))
            else:
                why = f"mention {argument.mention!r} is lost"
                self.lose_argument(event, argument, trigger, why, None)

    def relations(self, items: Iterable[Relation]) -> Iterator[Relation]:
        for relation in items:
            lost = [id for id in (relation.source, relation.target) if id in self.gone]
            if not lost:
                yield relation
                continue
            spans = self.places.get(relation.source, ())
            self.lost.append(
                self.rejected(
                    unit="relation",
                    message=f"{relation.type}: mention {lost[0]!r} is lost",
                    id=relation.id,
                    type=relation.type,
                    spans=raw_spans(spans),
                    path=place("relations", relation.id),
                    value=msgspec.to_builtins(relation),
                )
            )

    def rejected_before(self, item: Rejected) -> Rejected:
        """What was rejected earlier: where its place is sound, it moves, or else is lost with its words."""
        if item.kind not in IN_PLACE:
            return item
        text = self.correction.old.text
        moved: dict[str, RawSpans] = {}
        for field in ("spans", "trigger"):
            spans: RawSpans = getattr(item, field)
            sound = all(0 <= start < end <= len(text) for start, end in spans)
            found = self.correction.move(tuple(Span(*pair) for pair in spans)) if sound else None
            if found is None:
                return msgspec.structs.replace(item, kind=TEXT_CORRECTED)
            moved[field] = raw_spans(found)
        return msgspec.structs.replace(item, **moved)

    def is_excluded(self, before: Spans, after: Spans) -> bool:
        """Whether spans touch a region that is excluded now and was not."""
        now = exclude.reason(after, self.correction.new.excluded)
        return now is not None and exclude.reason(before, self.correction.old.excluded) is None

    # ------------------------------------------------------------ what is lost

    def lose(
        self,
        unit: Literal["mention", "event", "head"],
        item: Mention | Event,
        spans: Spans,
        path: str,
        moved: Spans | None,
    ) -> None:
        words = surface(self.correction.old.text, spans)
        self.lost.append(
            self.rejected(
                unit=unit,
                kind=TEXT_CORRECTED if moved is None else "excluded",
                message=self.told(words, spans, moved),
                id=None if unit == "head" else item.id,
                type=item.type,
                spans=raw_spans(spans),
                words=words or None,
                path=path,
                value=msgspec.to_builtins(item),
            )
        )

    def lose_argument(
        self, event: Event, argument: Argument, trigger: Spans, why: str, moved: Spans | None
    ) -> None:
        spans = self.places.get(argument.mention, ())
        self.lost.append(
            self.rejected(
                unit="argument",
                kind=TEXT_CORRECTED if moved is None else "excluded",
                message=f"{argument.role} of {event.type}: {why}",
                type=event.type,
                role=argument.role,
                spans=raw_spans(spans),
                trigger=raw_spans(trigger),
                words=surface(self.correction.old.text, spans) or None,
                path=place_of_argument(event.id, argument.role, argument.mention),
                value=msgspec.to_builtins(argument),
            )
        )

    def told(self, words: str, spans: Spans, moved: Spans | None) -> str:
        at = ", ".join(f"[{span.start}, {span.end}]" for span in spans)
        if moved is not None:
            return f"{words!r} is in an excluded region now"
        return f"{words!r} at {at} of the text {self.correction.old.sha256[:12]} is not there as it was"

    def rejected(self, **fields: Any) -> Rejected:
        id = self.correction.new.id
        return Rejected(**{"kind": TEXT_CORRECTED, "where": id, "document": id, **fields})
