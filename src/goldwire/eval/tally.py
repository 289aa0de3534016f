"""From two layers to counts: one function for each kind of unit, all with the same arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from goldwire.corpora.offsets import surface
from goldwire.corpora.types import Span
from goldwire.eval import units
from goldwire.eval.counts import Counts, Floats, make_counts
from goldwire.eval.load import Layer, Texts
from goldwire.eval.match import Case, exact, matched
from goldwire.eval.measure import Measure
from goldwire.eval.tables import Codes, Ints
from goldwire.eval.units import Units


@dataclass(frozen=True)
class Sides:
    """Gold and one system, ready to be counted."""

    gold: Layer
    system: Layer
    texts: Texts
    codes: Codes


@dataclass(frozen=True)
class Outcome:
    """The counts, and how many units of either side repeated another and were not counted."""

    counts: Counts
    gold_collapsed: int = 0
    system_collapsed: int = 0


def count(measure: Measure, sides: Sides) -> Outcome:
    """The counts of a system under a measure, for every document of the gold side."""
    kind = "surface" if "surface" in measure.key else measure.units
    return _COUNTERS[kind](measure.counted, sides)


def texts_wanted(measures: Iterable[Measure]) -> bool:
    """Whether a measure looks at the texts."""
    return any(
        measure.match in ("token-iou", "token-dice", "extended", "head") or "surface" in measure.key
        for measure in measures
    )


def is_additive(measure: Measure) -> bool:
    """Whether the counts of documents add up; distinct surface forms do not."""
    return "surface" not in measure.key


def items_wanted(measures: Iterable[Measure]) -> bool:
    """Whether a measure looks at annotations one by one."""
    return any(measure.units in ("cluster", "template", "token") for measure in measures)


# ---------------------------------------------------------------- matched units
def _matched(measure: Measure, sides: Sides) -> Outcome:
    tables = sides.gold.table, sides.system.table
    gold, system = units.make_units(measure, *tables, sides.codes)
    pairs = matched(Case(measure, gold, system, *tables, sides.texts))
    cells = _cells(gold), _cells(system)
    hits = cells[0].take(pairs.gold), cells[1].take(pairs.system)
    counts = tally(sides, cells, hits, pairs.credit)
    return Outcome(counts, gold.collapsed, system.collapsed)


@dataclass(frozen=True)
class Cells:
    """Units by what they are counted under: the number of a document and the code of a label."""

    document: Ints
    label: Ints

    def take(self, index: Ints) -> Cells:
        """Some of the units."""
        return Cells(self.document[index], self.label[index])


def _cells(side: Units) -> Cells:
    return Cells(side.extents.document, side.label)


# Credits are put on a grid so fine that it does not show and so coarse that sums of up to two million of
# them are exact in any order.
GRID = 2.0**32


def tally(
    sides: Sides, units: tuple[Cells, Cells], hits: tuple[Cells, Cells], credit: Floats | None = None
) -> Counts:
    """Counts from the units and the hits of (gold, system); a hit adds its credit, 1 if none is given."""
    names, rank = _labels(sides.codes, units[0].label, units[1].label)
    weight = None if credit is None else np.rint(credit * GRID) / GRID
    cells = [side.document * len(names) + rank[side.label] for side in (*units, *hits)]
    rows = np.unique(np.concatenate(cells[:2]))
    places = [np.searchsorted(rows, cell) for cell in cells]
    weights = (None, None, weight, weight)
    gold, system, gold_hits, system_hits = (
        np.bincount(place, weight, len(rows)) for place, weight in zip(places, weights, strict=True)
    )
    return Counts(
        documents=sides.texts.ids,
        labels=names,
        document=(rows // max(len(names), 1)).astype(np.int32),
        label=(rows % max(len(names), 1)).astype(np.int32),
        values=np.stack([system_hits, system, gold_hits, gold], axis=1).astype(np.float64),
    )


def _labels(codes: Codes, *columns: Ints) -> tuple[tuple[str, ...], Ints]:
    """The names of the codes that occur, sorted, and the place of each code among them."""
    occur = np.zeros(len(codes), np.bool_)
    for column in columns:
        occur[column] = True
    names = codes.names()
    used = sorted(np.flatnonzero(occur).tolist(), key=names.__getitem__)
    rank = np.zeros(len(codes), np.int64)
    rank[used] = np.arange(len(used))
    return tuple(names[code] for code in used), rank


# ---------------------------------------------------------------- surface forms
def _surfaces(measure: Measure, sides: Sides) -> Outcome:
    """Distinct (surface, type): those of spans right in place, of all produced, of all in gold.

    The definition of WNUT-17. A form that occurs in several documents is counted in the first of them, so
    these counts do not add up over corpora.
    """
    in_place = msgspec.structs.replace(measure, key=("span", *measure.key[1:]))
    gold, system = units.make_units(in_place, sides.gold.table, sides.system.table, sides.codes)
    hits = exact(gold, system).gold
    forms = [_forms(side, sides.texts) for side in (gold, system)]
    home: dict[tuple[str, int], int] = {}
    for side, names in zip((gold, system), forms, strict=True):
        for form, document in zip(names, side.extents.document.tolist(), strict=True):
            home[form] = min(document, home.get(form, document))
    found = [_distinct(names, home) for names in (*forms, [forms[0][hit] for hit in hits.tolist()])]
    counts = tally(sides, (found[0], found[1]), (found[2], found[2]))
    return Outcome(counts, *(len(names) - len(set(names)) for names in forms))


def _forms(side: Units, texts: Texts) -> list[tuple[str, int]]:
    """The surface of each unit and the code of its label."""
    places, offset = side.extents, side.extents.offset.tolist()
    spans = [Span(*pair) for pair in zip(places.starts.tolist(), places.ends.tolist(), strict=True)]
    rows = zip(places.document.tolist(), side.label.tolist(), strict=True)
    return [
        (surface(texts.text(document), tuple(spans[offset[i] : offset[i + 1]])), label)
        for i, (document, label) in enumerate(rows)
    ]


def _distinct(forms: Iterable[tuple[str, int]], home: dict[tuple[str, int], int]) -> Cells:
    distinct = sorted(set(forms))
    return Cells(
        np.array([home[form] for form in distinct], np.int64),
        np.array([label for _, label in distinct], np.int64),
    )


# ---------------------------------------------------------------- clusters
def _clusters(measure: Measure, sides: Sides) -> Outcome:
    from goldwire.eval import coref  # brings scipy, which most scorings never need

    make = coref.entity_clusters if measure.key == ("span",) else coref.event_clusters
    gold, system = ({item.document: make(item) for item in side.items} for side in (sides.gold, sides.system))
    parts = coref.MEANS.get(measure.match, (measure.match,))
    rows = []
    for number, row in enumerate(sides.texts.rows):
        if row.id in gold or row.id in system:
            found = coref.count(gold.get(row.id, []), system.get(row.id, []), parts)
            rows += [(number, label, numbers) for label, numbers in enumerate(found.values())]
    return Outcome(_from_rows(sides, parts if len(parts) > 1 else ("",), rows))


def _from_rows(
    sides: Sides, labels: tuple[str, ...], rows: Sequence[tuple[int, int, Sequence[float]]]
) -> Counts:
    documents, label, values = zip(*rows, strict=True) if rows else ((), (), ())
    return make_counts(sides.texts.ids, labels, documents, label, list(values))


_COUNTERS: dict[str, Callable[[Measure, Sides], Outcome]] = {
    "entity": _matched,
    "event": _matched,
    "argument": _matched,
    "attribute": _matched,
    "relation": _matched,
    "surface": _surfaces,
    "cluster": _clusters,
}
