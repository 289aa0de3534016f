"""Score systems against gold: layers and measures go in, a record comes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, cast

import msgspec

from goldwire import __version__
from goldwire.corpora.errors import DataError, Fault, MeasureError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus, fingerprint
from goldwire.corpora.types import Annotations, Document
from goldwire.eval import analyse, classes, diagnose, facts, figures, load, metrics, tally
from goldwire.eval.counts import Counts
from goldwire.eval.load import Layer, Need, TextRow, Texts
from goldwire.eval.measure import Measure, parse
from goldwire.eval.record import (
    FORMAT,
    Confusion,
    CorpusFacts,
    Interval,
    LayerFacts,
    OntologyFacts,
    Record,
    Result,
    encode_counts,
)
from goldwire.eval.resample import LEVEL, TRIALS, Method
from goldwire.eval.signature import POLICIES, signature
from goldwire.eval.tables import Codes
from goldwire.eval.tally import Outcome, Sides

Annotated = Mapping[str, Annotations] | Iterable[Annotations]


METHOD: Method = "expanded"  # the kind of interval: see `resample.intervals`


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller may choose; each shows in the signature where it decides the number.

    `duplicates`: units that repeat another are collapsed as `set`, or `refuse`d. `trials`: resamples for
    the intervals, 0 for none. `seed`: of the resampling. `suite`: where the measures are from. `classes`:
    whether results tell how many units are COR, INC, PAR, MIS and SPU.
    """

    duplicates: Literal["set", "refuse"] = "set"
    trials: int = TRIALS
    seed: int = 0
    suite: str | None = None
    classes: bool = False


DEFAULTS = Options()


class Entry(msgspec.Struct, frozen=True):
    """A layer that takes part: what it is called in the record, where it is from, and what it holds."""

    name: str
    source: str
    layer: Layer
    facts: dict[str, Any] = {}


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What all systems of a scoring share."""

    corpus: CorpusFacts
    ontology: Ontology | None
    texts: Texts
    codes: Codes
    options: Options


def score(
    gold: Annotated,
    systems: Mapping[str, Annotated],
    documents: Sequence[Document],
    measures: Iterable[Measure | str],
    *,
    ontology: Ontology | None = None,
    corpus: str = "corpus",
    options: Options = DEFAULTS,
) -> Record:
    """The record of systems, by name, scored against gold on all `documents`.

    A document without annotations counts as empty. Raises `DataError` if annotations are of another
    text, of a document that is not there or of one document twice; `MeasureError` if a measure is none.
    """
    wanted = parse_measures(measures)
    setting = Setting(
        corpus=CorpusFacts(name=corpus, version="", fingerprint=fingerprint(documents)),
        ontology=ontology,
        texts=load.make_texts(map(_row, documents)),
        codes=Codes(),
        options=options,
    )

    def entry(name: str, annotated: Annotated) -> Entry:
        items = list(annotated.values() if isinstance(annotated, Mapping) else annotated)
        layer = load.make_layer([items], setting.texts, setting.codes, needs(wanted, ontology), where=name)
        return Entry(name, name, layer)

    return make_record(setting, entry("gold", gold), [entry(*item) for item in systems.items()], wanted)


def score_corpus(
    corpus: Corpus,
    gold: str,
    systems: Sequence[str],
    measures: Iterable[Measure | str],
    *,
    options: Options = DEFAULTS,
) -> Record:
    """The record of systems scored against a layer of a corpus; `NAME` stands for `system/NAME` too.

    Raises `CorpusError` if a layer is not there, else as `score`.
    """
    wanted = parse_measures(measures)
    ontology = corpus.ontology()
    texts = load.read_texts(corpus, texts=tally.texts_wanted(wanted))
    manifest = corpus.manifest
    setting = Setting(
        corpus=CorpusFacts(
            name=manifest.name,
            version=manifest.version,
            fingerprint=fingerprint(cast("tuple[Document, ...]", texts.rows)),
            language=manifest.language,
        ),
        ontology=ontology,
        texts=texts,
        codes=Codes(),
        options=options,
    )
    need = needs(wanted, ontology)

    def entry(name: str, source: str) -> Entry:
        found = facts.read(corpus, name) if source == f"{SYSTEM}{name}" else None
        layer = load.read_layer(corpus, source, texts, setting.codes, need)
        return Entry(name, source, layer, {} if found is None else msgspec.to_builtins(found))

    named = [entry(name.removeprefix(SYSTEM), layer_of(corpus, name)) for name in systems]
    return make_record(setting, entry(gold, gold), named, wanted)


SYSTEM = "system/"  # where the layers of systems are


def layer_of(corpus: Corpus, name: str) -> str:
    """The layer that a system's name stands for: `system/NAME` if it is there, else NAME."""
    return f"{SYSTEM}{name}" if corpus.layer_path(f"{SYSTEM}{name}").is_file() else name


def parse_measures(measures: Iterable[Measure | str]) -> list[Measure]:
    """Measures from their string forms, each once; `MeasureError` if there is none."""
    found = [item if isinstance(item, Measure) else parse(item) for item in measures]
    if not found:
        raise MeasureError("no measure to score by; name some, or a suite")
    return list(dict.fromkeys(found))


def needs(measures: Sequence[Measure], ontology: Ontology | None) -> Need:
    """What measures look at besides types and spans."""
    names = {name for measure in measures for name in measure.attributes}
    return Need(attributes=tuple(sorted(names)), ontology=ontology, items=tally.items_wanted(measures))


def _row(document: Document) -> TextRow:
    return TextRow(
        id=document.id,
        sha256=document.sha256,
        excluded=document.excluded,
        group=document.group,
        text=document.text,
    )


# ---------------------------------------------------------------- the record
def make_record(
    setting: Setting, gold: Entry, systems: Sequence[Entry], measures: Sequence[Measure]
) -> Record:
    """Everything counted and worked out, for all systems and measures."""
    _check_names(systems)
    judged = _Judged(setting, gold, _policies(setting.options), _groups(setting.texts))
    outcomes = {
        (system.name, measure): _count(judged, system, measure)
        for system in systems
        for measure in dict.fromkeys(measure.counted for measure in measures)
    }
    return Record(
        format=FORMAT,
        goldwire=__version__,
        suite=setting.options.suite,
        corpus=setting.corpus,
        ontology=_ontology_facts(setting.ontology),
        gold=_layer_facts(setting, gold),
        systems=tuple(_layer_facts(setting, system) for system in systems),
        measures=tuple(map(str, measures)),
        policies=judged.policies,
        documents=setting.texts.ids,
        groups=judged.groups,
        counts=tuple(
            encode_counts(outcome.counts, system, str(measure))
            for (system, measure), outcome in outcomes.items()
        ),
        results=tuple(
            _result(judged, system, measure, outcomes[system.name, measure.counted])
            for measure in measures
            for system in systems
        ),
        confusions=tuple(
            confusion
            for system in systems
            for confusion in _confusions(judged, system, {measure.units for measure in measures})
        ),
    )


class _Judged(msgspec.Struct, frozen=True):
    """What every result of a record is made with."""

    setting: Setting
    gold: Entry
    policies: dict[str, str]
    groups: tuple[int, ...] | None

    def sides(self, system: Entry) -> Sides:
        return Sides(self.gold.layer, system.layer, self.setting.texts, self.setting.codes)


def _check_names(systems: Sequence[Entry]) -> None:
    names = [system.name for system in systems]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise MeasureError(f"{twice[0]!r} is named twice" if twice else "no system to score")


def _count(judged: _Judged, system: Entry, measure: Measure) -> Outcome:
    outcome = tally.count(measure, judged.sides(system))
    collapsed = {judged.gold.name: outcome.gold_collapsed, system.name: outcome.system_collapsed}
    if judged.setting.options.duplicates == "refuse" and any(collapsed.values()):
        faults = [
            Fault(name, "", f"{times} unit(s) repeat another one under {measure}")
            for name, times in collapsed.items()
            if times
        ]
        raise DataError("duplicates, which the policy refuses; nothing was scored", faults)
    return outcome


def _result(judged: _Judged, system: Entry, measure: Measure, outcome: Outcome) -> Result:
    averages = metrics.averages(outcome.counts, measure)
    return Result(
        system=system.name,
        measure=str(measure),
        signature=signature(measure, judged.policies, _data(judged.setting, judged.gold)),
        value=averages[measure.average].f,
        averages={str(name): score for name, score in averages.items()},
        labels=metrics.by_label(outcome.counts, measure.beta),
        intervals=_intervals(judged, outcome.counts, measure),
        classes=_classes(judged, system, measure),
        gold_collapsed=outcome.gold_collapsed,
        system_collapsed=outcome.system_collapsed,
    )


def _intervals(judged: _Judged, counts: Counts, measure: Measure) -> dict[str, Interval]:
    """The intervals of a measure's figures; none where counts of documents do not add up."""
    options = judged.setting.options
    if not options.trials or not tally.is_additive(measure):
        return {}
    found = figures.figure_intervals(
        counts, measure, groups=judged.groups, method=METHOD, trials=options.trials, seed=options.seed
    )
    return {figure: Interval(low=ends.low, high=ends.high) for figure, ends in found.items()}


def _classes(judged: _Judged, system: Entry, measure: Measure) -> dict[str, int]:
    wanted = judged.setting.options.classes and classes.applies(measure)
    return classes.count(measure, judged.sides(system)) if wanted else {}


def _confusions(judged: _Judged, system: Entry, kinds: set[str]) -> Iterator[Confusion]:
    """What became of the units of the kinds that are scored."""
    for kind, findings in analyse.find(judged.sides(system)).items():
        if kind in kinds:
            yield Confusion(
                system=system.name,
                units=kind,
                cells=diagnose.confusion(findings, judged.setting.codes),
                classes=diagnose.tally(findings),
                causes=analyse.count_causes(findings) if kind == "argument" else {},
            )


# ---------------------------------------------------------------- facts
def _policies(options: Options) -> dict[str, str]:
    intervals = f"{METHOD}-{LEVEL:g}-{options.trials}-seed-{options.seed}" if options.trials else "none"
    return {**POLICIES, "duplicates": options.duplicates, "intervals": intervals}


def _data(setting: Setting, gold: Entry) -> dict[str, str]:
    """What was scored, as it stands in signatures."""
    corpus, ontology = setting.corpus, _ontology_facts(setting.ontology)
    return {
        "corpus": f"{corpus.name}@{corpus.version}#{corpus.fingerprint}",
        "gold": f"{gold.source}#{gold.layer.fingerprint}",
        "ontology": "none"
        if ontology is None
        else f"{ontology.name}@{ontology.version}#{ontology.fingerprint}",
    }


def _ontology_facts(ontology: Ontology | None) -> OntologyFacts | None:
    if ontology is None:
        return None
    return OntologyFacts(name=ontology.name, version=ontology.version, fingerprint=ontology.fingerprint())


def _layer_facts(setting: Setting, entry: Entry) -> LayerFacts:
    return LayerFacts(
        name=entry.name,
        layer=entry.source,
        fingerprint=entry.layer.fingerprint,
        documents=entry.layer.documents,
        missing=len(setting.texts.rows) - entry.layer.documents,
        excluded=entry.layer.excluded,
        facts=entry.facts,
    )


def _groups(texts: Texts) -> tuple[int, ...] | None:
    """A number for each document, shared by near-duplicates; None where there are none."""
    if all(row.group is None for row in texts.rows):
        return None
    numbers = Codes()
    return tuple(numbers[row.id if row.group is None else row.group] for row in texts.rows)
