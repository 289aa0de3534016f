"""Doubts as Label Studio tasks, and what people answered as decisions.

A task shows a paragraph and two readings of a place in it, in an order that the doubt's id decides; neither
whose they are, nor whether it is a control, nor how doubtful it is goes there. Its text begins at the code
point `at` of the document's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from goldwire.annotate.exchange import exports
from goldwire.annotate.exchange.exports import Entry
from goldwire.annotate.exchange.tasks import KEY, MARKS, Task
from goldwire.annotate.interface import colours, keys
from goldwire.annotate.interface.doubtconfig import (
    CHOICES,
    CORRECTION,
    DECISION,
    FIRST,
    HOLDER,
    READING,
    SECOND,
    TEXT,
)
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.offsets import surface
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Document, Span, Spans
from goldwire.eval.doubts.readings import Decision, Doubt, Reading

ID = "doubt"  # in a task's data: which doubt it asks about
_NOTHING = "nothing: no such unit here"
_DIGITS = 8  # of a doubt's id, by which its readings are put in order


def encode(doubts: Iterable[Doubt], documents: Mapping[str, Document], ontology: Ontology) -> list[Task]:
    """A task for each doubt, in their order; `CorpusError` if one is of a text that is not there."""
    return [_task(one, _document(one, documents), ontology) for one in doubts]


def _document(doubt: Doubt, documents: Mapping[str, Document]) -> Document:
    found = documents.get(doubt.document)
    if found is None or found.sha256 != doubt.sha256:
        raise CorpusError(
            f"doubt {doubt.id}: document {doubt.document} is not there, or has another text now; "
            "make the doubts anew with `goldwire eval doubts`"
        )
    return found


def is_gold_first(doubt: Doubt) -> bool:
    """Whether gold's reading is shown first: by chance, and always the same for a doubt.

    Ids are hashes, so that half of all are.
    """
    return int(doubt.id[:_DIGITS], 16) % 2 == 0


def _task(doubt: Doubt, document: Document, ontology: Ontology) -> Task:
    part = _paragraph(doubt, document.text)
    readings = (doubt.gold, doubt.other) if is_gold_first(doubt) else (doubt.other, doubt.gold)
    shown = [(HOLDER, doubt.on), *zip((FIRST, SECOND), readings, strict=True)]
    text = document.text[part.start : part.end]
    regions = [
        region for label, one in shown if one is not None for region in _regions(label, one.spans, part, text)
    ]
    first, second = (f"{number}. {_said(doubt, one)}" for number, one in enumerate(readings, start=1))
    data = {
        KEY: f"{doubt.document}?{doubt.id}",
        "document": doubt.document,
        "sha256": document.sha256,
        ID: doubt.id,
        "at": part.start,
        "text": text,
        "question": _question(doubt),
        "first": first,
        "second": second,
        "labels": labels(doubt, ontology),
    }
    return {"data": data, "predictions": [{"model_version": MARKS, "result": regions}]}


def _paragraph(doubt: Doubt, text: str) -> Span:
    """The lines that the sentence is in."""
    end = doubt.at + len(doubt.sentence)
    after = text.find("\n", end)
    return Span(text.rfind("\n", 0, doubt.at) + 1, len(text) if after < 0 else after)


def _regions(label: str, spans: Spans, part: Span, text: str) -> Iterator[dict[str, Any]]:
    for number, span in enumerate(spans):
        start, end = span.start - part.start, span.end - part.start
        yield {
            "id": f"{READING}-{label}-{number}",
            "from_name": READING,
            "to_name": TEXT,
            "type": "labels",
            "value": {"start": start, "end": end, "text": text[start:end], "labels": [label]},
        }


def _question(doubt: Doubt) -> str:
    if doubt.on is None:
        return f"Which {doubt.unit} is right?"
    what = f"{doubt.name}" if doubt.name else "argument"
    return f"Which {what} of {doubt.on.type} “{doubt.on.words}” is right?"


def _said(doubt: Doubt, reading: Reading | None) -> str:
    if reading is None:
        return _NOTHING
    label = reading.label or "no value"
    return label if doubt.unit == "attribute" else f"{label}: “{reading.words}”"


def labels(doubt: Doubt, ontology: Ontology) -> list[dict[str, str]]:
    """What a correction may say: the types, roles or values that there are for its kind of unit."""
    names = _names(doubt, ontology)
    painted = colours.paint(dict.fromkeys(names))
    dealt = keys.deal(dict.fromkeys(names), taken=[*CHOICES.values()])
    return [{"value": name, "background": painted[name], "hotkey": dealt.get(name, "")} for name in names]


def _names(doubt: Doubt, ontology: Ontology) -> list[str]:
    if doubt.unit == "mention":
        known: Iterable[str] = ontology.entities
    elif doubt.unit == "trigger":
        known = ontology.events
    elif doubt.unit == "argument":
        event = ontology.events.get(doubt.on.type) if doubt.on is not None else None
        known = event.roles if event is not None else ()
    else:
        attribute = ontology.attributes.get(doubt.name or "")
        known = attribute.values if attribute is not None else ()
    said = [one.label for one in (doubt.gold, doubt.other) if one is not None and one.label]
    return [*dict.fromkeys([*known, *said])]


# ---------------------------------------------------------------- answers
class Answers(NamedTuple):
    """The doubts with what people decided; those of which two say other things, those that make no sense,
    and how many tasks are of other doubts."""

    doubts: list[Doubt]
    differ: list[str]
    unread: list[str]
    foreign: int


class _Answer(NamedTuple):
    decision: Decision
    correction: Reading | None
    by: str
    when: str


def decode(
    tasks: Iterable[Mapping[str, Any]],
    doubts: Iterable[Doubt],
    names: Mapping[str, str],
    documents: Mapping[str, Document],
) -> Answers:
    """What people have submitted, the last of each; skipped tasks and drafts say nothing.

    Doubts that nobody has answered there stay as they are.
    """
    given = {str(task["data"].get(ID)): task for task in tasks if isinstance(task.get("data"), dict)}
    found, differ, unread, foreign = [], list[str](), list[str](), set(given)
    for doubt in doubts:
        foreign.discard(doubt.id)
        answers, broken = _answers(doubt, given.get(doubt.id), names, documents)
        unread += [doubt.id] * broken
        if len({(one.decision, one.correction) for one in answers}) > 1:
            differ.append(doubt.id)
        found.append(_with(doubt, answers) if answers else doubt)
    return Answers(found, differ, unread, len(foreign))


def _with(doubt: Doubt, answers: list[_Answer]) -> Doubt:
    """A doubt with what all say; undecided where they say other things."""
    first = answers[0]
    if len({(one.decision, one.correction) for one in answers}) > 1:
        return msgspec.structs.replace(doubt, decision=None, correction=None)
    return msgspec.structs.replace(
        doubt,
        decision=first.decision,
        correction=first.correction,
        by=", ".join(sorted({one.by for one in answers})),
        when=max(one.when for one in answers) or None,
    )


def _answers(
    doubt: Doubt, task: Mapping[str, Any] | None, names: Mapping[str, str], documents: Mapping[str, Document]
) -> tuple[list[_Answer], bool]:
    """The last answer of each person, and whether one could not be read."""
    last: dict[str, Entry] = {}
    for kind, entry in exports.entries(task or {}):
        who = exports.person(entry)[0] or ""
        if kind == "submitted" and (who not in last or last[who].updated <= entry.updated):
            last[who] = entry
    read = [_read(doubt, entry, task or {}, names.get(who, who), documents) for who, entry in last.items()]
    return [one for one in read if one is not None], None in read


def _read(
    doubt: Doubt, entry: Entry, task: Mapping[str, Any], by: str, documents: Mapping[str, Document]
) -> _Answer | None:
    results = [one for one in entry.result if isinstance(one, dict)]
    chosen = [
        choice
        for one in results
        if one.get("from_name") == DECISION
        for choice in one.get("value", {}).get("choices", ())
    ]
    if len(chosen) != 1 or chosen[0] not in CHOICES:
        return None
    decision = _decision(doubt, chosen[0])
    correction = _correction(doubt, results, task, documents) if decision == "neither" else None
    return _Answer(decision, correction, by, entry.updated or "")


def _decision(doubt: Doubt, chosen: str) -> Decision:
    if chosen in ("first", "second"):
        return "gold" if (chosen == "first") is is_gold_first(doubt) else "other"
    found: Decision = chosen  # type: ignore[assignment]  # one of the others
    return found


def _correction(
    doubt: Doubt,
    results: Iterable[Mapping[str, Any]],
    task: Mapping[str, Any],
    documents: Mapping[str, Document],
) -> Reading | None:
    """What was marked as right, if it is one label; its spans as they stand in the document."""
    marked = [one["value"] for one in results if one.get("from_name") == CORRECTION and "value" in one]
    given = {label for value in marked for label in value.get("labels", ())}
    document, at = documents.get(doubt.document), task["data"].get("at")
    if len(given) != 1 or document is None or not isinstance(at, int):
        return None
    spans = tuple(sorted(Span(at + int(value["start"]), at + int(value["end"])) for value in marked))
    if spans[-1].end > len(document.text) or any(span.start >= span.end for span in spans):
        return None
    if doubt.unit == "attribute" and doubt.gold is not None:
        spans = doubt.gold.spans
    return Reading(label=given.pop(), spans=spans, words=surface(document.text, spans, " … "))
