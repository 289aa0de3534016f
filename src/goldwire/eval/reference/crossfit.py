"""Folds such that no document is met by a model that saw it, or a near-duplicate of it, in training."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from goldwire.corpora import duplicates
from goldwire.corpora.types import Document

SKETCH = 128  # hashes kept of a document: the smallest ones (bottom-k sketch, Broder 1997)
# The estimate from a sketch has a standard error of up to 0.044: two of them below the threshold itself.
ALIKE = duplicates.THRESHOLD - 0.09
_WORD = re.compile(r"\w+")


def sketch(text: str) -> tuple[int, ...]:
    """The smallest hashes of the runs of words of a text, sorted; the text cannot be told from them.

    A model file holds no text, so that it can be compared with later ones by this alone.

    >>> sketch("one two three four five six") == sketch("One two, three four FIVE six.")
    True
    """
    words = _WORD.findall(text.lower())
    runs = {" ".join(words[i : i + duplicates.RUN]) for i in range(max(1, len(words) - duplicates.RUN + 1))}
    hashes = {int.from_bytes(hashlib.blake2b(run.encode(), digest_size=6).digest(), "big") for run in runs}
    return tuple(sorted(hashes)[:SKETCH])


def likeness(one: Sequence[int], other: Sequence[int]) -> float:
    """The estimated Jaccard similarity of two texts from their sketches, 0 to 1."""
    union = sorted({*one, *other})[:SKETCH]
    both = set(one) & set(other)
    return sum(value in both for value in union) / len(union) if union else 0.0


def are_alike(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two texts, given by their sketches, may be near-duplicates."""
    return likeness(one, other) >= ALIKE


def groups(documents: Sequence[Document]) -> list[str]:
    """The group of each document: near-duplicates, and what they link, share one."""
    return [document.group or document.id for document in duplicates.group(documents)]
