"""Agreement of annotators: their layers scored against each other, and coefficients beyond chance.

Two layers are compared on the documents that both annotated; a document that one of them skipped, left as
a draft or has no line for says nothing. One layer plays gold: F does not depend on which, but for
matches that are not symmetric. The mean over pairs is the human ceiling: what people reach when scored
as systems are. Labels and documents have means over pairs too: each pair weighs the same, however many
documents it shares.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from goldwire.corpora import nobody
from goldwire.corpora import tokens as kept_tokens
from goldwire.corpora.errors import MeasureError
from goldwire.corpora.goldtasks import gold_tasks
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document, Tokens
from goldwire.corpora.views import Asked
from goldwire.eval.comparison.annotators import Layer, called, layer_names
from goldwire.eval.comparison.chance import beyond_chance
from goldwire.eval.comparison.coefficients import Coefficient, Terms
from goldwire.eval.comparison.pairs import F, Mean, Pair, Total, compare, mean_of, mean_of_pairs
from goldwire.eval.counting.counters import FILE
from goldwire.eval.counting.counts import Counts, Weights, weigh
from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.signature import TOKENS
from goldwire.eval.statistics import figures
from goldwire.eval.statistics.figures import Score, by_document

DEFAULTS = ("entity", "untyped", "TI", "TC", "AI+", "AC+")
TERMS = Terms()


class _Struct(msgspec.Struct, frozen=True, kw_only=True):
    pass


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
    person's. `gold_tasks` are those of the documents that were gold tasks, which everybody has.
    """

    layers: tuple[str, ...]
    documents: int
    measures: tuple[MeasureAgreement, ...]
    coefficients: tuple[Coefficient, ...]
    rejected: dict[str, dict[str, int]] = {}
    views: dict[str, str] = {}
    tokens: str = TOKENS
    nobody: str | None = None
    gold_tasks: int = 0


# ---------------------------------------------------------------- layers
def agree_corpus(
    corpus: Corpus,
    layers: Sequence[str] = (),
    measures: Sequence[str] = DEFAULTS,
    *,
    documents: Collection[str] | None = None,
    terms: Terms = TERMS,
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
        terms=terms,
        asked=Asked(maps=maps, choice=asked.choice),
        tokens={name: kept_tokens.read(corpus.tokens_path(name)) for name in names},
    )


def agree(
    layers: Mapping[str, Layer],
    documents: Sequence[Document],
    measures: Iterable[str | Measure] = DEFAULTS,
    *,
    ontology: Ontology | None = None,
    terms: Terms = TERMS,
    asked: Asked = Asked(),  # noqa: B008 - frozen
    tokens: Mapping[str, Sequence[Tokens]] = {},
) -> Agreement:
    """The agreement of two or more layers, by name, on `documents`, seen through what is `asked` for.

    `tokens` are those that layers came with. Raises `MeasureError` if there are fewer than two layers or no
    document that two of them annotated.
    """
    found = compare(layers, documents, measures, ontology=ontology, asked=asked, tokens=tokens)
    common, kept, seen = found.common, found.kept, found.seen
    counted = {FILE if any(id in own for own in kept.values()) else TOKENS for id in common}
    return Agreement(
        layers=tuple(layers),
        documents=len(common),
        measures=tuple(
            _combine(measure, {pair: counts[measure] for pair, counts in found.scored.items()}, terms.seed)
            for measure in found.measures
        ),
        coefficients=tuple(beyond_chance(seen.layers, documents, kept, terms)),
        rejected={name: kinds for name, layer in seen.layers.items() if (kinds := _rejected(layer, common))},
        views=seen.names,
        tokens="+".join(sorted(counted)),
        nobody=nobody.told(layers),
        gold_tasks=len(gold_tasks(layers.values()) & common),
    )


def _rejected(layer: Layer, documents: Collection[str]) -> dict[str, int]:
    """What was turned away of a layer's documents, by kind."""
    kinds = Counter(one.kind for id, item in layer.items() if id in documents for one in item.rejected)
    return dict(sorted(kinds.items()))


def ceilings(
    corpus: Corpus,
    measures: Sequence[str],
    *,
    documents: Collection[str],
    weights: Mapping[str, float] = MappingProxyType({}),
    seed: int = 0,
) -> dict[str, Total]:
    """The mean F of pairs of annotators by each measure, on some documents; only where a pair has one.

    A measure that annotators' layers cannot be scored by is left out. Drawn documents have `weights`.
    """
    layers = {name: corpus.layer(name) for name in layer_names(corpus)}
    texts = [document for document in corpus.documents() if document.id in documents]
    tokens = {name: kept_tokens.read(corpus.tokens_path(name)) for name in layers}
    try:
        found = compare(layers, texts, measures, ontology=corpus.ontology(), tokens=tokens)
    except MeasureError:  # no text in common, or a measure of what nobody has
        alone = [[measure] for measure in measures] if len(measures) > 1 else []
        each = (ceilings(corpus, one, documents=documents, weights=weights, seed=seed) for one in alone)
        return {measure: mean for own in each for measure, mean in own.items()}
    means = {
        str(measure): mean_of_pairs(
            [_weighed(counts[measure], weights) for counts in found.scored.values()], measure, seed=seed
        )
        for measure in found.measures
    }
    return {measure: mean for measure, mean in means.items() if mean.value is not None}


def _weighed(counts: Counts, weights: Mapping[str, float]) -> Counts:
    """The counts of a pair of annotators, weighted where documents were drawn."""
    if not weights or not counts.documents:
        return counts
    each = [weights[document] for document in counts.documents]
    return weigh(counts, Weights.of(each, [0] * len(each)))


# ---------------------------------------------------------------- by measure
def _combine(measure: Measure, counts: Mapping[Pair, Counts], seed: int) -> MeasureAgreement:
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
    return {name: mean_of(values[name]) for name in sorted(values)}
