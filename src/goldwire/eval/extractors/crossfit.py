"""Folds such that no document is met by a model that saw it, or one much like it, in training."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence

from goldwire.corpora.offsets import surface, tokens
from goldwire.corpora.types import Document

SHINGLE = 5  # words
SKETCH = 128  # hashes kept of a document: the smallest ones (bottom-k sketch, Broder 1997)
ALIKE = 0.3  # estimated Jaccard similarity from which two documents are kept together


def shingles(text: str) -> tuple[int, ...]:
    """A sketch of a text: the smallest hashes of its runs of words, sorted.

    >>> shingles("one two three four five six") == shingles("One two, three four FIVE six.")
    True
    """
    words = [word for span in tokens(text) if (word := surface(text, (span,)).lower()).isalnum()]
    runs = {" ".join(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))}
    hashes = {int.from_bytes(hashlib.blake2b(run.encode(), digest_size=6).digest(), "big") for run in runs}
    return tuple(sorted(hashes)[:SKETCH])


def likeness(one: Sequence[int], other: Sequence[int]) -> float:
    """The estimated Jaccard similarity of two texts from their sketches, 0 to 1."""
    union = sorted({*one, *other})[:SKETCH]
    both = set(one) & set(other)
    return sum(value in both for value in union) / len(union) if union else 0.0


def are_alike(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two texts, given by their sketches, are near-duplicates."""
    return likeness(one, other) >= ALIKE


def groups(documents: Sequence[Document]) -> list[int]:
    """The group of each document, numbered as they come: alike ones, and those alike to them, share one."""
    sketches = [shingles(document.text) for document in documents]
    parent = list(range(len(documents)))
    holders: dict[int, list[int]] = {}
    for i, sketch in enumerate(sketches):
        for j in {j for value in sketch for j in holders.get(value, ())}:
            if are_alike(sketch, sketches[j]):
                parent[_root(parent, i)] = _root(parent, j)
        for value in sketch:
            holders.setdefault(value, []).append(i)
    return [_root(parent, i) for i in range(len(documents))]


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        i = parent[i]
    return i


def folds(groups: Sequence[int], number: int, seed: int) -> list[int]:
    """The fold of each document: groups go as a whole, in an order of chance, to the fold with the least.

    >>> folds([0, 0, 1, 2, 3], 2, seed=1)
    [0, 0, 0, 1, 1]
    """
    names = sorted(set(groups))
    random.Random(seed).shuffle(names)
    sizes = {name: sum(group == name for group in groups) for name in names}
    names.sort(key=lambda name: -sizes[name])  # stable: chance decides among equals
    load = [0] * number
    place: dict[int, int] = {}
    for name in names:
        place[name] = load.index(min(load))
        load[place[name]] += sizes[name]
    return [place[group] for group in groups]
