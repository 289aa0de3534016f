"""Slices of records: figures of each with their intervals, and whether a slice is unlike the rest.

Everything is from the counts in records; nothing is scored again. All slices of all systems under one measure
are one family of tests (Holm). A slice that could not show ten points is never called better or worse.
A system that was run several times is one: its figures are means over runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from goldwire.corpora.errors import JudgementError, MeasureError, among
from goldwire.corpora.visible import line
from goldwire.eval.comparison.alike import Kinds, find_kinds, is_plain, masked, table_of
from goldwire.eval.comparison.compare import F
from goldwire.eval.comparison.contender import Contender
from goldwire.eval.counting.columns import Ints
from goldwire.eval.counting.counts import Counts, Patterns
from goldwire.eval.counting.slices import part
from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.slices import parse_slice
from goldwire.eval.scoring.drawing import drawing
from goldwire.eval.scoring.means import mean_score
from goldwire.eval.scoring.record import Interval, Record, Slicing
from goldwire.eval.scoring.several import mean_intervals
from goldwire.eval.statistics import slices as statistics
from goldwire.eval.statistics.contrast import holm
from goldwire.eval.statistics.figures import FIGURES, Score, estimator, headline, is_defined, rows, undefined
from goldwire.eval.statistics.intervals import figure_intervals
from goldwire.eval.statistics.power import ALPHA
from goldwire.eval.statistics.resample import Floats, summed

Standing = Literal["better", "worse", "not told apart", "too few", "alone"]


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class SliceScore(_Struct, frozen=True):
    """One slice of one system: its figures, means over its runs, and how it stands to the rest.

    `documents` have a unit of it, on either side. `difference` is F of the slice less F of the rest, `p` is
    of the test of one against the other, `p_holm` corrected for all slices and systems of the measure; None
    is undefined. `standing` is `too few` where the slice could not show ten points, and `alone` where there
    is no rest.
    """

    value: str
    documents: int
    score: Score
    intervals: dict[str, Interval] = {}
    difference: float | None = None
    p: float | None = None
    p_holm: float | None = None
    standing: Standing = "alone"
    signature: str = ""


class SlicedSystem(_Struct, frozen=True):
    """One system under one measure, by one slice, and how many runs of it there are (0 of one without)."""

    slice: str
    measure: str
    system: str
    scores: tuple[SliceScore, ...]
    runs: int = 0


class Side(NamedTuple):
    """The counts of a slice and of the rest, on all documents; a slice of documents has those of `places`."""

    inside: Counts
    outside: Counts
    places: Ints | None = None

    def own(self) -> Counts:
        """The counts of the slice, on its documents."""
        if self.places is None:
            return self.inside
        counts, ids = self.inside, self.inside.documents
        document = np.searchsorted(self.places, counts.document).astype(np.int32)
        own = tuple(ids[place] for place in self.places.tolist())
        weights = None if counts.weights is None else counts.weights.take(self.places)
        return Counts(own, counts.labels, document, counts.label, counts.values, weights)

    def groups(self, record: Record) -> tuple[int, ...] | None:
        """The groups of near-duplicates of its documents."""
        if record.groups is None or self.places is None:
            return record.groups
        return tuple(record.groups[place] for place in self.places.tolist())


# ---------------------------------------------------------------- counts
def find(record: Record, text: str) -> Slicing:
    """The slicing of a record by its string form; `JudgementError` if it has none of that name."""
    wanted = str(parse_slice(text))
    found = {slicing.slice: slicing for slicing in record.slices}
    if wanted not in found:
        raise JudgementError(
            f"the record has no slice {wanted!r}{among(wanted, found)}; score with --slice {wanted}"
        )
    return found[wanted]


def resolve(record: Record, text: str) -> tuple[Slicing, str]:
    """The slice of a record that `NAME:VALUE` means, NAME being its string form or what that begins with.

    Raises `JudgementError` if the record was not scored with it, or if several are meant.
    """
    found = {
        (slicing.slice, value): slicing
        for slicing in record.slices
        for value in slicing.values
        if text in (f"{slicing.slice}:{value}", f"{parse_slice(slicing.slice).name}:{value}")
    }
    if len(found) == 1:
        [((_, value), slicing)] = found.items()
        return slicing, value
    if found:
        forms = (f"{slice_}:{value}" for slice_, value in found)
        raise JudgementError(
            f"{text!r} means several slices: {', '.join(forms)}; write the one that is meant"
        )
    there = [f"{slicing.slice}:{value}" for slicing in record.slices for value in slicing.values]
    raise JudgementError(f"there is no slice {text!r}{among(text, there)}{_to_score(record, text)}")


def _to_score(record: Record, text: str) -> str:
    """What `NAME:VALUE` is to be scored with; nothing where the record was, and has no such value."""
    names = {parse_slice(slicing.slice).name for slicing in record.slices}
    ends = [place for place, sign in enumerate(text) if sign == ":"]
    for end in reversed(ends):
        with suppress(MeasureError):
            part = parse_slice(text[:end])
            return "" if part.name in names else f"; score with --slice {part}"
    return (
        ""
        if text.partition(":")[0] in names
        else "; score with --slice, for instance --slice seen:layer=gold,split=train"
    )


def sides(record: Record, slicing: Slicing, system: str, measure: Measure) -> dict[str, Side]:
    """The counts of each slice and of its rest, by value; empty where the measure's units are not parted."""
    if str(measure.counted) in slicing.unparted:
        return {}
    if not parse_slice(slicing.slice).of_units:
        return _of_documents(slicing, record.get_counts(system, measure))
    table = table_of(slicing, system, measure)
    if table is None:
        return {}
    counts = record.decode(table)
    return {value: Side(*part(counts, value)) for value in slicing.values}


def _of_documents(slicing: Slicing, counts: Counts) -> dict[str, Side]:
    homes = np.array(slicing.documents, np.int64)
    found = {}
    for place, value in enumerate(slicing.values):
        own = homes[counts.document] == place
        found[value] = Side(masked(counts, own), masked(counts, ~own), np.flatnonzero(homes == place))
    return found


# ---------------------------------------------------------------- figures and tests
class _Asked(NamedTuple):
    """One slice of one system, with the counts of each of its runs, and what the test needs."""

    system: Contender
    slicing: Slicing
    value: str
    sides: tuple[Side, ...] | tuple[Kinds]
    pieces: statistics.Pieces | None


def compare_slices(systems: Sequence[Contender], measure: Measure, *, seed: int = 0) -> list[SlicedSystem]:
    """Every slice that all records have, of every system, under a measure."""
    asked = list(_asked(systems, measure))
    tested = [one for one in asked if one.pieces is not None and not _is_mirrored(one)]
    raw = [statistics.p_value(one.pieces, seed=seed) for one in tested if one.pieces is not None]
    chances = {_key(one): pair for one, pair in zip(tested, zip(raw, holm(raw), strict=True), strict=True)}
    found: dict[tuple[str, str], list[SliceScore]] = {}
    for one in asked:
        p = chances.get(_key(one)) or chances.get(_mirror(one))
        score = _score(one, measure, p, len(tested))
        found.setdefault((one.slicing.slice, one.system.name), []).append(score)
    runs = {system.name: len(system.runs) for system in systems}
    return [
        SlicedSystem(
            slice=slice_, measure=str(measure), system=system, runs=runs[system], scores=tuple(scores)
        )
        for (slice_, system), scores in found.items()
    ]


def _key(one: _Asked) -> tuple[str, str, str]:
    return one.system.name, one.slicing.slice, one.value


def _is_mirrored(one: _Asked) -> bool:
    """Whether it is the second of two: its test is that of the first."""
    return len(one.slicing.values) == 2 and one.value == one.slicing.values[1]  # noqa: PLR2004 - a pair


def _mirror(one: _Asked) -> tuple[str, str, str]:
    return (one.system.name, one.slicing.slice, one.slicing.values[0]) if _is_mirrored(one) else _key(one)


def _asked(systems: Sequence[Contender], measure: Measure) -> Iterator[_Asked]:
    for slice_ in common(systems):
        for system in systems:
            slicing = find(system.record, slice_)
            of_system = list(_of_system(system, slicing, measure))
            pieces = statistics.with_design([one.pieces for one in of_system])
            yield from (one._replace(pieces=own) for one, own in zip(of_system, pieces, strict=True))


def _of_system(system: Contender, slicing: Slicing, measure: Measure) -> Iterator[_Asked]:
    if is_plain(system, measure):
        for value, kinds in find_kinds(system.record, slicing, system.layers[0], measure).items():
            yield _Asked(system, slicing, value, (kinds,), _of_kinds(slicing, kinds, measure))
        return
    each = [sides(system.record, slicing, layer, measure) for layer in system.layers]
    for value in each[0]:
        own = tuple(one[value] for one in each)
        yield _Asked(system, slicing, value, own, _pieces(system, slicing, own, measure))


def common(systems: Sequence[Contender]) -> list[str]:
    """The slices that the records of all systems have, with the same values of documents and words."""
    first = systems[0].record
    return [
        slicing.slice for slicing in first.slices if all(_is_in(slicing, system.record) for system in systems)
    ]


def _is_in(slicing: Slicing, record: Record) -> bool:
    others = [one for one in record.slices if one.slice == slicing.slice]
    return any((one.documents, one.words) == (slicing.documents, slicing.words) for one in others)


def _pieces(
    system: Contender, slicing: Slicing, own: Sequence[Side], measure: Measure
) -> statistics.Pieces | None:
    if any(_headline(counts, measure).f is None for side in own for counts in (side.inside, side.outside)):
        return None
    labels = sorted({label for side in own for counts in side[:2] for label in counts.labels})
    found = statistics.of_runs(
        [_tables(side, measure, labels, system.record.groups) for side in own],
        estimator(measure),
        F,
        units=parse_slice(slicing.slice).of_units,
    )
    return found if found is None or system.record.scaled is None else found.spread(system.record.scaled.each)


def _of_kinds(slicing: Slicing, own: Kinds, measure: Measure) -> statistics.Pieces | None:
    if any(_headline(counts, measure).f is None for counts in (own.inside, own.outside)):
        return None
    units = parse_slice(slicing.slice).of_units
    return statistics.pieces(*own.rows, estimator(measure), F, units=units, kind=own.kind)


def _tables(
    side: Side, measure: Measure, labels: Sequence[str], groups: Sequence[int] | None
) -> tuple[Floats, Floats]:
    inside, outside = (rows(counts, measure, labels) for counts in (side.inside, side.outside))
    return summed(inside, groups), summed(outside, groups)


def _score(
    one: _Asked, measure: Measure, chance: tuple[float, float | None] | None, tests: int
) -> SliceScore:
    score = mean_score([_headline(side.inside, measure) for side in one.sides])
    rest = mean_score([_headline(side.outside, measure) for side in one.sides])
    p, adjusted = chance if chance is not None and one.pieces is not None else (None, None)
    difference = None if score.f is None or rest.f is None else score.f - rest.f
    standing = _standing(one.pieces, difference, adjusted, tests)
    return SliceScore(
        value=one.value,
        documents=_documents(one.sides),
        score=score,
        intervals=_intervals(one, measure),
        difference=difference,
        p=p,
        p_holm=adjusted,
        standing=standing,
        signature=signature(one.system.result(str(measure)).signature, one.slicing, one.value),
    )


def _documents(sides: Sequence[Side | Kinds]) -> int:
    """In how many documents there is a unit of the slice, in any run."""
    there: set[int] = set()
    for side in sides:
        if isinstance(side, Kinds):
            return int(side.inside.times[np.unique(side.inside.counts.document)].sum())
        there.update(side.inside.document.tolist())
    return len(there)


def _headline(counts: Counts | Patterns, measure: Measure) -> Score:
    found = headline(counts, measure)
    return found if _is_defined(counts) else undefined(found)


def _is_defined(counts: Counts | Patterns) -> bool:
    return is_defined(counts.counts if isinstance(counts, Patterns) else counts)


def _standing(
    pieces: statistics.Pieces | None, difference: float | None, p: float | None, tests: int
) -> Standing:
    if difference is None:
        return "alone"
    if pieces is None:
        return "too few"
    if not statistics.shows(pieces, tests):
        return "too few"
    # A mean over labels may go one way where labels, each held against itself, go the other.
    if p is None or p > ALPHA or difference * statistics.difference(pieces) <= 0:
        return "not told apart"
    return "better" if difference > 0 else "worse"


def _intervals(one: _Asked, measure: Measure) -> dict[str, Interval]:
    drawn = drawing(one.system.record)
    if drawn is None or not all(_is_defined(side.inside) for side in one.sides):
        return {}
    first, counts = one.sides[0], [side.own() for side in one.sides if isinstance(side, Side)]
    if isinstance(first, Kinds):
        found = figure_intervals(first.inside, measure, **drawn._asdict())
    elif one.system.runs:
        found = mean_intervals(counts, measure, first.groups(one.system.record), **drawn._asdict())
    else:
        groups = first.groups(one.system.record)
        found = figure_intervals(counts[0], measure, groups=groups, **drawn._asdict())
    return {
        figure: Interval(low=found[figure].low, high=found[figure].high, remark=found[figure].remark)
        for figure in FIGURES
    }


def signature(of_whole: str, slicing: Slicing, value: str) -> str:
    """The signature of a slice's figure: that of the whole, and which slice it is.

    >>> signature("entity:…", Slicing(slice="source", values=("a|b",)), "a|b")
    'entity:…|slice:source=a¦b'
    """
    words = f"#{slicing.words}" if slicing.words else ""
    return f"{of_whole}|slice:{slicing.slice}{words}={line(value).replace('|', '¦')}"
