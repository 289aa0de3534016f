"""The `frames` layout: one task for each event, its mentions there already, to be given roles by key.

The way there: `encode` makes the tasks from a layer of mentions and triggers. The way back: `decode` reads
one answer, `assemble` puts all answers of a person into one layer with the mentions of the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from goldwire.annotate.exchange import regions, tasks
from goldwire.annotate.exchange.results import Region, Sorted, in_order
from goldwire.annotate.interface import labelconfig
from goldwire.corpora.errors import CorpusError, Fault
from goldwire.corpora.formats.loss import alternatives
from goldwire.corpora.offsets import surface
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.rejected import raw_spans
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention, Rejected
from goldwire.corpora.valid import sound

CONTEXT = 40  # code points shown on each side of a trigger


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said of one event: its arguments, or that it is none."""

    event: str
    is_event: bool = True
    arguments: tuple[Argument, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    lost: dict[str, int] = {}


def of_corpus(
    corpus: Corpus, documents: Iterable[Document], ontology: Ontology, layer: str | None
) -> tuple[tasks.Encoded, str]:
    """Tasks for the events of a layer, and its version; what of it is of other texts is a fault.

    Raises `CorpusError` if no layer is named, or if there is none of the name.
    """
    if layer is None:
        raise CorpusError("frames are made of a layer with mentions and triggers: name it with --prefill")
    lines, stale = tasks.fitting(corpus, layer)
    version = tasks.version(layer, lines.values())
    encoded = encode(documents, ontology, lines, version)
    return msgspec.structs.replace(encoded, faults=(*encoded.faults, *stale)), version


def encode(
    documents: Iterable[Document],
    ontology: Ontology,
    layer: dict[str, Annotations],
    version: str,
) -> tasks.Encoded:
    """A task for each event of a layer, in text order; arguments that the layer has are there already.

    One without a trigger, of the document as a whole, is a task like the others, before them.

    `version` is the model version of the layer (`tasks.version`): the answers are bound to it.
    """
    made: list[tasks.Task] = []
    faults: list[Fault] = []
    lost: Counter[str] = Counter()
    bars = labelconfig.role_bars(ontology)
    for document in documents:
        if document.id not in layer:
            continue
        base, dropped = sound(layer[document.id], document, ontology)
        faults += [Fault(document.id, item.path, item.message) for item in dropped]
        lost["alternatives"] += alternatives(base).total()
        events = sorted(base.events, key=lambda event: event.trigger)
        made += [_task(document, base, event, bars[event.type], version) for event in events]
    lost["unsound part of the layer"] = len(faults)
    return tasks.Encoded(tuple(made), dict(+lost), tuple(faults))


def _task(
    document: Document, base: Annotations, event: Event, bar: list[dict[str, str]], version: str
) -> tasks.Task:
    return {
        "data": {
            **tasks.data(document),
            tasks.KEY: f"{document.id}/{event.id}",
            "event": event.id,
            "event_type": event.type,
            "layer": version,
            "question": _question(document, base, event),
            "roles": bar,
        },
        "predictions": [{"model_version": version, "result": _results(document, base, event)}],
    }


def _question(document: Document, base: Annotations, event: Event) -> str:
    """What is asked about: the event by its trigger, or by its id and arguments where it has none."""
    if event.trigger:
        return f"{event.type}: {_context(document.text, event)}"
    return f"{tasks.described(event, base, document.text)}: the document as a whole ({event.id})"


def _context(text: str, event: Event) -> str:
    """The trigger among whole words of its line, marked: an article may have the same words many times."""
    start, end = event.trigger[0].start, event.trigger[-1].end
    # One more on each side shows whether the last word is whole.
    before = text[max(0, start - CONTEXT - 1) : start].rpartition("\n")[2]
    after = text[end : end + CONTEXT + 1].partition("\n")[0]
    if len(before) > CONTEXT:
        before = before.partition(" ")[2] or before[1:]
    if len(after) > CONTEXT:
        after = after.rpartition(" ")[0] or after[:-1]
    return f"… {before}▸{surface(text, event.trigger, ' … ')}◂{after} …"


def _results(document: Document, base: Annotations, event: Event) -> list[regions.Result]:
    roles: dict[str, list[str]] = {}
    for argument in event.arguments:
        roles.setdefault(argument.mention, []).append(argument.role)
    results = [
        regions.region(id, labelconfig.ROLE, roles.get(m.id, [labelconfig.MENTION]), span, document.text)
        for m in base.mentions
        for id, span in zip(regions.part_ids(regions.region_id(m.id), m.spans), m.spans, strict=True)
    ]
    return [*results, *_trigger(document, base, event), *tasks.excluded_regions(document)]


def _trigger(document: Document, base: Annotations, event: Event) -> list[regions.Result]:
    taken = any(mention.id == event.id for mention in base.mentions)
    ids = regions.part_ids(regions.region_id(event.id, event=taken), event.trigger)
    control = labelconfig.TRIGGER
    return [
        {**regions.region(id, control, [control], span, document.text), "readonly": True}
        for id, span in zip(ids, event.trigger, strict=True)
    ]


def decode(found: Sorted, event: Event, base: Annotations, ontology: Ontology) -> Answer:
    """What the results of one frames task say of an event of the layer `base`.

    A mention with a role is an argument; so is a new span on which `base` has exactly one mention that the
    role takes. Deleted mentions and those still called `mention` have no role here.
    """
    for region in found.regions:
        if region.control == labelconfig.TRIGGER and region.span not in event.trigger:
            message = "triggers are not marked in frames"
            found.reject("event", "unmatched-span", message, region.index, type=event.type)
    for arrow in found.unlisted:
        found.reject("cluster", "unknown-control", "there are no arrows in frames", arrow.index)
    roles = [region for region in found.regions if region.control == labelconfig.ROLE]
    arguments: dict[tuple[str, str], Argument] = {}
    for region in roles:
        for role in region.labels:
            if role == labelconfig.MENTION:
                continue
            mention, problem = _filler(region, role, event, base, ontology)
            if mention is None:
                found.reject("argument", *problem, region.index, type=role, spans=raw_spans([region.span]))
            else:
                arguments[role, mention.id] = Argument(role=role, mention=mention.id)
    return Answer(
        event=event.id,
        is_event=labelconfig.NO_EVENT not in found.verdicts,
        arguments=tuple(arguments.values()),
        rejected=tuple(_of(event, item) for item in in_order(found.rejected)),
        lost=dict(found.lost),
    )


def _of(event: Event, item: Rejected) -> Rejected:
    """What was rejected as what it says of the event: a region with a role is an argument of it."""
    if item.unit not in ("mention", "argument"):
        return item
    trigger = raw_spans(event.trigger)
    return msgspec.structs.replace(item, unit="argument", role=item.type, type=event.type, trigger=trigger)


def base_problem(found: Sorted, event: Event | None) -> str | None:
    """Why an answer does not belong to an event of the layer as it is now; None if it does."""
    if event is None:
        return "the layer does not have this event any more"
    marked = {region.span for region in found.regions if region.control == labelconfig.TRIGGER}
    if marked and not (event.trigger and marked.issuperset(event.trigger)):
        return f"the trigger of {event.id} was elsewhere when the task was made"
    return None


_Problem = tuple[str, str]


def _filler(
    region: Region, role: str, event: Event, base: Annotations, ontology: Ontology
) -> tuple[Mention | None, _Problem]:
    """The mention that a region with a role stands for, or why there is none."""
    if role not in ontology.events[event.type].roles:
        return None, ("unknown-role", f"{event.type} has no role {role!r}")
    allowed = ontology.fillers(event.type, role)
    known = next((m for m in base.mentions if m.id == regions.item_id(region.id)), None)
    if known is not None and region.span not in known.spans:
        known = None  # somebody moved it: what counts is where it is now
    if known is not None and known.type in allowed:
        return known, ("malformed", "")
    here = [mention for mention in base.mentions if mention.spans == (region.span,)]
    fit = [mention for mention in here if mention.type in allowed]
    if len(fit) == 1:
        return fit[0], ("malformed", "")
    place = f"[{region.span.start}, {region.span.end}]"
    if not here and known is None:
        return None, ("unmatched-span", f"{role} at {place}: there is no mention there to fill the role")
    if fit:
        return None, ("ambiguous", f"{role} at {place}: {len(fit)} mentions there could fill the role")
    kinds = ", ".join(sorted({mention.type for mention in (*here, *([known] if known else []))}))
    return None, ("filler-not-allowed", f"{kinds} cannot be {role} of {event.type}")


def assemble(base: Annotations, answers: Iterable[Answer]) -> tuple[Annotations, list[str]]:
    """The mentions and events of a layer with the arguments that somebody gave, and the events without.

    Events that are said to be none are left out; those without answer stay, without arguments: what the
    layer had there nobody has looked at.
    """
    by_event = {answer.event: answer for answer in answers}
    events = tuple(
        msgspec.structs.replace(event, arguments=by_event[event.id].arguments if event.id in by_event else ())
        for event in base.events
        if event.id not in by_event or by_event[event.id].is_event
    )
    missing = [event.id for event in base.events if event.id not in by_event]
    return msgspec.structs.replace(base, events=events, rejected=()), missing


def is_frame(data: dict[str, Any]) -> bool:
    """Whether a task's data is that of a frames task."""
    return isinstance(data.get("event"), str) and isinstance(data.get("layer"), str)
