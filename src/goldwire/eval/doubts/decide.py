"""Decisions on doubts into a layer: gold with what people say is right, and who said so.

A decision counts while gold says what it said when it was doubted. Gold's own layer is never changed; lines
of the new one in which nothing changed are gold's, as they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import NamedTuple

import msgspec

from goldwire.corpora import exclude
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention, Spans
from goldwire.corpora.validate import annotation_faults
from goldwire.corpora.values import code, held, parts
from goldwire.eval.comparison.annotators import check_of_many
from goldwire.eval.counting.columns import canonical
from goldwire.eval.doubts.readings import Doubt, Holder, Reading

TOOL = "goldwire eval decisions"
CHANGED = "decisions"  # among the details of a changed line: what was decided, by whom


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that was not followed, and why."""

    id: str
    document: str
    why: str


class Decided(NamedTuple):
    """The lines of the new layer, which doubts changed them, and what could not be followed."""

    lines: dict[str, Annotations]
    followed: list[Doubt]
    left: list[Left]


class _LeftError(Exception):
    """A decision that cannot be followed, with the reason."""


def decide(
    documents: Iterable[Document],
    gold: Mapping[str, Annotations],
    doubts: Sequence[Doubt],
    ontology: Ontology | None,
) -> Decided:
    """Gold with all decisions that say it is wrong and what is right instead."""
    texts = {one.id: one for one in documents}
    lines, followed, left = dict(gold), defaultdict(list), []
    # Units before what hangs on them.
    for doubt in sorted(doubts, key=lambda one: (_ORDER[one.unit], one.document, one.id)):
        if doubt.is_error:
            try:
                lines[doubt.document] = _follow(texts, lines, doubt, ontology)
                followed[doubt.document].append(doubt)
            except _LeftError as error:
                left.append(Left(id=doubt.id, document=doubt.document, why=str(error)))
    for document, ones in followed.items():
        lines[document] = _signed(lines[document], ones)
    return Decided(lines, [one for ones in followed.values() for one in ones], left)


_ORDER = {"mention": 0, "trigger": 1, "argument": 2, "attribute": 3}


def foreign(hashes: Mapping[str, str], doubts: Sequence[Doubt]) -> list[Doubt]:
    """Doubts on documents that a corpus does not have, or has with another text; `CorpusError` if all are."""
    found = [one for one in doubts if hashes.get(one.document) != one.sha256]
    if found and len(found) == len(doubts):
        raise CorpusError(
            f"none of {len(doubts)} doubts is on a document that this corpus has with this text "
            f"({found[0].document} …): they are of another corpus; name that one"
        )
    return found


def _follow(
    texts: Mapping[str, Document],
    lines: Mapping[str, Annotations],
    doubt: Doubt,
    ontology: Ontology | None,
) -> Annotations:
    document, line = texts.get(doubt.document), lines.get(doubt.document)
    if document is None or line is None or document.sha256 != doubt.sha256:
        raise _LeftError("its document is not there, or has another text now")
    if not doubt.is_known:
        raise _LeftError("neither reading is right, and no correction says what is")
    made = _CHANGES[doubt.unit](line, doubt)
    before = len(annotation_faults(line, document, ontology))
    faults = annotation_faults(made, document, ontology)
    if len(faults) > before:
        raise _LeftError(f"gold would not be sound: {faults[0].message}")
    return made


def _signed(line: Annotations, doubts: Sequence[Doubt]) -> Annotations:
    """A line with who changed what in it."""
    told = [
        {"id": one.id, "decision": one.decision, **({"by": one.by} if one.by else {})}
        | ({"when": one.when} if one.when else {})
        for one in doubts
    ]
    before = line.provenance
    details = {**before.details, CHANGED: [*before.details.get(CHANGED, ()), *told]}
    return msgspec.structs.replace(
        line, provenance=msgspec.structs.replace(before, tool=TOOL, details=details)
    )


# ---------------------------------------------------------------- what is changed
def _is(type: str, spans: Spans, reading: Reading | Holder) -> bool:
    label = reading.label if isinstance(reading, Reading) else reading.type
    return type == label and canonical(spans) == canonical(reading.spans)


def _mention(line: Annotations, doubt: Doubt) -> Annotations:
    there = [one for one in line.mentions if doubt.gold is not None and _is(one.type, one.spans, doubt.gold)]
    right = doubt.truth
    _check_there(doubt, there)
    if right is None:
        gone = {one.id for one in there}
        return exclude.only(line, lambda one: one.id not in gone, bool)
    if any(_is(one.type, one.spans, right) for one in line.mentions):
        raise _LeftError(f"gold has {right.label} “{right.words}” there already")
    if not there:
        new = Mention(id=_free("m", (one.id for one in line.mentions)), type=right.label, spans=right.spans)
        return msgspec.structs.replace(line, mentions=(*line.mentions, new))
    changed = {one.id: _moved_mention(one, right) for one in there}
    return msgspec.structs.replace(line, mentions=tuple(changed.get(one.id, one) for one in line.mentions))


def _moved_mention(mention: Mention, right: Reading) -> Mention:
    head = mention.head if canonical(mention.spans) == canonical(right.spans) else None
    return msgspec.structs.replace(mention, type=right.label, spans=right.spans, head=head)


def _trigger(line: Annotations, doubt: Doubt) -> Annotations:
    there = [one for one in line.events if doubt.gold is not None and _is(one.type, one.trigger, doubt.gold)]
    right = doubt.truth
    _check_there(doubt, there)
    gone = {one.id for one in there}
    if right is None:
        return msgspec.structs.replace(line, events=tuple(one for one in line.events if one.id not in gone))
    if any(_is(one.type, one.trigger, right) for one in line.events):
        raise _LeftError(f"gold has {right.label} “{right.words}” there already")
    if not there:
        new = Event(id=_free("e", (one.id for one in line.events)), type=right.label, trigger=right.spans)
        return msgspec.structs.replace(line, events=(*line.events, new))
    return _with_events(
        line, gone, lambda one: msgspec.structs.replace(one, type=right.label, trigger=right.spans)
    )


def _check_there(doubt: Doubt, there: Sequence[object]) -> None:
    if doubt.gold is not None and not there:
        raise _LeftError("gold does not say that any more")


def _free(letter: str, taken: Iterable[str]) -> str:
    known = set(taken)
    return next(id for number in count(1) if (id := f"{letter}{number}") not in known)


def _with_events(line: Annotations, ids: set[str], change: Callable[[Event], Event]) -> Annotations:
    return msgspec.structs.replace(
        line, events=tuple(change(one) if one.id in ids else one for one in line.events)
    )


def _argument(line: Annotations, doubt: Doubt) -> Annotations:
    events = _holders(line, doubt)
    places = {one.id: canonical(one.spans) for one in line.mentions}
    right, wrong = doubt.truth, doubt.gold

    def is_wrong(one: Argument) -> bool:
        return wrong is not None and (one.role, places[one.mention]) == (wrong.label, canonical(wrong.spans))

    there = [argument for event in events for argument in event.arguments if is_wrong(argument)]
    _check_there(doubt, there)
    filler = None if right is None else _filler(places, right)

    def change(event: Event) -> Event:
        kept = [one for one in event.arguments if not is_wrong(one)]
        if right is not None and filler is not None:
            kept.append(Argument(role=right.label, mention=filler))
        return msgspec.structs.replace(event, arguments=tuple(kept))

    return _with_events(line, {one.id for one in events}, change)


def _filler(places: Mapping[str, Spans], right: Reading) -> str:
    found = [id for id, spans in places.items() if spans == canonical(right.spans)]
    if not found:
        raise _LeftError(f"gold has no mention “{right.words}” to fill the role; add that first")
    return found[0]


def _holders(line: Annotations, doubt: Doubt) -> list[Event]:
    on = doubt.on
    found = [one for one in line.events if on is not None and _is(one.type, one.trigger, on)]
    if not found:
        raise _LeftError("gold does not have its event any more")
    return found


def _attribute(line: Annotations, doubt: Doubt) -> Annotations:
    on, right, name = doubt.on, doubt.truth, doubt.name or ""

    def change(one: Mention | Event) -> Mention | Event:
        value = held(parts(right.label)) if right is not None and right.label else None
        rest = {key: item for key, item in one.attributes.items() if key != name}
        return msgspec.structs.replace(one, attributes=rest if value is None else {**rest, name: value})

    def is_on(one: Mention | Event) -> bool:
        if on is None or not _is(one.type, one.spans if isinstance(one, Mention) else one.trigger, on):
            return False
        return (code(one.attributes.get(name)) or "") == (doubt.gold.label if doubt.gold else "")

    field = "mentions" if on is not None and on.unit == "mention" else "events"
    units = getattr(line, field)
    _check_there(doubt, [one for one in units if is_on(one)])
    return msgspec.structs.replace(
        line, **{field: tuple(change(one) if is_on(one) else one for one in units)}
    )


_CHANGES = {"mention": _mention, "trigger": _trigger, "argument": _argument, "attribute": _attribute}


# ---------------------------------------------------------------- the layer
def check_place(corpus: Corpus, gold: str, to: str) -> None:
    """Raise `CorpusError` if the new layer would take the place of one that was not made so."""
    if to == gold:
        raise CorpusError(f"--to {to}: gold itself is never changed; name another layer")
    check_of_many(to)
    corpus.check_new_layer(to)
    if to not in corpus.layers():
        return
    ours = corpus.layer(gold)
    for id, line in corpus.layer(to).items():
        if line.provenance.tool != TOOL and line != ours.get(id):
            raise CorpusError(
                f"layer {to!r} was not made by decisions on {gold!r} (see {id}) and would be replaced: "
                "name another with --to"
            )
