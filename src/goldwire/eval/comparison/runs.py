"""Differences of systems of which some have several runs: tested over documents and runs.

What is known of a system's spread between runs comes from its own runs, else from systems that are the same
but for the seed, else from those of the system that it is compared with. Two systems of which nothing is
known are tested over documents alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from goldwire.eval.comparison.contender import Contender
from goldwire.eval.counting.counts import Counts
from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.phrases import amount, listed
from goldwire.eval.scoring.several import look
from goldwire.eval.statistics import crossed
from goldwire.eval.statistics import runs as spreads
from goldwire.eval.statistics.crossed import Difference
from goldwire.eval.statistics.figures import FIGURES, Groups, by_document
from goldwire.eval.statistics.runs import FIXED, Runs, Spread
from goldwire.eval.systems.facts import reported
from goldwire.eval.systems.runs import ENOUGH

F = FIGURES.index("f")
NAMED = 3  # systems that are named in a remark


class Known(NamedTuple):
    """What is known of systems under one measure: their runs' figures, and the spread of each by name."""

    runs: Mapping[str, Runs]
    spread: Mapping[str, Spread | None]

    def of_pair(self, first: str, second: str) -> tuple[Spread, Spread] | None:
        """The spread of each; None where a test over documents alone is all there is, or all it takes."""
        one, two = self.spread.get(first), self.spread.get(second)
        known = [spread for spread in (one, two) if spread is not None and spread is not FIXED]
        if not known:
            return None
        return (known[0] if one is None else one), (known[-1] if two is None else two)


NOTHING = Known({}, {})


def know(systems: Sequence[Contender], measure: Measure, groups: Groups) -> Known:
    """What is known of systems under a measure; nothing where none has runs, or kin among the others."""
    kin = dict(_kin(systems))
    if not any(system.runs for system in systems) and not kin:
        return NOTHING
    counts = {system.name: system.each(measure) for system in systems}
    labels = sorted({label for each in counts.values() for one in each for label in one.labels})
    found = {name: look(each, measure, groups, labels) for name, each in counts.items()}
    runs = {name: one for name, one in found.items() if one is not None}
    families = {name: _of_family(family, counts, measure, groups, labels) for name, family in kin.items()}
    spread = {
        system.name: FIXED
        if is_fixed(system)
        else families.get(system.name)
        or (spreads.spread_of(runs[system.name], F) if system.name in runs else None)
        for system in systems
    }
    return Known(runs, spread)


def _of_family(
    family: Sequence[str],
    counts: Mapping[str, Sequence[Counts]],
    measure: Measure,
    groups: Groups,
    labels: Sequence[str],
) -> Spread | None:
    every = [one for name in family for one in counts[name]]
    found = look(every, measure, groups, labels)
    return None if found is None else spreads.spread_of(found, F)


def _kin(systems: Sequence[Contender]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The systems without runs that are one but for the seed, by the name of each."""
    families: dict[tuple[str, str | None], dict[int | None, str]] = {}
    for system in systems:
        facts = reported(system.facts.facts)
        if facts.same and facts.seed is not None and not system.runs and not is_fixed(system):
            alike = facts.same, None if (at := system.facts.at) is None else at.name
            families.setdefault(alike, {}).setdefault(facts.seed, system.name)
    for family in families.values():
        if len(family) > 1:
            yield from ((name, tuple(family.values())) for name in family.values())


def is_fixed(system: Contender) -> bool:
    """Whether a system gives the same each time, as far as the record knows."""
    return not system.runs and reported(system.facts.facts).fixed


def difference(first: str, second: str, known: Known) -> Difference | None:
    """The difference of two systems over documents and runs; None where documents alone are to be tested."""
    both = known.of_pair(first, second)
    if both is None or first not in known.runs or second not in known.runs:
        return None
    return crossed.compare(known.runs[first], known.runs[second], F, both)


def results_by_document(first: Contender, second: Contender, measure: Measure) -> tuple[int, int, int]:
    """On how many documents the second is better, equal and worse in the mean of runs, where all have F."""
    one, two = (
        np.mean([by_document(counts, measure)[:, F] for counts in side.each(measure)], axis=0)
        for side in (first, second)
    )
    alike = np.isclose(one, two, rtol=0, atol=1e-12)
    return int((~alike & (two > one)).sum()), int(alike.sum()), int((~alike & (two < one)).sum())


# ---------------------------------------------------------------- what must be said
def remarks(systems: Sequence[Contender]) -> Iterator[str]:
    """What is not known, or not as the names say, of runs."""
    kin = dict(_kin(systems))
    for family in dict.fromkeys(kin.values()):
        yield (
            f"{listed(family)} are one system with other seeds: what is between them tells how far apart its "
            "runs are, and is allowed for. They are shown as one if they are run as one "
            f"(`eval run --runs {ENOUGH}`)."
        )
    alone = [
        system.name
        for system in systems
        if not is_fixed(system) and system.name not in kin and len(system.runs) < 2  # noqa: PLR2004 - a spread
    ]
    if len(systems) > 1 and len(alone) > 1:
        rest = len(alone) - NAMED
        more = [*alone[:NAMED], amount(rest, "other")] if rest > 0 else alone
        yield (
            f"{listed(more)}: one run each. Whether another run would do the same is not known; `eval run "
            f"--runs {ENOUGH}` tells, and is not needed for what gives the same each time (`deterministic = "
            "true`)."
        )
