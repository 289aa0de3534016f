"""Words and tokens of units: for the matches that count tokens, extend by them or compare words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import pairwise

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from goldwire.corpora.offsets import tokens
from goldwire.corpora.types import Span
from goldwire.eval.counting.columns import Extents, Ints
from goldwire.eval.counting.rejected import words_at
from goldwire.eval.counting.texts import Texts


class Words(msgspec.Struct, frozen=True):
    """The tokens of documents, one after the other: document d has those from `offset[d]` on."""

    offset: Ints
    starts: Ints
    ends: Ints


def make_words(texts: Texts, documents: Iterable[int]) -> Words:
    """The tokens (see `offsets.tokens`) of some documents; the others have none."""
    wanted = set(documents)
    found = [tokens(texts.text(number)) if number in wanted else [] for number in range(len(texts.rows))]
    sizes = np.fromiter(map(len, found), np.int64, len(found))
    pairs = np.array([tuple(span) for spans in found for span in spans], np.int64).reshape(-1, 2)
    return Words(np.concatenate([[0], np.cumsum(sizes)]), pairs[:, 0], pairs[:, 1])


def in_tokens(extents: Extents, words: Words) -> Extents:
    """Extents counted in tokens: those that share a character with the unit; a unit may have none."""
    first, last = _token_range(extents, words)
    owner = extents.owner
    # Two parts may share a token, which counts once: a part begins where the one before it ended.
    second = np.roll(owner, 1) == owner
    second[:1] = False
    first = np.where(second, np.maximum(first, np.roll(last, 1)), first)
    return replace(extents, starts=first, ends=np.maximum(first, last))


def extended(extents: Extents, words: Words) -> Extents:
    """The hulls of units with one more token on either side where there is one."""
    first, last = _token_range(hulls(extents), words)
    low, high = words.offset[extents.document], words.offset[extents.document + 1]
    base = low
    before = np.maximum(first + base - 1, low)
    after = np.minimum(last + base, high - 1)
    known = high > low
    starts, ends = extents.start.copy(), extents.end.copy()
    starts[known] = np.minimum(starts[known], words.starts[before[known]])
    ends[known] = np.maximum(ends[known], words.ends[after[known]])
    return replace(hulls(extents), starts=starts, ends=ends)


def hulls(extents: Extents) -> Extents:
    """Units from their first to their last character, gaps filled."""
    size = len(extents)
    return Extents(
        extents.document, np.arange(size + 1), extents.start, extents.end, np.zeros(size, np.int64)
    )


def _token_range(extents: Extents, words: Words) -> tuple[Ints, Ints]:
    """For each part, the number within its document of its first token, and of the one after its last."""
    width = 1 + max((int(column.max()) for column in (words.ends, extents.ends) if len(column)), default=0)
    document = np.repeat(np.arange(len(words.offset) - 1), np.diff(words.offset))
    part = extents.document[extents.owner]
    first = np.searchsorted(document * width + words.ends, part * width + extents.starts, "right")
    last = np.searchsorted(document * width + words.starts, part * width + extents.ends, "left")
    base = words.offset[part]
    return first - base, np.maximum(first, last) - base


# ---------------------------------------------------------------- how many tokens
_BLANK, _WORD, _SIGN, _JOINT = 1, 2, 3, 4  # what a character is to `offsets.tokens`; 0 was not looked up yet
_ASCII, _UNICODE = 2**7, 17 * 2**16


def count_tokens(each: Sequence[str]) -> Ints:
    """How many tokens (see `offsets.tokens`) each of some words has."""
    sizes = np.fromiter(map(len, each), np.int64, len(each))
    kinds = _kinds("\n".join([*each, ""]))
    word, joined = kinds == _WORD, kinds == _JOINT
    joined[:1] = False
    joined[1:-1] &= word[:-2] & word[2:]
    begins = (kinds != _BLANK) & ~joined
    begins[1:] &= ~(word[1:] & (word[:-1] | joined[:-1]))
    found: Ints = np.diff(np.searchsorted(np.flatnonzero(begins), np.cumsum(sizes + 1)), prepend=0)
    return found


def _kinds(text: str) -> NDArray[np.uint8]:
    """What each character is."""
    if text.isascii():
        return np.frombuffer(text.encode().translate(_of_ascii()), np.uint8)
    table, codes = _table(), np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    found: NDArray[np.uint8] = table[codes]
    if not found.all():
        new = np.unique(codes[found == 0])
        table[new] = [_kind(chr(code)) for code in new.tolist()]
        found = table[codes]
    return found


@cache
def _of_ascii() -> bytes:
    return bytes(_kind(chr(code)) if code < _ASCII else 0 for code in range(256))


@cache
def _table() -> NDArray[np.uint8]:
    """By code point, as far as it was looked up."""
    return np.zeros(_UNICODE, np.uint8)


def _kind(char: str) -> int:
    """What a character is, by the tokens that it makes."""
    if not tokens(char):
        return _BLANK
    if len(tokens(f"a{char}")) == 1:
        return _WORD
    return _JOINT if len(tokens(f"a{char}a")) == 1 else _SIGN


# ---------------------------------------------------------------- surfaces
def surfaces(extents: Extents, texts: Texts) -> list[str]:
    """The words of each unit, its parts joined by a space (see `rejected.words_at`)."""
    return [
        words_at(texts.text(document), spans)
        for document, spans in zip(extents.document.tolist(), spans_of(extents), strict=True)
    ]


def spans_of(extents: Extents) -> list[tuple[Span, ...]]:
    """The parts of each unit."""
    parts = list(map(Span, extents.starts.tolist(), extents.ends.tolist()))
    return [tuple(parts[low:high]) for low, high in pairwise(extents.offset.tolist())]


@lru_cache(maxsize=2**16)  # the same few words stand against each other again and again
def edit_distance(one: str, other: str) -> int:
    """The fewest characters to insert, delete or replace that make one of the other (Levenshtein 1966).

    >>> edit_distance("Northern Alliance", "the Northern Alliance"), edit_distance("kitten", "sitting")
    (4, 3)
    """
    head = _shared(one, other)
    one, other = one[head:], other[head:]
    tail = _shared(one[::-1], other[::-1])
    one, other = one[: len(one) - tail], other[: len(other) - tail]
    chars, columns = np.array(list(other)), np.arange(len(other) + 1)
    row = columns
    for number, char in enumerate(one, start=1):
        changed = np.minimum(row[:-1] + (chars != char), row[1:] + 1)
        # Inserting is a run along the row: each column from the best one before it.
        row = np.minimum.accumulate(np.concatenate([[number], changed]) - columns) + columns
    return int(row[-1])


def _shared(one: str, other: str) -> int:
    """How many characters two strings have in common from the start on."""
    unequal = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(unequal, min(len(one), len(other)))
