"""Passages of a text around what people differ in, with everybody's marks.

    block  [start, end, before, text, after, [lane of each person…]]    before and after are its surroundings
    lane   [[[type, spans, kind]…], [[type, words, [[role, words]…], [attribute…], spans]…]]    marks, events

Offsets are in code points; those of marks count from the start of their block.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from goldwire.annotate.adjudicate.judge import Judge
from goldwire.annotate.adjudicate.views import View
from goldwire.corpora.offsets import surface
from goldwire.corpora.types import Event, Span, Spans
from goldwire.corpora.values import each
from goldwire.eval.report.segments import cut, join

LONG = 1200  # code points of a block that is shown whole
CONTEXT = 300  # on either side of what people differ in, where a block is longer
AROUND = 160  # before and after a block
Json = list[Any]


class Passages:
    """A document with the marks of people, in the order in which they are shown."""

    def __init__(self, judge: Judge, order: Sequence[str]) -> None:
        self.document = judge.document
        self.views = [judge.views[name] for name in order]
        self.marks = [list(_marks(view)) for view in self.views]

    @property
    def types(self) -> Iterator[str]:
        """The types of all marks."""
        return (type for marks in self.marks for type, _, _ in marks)

    def around(self, wanted: Iterable[Span]) -> list[Json]:
        """The blocks in which these spans stand."""
        blocks = self._blocks(join((span.start, span.end) for span in wanted))
        starts = [start for start, _ in blocks]
        text = self.document.text
        made: list[Json] = [
            [start, end, text[max(0, start - AROUND) : start], text[start:end], text[end : end + AROUND]]
            for start, end in blocks
        ]
        lanes: list[list[Json]] = [[[[], []] for _ in self.views] for _ in blocks]
        for lane, (view, marks) in enumerate(zip(self.views, self.marks, strict=True)):
            for type, spans, kind in marks:
                for number, shown in _shown(spans, blocks, starts):
                    lanes[number][lane][0].append([type, shown, kind])
            for number, event in self._events(view, blocks, starts):
                lanes[number][lane][1].append(event)
        return [[*block, each] for block, each in zip(made, lanes, strict=True)]

    def _blocks(self, focus: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Blocks with something in focus; of long ones what is near to it."""
        hulls = [
            (spans[0].start, max(span.end for span in spans))
            for marks in self.marks
            for _, spans, _ in marks
            if spans
        ]
        found: list[tuple[int, int]] = []
        starts = [start for start, _ in focus]
        for start, end in cut(self.document.text, hulls, self.document.excluded):
            low = max(0, bisect_right(starts, start) - 1)
            inside = []
            while low < len(focus) and focus[low][0] < end:
                if focus[low][1] > start:
                    inside.append(focus[low])
                low += 1
            found += [(start, end)] if inside and end - start <= LONG else _windows(start, end, inside)
        return found

    def _events(
        self, view: View, blocks: Sequence[tuple[int, int]], starts: Sequence[int]
    ) -> Iterator[tuple[int, Json]]:
        """The events of a view that stand in blocks, each with the number of that block."""
        for key, event in view.events.items():
            spans = event.trigger or tuple(
                span for _, name in view.fillers[key] for span in view.mentions[name].spans
            )
            for number, shown in list(_shown(spans, blocks, starts))[:1]:
                yield number, [*self._event(key, event, view), shown]

    def _event(self, key: str, event: Event, view: View) -> Json:
        text = self.document.text
        arguments = [
            [role, surface(text, view.mentions[name].spans, " … ")] for role, name in view.fillers[key]
        ]
        attributes = [f"{name} {', '.join(each(value))}" for name, value in event.attributes.items()]
        return [event.type, surface(text, event.trigger, " … "), arguments, attributes]


def _marks(view: View) -> Iterator[tuple[str, Spans, str]]:
    for mention in view.mentions.values():
        yield mention.type, mention.spans, "mention"
    for event in view.events.values():
        if event.trigger:
            yield event.type, event.trigger, "trigger"


def _shown(
    spans: Spans, blocks: Sequence[tuple[int, int]], starts: Sequence[int]
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """The blocks in which a mark can be seen, and what of it."""
    seen: dict[int, list[tuple[int, int]]] = {}
    for span in spans:
        number = max(0, bisect_right(starts, span.start) - 1)
        while number < len(blocks) and blocks[number][0] < span.end:
            start, end = blocks[number]
            if span.start < end:
                low, high = max(span.start, start), min(span.end, end)
                seen.setdefault(number, []).append((low - start, high - start))
            number += 1
    yield from seen.items()


def _windows(start: int, end: int, inside: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of a long block what is near to the ends of what is in focus."""
    near = []
    for low, high in inside:
        ends = [(low, high)] if high - low <= LONG else [(low, low), (high, high)]
        near += [(max(start, one - CONTEXT), min(end, other + CONTEXT)) for one, other in ends]
    return join(near)
