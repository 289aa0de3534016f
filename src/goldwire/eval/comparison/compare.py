"""Compare systems scored on the same gold: who is ahead, by how much, and whether that is more than chance.

Everything is computed from the counts in records; nothing is scored again. Every pair of systems is tested
by paired approximate randomisation, with Holm's correction over all pairs of a measure; of two of which the
spread between runs is known, by a t-test over documents and runs (see `comparison.runs`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import msgspec

from goldwire.corpora.errors import JudgementError, nearest
from goldwire.eval.comparison import kinds, runs
from goldwire.eval.comparison.contender import Contender, contenders
from goldwire.eval.comparison.same import iter_differences
from goldwire.eval.counting.counts import Counts
from goldwire.eval.counting.requirements import is_additive
from goldwire.eval.measures.measure import Measure, form_of, parse
from goldwire.eval.measures.phrases import amount, sized
from goldwire.eval.scoring.drawing import Drawing, drawing
from goldwire.eval.scoring.record import Interval, Record, Result, independent, size
from goldwire.eval.statistics import contrast, resample
from goldwire.eval.statistics.contrast import Difference
from goldwire.eval.statistics.crossed import Difference as RunsDifference
from goldwire.eval.statistics.figures import FIGURES, Groups, by_document, estimator, is_defined, rows
from goldwire.eval.statistics.intervals import UNSEEN, Method
from goldwire.eval.statistics.power import ALPHA

F = FIGURES.index("f")


class _Struct(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Standing(_Struct, frozen=True):
    """A system's place: its F by the measure's own average, None if undefined, and what it rests on.

    `groups` are numbers of sets of systems that cannot be told apart; a system may be in several. Of one with
    `runs`, `value` is their mean, and `deviation` the standard deviation between them; of one run it is None.
    """

    system: str
    value: float | None
    interval: Interval | None
    signature: str
    groups: tuple[int, ...] = ()
    runs: int = 1
    deviation: float | None = None


class Pair(_Struct, frozen=True, omit_defaults=True):
    """Two systems, the first ranked higher; `difference` is second minus first, so 0 or negative.

    `low` and `high` end its 95 % interval. `p` is of approximate randomisation, `p_holm` corrected for all
    pairs, `p_bootstrap` of the paired bootstrap. `wins`, `ties` and `losses` are documents as the second
    sees them, of those where both have a figure: where nothing was to be found and one gave nothing, it has
    none. `detectable`, `whole` and `needed`: see `contrast.Difference`. Where the spread between runs is
    known, `p` is of a t-test over documents and runs, with `freedom` degrees, and `needed_runs` of each
    system would show the difference on these documents.
    """

    first: str
    second: str
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    p_bootstrap: float | None
    wins: int
    ties: int
    losses: int
    detectable: float | None
    whole: float | None
    needed: int | None
    freedom: float | None = None
    needed_runs: int | None = None

    @property
    def decided(self) -> bool:
        """Whether the difference is more than chance, at 5 % over all pairs."""
        return self.p_holm is not None and self.p_holm <= ALPHA


class Comparison(_Struct, frozen=True):
    """All systems under one measure, best first; undefined ones come last.

    `detectable` is the smallest true difference that this corpus shows, for the pair that is hardest to
    tell apart, at 80 % power and 5 % in a single test. `sentence` says whether the ranking is decided.
    `groups` are the sets of systems of which no two can be told apart, each as large as can be.
    Near-duplicates among the `documents` count once in `independent`, and in what pairs need.
    """

    measure: str
    documents: int
    independent: int
    standings: tuple[Standing, ...]
    pairs: tuple[Pair, ...]
    groups: tuple[tuple[str, ...], ...]
    detectable: float | None
    decided: bool
    sentence: str
    test: str


# ---------------------------------------------------------------- the comparison
def compare(
    records: Mapping[str, Record],
    measures: Sequence[str] | None = None,
    *,
    seed: int = 0,
) -> list[Comparison]:
    """A comparison for each measure, of all systems in records that are named for messages.

    Without `measures`, those that all records have. Where two records have a system of one name, it is
    called RECORD:SYSTEM. Raises `JudgementError` if the records differ in corpus, ontology, gold or
    policies, or lack a measure.
    """
    faults = list(iter_faults(records))
    if faults:
        raise JudgementError(
            "these records cannot be compared:\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nScore both anew on the same documents, by the same policies (`goldwire eval score --help`)."
        )
    systems, shared = contenders(records), common_measures(records)
    wanted = shared if measures is None else [*map(form_of, measures)]
    missing = [measure for measure in wanted if measure not in shared]
    if missing or not wanted:
        raise JudgementError(
            f"not all records have {missing[0]}{nearest(missing[0], shared)}"
            if missing
            else "the records have no measure in common"
        )
    return [compare_systems(systems, parse(measure), seed=seed) for measure in wanted]


def iter_faults(records: Mapping[str, Record]) -> Iterator[str]:
    """What keeps records from being compared, each said with both sides."""
    for name, other in _pairs(records):
        for difference in iter_differences(records[name], records[other]):
            yield difference.told(name, other)


def iter_remarks(records: Mapping[str, Record]) -> Iterator[str]:
    """What is to be known of how records were found to be of the same corpus and gold."""
    for name, other in _pairs(records):
        yield from kinds.tell(records[name], records[other], (name, other))


def _pairs(records: Mapping[str, Record]) -> Iterator[tuple[str, str]]:
    """Each record with the first whose fingerprints are of its kind, and the first two of different kinds."""
    first, *others = records
    for other in others:
        alike = next(name for name in records if kinds.are_alike(records[name], records[other]))
        yield (first if alike == other else alike), other


def common_measures(records: Mapping[str, Record]) -> list[str]:
    """The measures that all records have, in the order of the first."""
    first, *others = records.values()
    return [measure for measure in first.measures if all(measure in other.measures for other in others)]


def compare_systems(systems: Sequence[Contender], measure: Measure, *, seed: int = 0) -> Comparison:
    """One measure's comparison of systems whose records agree on all but the systems."""
    results = {system.name: system.result(str(measure)) for system in systems}
    ranked = sorted(systems, key=lambda system: _rank(results[system.name].value, system.name))
    groups = systems[0].record.groups
    drawn = (drawing(systems[0].record) or Drawing())._replace(seed=seed)
    documents, distinct = size(systems[0].record), independent(systems[0].record)
    known = runs.know(ranked, measure, groups) if len(ranked) > 1 else runs.NOTHING
    pairs = _with_holm(
        [_pair((one, two), measure, known, groups, drawn) for one, two in combinations(ranked, 2)]
    )
    alike = indistinguishable([system.name for system in ranked], pairs)
    return Comparison(
        measure=str(measure),
        documents=documents,
        independent=distinct,
        standings=tuple(_standing(system, results[system.name], alike) for system in ranked),
        pairs=tuple(pairs),
        groups=tuple(alike),
        detectable=max((p.detectable for p in pairs if p.detectable is not None), default=None),
        decided=bool(pairs) and all(pair.decided for pair in pairs),
        sentence=sentence([system.name for system in ranked], pairs, documents, distinct),
        test=_test(pairs, seed),
    )


def _test(pairs: Sequence[Pair], seed: int) -> str:
    """How the pairs were tested, as it stands in signatures."""
    over_runs = [pair.freedom is not None for pair in pairs]
    told = [] if over_runs and all(over_runs) else [f"approximate-randomisation-{contrast.SWAPS}-seed-{seed}"]
    return "+".join([*told, *(["t-over-documents-and-runs"] if any(over_runs) else [])]) + "-holm"


def _rank(value: float | None, name: str) -> tuple[float, str]:
    return (1.0 if value is None else -value), name


def _standing(system: Contender, result: Result, alike: Sequence[tuple[str, ...]]) -> Standing:
    return Standing(
        system=system.name,
        value=result.value,
        interval=result.intervals.get("f"),
        signature=result.signature,
        groups=tuple(number for number, group in enumerate(alike, start=1) if system.name in group),
        runs=len(system.layers),
        deviation=system.deviation(result.measure),
    )


# ---------------------------------------------------------------- pairs
def _pair(
    both: tuple[Contender, Contender], measure: Measure, known: runs.Known, groups: Groups, drawn: Drawing
) -> Pair:
    one, two = both
    over_runs = runs.difference(one.name, two.name, known)
    if over_runs is not None:
        return _pair_of_runs(one, two, measure, over_runs)
    counts = one.each(measure)[0], two.each(measure)[0]
    found = difference(*counts, measure, groups=groups, method=drawn.method, seed=drawn.seed)
    wins, ties, losses = results_by_document(*counts, measure)
    return Pair(
        first=one.name,
        second=two.name,
        difference=found.interval.value,
        low=found.interval.low,
        high=found.interval.high,
        p=found.p,
        p_holm=None,
        p_bootstrap=found.p_bootstrap,
        wins=wins,
        ties=ties,
        losses=losses,
        detectable=found.detectable,
        whole=found.whole,
        needed=found.needed,
    )


def _pair_of_runs(one: Contender, two: Contender, measure: Measure, found: RunsDifference) -> Pair:
    wins, ties, losses = runs.results_by_document(one, two, measure)
    return Pair(
        first=one.name,
        second=two.name,
        difference=found.value,
        low=found.low,
        high=found.high,
        p=found.p,
        p_holm=None,
        p_bootstrap=None,
        wins=wins,
        ties=ties,
        losses=losses,
        detectable=found.detectable,
        whole=found.whole,
        needed=found.needed,
        freedom=found.freedom,
        needed_runs=found.needed_runs,
    )


def difference(
    first: Counts,
    second: Counts,
    measure: Measure,
    *,
    groups: Groups = None,
    method: Method = UNSEEN,
    seed: int = 0,
) -> Difference:
    """The difference in F, by the measure's average, of two systems' counts on the same documents.

    Undefined where documents' counts do not add up (distinct surface forms), and where gold has no unit.
    """
    if first.documents != second.documents:
        raise JudgementError("the counts are of different documents and cannot be paired")
    if not is_additive(measure) or not is_defined(first):
        return Difference(resample.Interval(None, None, None), None, None, None, None, None)
    labels = sorted({*first.labels, *second.labels})
    pairs = contrast.pair(rows(first, measure, labels), rows(second, measure, labels), groups, first.weights)
    return contrast.differences(pairs, estimator(measure).only(F), method=method, seed=seed)[0]


def results_by_document(first: Counts, second: Counts, measure: Measure) -> tuple[int, int, int]:
    """On how many documents the second is better, equal and worse, by F, of those where both have one."""
    one, two = (by_document(side, measure)[:, F] for side in (first, second))
    return int((two > one).sum()), int((two == one).sum()), int((two < one).sum())  # NaN is none of these


def _with_holm(pairs: Sequence[Pair]) -> list[Pair]:
    corrected = contrast.holm([pair.p for pair in pairs])
    return [msgspec.structs.replace(pair, p_holm=p) for pair, p in zip(pairs, corrected, strict=True)]


# ---------------------------------------------------------------- groups and the sentence
def indistinguishable(names: Sequence[str], pairs: Sequence[Pair]) -> list[tuple[str, ...]]:
    """The largest sets of systems of which no two can be told apart, in order of rank.

    A system that differs from every other is no set.
    """
    apart = {frozenset((pair.first, pair.second)) for pair in pairs if pair.decided}

    def grow(chosen: tuple[str, ...], left: Sequence[str], done: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Maximal cliques of the graph "not told apart" (Bron and Kerbosch 1973)."""
        if not left and not done:
            yield chosen
        for index, name in enumerate(left):
            near = [other for other in left[index + 1 :] if frozenset((name, other)) not in apart]
            past = [*done, *left[:index]]
            yield from grow((*chosen, name), near, [p for p in past if frozenset((name, p)) not in apart])

    place = {name: index for index, name in enumerate(names)}
    found = (tuple(sorted(group, key=place.__getitem__)) for group in grow((), list(names), []))
    return sorted((g for g in found if len(g) > 1), key=lambda g: [place[name] for name in g])


def sentence(
    names: Sequence[str], pairs: Sequence[Pair], documents: int, independent: int | None = None
) -> str:
    """Whether the ranking is more than chance, for people; a system without a figure has no place in it.

    `independent` is how many groups the documents are where some are near-duplicates.
    """
    sizes = documents, documents if independent is None else independent
    if not pairs:
        return alone(names[0])
    tested = [pair for pair in pairs if pair.p is not None]
    if not tested:
        return "No difference can be tested under this measure: nothing can be said of the ranking."
    open_ = [pair for pair in tested if not pair.decided]
    if not open_:
        return _decided([name for name in names if any(name in (pair.first, pair.second) for pair in tested)])
    rivals = [pair for pair in open_ if pair.first == names[0]]
    if not rivals:
        return (
            f"{names[0]} is better than every other system, by more than chance. Of the others, "
            f"{_apart(open_)} {_plan(open_, *sizes)}"
        )
    return f"No winner yet: {_apart(rivals)} {_plan(rivals, *sizes)}"


def _decided(names: Sequence[str]) -> str:
    best, *others = names
    if len(others) == 1:
        return f"{best} is better than {others[0]}, by more than chance."
    return f"Each is better than the next, by more than chance: {' > '.join(names)}."


def _apart(pairs: Sequence[Pair]) -> str:
    """Up to two pairs by name, and how many more there are."""
    verb, chance = (
        ("leads", " by no more than may be chance") if any(p.difference for p in pairs) else ("equals", "")
    )
    shown = " and ".join(f"{pair.first} {verb} {pair.second}" for pair in pairs[:2])
    rest = len(pairs) - 2
    more = f" (and {amount(rest, 'pair')} more)" if rest > 0 else ""
    return f"{shown}{more}{chance}."


def alone(system: str) -> str:
    """What is said where there is one system.

    >>> alone("lexicon")
    'lexicon is the only system: nothing to compare.'
    """
    return f"{system} is the only system: nothing to compare."


def _whole(pair: Pair) -> str:
    """What a loss must be that is of whole documents, which fewer documents show by chance."""
    if pair.whole is None:
        return ", none that is of whole documents"
    return f", or {100 * pair.whole:.1f} where whole documents are lost"


def _plan(pairs: Sequence[Pair], documents: int, independent: int) -> str:
    """What these documents show and how many would show more: of near-duplicates, how many groups."""
    planned = [(pair, pair.detectable) for pair in pairs if pair.detectable is not None]
    if not planned:
        if documents == 1:
            return "One document shows no difference, however large."
        return f"These {sized(documents, independent)} show no loss, not even of nearly all that is found."
    pair, shown = planned[0]
    found = f"These {sized(documents, independent)} show a loss"
    least = f"{found} from {100 * shown:.1f} points up{_whole(pair)}"
    groups = " groups" if independent < documents else ""
    ways = [f"{pair.needed:,}{groups}"] if pair.needed and pair.needed > independent else []
    ways += [f"{pair.needed_runs:,} runs of each"] if pair.needed_runs else []
    if not ways:
        return f"{least}."
    return f"{least}; about {' or '.join(ways)} would settle one of {abs(100 * (pair.difference or 0)):.1f}."
