"""Heads of units by rule en-1: the last token of the first chunk, up to a preposition, relative or comma.

A head is seldom far from the start of its unit, so tokens are looked at one by one at first. Where units are
longer, the tokens of the text are found once for all of them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np

from goldwire.corpora.offsets import tokens
from goldwire.corpora.types import Span
from goldwire.eval.counting.columns import NONE, Extents, Ints
from goldwire.eval.counting.texts import Texts
from goldwire.eval.counting.words import spans_of

# What ends the first chunk of an English phrase: prepositions, relative words and punctuation that divides.
_ENDS = frozenset(
    """
    about above across after against along alongside amid among around as at before behind below beneath
    beside between beyond by despite down during for from in inside into like near of off on onto opposite
    outside over past since than that through throughout till to toward towards under until unlike up upon
    via where when which who whom whose why with within without , ; : ( ) – —
    """.split()  # noqa: SIM905 - a list of words reads better as text
)
_BETWEEN_SPACES = re.compile(r"\S+")
LONG = 32  # tokens that are looked at one by one


def heads(extents: Extents, given: Ints | None, texts: Texts) -> Ints:
    """Start and end of the head of each unit: the one given, else that of the rule; n x 2."""
    found = np.full((len(extents), 2), NONE, np.int64) if given is None else given.copy()
    rows = np.flatnonzero(found[:, 0] == NONE)
    sought = extents.take(rows)
    line = cache(lambda document: _line(texts.text(document)))
    for row, document, spans in zip(rows.tolist(), sought.document.tolist(), spans_of(sought), strict=True):
        found[row] = tuple(head(texts.text(document), spans, partial(line, document)))
    return found


def head(text: str, spans: Sequence[Span], line: Callable[[], _Line] | None = None) -> Span:
    """The head of a unit. `line` gives the tokens of the text, where they are of use to several units.

    A first token never ends the chunk. Where there is no token, the whole hull is the head.

    >>> text = "the largest city in northern Afghanistan"
    >>> text[slice(*head(text, [Span(0, 40)]))]
    'city'
    """
    last: Span | None = None
    for number, token in enumerate(_iter_tokens(text, spans)):
        if last is not None and _is_end(text, token):
            break
        if number == LONG:
            return _of_long(text, spans, line() if line else _line(text))
        last = token
    return last or Span(spans[0].start, spans[-1].end)


def _is_end(text: str, token: Span) -> bool:
    return text[token.start : token.end].lower() in _ENDS


def _iter_tokens(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    for span in spans:
        for word in _BETWEEN_SPACES.finditer(text, span.start, span.end):
            yield from _tokens(text, *word.span())


def _tokens(text: str, start: int, end: int) -> list[Span]:
    return [Span(start + token.start, start + token.end) for token in tokens(text[start:end])]


# ---------------------------------------------------------------- long units
class _Run(NamedTuple):
    """The `tokens` from number `low` up to `high`; `stops` are the numbers of those that end a chunk."""

    tokens: Sequence[Span]
    stops: Sequence[int]
    low: int
    high: int

    def stop(self, after: int) -> int | None:
        """The number of the first token that ends a chunk, `after` so many."""
        place = bisect_left(self.stops, self.low + after)
        return self.stops[place] if place < len(self.stops) and self.stops[place] < self.high else None


class _Line(NamedTuple):
    """A text as words between white space, and the run of all their tokens.

    Word w is `[starts[w], ends[w])` and has the tokens from number `first[w]` up to `first[w + 1]`.
    """

    starts: list[int]
    ends: list[int]
    first: list[int]
    run: _Run


def _line(text: str) -> _Line:
    words = [word.span() for word in _BETWEEN_SPACES.finditer(text)]
    found = [_tokens(text, *word) for word in words]
    return _Line(
        starts=[start for start, _ in words],
        ends=[end for _, end in words],
        first=[0, *accumulate(map(len, found))],
        run=_run(text, [*chain.from_iterable(found)]),
    )


def _run(text: str, found: Sequence[Span]) -> _Run:
    stops = [number for number, token in enumerate(found) if _is_end(text, token)]
    return _Run(found, stops, 0, len(found))


def _of_long(text: str, spans: Sequence[Span], line: _Line) -> Span:
    last: Span | None = None
    for run in chain.from_iterable(_runs(text, span, line) for span in spans):
        stop = run.stop(after=int(last is None))
        end = run.high if stop is None else stop
        last = run.tokens[end - 1] if end > run.low else last
        if stop is not None:
            break
    return last or Span(spans[0].start, spans[-1].end)


def _runs(text: str, span: Span, line: _Line) -> Iterator[_Run]:
    """The tokens of a span: of a word it begins within, of those that it has whole, of one it ends in."""
    first, last = bisect_right(line.ends, span.start), bisect_left(line.starts, span.end)
    if first >= last:
        return
    low = first + (line.starts[first] < span.start)
    high = last - (line.ends[last - 1] > span.end)
    if low > first:
        yield _run(text, _tokens(text, span.start, min(line.ends[first], span.end)))
    if low < high:
        yield line.run._replace(low=line.first[low], high=line.first[high])
    if low <= high < last:
        yield _run(text, _tokens(text, line.starts[high], span.end))
