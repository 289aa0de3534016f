"""Tags of tokens and labels of documents, scored with scikit-learn and seqeval.

Thin adapters: they bring tags into the form that the libraries read, and turn what is undefined into
None, where the libraries would say 0 and warn.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from goldwire.corpora.errors import MeasureError
from goldwire.eval.counting.coref import Numbers
from goldwire.eval.counting.tags import OUTSIDE
from goldwire.eval.statistics.figures import Score

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

_TAG = re.compile(r"O|[BIESLU]-.+")
SCHEMES = ("IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU")


class TagScores(msgspec.Struct, frozen=True, kw_only=True):
    """How far two sequences of tags, or of label sets, agree.

    `accuracy` is the share of items with the same tag; `kappa` is Cohen's, None where chance agreement is
    complete. `labels` and `micro` leave `O` out. `items` are tokens or documents.
    """

    items: int
    accuracy: float | None
    kappa: float | None
    micro: Score
    labels: dict[str, Score]


# ---------------------------------------------------------------- tags of tokens
def score_tags(gold: Sequence[str], system: Sequence[str]) -> TagScores:
    """Accuracy, Cohen's kappa and scores by tag of two equally long sequences of tags, with scikit-learn.

    >>> found = score_tags(["PER", "PER", "O", "O"], ["PER", "O", "O", "O"])
    >>> found.accuracy, found.kappa, found.labels["PER"].recall
    (0.75, 0.5, 0.5)
    """
    _check_lengths(gold, system, "tags")
    labels = sorted({*gold, *system} - {OUTSIDE})
    return TagScores(
        items=len(gold),
        accuracy=_accuracy(gold, system),
        kappa=kappa(gold, system),
        micro=_micro(gold, system, labels),
        labels=_by_label(gold, system, labels),
    )


def kappa(one: Sequence[str], other: Sequence[str]) -> float | None:
    """Cohen's kappa; None for no items, or if both sides give one and the same tag to all."""
    from sklearn.metrics import cohen_kappa_score

    if len({*one, *other}) < 2:  # noqa: PLR2004 - one tag: chance alone agrees on everything
        return None
    return float(cohen_kappa_score(list(one), list(other)))


def _accuracy(gold: Sequence[Any], system: Sequence[Any]) -> float | None:
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(gold, system)) if len(gold) else None


def _by_label(gold: Any, system: Any, labels: Sequence[Any]) -> dict[Any, Score]:
    from sklearn.metrics import precision_recall_fscore_support

    if not labels:
        return {}
    columns = precision_recall_fscore_support(gold, system, labels=labels, zero_division=math.nan)
    return {
        label: _score(*figures)
        for label, *figures in zip(labels, *(c.tolist() for c in columns[:3]), strict=True)
    }


def _micro(gold: Any, system: Any, labels: Sequence[Any]) -> Score:
    from sklearn.metrics import precision_recall_fscore_support

    if not labels:
        return Score()
    p, r, f, _ = precision_recall_fscore_support(
        gold, system, labels=labels, average="micro", zero_division=math.nan
    )
    return _score(float(p), float(r), float(f))


def _score(precision: float, recall: float, f: float) -> Score:
    p, r, f_ = (None if math.isnan(figure) else figure for figure in (precision, recall, f))
    return Score(precision=p, recall=r, f=f_)


def _check_lengths(gold: Sequence[Any], system: Sequence[Any], what: str) -> None:
    if len(gold) != len(system):
        raise MeasureError(
            f"gold has {len(gold)} {what}, the system {len(system)}; expected the same number. "
            "Compare the same tokens or documents"
        )


# ---------------------------------------------------------------- labels of documents
def score_labels(gold: Sequence[Collection[str]], system: Sequence[Collection[str]]) -> TagScores:
    """Scores of documents' label sets, with scikit-learn; documents are paired by position.

    `accuracy` is the share of documents whose sets are equal, `kappa` takes each set as one tag.
    """
    from sklearn.preprocessing import MultiLabelBinarizer

    _check_lengths(gold, system, "documents")
    names = sorted(set(chain.from_iterable([*gold, *system])))
    whole = [["+".join(sorted(labels)) for labels in side] for side in (gold, system)]
    # A column that no document has: one column alone would be taken for a binary target, whose label 0 is
    # the absence of the only label.
    binarizer = MultiLabelBinarizer(classes=[*names, "\0"])
    ours, theirs = (binarizer.fit_transform(side) for side in (gold, system))
    numbers = list(range(len(names)))
    by_number = _by_label(ours, theirs, numbers)
    return TagScores(
        items=len(gold),
        accuracy=_accuracy(*whole),
        kappa=kappa(*whole),
        micro=_micro(ours, theirs, numbers),
        labels={names[number]: score for number, score in by_number.items()},
    )


# ---------------------------------------------------------------- tag sequences
def count_sequences(
    gold: Sequence[Sequence[str]], system: Sequence[Sequence[str]], scheme: str | None = None
) -> dict[str, Numbers]:
    """Mentions in tag sequences as seqeval reads them, counted by type; exact match.

    Without a scheme this is seqeval's default, equal to conlleval: a stray `I-` opens a mention. With one
    of `SCHEMES` it is seqeval's strict mode: what breaks the scheme is no mention. Raises `MeasureError`
    for an unknown scheme and for tags that are none.
    """
    _check_lengths(gold, system, "sequences")
    for one, other in zip(gold, system, strict=True):
        _check_lengths(one, other, "tags")
    found = [_mentions(side, scheme) for side in (gold, system)]
    hits = found[0] & found[1]
    return {
        label: Numbers(*(sum(m[0] == label for m in part) for part in (hits, found[1], hits, found[0])))
        for label in sorted({mention[0] for mention in found[0] | found[1]})
    }


def _mentions(sequences: Sequence[Sequence[str]], scheme: str | None) -> AbstractSet[tuple[Any, ...]]:
    """The mentions as (type, sequence, first, last) tuples."""
    for tags in sequences:
        for tag in tags:
            if not _TAG.fullmatch(tag):
                raise MeasureError(f"{tag!r} is no tag; expected O, or a prefix, a hyphen and a type: B-PER")
    return _by_default(sequences) if scheme is None else _by_scheme(sequences, scheme)


def _by_default(sequences: Sequence[Sequence[str]]) -> AbstractSet[tuple[Any, ...]]:
    from seqeval.metrics.sequence_labeling import get_entities

    return {
        (label, index, first, last)
        for index, tags in enumerate(sequences)
        for label, first, last in get_entities(list(tags))
    }


def _by_scheme(sequences: Sequence[Sequence[str]], scheme: str) -> AbstractSet[tuple[Any, ...]]:
    from seqeval import scheme as schemes

    if scheme not in SCHEMES:
        raise MeasureError(f"{scheme!r} is no tagging scheme; known are {', '.join(SCHEMES)}")
    try:
        parsed = schemes.Entities([list(tags) for tags in sequences], getattr(schemes, scheme))
    except ValueError as error:  # a prefix that the scheme does not have
        raise MeasureError(f"{scheme}: {error}") from error
    return {(e.tag, index, e.start, e.end) for index, found in enumerate(parsed.entities) for e in found}
