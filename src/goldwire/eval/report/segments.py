"""A text cut into sentences or lines, so that layers can stand one above the other."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from goldwire.corpora.types import Excluded

# Where a block may end: at a line break, or after the closing mark of a sentence.
_BREAK = re.compile(r"\s*\n\s*|(?<=[.!?…])[\"”’»)\]]*\s+")


def cut(
    text: str, marks: Iterable[tuple[int, int]], excluded: Sequence[Excluded] = ()
) -> list[tuple[int, int]]:
    """Blocks of the text in order, white space between them left out; no mark (start, end) is cut.

    >>> cut("One fell. Two rose.", [])
    [(0, 9), (10, 19)]
    >>> cut("One fell. Two rose.", [(4, 13)])
    [(0, 19)]
    """
    covered = join(marks)
    edges = (edge for region in excluded for edge in (region.start, region.end))
    places = sorted({0, len(text), *(found.end() for found in _BREAK.finditer(text)), *edges})
    kept = [place for place in places if not _is_inside(place, covered)]
    pieces = (_stripped(text, start, end) for start, end in pairwise(kept))
    return [piece for piece in pieces if piece[0] < piece[1]]


def join(hulls: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping ranges made one, in order.

    >>> join([(4, 9), (0, 2), (5, 12)])
    [(0, 2), (4, 12)]
    """
    joined: list[tuple[int, int]] = []
    for start, end in sorted(hulls):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _is_inside(place: int, ranges: Sequence[tuple[int, int]]) -> bool:
    at = bisect_left(ranges, (place, -1)) - 1
    return at >= 0 and ranges[at][0] < place < ranges[at][1]


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
