"""Linear classifiers over string features, and the best legal sequence of their tags.

Trained by scikit-learn's logistic regression, kept as plain arrays, so that a stored model needs neither
scikit-learn nor any code of its own to be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

OUTSIDE = "O"
PENALTY = 1e-5  # weight of the L2 term; tried from 1e-4 down on the embedded corpus, cross-fitted
EPOCHS = 30  # passes over the data; a fixed number, so that the same data gives the same model
Array = NDArray[np.float32]


class Linear(msgspec.Struct, frozen=True, eq=False):
    """One logistic regression a label: labels, the row of each feature, weights (features x labels)."""

    labels: tuple[str, ...]
    rows: dict[str, int]
    weights: Any
    intercepts: Any

    def probabilities(self, rows: Sequence[Sequence[str]]) -> Array:
        """The probability of each label for each row of features; unknown features count nothing.

        As in scikit-learn's one-against-the-rest: the labels' own probabilities, made to sum to 1.
        """
        scores = np.empty((len(rows), len(self.labels)), np.float32)
        for i, row in enumerate(rows):
            known = [place for feature in row if (place := self.rows.get(feature)) is not None]
            scores[i] = self.weights[known].sum(axis=0) + self.intercepts
        own = 1.0 / (1.0 + np.exp(-scores.astype(np.float64)))
        found: Array = own / own.sum(axis=1, keepdims=True)
        return found


def fit(rows: Sequence[Sequence[str]], labels: Sequence[str], seed: int) -> Linear:
    """The model of rows of features with their labels; the same for the same input and seed."""
    names = tuple(sorted(set(labels)))
    places = {name: i for i, name in enumerate(sorted({feature for row in rows for feature in row}))}
    if len(names) < 2:  # noqa: PLR2004 - nothing to tell apart: one label, or none, whatever comes
        return Linear(
            names, places, np.zeros((len(places), len(names)), np.float32), np.zeros(len(names), np.float32)
        )
    from sklearn.linear_model import SGDClassifier

    numbers = {name: i for i, name in enumerate(names)}
    model = SGDClassifier(
        loss="log_loss", alpha=PENALTY, average=True, max_iter=EPOCHS, tol=None, random_state=seed
    )
    model.fit(_matrix(rows, places), [numbers[label] for label in labels])
    weights, intercepts = model.coef_, model.intercept_
    if len(names) == 2:  # noqa: PLR2004 - scikit-learn keeps the second of two labels only
        weights, intercepts = np.vstack([-weights, weights]), np.concatenate([-intercepts, intercepts])
    return Linear(names, places, np.ascontiguousarray(weights.T, np.float32), intercepts.astype(np.float32))


def _matrix(rows: Sequence[Sequence[str]], places: dict[str, int]) -> Any:
    from scipy.sparse import csr_matrix

    unique = [sorted({places[feature] for feature in row}) for row in rows]
    indices = np.fromiter((column for row in unique for column in row), np.int32)
    starts = np.cumsum([0, *map(len, unique)])
    return csr_matrix((np.ones(len(indices), np.float32), indices, starts), shape=(len(rows), len(places)))


def encode_tags(length: int, units: Sequence[tuple[int, int, str]]) -> list[str]:
    """BIO tags of a sentence from units (first word, last word, type) that do not overlap.

    >>> encode_tags(4, [(0, 1, "PER"), (3, 3, "GPE")])
    ['B-PER', 'I-PER', 'O', 'B-GPE']
    """
    tags = [OUTSIDE] * length
    for first, last, type in units:
        tags[first] = f"B-{type}"
        tags[first + 1 : last + 1] = [f"I-{type}"] * (last - first)
    return tags


def decode_tags(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """The units of a legal sequence of BIO tags.

    >>> decode_tags(["B-PER", "I-PER", "O", "B-GPE"])
    [(0, 1, 'PER'), (3, 3, 'GPE')]
    """
    units: list[tuple[int, int, str]] = []
    for i, tag in enumerate(tags):
        if tag.startswith("B-"):
            units.append((i, i, tag[2:]))
        elif tag.startswith("I-"):
            first, _, type = units.pop()
            units.append((first, i, type))
    return units


def is_legal(before: str, tag: str) -> bool:
    """Whether a tag may follow another: I-X only what began as X."""
    return not tag.startswith("I-") or before in (f"B-{tag[2:]}", tag)


def best_sequence(probabilities: Array, labels: tuple[str, ...]) -> list[int]:
    """The legal sequence of labels with the highest product of probabilities (Viterbi).

    >>> p = np.array([[0.1, 0.3, 0.6], [0.1, 0.1, 0.8]], np.float32)
    >>> best_sequence(p, ("B-X", "O", "I-X"))
    [0, 2]
    """
    if not len(probabilities):
        return []
    first, follow = _legality(labels)
    with np.errstate(divide="ignore"):
        scores = np.log(probabilities)
    best, back = scores[0] + first, []
    for row in scores[1:]:
        total = best[:, None] + follow
        back.append(total.argmax(axis=0))
        best = total.max(axis=0) + row
    path = [int(best.argmax())]
    for step in reversed(back):
        path.append(int(step[path[-1]]))
    return path[::-1]


@cache
def _legality(labels: tuple[str, ...]) -> tuple[Any, Any]:
    """0 where a label may begin, and where it may follow another (rows); minus infinity elsewhere."""
    with np.errstate(divide="ignore"):
        first = np.log([float(is_legal(OUTSIDE, tag)) for tag in labels])
        follow = np.log([[float(is_legal(before, tag)) for tag in labels] for before in labels])
    return first, follow
