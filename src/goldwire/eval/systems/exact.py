"""Exact sums of numbers: the same in whichever order, and from however many parts, they are added."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction

Sum = int | Fraction  # of whole numbers; of numbers of which one is a float


def exact(number: float) -> Sum:
    """A number as one that is never rounded; a whole one stays whole."""
    return number if isinstance(number, int) else Fraction(number)


def plain(number: Sum) -> float:
    """The number as it is shown: rounded once, and whole if all were.

    >>> plain(sum(map(exact, [0.1] * 10))), plain(sum(map(exact, [1, 2])))
    (1.0, 3)
    """
    return number if isinstance(number, int) else float(number)


def total(counts: Iterable[Mapping[str, float]]) -> dict[str, Sum]:
    """The sum of counters, by name, in order of name."""
    summed: dict[str, Sum] = {}
    for count in counts:
        for name, value in count.items():
            summed[name] = summed.get(name, 0) + exact(value)
    return dict(sorted(summed.items()))


def encode(number: Sum) -> str:
    """A number as text, which keeps all of it.

    >>> encode(3), encode(Fraction(3)), encode(Fraction(1, 4))
    ('3', '3/1', '1/4')
    """
    return str(number) if isinstance(number, int) else f"{number.numerator}/{number.denominator}"


def decode(text: str) -> Sum:
    """The number of a text; `ValueError` if it is none."""
    above, slash, below = text.partition("/")
    try:
        return Fraction(int(above), int(below)) if slash else int(above)
    except ZeroDivisionError as error:
        raise ValueError(f"{text[:20]!r} is no number") from error


def deviation(number: int, whole: Sum, squares: Sum) -> float:
    """The sample standard deviation of so many values, from their sum and that of their squares.

    >>> deviation(2, 4, 10)
    1.4142135623730951
    """
    if number < 2:  # noqa: PLR2004 - one value does not vary
        return 0.0
    return math.sqrt((squares - Fraction(whole * whole, number)) / (number - 1))
