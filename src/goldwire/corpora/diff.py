"""Difference of two texts: which stretches of the old stand unchanged in the new, and where.

Sentences are compared first, then the words of those that differ, by patience diff (Bram Cohen's): what is
the same in front and behind, then what stands once on both sides, in the longest order that both have, and so
on between, `DEPTH` times at most. So the time grows with the texts, and a word that is there several times is
taken for another of its kind only where what is around it agrees. What could stand at two places is at none.

A word is a run of letters, digits and their marks; in scripts that put no space between words each character
is one. A word of which one character is another now is another word.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from goldwire.corpora.types import Span

DEPTH = 16  # rounds of looking for words that stand once; each takes time in proportion to the texts
# Han with its extensions, kana, Thai and Lao, Myanmar, Khmer.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_ENDS = frozenset(".!?…。！？؟।")
_CLOSING = frozenset("\"'”’»)]")
_BACK = 4  # tokens between a sentence and the sign that ended the one before: quotation marks and space


class Run(NamedTuple):
    """So many tokens that are the same on both sides, from these places on."""

    old: int
    new: int
    size: int


class Stretch(msgspec.Struct, frozen=True):
    """Characters that are the same in both texts: `old[start:end]` is `new[start + shift:end + shift]`.

    Those from `start` to `sure` and from `until` to `end` could as well belong to the stretch before or
    behind, since the same words come twice: alone they say nothing.
    """

    start: int
    end: int
    shift: int
    sure: int
    until: int


class Difference(msgspec.Struct, frozen=True):
    """What is the same in two texts, in order; `added` words are more than stood at their places before."""

    stretches: tuple[Stretch, ...]
    added: int

    def move(self, span: Span) -> Span | None:
        """Where a span of the old text is in the new one; None if its words were changed, or parted.

        >>> compare("Rebels took Kabul.", "Armed rebels took Kabul.").move(Span(12, 17))
        Span(start=18, end=23)
        """
        # Stretches share what may belong to either, so two can hold it.
        last = bisect_right(self.stretches, span.start, key=lambda stretch: stretch.start)
        for stretch in self.stretches[max(0, last - 3) : last]:
            inside = stretch.start <= span.start and span.end <= stretch.end
            if inside and span.start < stretch.until and span.end > stretch.sure:
                return Span(span.start + stretch.shift, span.end + stretch.shift)
        return None


def compare(old: str, new: str) -> Difference:
    """The difference of two texts. Takes a second for a million characters."""
    cut = _cutter(old, new)
    before, after = cut.findall(old), cut.findall(new)
    runs = _merged(_by_sentences(before, after))
    settled = _Settler(before, after, runs).settle()
    return Difference(
        stretches=tuple(_stretches(before, after, settled)),
        added=sum(_added(before, after, runs)),
    )


def _cutter(*texts: str) -> re.Pattern[str]:
    """What cuts the texts into tokens: words, line ends, runs of other white space, signs.

    A mark or joiner belongs to what it stands on: without it that is another character.
    """
    characters = set().union(*texts)
    marks = "".join(re.escape(char) for char in sorted(characters) if _is_mark(char))
    mark = f"[{marks}]" if marks else "(?!)"
    return re.compile(
        rf"\n|[^\S\n]+|[{_UNSPACED}]{mark}*|(?:(?![{_UNSPACED}])\w{mark}*)+|.{mark}*", re.DOTALL
    )


def _is_mark(char: str) -> bool:
    return (
        not char.isspace()
        and unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf", "Sk")
        and not char.isascii()
    )


def _is_word(token: str) -> bool:
    return token[0].isalnum()


# ---------------------------------------------------------------- what is the same
def _by_sentences(before: Sequence[str], after: Sequence[str]) -> Iterator[Run]:
    """Runs of tokens: those of sentences that are the same, and between those of words that are."""
    old, new = [*_cuts(before)], [*_cuts(after)]
    pieces = [[tuple(side[a:b]) for a, b in pairwise(cuts)] for side, cuts in ((before, old), (after, new))]
    at = Run(0, 0, 0)
    for run in (*_merged(_same(*pieces)), Run(len(old) - 1, len(new) - 1, 0)):
        start, end = (
            Run(old[run.old], new[run.new], 0),
            Run(old[run.old + run.size], new[run.new + run.size], 0),
        )
        for found in _same(before[at.old : start.old], after[at.new : start.new]):
            yield Run(at.old + found.old, at.new + found.new, found.size)
        yield start._replace(size=end.old - start.old)
        at = end


def _cuts(tokens: Sequence[str]) -> Iterator[int]:
    """Where sentences and lines begin among tokens, and where the last one ends."""
    yield 0
    yield from (n for n, sign in enumerate(tokens[:-1], 1) if sign == "\n" or sign in _ENDS)
    if tokens:
        yield len(tokens)


class _Hunk(NamedTuple):
    """A part of both sides that is still to be compared, and after how many rounds."""

    old: int
    old_end: int
    new: int
    new_end: int
    depth: int


def _same(before: Sequence[str | tuple[str, ...]], after: Sequence[str | tuple[str, ...]]) -> Iterator[Run]:
    """What is the same in two sequences, of tokens or of sentences."""
    names: dict[str | tuple[str, ...], int] = {}
    old, new = ([names.setdefault(item, len(names)) for item in side] for side in (before, after))
    # What is no word says too little by standing there once.
    telling = {number for item, number in names.items() if any(map(_is_word, item))}
    hunks = [_Hunk(0, len(old), 0, len(new), 0)]
    while hunks:
        hunk = hunks.pop()
        front = _common(old, new, hunk)
        hunk = hunk._replace(old=hunk.old + front, new=hunk.new + front)
        back = _common(old, new, hunk, backwards=True)
        yield Run(hunk.old - front, hunk.new - front, front)
        yield Run(hunk.old_end - back, hunk.new_end - back, back)
        hunk = hunk._replace(old_end=hunk.old_end - back, new_end=hunk.new_end - back)
        for place, partner in (anchors := _anchors(old, new, hunk, telling)):
            yield Run(place, partner, 1)
        hunks += _between(hunk, anchors)


def _common(old: Sequence[int], new: Sequence[int], hunk: _Hunk, *, backwards: bool = False) -> int:
    """How many are the same at the beginning of a hunk, or at its end."""
    most = min(hunk.old_end - hunk.old, hunk.new_end - hunk.new)
    one, two, step = (hunk.old_end - 1, hunk.new_end - 1, -1) if backwards else (hunk.old, hunk.new, 1)
    size = 0
    while size < most and old[one + step * size] == new[two + step * size]:
        size += 1
    return size


def _between(hunk: _Hunk, anchors: Sequence[tuple[int, int]]) -> Iterator[_Hunk]:
    """The parts of a hunk before, between and behind anchors that both sides have."""
    ends = [(hunk.old - 1, hunk.new - 1), *anchors, (hunk.old_end, hunk.new_end)]
    if not anchors:
        return
    for (old, new), (old_end, new_end) in pairwise(ends):
        if old + 1 < old_end and new + 1 < new_end:
            yield _Hunk(old + 1, old_end, new + 1, new_end, hunk.depth + 1)


def _anchors(old: Sequence[int], new: Sequence[int], hunk: _Hunk, telling: set[int]) -> list[tuple[int, int]]:
    """What stands once on both sides of a hunk, in the longest order that both have."""
    if hunk.depth == DEPTH:
        return []
    once = _once(old, hunk.old, hunk.old_end, telling)
    other = _once(new, hunk.new, hunk.new_end, telling)
    return _ascending([(place, other[what]) for what, place in once.items() if what in other])


def _once(side: Sequence[int], start: int, end: int, telling: set[int]) -> dict[int, int]:
    """What stands once in a part, with its place; in order of place."""
    times = Counter(side[start:end])
    return {
        what: place
        for place, what in enumerate(side[start:end], start)
        if times[what] == 1 and what in telling
    }


def _ascending(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest choice of pairs, given in order of the first, that is in order of the second as well."""
    tops: list[int] = []  # the smallest second with which a choice of each length ends
    ends: list[int] = []  # and the number of its pair
    before: list[int] = []
    for number, (_, second) in enumerate(pairs):
        length = bisect_left(tops, second)
        tops[length : length + 1], ends[length : length + 1] = [second], [number]
        before.append(ends[length - 1] if length else -1)
    found, at = [], ends[-1] if ends else -1
    while at >= 0:
        found.append(pairs[at])
        at = before[at]
    return found[::-1]


def _merged(runs: Iterable[Run]) -> list[Run]:
    """The runs in order, those that follow on each other in one."""
    found: list[Run] = []
    for run in sorted(run for run in runs if run.size):
        last = found[-1] if found else Run(-1, -1, 0)
        if (last.old + last.size, last.new + last.size) == (run.old, run.new):
            found[-1] = last._replace(size=last.size + run.size)
        else:
            found.append(run)
    return found


def _added(before: Sequence[str], after: Sequence[str], runs: Sequence[Run]) -> Iterator[int]:
    """For each place that was changed, how many words more there are than before."""
    ends = [Run(0, 0, 0), *runs, Run(len(before), len(after), 0)]
    for one, two in pairwise(ends):
        gone = sum(map(_is_word, before[one.old + one.size : two.old]))
        come = sum(map(_is_word, after[one.new + one.size : two.new]))
        yield max(0, come - gone)


# ---------------------------------------------------------------- what could stand at two places
class _Part(NamedTuple):
    """A run with how many of its first and last tokens are in doubt."""

    run: Run
    first: int = 0
    last: int = 0


class _Settler:
    """Settles where exactly words came in or went, where words around are the same as those.

    Of "Kabul fell. Kabul burned." without "Kabul fell. ", either Kabul could be the one that is left. The
    place at which a line or sentence begins decides; where there is none, or several, all between is in
    doubt.
    """

    def __init__(self, before: Sequence[str], after: Sequence[str], runs: Sequence[Run]) -> None:
        self.before, self.after = before, after
        ends = Run(0, 0, 0), Run(len(before), len(after), 0)
        self.parts = [_Part(run) for run in (ends[0], *runs, ends[1])]

    def settle(self) -> list[_Part]:
        for number in range(len(self.parts) - 1):
            one, two = self.parts[number].run, self.parts[number + 1].run
            gone = two.old - one.old - one.size
            come = two.new - one.new - one.size
            if gone and not come:
                self._slide(number, self.before, one.old + one.size, gone)
            elif come and not gone:
                self._slide(number, self.after, one.new + one.size, come)
        return self.parts

    def _slide(self, number: int, side: Sequence[str], start: int, size: int) -> None:
        """Look at all places that a block which came or went could have had."""
        one, two = self.parts[number].run, self.parts[number + 1].run
        left, right = 0, 0
        while left < one.size and side[start - left - 1] == side[start + size - left - 1]:
            left += 1
        while right < two.size and side[start + right] == side[start + size + right]:
            right += 1
        places = range(-left, right + 1)
        best = [by for by in places if _begins(side, start + by)] or places
        in_doubt = any(map(_is_word, side[start + best[0] : start + best[-1]]))
        self._put(number, best[0], best[-1] - best[0] if in_doubt else 0)

    def _put(self, number: int, by: int, doubt: int) -> None:
        """Move the end of a part and the beginning of the next; tokens in doubt are in both."""
        (one, first, _), (two, _, last) = self.parts[number], self.parts[number + 1]
        one = one._replace(size=one.size + by + doubt)
        two = Run(two.old + by, two.new + by, two.size - by)
        self.parts[number : number + 2] = [_Part(one, first, doubt), _Part(two, doubt, last)]


def _begins(side: Sequence[str], place: int) -> bool:
    """Whether a line or a sentence begins at a place, or the space before one."""
    if place == 0 or side[place - 1] == "\n":
        return True
    at = place - 1
    while at >= max(0, place - _BACK) and (side[at].isspace() or side[at] in _CLOSING):
        at -= 1
    spaced = any(token.isspace() for token in side[at + 1 : place + 1])
    return at >= 0 and side[at] in _ENDS and (spaced or not side[at].isascii())


def _stretches(before: Sequence[str], after: Sequence[str], parts: Sequence[_Part]) -> Iterator[Stretch]:
    old, new = _offsets(before), _offsets(after)
    for run, first, last in parts:
        start, end = old[run.old], old[run.old + run.size]
        if start < end:
            sure, until = old[run.old + first], old[run.old + run.size - last]
            yield Stretch(
                start, end, new[run.new] - start, sure if first else start - 1, until if last else end + 1
            )


def _offsets(tokens: Sequence[str]) -> list[int]:
    found, at = [0], 0
    for token in tokens:
        at += len(token)
        found.append(at)
    return found
