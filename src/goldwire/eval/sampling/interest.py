"""Interest in documents: a value of each by which documents are drawn, and the reason in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldwire.eval.measures.phrases import amount
from goldwire.eval.sampling.frame import Frame, length

Floats = NDArray[np.float64]


class Interest(NamedTuple):
    """A value of each document, 0 or more, what to say of a document, by its number, and of all."""

    values: Floats
    reason: Callable[[int], str]
    notes: tuple[str, ...] = ()


def in_nothing(frame: Frame) -> Interest:
    """All documents alike."""
    return Interest(np.ones(len(frame.documents)), lambda _: BY_CHANCE)


def in_length(frame: Frame) -> Interest:
    """By how many characters there are to annotate."""
    values = np.array([length(one) for one in frame.documents], np.float64)
    return Interest(values, lambda i: amount(int(values[i]), "character"))


BY_CHANCE = "by chance"
