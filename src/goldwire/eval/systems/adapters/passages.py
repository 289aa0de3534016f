"""Pieces of a text that is too long for one request: they end with sentences and overlap by some."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from goldwire.corpora.offsets import hash_text
from goldwire.corpora.types import Document, Excluded
from goldwire.eval.systems.adapters import prompt

LEAST = 200  # code points of a piece: a sentence or two of news
OVERLAP = 0.2  # of a piece, at most, is in the next one too
# Where a sentence may end: its sign, quotes and brackets that close, and white space; or a line.
_END = re.compile(r"""[.!?…。！？؟۔।]["'”’»)\]]*\s+|\n\s*""")
_GAP = re.compile(r"\s+")


class Piece(NamedTuple):
    """A part of a document, as a document of its own, and where in the text it begins."""

    document: Document
    start: int


def pieces(document: Document, size: int | None) -> list[Piece]:
    """The pieces of a document of at most so many code points; the document itself where it is no longer.

    A piece without a word outside of excluded regions is left out.

    >>> from goldwire.corpora.store import make_document
    >>> [piece.document.text for piece in pieces(make_document("a", "One. Two two. Three. Four four."), 16)]
    ['One. Two two. ', 'Three. ', 'Four four.']
    """
    text = document.text
    if size is None or len(text) <= size:
        return [Piece(document, 0)]
    spans = _spans(list(_sentences(text, size)), size)
    parts = (Piece(_part(document, start, end), start) for start, end in spans)
    return [part for part in parts if prompt.included(part.document)]


def _spans(sentences: Sequence[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    """Runs of sentences that fit, each beginning within the one before it where there is room for that."""
    first = 0
    while first < len(sentences):
        begin, last = sentences[first][0], first
        while last + 1 < len(sentences) and sentences[last + 1][1] - begin <= size:
            last += 1
        end = sentences[last][1]
        yield begin, end
        if last + 1 == len(sentences):
            return
        after = sentences[last + 1][1]
        earliest = max(end - int(size * OVERLAP), after - size)
        first = next((i for i in range(first + 1, last + 1) if sentences[i][0] >= earliest), last + 1)


def _sentences(text: str, size: int) -> Iterator[tuple[int, int]]:
    """The sentences with the white space behind them; what is too long in parts, between words if it can."""
    start = 0
    for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
        while end - start > size:
            gaps = [match.end() for match in _GAP.finditer(text, start, start + size)]
            middle = gaps[-1] if gaps and gaps[-1] > start else start + size
            yield start, middle
            start = middle
        if end > start:
            yield start, end
        start = end


def _part(document: Document, start: int, end: int) -> Document:
    """A stretch of a document with its excluded regions; the headline goes with the first alone.

    What a model quotes of a headline is not in the text: with each piece it would be rejected once more.
    """
    meta = msgspec.structs.replace(document.meta, title=None) if start else document.meta
    text = document.text[start:end]
    regions = tuple(
        Excluded(
            start=max(region.start, start) - start, end=min(region.end, end) - start, reason=region.reason
        )
        for region in document.excluded
        if region.start < end and start < region.end
    )
    return msgspec.structs.replace(document, text=text, sha256=hash_text(text), meta=meta, excluded=regions)
