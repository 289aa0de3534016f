"""Charts as values: marks on axes, before anything is drawn.

Colours are names of the style sheet's (`s0` is the first system's, `c0` the first class of errors').
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

TICKS = 6  # at most, so that their labels have room on a phone
_STEPS = (1, 2, 5, 10)  # of a power of ten: what people count in
_MARGIN, _NEAR = 0.05, 0.01  # room around values: of their range, and for equal ones


class _Struct(msgspec.Struct, frozen=True):
    pass


class Axis(_Struct, frozen=True):
    """A range of numbers, places on it with what is written there, and what the numbers are."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    title: str = ""

    def share(self, value: float) -> float:
        """How far along the axis a value is, 0 to 1."""
        return (value - self.low) / (self.high - self.low)


class Whisker(_Struct, frozen=True):
    """A value with the ends of its interval, where it has one."""

    value: float
    low: float | None
    high: float | None
    colour: str
    text: str


class Segment(_Struct, frozen=True):
    """A part of a bar, and what it says of itself."""

    start: float
    end: float
    colour: str
    text: str


class Row(_Struct, frozen=True):
    """A name and what stands beside it."""

    name: str
    marks: tuple[Whisker | Segment, ...]


class RowChart(_Struct, frozen=True):
    """Rows under each other over one axis; `rule` is a value with its name, marked across all of them.

    `text` says in words what the drawing shows.
    """

    caption: str
    text: str
    axis: Axis
    rows: tuple[Row, ...]
    rule: tuple[float, str] | None = None


class Line(_Struct, frozen=True):
    """Points in order, joined; a thin one leads the eye, a dashed one is there to compare with."""

    points: tuple[tuple[float, float], ...]
    colour: str
    thin: bool = False
    dashed: bool = False


class Dot(_Struct, frozen=True):
    """A point; `weight` of one is the heaviest of its drawing. Its `name` stands beside it."""

    x: float
    y: float
    weight: float
    colour: str
    text: str
    name: str = ""


class PlaneChart(_Struct, frozen=True):
    """Lines and dots between two axes; `text` says in words what the drawing shows."""

    caption: str
    text: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...] = ()
    dots: tuple[Dot, ...] = ()


Chart = RowChart | PlaneChart
Place = Callable[[float], float]  # where a value stands on an axis, in the numbers of the axis


def around(values: list[float], title: str = "") -> Axis:
    """An axis of shares, written in points, that begins and ends at round numbers around the values.

    >>> [text for _, text in around([0.48, 0.81]).ticks]
    ['40', '50', '60', '70', '80', '90']
    """
    room = max(_MARGIN * (max(values) - min(values)), _NEAR)
    low, high = max(0.0, min(values) - room), min(1.0, max(values) + room)
    step = _step(high - low)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = tuple((number * step, f"{100 * number * step:.6g}") for number in range(first, last + 1))
    return Axis(first * step, last * step, ticks, title)


def _step(span: float) -> float:
    """The least round step that divides a span into no more parts than there is room for."""
    power = 10.0 ** math.floor(math.log10(span / TICKS))
    return next(step for digit in _STEPS if span / (step := digit * power) <= TICKS)


def quantities(values: list[float], title: str, *, wide: float) -> tuple[Axis, Place]:
    """An axis of quantities, and where each stands on it: by its logarithm where they are `wide` apart.

    >>> axis, place = quantities([0.5, 200.0], "cost", wide=20)
    >>> [text for _, text in axis.ticks], place(100.0)
    (['0.1', '1', '10', '100', '1000'], 2.0)
    >>> [text for _, text in quantities([0.0, 0.9], "cost", wide=20)[0].ticks]
    ['0', '0.2', '0.4', '0.6', '0.8', '1']
    """
    least, most = min(values), max(values)
    if least <= 0 or most / least < wide:
        step = _step(most or 1.0)
        last = math.ceil((most or 1.0) / step)
        ticks = tuple((number * step, f"{number * step:.6g}") for number in range(last + 1))
        return Axis(0.0, last * step, ticks, title), lambda value: value
    first, end = math.floor(math.log10(least)), math.ceil(math.log10(most))
    every = math.ceil((end - first) / TICKS)
    powers = tuple((float(power), f"{10.0**power:.6g}") for power in range(first, end + 1, every))
    return Axis(float(first), float(end), powers, title), lambda value: math.log10(max(value, 10.0**first))


def shares(title: str = "", *, points: bool = False) -> Axis:
    """An axis from nothing to all, written in points of a hundred or as shares of one.

    >>> [text for _, text in shares().ticks], [text for _, text in shares(points=True).ticks]
    (['0.0', '0.2', '0.4', '0.6', '0.8', '1.0'], ['0', '20', '40', '60', '80', '100'])
    """
    ticks = tuple((k / 5, str(20 * k) if points else f"{k / 5:.1f}") for k in range(6))
    return Axis(0.0, 1.0, ticks, title)
