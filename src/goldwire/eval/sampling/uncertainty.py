"""Interest in units of which a system is not sure: how far its scores leave open whether they are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from goldwire.corpora.errors import MeasureError
from goldwire.corpora.store import Corpus
from goldwire.eval.counting import chunks
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.counting.reading import Wanted
from goldwire.eval.errors import outcomes
from goldwire.eval.errors.confidence import Detections, detections, scores_of
from goldwire.eval.measures.phrases import amount, listed
from goldwire.eval.sampling.frame import Floats, Frame
from goldwire.eval.sampling.interest import Interest
from goldwire.eval.sampling.lines import Reader
from goldwire.eval.sampling.systems import Systems

KINDS = outcomes.KINDS
ENOUGH = 50  # judged units of a kind, from which on its scores are calibrated
UNSURE = 0.25, 0.75  # a unit that is right with a probability between these is called uncertain
Chance = Callable[[Floats], Floats]  # the probability that units of some scores are right


class _Scored(NamedTuple):
    """The units of a system that have scores: the document, the score, and the type of each."""

    document: list[int]
    score: list[float]
    type: list[str]


def in_uncertainty(corpus: Corpus, frame: Frame, systems: Systems, gold: str, read: Reader) -> Interest:
    """By how much scores leave open: p(1 - p) summed over scored units, and the mean over systems.

    That is the variance of how many of them are right, if units are right independently of each other. The
    probability p that a unit is right is its score, or, where gold judges enough units of the kind in the
    documents that were annotated before, the share of those of like scores that was right there (isotonic
    regression; Zadrozny and Elkan 2002). Units without a score are left out; `MeasureError` if a system
    gives none, or some that are no probabilities and cannot be calibrated.
    """
    values, unsure = np.zeros(len(frame.ids)), [Counter[str]() for _ in frame.ids]
    notes = [*systems.notes(1)]
    for number, name in enumerate(systems.names):
        calibrated = _calibration(corpus, gold, systems.layers[number], frame.before)
        for kind, found in _scored(corpus, frame, systems, number, read).items():
            p = _probabilities(name, kind, found, calibrated, notes)
            np.add.at(values, found.document, p * (1 - p))
            for place in np.flatnonzero((p >= UNSURE[0]) & (p <= UNSURE[1])).tolist():
                unsure[found.document[place]][found.type[place]] += 1
    values /= np.maximum(systems.covered.sum(axis=0), 1)
    return Interest(values, lambda i: _reason(unsure[i], systems), tuple(notes))


def _reason(unsure: Counter[str], systems: Systems) -> str:
    if not unsure:
        return f"no uncertain unit of {listed(systems.names)}"
    [(most, _)] = unsure.most_common(1)
    return f"{amount(unsure.total(), 'uncertain unit')} of {listed(systems.names)}, most in {most}"


def _scored(corpus: Corpus, frame: Frame, systems: Systems, number: int, read: Reader) -> dict[str, _Scored]:
    """The units of a system that have scores, by kind; `MeasureError` if there are units and none has one."""
    places = {id: i for i, id in enumerate(frame.ids)}
    found, units = {kind: _Scored([], [], []) for kind in KINDS}, 0
    for document, scores in read(corpus, systems.layers[number], "scores"):
        i = places.get(document)
        if i is None or not systems.covered[number][i]:
            continue
        for kind, own in found.items():
            units += len(scores[kind])
            known = [(score, type) for score, type in scores[kind] if score is not None]
            own.document.extend([i] * len(known))
            own.score.extend(score for score, _ in known)
            own.type.extend(type for _, type in known)
    if units and not any(own.score for own in found.values()):
        raise MeasureError(
            f"{systems.names[number]}: no unit has a score that could be uncertain; name systems that give "
            "some with --system, or draw by something else"
        )
    return {kind: own for kind, own in found.items() if own.score}


def _probabilities(
    name: str, kind: str, found: _Scored, calibrated: dict[str, tuple[Chance, int]], notes: list[str]
) -> Floats:
    scores = np.array(found.score)
    if kind in calibrated:
        chance, judged = calibrated[kind]
        notes.append(f"{name}: scores of {kind} units are calibrated on {judged:,} that gold judges")
        return chance(scores)
    if scores.min() < 0 or scores.max() > 1:
        raise MeasureError(
            f"{name}: scores of {kind} units lie from {scores.min():g} to {scores.max():g} and are no "
            f"probabilities, and gold judges fewer than {ENOUGH} of them; annotate some documents first"
        )
    notes.append(
        f"{name}: scores of {kind} units are taken as they are, for gold judges fewer than {ENOUGH} of them"
    )
    return scores


def _calibration(
    corpus: Corpus, gold: str, layer: str, documents: Sequence[str]
) -> dict[str, tuple[Chance, int]]:
    """What scores of each kind are worth on documents that gold judges, and on how many units that rests."""
    if not documents:
        return {}
    scope = Scope(documents=frozenset(documents))
    block = chunks.read_whole(corpus, [gold, layer], Wanted(items=True), scope)
    sides = GoldAndSystem(block.layers[0], block.layers[1], block.texts, block.codes)
    judged = {
        kind: detections(found, scores_of(block.layers[1].items, kind))
        for kind, found in outcomes.find(sides).items()
    }
    return {kind: (_isotonic(own), len(own)) for kind, own in judged.items() if len(own) >= ENOUGH}


def _isotonic(judged: Detections) -> Chance:
    """The share that was right by score, which rises; kept from 0 and 1 as by one more of either."""
    from sklearn.isotonic import IsotonicRegression

    edge = 1 / (len(judged) + 2)
    model = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip")
    model.fit(judged.scores, judged.right.astype(np.float64))
    return lambda found: np.asarray(model.predict(found), np.float64)
