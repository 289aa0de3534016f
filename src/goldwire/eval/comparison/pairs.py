"""Pairs of layers scored against each other, on the documents of both, and means over pairs."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import msgspec
import numpy as np

from goldwire.corpora.coverage import finished
from goldwire.corpora.errors import MeasureError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Document, Tokens
from goldwire.corpora.views import Asked
from goldwire.eval.comparison.annotators import Kept, Layer, Seen, in_common, see, without_tags
from goldwire.eval.counting import attributes
from goldwire.eval.counting.counts import Counts, no_counts
from goldwire.eval.counting.requirements import is_additive
from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.phrases import amount
from goldwire.eval.scoring.score import Options, parse_measures, score
from goldwire.eval.statistics import figures, resample
from goldwire.eval.statistics.figures import FIGURES, estimator, rows
from goldwire.eval.statistics.intervals import estimate
from goldwire.eval.statistics.ratios import Estimator, Ratio, side_by_side
from goldwire.eval.statistics.resample import TRIALS, Floats
from goldwire.eval.statistics.unseen import Remark

Pair = tuple[str, str]
F = FIGURES.index("f")


class Mean(msgspec.Struct, frozen=True, kw_only=True):
    """The mean F over the `pairs` in which it is defined, and their standard deviation (by pairs less 1).

    None is undefined: the mean of no pair, the deviation of one.
    """

    value: float | None
    deviation: float | None
    pairs: int


class Total(Mean, frozen=True, kw_only=True):
    """A mean over pairs with its 95 % interval, documents resampled, and what is to be said beside it."""

    low: float | None
    high: float | None
    remark: Remark | None = None


# ---------------------------------------------------------------- scoring
def in_both(done: Mapping[str, Layer], documents: Sequence[Document]) -> dict[Pair, list[Document]]:
    """The documents that both of each pair are done with."""
    return {
        pair: [d for d in documents if d.id in done[pair[0]] and d.id in done[pair[1]]]
        for pair in combinations(done, 2)
    }


class Compared(NamedTuple):
    """Layers as they were compared: counts of each pair by measure, and the documents that two share."""

    measures: Sequence[Measure]
    scored: Mapping[Pair, Mapping[Measure, Counts]]
    common: frozenset[str]
    seen: Seen
    kept: Kept
    terms: PairTerms


def compare(
    layers: Mapping[str, Layer],
    documents: Sequence[Document],
    measures: Iterable[str | Measure],
    *,
    ontology: Ontology | None = None,
    asked: Asked = Asked(),  # noqa: B008 - frozen
    tokens: Mapping[str, Sequence[Tokens]] = {},
    alone: bool = False,
) -> Compared:
    """Score each pair of layers, seen through what is `asked` for, on the documents that both are done with.

    Raises `MeasureError` if there are fewer than two layers or no document that two of them annotated, unless
    they may stand `alone`.
    """
    done = {name: finished(layer) for name, layer in layers.items()}
    shared = in_both(done, documents)
    common = frozenset(document.id for pair in shared.values() for document in pair)
    if not common and not alone:
        raise MeasureError(
            f"none of {amount(len(documents), 'document')} was annotated in two of the layers "
            f"({', '.join(layers) or 'none given'}); agreement needs two layers with documents in common"
        )
    wanted = parse_measures(measures, ontology)
    kept = in_common(done, tokens)
    seen = see(done, asked, ontology)
    kept = without_tags(kept, seen.layers) if asked else kept
    named = attributes.of_annotations(item for layer in done.values() for item in layer.values())
    terms = PairTerms(wanted, ontology, seen.symmetric, named)
    return Compared(wanted, score_pairs(seen.layers, shared, terms, kept), common, seen, kept, terms)


class PairTerms(NamedTuple):
    """What pairs are scored by. `seen` are attributes that some layer has, which a pair may not have."""

    measures: Sequence[Measure]
    ontology: Ontology | None
    symmetric: frozenset[str]
    seen: attributes.Seen


def score_pairs(
    done: Mapping[str, Layer], shared: Mapping[Pair, Sequence[Document]], terms: PairTerms, kept: Kept
) -> dict[Pair, dict[Measure, Counts]]:
    """The counts of each pair."""
    if terms.ontology is None:
        attributes.check_seen(terms.measures, terms.seen)
    scored = {}
    for pair, texts in shared.items():
        first, second = ([done[name][document.id] for document in texts] for name in pair)
        tokens = [list(kept[name].values()) for name in pair]
        scored[pair] = score_pair((first, second), texts, terms, tokens)
    return scored


def score_pair(
    pair: tuple[Sequence[Annotations], Sequence[Annotations]],
    documents: Sequence[Document],
    terms: PairTerms,
    tokens: Sequence[Sequence[Tokens]],
) -> dict[Measure, Counts]:
    """The counts of the second layer against the first, on the documents of both."""
    if not documents:
        return {measure: no_counts() for measure in terms.measures}
    first, second = pair
    record = score(
        first,
        {"second": second},
        documents,
        terms.measures,
        ontology=terms.ontology,
        options=Options(trials=0, rejected="left-out"),
        seen=terms.seen,
        symmetric=terms.symmetric,
        tokens=tokens,
    )
    return {measure: record.get_counts("second", measure) for measure in terms.measures}


# ---------------------------------------------------------------- means
def mean_of(values: Iterable[float | None]) -> Mean:
    """The mean of those that are defined."""
    defined = [value for value in values if value is not None]
    return Mean(
        value=statistics.fmean(defined) if defined else None,
        deviation=statistics.stdev(defined) if len(defined) > 1 else None,
        pairs=len(defined),
    )


def mean_of_pairs(pairs: Sequence[Counts], measure: Measure, *, trials: int = TRIALS, seed: int = 0) -> Total:
    """The mean F of pairs of layers, with an interval from resampling documents for all pairs at once.

    Pairs without a unit on either side are left out. Surface forms do not add up and get no interval.
    """
    mean = mean_of(figures.headline(counts, measure).f for counts in pairs)
    ends = _interval(pairs, measure, trials, seed) if is_additive(measure) else None
    return Total(
        value=mean.value,
        deviation=mean.deviation,
        pairs=mean.pairs,
        low=None if ends is None else ends.low,
        high=None if ends is None else ends.high,
        remark=None if ends is None else ends.remark,
    )


def _interval(pairs: Sequence[Counts], measure: Measure, trials: int, seed: int) -> resample.Interval:
    """The interval of the mean F over pairs."""
    documents = sorted({id for counts in pairs for id in counts.documents})
    labels = sorted({label for counts in pairs for label in counts.labels})
    tables = [_spread(counts, measure, labels, documents) for counts in pairs]
    widths = np.cumsum([table.shape[1] for table in tables])[:-1]
    of_pair = estimator(measure)

    def mean_f(sums: Floats) -> Floats:
        values = np.stack([of_pair.values(part)[..., F] for part in np.split(sums, widths, axis=-1)], axis=-1)
        defined = ~np.isnan(values)
        with np.errstate(invalid="ignore"):
            found: Floats = np.where(defined, values, 0).sum(axis=-1) / defined.sum(axis=-1)
        return found[..., None]

    def ratios(table: Floats) -> list[Ratio]:
        return [side_by_side([of_pair.ratios(part)[F] for part in np.split(table, widths, axis=-1)])]

    sample = resample.collect(np.hstack(tables))
    [found] = estimate(sample, Estimator(mean_f, ratios), trials=trials, seed=seed)
    return found


def _spread(counts: Counts, measure: Measure, labels: Sequence[str], documents: Sequence[str]) -> Floats:
    """The rows of counts among all documents; those that are not theirs are zero."""
    own = rows(counts, measure, labels)
    place = {id: index for index, id in enumerate(documents)}
    table = np.zeros((len(documents), own.shape[1]))
    table[[place[id] for id in counts.documents]] = own
    return table
