"""Folds of documents for cross-fitting: what is chosen for a document is chosen without it or its likes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence


def folds(groups: Sequence[str], number: int, seed: int) -> list[int]:
    """The fold of each document: groups go as a whole, in an order of chance, to the fold with the least.

    >>> folds(["a", "a", "b", "c", "d"], 2, seed=1)
    [0, 0, 0, 1, 1]
    """
    names = sorted(set(groups))
    random.Random(seed).shuffle(names)
    sizes = Counter(groups)
    names.sort(key=lambda name: -sizes[name])  # stable: chance decides among equals
    load = [0] * number
    place: dict[str, int] = {}
    for name in names:
        place[name] = load.index(min(load))
        load[place[name]] += sizes[name]
    return [place[group] for group in groups]
