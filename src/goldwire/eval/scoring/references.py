"""Counts of a system against several references, by a policy (see `measures.references`).

Everything here is per document, so that blocks add up whatever the policy, and intervals and tests are those
of any other counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, reduce
from operator import add

import msgspec
import numpy as np

from goldwire.corpora.errors import DataError, MeasureError
from goldwire.eval.counting import columns, counters, requirements
from goldwire.eval.counting.columns import Ints
from goldwire.eval.counting.counters import GoldAndSystem, Outcome
from goldwire.eval.counting.counts import GOLD, GOLD_HITS, SYSTEM, SYSTEM_HITS, Counts, make_counts
from goldwire.eval.counting.tags import are_same
from goldwire.eval.measures.measure import Measure, name
from goldwire.eval.measures.phrases import listed
from goldwire.eval.measures.references import NAMES, TOLD, Policy, joins, majority
from goldwire.eval.statistics.figures import FIGURES, by_document

TWO = 2
_F = FIGURES.index("f")
_DIGITS = 12  # of F by which references are compared: two ways to one fraction are no difference


def check(policy: Policy | None, layers: Sequence[str], systems: Sequence[str]) -> None:
    """Raise `MeasureError` if several references cannot be scored against, or one has a policy."""
    if policy is not None and policy not in NAMES:
        raise MeasureError(f"references: got {policy!r}; expected {listed(NAMES)}")
    if not layers:
        raise MeasureError("no gold layer to score against; name one, or several with --references")
    if len(layers) < TWO:
        if policy is not None:
            raise MeasureError(f"--references {policy}: there is one gold layer; name more, or leave it out")
        return
    if twice := sorted({layer for layer in layers if layers.count(layer) > 1}):
        raise MeasureError(f"--gold {twice[0]} was given twice: a reference counts once")
    if policy is None:
        ways = "\n".join(f"  --references {way}: {told}" for way, told in TOLD.items())
        raise MeasureError(
            f"{len(layers)} gold layers, and nothing says what is right where they differ; choose\n{ways}"
        )
    if both := [layer for layer in layers if layer in systems]:
        raise MeasureError(
            f"{both[0]} is a reference and a system: it would be scored against itself; leave it out of one"
        )


def check_measures(policy: Policy, measures: Iterable[Measure]) -> None:
    """Raise `MeasureError` with the measures that have no such policy, and the policies they have."""
    if policy == "mean":
        return
    wrong = [m for m in measures if not (requirements.is_additive(m) if policy == "best" else joins(m))]
    if wrong:
        names = listed([name(measure) for measure in wrong])
        rest = "" if policy == "best" or not all(map(requirements.is_additive, wrong)) else " or best"
        raise MeasureError(
            f"--references {policy}: not of {names}, {_reason(policy)}; leave them out (--measure names the "
            f"others), or score them by --references mean{rest}"
        )


def _reason(policy: Policy) -> str:
    if policy == "best":
        return "whose counts are not of documents one by one"
    return "whose units cannot be put together one by one"


class Against(msgspec.Struct, frozen=True, dict=True):
    """A system against each of several references, in their order, and the policy."""

    each: tuple[GoldAndSystem, ...]
    policy: Policy

    @cached_property
    def joined(self) -> GoldAndSystem:
        """All references as one layer, in which what several have stands several times."""
        first = self.each[0]
        table = columns.concatenate([sides.gold.table for sides in self.each])
        gold = msgspec.structs.replace(first.gold, table=table, items=())
        return GoldAndSystem(gold, first.system, first.texts, first.codes)

    @cached_property
    def between(self) -> tuple[GoldAndSystem, ...]:
        """The same against each reference by itself."""
        joined = self.joined
        return tuple(GoldAndSystem(joined.gold, s.gold, joined.texts, joined.codes) for s in self.each)


def count(measure: Measure, against: Against) -> Outcome:
    """The counts of a system under a measure, against all references."""
    if measure.units == "token":
        _check_tokens(against.each)
    if against.policy in ("mean", "best"):
        outcomes = [counters.count(measure, sides) for sides in against.each]
        found = [outcome.counts for outcome in outcomes]
        return Outcome(
            _mean(found) if against.policy == "mean" else _best(found, measure),
            sum(outcome.gold_collapsed for outcome in outcomes),
            max(outcome.system_collapsed for outcome in outcomes),
            frozenset().union(*(outcome.tokens for outcome in outcomes)),
        )
    return _joined(measure, against)


def _check_tokens(each: Sequence[GoldAndSystem]) -> None:
    """Raise `DataError` if references came with different tokens: those of one are not those of another."""
    first, *others = [sides.gold.tokens for sides in each]
    for other in others:
        for id in sorted({*first, *other}):
            one, two = first.get(id), other.get(id)
            if one is None or two is None or not are_same(one, two):
                raise DataError(
                    f"document {id!r}: the references came with different tokens, so that no token of one is "
                    "that of another; leave measures of tokens out"
                )


# ---------------------------------------------------------------- every reference by itself
def _mean(found: Sequence[Counts]) -> Counts:
    whole = reduce(add, found)
    values = whole.values / len(found)
    return make_counts(whole.documents, whole.labels, whole.document, whole.label, values)


def _best(found: Sequence[Counts], measure: Measure) -> Counts:
    """For each document the counts against the reference of greatest F, the first of equals.

    Where neither the reference nor the system has a unit, nothing is wrong, as in the M2 scorer.
    """
    scores = np.stack([by_document(counts, measure)[:, _F] for counts in found])
    chosen = np.argmax(np.nan_to_num(scores, nan=1.0).round(_DIGITS), axis=0)
    return reduce(add, [counts.only(chosen[counts.document] == n) for n, counts in enumerate(found)])


# ---------------------------------------------------------------- one gold out of several
def _joined(measure: Measure, against: Against) -> Outcome:
    size = len(against.each)
    votes, collapsed = _votes(measure, against)

    def of(least: int) -> Outcome:
        case = against.joined.case(measure)
        gold = case.gold.take(np.flatnonzero(votes >= least))
        return counters.count_case(measure, against.joined, msgspec.structs.replace(case, gold=gold))

    if against.policy == "any":
        some, all_ = of(1), of(size)
        sides = _side(some.counts, SYSTEM_HITS, SYSTEM) + _side(all_.counts, GOLD_HITS, GOLD)
        return Outcome(sides, collapsed, some.system_collapsed)
    found = of({"union": 1, "intersection": size, "majority": majority(size)}[against.policy])
    return Outcome(found.counts, collapsed, found.system_collapsed)


def _votes(measure: Measure, against: Against) -> tuple[Ints, int]:
    """How many references have each unit of all, and how many units repeat another of their own reference."""
    votes, collapsed = np.zeros(len(against.joined.case(measure).gold), np.int64), 0
    for sides in against.between:
        case = sides.case(measure)
        votes += np.isin(case.gold.key, case.system.key)
        collapsed += case.system.collapsed
    return votes, collapsed


def _side(counts: Counts, *kept: int) -> Counts:
    """Counts of which some columns alone are left."""
    values = np.zeros_like(counts.values)
    values[:, kept] = counts.values[:, kept]
    return make_counts(counts.documents, counts.labels, counts.document, counts.label, values)
