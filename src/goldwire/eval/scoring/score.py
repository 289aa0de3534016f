"""Score systems against gold: layers and measures go in, a record comes out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from goldwire.corpora.errors import DataError, MeasureError
from goldwire.corpora.garbage import no_collection
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import SYSTEM, Corpus
from goldwire.corpora.types import PREFILL, Annotations, Document, Tokens
from goldwire.eval.counting import attributes, chunks, requirements
from goldwire.eval.counting.chunks import Block
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.counting.cut import Cut
from goldwire.eval.counting.reading import Wanted
from goldwire.eval.counting.texts import MetaTextRow, iter_chunks, make_texts
from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.signature import FORMAT_1, TAGS
from goldwire.eval.scoring import prefill, slices, thresholds, views, weights
from goldwire.eval.scoring import references as several
from goldwire.eval.scoring.blockwise import ScoredBlock
from goldwire.eval.scoring.compose import make_record
from goldwire.eval.scoring.find import iter_scored, score_block
from goldwire.eval.scoring.plan import Options, Plan, PlannedLayer, needs, parse_measures
from goldwire.eval.scoring.record import LayerFacts, Record
from goldwire.eval.systems import facts
from goldwire.eval.systems.runs import check, owners

__all__ = [
    "DEFAULTS",
    "SYSTEM",
    "Options",
    "layer_of",
    "needs",
    "parse_measures",
    "score",
    "score_corpus",
]

Annotated = Mapping[str, Annotations] | Iterable[Annotations]
Counting = Callable[[Corpus, Plan], Iterator[ScoredBlock]]
DEFAULTS = Options()


@no_collection()
def score(
    gold: Annotated,
    systems: Mapping[str, Annotated],
    documents: Sequence[Document],
    measures: Iterable[Measure | str],
    *,
    ontology: Ontology | None = None,
    corpus: str = "corpus",
    options: Options = DEFAULTS,
    seen: attributes.Seen = frozenset(),
    symmetric: frozenset[str] | None = None,
    tokens: Sequence[Sequence[Tokens]] = (),
    references: Mapping[str, Annotated] = {},
) -> Record:
    """The record of systems, by name, scored against gold on those `documents` that gold judges.

    A document that a system has no annotations of counts as empty. `seen` are attributes that units elsewhere
    have, so that measures may name them though none has one here (see `eval.counting.attributes`);
    `symmetric` are types of relations that are the same either way, the ontology's if not given.
    `references` are further gold layers, by name, against which systems are scored as `options` say. `tokens`
    are those that gold, references and each system came with, in this order. Raises `DataError` if
    annotations are of another text, of a document that is not there or of one document twice;
    `MeasureError` if a measure is none; `CorpusError` if gold judges none of the documents.
    """
    wanted = parse_measures(measures, ontology)
    _check_names(list(systems))
    _check_slices(options)
    if others := [str(part) for part in options.slices if part.looks_at_others or str(part) == PREFILL]:
        raise MeasureError(f"{others[0]}: which words were seen, or shown, is read from a corpus; score one")
    _check_references(options, ["gold", *references], list(systems), wanted)
    golds = {"gold": gold, **references}
    lines = [(name, _lines(annotated)) for name, annotated in (*golds.items(), *systems.items())]
    sights = views.of_lines(lines, options.views, ontology, len(golds))
    if symmetric is not None:
        sights = msgspec.structs.replace(sights, symmetric=symmetric)
    plan = Plan(
        layers=tuple(PlannedLayer(name, name) for name, _ in lines),
        measures=tuple(wanted),
        corpus=corpus,
        ontology=ontology,
        options=options,
        sights=sights,
        seen=seen,
        golds=len(golds),
    )
    texts, theirs = make_texts(map(_row, documents)), [(name, [found]) for name, found in lines[len(golds) :]]

    def block(need: Wanted, scope: Scope) -> Block:
        return chunks.make_block(texts, lines[: len(golds)], theirs, need, scope, tokens=tokens)

    plan = thresholds.settle(plan, lambda number: lines[number][1], block)
    return make_record(plan, [score_block(block(plan.wanted, options.scope), plan)])


def _check_references(
    options: Options, golds: Sequence[str], systems: Sequence[str], measures: Iterable[Measure]
) -> None:
    """Raise `MeasureError` if several references cannot be scored against like this."""
    several.check(options.references, golds, systems)
    if options.references is None:
        return
    several.check_measures(options.references, measures)
    if options.scope.unjudged == "empty":
        raise MeasureError(
            "--unjudged empty is of one gold layer: of several, documents are scored that all of them judge"
        )


def _lines(annotated: Annotated) -> list[Annotations]:
    return list(annotated.values() if isinstance(annotated, Mapping) else annotated)


def score_corpus(
    corpus: Corpus,
    gold: str | Sequence[str],
    systems: Sequence[str],
    measures: Iterable[Measure | str],
    *,
    options: Options = DEFAULTS,
    workers: int = 1,
    count: Counting | None = None,
) -> Record:
    """The record of systems scored against one layer of a corpus, or several.

    `NAME` stands for `system/NAME` too.
    `workers` is how many processes may count at the same time; the record is the same. More than one are
    forked, which a program with threads of its own should not ask for. `count` is what counts blocks in
    place of processes of this machine (see `cluster.score`), as far as a corpus has any.

    Raises `CorpusError` if a layer is not there, else as `score`.
    """
    plan = make_plan(corpus, gold, systems, measures, options)
    with no_collection():
        if all(map(requirements.is_additive, plan.measures)):
            try:
                return make_record(plan, (count or partial(count_here, workers=workers))(corpus, plan))
            except (chunks.DisorderError, DataError):
                return _score_whole(corpus, plan)
        return _score_whole(corpus, plan)


def make_plan(
    corpus: Corpus,
    gold: str | Sequence[str],
    systems: Sequence[str],
    measures: Iterable[Measure | str],
    options: Options = DEFAULTS,
) -> Plan:
    """The plan by which systems are scored against a layer of a corpus, or several; see `score_corpus`."""
    golds = [(name, name) for name in ([gold] if isinstance(gold, str) else gold)]
    named = [(name.removeprefix(SYSTEM), layer_of(corpus, name)) for name in systems]
    ontology = corpus.ontology()
    _check_names([name for name, _ in named])
    _check_slices(options)
    wanted = parse_measures(measures, ontology)
    _check_references(options, [name for name, _ in golds], [layer for _, layer in named], wanted)
    shown = {} if options.stream else prefill.shown(corpus, golds[0][0])
    options = msgspec.structs.replace(options, slices=prefill.sliced(options.slices, shown))
    theirs = [PlannedLayer(name, layer, _facts(corpus, layer)) for name, layer in named]
    systems_of = owners(check({one.name: one.facts for one in theirs}))
    weighting = weights.prepare(
        corpus, [name for name, _ in golds], options.scope, unweighted=options.unweighted
    )
    if weighting is not None:
        weights.check(weighting, wanted, options.scope, stream=options.stream)
        options = msgspec.structs.replace(options, scope=weighting.scope(options.scope, corpus))
    plan = Plan(
        layers=(*(PlannedLayer(*one) for one in golds), *theirs),
        measures=tuple(wanted),
        corpus=corpus.manifest.name,
        version=corpus.manifest.version,
        language=corpus.manifest.language,
        ontology=ontology,
        options=options,
        sights=views.of_corpus(
            corpus,
            [*golds, *named],
            options.views,
            options.inside,
            ontology,
            golds=len(golds),
            systems=systems_of,
        ),
        basis=slices.prepare(corpus, options.slices, shown),
        golds=len(golds),
        weighting=weighting,
    )
    return thresholds.settle(
        plan,
        lambda number: _lines_of(corpus, plan.layers[number].source),
        lambda need, scope: chunks.read_whole(corpus, plan.sources, need, scope),
    )


def _check_slices(options: Options) -> None:
    """Raise `MeasureError` if slices are asked for that cannot be had beside the rest."""
    if options.stream and options.slices:
        raise MeasureError("slices need the documents that --stream forgets; leave out one of the two")
    of_units = [str(part) for part in options.slices if part.of_units]
    if options.references is not None and of_units:
        raise MeasureError(
            f"{of_units[0]}: what is right by one of several gold layers has no one slice; "
            "score by one --gold, or part documents"
        )


def _lines_of(corpus: Corpus, layer: str) -> Iterator[Annotations]:
    for chunk in iter_chunks(corpus.layer_file(layer), Annotations):
        yield from chunk


def count_here(corpus: Corpus, plan: Plan, workers: int) -> Iterator[ScoredBlock]:
    """All blocks, counted by so many processes; `DisorderError` where files cannot be cut."""
    return iter_scored(chunks.find_places(corpus, plan.sources, plan.wanted), plan, workers=workers)


def _score_whole(corpus: Corpus, plan: Plan) -> Record:
    """The record of all documents at once; `DataError` with all faults."""
    block = chunks.read_whole(corpus, plan.sources, plan.wanted, plan.options.scope)
    return make_record(plan, [score_block(block, plan)])


def read_scored(
    corpus: Corpus,
    record: Record,
    systems: Sequence[LayerFacts],
    need: Wanted,
    documents: Collection[str] | None = None,
) -> Block:
    """The documents that a record is of, with gold and layers of systems as they are now, seen as it says.

    With `documents`, only those are read that are among these.
    """
    sources, counted, scope = _as_scored(corpus, record, systems, need)
    return chunks.read_whole(corpus, sources, counted, scope, documents)


def iter_scored_blocks(
    corpus: Corpus, record: Record, systems: Sequence[LayerFacts], need: Wanted
) -> Iterator[Block]:
    """The same block by block, in order of document; raises as `chunks.find_places` and `read_block`."""
    sources, counted, scope = _as_scored(corpus, record, systems, need)
    for place in chunks.find_places(corpus, sources, counted):
        yield chunks.read_block(place, counted, scope)


def _as_scored(
    corpus: Corpus, record: Record, systems: Sequence[LayerFacts], need: Wanted
) -> tuple[list[str], Wanted, Scope]:
    """The layers that a record is of, how they are read, and of which documents."""
    policies = {**FORMAT_1, **record.policies}
    scope = Scope(
        documents=frozenset(record.documents) if record.documents else None,
        unjudged="empty" if record.documents or policies["unjudged"] == "empty" else "left-out",
        drafts="counted" if record.documents or policies["drafts"] == "counted" else "left-out",
    )
    sights = views.of_record(corpus, record, systems)
    counted = msgspec.structs.replace(
        sights.need(need),
        rejected=policies["rejected"] == "spurious",
        tags=policies.get(TAGS),
        references=len(record.golds),
        scores=any(system.at for system in systems),
        cuts=(*(None for _ in record.golds), *(_cut(record, system) for system in systems)),
    )
    return sights.sources([layer.layer for layer in (*record.golds, *systems)]), counted, scope


def _cut(record: Record, system: LayerFacts) -> Cut | None:
    """Where a system was cut when it was scored."""
    if system.at is None:
        return None
    return Cut(system.at.values, dict(zip(record.documents, system.at.folds, strict=False)))


def layer_of(corpus: Corpus, name: str) -> str:
    """The layer that a system's name stands for: `system/NAME` if it is there, else NAME."""
    return f"{SYSTEM}{name}" if corpus.layer_path(f"{SYSTEM}{name}").is_file() else name


def _row(document: Document) -> MetaTextRow:
    return MetaTextRow(
        id=document.id,
        sha256=document.sha256,
        excluded=document.excluded,
        group=document.group,
        text=document.text,
        meta=document.meta,
    )


def _facts(corpus: Corpus, source: str) -> dict[str, Any]:
    if not source.startswith(SYSTEM):
        return {}
    found = facts.read(corpus, source.removeprefix(SYSTEM))
    return {} if found is None else msgspec.to_builtins(found)


def _check_names(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise MeasureError(f"{twice[0]!r} is named twice" if twice else "no system to score")
