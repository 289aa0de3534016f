"""What tokens and whole documents are labelled with, read off a layer."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from goldwire.corpora.offsets import tokens
from goldwire.corpora.types import Annotations, Excluded

OUTSIDE = "O"


def tag(annotations: Annotations, text: str, excluded: Sequence[Excluded] = ()) -> list[str]:
    """A tag for each token of the text: the types of the mentions with a character in it, or `O`.

    Several types, as of nested mentions, are joined by `+` in alphabetical order. Where one mention ends
    and another of its type begins is not seen. Tokens that touch an excluded region are left out.
    """
    words = tokens(text)
    found: list[set[str]] = [set() for _ in words]
    for mention in annotations.mentions:
        for span in mention.spans:
            for index in _covered(words, span.start, span.end):
                found[index].add(mention.type)
    gone = {index for region in excluded for index in _covered(words, region.start, region.end)}
    return ["+".join(sorted(types)) or OUTSIDE for index, types in enumerate(found) if index not in gone]


def _covered(words: Sequence[Any], start: int, end: int) -> range:
    first = bisect_right(words, start, key=lambda word: word.end)
    return range(first, bisect_left(words, end, key=lambda word: word.start))


def event_labels(annotations: Annotations) -> frozenset[str]:
    """The labels of a document by what happens in it: its event types."""
    return frozenset(event.type for event in annotations.events)
