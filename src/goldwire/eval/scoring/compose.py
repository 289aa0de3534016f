"""Composition of a record from scored blocks: figures with their signatures, what the layers brought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import combinations
from sys import intern

import msgspec

from goldwire import __version__
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.ontology import Ontology
from goldwire.eval.counting import attributes, requirements
from goldwire.eval.counting.columns import Codes
from goldwire.eval.counting.counts import SYSTEM_HITS, Counts, Patterns, Weights, empty, weigh
from goldwire.eval.counting.coverage import Cover
from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.phrases import amount
from goldwire.eval.measures.references import REFERENCES
from goldwire.eval.measures.signature import POLICIES, TAGS, signature
from goldwire.eval.scoring import kept, prefill
from goldwire.eval.scoring.blockwise import Measured, ScoredBlock, ScoredLayer, ScoredSystem, add
from goldwire.eval.scoring.drawing import Drawing
from goldwire.eval.scoring.lists import Strings
from goldwire.eval.scoring.parts import CorpusFacts, Coverage, OntologyFacts, ReferencePair
from goldwire.eval.scoring.plan import Options, Plan
from goldwire.eval.scoring.record import FORMAT, REJECTED, Interval, LayerFacts, Record, Result, scale
from goldwire.eval.scoring.several import with_runs
from goldwire.eval.scoring.slices import make_slices
from goldwire.eval.scoring.tables import CountTable, encode_patterns
from goldwire.eval.scoring.thresholds import recorded
from goldwire.eval.scoring.weights import policies_of, weights
from goldwire.eval.statistics import figures, intervals
from goldwire.eval.systems.facts import reported

TOGETHER = 8  # blocks that are added at a time


# ---------------------------------------------------------------- all blocks together
def total(blocks: Iterable[ScoredBlock], plan: Plan) -> ScoredBlock:
    """All blocks together, given in any order; only what they say of each document is kept of all of them.

    So many as `TOGETHER` are added at a time, and so many of these sums, and so on. Where documents are not
    named, no more than two are kept.
    """
    if plan.options.stream:
        return reduce(lambda one, two: add([one, two]), blocks)
    levels: list[list[ScoredBlock]] = [[]]
    for block in blocks:
        levels[0].append(block)
        for level in range(len(levels)):
            if len(levels[level]) == TOGETHER:
                levels += [[]] if level + 1 == len(levels) else []
                levels[level + 1].append(add(levels[level]))
                levels[level].clear()
    return add([block for level in reversed(levels) for block in level])


# ---------------------------------------------------------------- the record
def make_record(plan: Plan, blocks: Iterable[ScoredBlock]) -> Record:
    """The record of blocks that were scored by a plan, given in any order.

    Raises `DataError` if a document is in several of them, `CorpusError` if gold judges none of the
    documents, `MeasureError` if a measure names an attribute that nothing has.
    """
    block = total(blocks, plan)
    _check(plan, block)
    options = plan.options
    if options.stream and block.grouped:  # whose near-duplicates were not kept together
        options = msgspec.structs.replace(options, trials=0)
    corpus = CorpusFacts(
        name=plan.corpus,
        version=plan.version,
        fingerprint=block.texts.name,
        language=intern(plan.language),  # a default is left out if it is the very one, wherever it was read
    )
    layers, ontology = tuple(_layer_facts(plan, block)), _ontology_facts(plan.ontology)
    golds, theirs = layers[: plan.golds], layers[plan.golds :]
    policies = {**_policies(options, block.layers), **plan.sights.policies, **policies_of(plan.weighting)}
    groups = tuple(map(Codes().__getitem__, block.groups)) if block.groups else None
    drawn = weights(plan.weighting, block.ids, options.scope.documents)
    scaled = None if drawn is None else scale(drawn)
    basis = _Basis(options, policies, _data(corpus, golds, ontology), block.ids, groups, scaled)
    systems = dict(zip(plan.systems, _defined(plan, block), strict=True))
    made = Record(
        format=FORMAT,
        goldwire=__version__,
        suite=options.suite,
        corpus=corpus,
        ontology=ontology,
        gold=golds[0],
        systems=theirs,
        references=golds[1:],
        agreement=tuple(_agreement(plan, block, basis)),
        measures=tuple(map(str, plan.measures)),
        policies=policies,
        documents=block.ids or (),
        texts=block.hashes or (),
        groups=groups,
        coverage=_coverage(options, block),
        counts=tuple(
            encode_patterns(found.counts, name, found.measure)
            for name, system in systems.items()
            for found in system.measures
        ),
        rejections=tuple(_rejections(plan, block)),
        results=tuple(_results(plan, systems, basis)),
        confusions=tuple(confusion for system in systems.values() for confusion in system.confusions),
        findings=tuple(
            packed
            for name, system in systems.items()
            for kind, found in system.outcomes.items()
            if (packed := kept.encode(name, kind, found)) is not None
        ),
        slices=make_slices(plan, block, systems),
        weights=drawn,
        undrawn=() if plan.weighting is None else plan.weighting.elsewhere,
    )
    return with_runs(made)


def _check(plan: Plan, block: ScoredBlock) -> None:
    """Raise an error if nothing is left to be scored, or a measure is of what nothing has."""
    if not block.size:
        raise CorpusError(_nothing(plan, block.cover))
    for number, gold in enumerate(block.layers[: plan.golds]):
        if gold.empty == gold.documents and (gold.dropped or gold.outside):
            raise CorpusError(_nothing_left(plan, number, gold))
    if plan.ontology is None:
        seen = frozenset().union(*(layer.seen for layer in block.layers))
        attributes.check_seen(plan.measures, plan.seen | seen)


def _nothing(plan: Plan, cover: Cover) -> str:
    """Why there is nothing to score, and what to do."""
    gold = " and ".join(repr(layer.source) for layer in plan.layers[: plan.golds])
    if not cover.documents:
        return f"{plan.corpus}: the corpus has no documents"
    if cover.outside == cover.documents:
        return f"{plan.corpus}: none of its {cover.documents} documents was asked for ({plan.options.asked})"
    reasons = [
        f"{amount(cover.unjudged, 'document')} without a line" if cover.unjudged else "",
        f"{amount(cover.skipped, 'document')} skipped" if cover.skipped else "",
        f"{amount(cover.drafts, 'draft')} with {amount(cover.open, 'open decision')}" if cover.drafts else "",
        f"{amount(cover.outside, 'document')} not asked for" if cover.outside else "",
    ]
    way = "finish them, or score them as they stand with --drafts counted"
    if not cover.drafts:
        way = "if documents were looked at and nothing was found, say so with `goldwire corpus cover`"
    told = f"layer {gold} judges no document"
    if plan.golds > 1:
        told = f"layers {gold} judge no document in common"
    return f"{told}: {', '.join(filter(None, reasons))}; {way}"


def _nothing_left(plan: Plan, number: int, gold: ScoredLayer) -> str:
    """Why a gold layer had units, and none is left."""
    view, why = plan.sights.each[number], []
    if view is not None and gold.dropped:
        why.append(f"the view {view.name} drops {amount(gold.dropped, 'unit')}")
    if gold.outside:
        why.append(f"{amount(gold.outside, 'unit')} stand outside of layer {plan.sights.inside!r}")
    return f"nothing is left of layer {plan.layers[number].source!r} to be scored: {' and '.join(why)}"


def _layer_facts(plan: Plan, block: ScoredBlock) -> Iterator[LayerFacts]:
    """What each layer brought."""
    scored = any(layer.scored for layer in block.layers[: plan.golds])
    for number, layer in enumerate(block.layers):
        planned = plan.layers[number]
        yield LayerFacts(
            name=planned.name,
            layer=planned.source,
            fingerprint=layer.digest.name,
            tokens=layer.bonds.name if layer.bonds.count else None,
            documents=layer.documents,
            missing=block.size - layer.documents,
            failed=layer.failed,
            allowed=reported(planned.facts).allowed,
            excluded=layer.excluded,
            uncounted=layer.uncounted,
            dropped=layer.dropped,
            outside=layer.outside,
            view=plan.sights.each[number],
            at=recorded(plan.at[number] if plan.at else None, block.ids, layer.below, gold=scored),
            triggerless=layer.triggerless,
            alternatives=dict(sorted(layer.alternatives.items())),
            rejected=_kinds(layer.rejections),
            shown=prefill.times(plan.basis.shown, block.ids, planned.source),
            facts=planned.facts,
        )


def _ontology_facts(ontology: Ontology | None) -> OntologyFacts | None:
    if ontology is None:
        return None
    return OntologyFacts(name=ontology.name, version=ontology.version, fingerprint=ontology.fingerprint())


def _coverage(options: Options, block: ScoredBlock) -> Coverage:
    cover = block.cover
    return Coverage(
        corpus=cover.documents,
        asked=options.asked,
        outside=cover.outside,
        unjudged=cover.unjudged,
        skipped=cover.skipped,
        drafts=cover.drafts,
        empty=block.layers[0].empty,
    )


def _kinds(rejections: Patterns) -> dict[str, int]:
    """How many units were rejected, by kind."""
    whole = rejections.whole()
    sums = zip(whole.labels, whole.by_label()[:, SYSTEM_HITS].tolist(), strict=True)
    return {kind: int(number) for kind, number in sums if number}


def _rejections(plan: Plan, block: ScoredBlock) -> Iterator[CountTable]:
    """The tables of systems of which something was rejected."""
    for name, layer in zip(plan.systems, block.layers[plan.golds :], strict=True):
        if _kinds(layer.rejections):
            yield encode_patterns(layer.rejections, name, REJECTED)


def _policies(options: Options, layers: Sequence[ScoredLayer]) -> dict[str, str]:
    """What was decided; also the ways in which tags were read, where layers come from such."""
    tags = frozenset().union(*(layer.tags for layer in layers))
    read = {"tags": "+".join(sorted(tags))} if tags else {}
    if tags and options.tags is not None:
        read[TAGS] = options.tags
    return {
        **POLICIES,
        "unjudged": options.scope.unjudged,
        "drafts": options.scope.drafts,
        "rejected": options.rejected,
        "duplicates": options.duplicates,
        "intervals": str(_drawing(options)),
        **read,
        **({} if options.references is None else {REFERENCES: options.references}),
    }


def _data(corpus: CorpusFacts, golds: Sequence[LayerFacts], ontology: OntologyFacts | None) -> dict[str, str]:
    """What was scored, as it stands in signatures."""
    named = {
        key: "none" if part is None else f"{part.name}@{part.version}#{part.fingerprint}"
        for key, part in (("corpus", corpus), ("ontology", ontology))
    }
    return {**named, "gold": "+".join(f"{gold.layer}#{gold.fingerprint}" for gold in golds)}


def _agreement(plan: Plan, block: ScoredBlock, basis: _Basis) -> Iterator[ReferencePair]:
    """How far each two references agree, by every measure."""
    for (one, two), pair in zip(combinations(plan.names[: plan.golds], 2), block.pairs, strict=True):
        found = {measured.measure: measured.counts for measured in pair.measures}
        for measure in plan.measures:
            score = figures.headline(basis.weigh(found[str(measure.counted)]), measure)
            yield ReferencePair(first=one, second=two, measure=str(measure), score=score)


# ---------------------------------------------------------------- figures
class _Basis(msgspec.Struct, frozen=True):
    """What all results rest on: policies and data for signatures, documents, their groups and weights."""

    options: Options
    policies: Mapping[str, str]
    data: Mapping[str, str]
    documents: Strings
    groups: tuple[int, ...] | None
    weights: Weights | None = None

    def weigh(self, patterns: Patterns) -> Patterns | Counts:
        """The counts with the weights of documents; as they are where there are none."""
        return (
            patterns if self.weights is None else weigh(patterns.expand(tuple(self.documents)), self.weights)
        )


def _defined(plan: Plan, block: ScoredBlock) -> Iterator[ScoredSystem]:
    """What was found of each system; nothing by entities where gold puts no mention into a cluster."""
    by_entity = {str(measure) for measure in plan.counted if measure.by_entity}
    if any(gold.clustered for gold in block.layers[: plan.golds]):
        by_entity = set()
    for system in block.systems:
        measures = (
            Measured(measure=found.measure, counts=empty(found.counts))
            if found.measure in by_entity
            else found
            for found in system.measures
        )
        yield msgspec.structs.replace(system, measures=tuple(measures))


def _results(plan: Plan, systems: Mapping[str, ScoredSystem], basis: _Basis) -> Iterator[Result]:
    """What each measure says of each system."""
    own = {name: {**plan.sights.own(number), **_at(plan, number)} for number, name in enumerate(plan.names)}
    found = {
        (name, measured.measure): measured for name, system in systems.items() for measured in system.measures
    }
    for measure in plan.measures:
        for name in systems:
            yield _result(name, found[name, str(measure.counted)], measure, basis, own[name])


def _at(plan: Plan, number: int) -> dict[str, str]:
    """The threshold of one system, as it stands in signatures."""
    at = plan.at[number] if plan.at else None
    return {} if at is None else {"at": at.name}


def _result(system: str, found: Measured, measure: Measure, basis: _Basis, own: Mapping[str, str]) -> Result:
    """What a measure says of a system, which has policies of its `own`; sums alone where gold has no unit."""
    counts = basis.weigh(found.counts)
    averages = figures.averages(counts, measure)
    labels = figures.by_label(figures.whole(counts), measure.beta)
    if not figures.is_defined(found.counts.counts):
        averages = {name: figures.undefined(score) for name, score in averages.items()}
        labels = {name: figures.undefined(score) for name, score in labels.items()}
    tokens = "+".join(sorted(found.tokens))
    return Result(
        system=system,
        measure=str(measure),
        signature=signature(measure, {**basis.policies, **own}, basis.data, tokens),
        value=averages[measure.average].f,
        averages={str(name): score for name, score in averages.items()},
        labels=labels,
        intervals=_intervals(counts, measure, basis),
        classes=dict(found.classes or {}),
        gold_collapsed=found.gold_collapsed,
        system_collapsed=found.system_collapsed,
    )


def _intervals(counts: Patterns | Counts, measure: Measure, basis: _Basis) -> dict[str, Interval]:
    """The intervals of a measure's figures; none where counts of documents do not add up."""
    options = basis.options
    if not (
        options.trials and requirements.is_additive(measure) and figures.is_defined(figures.whole(counts))
    ):
        return {}
    if isinstance(counts, Patterns) and basis.groups is not None:
        counts = counts.expand(tuple(basis.documents))
    found = intervals.figure_intervals(
        counts,
        measure,
        groups=basis.groups,
        **_drawing(options)._asdict(),
    )
    return {
        figure: Interval(low=ends.low, high=ends.high, remark=ends.remark) for figure, ends in found.items()
    }


def _drawing(options: Options) -> Drawing:
    return Drawing(options.intervals, options.trials, options.seed)
