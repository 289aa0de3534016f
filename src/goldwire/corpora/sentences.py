"""Words and sentences of an English news text, with offsets, for rules, for features and for slices.

Finer than `corpora.offsets.tokens`, because mentions begin and end inside those: "US-led" and "Kabul's" are
three words and two here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from goldwire.corpora.types import Excluded, Span

_WORD = re.compile(
    r"(?:[^\W\d_]\.){2,}"  # U.S.
    r"|\d+(?:[.,:]\d+)*(?:st|nd|rd|th)?\b|\d+(?:[.,:]\d+)*"  # 4,000  20th
    r"|[^\W\d_]+(?=n['’]t\b)|n['’]t\b"  # did|n't
    r"|['’](?:s|ll|re|ve|d|m)\b"  # Kabul|'s
    r"|\w+"
    r"|[^\w\s]"
)
_ABBREVIATION = frozenset(
    [
        "Mr",
        "Mrs",
        "Ms",
        "Dr",
        "Prof",
        "Gen",
        "Lt",
        "Col",
        "Maj",
        "Capt",
        "Sgt",
        "Cmdr",
        "Adm",
        "Brig",
        "Gov",
        "Sen",
        "Rep",
        "Rev",
        "St",
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "Aug",
        "Sept",
        "Sep",
        "Oct",
        "Nov",
        "Dec",
        "vs",
        "Inc",
        "Ltd",
    ]
)
_END = frozenset(".!?…")
_CLOSING = frozenset("\"'”’)]")


class Word(msgspec.Struct, frozen=True):
    """A word or a punctuation mark; `text` as written, offsets in code points."""

    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        """The word in lower case."""
        return self.text.lower()


Sentence = tuple[Word, ...]


def words(text: str) -> list[Word]:
    """The words of a text, in order; white space belongs to none.

    >>> [word.text for word in words("The US-led force didn’t see Kabul’s fall.")]
    ['The', 'US', '-', 'led', 'force', 'did', 'n’t', 'see', 'Kabul', '’s', 'fall', '.']
    """
    return [Word(match[0], match.start(), match.end()) for match in _WORD.finditer(text)]


def sentences(text: str, excluded: Sequence[Excluded] = ()) -> Iterator[Sentence]:
    """The sentences of a text, without words in excluded regions; a line break ends a sentence.

    >>> text = "Gen. Amin left. He said: “No.” Then\\nit rained."
    >>> [s[0].text + " … " + s[-1].text for s in sentences(text)]
    ['Gen … .', 'He … ”', 'Then … Then', 'it … .']
    """
    current: list[Word] = []
    for word in words(text):
        if any(region.start < word.end and word.start < region.end for region in excluded):
            continue
        if current and _begins(current, word, text):
            yield tuple(current)
            current = []
        current.append(word)
    if current:
        yield tuple(current)


def _begins(before: Sequence[Word], word: Word, text: str) -> bool:
    """Whether a sentence ends before a word."""
    gap = text[before[-1].end : word.start]
    if "\n" in gap:
        return True
    if not gap or not (word.text[0].isupper() or word.text[0].isdigit() or word.text[0] in "“\"‘'("):
        return False
    last = len(before) - 1
    while last >= 0 and before[last].text in _CLOSING:
        last -= 1
    if last < 0 or before[last].text not in _END:
        return False
    return not (before[last].text == "." and last > 0 and before[last - 1].text in _ABBREVIATION)


def span(sentence: Sequence[Word], first: int, last: int) -> Span:
    """The span of words `first` to `last`, the last one included."""
    return Span(sentence[first].start, sentence[last].end)
