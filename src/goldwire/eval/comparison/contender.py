"""Contenders of a comparison: the systems of one or more records, each under a name of its own.

A system that was run several times is one contender; its runs are beneath it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from goldwire.eval.counting.counts import Counts
from goldwire.eval.measures.measure import Measure
from goldwire.eval.scoring.record import LayerFacts, Record, Result, failures


class Contender(msgspec.Struct, frozen=True, kw_only=True):
    """A system of a record, under the name it has in the comparison.

    `runs` are the names that the record has for its runs; none where it was not run several times.
    """

    name: str
    system: str
    record: Record
    runs: tuple[str, ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        """The record's names of its layers: of its runs, or its own."""
        return self.runs or (self.system,)

    @property
    def facts(self) -> LayerFacts:
        """What its layer brought, or that of its first run."""
        return next(layer for layer in self.record.systems if layer.name == self.layers[0])

    @property
    def failed(self) -> int:
        """On how many of the scored documents it failed, over all runs."""
        mine = (layer for layer in self.record.systems if layer.name in self.layers)
        return sum(failures(self.record, layer) for layer in mine)

    @property
    def first(self) -> Contender:
        """Its first run under its own name, or itself: of which texts and errors are shown."""
        return msgspec.structs.replace(self, system=self.runs[0], runs=()) if self.runs else self

    def result(self, measure: str) -> Result:
        """What the record says of it, of several runs in their mean."""
        return self.record.result(self.system, measure)

    def deviation(self, measure: str) -> float | None:
        """The standard deviation of F between its runs; None of one run."""
        several = next((one for one in self.record.runs if one.system == self.system), None)
        if several is None:
            return None
        return next(one.figures["f"].deviation for one in several.results if one.measure == measure)

    def counts(self, measure: Measure) -> Counts:
        """Its counts under a measure; `JudgementError` for one with runs, each of which has its own."""
        return self.record.get_counts(self.system, measure)

    def each(self, measure: Measure) -> list[Counts]:
        """The counts of each run, or its own."""
        return [self.record.get_counts(layer, measure) for layer in self.layers]


def contenders(records: Mapping[str, Record]) -> list[Contender]:
    """All systems of all records; one whose name another record has too is called RECORD:SYSTEM."""
    own = {key: list(_systems(record)) for key, record in records.items()}
    names = [name for systems in own.values() for name, _ in systems]
    return [
        Contender(
            name=name if names.count(name) == 1 else f"{key}:{name}",
            system=name,
            record=records[key],
            runs=runs,
        )
        for key, systems in own.items()
        for name, runs in systems
    ]


def _systems(record: Record) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The systems of a record and their runs, in the order of their layers."""
    of = {run: several for several in record.runs for run in several.runs}
    seen = set()
    for layer in record.systems:
        several = of.get(layer.name)
        name = layer.name if several is None else several.system
        if name not in seen:
            seen.add(name)
            yield name, () if several is None else several.runs
