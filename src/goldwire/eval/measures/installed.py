"""Measures of installed packages: found by name, loaded when they are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from inspect import getdoc
from typing import TYPE_CHECKING, Protocol

from goldwire import extensions
from goldwire.corpora.errors import MeasureError, among
from goldwire.corpora.types import Annotations
from goldwire.eval.measures.measure import Measure

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class CountFunction(Protocol):
    """A measure of a package: a function that counts one document, by label ("" where there is but one).

    The four numbers are system_hits, system, gold_hits and gold, 0 or more: precision is system_hits by
    system, recall gold_hits by gold, each after adding up all documents. Gold comes without excluded units,
    the system's annotations also without rejected ones; either may be empty. Its docstring is its definition.
    """

    def __call__(self, gold: Annotations, system: Annotations, text: str) -> Mapping[str, Sequence[float]]:
        """The numbers of one document."""
        ...


def names() -> list[str]:
    """The string forms of all measures of installed packages."""
    return [_name(entry) for entry in extensions.installed(extensions.MEASURES)]


@cache
def find(measure: Measure) -> EntryPoint:
    """What registers a measure; `MeasureError` if no installed package does."""
    found = extensions.installed(extensions.MEASURES)
    for entry in found:
        if _name(entry) == measure.match:
            return entry
    raise MeasureError(
        f"{measure.match!r} is no measure: neither of the form units:key+key@match nor registered by an "
        f"installed package ({extensions.MEASURES.group}){among(measure.match, map(_name, found))}"
    )


def _name(entry: EntryPoint) -> str:
    return f"{extensions.package(entry)}:{entry.name}"


@cache
def load(measure: Measure) -> CountFunction:
    """The function that counts; `MeasureError` if it is not there, cannot be loaded or is none."""
    entry = find(measure)
    found: CountFunction = extensions.load(entry, MeasureError)
    if not callable(found):
        raise MeasureError(f"{measure.match}: {entry.value} is not a function of (gold, system, text)")
    return found


def release(measure: Measure) -> str:
    """The package and version that a measure is from, as signatures have it."""
    entry = find(measure.counted)
    return f"{extensions.package(entry)}@{extensions.version(entry)}"


def definition(measure: Measure) -> str:
    """What a measure says of itself: its docstring."""
    return " ".join((getdoc(load(measure.counted)) or "Its package does not say what it counts.").split())
