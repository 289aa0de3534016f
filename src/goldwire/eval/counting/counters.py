"""Counters from two layers to counts: one for each kind of unit, all with the same arguments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

import msgspec
import numpy as np

from goldwire.corpora.tokens import UNTAGGED
from goldwire.corpora.types import Annotations
from goldwire.eval.counting import entities, extension, forms, slices, words
from goldwire.eval.counting.align import named
from goldwire.eval.counting.columns import Codes, Ints
from goldwire.eval.counting.counts import (
    COLUMNS,
    GOLD,
    GOLD_HITS,
    GRID,
    SYSTEM,
    SYSTEM_HITS,
    Counts,
    Floats,
    make_counts,
)
from goldwire.eval.counting.extension import Numbers
from goldwire.eval.counting.match import MatchInput, exact, matched
from goldwire.eval.counting.reading import Layer
from goldwire.eval.counting.rejected import taken
from goldwire.eval.counting.requirements import counted
from goldwire.eval.counting.slices import AskedSlices, Sliced
from goldwire.eval.counting.tags import (
    OUTSIDE,
    are_same,
    event_labels,
    raw,
    retag,
    spans,
    tag,
    type_of,
    types,
    without,
)
from goldwire.eval.counting.texts import Row, TextRow, Texts
from goldwire.eval.counting.units import Units, make_units
from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.signature import TOKENS
from goldwire.eval.measures.slices import Slice


class GoldAndSystem(msgspec.Struct, frozen=True, dict=True):
    """Gold and one system, ready to be counted; `asked` are the slices of units that are asked for."""

    gold: Layer
    system: Layer
    texts: Texts
    codes: Codes
    asked: AskedSlices = slices.NOTHING

    @cached_property
    def made(self) -> dict[Measure, MatchInput]:
        """What several measures share: the cases made so far."""
        return {}

    @cached_property
    def looked(self) -> dict[tuple[Slice, str, bool], Sliced]:
        """In which slice the rows of both tables are, as far as that was looked for."""
        return {}

    def case(self, measure: Measure) -> MatchInput:
        """The units of both sides under a measure, whatever its match."""
        alike = measure.counted
        if not measure.by_entity:
            alike = msgspec.structs.replace(alike, match="exact", threshold=None)
        if alike not in self.made:
            tables = self.gold.table, self.system.table
            make = entities.make_units if measure.by_entity else make_units
            self.made[alike] = MatchInput(*make(alike, *tables, self.codes), *tables, self.texts, self.codes)
        return self.made[alike]


class Outcome(msgspec.Struct, frozen=True):
    """The counts, and how many units of either side repeated another and were not counted.

    `tokens` says which tokens were counted and where their tags are from: `TOKENS`, Goldwire's own, where
    gold came without any; `FILE`, gold's, with the tags that both came with; `RETAGGED`, gold's, with tags
    made from the system's spans; `TYPED`, gold's, by the types on them, where they came without tags.
    `slices` are the counts by slice, of those that are asked for and that the units can be parted by.
    """

    counts: Counts
    gold_collapsed: int = 0
    system_collapsed: int = 0
    tokens: frozenset[str] = frozenset()
    slices: dict[str, Counts] = {}


def count(measure: Measure, sides: GoldAndSystem) -> Outcome:
    """The counts of a system under a measure, for every document of the gold side."""
    with named(sides.texts.ids):
        return _COUNTERS[counted(measure)](measure.counted, sides)


# ---------------------------------------------------------------- matched units
def _matched(measure: Measure, sides: GoldAndSystem) -> Outcome:
    return count_case(measure, sides, sides.case(measure))


def count_case(measure: Measure, sides: GoldAndSystem, case: MatchInput) -> Outcome:
    """The counts of units that are matched, given those of both sides."""
    gold, system, pairs = case.gold, case.system, matched(measure, case)
    units = _cells(gold), _cells(system)
    credit = None if measure.match == "exact" else pairs.credit  # 1, each
    counts = tally(sides, units, units[0].take(pairs.gold), credit)
    parted = slices.count(measure, sides, case, pairs, credit) if sides.asked.slices else {}
    return Outcome(counts, gold.collapsed, system.collapsed, slices=parted)


class Cells(msgspec.Struct, frozen=True):
    """Units by what they are counted under: the number of a document and the code of a label."""

    document: Ints
    label: Ints

    def take(self, index: Ints) -> Cells:
        """Some of the units."""
        return Cells(self.document[index], self.label[index])


def _cells(side: Units) -> Cells:
    return Cells(side.extents.document, side.label)


def tally(
    sides: GoldAndSystem, units: tuple[Cells, Cells], hits: Cells, credit: Floats | None = None
) -> Counts:
    """Counts from the units of (gold, system) and from the hits, which are one to one and of equal label.

    A hit adds its credit to both sides, 1 if none is given.
    """
    names, rank = _labels(sides.codes, units[0].label, units[1].label)
    cells = [side.document * len(names) + rank[side.label] for side in (*units, hits)]
    rows, (gold, system, hit), size = _rows(cells, len(sides.texts.rows) * len(names))
    weight = None if credit is None else np.rint(credit * GRID) / GRID
    in_gold, in_system = (np.bincount(side, minlength=size) for side in (gold, system))
    right = np.bincount(hit, weight, size)
    here = np.flatnonzero((in_gold + in_system).astype(np.bool_))
    at = here if rows is None else rows[here]
    values = np.empty((len(COLUMNS), len(here))).T  # column by column, as they are added up
    values[:, SYSTEM_HITS] = values[:, GOLD_HITS] = right[here]
    values[:, SYSTEM], values[:, GOLD] = in_system[here], in_gold[here]
    document = at // max(len(names), 1)
    return Counts(
        documents=sides.texts.ids,
        labels=names,
        document=document.astype(np.int32),
        label=(at - document * len(names)).astype(np.int32),
        values=values,
    )


DENSE = 10  # a table of all cells is made if it has up to so many for each unit


def _rows(cells: Sequence[Ints], size: int) -> tuple[Ints | None, Sequence[Ints], int]:
    """The cells looked at (None: all of them), the place of each unit's cell among them, their number."""
    both = cells[0], cells[1]
    if size <= DENSE * sum(map(len, both)):
        return None, cells, size
    rows = np.unique(np.concatenate(both))
    return rows, [np.searchsorted(rows, cell) for cell in cells], len(rows)


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
def _surfaces(measure: Measure, sides: GoldAndSystem) -> Outcome:
    """Distinct (surface, type): those of spans right in place, of all produced, of all in gold.

    The definition of WNUT-17. A form that occurs in several documents is counted in the first of them, so
    these counts do not add up over corpora.
    """
    case = sides.case(msgspec.structs.replace(measure, key=("span", *measure.key[1:])))
    gold, system = case.gold, case.system
    hits = exact(gold, system).gold
    forms = [_forms(side, sides.texts) for side in (gold, system)]
    home: dict[tuple[str, int], int] = {}
    for side, names in zip((gold, system), forms, strict=True):
        for form, document in zip(names, side.extents.document.tolist(), strict=True):
            home[form] = min(document, home.get(form, document))
    found = [_distinct(names, home) for names in (*forms, [forms[0][hit] for hit in hits.tolist()])]
    counts = tally(sides, (found[0], found[1]), found[2])
    ours, theirs = (len(names) - len(set(names)) for names in forms)
    return Outcome(counts, ours, theirs)


def _forms(side: Units, texts: Texts) -> list[tuple[str, int]]:
    """The surface of each unit and the code of its label."""
    return list(zip(words.surfaces(side.extents, texts), side.label.tolist(), strict=True))


def _distinct(forms: Iterable[tuple[str, int]], home: dict[tuple[str, int], int]) -> Cells:
    distinct = sorted(set(forms))
    return Cells(
        np.array([home[form] for form in distinct], np.int64),
        np.array([label for _, label in distinct], np.int64),
    )


# ---------------------------------------------------------------- forms, wherever they stand
def _by_form(measure: Measure, sides: GoldAndSystem) -> Outcome:
    known = Codes()
    both = [
        forms.of_layer(measure, layer, sides.texts, sides.codes, known)
        for layer in (sides.gold, sides.system)
    ]
    kept = both if measure.match == "bag" else [forms.distinct(side) for side in both]
    gold, system, hits = (Cells(side.document, side.label) for side in forms.shared(kept[0], kept[1]))
    counts = tally(sides, (gold, system), hits)
    ours, theirs = (len(one.form) - len(own.form) for one, own in zip(both, kept, strict=True))
    return Outcome(counts, ours, theirs)


# ---------------------------------------------------------------- counted document by document
def _clusters(measure: Measure, sides: GoldAndSystem) -> Outcome:
    from goldwire.eval.counting import coref  # brings scipy, which most scorings never need

    make = coref.entity_clusters if measure.key == ("span",) else coref.event_clusters
    unit = "mentions" if measure.key == ("span",) else "events"
    parts = coref.MEANS.get(measure.match, (measure.match,))
    repeated = [0, 0]

    def numbers(gold: Annotations, system: Annotations, _: Row) -> Mapping[str, Numbers]:
        ours, theirs = make(gold), make(system)
        theirs = coref.without_repeats(theirs, ours)
        for side, (layer, clusters) in enumerate(((gold, ours), (system, theirs))):
            repeated[side] += len(getattr(layer, unit)) - sum(map(len, clusters))
        found = coref.count(ours, theirs, parts)
        return found if len(parts) > 1 else {"": found[measure.match]}

    return Outcome(_by_document(sides, numbers).counts, repeated[0], repeated[1])


def _templates(measure: Measure, sides: GoldAndSystem) -> Outcome:
    from goldwire.eval.counting import templates

    typed = "type" in measure.key

    def numbers(gold: Annotations, system: Annotations, row: Row) -> Mapping[str, Numbers]:
        text = row.text if "surface" in measure.key and isinstance(row, TextRow) else None
        filled = (templates.fill(side, text, typed=typed) for side in (gold, system))
        return templates.MATCHES[measure.match](*filled)

    return _by_document(sides, numbers)


def _incidents(_: Measure, sides: GoldAndSystem) -> Outcome:
    from goldwire.eval.counting import incidents

    return _by_document(sides, incidents.numbers)


FILE, RETAGGED, TYPED = "file", "file-retagged", "file-types"


def _tokens(measure: Measure, sides: GoldAndSystem) -> Outcome:
    """Tokens by their tags; with `span` in the key by type, those outside of mentions on a side left out.

    Where gold came with tokens, those are counted, by their raw tags; where it has none, by types, of which
    neither side has a prefix. Rejected units tag no tokens.
    """
    by_type = "span" in measure.key
    used: set[str] = set()

    def numbers(gold: Annotations, system: Annotations, row: Row) -> Mapping[str, Numbers]:
        pair, source = _tagged(gold, taken(system), sides, row)
        used.add(source)
        if by_type and source not in {TOKENS, TYPED}:  # else they are types already
            pair = list(map(type_of, pair[0])), list(map(type_of, pair[1]))
        ours, theirs = Counter(pair[0]), Counter(pair[1])
        both = Counter(one for one, other in zip(*pair, strict=True) if one == other)
        labels = {*ours, *theirs} - ({OUTSIDE} if by_type else set())
        return {label: (both[label], theirs[label], both[label], ours[label]) for label in labels}

    outcome = _by_document(sides, numbers, everywhere=True)
    return msgspec.structs.replace(outcome, tokens=frozenset(used))


def _tagged(
    gold: Annotations, system: Annotations, sides: GoldAndSystem, row: Row
) -> tuple[tuple[list[str], list[str]], str]:
    """The tags of both sides on the same tokens of a document, and where they are from."""
    kept, own = sides.gold.tokens.get(row.id), sides.system.tokens.get(row.id)
    if kept is None:
        text = row.text if isinstance(row, TextRow) else ""
        return (tag(gold, text, row.excluded), tag(system, text, row.excluded)), TOKENS
    words = spans(kept) if row.excluded else ()
    if kept.scheme == UNTAGGED:
        pair = types(gold, kept), types(system, kept)
        return (without(pair[0], words, row.excluded), without(pair[1], words, row.excluded)), TYPED
    alike = own is not None and own.scheme != UNTAGGED and are_same(kept, own)
    theirs = raw(own) if own is not None and alike else retag(system, kept)
    pair = without(raw(kept), words, row.excluded), without(theirs, words, row.excluded)
    return pair, FILE if alike or not system.mentions else RETAGGED


def _documents(_: Measure, sides: GoldAndSystem) -> Outcome:
    def numbers(gold: Annotations, system: Annotations, _: Row) -> Mapping[str, Numbers]:
        ours, theirs = event_labels(gold), event_labels(taken(system))
        return {
            label: (label in ours & theirs, label in theirs, label in ours & theirs, label in ours)
            for label in ours | theirs
        }

    return _by_document(sides, numbers)


def _extension(measure: Measure, sides: GoldAndSystem) -> Outcome:
    counted = extension.Counted(measure)
    outcome = _by_document(sides, counted.numbers)
    counted.check()
    return outcome


def _by_document(
    sides: GoldAndSystem,
    numbers: Callable[[Annotations, Annotations, Row], Mapping[str, Numbers]],
    *,
    everywhere: bool = False,
) -> Outcome:
    """Counts from a function that gives four numbers by label for one document.

    It is asked only for documents with a line on either side, unless `everywhere`.
    """
    gold, system = ({item.document: item for item in side.items} for side in (sides.gold, sides.system))
    labels = Codes()
    cells: list[tuple[int, int]] = []
    values: list[Numbers] = []
    for number, row in enumerate(sides.texts.rows):
        if everywhere or row.id in gold or row.id in system:
            nothing = Annotations(document=row.id, sha256=row.sha256)
            found = numbers(gold.get(row.id, nothing), system.get(row.id, nothing), row)
            cells += [(number, labels[label]) for label in found]
            values += found.values()
    where = np.array(cells, np.int64).reshape(-1, 2).T
    return Outcome(make_counts(sides.texts.ids, labels.names(), where[0], where[1], values))


_COUNTERS: dict[str, Callable[[Measure, GoldAndSystem], Outcome]] = {
    "entity": _matched,
    "event": _matched,
    "argument": _matched,
    "attribute": _matched,
    "relation": _matched,
    "surface": _surfaces,
    "form": _by_form,
    "incident": _incidents,
    "cluster": _clusters,
    "template": _templates,
    "token": _tokens,
    "document": _documents,
    "extension": _extension,
}
