"""Agreement of annotators: their layers scored against each other, and coefficients beyond chance.

Two layers are compared on the documents that both annotated; a document that one of them skipped, left as
a draft or has no line for says nothing. One layer plays gold: F does not depend on which, but for
matches that are not symmetric. The mean over pairs is the human ceiling: what people reach when scored
as systems are. Labels and documents have means over pairs too: each pair weighs the same, however many
documents it shares.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import msgspec
import numpy as np

from goldwire.corpora import nobody
from goldwire.corpora import tokens as kept_tokens
from goldwire.corpora.coverage import finished
from goldwire.corpora.errors import MeasureError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Document, Tokens
from goldwire.corpora.views import Asked
from goldwire.eval.comparison.annotators import Kept, Layer, called, in_common, layer_names, see, without_tags
from goldwire.eval.comparison.chance import beyond_chance
from goldwire.eval.comparison.coefficients import Coefficient, Terms
from goldwire.eval.counting import attributes
from goldwire.eval.counting.counters import FILE, is_additive
from goldwire.eval.counting.counts import Counts, no_counts
from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.phrases import amount
from goldwire.eval.measures.signature import TOKENS
from goldwire.eval.scoring.score import Options, parse_measures, score
from goldwire.eval.statistics import figures, resample
from goldwire.eval.statistics.figures import FIGURES, Score, by_document, estimator, rows
from goldwire.eval.statistics.intervals import estimate
from goldwire.eval.statistics.ratios import Estimator, Ratio, side_by_side
from goldwire.eval.statistics.resample import TRIALS, Floats
from goldwire.eval.statistics.unseen import Remark

_Pair = tuple[str, str]
F = FIGURES.index("f")
DEFAULTS = ("entity", "untyped", "TI", "TC", "AI+", "AC+")


class _Struct(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Mean(_Struct, frozen=True):
    """The mean F over the `pairs` in which it is defined, and their standard deviation (by pairs less 1).

    None is undefined: the mean of no pair, the deviation of one.
    """

    value: float | None
    deviation: float | None
    pairs: int


class Total(Mean, frozen=True):
    """A mean over pairs with its 95 % interval, documents resampled, and what is to be said beside it."""

    low: float | None
    high: float | None
    remark: Remark | None = None


class PairScore(_Struct, frozen=True):
    """How far two layers agree by one measure, on the documents that both annotated."""

    first: str
    second: str
    documents: int
    score: Score


class MeasureAgreement(_Struct, frozen=True):
    """Agreement by one measure: F of each pair, and the mean over pairs, of all, by label and by document."""

    measure: str
    pairs: tuple[PairScore, ...]
    mean: Total
    labels: dict[str, Mean]
    by_document: dict[str, Mean]


class Agreement(_Struct, frozen=True):
    """How far annotators agree. `documents` are those that at least two of them annotated.

    `coefficients` are those beyond chance (see `chance`). `rejected` tells, by layer, how many units of these
    documents were turned away by kind: nobody is compared on them. `views` names what layers were seen
    through. `tokens` says which were counted: `file`, those that all who annotated a document came with and
    have in common, else Goldwire's; a `+` where documents differ. `nobody` says which layers need not be one
    person's.
    """

    layers: tuple[str, ...]
    documents: int
    measures: tuple[MeasureAgreement, ...]
    coefficients: tuple[Coefficient, ...]
    rejected: dict[str, dict[str, int]] = {}
    views: dict[str, str] = {}
    tokens: str = TOKENS
    nobody: str | None = None


# ---------------------------------------------------------------- layers
def agree_corpus(
    corpus: Corpus,
    layers: Sequence[str] = (),
    measures: Sequence[str] = DEFAULTS,
    *,
    documents: Collection[str] | None = None,
    seed: int = 0,
    asked: Asked = Asked(),  # noqa: B008 - frozen
) -> Agreement:
    """The agreement of layers of a corpus; NAME stands for `annotator/NAME` too, none for all annotators.

    With `documents`, on no others than those of these ids. `asked` is what layers are seen through, by name.
    """
    names = layer_names(corpus, layers)
    maps = {called(name, names): labels for name, labels in asked.maps.items()}
    return agree(
        {name: corpus.layer(name) for name in names},
        [document for document in corpus.documents() if documents is None or document.id in documents],
        measures,
        ontology=corpus.ontology(),
        seed=seed,
        asked=Asked(maps=maps, choice=asked.choice),
        tokens={name: kept_tokens.read(corpus.tokens_path(name)) for name in names},
    )


def agree(
    layers: Mapping[str, Layer],
    documents: Sequence[Document],
    measures: Iterable[str | Measure] = DEFAULTS,
    *,
    ontology: Ontology | None = None,
    seed: int = 0,
    asked: Asked = Asked(),  # noqa: B008 - frozen
    tokens: Mapping[str, Sequence[Tokens]] = {},
) -> Agreement:
    """The agreement of two or more layers, by name, on `documents`, seen through what is `asked` for.

    `tokens` are those that layers came with. Raises `MeasureError` if there are fewer than two layers or no
    document that two of them annotated.
    """
    done = {name: finished(layer) for name, layer in layers.items()}
    shared = _in_both(done, documents)
    common = {document.id for pair in shared.values() for document in pair}
    if not common:
        raise MeasureError(
            f"none of {amount(len(documents), 'document')} was annotated in two of the layers "
            f"({', '.join(layers) or 'none given'}); agreement needs two layers with documents in common"
        )
    wanted = parse_measures(measures, ontology)
    kept = in_common(done, tokens)
    seen = see(done, asked, ontology)
    kept = without_tags(kept, seen.layers) if asked else kept
    named = attributes.of_annotations(item for layer in done.values() for item in layer.values())
    terms = _Terms(wanted, ontology, seen.symmetric, named)
    scored = _score_pairs(seen.layers, shared, terms, kept)
    counted = {FILE if any(id in found for found in kept.values()) else TOKENS for id in common}
    return Agreement(
        layers=tuple(layers),
        documents=len(common),
        measures=tuple(
            _combine(measure, {pair: counts[measure] for pair, counts in scored.items()}, seed)
            for measure in wanted
        ),
        coefficients=tuple(beyond_chance(seen.layers, documents, kept, Terms(seed=seed))),
        rejected={name: found for name, layer in seen.layers.items() if (found := _rejected(layer, common))},
        views=seen.names,
        tokens="+".join(sorted(counted)),
        nobody=nobody.told(layers),
    )


def _rejected(layer: Layer, documents: Collection[str]) -> dict[str, int]:
    """What was turned away of a layer's documents, by kind."""
    kinds = Counter(one.kind for id, item in layer.items() if id in documents for one in item.rejected)
    return dict(sorted(kinds.items()))


def _in_both(done: Mapping[str, Layer], documents: Sequence[Document]) -> dict[_Pair, list[Document]]:
    """The documents that both of each pair are done with."""
    return {
        pair: [d for d in documents if d.id in done[pair[0]] and d.id in done[pair[1]]]
        for pair in combinations(done, 2)
    }


class _Terms(NamedTuple):
    """What pairs are scored by. `seen` are attributes that some layer has, which a pair may not have."""

    measures: Sequence[Measure]
    ontology: Ontology | None
    symmetric: frozenset[str]
    seen: attributes.Seen


def _score_pairs(
    done: Mapping[str, Layer], shared: Mapping[_Pair, Sequence[Document]], terms: _Terms, kept: Kept
) -> dict[_Pair, dict[Measure, Counts]]:
    """The counts of each pair."""
    if terms.ontology is None:
        attributes.check_seen(terms.measures, terms.seen)
    scored = {}
    for pair, texts in shared.items():
        first, second = ([done[name][document.id] for document in texts] for name in pair)
        tokens = [list(kept[name].values()) for name in pair]
        scored[pair] = _score((first, second), texts, terms, tokens)
    return scored


def _score(
    pair: tuple[Sequence[Annotations], Sequence[Annotations]],
    documents: Sequence[Document],
    terms: _Terms,
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


# ---------------------------------------------------------------- by measure
def _combine(measure: Measure, counts: Mapping[_Pair, Counts], seed: int) -> MeasureAgreement:
    pairs = list(counts.values())
    return MeasureAgreement(
        measure=str(measure),
        pairs=tuple(
            PairScore(
                first=first,
                second=second,
                documents=len(found.documents),
                score=figures.headline(found, measure),
            )
            for (first, second), found in counts.items()
        ),
        mean=mean_of_pairs(pairs, measure, seed=seed),
        labels=_means(_by_label(found, measure) for found in pairs),
        by_document=_means(_by_document(found, measure) for found in pairs),
    )


def _by_label(counts: Counts, measure: Measure) -> dict[str, float | None]:
    return {label: score.f for label, score in figures.by_label(counts, measure.beta).items()}


def _by_document(counts: Counts, measure: Measure) -> dict[str, float | None]:
    values = by_document(counts, measure)[:, F].tolist()
    return {id: None if math.isnan(f) else f for id, f in zip(counts.documents, values, strict=True)}


def _means(pairs: Iterable[Mapping[str, float | None]]) -> dict[str, Mean]:
    """The mean over pairs of each name that one of them has, in order of name."""
    values: dict[str, list[float | None]] = {}
    for pair in pairs:
        for name, value in pair.items():
            values.setdefault(name, []).append(value)
    return {name: _mean(values[name]) for name in sorted(values)}


def _mean(values: Iterable[float | None]) -> Mean:
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
    mean = _mean(figures.headline(counts, measure).f for counts in pairs)
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
