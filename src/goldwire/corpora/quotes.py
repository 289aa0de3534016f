"""Find a quote in a text: exactly, or but for case, spacing and typography; never by guess."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import Literal

import msgspec

from goldwire.corpora import exclude
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
        self._found: dict[str, list[Located]] = {}

    @cached_property
    def _folded(self) -> tuple[str, list[int], list[int]]:
        return fold(self._text)

    def locate(self, quote: str, occurrence: int = 1) -> Located | None:
        """The n-th place (from 1) of a quote in text order, or None."""
        places = self.places(quote)
        return places[occurrence - 1] if 1 <= occurrence <= len(places) else None

    def places(self, quote: str) -> list[Located]:
        """All places of a quote in text order: exact ones, or else those but for typography.

        Whole words go first: "US" is not looked for in "USA" where it stands alone somewhere. Places that
        touch an excluded region are not counted.
        """
        if quote not in self._found:
            self._found[quote] = self._sought(quote)
        return self._found[quote]

    def _sought(self, quote: str) -> list[Located]:
        exact = _matches(quote.strip(), self._text)
        if exact or not quote.strip():
            return self._inside(exact, "exact")
        text, starts, ends = self._folded
        spans = [Span(starts[s.start], ends[s.end - 1]) for s in _matches(fold(quote)[0].strip(), text)]
        return self._inside(spans, "normalised")

    def _inside(self, spans: list[Span], how: How) -> list[Located]:
        return [Located(span, how) for span in spans if exclude.reason((span,), self._excluded) is None]


def _matches(quote: str, text: str) -> list[Span]:
    """Where a quote stands as whole words; where it never does, within words."""
    if not quote:
        return []
    escaped = re.escape(quote)
    before, after = (r"(?<!\w)" if quote[0].isalnum() else ""), (r"(?!\w)" if quote[-1].isalnum() else "")
    for pattern in (before + escaped + after, escaped):
        if found := [Span(*match.span()) for match in re.finditer(pattern, text)]:
            return found
    return []


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
