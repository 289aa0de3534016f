"""Views of sources on gold: for each unit of gold what a source reads there, and what else it has.

A source is a system, a run of one, or an annotator. It has a say on a document if it has finished it, on an
argument or attribute if it has the event or mention as gold has it. Units are aligned as the classes of
errors are (`errors.classes`, `errors.causes`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from goldwire.corpora.coverage import finished
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Event, Held, Mention, Spans
from goldwire.corpora.values import code
from goldwire.eval.counting.columns import NONE, Codes, canonical
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.reading import Layer, Wanted, make_layer
from goldwire.eval.counting.texts import Texts
from goldwire.eval.errors import causes, outcomes
from goldwire.eval.errors.classes import CORRECT, DUPLICATE, Findings
from goldwire.eval.errors.confidence import scores_of

_UNIT = {"entity": "mention", "event": "trigger", "argument": "argument"}
# Causes of a wrong argument that are its own: it has its event as gold has it.
_OWN = (causes.ROLE, causes.BOUNDARY, causes.ROLE_BOUNDARY, causes.MISSED, causes.SPURIOUS)


class On(NamedTuple):
    """The event or mention that an argument or attribute belongs to."""

    unit: str
    type: str
    spans: Spans


class Unit(NamedTuple):
    """One unit of any layer; equal units say the same. `name` is that of an attribute."""

    unit: str
    document: int
    spans: Spans
    label: str
    on: On | None = None
    name: str = ""


class View(msgspec.Struct, frozen=True):
    """A source's view: at each unit of gold on which it has a say its own unit, or None; and `extra` units.

    `extra` are those that go with none of gold and repeat none. `scores` are by unit of the source's,
    `given` says how many it has. `family` is the system that this is a run of. In documents that it
    `remembers` its agreement with gold says nothing, since gold was made from it. Documents that are
    `left_out` have too many units to be aligned.
    """

    name: str
    family: str
    documents: frozenset[int]
    says: dict[Unit, Unit | None]
    extra: tuple[Unit, ...]
    scores: dict[Unit, float]
    given: Counter[str] = Counter()
    remembers: frozenset[int] = frozenset()
    left_out: frozenset[int] = frozenset()


class Gold(msgspec.Struct, frozen=True):
    """Gold's documents with their texts, its layer as a table, and its units, attributes among them."""

    texts: Texts
    codes: Codes
    layer: Layer
    units: tuple[Unit, ...]


def read_gold(texts: Texts, lines: Mapping[str, Annotations], ontology: Ontology | None) -> Gold:
    """Gold on the documents of `texts`, all of which it has judged."""
    codes = Codes()
    layer = _layer(texts, lines, codes, ontology)
    units = dict.fromkeys(one for rows in _rows(layer, texts).values() for one in rows if one is not None)
    more = dict.fromkeys(_attributes(layer, texts, ontology))
    return Gold(texts, codes, layer, (*units, *more))


def _layer(texts: Texts, lines: Mapping[str, Annotations], codes: Codes, ontology: Ontology | None) -> Layer:
    here = [lines[id] for id in texts.ids if id in lines]
    return make_layer([here], texts, codes, Wanted(items=True, ontology=ontology))


# ---------------------------------------------------------------- units of a layer, by row of its table
def _rows(layer: Layer, texts: Texts) -> dict[str, list[Unit | None]]:
    """The units of each kind, by row; None for what is no unit: events without a trigger, and what hangs on
    them."""
    found: dict[str, list[Unit | None]] = {"entity": [], "event": [], "argument": []}
    for item in layer.items:
        number = texts.number[item.document]
        mentions = {one.id: canonical(one.spans) for one in item.mentions}
        found["entity"] += (Unit("mention", number, mentions[one.id], one.type) for one in item.mentions)
        for event in item.events:
            on = On("trigger", event.type, canonical(event.trigger)) if event.trigger else None
            found["event"].append(Unit("trigger", number, on.spans, event.type) if on else None)
            found["argument"] += (
                Unit("argument", number, mentions[one.mention], one.role, on) if on else None
                for one in event.arguments
            )
    return found


def _holders(layer: Layer, kind: str) -> list[Mention | Event]:
    if kind == "entity":
        return [one for item in layer.items for one in item.mentions]
    return [one for item in layer.items for one in item.events]


def _attributes(layer: Layer, texts: Texts, ontology: Ontology | None) -> Iterator[Unit]:
    """The attributes that a layer gives a value, with that."""
    rows = _rows(layer, texts)
    for kind in ("entity", "event"):
        for one, holder in zip(rows[kind], _holders(layer, kind), strict=True):
            for name, value in holder.attributes.items():
                if one is not None:
                    yield _attribute(one, name, _value(value, name, ontology))


def _attribute(of: Unit, name: str, value: str) -> Unit:
    return Unit("attribute", of.document, of.spans, value, On(of.unit, of.label, of.spans), name)


def _value(held: Held | None, name: str, ontology: Ontology | None) -> str:
    known = ontology.attributes.get(name) if ontology is not None else None
    return code(held) or (known.default if known is not None else None) or ""


# ---------------------------------------------------------------- a view
def look(
    gold: Gold,
    lines: Mapping[str, Annotations],
    ontology: Ontology | None,
    *,
    name: str,
    family: str,
    remembers: Collection[str] = (),
) -> View:
    """The view of one source on gold, given its lines by document; unfinished ones say nothing.

    `remembers` are documents of which gold was made from this source.
    """
    done = finished(lines)
    layer = _layer(gold.texts, done, gold.codes, ontology)
    here = frozenset(gold.texts.number[id] for id in done if id in gold.texts.number)
    ours, theirs = _rows(gold.layer, gold.texts), _rows(layer, gold.texts)
    says: dict[Unit, Unit | None] = {}
    extra: dict[Unit, None] = {}
    found = outcomes.find(GoldAndSystem(gold.layer, layer, gold.texts, gold.codes))
    for kind, findings in found.items():
        for mine, its in _pairs(findings, ours[kind], theirs[kind]):
            if mine is not None and mine.document in here:
                says[mine] = its
            elif its is not None and mine is None:
                extra[its] = None
    says |= _attribute_pairs(gold, layer, found, ontology)
    crowded = frozenset(number for one in found.values() for number in one.left_out)
    return View(
        name=name,
        family=family,
        documents=here - crowded,
        says=says,
        extra=tuple(extra),
        scores=_scores(layer, theirs),
        given=Counter(one.unit for one in {one for rows in theirs.values() for one in rows} if one),
        remembers=frozenset(number for number in here if gold.texts.ids[number] in remembers),
        left_out=crowded,
    )


def _pairs(
    findings: Findings, ours: Sequence[Unit | None], theirs: Sequence[Unit | None]
) -> Iterator[tuple[Unit | None, Unit | None]]:
    """Gold's unit and the source's of each row on which the source has a say."""
    gold_rows, rows = findings.gold.row.tolist(), findings.system.row.tolist()
    columns = (findings.gold_unit, findings.system_unit, findings.kind, findings.cause)
    for mine, its, kind, cause in zip(*(column.tolist() for column in columns), strict=True):
        if kind == DUPLICATE or (cause != NONE and cause not in _OWN):
            continue
        yield (
            ours[gold_rows[mine]] if mine != NONE else None,
            theirs[rows[its]] if its != NONE else None,
        )


def _attribute_pairs(
    gold: Gold, layer: Layer, found: Mapping[str, Findings], ontology: Ontology | None
) -> dict[Unit, Unit | None]:
    """The attributes of what both have alike, of names that the source gives values to at all."""
    pairs: dict[Unit, Unit | None] = {}
    ours, theirs = _rows(gold.layer, gold.texts), _rows(layer, gold.texts)
    for kind in ("entity", "event"):
        holders = _holders(gold.layer, kind), _holders(layer, kind)
        names = _names(holders[0]) & _names(holders[1])
        findings = found[kind]
        both = findings.kind == CORRECT
        rows = (
            findings.gold.row[findings.gold_unit[both]].tolist(),
            findings.system.row[findings.system_unit[both]].tolist(),
        )
        for row, other in zip(*rows, strict=True):
            mine, its = ours[kind][row], theirs[kind][other]
            for name in names if mine is not None and its is not None else ():
                values = (
                    _value(side[at].attributes.get(name), name, ontology)
                    for side, at in zip(holders, (row, other), strict=True)
                )
                said, read = (_attribute(mine, name, value) for value in values)
                pairs[said] = read
    return pairs


def _names(holders: Iterable[Mention | Event]) -> set[str]:
    return {name for one in holders for name in one.attributes}


def _scores(layer: Layer, rows: Mapping[str, Sequence[Unit | None]]) -> dict[Unit, float]:
    return {
        one: score
        for kind in _UNIT
        for one, score in zip(rows[kind], scores_of(layer.items, kind), strict=True)
        if one is not None and score is not None
    }
