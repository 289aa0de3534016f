"""Union of what annotators say of a document, as a task shows it to whoever adjudicates.

Every unit that somebody marked is there; its score is the lowest share who agree on anything about it, and
who said what stands in its note. Keeping a unit takes no action, rejecting it two (click, Backspace). Of an
attribute with one value, which cannot show two, the value of most is chosen; where no value has most, none
is, and until somebody chooses one nothing is decided. Of clusters every doubtful link is an arrow.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from goldwire.annotate import adjudicate as merging
from goldwire.annotate.adjudicate import Disagreement
from goldwire.annotate.adjudicate.decisions import Say
from goldwire.annotate.adjudicate.views import View
from goldwire.annotate.exchange import regions, tasks
from goldwire.annotate.exchange.regions import Result
from goldwire.annotate.exchange.tasks import Encoded
from goldwire.annotate.interface import labelconfig
from goldwire.annotate.union import facts
from goldwire.annotate.union.facts import Layers
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Document, Event, Mention, Provenance, Spans

_WHOLE = "annotator/"  # what names of layers begin with, and names in notes do not
_LAST = 2.0  # more than any score: of marks of what is excluded, and of further parts of a unit


class Union(msgspec.Struct, frozen=True, kw_only=True):
    """The union of a document: the line that shows it, and all that annotators differ on, at any depth.

    The decisions on them are what the line shows. `hidden` are those on what no task can show: events
    without a trigger, and what hangs on them.
    """

    line: Annotations
    differing: tuple[Disagreement, ...]
    hidden: tuple[Disagreement, ...]

    @property
    def score(self) -> float:
        """By what people get tasks, the least first: those in which most differs."""
        return 1 / (1 + len(self.differing))


def unions(layers: Layers, documents: Sequence[Document], ontology: Ontology) -> dict[str, Union]:
    """The unions of documents, by their ids."""
    chosen = list[Disagreement]()
    found = merging.adjudicate(layers, documents, chosen, ontology)
    while undecided := [item for item in found.disagreements if item.decision is None]:
        chosen += [msgspec.structs.replace(item, decision=_choice(item)) for item in undecided]
        found = merging.adjudicate(layers, documents, chosen, ontology)
    theirs: dict[str, list[Disagreement]] = defaultdict(list)
    for item in found.disagreements:
        theirs[item.document].append(item)
    return {line.document: _union(line, theirs[line.document], ontology) for line in found.annotations}


def _choice(item: Disagreement) -> Say:
    """What the union has: every unit, the value of most, and no link that somebody denies."""
    if item.unit == "attribute" and not any(isinstance(said, bool) for said in item.says.values()):
        return _most(item.says)
    return item.unit != "cluster"


def _most(says: Mapping[str, Say]) -> str:
    """The value of most, or the only one; "" where there is none."""
    (first, times), *others = Counter(said for said in says.values() if isinstance(said, str)).most_common()
    return first if not others or 2 * times > len(says) else ""


def _union(line: Annotations, differing: Iterable[Disagreement], ontology: Ontology) -> Union:
    line = msgspec.structs.replace(line, provenance=Provenance())
    places = _Places(line, ontology)
    shown, hidden = list[Disagreement](), list[Disagreement]()
    for item in differing:
        (shown if places.are_shown(item) else hidden).append(item)
    return Union(line=_scored(line, shown, places), differing=tuple(shown), hidden=tuple(hidden))


class _Places:
    """Where a union shows what annotators differ on: the names of the mentions and events concerned."""

    def __init__(self, line: Annotations, ontology: Ontology) -> None:
        view = View(line, ontology.symmetric)
        self.items: dict[str, Mention | Event] = {**view.mentions, **view.events}
        self.described = {
            f"{on} {key} {attribute}": (key, attribute)
            for on, items in (("mention", view.mentions), ("event", view.events))
            for key in items
            for attribute in ontology.attributes
        }
        self._joining = {" ".join(arrow): arrow for arrow in (*view.arguments, *view.relations)}

    def of(self, item: Disagreement) -> tuple[str, ...]:
        """The units concerned, the one whose note tells it first."""
        if item.unit in ("mention", "event"):
            return (item.key,)
        if item.unit == "attribute":
            found = self.described.get(item.key) or self.described.get(item.key.rpartition("=")[0])
            return (found[0],) if found else ()
        arrow = self.arrow(item)
        return () if arrow is None else (arrow[0], arrow[2])

    def arrow(self, item: Disagreement) -> tuple[str, str, str] | None:
        """An argument, relation or link as an arrow: from where, what it says, to where."""
        if item.unit == "cluster":
            earlier, _, later = item.key.partition(" = ")
            return later, labelconfig.SAME, earlier
        return self._joining.get(item.key)

    def are_shown(self, item: Disagreement) -> bool:
        """Whether all that an item concerns has a place in the text."""
        found = [self.items.get(key) for key in self.of(item)]
        return bool(found) and all(one is not None and facts.place(one) for one in found)


def _scored(line: Annotations, differing: Iterable[Disagreement], places: _Places) -> Annotations:
    """The line with a score for each unit, and with those values shown that are chosen by default."""
    lowest: dict[str, float] = {}
    chosen: dict[str, dict[str, str]] = defaultdict(dict)
    for item in differing:
        key = places.of(item)[0]
        lowest[key] = min(share(item), lowest.get(key, 1.0))
        if item.key in places.described and isinstance(item.decision, str) and item.decision:
            chosen[key][places.described[item.key][1]] = item.decision
    of_id = {(type(item), item.id): key for key, item in places.items.items()}

    def scored(item: Any) -> Any:
        key = of_id[type(item), item.id]
        attributes = {**item.attributes, **chosen.get(key, {})}
        return msgspec.structs.replace(item, score=lowest.get(key, 1.0), attributes=attributes)

    return msgspec.structs.replace(
        line, mentions=tuple(map(scored, line.mentions)), events=tuple(map(scored, line.events))
    )


def share(item: Disagreement) -> float:
    """The share of those who could say it who say what most of them say, or that a unit is there."""
    says = [*item.says.values()]
    if any(isinstance(said, bool) for said in says):
        return says.count(True) / len(says)
    return max(Counter(says).values()) / len(says)


# ---------------------------------------------------------------- as a task


def encode(
    union: Union, document: Document, layers: Layers, ontology: Ontology, *, blind: bool = False
) -> Encoded:
    """The task of a union; `blind` says in its notes how many said what, and not who."""
    made = tasks.encode([document], ontology, prefill={document.id: union.line})
    [task] = made.tasks
    [prediction] = task["predictions"]
    places = _Places(union.line, ontology)
    notes = _notes(union, places, _marked(layers, document.id), blind=blind)
    result = [*_regions(prediction["result"], places, notes), *_arrows(prediction["result"], union, places)]
    return msgspec.structs.replace(made, tasks=({**task, "predictions": [{**prediction, "result": result}]},))


def _regions(
    result: Iterable[Result], places: _Places, notes: Mapping[str, Sequence[str]]
) -> Iterator[Result]:
    """Regions and choices with their notes, those of units with the least agreement first."""
    scores = {item.id: item.score for item in places.items.values()}
    shown = [one for one in result if one["type"] != "relation"]
    for one in sorted(shown, key=lambda one: scores.get(regions.item_id(one["id"])) or _LAST):
        is_first = one["type"] == "labels" and one["id"] in notes
        note = {"meta": {**one.get("meta", {}), "text": ["\n".join(notes[one["id"]])]}} if is_first else {}
        yield {**one, **note}


def _arrows(result: Iterable[Result], union: Union, places: _Places) -> Iterator[Result]:
    """Arrows: those that nobody denies, then those in doubt."""
    doubtful = dict[tuple[str, str, str], Result]()
    for item in union.differing:
        if (arrow := places.arrow(item)) is not None:
            source, target = places.items[arrow[0]].id, places.items[arrow[2]].id
            doubtful[source, arrow[1], target] = regions.arrow(source, target, arrow[1])
    drawn = [one for one in result if one["type"] == "relation"]
    yield from (one for one in drawn if (one["from_id"], one["labels"][0], one["to_id"]) not in doubtful)
    yield from doubtful.values()


# ---------------------------------------------------------------- who said what


_Marked = Mapping[str, Mapping[tuple[bool, Spans], Sequence[str]]]


def _marked(layers: Layers, document: str) -> _Marked:
    """The types that each annotator has given to the words of each mention and trigger."""
    found = dict[str, dict[tuple[bool, Spans], list[str]]]()
    for name, layer in layers.items():
        if document in layer:
            theirs = found.setdefault(name, {})
            units: list[Mention | Event] = [*layer[document].mentions, *layer[document].events]
            for item in units:
                types = theirs.setdefault((isinstance(item, Event), facts.place(item)), [])
                types += [item.type] if item.type not in types else []
    return found


def _notes(union: Union, places: _Places, marked: _Marked, *, blind: bool) -> dict[str, list[str]]:
    """What differs about each unit, by its id."""
    notes: dict[str, list[str]] = defaultdict(list)
    for item in union.differing:
        unit = places.items[places.of(item)[0]]
        if item.unit in ("mention", "event"):
            notes[unit.id].append(_who_marked(item, unit, marked, blind=blind))
        else:
            notes[unit.id].append(f"{item.words} ({_who_said(item, blind=blind)})")
    return notes


def _who_marked(item: Disagreement, unit: Mention | Event, marked: _Marked, *, blind: bool) -> str:
    """Who has marked the words of a unit as what."""
    if blind:
        return f"{[*item.says.values()].count(True)} of {len(item.says)} marked it"
    place = isinstance(unit, Event), facts.place(unit)
    return "; ".join(
        f"{short(name)}: {' and '.join(marked[name].get(place, ())) or 'not marked'}" for name in item.says
    )


def _who_said(item: Disagreement, *, blind: bool) -> str:
    said = {name: _word(view) for name, view in item.says.items()}
    if blind:
        return "; ".join(f"{times} of {len(said)}: {word}" for word, times in Counter(said.values()).items())
    return "; ".join(f"{short(name)}: {word}" for name, word in said.items())


def _word(view: Say) -> str:
    return view if isinstance(view, str) else "yes" if view else "no" if view is False else "none"


def short(layer: str) -> str:
    """What an annotator's layer is called in a note.

    >>> short("annotator/anna"), short("second/ben")
    ('anna', 'second/ben')
    """
    return layer.removeprefix(_WHOLE)
