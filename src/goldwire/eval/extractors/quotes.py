"""Where in a text a quote stands: exactly, or but for case, spacing and typography; never by guess."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import msgspec

from goldwire.corpora.types import Document, Span

How = Literal["exact", "normalised"]
_FOLDED = str.maketrans("‘’‚‛“”„‟«»‐‑‒–—−\u00a0", '\'\'\'\'""""""------ ')


class Located(msgspec.Struct, frozen=True):
    """A place and how it was found."""

    span: Span
    how: How


class Finder:
    """Finds quotes in the included part of one document.

    >>> from goldwire.corpora.store import make_document
    >>> finder = Finder(make_document("a", "Kabul’s  fall: Kabul fell."))
    >>> finder.locate("Kabul", 2)
    Located(span=Span(start=15, end=20), how='exact')
    >>> finder.locate("kabul's fall")
    Located(span=Span(start=0, end=13), how='normalised')
    >>> finder.locate("Herat")
    """

    def __init__(self, document: Document) -> None:
        self._text, self._excluded = document.text, document.excluded
        self._folded, self._starts, self._ends = fold(document.text)

    def locate(self, quote: str, occurrence: int = 1) -> Located | None:
        """The n-th place (from 1) of a quote in text order, or None.

        Whole words go first: "US" is not looked for in "USA" where it stands alone somewhere. Places that
        touch an excluded region are not counted.
        """
        if not quote.strip() or occurrence < 1:
            return None
        exact = self._places(quote.strip(), self._text)
        if exact:
            return self._nth(exact, occurrence, "exact")
        folded = self._places(fold(quote)[0].strip(), self._folded)
        spans = [Span(self._starts[span.start], self._ends[span.end - 1]) for span in folded]
        return self._nth(spans, occurrence, "normalised")

    def _places(self, quote: str, text: str) -> list[Span]:
        if not quote:
            return []
        escaped = re.escape(quote)
        whole = (
            (r"(?<!\w)" if quote[0].isalnum() else "") + escaped + (r"(?!\w)" if quote[-1].isalnum() else "")
        )
        for pattern in (whole, escaped):
            found = [Span(*match.span()) for match in re.finditer(pattern, text)]
            if found:
                return found
        return []

    def _nth(self, spans: list[Span], occurrence: int, how: How) -> Located | None:
        inside = [
            span
            for span in spans
            if not any(r.start < span.end and span.start < r.end for r in self._excluded)
        ]
        return Located(inside[occurrence - 1], how) if len(inside) >= occurrence else None


def fold(text: str) -> tuple[str, list[int], list[int]]:
    """A text in one case, spacing and typography, and where each of its characters began and ended.

    Unicode NFKC and case folding, curly quotes and dashes made plain, runs of white space made one space.

    >>> fold("“A\\u00a0 B”")
    ('"a b"', [0, 1, 2, 4, 5], [1, 2, 4, 5, 6])
    """
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for i, char in enumerate(text):
        if char.isspace():
            if characters and characters[-1] == " ":
                ends[-1] = i + 1
                continue
            plain = " "
        else:
            plain = unicodedata.normalize("NFKC", char).translate(_FOLDED).casefold()
        for part in plain:
            characters.append(part)
            starts.append(i)
            ends.append(i + 1)
    return "".join(characters), starts, ends
