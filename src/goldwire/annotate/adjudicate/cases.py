"""Cases: disagreements on the same or overlapping words, which are decided with one key.

Units are put together where each is somebody's instead of the other: they overlap, and nobody has both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence

from goldwire.annotate.adjudicate.decisions import Disagreement
from goldwire.annotate.adjudicate.judge import About, Judge
from goldwire.annotate.exchange.clusters import Union
from goldwire.corpora.types import Spans

LARGEST = 6  # units of one case: a key that decides more than one sees is none
STAGES = ("mention", "event", "attribute", "argument", "relation")  # each hangs on those before it


def group(judge: Judge) -> list[list[int]]:
    """The disagreements of a document in cases, by their numbers, those before that others hang on.

    Clusters are left out: which there are depends on what is decided before.
    """
    cases = []
    for stage in STAGES:
        numbers = [n for n, item in enumerate(judge.found) if item.unit == stage]
        groups: dict[Hashable, list[int]] = defaultdict(list)
        for number in numbers:
            groups[_rival(judge.found[number], judge.about[number])].append(number)
        made = [case for members in groups.values() for case in _together(judge, members)]
        cases += sorted(made, key=lambda case: (places(judge, case[0]), case))
    return cases


def places(judge: Judge, number: int) -> Spans:
    """Where a disagreement stands: all that it is about."""
    return tuple(span for place in judge.about[number].on for span in judge.spans(*place))


def _rival(item: Disagreement, about: About) -> Hashable:
    """What only those share of which one can stand instead of another."""
    if item.unit == "attribute":
        return about
    if item.unit == "argument":
        return about.on[0]
    return frozenset(about.on) if item.unit == "relation" else item.unit


def _together(judge: Judge, numbers: Sequence[int]) -> list[list[int]]:
    unit = judge.found[numbers[0]].unit
    if unit == "attribute":  # the values of one, all in the same place
        return [list(numbers)]
    joined = _joined(numbers, (p for p in _overlapping(judge, numbers) if _is_either(judge, *p)))
    return [case for found in joined for case in ([found] if len(found) <= LARGEST else _same(judge, found))]


def _joined(numbers: Iterable[int], pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    union = Union[int]()
    for one, other in pairs:
        union.join(one, other)
    groups: dict[int, list[int]] = defaultdict(list)
    for number in numbers:
        groups[union.find(number)].append(number)
    return list(groups.values())


def _same(judge: Judge, numbers: Iterable[int]) -> list[list[int]]:
    """Those on the very same words."""
    groups: dict[Spans, list[int]] = defaultdict(list)
    for number in numbers:
        groups[places(judge, number)].append(number)
    return list(groups.values())


def _overlapping(judge: Judge, numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The pairs of which a span of one overlaps a span of the other."""
    spans = sorted((span.start, span.end, number) for number in numbers for span in _own(judge, number))
    open_: list[tuple[int, int]] = []
    for start, end, number in spans:
        open_ = [(until, other) for until, other in open_ if until > start]
        yield from ((other, number) for _, other in open_ if other != number)
        open_.append((end, number))


def _own(judge: Judge, number: int) -> Spans:
    """The words by which one can stand instead of another: of an argument those that fill the role."""
    if judge.found[number].unit == "argument":
        return judge.spans(*judge.about[number].on[-1])
    return places(judge, number)


def _is_either(judge: Judge, one: int, other: int) -> bool:
    """Whether nobody has both."""
    says = judge.found[one].says, judge.found[other].says
    return not any(said and says[1].get(name) for name, said in says[0].items())
