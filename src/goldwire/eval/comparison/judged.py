"""Judgement of a system where there is little gold: by a judge on all documents, corrected by gold on some.

A judge is a layer: what a strong model, asked to correct a system's annotations, holds to be right. By itself
it is kind to what resembles it, and nobody can tell by how much; gold on a few dozen documents can (see
`statistics.predicted`). Gold must be people's, and its documents drawn by chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
import numpy as np

from goldwire.corpora.coverage import has_failed, is_finished
from goldwire.corpora.errors import MeasureError
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations
from goldwire.eval.comparison.annotators import ANNOTATOR
from goldwire.eval.counting import requirements
from goldwire.eval.counting.counts import Counts
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.measures.measure import Measure, parse
from goldwire.eval.measures.phrases import amount
from goldwire.eval.scoring.plan import Options
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.score import layer_of, score_corpus
from goldwire.eval.statistics import predicted
from goldwire.eval.statistics.figures import FIGURES, estimator, rows
from goldwire.eval.statistics.predicted import Corrected, Tables
from goldwire.eval.statistics.resample import Interval

LEAST = 20  # documents with gold from which on something is said
AGREEMENT = 0.5  # of the judge with gold, by F; what agrees less is no judge


class Ends(msgspec.Struct, frozen=True):
    """A figure with its 95 % interval; None is undefined."""

    value: float | None
    low: float | None
    high: float | None


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of a system: by gold alone, by the judge alone on all documents, and corrected.

    `weight` is how much of what the judge says counts, `worth` how many documents with gold would give an
    interval as short.
    """

    gold: Ends
    judged: float | None
    corrected: Ends
    weight: float
    worth: int | None


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What is said under one measure.

    `agreement` is the judge's own F by gold, under the same measure; `refused` says why nothing is corrected,
    "" if it is.
    """

    measure: str
    signature: str
    agreement: float | None
    figures: dict[str, Figure]
    refused: str = ""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A system judged. `documents` have gold and were judged, `others` were judged alone.

    `judge` is its layer, `asked` how it was asked, as far as its run has told. `unjudged` documents with gold
    were not judged, `partial` ones judged in part: both are left out.
    """

    system: str
    gold: str
    judge: str
    asked: dict[str, Any]
    documents: int
    others: int
    unjudged: int
    partial: int
    results: tuple[Judged, ...]


def judge(
    corpus: Corpus,
    names: tuple[str, str],
    measures: Sequence[str | Measure],
    *,
    gold: str = "gold",
    number: int | None = None,
    agreement: float = AGREEMENT,
    seed: int = 0,
) -> Judgement:
    """Judge a system by a judge; `number` of gold's documents are used, all if None.

    Raises `MeasureError` for gold that is not people's or was drawn with unequal probability, for measures
    whose counts do not add up, and where fewer than `LEAST` documents have both gold and judgement.
    """
    wanted = [parse(one) if isinstance(one, str) else one for one in measures]
    check_measures(wanted)
    check_human(gold, corpus.layer(gold).values())
    critic = layer_of(corpus, names[1])
    judged, half = _judged(corpus.layer(critic).values())
    human = {id for id, line in corpus.layer(gold).items() if is_finished(line)}
    documents = _parted(human, judged, number, seed)
    pair = _pair(corpus, gold, names, wanted, documents)
    return Judgement(
        system=pair.by_gold.systems[0].layer,
        gold=gold,
        judge=critic,
        asked=_asked(pair.by_gold.systems[1].facts),
        documents=len(documents.with_gold),
        others=len(documents.others),
        unjudged=len(human - judged - half),
        partial=len(half),
        results=tuple(_result(pair, measure, agreement, seed) for measure in wanted),
    )


class _Documents(NamedTuple):
    """Those with gold that were judged, and those that were judged alone."""

    with_gold: tuple[str, ...]
    others: tuple[str, ...]


def _parted(human: set[str], judged: set[str], number: int | None, seed: int) -> _Documents:
    """The documents by whether their gold is used; what is not used counts as if it were not there."""
    with_gold = sorted(human & judged)
    if number is not None and number < len(with_gold):
        chosen = np.random.default_rng(seed).choice(len(with_gold), number, replace=False)
        with_gold = [with_gold[i] for i in sorted(chosen.tolist())]
    others = sorted(judged - {*with_gold})
    if len(with_gold) < LEAST:
        raise MeasureError(
            f"{amount(len(with_gold), 'document')} with gold were judged; at least {LEAST} are needed to say "
            "how far a judge is off: annotate more, drawn by chance"
        )
    if len(others) < LEAST:
        raise MeasureError(
            f"{amount(len(others), 'document')} without gold were judged: with so few, score by gold alone "
            "(`eval score`)"
        )
    return _Documents(tuple(with_gold), tuple(others))


# ---------------------------------------------------------------- what may be judged by
def check_measures(measures: Iterable[Measure]) -> None:
    """Raise `MeasureError` for a measure whose counts do not add up over documents."""
    for measure in measures:
        if not requirements.is_additive(measure):
            raise MeasureError(f"{measure}: its counts do not add up over documents; leave it out")


def check_human(layer: str, lines: Iterable[Annotations]) -> None:
    """Raise `MeasureError` unless a layer is people's: an annotator's, or adjudicated from such."""
    if layer.startswith(ANNOTATOR):
        return
    strange = [line.document for line in lines if is_finished(line) and not _is_adjudicated(line)]
    if strange:
        raise MeasureError(
            f"layer {layer!r} does not say that people made it ({strange[0]} …): a judge is corrected by "
            f"what people annotated, a layer under {ANNOTATOR} or one that `annotate adjudicate` made of such"
        )


def _is_adjudicated(line: Annotations) -> bool:
    layers = line.provenance.details.get("layers")
    made = line.provenance.status == "adjudicated" and isinstance(layers, list) and bool(layers)
    return made and all(str(one).startswith(ANNOTATOR) for one in layers or ())


def _judged(lines: Iterable[Annotations]) -> tuple[set[str], set[str]]:
    """The documents that a judge has done with, and those of which it has done a part."""
    done = [line for line in lines if is_finished(line) and not has_failed(line)]
    half = {line.document for line in done if line.provenance.details.get("partial")}
    return {line.document for line in done} - half, half


# ---------------------------------------------------------------- figures
class _Pair(NamedTuple):
    """A system scored by gold, with its judge beside it, and scored by its judge on all documents."""

    by_gold: Record
    by_judge: Record
    documents: _Documents


def _pair(
    corpus: Corpus,
    gold: str,
    names: tuple[str, str],
    measures: Sequence[Measure],
    documents: _Documents,
) -> _Pair:
    def score(layer: str, systems: Sequence[str], ids: Sequence[str], *, unweighted: bool) -> Record:
        scope = Scope(documents=frozenset(ids), drafts="counted")
        options = Options(trials=0, scope=scope, asked="those that were judged", unweighted=unweighted)
        return score_corpus(corpus, layer_of(corpus, layer), systems, measures, options=options)

    system, critic = names
    pair = _Pair(
        score(gold, [system, critic], documents.with_gold, unweighted=False),
        score(critic, [system], [*documents.with_gold, *documents.others], unweighted=True),
        documents,
    )
    if not _is_even(pair.by_gold, documents.with_gold):
        raise MeasureError(
            f"the documents of {gold!r} were drawn with unequal probability, and a judge is corrected by "
            "gold that was drawn by chance alone (`corpus sample --by chance`)"
        )
    return pair


def _is_even(record: Record, documents: Sequence[str]) -> bool:
    """Whether each of the documents was as likely to be drawn as any other, as far as draws tell."""
    scaled = record.scaled
    return scaled is None or (len({*scaled.each.tolist()}) == 1 and len(record.documents) == len(documents))


def _asked(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in ("spec", "fingerprint", "sent", "usage") if facts.get(name)}


def _result(pair: _Pair, measure: Measure, least: float, seed: int) -> Judged:
    """What is said under one measure."""
    system, critic = (layer.name for layer in pair.by_gold.systems)
    found = predicted.correct(_tables(pair, system, measure), estimator(measure), seed=seed)
    agreed = pair.by_gold.result(critic, str(measure)).value
    refused = _refused(agreed, least)
    signed, by = pair.by_gold.result(system, str(measure)).signature, pair.by_judge.gold
    return Judged(
        measure=str(measure),
        signature=f"{signed}|judge:{by.layer}#{by.fingerprint}",
        agreement=agreed,
        figures={name: _figure(one, refused) for name, one in zip(FIGURES, found, strict=True)},
        refused=refused,
    )


def _refused(agreed: float | None, least: float) -> str:
    """Why nothing is corrected by a judge that agrees so with gold; "" if it is."""
    if agreed is None:
        return "gold has no unit of this measure in these documents"
    if agreed < least:
        return f"the judge's own F by gold is {100 * agreed:.1f}, below {100 * least:g}: this is no judge"
    return ""


def _tables(pair: _Pair, system: str, measure: Measure) -> Tables:
    by_gold, by_judge = pair.by_gold.get_counts(system, measure), pair.by_judge.get_counts(system, measure)
    labels = sorted({*by_gold.labels, *by_judge.labels})
    there, elsewhere = (by_judge.select(ids) for ids in pair.documents)
    table = partial(rows, measure=measure, labels=labels)
    return Tables(
        gold=table(by_gold.select(pair.documents.with_gold)),
        judged=table(there),
        others=table(elsewhere),
        groups=_groups(pair.by_judge, there),
        groups_of_others=_groups(pair.by_judge, elsewhere),
    )


def _groups(record: Record, counts: Counts) -> list[int] | None:
    """The near-duplicates among some documents of a record."""
    if record.groups is None:
        return None
    of = dict(zip(record.documents, record.groups, strict=True))
    return [of[document] for document in counts.documents]


def _figure(found: Corrected, refused: str) -> Figure:
    corrected = Interval(None, None, None) if refused else found.corrected
    return Figure(
        gold=Ends(*found.gold[:3]),
        judged=found.judged,
        corrected=Ends(*corrected[:3]),
        weight=found.weight,
        worth=None if refused else found.worth,
    )
