"""Counts of one document by a measure of an installed package, checked before they are added up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from goldwire import extensions
from goldwire.corpora.errors import DataError, Fault, GoldwireError
from goldwire.corpora.types import Annotations
from goldwire.eval.counting.counts import COLUMNS
from goldwire.eval.counting.rejected import taken
from goldwire.eval.counting.texts import Row, TextRow
from goldwire.eval.measures import installed
from goldwire.eval.measures.installed import CountFunction
from goldwire.eval.measures.measure import Measure

Numbers = tuple[float, float, float, float]  # in the order of `counts.COLUMNS`
MOST = 2.0**53  # above, not every whole number is one in floating point
ROUNDING = 1e-9  # by which a sum of credits may be above the number of units


class CountError(GoldwireError):
    """A measure of a package raised, or what it gave cannot be counts; the message says which."""


class UncountedError(DataError):
    """A measure of a package failed on documents: `what` names it, `faults` say where and why."""


class Counted:
    """A measure of a package at work; where it fails on a document, it goes on: all faults are told."""

    def __init__(self, measure: Measure) -> None:
        self._name, self._function = measure.match, installed.load(measure)
        self._faults: list[Fault] = []

    def numbers(self, gold: Annotations, system: Annotations, row: Row) -> Mapping[str, Numbers]:
        """The numbers of a document by label; none, and a fault, where the measure fails."""
        try:
            return count(self._function, gold, taken(system), row.text if isinstance(row, TextRow) else "")
        except CountError as error:
            self._faults.append(Fault(row.id, "", str(error)))
            return {}

    def check(self) -> None:
        """Raise `UncountedError` if it failed on any document."""
        if self._faults:
            raise UncountedError(f"{self._name} cannot be counted", self._faults)


def count(function: CountFunction, gold: Annotations, system: Annotations, text: str) -> dict[str, Numbers]:
    """The four numbers of a document by label, as the measure gives them; `CountError` if they cannot be."""
    try:
        found = extensions.call(function, gold, system, text)
    except extensions.RaisedError as error:
        raise CountError(str(error)) from error
    if not isinstance(found, Mapping):
        raise CountError(f"gave {_shown(found)}; expected a dict of label to {_EXPECTED}")
    return {_label(label): _numbers(label, values) for label, values in found.items()}


_EXPECTED = f"({', '.join(COLUMNS)})"


def _label(label: Any) -> str:
    if not isinstance(label, str):
        raise CountError(f"gave the label {_shown(label)}; expected text")
    return label


def _numbers(label: str, values: Any) -> Numbers:
    try:
        system_hits, system, gold_hits, gold = map(float, values)
    except (TypeError, ValueError, OverflowError):
        raise CountError(f"gave {label!r}: {_shown(values)}; expected four numbers {_EXPECTED}") from None
    for name, value in zip(COLUMNS, (system_hits, system, gold_hits, gold), strict=True):
        if not (math.isfinite(value) and 0 <= value < MOST):
            raise CountError(f"gave {label!r}: {name} {value:g}; expected a number from 0 to 2^53")
    if system_hits > system + ROUNDING or gold_hits > gold + ROUNDING:
        raise CountError(
            f"gave {label!r}: {system_hits:g} hits of {system:g} system units, {gold_hits:g} of {gold:g} "
            "gold units; no more can be right than there is"
        )
    return min(system_hits, system), system, min(gold_hits, gold), gold


_WIDTH = 80  # characters of a wrong value that are shown


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
