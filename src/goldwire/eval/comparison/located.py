"""Units one by one, right or wrong, for examples in the text; `counting.counters` has the sums."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import msgspec
import numpy as np

from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Span, Spans
from goldwire.eval.counting import reading
from goldwire.eval.counting.chunks import Block
from goldwire.eval.counting.columns import Extents, Ints
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.match import matched
from goldwire.eval.counting.rejected import BEYOND
from goldwire.eval.counting.texts import TextRow, Texts
from goldwire.eval.counting.units import Units
from goldwire.eval.measures.measure import Measure, parse
from goldwire.eval.measures.vocabulary import FORMS
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.score import iter_scored_blocks, needs, read_scored

_TRACED = ("entity", "event", "argument", "relation", "attribute")


class Unit(NamedTuple):
    """One unit in its place: spans of code points, what it is labelled, and for arguments the trigger."""

    document: str
    spans: Spans
    label: str
    trigger: Spans = ()


class Trace(NamedTuple):
    """The units of both sides, each in order of document, place and label, and which of them are right.

    Rejected units that stand nowhere in the text are not among them.
    """

    gold: list[Unit]
    gold_right: list[bool]
    system: list[Unit]
    system_right: list[bool]


class Traced(msgspec.Struct, frozen=True, dict=True):
    """What traces are made from: texts, and gold with each system of a record; read once, traced once.

    Of several references (`golds`) there are no traces: a unit is not right or wrong by one of them alone.
    """

    texts: Texts
    golds: tuple[reading.Layer, ...]
    sides: dict[str, GoldAndSystem]

    @cached_property
    def _traces(self) -> dict[tuple[str, Measure], Trace]:
        return {}

    def trace(self, system: str, measure: Measure) -> Trace:
        """The units of a system and of gold under a measure (`is_traced`)."""
        if (system, measure) not in self._traces:
            self._traces[system, measure] = trace(measure, self.sides[system])
        return self._traces[system, measure]


def read(corpus: Corpus, record: Record) -> Traced:
    """The documents that a record is of, and its layers as they are now; see `same.check_corpus`."""
    need = msgspec.structs.replace(_needs(corpus, record), texts=True)
    return _traced(read_scored(corpus, record, record.systems, need), record)


def iter_read(corpus: Corpus, record: Record, *, texts: bool) -> Iterator[Traced]:
    """The same block by block; where no `texts` are asked for, with those that measures look at.

    Raises as `chunks.find_places` and `read_block`.
    """
    need = _needs(corpus, record)
    counted = msgspec.structs.replace(need, texts=texts or need.texts)
    for block in iter_scored_blocks(corpus, record, record.systems, counted):
        yield _traced(block, record)


def _needs(corpus: Corpus, record: Record) -> reading.Wanted:
    return needs(list(map(parse, record.measures)), corpus.ontology())


def _traced(block: Block, record: Record) -> Traced:
    golds, layers = block.layers[: len(record.golds)], block.layers[len(record.golds) :]
    sides = (GoldAndSystem(golds[0], layer, block.texts, block.codes) for layer in layers)
    names = [system.name for system in record.systems]
    return Traced(block.texts, golds, dict(zip(names, sides, strict=True)))


def is_traced(measure: Measure) -> bool:
    """Whether the units of a measure are made from columns, each in its place."""
    return measure.units in _TRACED and measure.match not in FORMS


def trace(measure: Measure, sides: GoldAndSystem) -> Trace:
    """The units of a system and of gold under a measure that has them each in its place (`is_traced`)."""
    case = sides.case(measure)
    pairs = matched(measure, case)
    return Trace(
        *_ordered(measure, sides, case.gold, sides.gold, pairs.gold),
        *_ordered(measure, sides, case.system, sides.system, pairs.system),
    )


def _ordered(
    measure: Measure, sides: GoldAndSystem, units: Units, layer: reading.Layer, hits: Ints
) -> tuple[list[Unit], list[bool]]:
    right = np.zeros(len(units), np.bool_)
    right[hits] = True
    found = zip(_units(measure, sides, units, layer), right.tolist(), strict=True)
    pairs = sorted(pair for pair in found if pair[0].spans[0].start < BEYOND)
    return [unit for unit, _ in pairs], [hit for _, hit in pairs]


def _units(measure: Measure, sides: GoldAndSystem, units: Units, layer: reading.Layer) -> list[Unit]:
    triggers: list[Spans] = [()] * len(units)
    if measure.units == "argument":
        found = _spans(layer.table.events.take(layer.table.argument_event[units.row]))
        triggers = [spans if spans[0].start < BEYOND else () for spans in found]
    names, ids = sides.codes.names(), sides.texts.ids
    documents = [ids[number] for number in units.extents.document.tolist()]
    labels = [str(names[code]) for code in units.label.tolist()]
    return list(map(Unit, documents, _spans(units.extents), labels, triggers))


def _spans(extents: Extents) -> list[Spans]:
    parts = list(map(Span, extents.starts.tolist(), extents.ends.tolist()))
    return [tuple(parts[low:high]) for low, high in pairwise(extents.offset.tolist())]


# ---------------------------------------------------------------- hits, to be kept in a file
def encode_hits(trace: Trace) -> dict[str, str]:
    """Which gold units of each document are right, as hexadecimal digits.

    Documents without units are left out. Read as binary, the digits have a leading 1 and then a digit for
    each unit in the order of the trace.
    """
    bits: dict[str, str] = {}
    for unit, right in zip(trace.gold, trace.gold_right, strict=True):
        bits[unit.document] = bits.get(unit.document, "1") + ("1" if right else "0")
    return {document: f"{int(digits, 2):x}" for document, digits in bits.items()}


def decode_hits(digits: str) -> list[bool]:
    """What `encode_hits` wrote for one document.

    >>> decode_hits("d")
    [True, False, True]
    """
    return [bit == "1" for bit in f"{int(digits, 16):b}"[1:]]


def text_of(traced: Traced, document: str) -> str:
    """The text of a document."""
    row = traced.texts.rows[traced.texts.number[document]]
    return row.text if isinstance(row, TextRow) else ""
