"""Colours for labels: given ones kept, the rest chosen as far as can be from all others."""

from __future__ import annotations

import itertools
import re
from functools import cache

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_STEPS = (96, 128, 160, 192, 224, 252)  # light enough for black letters to be read on top
_WHITE = "#ffffff"  # the paper: no label may look like it

# CIE 1976 L*a*b* from sRGB with the D65 white point (IEC 61966-2-1, CIE 15:2004).
_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
_D65 = (0.95047, 1.0, 1.08883)

Lab = tuple[float, float, float]


def is_colour(text: str) -> bool:
    """Whether a text is a colour of the form #rrggbb."""
    return _HEX.fullmatch(text) is not None


def paint(given: dict[str, str | None]) -> dict[str, str]:
    """A colour `#rrggbb` for each name: its own where `given` has one, else one far from all the others.

    The same names give the same colours. Those given are such colours (see `is_colour`).

    >>> paint({"PER": "#FCD8B4", "ORG": None})
    {'PER': '#fcd8b4', 'ORG': '#6060fc'}
    """
    painted = {name: colour.lower() for name, colour in given.items() if colour is not None}
    used = [lab(_WHITE), *map(lab, painted.values())]
    room = {colour: min(distance(lab(colour), u) for u in used) for colour in _candidates()}
    for name in given:
        if name not in painted:
            painted[name] = chosen = max(room, key=lambda colour: room[colour])
            room = {colour: min(far, distance(lab(colour), lab(chosen))) for colour, far in room.items()}
    return {name: painted[name] for name in given}


@cache
def _candidates() -> tuple[str, ...]:
    return tuple(f"#{r:02x}{g:02x}{b:02x}" for r, g, b in itertools.product(_STEPS, repeat=3))


@cache
def lab(colour: str) -> Lab:
    """L*, a* and b* of a colour `#rrggbb`."""
    linear = [_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5)]
    x, y, z = (
        _root(sum(share * value for share, value in zip(row, linear, strict=True)) / white)
        for row, white in zip(_XYZ, _D65, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: Lab, other: Lab) -> float:
    """CIE76 colour difference; about 2.3 is the smallest that people notice (Mahy et al. 1994)."""
    return float(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5)


def _linear(value: float) -> float:
    """sRGB to linear light (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004


def _root(ratio: float) -> float:
    """The CIE lightness function."""
    edge = 6 / 29
    return float(ratio ** (1 / 3)) if ratio > edge**3 else ratio / (3 * edge**2) + 4 / 29
