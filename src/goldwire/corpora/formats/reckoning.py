"""Reckoning of offsets in brat's files: in which units, and with which line ends, a file counts."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping

from goldwire.corpora.formats.ann import Text
from goldwire.corpora.offsets import Converter, OffsetError, surface
from goldwire.corpora.types import Span, Spans

_SPACES = re.compile(r"\s+")
_Counting = Callable[[int], int]


def place(texts: Mapping[str, Text], raw: str, whole: str) -> dict[str, Spans | None]:
    """Where T lines are in `whole`, as the file counts: the way in which every line fits that fits in any."""
    ways = [{id: _placed(text.spans, way, whole) for id, text in texts.items()} for way in _ways(raw, whole)]
    fitting = [{id for id, at in way.items() if at and fits(texts[id], at, whole)} for way in ways]
    best = set().union(*fitting)
    return next((way for way, those in zip(ways, fitting, strict=True) if those == best), ways[0])


def _ways(raw: str, whole: str) -> Iterator[_Counting]:
    """From offsets to those in `whole`: a CRLF counted as two (as it stands in the file) or as one (as brat
    itself counts), in code points or in UTF-16 units.
    """
    shift = _line_end_shift(raw)
    yield shift
    if raw != whole:
        yield int
    if not raw.isascii():
        stands, plain = Converter(raw, "utf-16"), Converter(whole, "utf-16")
        yield lambda offset: shift(stands.decode(offset))
        yield plain.decode


def _placed(spans: Spans, way: _Counting, whole: str) -> Spans | None:
    """Spans in the document, in its order; None if they leave it."""
    try:
        found = tuple(sorted(Span(way(span.start), way(span.end)) for span in spans))
    except OffsetError:
        return None
    return found if all(span.end <= len(whole) for span in found) else None


def fits(text: Text, spans: Spans, whole: str, *, fold: bool = True) -> bool:
    """Whether spans give the surface, whose parts may stand in the order of the line; white space counts as
    one space, and case for nothing if `fold`: the offsets are what is meant.
    """
    order = sorted(range(len(spans)), key=lambda part: text.spans[part])
    listed = [spans[order.index(part)] for part in range(len(spans))]
    said = _folded(text.surface, fold)
    return said in (_folded(surface(whole, spans), fold), _folded(surface(whole, tuple(listed)), fold))


def _folded(words: str, fold: bool) -> str:
    plain = _SPACES.sub(" ", words)
    return plain.casefold() if fold else plain


def _line_end_shift(raw: str) -> _Counting:
    """From offsets in a text with its own line ends to those in the text with `\\n` alone."""
    pairs = [match.start() for match in re.finditer("\r\n", raw)]
    return lambda offset: offset - bisect_left(pairs, offset)
