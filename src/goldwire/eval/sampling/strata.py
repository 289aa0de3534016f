"""Strata of a frame: its parts, and how many units each gives to a draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from goldwire.corpora.errors import CorpusError
from goldwire.eval.measures.phrases import amount, listed
from goldwire.eval.sampling import design
from goldwire.eval.sampling.frame import Floats, Frame, Ints
from goldwire.eval.sampling.wanted import Wanted


class Part(NamedTuple):
    """A stratum: its units, their values, and how many of them are drawn."""

    name: str
    units: Ints
    values: Floats
    number: int


def part_out(frame: Frame, values: Floats, wanted: Wanted, notes: list[str]) -> list[Part]:
    """The strata with what each gives, given the values of all units; what is to be said goes to `notes`."""
    names = sorted(set(frame.strata))
    if wanted.number < len(names):
        raise CorpusError(
            f"{amount(wanted.number, 'document')} asked for, and {wanted.per} parts the corpus into "
            f"{len(names)}: a part of which none is drawn would have no probability; ask for {len(names)} at "
            "least, or part it by something coarser"
        )
    numbers = dict(zip(names, range(len(names)), strict=True))
    stratum = np.array([numbers[name] for name in frame.strata])
    units = [np.flatnonzero(stratum == i) for i in range(len(names))]
    shares = _shares([values[own] for own in units], wanted, notes)
    number = min(wanted.number, len(frame.strata))
    given = design.allocate(number, [len(own) for own in units], shares)
    parts = [
        Part(name, own, values[own], count) for name, own, count in zip(names, units, given, strict=True)
    ]
    notes += _uneven(parts, number, wanted)
    notes += _all(frame, wanted)
    return parts


def _shares(values: Sequence[Floats], wanted: Wanted, notes: list[str]) -> list[float]:
    """What strata are shared out by: their units, or these times how much the value varies in them."""
    sizes = [float(len(own)) for own in values]
    if wanted.allocation == "proportional":
        return sizes
    shares = [len(own) * float(own.std()) for own in values]
    if not any(shares):
        notes.append(f"{wanted.by} does not vary within any stratum: each gives in proportion to its size")
        return sizes
    return shares


def _all(frame: Frame, wanted: Wanted) -> Iterator[str]:
    """Say so if no more can be drawn than there are."""
    there = len(frame.strata)
    if wanted.number >= there:
        each = "one of each group of near-duplicates" if there < len(frame.documents) else "all"
        yield f"{amount(wanted.number, 'document')} asked for: {each} of those there are drawn, {there:,}"


def _uneven(parts: Sequence[Part], number: int, wanted: Wanted) -> Iterator[str]:
    """Say which strata give more than their part, since none can give nothing."""
    there = sum(len(part.units) for part in parts)
    if wanted.allocation == "neyman" or number == there:
        return
    more = [part.name for part in parts if part.number >= number * len(part.units) / there + 1]
    if more:
        each = f"each stratum gives {design.fewest(number, len(parts))} at least"
        yield f"more than their part is drawn of {listed(more)}: {each}"
