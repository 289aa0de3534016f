"""Offsets, in one place: code points, UTF-16 units, UTF-8 bytes and tokens.

Goldwire counts Unicode code points. Other tools count UTF-16 units (JavaScript, Java), UTF-8 bytes
(C, Rust) or tokens; `Converter` takes their offsets to ours and back, and refuses an offset that falls
inside a character.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
from typing import Literal

from goldwire.corpora.errors import GoldwireError
from goldwire.corpora.types import Document, Span, Spans

Unit = Literal["code point", "utf-16", "byte"]

# A word, apostrophes, hyphens and zero-width joiners inside it included; or one other visible character.
_TOKEN = re.compile(r"\w+(?:['’\-\u200c\u200d]\w+)*|[^\w\s]")


class OffsetError(GoldwireError):
    """An offset is outside its text or inside a character."""


def hash_text(text: str) -> str:
    """SHA-256 of the UTF-8 bytes of a text, in lower-case hexadecimal (64 characters)."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def surface(text: str, spans: Spans, joint: str = " ") -> str:
    """The words a mention or trigger covers; the parts of a discontinuous one joined.

    >>> surface("Balkh and Samangan provinces", (Span(0, 5), Span(19, 28)))
    'Balkh provinces'
    """
    return joint.join(text[span.start : span.end] for span in spans)


def joined(spans: Iterable[Span], text: str) -> Spans:
    """Spans in text order, those with nothing but white space between them as one.

    >>> joined([Span(4, 8), Span(0, 3)], "New York"), joined([Span(0, 1), Span(2, 3)], "a-b")
    ((Span(start=0, end=8),), (Span(start=0, end=1), Span(start=2, end=3)))
    """
    parts: list[Span] = []
    for span in sorted(spans):
        last = parts[-1] if parts else span
        if last.start < last.end <= span.start < span.end and not text[last.end : span.start].strip():
            parts[-1] = Span(last.start, span.end)
        else:
            parts.append(span)
    return tuple(parts)


def tokens(text: str) -> list[Span]:
    """Words and single punctuation marks, in text order; white space belongs to none.

    A word is a run of letters, digits, underscores and combining marks, with apostrophes, hyphens and
    joiners inside it.

    >>> [surface("Mazar-i-Sharif’s fall.", (t,)) for t in tokens("Mazar-i-Sharif’s fall.")]
    ['Mazar-i-Sharif’s', 'fall', '.']
    """
    return [Span(match.start(), match.end()) for match in _TOKEN.finditer(_without_marks(text))]


def _without_marks(text: str) -> str:
    """The text with a letter in place of each combining mark, which `\\w` of `re` does not take."""
    marks = {char for char in set(text) if unicodedata.category(char).startswith("M")}
    return text.translate({ord(mark): "a" for mark in marks}) if marks else text


def _widths(text: str, unit: Unit) -> list[int]:
    if unit == "utf-16":
        return [1 + (char > "\uffff") for char in text]
    if unit == "byte":
        return [1 + (char > "\x7f") + (char > "\u07ff") + (char > "\uffff") for char in text]
    return [1] * len(text)


class Converter:
    """Takes offsets of one text from `unit` to code points and back.

    >>> c = Converter("a😀b", "utf-16")
    >>> c.decode(3), c.encode(2)
    (2, 3)
    """

    def __init__(self, text: str, unit: Unit) -> None:
        self.unit = unit
        self._ends = [0, *accumulate(_widths(text, unit))]

    def encode(self, offset: int) -> int:
        """A code-point offset in `unit`."""
        if not 0 <= offset < len(self._ends):
            raise OffsetError(f"code point {offset} is outside the text (0 to {len(self._ends) - 1})")
        return self._ends[offset]

    def decode(self, offset: int) -> int:
        """An offset in `unit` as a code-point offset; `OffsetError` if it falls inside a character."""
        index = bisect_left(self._ends, offset)
        if offset < 0 or index == len(self._ends):
            raise OffsetError(f"{self.unit} offset {offset} is outside the text (0 to {self._ends[-1]})")
        if self._ends[index] != offset:
            raise OffsetError(f"{self.unit} offset {offset} falls inside a character")
        return index


def by_text(documents: Iterable[Document]) -> dict[str, list[str]]:
    """The ids of the documents that have a text, by its SHA-256, in the order of the corpus."""
    found: dict[str, list[str]] = {}
    for document in documents:
        found.setdefault(document.sha256, []).append(document.id)
    return found
