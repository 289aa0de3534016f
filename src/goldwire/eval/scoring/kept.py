"""Findings kept with a record: what became of each unit, so that nobody finds it again.

    found in blocks -> encode -> Record.findings -> decode -> `outcomes.find` with units of the same layers

They are columns of numbers, packed; a report that has them shows what it would show without. A record has
none if it does not name its documents, or if there were more than `MOST` rows of one kind and system.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from goldwire.corpora.errors import DataError
from goldwire.eval.counting.columns import NONE
from goldwire.eval.errors.causes import CAUSES
from goldwire.eval.errors.classes import CLASSES, CORRECT, DUPLICATE, MISSED, SPURIOUS
from goldwire.eval.errors.outcomes import KINDS, MOST, Outcomes, make
from goldwire.eval.scoring.parts import UnitFindings
from goldwire.eval.scoring.record import Confusion, Record

_MOST_DOCUMENTS = 2**31  # of which their numbers are kept
QUICK = 1  # level of zlib: the slowest takes eighty times as long, and saves a quarter
_NO_CAUSE = 255
_SYSTEM_ALONE = (DUPLICATE, SPURIOUS)
_WIDTHS = ("<i1", "<i2", "<i4")
Ints = NDArray[np.int64]


# ---------------------------------------------------------------- into a record
def encode(system: str, kind: str, found: Outcomes) -> UnitFindings | None:
    """What became of the units of a kind as a part of a record; None if there is too much."""
    if len(found) > MOST:
        return None
    paired, wrong = (found.gold != NONE) & (found.system != NONE), found.kind != CORRECT
    causes = np.where(found.cause == NONE, _NO_CAUSE, found.cause.astype(np.uint8))[wrong]
    return UnitFindings(
        system=system,
        units=kind,
        rows=len(found),
        documents=_pack(np.diff(found.document, prepend=0)),
        classes=_packed(found.kind.astype(np.uint8)),
        partners=_pack((found.system - found.gold)[paired]),
        causes=_packed(causes) if kind == "argument" else b"",
    )


def _pack(numbers: NDArray[np.int32]) -> bytes:
    """Numbers in as few bytes each as they need, packed; the first byte says how many."""
    most = int(np.abs(numbers).max(initial=0))
    width = next(place for place, kind in enumerate(_WIDTHS) if most <= np.iinfo(kind).max)
    return bytes([width]) + _packed(numbers.astype(_WIDTHS[width]))


def _packed(column: NDArray[np.integer]) -> bytes:
    return zlib.compress(column.tobytes(), QUICK)


# ---------------------------------------------------------------- out of a record
def of_system(record: Record, system: str) -> dict[str, Outcomes]:
    """What a record keeps of the units of a system, by kind; nothing of kinds that it does not tell of."""
    left_out = {found.units: found.left_out for found in record.confusions if found.system == system}
    numbers = {id: number for number, id in enumerate(record.documents)} if any(left_out.values()) else {}
    return {
        found.units: msgspec.structs.replace(
            decoded(found),
            left_out={numbers[id]: pairs for id, pairs in sorted(left_out[found.units].items())},
        )
        for found in record.findings
        if found.system == system
    }


def decoded(found: UnitFindings) -> Outcomes:
    """The rows, but for documents that are left out: decoded once and kept beside them, however many ask."""
    held: dict[str, Outcomes] = vars(found)
    if "outcomes" not in held:
        held["outcomes"] = decode(found)
    return held["outcomes"]


def decode(found: UnitFindings) -> Outcomes:
    """What `encode` wrote, but for documents that are left out; `DataError` if it is damaged."""
    rows = found.rows
    if not 0 <= rows <= MOST:
        raise DataError(f"findings of {rows:,} rows; expected up to {MOST:,}")
    document = np.cumsum(_unpack(found.documents, rows))
    kind = _column(found.classes, np.uint8, rows)
    if (kind >= len(CLASSES)).any() or not _ascends(document):
        raise DataError("findings of a class or document that there is not")
    gold, system = _units(found, document, kind)
    return make([document, gold, system, kind, _causes(found, kind)], {})


def _ascends(document: Ints) -> bool:
    """Whether numbers of documents are such, and in order."""
    return bool((np.diff(document, prepend=0) >= 0).all()) and int(document.max(initial=0)) < _MOST_DOCUMENTS


def _units(found: UnitFindings, document: Ints, kind: NDArray[np.integer]) -> tuple[Ints, Ints]:
    """The units of both sides, by their numbers within the document."""
    ours, theirs = ~np.isin(kind, _SYSTEM_ALONE), kind != MISSED
    paired, rows = ours & theirs, _rows(document)
    before: Ints = np.cumsum(ours) - ours
    gold = np.where(ours, before - np.append(before, 0)[rows[0]], NONE)
    system = np.full(len(document), NONE)
    system[paired] = gold[paired] + _unpack(found.partners, int(paired.sum()))
    system[~ours] = _left_over(rows, system, theirs, paired)
    return gold, system


def _rows(document: Ints) -> tuple[Ints, Ints]:
    """Of each row: the first row of its document, and the one after the last."""
    new = np.diff(document, prepend=-1) != 0
    starts, place = np.flatnonzero(new), np.cumsum(new) - 1
    return starts[place], np.append(starts[1:], len(document))[place]


def _left_over(
    rows: tuple[Ints, Ints], system: Ints, there: NDArray[np.bool_], paired: NDArray[np.bool_]
) -> Ints:
    """The units of a system without a partner: the numbers that pairs leave free, from left to right."""
    before: Ints = np.append(0, np.cumsum(there))  # how many units the rows before each have
    first, end = before[rows[0]], before[rows[1]]
    if ((system < 0) | (system >= end - first))[paired].any():
        raise DataError("findings of a unit that there is not")
    free = np.ones(int(before[-1]), np.bool_)
    free[(first + system)[paired]] = False
    numbers, alone = np.flatnonzero(free), np.flatnonzero(there & ~paired)
    if len(numbers) != len(alone):
        raise DataError("findings in which a unit is in two pairs")
    left: Ints = numbers - first[alone]
    return left


def _causes(found: UnitFindings, kind: NDArray[np.integer]) -> Ints:
    """The causes of wrong arguments; other units have none."""
    cause = np.full(len(kind), NONE)
    if found.units == "argument":
        wrong = np.flatnonzero(kind != CORRECT)
        causes = _column(found.causes, np.uint8, len(wrong))
        cause[wrong] = np.where(causes == _NO_CAUSE, NONE, causes)
    if (cause >= len(CAUSES)).any():
        raise DataError("findings of a cause that there is not")
    return cause


def _unpack(data: bytes, rows: int) -> Ints:
    width = data[0] if data else 0
    if width >= len(_WIDTHS):
        raise DataError("findings that are not packed numbers")
    return _column(data[1:], _WIDTHS[width], rows).astype(np.int64)


def _column(data: bytes, kind: str | type[np.uint8], rows: int) -> NDArray[np.integer]:
    """A column of so many rows, of which no more is unpacked than there should be."""
    size, unpacker = rows * np.dtype(kind).itemsize, zlib.decompressobj()
    try:
        plain = unpacker.decompress(data, size + 1)
    except zlib.error as error:
        raise DataError(f"findings that cannot be unpacked ({error})") from error
    if len(plain) != size or not unpacker.eof or unpacker.unused_data:
        raise DataError(f"findings of another number of rows than {rows:,}")
    return np.frombuffer(plain, kind)


# ---------------------------------------------------------------- against the rest of a record
def iter_faults(record: Record) -> Iterator[tuple[str, str]]:
    """What is wrong with the findings of a record: where, and what."""
    confusions = {(found.system, found.units): found for found in record.confusions}
    seen: set[tuple[str, str]] = set()
    for number, found in enumerate(record.findings):
        key = found.system, found.units
        beside = confusions.get(key)
        if key in seen or beside is None or found.units not in KINDS:
            yield f"findings[{number}]", "are there twice, or of no confusion of the record"
        else:
            yield from ((f"findings[{number}]", told) for told in _contradictions(record, found, beside))
        seen.add(key)


def _contradictions(record: Record, found: UnitFindings, beside: Confusion) -> Iterator[str]:
    """Whether findings can be read, and have as many units of each class as is told of them."""
    if not {*beside.left_out} <= {*record.documents}:
        yield "leave out a document that there is not"
        return
    try:
        kept = decoded(found)
    except DataError as error:
        yield str(error)
        return
    numbers = np.bincount(kept.kind, minlength=len(CLASSES)).tolist()
    if dict(zip(CLASSES, numbers, strict=True)) != beside.classes:
        yield "are of other numbers of units than the confusion beside them"
    if len(kept) and int(kept.document[-1]) >= len(record.documents):
        yield "are of a document that there is not"
