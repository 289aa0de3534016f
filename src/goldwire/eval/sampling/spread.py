"""Spread over texts: of documents of great values, those that are unlike each other."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from goldwire.corpora.types import Document
from goldwire.eval.sampling.design import Floats, Ints

FIRST = 5  # times as many are chosen by value as are then kept


def pick(values: Floats, documents: Sequence[Document], number: int) -> Ints:
    """Documents of great values that are unlike each other.

    Of those of the greatest values, `FIRST` times as many as are wanted, ties going by a hash of the text,
    the first is taken, and then always the one that is farthest from all taken before: the k-centre of
    Gonzalez 1985. Texts are as far apart as the vectors of their words' TF-IDF, of length one.
    """
    if number < 1:
        return np.array([], np.int64)
    order = sorted(range(len(documents)), key=lambda i: (-values[i], documents[i].sha256))[: FIRST * number]
    return np.array(order, np.int64)[_far_apart([documents[i].text for i in order], number)]


def _far_apart(texts: Sequence[str], number: int) -> list[int]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(tokenizer=_words, token_pattern=None, sublinear_tf=True).fit_transform(texts)
    chosen, likest = [0], np.full(len(texts), -np.inf)
    while len(chosen) < min(number, len(texts)):
        likest = np.maximum(likest, (vectors @ vectors[chosen[-1]].T).toarray().ravel())
        likest[chosen] = np.inf
        chosen.append(int(likest.argmin()))
    return chosen


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\S", text)
