"""Slices of units: the counts of a measure parted by what its units are, from its matching as it is made.

A gold unit counts in the slice that gold's words are in, a system's in that of its own: a pair whose sides
are in two slices is a hit of gold in one and of the system in the other. So sums over slices are the whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise, repeat
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from goldwire.corpora.offsets import tokens
from goldwire.corpora.sentences import sentences
from goldwire.corpora.values import parts
from goldwire.eval.counting import align, words
from goldwire.eval.counting.columns import NONE, Codes, Extents, Ints, Table
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
from goldwire.eval.counting.rejected import BEYOND
from goldwire.eval.counting.texts import Texts
from goldwire.eval.counting.units import Units
from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.slices import OF_ARGUMENTS, Slice

if TYPE_CHECKING:
    from goldwire.eval.counting.align import Pairs
    from goldwire.eval.counting.counters import GoldAndSystem
    from goldwire.eval.counting.match import MatchInput

MISSING = "none given"  # the value of what has none
REALIS = "realis"  # the attribute of events


class Known(msgspec.Struct, frozen=True):
    """The words that a layer has as units in some documents, by kind of unit, and how often.

    `digest` is of all of it; `groups` are those of near-duplicates among the documents.
    """

    words: Mapping[str, Mapping[str, int]]
    documents: frozenset[str]
    groups: frozenset[str]
    digest: str


class AskedSlices(NamedTuple):
    """The slices of units that are asked for, and the words that they look at.

    `by_type` are the measures, as they are counted, with an average over types: their counts are kept by
    slice and label, those of others by slice alone, which has far fewer kinds of documents.
    """

    slices: Mapping[Slice, Known | None] = {}
    by_type: frozenset[Measure] = frozenset()


NOTHING = AskedSlices()


class Sliced(NamedTuple):
    """The slice of each unit, as a number, and the names of all numbers."""

    number: Ints
    names: tuple[str, ...]


class Looked(NamedTuple):
    """What decides in which slice each row of a table is: rows of mentions, of events or of arguments."""

    rows: str
    table: Table
    texts: Texts
    codes: Codes
    known: Known | None

    @property
    def extents(self) -> Extents:
        """Where the mentions stand, or the triggers."""
        return self.table.events if self.rows == "event" else self.table.mentions


# The units that a slice is of: without words of their own there is nothing to part by.
_BEARERS = {"entity": "mention", "event": "event", "argument": "mention"}


def applies(part: Slice, measure: Measure) -> bool:
    """Whether the units of a measure can be parted so."""
    if "surface" in measure.key or measure.match in ("bag", "form"):
        return False
    if part.name in OF_ARGUMENTS:
        return measure.units == "argument"
    if part.name == REALIS:
        return measure.units in ("event", "argument") or _is_of_events(measure)
    return measure.units in _BEARERS or measure.units == "attribute"


def _is_of_events(measure: Measure) -> bool:
    return measure.units == "attribute" and measure.bearer == "event"


def _bearer(measure: Measure) -> str:
    """What has the words of a unit: a mention, or an event."""
    return _BEARERS.get(measure.units) or measure.bearer


# ---------------------------------------------------------------- the counts
def count(
    measure: Measure, sides: GoldAndSystem, case: MatchInput, pairs: Pairs, weight: Floats | None
) -> dict[str, Counts]:
    """The counts by slice and label (see `encode`) of each slice that is asked for and applies.

    The label is "" unless an average looks at labels.
    """
    found, by_type = {}, measure in sides.asked.by_type
    for part in sides.asked.slices:
        if applies(part, measure):
            if (part, by_type) not in case.parted:
                both = [
                    _of_units(part, measure, sides, units, table)
                    for units, table in ((case.gold, case.gold_table), (case.system, case.system_table))
                ]
                case.parted[part, by_type] = _rows(case, both, by_type=by_type)
            found[str(part)] = _counts(case.parted[part, by_type], case.texts.ids, pairs, weight)
    return found


def _of_units(part: Slice, measure: Measure, sides: GoldAndSystem, units: Units, table: Table) -> Sliced:
    """The slice of each unit, from those of the rows that units are made from, found once."""
    bearer, index = _bearer(measure), units.row
    if measure.units == "argument":
        if part.name in OF_ARGUMENTS:
            bearer = "argument"
        elif part.name == REALIS:
            bearer, index = "event", table.argument_event[index]
        else:
            index = table.argument_mention[index]
    key = part, bearer, table is sides.gold.table
    if key not in sides.looked:
        looked = Looked(bearer, table, sides.texts, sides.codes, sides.asked.slices[part])
        sides.looked[key] = _SLICERS[part.name](looked)
    return Sliced(sides.looked[key].number[index], sides.looked[key].names)


class Rows(NamedTuple):
    """The rows of counts by slice and label, before any hits: in order, and the row of each unit.

    `units` has how many of the system's and of gold's units are in each.
    """

    labels: tuple[str, ...]
    document: Ints
    label: Ints
    gold: Ints
    system: Ints
    units: tuple[Ints, Ints]


def _rows(case: MatchInput, sides: Sequence[Sliced], *, by_type: bool) -> Rows:
    values, names = Codes(), case.codes.names() if by_type else ("",)
    cells = []
    for units, sliced in zip((case.gold, case.system), sides, strict=True):
        ranks = np.array([values[name] for name in sliced.names], np.int64)[sliced.number]
        cells.append(ranks * len(names) + units.label if by_type else ranks)
    there = np.zeros(max(len(values) * len(names), 1), np.bool_)
    for own in cells:
        there[own] = True
    held, used = values.names(), np.flatnonzero(there).tolist()
    named = sorted((encode(held[cell // len(names)], names[cell % len(names)]), cell) for cell in used)
    many, rank = max(len(named), 1), np.zeros(len(there), np.int64)
    rank[[cell for _, cell in named]] = np.arange(len(named))
    placed = [
        units.extents.document * many + rank[own]
        for units, own in zip((case.gold, case.system), cells, strict=True)
    ]
    rows, place = np.unique(np.concatenate(placed), return_inverse=True)
    gold, system = np.split(place, [len(case.gold)])
    each = np.bincount(system, minlength=len(rows)), np.bincount(gold, minlength=len(rows))
    return Rows(tuple(label for label, _ in named), rows // many, rows % many, gold, system, each)


def _counts(rows: Rows, documents: tuple[str, ...], pairs: Pairs, weight: Floats | None) -> Counts:
    size = len(rows.document)
    hits = [np.bincount(side, weight, size) for side in (rows.system[pairs.system], rows.gold[pairs.gold])]
    values: Floats = np.empty((len(COLUMNS), size)).T  # column by column, as they are added up
    for column, numbers in zip((SYSTEM_HITS, GOLD_HITS, SYSTEM, GOLD), (*hits, *rows.units), strict=True):
        values[:, column] = numbers
    if weight is not None:
        values = np.rint(values * GRID) / GRID
    return Counts(documents, rows.labels, rows.document.astype(np.int32), rows.label.astype(np.int32), values)


def encode(value: str, label: str) -> str:
    """The label of counts by slice: the value of the slice and the label of the unit.

    >>> decode(encode("no", "PER"))
    ('no', 'PER')
    """
    return msgspec.json.encode((value, label)).decode()


def decode(label: str) -> tuple[str, str]:
    """What `encode` put together."""
    return msgspec.json.decode(label, type=tuple[str, str])


def label_faults(labels: Sequence[str], values: Sequence[str]) -> Iterator[str]:
    """What is wrong with labels that should be those of `encode`, with these values."""
    for label in labels:
        try:
            value, _ = decode(label)
        except msgspec.DecodeError:
            yield f"{label!r} is no value and label of a unit"
        else:
            if value not in values:
                yield f"there is no value {value!r}"


def part(counts: Counts, value: str) -> tuple[Counts, Counts]:
    """The counts of one slice, and those of the rest, by the labels of units."""
    pairs = list(map(decode, counts.labels))
    labels = tuple(label for _, label in pairs)
    own = np.array([named == value for named, _ in pairs], np.bool_)[counts.label]
    inside, outside = (
        make_counts(counts.documents, labels, counts.document[rows], counts.label[rows], counts.values[rows])
        for rows in (own, ~own)
    )
    weigh = partial(msgspec.structs.replace, weights=counts.weights)
    return weigh(inside), weigh(outside)


# ---------------------------------------------------------------- which slice a unit is in
YES_NO = ("no", "yes")
TIMES = (1, 2, 5, 20)  # from which a bin of frequencies begins
TIMES_NAMES = ("0", "1", "2–4", "5–19", "20 or more")
LENGTHS = (2, 3, 4)
LENGTH_NAMES = ("1", "2", "3", "4 or more")
DISTANCES = (1, 4, 10)
DISTANCE_NAMES = ("0", "1–3", "4–9", "10 or more")
_ORDERS = {
    "seen": ("yes", "no"),
    "nested": ("no", "yes"),
    "discontinuous": ("no", "yes"),
    "frequency": TIMES_NAMES,
    "unit-length": LENGTH_NAMES,
    "distance": DISTANCE_NAMES,
    "sentence": ("same", "across"),
}


def in_order(part: Slice, values: Sequence[str]) -> tuple[str, ...]:
    """The values of a slice of units as they are shown: bins in order, what has none last."""
    order = {value: place for place, value in enumerate(_ORDERS.get(part.name, ()))}
    return tuple(sorted(values, key=lambda value: (value == MISSING, order.get(value, len(order)), value)))


def _seen(looked: Looked) -> Sliced:
    return _by_words(looked, lambda times: int(times > 0), YES_NO)


def _frequency(looked: Looked) -> Sliced:
    return _by_words(looked, lambda times: bisect_right(TIMES, times), TIMES_NAMES)


def _by_words(looked: Looked, bin_of: Callable[[int], int], names: tuple[str, ...]) -> Sliced:
    known = {} if looked.known is None else looked.known.words[looked.rows]
    bins = {word: bin_of(times) for word, times in known.items()}
    return _of_words(surfaces(looked.extents, looked.texts), bins, names)


def _unit_length(looked: Looked) -> Sliced:
    """By tokens; what has none, as what stands beyond the text, has no length."""
    found = words.count_tokens(_cut(looked.extents, looked.texts))
    number = np.where(found > 0, np.searchsorted(LENGTHS, found, "right"), len(LENGTH_NAMES))
    return Sliced(number, (*LENGTH_NAMES, MISSING))


def _of_words(found: list[str], bins: dict[str, int], names: tuple[str, ...]) -> Sliced:
    """By the words of each, the first bin for those of none; a rejected unit that stands nowhere has none."""
    bins[""] = len(names)
    return Sliced(np.fromiter(map(bins.get, found, repeat(0)), np.int64, len(found)), (*names, MISSING))


# White space but for the blank: where a text has none of it, nor two blanks, words are as they stand.
_SPACES = (
    *"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007",
    *"\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000",
    "  ",
)


def surfaces(extents: Extents, texts: Texts) -> list[str]:
    """The words of each unit, white space between them as one blank; "" of what stands beyond the text."""
    found = _cut(extents, texts)
    text = "".join(found)
    if any(sign in text for sign in _SPACES):
        return [" ".join(word.split()) for word in found]
    return list(map(str.strip, found))


def _cut(extents: Extents, texts: Texts) -> list[str]:
    """The words of each unit as they stand, its parts joined by a blank."""
    each = texts.texts
    columns = extents.document[extents.owner], extents.starts, extents.ends
    places = zip(*(column.tolist() for column in columns), strict=True)
    parts = [each[document][start:end] for document, start, end in places]
    if len(parts) == len(extents):
        return parts
    return [" ".join(parts[low:high]) for low, high in pairwise(extents.offset.tolist())]


def _nested(looked: Looked) -> Sliced:
    """Whether a unit's characters are in another's of its layer, or hold another's: of other extents."""
    extents = looked.extents
    pairs = align.overlaps(extents, extents)
    own, other = extents.lengths()[pairs.gold], extents.lengths()[pairs.system]
    inside = (pairs.overlap == np.minimum(own, other)) & (own != other)
    found = np.zeros(len(extents), np.int64)
    found[pairs.gold[inside]] = 1
    return Sliced(found, YES_NO)


def _discontinuous(looked: Looked) -> Sliced:
    return Sliced((looked.extents.shape > 0).astype(np.int64), YES_NO)


def _ends(looked: Looked) -> tuple[Extents, Extents]:
    """The trigger and the filler of each argument."""
    table = looked.table
    return table.events.take(table.argument_event), table.mentions.take(table.argument_mention)


def _sentence(looked: Looked) -> Sliced:
    triggers, fillers = _ends(looked)
    begins: dict[int, list[int]] = {}
    found = np.full(len(fillers), 2)
    places = zip(fillers.document.tolist(), triggers.start.tolist(), fillers.start.tolist(), strict=True)
    for unit, (document, trigger, filler) in enumerate(places):
        if max(trigger, filler) < BEYOND:
            if document not in begins:
                text, row = looked.texts.text(document), looked.texts.rows[document]
                begins[document] = [one[0].start for one in sentences(text, row.excluded)]
            first, second = (bisect_right(begins[document], at) for at in (trigger, filler))
            found[unit] = int(first != second)
    return Sliced(found, ("same", "across", MISSING))


def _distance(looked: Looked) -> Sliced:
    """The tokens between trigger and argument, 0 where they touch or share characters."""
    triggers, fillers = _ends(looked)
    low = np.minimum(triggers.end, fillers.end)
    high = np.maximum(triggers.start, fillers.start)
    found = np.full(len(fillers), len(DISTANCE_NAMES))
    places = zip(fillers.document.tolist(), low.tolist(), high.tolist(), strict=True)
    for unit, (document, start, end) in enumerate(places):
        if end < BEYOND:
            between = len(tokens(looked.texts.text(document)[start:end])) if start < end else 0
            found[unit] = bisect_right(DISTANCES, between)
    return Sliced(found, (*DISTANCE_NAMES, MISSING))


def _realis(looked: Looked) -> Sliced:
    """The realis of events; several values at once are a value of their own."""
    names = looked.codes.names()
    used, number = np.unique(looked.table.event_attributes[REALIS], return_inverse=True)
    told = (MISSING if code == NONE else " + ".join(parts(names[code])) for code in used.tolist())
    return Sliced(number, tuple(told))


_SLICERS: dict[str, Callable[[Looked], Sliced]] = {
    "seen": _seen,
    "frequency": _frequency,
    "nested": _nested,
    "discontinuous": _discontinuous,
    "unit-length": _unit_length,
    "sentence": _sentence,
    "distance": _distance,
    "realis": _realis,
}
