"""Score systems against gold: layers and measures go in, a record comes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Literal

import msgspec

from goldwire import __version__
from goldwire.corpora.errors import DataError, Fault, MeasureError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Document
from goldwire.eval import analyse, classes, diagnose, facts, figures, load, metrics, tally
from goldwire.eval.counts import Counts
from goldwire.eval.load import Layer, Need, TextRow, Texts
from goldwire.eval.measure import Measure, parse
from goldwire.eval.record import (
    FORMAT,
    Confusion,
    CorpusFacts,
    CountTable,
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
    texts = load.make_texts(map(_row, documents))
    setting = Setting(
        corpus=CorpusFacts(name=corpus, version="", fingerprint=texts.fingerprint()),
        ontology=ontology,
        texts=texts,
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
    with load.no_collection():
        return _score_corpus(corpus, gold, systems, parse_measures(measures), options)


def _score_corpus(
    corpus: Corpus, gold: str, systems: Sequence[str], wanted: Sequence[Measure], options: Options
) -> Record:
    ontology = corpus.ontology()
    texts = load.read_texts(corpus, texts=tally.texts_wanted(wanted))
    manifest = corpus.manifest
    setting = Setting(
        corpus=CorpusFacts(
            name=manifest.name,
            version=manifest.version,
            fingerprint=texts.fingerprint(),
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
    policies, groups = _policies(setting.options), _groups(setting.texts)
    judge = _Judge(setting, gold, tuple(measures), policies, groups)
    verdicts = [judge.verdict(system) for system in systems]
    return Record(
        format=FORMAT,
        goldwire=__version__,
        suite=setting.options.suite,
        corpus=setting.corpus,
        ontology=_ontology_facts(setting.ontology),
        gold=_layer_facts(setting, gold),
        systems=tuple(_layer_facts(setting, system) for system in systems),
        measures=tuple(map(str, measures)),
        policies=policies,
        documents=setting.texts.ids,
        groups=groups,
        counts=tuple(table for verdict in verdicts for table in verdict.counts),
        results=tuple(chain.from_iterable(zip(*(verdict.results for verdict in verdicts), strict=True))),
        confusions=tuple(confusion for verdict in verdicts for confusion in verdict.confusions),
    )


def _check_names(systems: Sequence[Entry]) -> None:
    names = [system.name for system in systems]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise MeasureError(f"{twice[0]!r} is named twice" if twice else "no system to score")


class _Verdict(msgspec.Struct, frozen=True):
    """What a record says of one system; the results are in the order of the measures."""

    counts: tuple[CountTable, ...]
    results: tuple[Result, ...]
    confusions: tuple[Confusion, ...]


class _Judge(msgspec.Struct, frozen=True):
    """What every result of a record is made with."""

    setting: Setting
    gold: Entry
    measures: tuple[Measure, ...]
    policies: dict[str, str]
    groups: tuple[int, ...] | None

    def verdict(self, system: Entry) -> _Verdict:
        """Everything about one system."""
        sides = Sides(self.gold.layer, system.layer, self.setting.texts, self.setting.codes)
        outcomes = {
            counted: self.count(sides, system.name, counted)
            for counted in dict.fromkeys(measure.counted for measure in self.measures)
        }
        return _Verdict(
            counts=tuple(
                encode_counts(outcome.counts, system.name, str(counted))
                for counted, outcome in outcomes.items()
            ),
            results=tuple(
                self.result(sides, system.name, measure, outcomes[measure.counted])
                for measure in self.measures
            ),
            confusions=tuple(_confusions(sides, system.name, {measure.units for measure in self.measures})),
        )

    def count(self, sides: Sides, system: str, measure: Measure) -> Outcome:
        """The counts under a measure; `DataError` if there are duplicates and the policy refuses them."""
        outcome = tally.count(measure, sides)
        collapsed = {self.gold.name: outcome.gold_collapsed, system: outcome.system_collapsed}
        if self.setting.options.duplicates == "refuse" and any(collapsed.values()):
            faults = [
                Fault(name, "", f"{times} unit(s) repeat another one under {measure}")
                for name, times in collapsed.items()
                if times
            ]
            raise DataError("duplicates, which the policy refuses; nothing was scored", faults)
        return outcome

    def result(self, sides: Sides, system: str, measure: Measure, outcome: Outcome) -> Result:
        """What a measure says of the system."""
        averages = metrics.averages(outcome.counts, measure)
        wanted = self.setting.options.classes and classes.applies(measure)
        return Result(
            system=system,
            measure=str(measure),
            signature=signature(measure, self.policies, _data(self.setting, self.gold)),
            value=averages[measure.average].f,
            averages={str(name): score for name, score in averages.items()},
            labels=metrics.by_label(outcome.counts, measure.beta),
            intervals=_intervals(outcome.counts, measure, self.groups, self.setting.options),
            classes=classes.count(measure, sides) if wanted else {},
            gold_collapsed=outcome.gold_collapsed,
            system_collapsed=outcome.system_collapsed,
        )


def _intervals(
    counts: Counts, measure: Measure, groups: tuple[int, ...] | None, options: Options
) -> dict[str, Interval]:
    """The intervals of a measure's figures; none where counts of documents do not add up."""
    if not options.trials or not tally.is_additive(measure):
        return {}
    found = figures.figure_intervals(
        counts, measure, groups=groups, method=METHOD, trials=options.trials, seed=options.seed
    )
    return {figure: Interval(low=ends.low, high=ends.high) for figure, ends in found.items()}


def _confusions(sides: Sides, system: str, kinds: set[str]) -> Iterator[Confusion]:
    """What became of the units of the kinds that are scored."""
    for kind, findings in analyse.find(sides).items():
        if kind in kinds:
            yield Confusion(
                system=system,
                units=kind,
                cells=diagnose.confusion(findings, sides.codes),
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
    groups = list(map(attrgetter("group"), texts.rows))
    if groups.count(None) == len(groups):
        return None
    numbers, names = Codes(), zip(texts.ids, groups, strict=True)
    return tuple(numbers[id if group is None else group] for id, group in names)
