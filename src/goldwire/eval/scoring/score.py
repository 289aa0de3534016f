"""Score systems against gold: layers and measures go in, a record comes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from goldwire import __version__
from goldwire.corpora.errors import CorpusError, DataError, MeasureError
from goldwire.corpora.garbage import no_collection
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import SYSTEM, Corpus
from goldwire.corpora.types import Annotations, Document, Tokens
from goldwire.eval.counting import attributes, chunks, counters
from goldwire.eval.counting.chunks import Block
from goldwire.eval.counting.counts import SYSTEM_HITS, Patterns
from goldwire.eval.counting.coverage import Cover, Scope
from goldwire.eval.counting.reading import Wanted
from goldwire.eval.counting.texts import TextRow, make_texts
from goldwire.eval.measures import installed
from goldwire.eval.measures.measure import Measure, parse
from goldwire.eval.measures.phrases import amount
from goldwire.eval.measures.signature import FORMAT_1, POLICIES, TAGS
from goldwire.eval.scoring import blockwise, findings, views
from goldwire.eval.scoring.blockwise import Part, Task, Whole
from goldwire.eval.scoring.findings import METHOD, Options, Terms
from goldwire.eval.scoring.record import (
    FORMAT,
    REJECTED,
    CorpusFacts,
    CountTable,
    Coverage,
    LayerFacts,
    OntologyFacts,
    Record,
    encode_patterns,
)
from goldwire.eval.scoring.views import Sights
from goldwire.eval.statistics.resample import LEVEL
from goldwire.eval.systems import facts

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
DEFAULTS = Options()


# ---------------------------------------------------------------- what is scored
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
) -> Record:
    """The record of systems, by name, scored against gold on those `documents` that gold judges.

    A document that a system has no annotations of counts as empty. `seen` are attributes that units elsewhere
    have, so that measures may name them though none has one here (see `eval.counting.attributes`);
    `symmetric` are types of relations that are the same either way, the ontology's if not given.
    `tokens` are those that gold and each system came with, in this order. Raises `DataError`
    if annotations are of another text, of a document that is not there or of one document twice;
    `MeasureError` if a measure is none; `CorpusError` if gold judges none of the documents.
    """
    wanted = parse_measures(measures, ontology)
    _check_names(list(systems))
    lines = [("gold", _lines(gold)), *((name, _lines(annotated)) for name, annotated in systems.items())]
    sights = views.of_lines(lines, options.views, ontology)
    if symmetric is not None:
        sights = msgspec.structs.replace(sights, symmetric=symmetric)
    plan = _Plan(
        names=tuple(_Name(name, name) for name, _ in lines),
        measures=tuple(wanted),
        name=corpus,
        ontology=ontology,
        options=options,
        sights=sights,
        seen=seen,
    )
    texts, theirs = make_texts(map(_row, documents)), [(name, [found]) for name, found in lines[1:]]
    block = chunks.make_block(texts, lines[0], theirs, plan.need, options.scope, tokens=tokens)
    return _score(plan, [blockwise.make_part(block, plan.task)])


def _lines(annotated: Annotated) -> list[Annotations]:
    return list(annotated.values() if isinstance(annotated, Mapping) else annotated)


def score_corpus(
    corpus: Corpus,
    gold: str,
    systems: Sequence[str],
    measures: Iterable[Measure | str],
    *,
    options: Options = DEFAULTS,
    workers: int = 1,
) -> Record:
    """The record of systems scored against a layer of a corpus; `NAME` stands for `system/NAME` too.

    `workers` is how many processes may count at the same time; the record is the same. More than one are
    forked, which a program with threads of its own should not ask for.

    Raises `CorpusError` if a layer is not there, else as `score`.
    """
    named = [(name.removeprefix(SYSTEM), layer_of(corpus, name)) for name in systems]
    ontology = corpus.ontology()
    _check_names([name for name, _ in named])
    plan = _Plan(
        names=(_Name(gold, gold), *(_Name(name, layer, _facts(corpus, layer)) for name, layer in named)),
        measures=tuple(parse_measures(measures, ontology)),
        name=corpus.manifest.name,
        version=corpus.manifest.version,
        language=corpus.manifest.language,
        ontology=ontology,
        options=options,
        sights=views.of_corpus(corpus, [(gold, gold), *named], options, ontology),
    )
    sources = plan.sights.sources([name.source for name in plan.names])
    with no_collection():
        if all(map(counters.is_additive, plan.measures)):
            try:
                places = chunks.find_places(corpus, sources, plan.need)
                return _score(plan, blockwise.iter_parts(places, plan.need, plan.task, workers))
            except (chunks.DisorderError, DataError):
                pass  # all is read at once, and everything wrong in it told
        block = chunks.read_whole(corpus, sources, plan.need, options.scope)
        return _score(plan, [blockwise.make_part(block, plan.task)])


def read_scored(corpus: Corpus, record: Record, systems: Sequence[LayerFacts], need: Wanted) -> Block:
    """The documents that a record is of, with gold and layers of systems as they are now, seen as it says."""
    policies = {**FORMAT_1, **record.policies}
    scope = Scope(
        documents=frozenset(record.documents) if record.documents else None,
        unjudged="empty" if record.documents or policies["unjudged"] == "empty" else "left-out",
        drafts="counted" if record.documents or policies["drafts"] == "counted" else "left-out",
    )
    sights = views.of_record(corpus, record, systems)
    counted = msgspec.structs.replace(
        sights.need(need), rejected=policies["rejected"] == "spurious", tags=policies.get(TAGS)
    )
    sources = sights.sources([record.gold.layer, *(system.layer for system in systems)])
    return chunks.read_whole(corpus, sources, counted, scope)


def layer_of(corpus: Corpus, name: str) -> str:
    """The layer that a system's name stands for: `system/NAME` if it is there, else NAME."""
    return f"{SYSTEM}{name}" if corpus.layer_path(f"{SYSTEM}{name}").is_file() else name


def parse_measures(measures: Iterable[Measure | str], ontology: Ontology | None) -> list[Measure]:
    """Measures from their string forms, each once; `MeasureError` if there is none or one cannot be used."""
    found = [item if isinstance(item, Measure) else parse(item) for item in measures]
    if not found:
        raise MeasureError("no measure to score by; name some, or a suite")
    attributes.check_ontology(found, ontology)
    for measure in found:
        if measure.is_extension:
            installed.load(measure.counted)  # before anything is read
    return list(dict.fromkeys(found))


def needs(measures: Sequence[Measure], ontology: Ontology | None) -> Wanted:
    """What measures look at besides types and spans."""
    names = {name for measure in measures for name in measure.attributes}
    return Wanted(
        attributes=tuple(sorted(names)),
        ontology=ontology,
        items=counters.items_wanted(measures),
        texts=counters.texts_wanted(measures),
        tokens=counters.tokens_wanted(measures),
    )


def _row(document: Document) -> TextRow:
    return TextRow(
        id=document.id,
        sha256=document.sha256,
        excluded=document.excluded,
        group=document.group,
        text=document.text,
    )


class _Name(msgspec.Struct, frozen=True):
    """What a layer is called in the record, where it is from, and what its runner reported."""

    name: str
    source: str
    facts: dict[str, Any] = {}


def _facts(corpus: Corpus, source: str) -> dict[str, Any]:
    if not source.startswith(SYSTEM):
        return {}
    found = facts.read(corpus, source.removeprefix(SYSTEM))
    return {} if found is None else msgspec.to_builtins(found)


# ---------------------------------------------------------------- the record
class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is scored by what; the first of `names` is gold's, `name` to `language` are the corpus's."""

    names: tuple[_Name, ...]
    measures: tuple[Measure, ...]
    name: str
    version: str = ""
    language: str = "en"
    ontology: Ontology | None
    options: Options
    sights: Sights
    seen: attributes.Seen = frozenset()

    @property
    def task(self) -> Task:
        """What is asked of each block."""
        counted = dict.fromkeys(measure.counted for measure in self.measures)
        return Task(tuple(name.name for name in self.names), tuple(counted), self.options)

    @property
    def need(self) -> Wanted:
        """What is to be read."""
        found = self.sights.need(needs(self.measures, self.ontology))
        return msgspec.structs.replace(
            found, rejected=self.options.rejected == "spurious", tags=self.options.tags
        )


def _score(plan: _Plan, found: Iterable[Part]) -> Record:
    """What was found block by block, worked out."""
    options, systems = plan.options, [name.name for name in plan.names[1:]]
    whole = blockwise.add(found, len(plan.names), stream=options.stream)
    if not whole.number:
        raise CorpusError(_nothing(plan, whole.cover))
    views.check_left(plan.sights, plan.names[0].source, whole.layers[0])
    if plan.ontology is None:
        attributes.check_seen(plan.measures, plan.seen | whole.seen())
    corpus = CorpusFacts(
        name=plan.name, version=plan.version, fingerprint=whole.fingerprint(), language=plan.language
    )
    layers, known = _layer_facts(plan, whole), _ontology_facts(plan.ontology)
    if options.stream and whole.grouped:  # whose near-duplicates were not kept together
        options = msgspec.structs.replace(options, trials=0)
    terms = Terms(
        options,
        {**_policies(options, whole.tags()), **plan.sights.policies},
        _data(corpus, layers[0], known),
        tuple(whole.ids),
        whole.groups(),
    )
    by_entity = [m for m in plan.task.measures if m.by_entity and not whole.layers[0].clustered]
    told = {
        name: findings.without(found, by_entity)
        for name, found in zip(systems, whole.findings(), strict=True)
    }
    return Record(
        format=FORMAT,
        goldwire=__version__,
        suite=options.suite,
        corpus=corpus,
        ontology=known,
        gold=layers[0],
        systems=layers[1:],
        measures=tuple(map(str, plan.measures)),
        policies=dict(terms.policies),
        documents=terms.documents,
        texts=tuple(whole.hashes),
        groups=terms.groups,
        coverage=_coverage(options, whole),
        counts=tuple(
            encode_patterns(found.counts, name, str(measure))
            for name, finding in told.items()
            for measure, found in finding.measures.items()
        ),
        rejections=tuple(_rejections(plan, whole)),
        results=tuple(
            findings.result(
                name, finding.measures[measure.counted], measure, terms.of(plan.sights.own(number))
            )
            for measure in plan.measures
            for number, (name, finding) in enumerate(told.items(), start=1)
        ),
        confusions=tuple(confusion for finding in told.values() for confusion in finding.confusions.values()),
    )


def _layer_facts(plan: _Plan, whole: Whole) -> tuple[LayerFacts, ...]:
    """What each layer brought."""
    return tuple(
        LayerFacts(
            name=name.name,
            layer=name.source,
            fingerprint=digest.fingerprint,
            tokens=digest.tokens,
            documents=digest.documents,
            missing=whole.number - digest.documents,
            failed=digest.failed,
            allowed=int(name.facts.get("allowed", 0)),
            excluded=digest.excluded,
            uncounted=digest.uncounted,
            dropped=digest.dropped,
            outside=digest.outside,
            view=view,
            triggerless=digest.triggerless,
            alternatives=dict(sorted(digest.alternatives.items())),
            rejected=_kinds(digest.rejections),
            facts=name.facts,
        )
        for name, digest, view in zip(plan.names, whole.layers, plan.sights.each, strict=True)
    )


def _coverage(options: Options, whole: Whole) -> Coverage:
    cover = whole.cover
    return Coverage(
        corpus=cover.documents,
        asked=options.asked,
        outside=cover.outside,
        unjudged=cover.unjudged,
        skipped=cover.skipped,
        drafts=cover.drafts,
        empty=whole.layers[0].empty,
    )


def _nothing(plan: _Plan, cover: Cover) -> str:
    """Why there is nothing to score, and what to do."""
    gold = plan.names[0].source
    if not cover.documents:
        return f"{plan.name}: the corpus has no documents"
    if cover.outside == cover.documents:
        return f"{plan.name}: none of its {cover.documents} documents was asked for ({plan.options.asked})"
    reasons = [
        f"{amount(cover.unjudged, 'document')} without a line" if cover.unjudged else "",
        f"{amount(cover.skipped, 'document')} skipped" if cover.skipped else "",
        f"{amount(cover.drafts, 'draft')} with {amount(cover.open, 'open decision')}" if cover.drafts else "",
        f"{amount(cover.outside, 'document')} not asked for" if cover.outside else "",
    ]
    way = "finish them, or score them as they stand with --drafts counted"
    if not cover.drafts:
        way = "if documents were looked at and nothing was found, say so with `goldwire corpus cover`"
    return f"layer {gold!r} judges no document: {', '.join(filter(None, reasons))}; {way}"


def _kinds(rejections: Patterns) -> dict[str, int]:
    """How many units were rejected, by kind."""
    whole = rejections.whole()
    sums = zip(whole.labels, whole.by_label()[:, SYSTEM_HITS].tolist(), strict=True)
    return {kind: int(number) for kind, number in sums if number}


def _rejections(plan: _Plan, whole: Whole) -> Iterator[CountTable]:
    """The tables of systems of which something was rejected."""
    for name, digest in zip(plan.names[1:], whole.layers[1:], strict=True):
        rejections = digest.rejections
        if _kinds(rejections):
            yield encode_patterns(rejections, name.name, REJECTED)


def _check_names(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise MeasureError(f"{twice[0]!r} is named twice" if twice else "no system to score")


def _policies(options: Options, tags: set[str]) -> dict[str, str]:
    """What was decided; `tags` are the ways in which tags were read, where layers come from such."""
    intervals = f"{METHOD}-{LEVEL:g}-{options.trials}-seed-{options.seed}" if options.trials else "none"
    read = {"tags": "+".join(sorted(tags))} if tags else {}
    if tags and options.tags is not None:
        read[TAGS] = options.tags
    return {
        **POLICIES,
        "unjudged": options.scope.unjudged,
        "drafts": options.scope.drafts,
        "rejected": options.rejected,
        "duplicates": options.duplicates,
        "intervals": intervals,
        **read,
    }


def _data(corpus: CorpusFacts, gold: LayerFacts, ontology: OntologyFacts | None) -> dict[str, str]:
    """What was scored, as it stands in signatures."""
    named = {
        key: "none" if part is None else f"{part.name}@{part.version}#{part.fingerprint}"
        for key, part in (("corpus", corpus), ("ontology", ontology))
    }
    return {**named, "gold": f"{gold.layer}#{gold.fingerprint}"}


def _ontology_facts(ontology: Ontology | None) -> OntologyFacts | None:
    if ontology is None:
        return None
    return OntologyFacts(name=ontology.name, version=ontology.version, fingerprint=ontology.fingerprint())
