"""Matches of spans: the pairs of gold and system units that may go together, and their credit.

`exact`: the same characters. `overlap`: a character in common. `iou>=t`: characters in common by
characters in either, at least t. `gold-overlap>=t`: by characters of gold's (nervaluate's minimum overlap).
`edit-similarity>=t`: a character in common, and 1 less the edit distance of the words by the longer of them
at least t (brateval's approximate span match). `dice`: twice the common characters by the sum of both, as
credit. `partial`: credit 1 for the same characters, one half for some (SemEval-2013 task 9). `token-iou` and
`token-dice` count tokens in place of characters, `extended` lets the system's lie within gold's extended by a
token on either side (BioNLP'09), `head` wants the same head, `coref` the place of any mention in the cluster
of gold's argument (of relations: see `counting.entities`). In all, whatever else the key names must agree.

All are paired at greatest credit, but for `first-overlap`, which the scorer of HIPE calls fuzzy. After the
mentions that are right in place and type, each of the system's, in text order, takes the first of gold's that
shares a character and is not taken, whatever its type; only then the type decides whether it is right.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from goldwire.eval.counting import align, heads, words
from goldwire.eval.counting.align import Pairs
from goldwire.eval.counting.columns import NONE, Bools, Codes, Ints, Table
from goldwire.eval.counting.keys import ROOM, shared_keys
from goldwire.eval.counting.texts import Texts
from goldwire.eval.counting.units import Units, place
from goldwire.eval.measures.measure import Measure

if TYPE_CHECKING:
    from goldwire.eval.counting.slices import Rows
    from goldwire.eval.measures.slices import Slice

HALF = 0.5  # the credit for a partial match: SemEval-2013 task 9, and MUC before it


class MatchInput(msgspec.Struct, frozen=True, dict=True):
    """Two sets of units to be matched, and what a match may look at besides: tables, texts and codes."""

    gold: Units
    system: Units
    gold_table: Table
    system_table: Table
    texts: Texts
    codes: Codes

    @cached_property
    def near(self) -> Pairs:
        """All pairs that share a character, and whatever else the key names; several matches start here."""
        gold, system = self.gold, self.system
        return align.overlaps(gold.extents, system.extents, gold.group, system.group)

    @cached_property
    def parted(self) -> dict[tuple[Slice, bool], Rows]:
        """The rows of counts by slice, of the slices that were asked for so far; `True` is with labels."""
        return {}


def matched(measure: Measure, case: MatchInput) -> Pairs:
    """The pairs of units that go together: one to one, of greatest total credit (see `align`)."""
    if measure.match == "exact" or measure.by_entity:  # whose keys name the entities
        return exact(case.gold, case.system)
    if measure.match == "first-overlap":
        return _first_overlap(case)
    return align.assign(_CANDIDATES[measure.match](measure, case))


# The pairs that may go together under a measure.
Candidates = Callable[[Measure, MatchInput], Pairs]


def exact(gold: Units, system: Units) -> Pairs:
    """Units of the same key, by a join: keys are distinct on either side and in order."""
    at = np.searchsorted(system.key, gold.key)
    at[at == len(system.key)] = 0
    found = np.flatnonzero(system.key[at] == gold.key) if len(system.key) else np.zeros(0, np.int64)
    return Pairs(found, at[found], np.ones(len(found)), gold.extents.lengths()[found])


def _overlap(_: Measure, case: MatchInput) -> Pairs:
    return case.near


def _gold_overlap(measure: Measure, case: MatchInput) -> Pairs:
    pairs = case.near
    return pairs.take(_reaches(pairs.overlap, case.gold.extents.lengths()[pairs.gold], measure))


def _edit_similarity(measure: Measure, case: MatchInput) -> Pairs:
    pairs, sides = case.near, (case.gold, case.system)
    gold, system = (words.surfaces(side.extents, case.texts) for side in sides)
    both = [(gold[one], system[other]) for one, other in zip(pairs.gold, pairs.system, strict=True)]
    longer = np.array([max(map(len, pair)) for pair in both], np.int64)
    distance = np.array([words.edit_distance(*pair) for pair in both], np.int64)
    return pairs.take(_reaches(longer - distance, longer, measure))


def _partial(_: Measure, case: MatchInput) -> Pairs:
    pairs = case.near
    same = case.gold.key[pairs.gold] == case.system.key[pairs.system]
    return _credited(pairs, np.where(same, 1.0, HALF))


def _iou(measure: Measure, case: MatchInput) -> Pairs:
    pairs = case.near
    return pairs.take(_reaches(pairs.overlap, _sum_of_lengths(pairs, case) - pairs.overlap, measure))


def _reaches(part: Ints, whole: Ints, measure: Measure) -> Bools:
    """Where a part reaches the threshold; in whole numbers, for .3 is three tenths, which no double is."""
    threshold = Fraction(repr(measure.threshold))
    if threshold.denominator * int(whole.max(initial=1)) >= ROOM:  # too many decimals for 64 bits
        part, whole = part.astype(object), whole.astype(object)
    return (part * threshold.denominator >= whole * threshold.numerator).astype(np.bool_)


def _dice(_: Measure, case: MatchInput) -> Pairs:
    pairs = case.near
    return _credited(pairs, 2 * pairs.overlap / _sum_of_lengths(pairs, case))


def _in_tokens(candidates: Candidates) -> Candidates:
    """The same match, counted in tokens."""

    def of_tokens(measure: Measure, case: MatchInput) -> Pairs:
        documents = np.unique(np.concatenate([case.gold.extents.document, case.system.extents.document]))
        found = words.make_words(case.texts, documents.tolist())
        gold, system = (
            replace(units, extents=words.in_tokens(units.extents, found))
            for units in (case.gold, case.system)
        )
        pairs = candidates(measure, replace(case, gold=gold, system=system))
        return _and(pairs, _without_tokens(case, gold))

    return of_tokens


def _without_tokens(case: MatchInput, in_tokens: Units) -> Pairs:
    """Units of the same characters that hold no token (white space): they are the same all the same."""
    same = exact(case.gold, case.system)
    return same.take(in_tokens.extents.lengths()[same.gold] == 0)


def _and(one: Pairs, other: Pairs) -> Pairs:
    columns = ("gold", "system", "credit", "overlap")
    return Pairs(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in columns))


def _extended(_: Measure, case: MatchInput) -> Pairs:
    gold, system = case.gold, case.system
    found = words.make_words(case.texts, np.unique(gold.extents.document).tolist())
    wide, hulls = words.extended(gold.extents, found), words.hulls(system.extents)
    pairs = align.overlaps(wide, hulls, gold.group, system.group)
    inside = (wide.start[pairs.gold] <= hulls.start[pairs.system]) & (
        hulls.end[pairs.system] <= wide.end[pairs.gold]
    )
    return _paired(pairs.gold[inside], pairs.system[inside], case)


def _head(measure: Measure, case: MatchInput) -> Pairs:
    columns = [
        [units.group, *heads.heads(units.extents, _given(measure, units, table), case.texts).T]
        for units, table in ((case.gold, case.gold_table), (case.system, case.system_table))
    ]
    return _paired(*align.equal_pairs(*shared_keys(*columns), case.gold.extents.document), case)


def _given(measure: Measure, units: Units, table: Table) -> Ints | None:
    """The heads that a layer gives; triggers have none."""
    if measure.units == "event":
        return None
    rows = table.argument_mention[units.row] if measure.units == "argument" else units.row
    return table.mention_head[rows]


def _coref(_: Measure, case: MatchInput) -> Pairs:
    owner, mention = _cluster_mates(case.gold, case.gold_table)
    places = place(case.gold_table.mentions.take(mention))
    gold, system = shared_keys(
        [case.gold.group[owner], *places], [case.system.group, *place(case.system.extents)]
    )
    left, right = align.equal_pairs(gold, system, case.gold.extents.document[owner])
    width = max(len(case.system), 1)
    cells = np.unique(owner[left] * width + right)
    return _paired(cells // width, cells % width, case)


def _cluster_mates(units: Units, table: Table) -> tuple[Ints, Ints]:
    """Every (unit, mention) where the mention is the argument's own or of its cluster, in its document."""
    own = table.argument_mention[units.row]
    cluster, document = table.mention_cluster, table.mentions.document
    linked, mates = np.flatnonzero(cluster[own] != NONE), np.flatnonzero(cluster != NONE)
    mine = own[linked]
    keys = shared_keys([document[mine], cluster[mine]], [document[mates], cluster[mates]])
    unit, mention = align.equal_pairs(*keys, document[mine])
    return np.concatenate([np.arange(len(own)), linked[unit]]), np.concatenate([own, mates[mention]])


_CANDIDATES: dict[str, Candidates] = {
    "overlap": _overlap,
    "iou": _iou,
    "token-iou": _in_tokens(_iou),
    "gold-overlap": _gold_overlap,
    "edit-similarity": _edit_similarity,
    "dice": _dice,
    "token-dice": _in_tokens(_dice),
    "partial": _partial,
    "extended": _extended,
    "head": _head,
    "coref": _coref,
}


def _credited(pairs: Pairs, credit: NDArray[np.float64]) -> Pairs:
    return Pairs(pairs.gold, pairs.system, credit, pairs.overlap)


def _sum_of_lengths(pairs: Pairs, case: MatchInput) -> Ints:
    return case.gold.extents.lengths()[pairs.gold] + case.system.extents.lengths()[pairs.system]


def _paired(gold: Ints, system: Ints, case: MatchInput) -> Pairs:
    """Pairs of credit 1, with the characters that they have in common, hull against hull."""
    left, right = case.gold.extents, case.system.extents
    start = np.maximum(left.start[gold], right.start[system])
    end = np.minimum(left.end[gold], right.end[system])
    return Pairs(gold, system, np.ones(len(gold)), np.maximum(end - start, 0))


# ---------------------------------------------------------------- as HIPE's scorer pairs
def _first_overlap(case: MatchInput) -> Pairs:
    """The right ones among the pairs that HIPE's scorer makes (see above)."""
    gold, system = case.gold, case.system
    same, near = exact(gold, system), align.overlaps(gold.extents, system.extents)
    taken, served = np.zeros(len(gold), np.bool_), np.zeros(len(system), np.bool_)
    taken[same.gold], served[same.system] = True, True
    left = np.flatnonzero(~taken[near.gold] & ~served[near.system])
    order = np.lexsort((_in_text(case, gold)[near.gold[left]], _in_text(case, system)[near.system[left]]))
    made = []
    for pair in left[order].tolist():
        one, other = near.gold[pair], near.system[pair]
        if not (taken[one] or served[other]):
            taken[one], served[other] = True, True
            made.append(pair)
    pairs = near.take(np.array(made, np.int64))
    return _and(same, pairs.take(gold.group[pairs.gold] == system.group[pairs.system]))


def _in_text(case: MatchInput, units: Units) -> Ints:
    """The place of each unit in text order; of those in one place, by the name of the type."""
    columns = [units.extents.document, *place(units.extents), case.codes.ranks(units.label)[units.label]]
    positions = np.empty(len(units), np.int64)
    positions[np.lexsort(columns[::-1])] = np.arange(len(units))
    return positions
