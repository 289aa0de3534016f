"""People one by one: how each agrees with the others, with gold and with what was shown, how fast, and drift.

To the others: the mean over the others of the person's F against each, on the documents that both are done
with (one is left out at a time, as in a mean over pairs). To gold: F against the gold layer on the documents
that both have; where gold was made of this person's work, it flatters. To the prefill: F against the layer
that the person was shown and corrected, document by document (`provenance.details`, "prefill"): near 1, the
person may only have clicked. Intervals are by documents. Drift is of the F to the others, document by
document in the order in which they were done (`provenance.created`): Kendall's tau with its p-value,
corrected by Holm over people (Kendall 1938; Mann 1945). None is undefined, and `why` says why.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from goldwire.corpora import tokens as kept_tokens
from goldwire.corpora.coverage import finished
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import NOTHING_SHOWN, PREFILL, Annotations, Document
from goldwire.corpora.views import Asked
from goldwire.eval.comparison.annotators import ANNOTATOR, Layer, called, layer_names, see
from goldwire.eval.comparison.pairs import Compared, F, compare, mean_of_pairs, score_pair
from goldwire.eval.counting.counts import Counts
from goldwire.eval.measures.measure import Measure
from goldwire.eval.statistics import figures
from goldwire.eval.statistics.contrast import holm
from goldwire.eval.statistics.figures import by_document
from goldwire.eval.statistics.unseen import Remark

DEFAULTS = ("entity", "TC", "AC+")
GOLD = "gold"
NO_OTHERS = "no document in common with another person"
NO_GOLD = "no document that gold has too"
NO_PREFILL = "no document that is known to have shown a layer"
FEWEST = 8  # documents in time: of fewer, the test can hardly tell a trend from chance


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class Rating(_Struct, frozen=True):
    """F with its 95 % interval, on so many documents; None where it is undefined, and why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    documents: int = 0
    remark: Remark | None = None
    why: str = ""


class Drift(_Struct, frozen=True):
    """F to the others over time: means over either half of the documents, and a test of a trend.

    `tau` is Kendall's of F and time, `p` two-sided, `adjusted` corrected over people.
    """

    documents: int
    first: float | None = None
    second: float | None = None
    tau: float | None = None
    p: float | None = None
    adjusted: float | None = None
    why: str = ""


class Person(_Struct, frozen=True):
    """One person by one measure. `types` have the F to the others and, where there is gold, to gold."""

    name: str
    others: Rating
    gold: Rating
    prefill: Rating
    drift: Drift
    types: dict[str, tuple[float | None, float | None]]


class Pace(_Struct, frozen=True):
    """What one person did: documents and units, and the median seconds of a document and of a unit.

    Of a document with a time, the seconds of a unit are its seconds by its mentions, events and relations.
    """

    name: str
    documents: int
    units: int
    timed: int
    seconds: float | None
    seconds_a_unit: float | None


class OfMeasure(_Struct, frozen=True):
    """People by one measure."""

    measure: str
    people: tuple[Person, ...]


class People(_Struct, frozen=True):
    """What people do: their pace, and how they agree by each measure. `gold` is the layer compared with."""

    layers: tuple[str, ...]
    documents: int
    gold: str | None
    pace: tuple[Pace, ...]
    measures: tuple[OfMeasure, ...]


def people_of(
    corpus: Corpus,
    layers: Sequence[str] = (),
    measures: Sequence[str] = DEFAULTS,
    *,
    gold: str = GOLD,
    documents: Collection[str] | None = None,
    seed: int = 0,
    asked: Asked = Asked(),  # noqa: B008 - frozen
) -> People:
    """What people of a corpus do, those named or all annotators; see `agreement.agree_corpus`."""
    names = layer_names(corpus, layers)
    if not names:
        raise CorpusError(
            f"{corpus.where}: no layer of an annotator: pull what people did (`annotate pull`), import it "
            "into annotator/NAME, or name layers with --layers"
        )
    maps = {called(name, names): labels for name, labels in asked.maps.items()}
    own = {name: finished(corpus.layer(name)) for name in names}
    same = Asked(maps={name: labels for name, labels in maps.items() if not name}, choice=asked.choice)
    texts = [document for document in corpus.documents() if documents is None or document.id in documents]
    compared = compare(
        own,
        texts,
        measures,
        ontology=corpus.ontology(),
        asked=Asked(maps=maps, choice=asked.choice),
        tokens={name: kept_tokens.read(corpus.tokens_path(name)) for name in names},
        alone=True,
    )
    known = gold in corpus.layers() and gold not in names
    given = {"": finished(corpus.layer(gold))} if known else {}
    shown = {f"to {name}": lines for name, lines in _shown(corpus, own).items()}
    seen = see({**given, **shown}, same, corpus.ontology()).layers
    against = _Against(texts, compared, seen.get(""), {name: seen[f"to {name}"] for name in names}, seed)
    return People(
        layers=tuple(names),
        documents=len(compared.common),
        gold=gold if known else None,
        pace=tuple(_pace(name, own[name], texts) for name in names),
        measures=tuple(_of_measure(against, measure) for measure in compared.measures),
    )


def _shown(corpus: Corpus, own: Mapping[str, Layer]) -> dict[str, Layer]:
    """By person, the line that each document showed them, of whatever layer it was."""
    named = {
        person: {id: str(line.provenance.details.get(PREFILL, NOTHING_SHOWN)) for id, line in layer.items()}
        for person, layer in own.items()
    }
    wanted = {shown for documents in named.values() for shown in documents.values()}
    layers = {name: corpus.layer(name) for name in wanted & {*corpus.layers()}}
    return {
        person: {id: layers[shown][id] for id, shown in documents.items() if id in layers.get(shown, ())}
        for person, documents in named.items()
    }


# ---------------------------------------------------------------- agreement
class _Against(NamedTuple):
    """What people are held against: each other, gold, and what each was shown."""

    documents: Sequence[Document]
    compared: Compared
    gold: Layer | None
    shown: Mapping[str, Layer]
    seed: int

    def counts(self, reference: Layer, person: str) -> Mapping[Measure, Counts]:
        """Counts of a person's layer against another, on the documents of both."""
        own = self.compared.seen.layers[person]
        texts = [document for document in self.documents if document.id in own and document.id in reference]
        sides = [reference[text.id] for text in texts], [own[text.id] for text in texts]
        return score_pair(sides, texts, self.compared.terms, [[], []])


def _of_measure(against: _Against, measure: Measure) -> OfMeasure:
    people = [_person(against, name, measure) for name in against.compared.seen.layers]
    adjusted = holm([person.drift.p for person in people])
    return OfMeasure(
        measure=str(measure),
        people=tuple(
            replace(person, drift=replace(person.drift, adjusted=p))
            for person, p in zip(people, adjusted, strict=True)
        ),
    )


def _person(against: _Against, name: str, measure: Measure) -> Person:
    others = [counts[measure] for pair, counts in against.compared.scored.items() if name in pair]
    gold = None if against.gold is None else against.counts(against.gold, name)[measure]
    prefill = against.counts(against.shown[name], name)[measure]
    own = against.compared.seen.layers[name]
    return Person(
        name=name,
        others=_rated(others, measure, against.seed, NO_OTHERS),
        gold=_rated([] if gold is None else [gold], measure, against.seed, NO_GOLD),
        prefill=_rated([prefill], measure, against.seed, NO_PREFILL),
        drift=_drift(_over_time(others, own, measure)),
        types=_types(others, gold, measure),
    )


def _rated(counts: Sequence[Counts], measure: Measure, seed: int, why: str) -> Rating:
    there = [one for one in counts if len(one.documents)]
    if not there:
        return Rating(value=None, why=why)
    found = mean_of_pairs(there, measure, seed=seed)
    return Rating(
        value=found.value,
        low=found.low,
        high=found.high,
        documents=len({id for one in there for id in one.documents}),
        remark=found.remark,
        why="" if found.value is not None else "no unit on either side",
    )


def _types(
    others: Iterable[Counts], gold: Counts | None, measure: Measure
) -> dict[str, tuple[float | None, float | None]]:
    """By label, the mean F to the others and the F to gold."""
    found: dict[str, list[float]] = defaultdict(list)
    for counts in others:
        for label, score in figures.by_label(counts, measure.beta).items():
            found[label] += [] if score.f is None else [score.f]
    known = {} if gold is None else figures.by_label(gold, measure.beta)
    return {
        label: (
            statistics.fmean(found[label]) if found.get(label) else None,
            known[label].f if label in known else None,
        )
        for label in sorted({*found, *known})
    }


# ---------------------------------------------------------------- drift
def _over_time(others: Iterable[Counts], own: Layer, measure: Measure) -> list[float]:
    """The mean F to the others of each document, in the order in which the person was done with them."""
    found: dict[str, list[float]] = defaultdict(list)
    for counts in others:
        for id, f in zip(counts.documents, by_document(counts, measure)[:, F].tolist(), strict=True):
            if not math.isnan(f):
                found[id].append(f)
    timed = sorted((own[id].provenance.created or "", id) for id in found if own[id].provenance.created)
    return [statistics.fmean(found[id]) for _, id in timed]


def _drift(values: Sequence[float]) -> Drift:
    """Whether F goes one way over time."""
    if len(values) < FEWEST:
        return Drift(documents=len(values), why=f"fewer than {FEWEST} documents with a time and a figure")
    half = len(values) // 2
    first, second = statistics.fmean(values[:half]), statistics.fmean(values[-half:])
    if len({*values}) == 1:
        return Drift(documents=len(values), first=first, second=second, why="the figure never changes")
    from scipy.stats import kendalltau

    found = kendalltau(range(len(values)), values)
    return Drift(
        documents=len(values), first=first, second=second, tau=float(found.statistic), p=float(found.pvalue)
    )


# ---------------------------------------------------------------- pace
def _pace(name: str, layer: Layer, documents: Iterable[Document]) -> Pace:
    lines = [layer[document.id] for document in documents if document.id in layer]
    timed = [(line.provenance.seconds, _units(line)) for line in lines if line.provenance.seconds is not None]
    seconds = [taken for taken, _ in timed]
    each = [taken / units for taken, units in timed if units]
    return Pace(
        name=name,
        documents=len(lines),
        units=sum(map(_units, lines)),
        timed=len(timed),
        seconds=statistics.median(seconds) if seconds else None,
        seconds_a_unit=statistics.median(each) if each else None,
    )


def _units(line: Annotations) -> int:
    return len(line.mentions) + len(line.events) + len(line.relations)


def short(name: str) -> str:
    """A person's name without the folder of annotators."""
    return name.removeprefix(ANNOTATOR)
