"""Find a quote in a text: exactly, or but for spacing, case, typography or markup; never by guess."""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple, get_args

import msgspec

from goldwire.corpora import exclude
from goldwire.corpora.types import Document, Span

# Each of these ways passes over all that those before it do.
Fold = Literal["space", "case", "typography", "markup"]
How = Literal["exact", Fold]
_FOLDED = str.maketrans("‘’‚‛“”„‟«»‐‑‒–—−\u00a0", '\'\'\'\'""""""------ ')
# Emphasis and code of Markdown, tags of HTML; not what stands between two digits, which are two numbers.
_SIGNS = r"(?:[*_`]+|</?[A-Za-z][^<>]{0,200}>)"
_MARKUP = re.compile(rf"(?<!\d){_SIGNS}|{_SIGNS}(?!\d)")
# A number as one reads it, with its groups and decimals; but a date such as 12.03.2024 is three numbers.
_NUMBER = re.compile(
    r"(?P<date>\d{1,4}\.\d{1,2}\.\d{1,4}(?!\d))"
    r"|\d{1,3}(?:[.,'’\u00a0\u2009\u202f]\d{3})+(?!\d)(?:[.,]\d+)?"
    r"|\d+(?:[.,]\d+)?"
)


class Located(msgspec.Struct, frozen=True):
    """A place and how it was found."""

    span: Span
    how: How


class Folded(NamedTuple):
    """A text made plain, and where each of its characters began and ended."""

    text: str
    starts: list[int]
    ends: list[int]


class Finder:
    """Finds quotes in the included part of one document.

    >>> from goldwire.corpora.store import make_document
    >>> finder = Finder(make_document("a", "Kabul’s  fall: Kabul fell to 1,500 men."))
    >>> finder.locate("Kabul", 2)
    Located(span=Span(start=15, end=20), how='exact')
    >>> finder.locate("**kabul's** fall")
    Located(span=Span(start=0, end=13), how='markup')
    >>> finder.locate("Herat"), finder.locate("500 men")
    (None, None)
    """

    def __init__(self, document: Document) -> None:
        self._text, self._excluded = document.text, document.excluded
        self._found: dict[str, list[Located]] = {}
        self._plain: dict[Fold, Folded] = {}

    def locate(self, quote: str, occurrence: int = 1) -> Located | None:
        """The n-th place (from 1) of a quote in text order, or None."""
        places = self.places(quote)
        return places[occurrence - 1] if 1 <= occurrence <= len(places) else None

    def places(self, quote: str) -> list[Located]:
        """All places of a quote in text order, by the first way in which it has one.

        Whole words go first: "US" is not looked for in "USA" where it stands alone somewhere. A quote that
        begins or ends within a number is not there, nor is one whose digits are others. Places that touch an
        excluded region are not counted.
        """
        if quote not in self._found:
            self._found[quote] = self._sought(quote)
        return self._found[quote]

    def _sought(self, quote: str) -> list[Located]:
        if not quote.strip():
            return []
        if exact := self._whole(_matches(quote.strip(), self._text)):
            return self._inside(exact, "exact")
        for how in get_args(Fold):
            text, starts, ends = self._folded(how)
            wanted = fold(html.unescape(quote) if how == "markup" else quote, how).text.strip()
            places = (
                [Span(starts[at.start], ends[at.end - 1]) for at in group] for group in _matches(wanted, text)
            )
            if found := self._whole(self._same_digits(quote, group, how) for group in places):
                return self._inside(found, how)
        return []

    def _folded(self, how: Fold) -> Folded:
        if how not in self._plain:
            self._plain[how] = fold(self._text, how)
        return self._plain[how]

    def _same_digits(self, quote: str, spans: Iterable[Span], how: Fold) -> list[Span]:
        digits = _digits(quote, how)
        return [span for span in spans if _digits(self._text[span.start : span.end], how) == digits]

    def _whole(self, groups: Iterable[Iterable[Span]]) -> list[Span]:
        """The first group with a place that cuts no number in two, and its places that do not."""
        kept = ([span for span in group if not self._cuts(span)] for group in groups)
        return next((spans for spans in kept if spans), [])

    def _cuts(self, span: Span) -> bool:
        return any(self._in_number(at) for at in (span.start, span.end))

    def _in_number(self, at: int) -> bool:
        i = bisect_right(self._numbers, Span(at, at)) - 1
        return i >= 0 and self._numbers[i].start < at < self._numbers[i].end

    @cached_property
    def _numbers(self) -> list[Span]:
        return list(_iter_numbers(self._text))

    def _inside(self, spans: list[Span], how: How) -> list[Located]:
        return [Located(span, how) for span in spans if exclude.reason((span,), self._excluded) is None]


def _iter_numbers(text: str) -> Iterator[Span]:
    for match in _NUMBER.finditer(text):
        if match["date"] is None:
            yield Span(*match.span())
        else:
            yield from (
                Span(match.start() + one.start(), match.start() + one.end()) for one in _parts(match[0])
            )


def _parts(date: str) -> Iterator[re.Match[str]]:
    return re.finditer(r"\d+", date)


def _digits(text: str, how: Fold) -> list[tuple[float, str]]:
    """The digits of a text with their kind: a superscript 2 is no 2, a full-width one is."""
    bare = _MARKUP.sub("", html.unescape(text)) if how == "markup" else text
    return [(unicodedata.numeric(char), unicodedata.category(char)) for char in bare if char.isnumeric()]


def _matches(quote: str, text: str) -> Iterator[list[Span]]:
    """Where a quote stands as whole words, then where it stands at all."""
    if not quote:
        return
    escaped = re.escape(quote)
    before, after = (r"(?<!\w)" if quote[0].isalnum() else ""), (r"(?!\w)" if quote[-1].isalnum() else "")
    for pattern in (before + escaped + after, escaped):
        yield [Span(*match.span()) for match in re.finditer(pattern, text)]


def fold(text: str, how: Fold = "typography") -> Folded:
    """A text in one spacing, case and typography, and where each of its characters began and ended.

    Runs of white space made one space, case folding, Unicode NFKC, curly quotes and dashes made plain, markup
    left out: as far as the way goes.

    >>> tuple(fold("“A\\u00a0 B”"))
    ('"a b"', [0, 1, 2, 4, 5], [1, 2, 4, 5, 6])
    >>> fold("“A\\u00a0 B”", "space").text, fold("**A** <i>B</i>", "markup").text
    ('“A B”', 'a b')
    """
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for i in _kept(text, how):
        if text[i].isspace() and characters and characters[-1] == " ":
            ends[-1] = i + 1
            continue
        for part in _plain(text[i], how):
            characters.append(part)
            starts.append(i)
            ends.append(i + 1)
    return Folded("".join(characters), starts, ends)


def _kept(text: str, how: Fold) -> Iterable[int]:
    """The places of a text that count."""
    if how != "markup":
        return range(len(text))
    signs = {at for match in _MARKUP.finditer(text) for at in range(*match.span())}
    return (at for at in range(len(text)) if at not in signs)


@lru_cache(maxsize=10_000)
def _plain(char: str, how: Fold) -> str:
    if char.isspace():
        return " "
    if how == "space":
        return char
    if how == "case":
        return char.casefold()
    return unicodedata.normalize("NFKC", char).translate(_FOLDED).casefold()
