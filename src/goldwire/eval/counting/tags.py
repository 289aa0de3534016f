"""Labels of tokens and of whole documents: those of a file of tags, or read off the spans of a layer."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, cast

import msgspec

from goldwire.corpora.formats import tags as schemes
from goldwire.corpora.formats.tags import Policy, Scheme
from goldwire.corpora.offsets import tokens
from goldwire.corpora.tokens import sentences
from goldwire.corpora.types import Annotations, Excluded, Mention, Span, Tokens

OUTSIDE = "O"


def tag(annotations: Annotations, text: str, excluded: Sequence[Excluded] = ()) -> list[str]:
    """A tag for each token of the text: the types of the mentions with a character in it, or `O`.

    Several types, as of nested mentions, are joined by `+` in alphabetical order. Where one mention ends
    and another of its type begins is not seen. Tokens that touch an excluded region are left out.
    """
    words = tokens(text)
    labels = [_label(annotations, here) for here in _inside(annotations, words)]
    return without(labels, words, excluded)


def without(labels: Sequence[str], words: Sequence[Span], excluded: Sequence[Excluded]) -> list[str]:
    """What tokens are labelled with, less those that touch an excluded region."""
    gone = {index for region in excluded for index in _covered(words, region.start, region.end)}
    return [label for index, label in enumerate(labels) if index not in gone]


def _inside(annotations: Annotations, words: Sequence[Span]) -> list[frozenset[int]]:
    """For each token, the places of the mentions with a character in it."""
    found: list[set[int]] = [set() for _ in words]
    for place, mention in enumerate(annotations.mentions):
        for span in mention.spans:
            for index in _covered(words, span.start, span.end):
                found[index].add(place)
    return list(map(frozenset, found))


def _label(annotations: Annotations, places: Collection[int]) -> str:
    return "+".join(sorted({annotations.mentions[place].type for place in places})) or OUTSIDE


def types(annotations: Annotations, kept: Tokens) -> list[str]:
    """As `tag`, on tokens that were kept."""
    return [_label(annotations, here) for here in _inside(annotations, spans(kept))]


def _covered(words: Sequence[Any], start: int, end: int) -> range:
    first = bisect_right(words, start, key=lambda word: word.end)
    return range(first, bisect_left(words, end, key=lambda word: word.start))


def event_labels(annotations: Annotations) -> frozenset[str]:
    """The labels of a document by what happens in it: its event types."""
    return frozenset(event.type for event in annotations.events)


# ---------------------------------------------------------------- tokens that were kept
def spans(kept: Tokens) -> list[Span]:
    """The places of tokens that were kept."""
    return list(map(Span, kept.starts, kept.ends))


def raw(kept: Tokens) -> list[str]:
    """The raw tags of kept tokens."""
    return [tag for _, given in sentences(kept) for tag in given]


def are_same(one: Tokens, other: Tokens) -> bool:
    """Whether two files have the same tokens of a document; where sentences end decides nothing."""
    return one.starts == other.starts and one.ends == other.ends


def retag(annotations: Annotations, kept: Tokens) -> list[str]:
    """Tags in the scheme of kept tokens for what another layer says of the same text.

    A token is tagged where a mention has a character in it. Mentions that share tokens are parted where what
    covers a token changes; types are joined as `tag` does.
    """
    inside = _inside(annotations, spans(kept))
    found: list[str] = []
    for place, _ in sentences(kept):
        here = inside[place]
        found += _encoded(list(_runs(here, annotations)), len(here), cast(Scheme, kept.scheme))
    return found


def _runs(inside: Sequence[frozenset[int]], annotations: Annotations) -> Iterator[schemes.Chunk]:
    """Tokens beside each other that the same mentions cover."""
    first = 0
    for places, run in groupby(inside):
        after = first + len(list(run))
        if places:
            yield first, after, _label(annotations, places)
        first = after


def _encoded(found: list[schemes.Chunk], length: int, scheme: Scheme) -> list[str]:
    try:
        return schemes.encode(found, length, scheme)
    except ValueError:  # IO cannot part what touches
        marked = [OUTSIDE] * length
        for start, end, type in found:
            marked[start:end] = [f"I-{type}"] * (end - start)
        return marked


def type_of(tag: str) -> str:
    """The type that a raw tag names, `O` for none; of what is no tag, itself."""
    try:
        prefix, type = schemes.parse(tag)
    except ValueError:
        return tag
    return OUTSIDE if prefix == OUTSIDE else type


def read_as(line: Annotations, kept: Tokens, policy: Policy) -> Annotations:
    """A line with the mentions that its tags mean under a policy.

    The same line where it has more than mentions, or less than the tags say; or was read so.
    """
    way = schemes.reading(cast(Scheme, kept.scheme), policy)
    details = line.provenance.details
    if not kept.whole or line.events or line.relations or line.rejected or details.get("tags") == way:
        return line
    provenance = msgspec.structs.replace(line.provenance, details={**details, "tags": way})
    return msgspec.structs.replace(line, mentions=tuple(_mentions(kept, policy)), provenance=provenance)


def _mentions(kept: Tokens, policy: Policy) -> Iterable[Mention]:
    number = 0
    for place, given in sentences(kept):
        for first, after, type in schemes.decode(given, cast(Scheme, kept.scheme), policy):
            number += 1
            span = Span(kept.starts[place.start + first], kept.ends[place.start + after - 1])
            yield Mention(id=f"m{number}", type=type, spans=(span,))
