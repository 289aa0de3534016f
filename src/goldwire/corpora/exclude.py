"""Excluded regions of a document: what touches one is no unit, neither annotated nor scored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from goldwire.corpora.types import Annotations, Argument, Event, Excluded, Mention, Spans


def reason(spans: Spans, regions: Sequence[Excluded]) -> str | None:
    """Why the first region that shares a character with the spans is excluded; None if none does.

    >>> from goldwire.corpora.types import Span
    >>> reason((Span(2, 5),), [Excluded(start=4, end=9, reason="teaser")])
    'teaser'
    """
    for span in spans:
        for region in regions:
            if span.start < region.end and region.start < span.end:
                return region.reason
    return None


def _without(arguments: Iterable[Argument], gone: set[str]) -> Iterator[Argument]:
    """The arguments without mentions that are gone; of alternatives the first that is left stands."""
    for argument in arguments:
        left = [id for id in (argument.mention, *argument.alternatives) if id not in gone]
        if left:
            yield msgspec.structs.replace(argument, mention=left[0], alternatives=tuple(left[1:]))


def leave_out(annotations: Annotations, regions: Sequence[Excluded]) -> tuple[Annotations, int]:
    """The annotations that touch no region, and how many mentions and events did.

    What hangs on those goes with them: their arguments and relations.
    """
    if not regions:
        return annotations, 0
    kept = only(
        annotations,
        lambda mention: reason(mention.spans, regions) is None,
        lambda event: reason(event.trigger, regions) is None,
    )
    before, after = (len(side.mentions) + len(side.events) for side in (annotations, kept))
    return kept, before - after


def only(
    annotations: Annotations, mention: Callable[[Mention], bool], event: Callable[[Event], bool]
) -> Annotations:
    """The annotations with those mentions and events alone of which a function says so.

    What hangs on the others goes with them: their arguments and relations.
    """
    mentions = tuple(filter(mention, annotations.mentions))
    events = tuple(filter(event, annotations.events))
    if len(mentions) == len(annotations.mentions):
        return msgspec.structs.replace(annotations, events=events)
    gone = {m.id for m in annotations.mentions} - {m.id for m in mentions}
    return msgspec.structs.replace(
        annotations,
        mentions=mentions,
        events=tuple(
            msgspec.structs.replace(e, arguments=tuple(_without(e.arguments, gone))) for e in events
        ),
        relations=tuple(r for r in annotations.relations if not {r.source, r.target} & gone),
    )
