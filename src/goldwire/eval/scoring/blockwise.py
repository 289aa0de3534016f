"""Blocks of scored documents: values that can be written, read and added, in any order.

    first + second == second + first            encode and decode are a pair

A block says of its documents all that a record is made from. So documents may be scored wherever they are,
and the record of the sum is that of scoring them all at once (see `scoring.compose`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from goldwire.corpora.codec import BROKEN, with_sorted_sets
from goldwire.corpora.digest import Digest
from goldwire.corpora.errors import DataError, MeasureError
from goldwire.eval.counting import attributes, requirements
from goldwire.eval.counting.counts import Patterns, join_patterns
from goldwire.eval.counting.coverage import Cover
from goldwire.eval.errors import outcomes
from goldwire.eval.errors.outcomes import MOST, Outcomes
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.lists import Strings, of_column
from goldwire.eval.scoring.record import Confusion

T = TypeVar("T")
FORMAT = 4  # of encoded blocks; goes up when old readers could not read new ones


class _Struct(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Measured(_Struct, frozen=True):
    """What was counted under one measure; `classes` where the plan asks for them.

    `tokens` says which were counted, of a measure of tokens (see `counters.Outcome`). `slices` are
    the counts by slices of units.
    """

    measure: str
    counts: Patterns
    gold_collapsed: int = 0
    system_collapsed: int = 0
    classes: dict[str, int] | None = None
    tokens: frozenset[str] = frozenset()
    slices: dict[str, Patterns] = {}


class ScoredSystem(_Struct, frozen=True):
    """What was found of one system: by measure, and what became of its units, summed up and one by one.

    `outcomes` are by kind; there are none where it is forgotten which document is which, and none of a kind
    with more of them than a record keeps.
    """

    measures: tuple[Measured, ...]
    confusions: tuple[Confusion, ...]
    outcomes: dict[str, Outcomes] = {}


class ScoredLayer(_Struct, frozen=True):
    """What a block has of one layer, as `Layer` has it.

    `seen` are the attributes that its units have, of those that measures name; `clustered` says whether a
    mention is in a cluster, `scored` whether a unit has a score, where they were looked at.
    """

    digest: Digest
    bonds: Digest
    documents: int
    failed: int
    empty: int
    excluded: int
    uncounted: int
    dropped: int
    outside: int
    triggerless: int
    clustered: bool
    alternatives: dict[str, int]
    rejections: Patterns
    tags: frozenset[str]
    seen: attributes.Seen
    below: int = 0
    scored: bool = False


class ScoredBlock(_Struct, frozen=True):
    """Some documents, scored: of themselves, of their layers, gold's first, and of each system.

    `plan` is the digest of the plan they were scored by. `size` is how many there are, `ids` names them in
    order, `groups` are theirs, a document without one having its own id; empty where none has one. `hashes`
    are the first digits of those of the texts. Where it is forgotten which document is which, there are none
    of these three; `grouped` still says whether a document has near-duplicates, and `texts` is the digest of
    all. `pairs` are each two of several references, in order, the first counted as gold. `values` are those
    that documents have of each slice.
    """

    plan: str
    size: int
    ids: Strings
    groups: Strings
    hashes: Strings
    texts: Digest
    cover: Cover
    layers: tuple[ScoredLayer, ...]
    systems: tuple[ScoredSystem, ...]
    pairs: tuple[ScoredSystem, ...] = ()
    values: dict[str, list[str | int | None]] = {}
    grouped: bool = False

    def __add__(self, other: ScoredBlock) -> ScoredBlock:
        return add([self, other])


# ---------------------------------------------------------------- added
# What adds up of a layer, by the names that `reading.Layer` has too.
SUMMED = (
    "documents",
    "failed",
    "empty",
    "excluded",
    "uncounted",
    "dropped",
    "outside",
    "below",
    "triggerless",
)


class _Order(NamedTuple):
    """How documents of several blocks, one after the other, come into their order; None if they are in it.

    `sizes` are the numbers of documents of the blocks.
    """

    ids: Strings
    places: NDArray[np.int64] | None
    sizes: tuple[int, ...]

    def numbers(self) -> list[NDArray[np.int32]]:
        """The new numbers of the documents of each block."""
        numbers = np.arange(len(self.ids), dtype=np.int32)
        if self.places is not None:
            numbers[self.places] = np.arange(len(self.ids), dtype=np.int32)
        return np.split(numbers, np.cumsum(self.sizes)[:-1])

    def strings(self, parts: Sequence[Strings]) -> Strings:
        """Those of all blocks, in the order of their documents."""
        joined = Strings.joined(parts)
        return joined if self.places is None or not joined else joined.ordered(self.places)

    def ordered(self, items: Sequence[T]) -> list[T]:
        """Items of all documents, in order."""
        return [*items] if self.places is None else [items[place] for place in self.places.tolist()]


def add(blocks: Sequence[ScoredBlock]) -> ScoredBlock:
    """Blocks of different documents as one, in whatever order they are given.

    Raises `DataError` if they were scored by different plans or have a document in common, `MeasureError` if
    counts of documents do not add up under a measure.
    """
    if len(blocks) == 1:
        return blocks[0]
    _check(blocks)
    given = sorted(blocks, key=lambda block: block.ids.ends)
    order = _order(given)
    grouped = any(block.groups for block in given)
    return ScoredBlock(
        plan=given[0].plan,
        size=sum(block.size for block in given),
        ids=order.ids,
        groups=order.strings([block.groups or block.ids for block in given]) if grouped else Strings(),
        hashes=order.strings([block.hashes for block in given]),
        texts=sum((block.texts for block in given), Digest()),
        cover=sum((block.cover for block in given), Cover()),
        layers=tuple(_add_layers(layers, order) for layers in zip(*_each(given, "layers"), strict=True)),
        systems=tuple(_add_systems(found, order) for found in zip(*_each(given, "systems"), strict=True)),
        pairs=tuple(_add_systems(found, order) for found in zip(*_each(given, "pairs"), strict=True)),
        values={
            part: order.ordered([value for block in given for value in block.values[part]])
            for part in given[0].values
        },
        grouped=any(block.grouped for block in given),
    )


def _each(blocks: Sequence[ScoredBlock], field: str) -> list[tuple[Any, ...]]:
    return [getattr(block, field) for block in blocks]


def _check(blocks: Sequence[ScoredBlock]) -> None:
    """Raise an error if blocks cannot be added."""
    plans = sorted({block.plan for block in blocks})
    if len(plans) > 1:
        raise DataError(
            f"blocks were scored by different plans ({', '.join(plans)}): other layers, measures, policies "
            "or ontologies; score all by one plan"
        )
    for measured in blocks[0].systems[0].measures:
        if not requirements.is_additive(parse(measured.measure)):
            raise MeasureError(
                f"{measured.measure}: a form that stands in several documents counts once, so that blocks do "
                "not add up; score all documents at once"
            )


def _order(blocks: Sequence[ScoredBlock]) -> _Order:
    """The order of documents; `DataError` if one is in several blocks."""
    ids = Strings.joined(block.ids for block in blocks)
    sizes = tuple(len(block.ids) for block in blocks)
    ends = [block.ids.ends for block in blocks]
    if not ids or all(before[1] < after[0] for before, after in pairwise(ends)):
        return _Order(ids, None, sizes)
    column = ids.column()
    places = np.argsort(column, kind="stable")
    ordered = column[places]
    twice = of_column(ordered[1:][ordered[1:] == ordered[:-1]])
    if twice:
        many = f"{len({*twice}):,} such documents"
        raise DataError(f"document {twice.ends[0]!r} is in several blocks ({many}); add each once")
    return _Order(of_column(ordered), places, sizes)


def _add_layers(layers: Sequence[ScoredLayer], order: _Order) -> ScoredLayer:
    alternatives: Counter[str] = Counter()
    for layer in layers:
        alternatives.update(layer.alternatives)
    return ScoredLayer(
        digest=sum((layer.digest for layer in layers), Digest()),
        bonds=sum((layer.bonds for layer in layers), Digest()),
        **{name: sum(getattr(layer, name) for layer in layers) for name in SUMMED},
        clustered=any(layer.clustered for layer in layers),
        scored=any(layer.scored for layer in layers),
        alternatives=dict(alternatives),
        rejections=_add_patterns([layer.rejections for layer in layers], order),
        tags=frozenset().union(*(layer.tags for layer in layers)),
        seen=frozenset().union(*(layer.seen for layer in layers)),
    )


def _add_patterns(parts: Sequence[Patterns], order: _Order) -> Patterns:
    joined = join_patterns(parts)
    if joined.index is None or order.places is None:
        return joined
    return msgspec.structs.replace(joined, index=joined.index[order.places])


def _add_systems(parts: Sequence[ScoredSystem], order: _Order) -> ScoredSystem:
    return ScoredSystem(
        measures=tuple(
            _add_measured(found, order) for found in zip(*(part.measures for part in parts), strict=True)
        ),
        confusions=tuple(map(add_confusions, zip(*(part.confusions for part in parts), strict=True))),
        outcomes={
            kind: outcomes.add([part.outcomes[kind] for part in parts], order.numbers())
            for kind in parts[0].outcomes
            if _are_few([part.outcomes.get(kind) for part in parts])
        },
    )


def _are_few(parts: Sequence[Outcomes | None]) -> bool:
    """Whether there are outcomes of a kind in all parts, and not too many for a record to keep."""
    return (
        all(part is not None for part in parts)
        and sum(len(part) for part in parts if part is not None) <= MOST
    )


def _add_measured(parts: Sequence[Measured], order: _Order) -> Measured:
    return Measured(
        measure=parts[0].measure,
        counts=_add_patterns([part.counts for part in parts], order),
        gold_collapsed=sum(part.gold_collapsed for part in parts),
        system_collapsed=sum(part.system_collapsed for part in parts),
        classes=None if parts[0].classes is None else _sum([part.classes or {} for part in parts]),
        tokens=frozenset().union(*(part.tokens for part in parts)),
        slices={
            name: _add_patterns([part.slices[name] for part in parts], order) for name in parts[0].slices
        },
    )


def _sum(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {name: sum(count[name] for count in counts) for name in counts[0]}


def add_confusions(parts: Sequence[Confusion]) -> Confusion:
    """The confusion of a system in different documents as one."""
    cells: Counter[tuple[str | None, str | None]] = Counter()
    for part in parts:
        for gold, system, number in part.cells:
            cells[gold, system] += number
    order = sorted(cells, key=lambda cell: [(name is None, name or "") for name in cell])
    causes = [part.causes for part in parts]
    left_out = {id: pairs for part in parts for id, pairs in part.left_out.items()}
    return msgspec.structs.replace(
        parts[0],
        cells=tuple((*cell, cells[cell]) for cell in order),
        classes=_sum([part.classes for part in parts]),
        left_out=dict(sorted(left_out.items())),
        causes={
            name: (sum(found[name][0] for found in causes), sum(found[name][1] for found in causes))
            for name in causes[0]
        },
    )


# ---------------------------------------------------------------- written and read
class _File(msgspec.Struct, frozen=True):
    """A block as it is sent: `digest` is that of the bytes of the `block`."""

    format: int
    digest: bytes
    block: bytes


def encode(block: ScoredBlock) -> bytes:
    """A block as MessagePack: the same bytes for the same block, whichever process writes them."""
    inner = msgspec.msgpack.encode(with_sorted_sets(block), enc_hook=_encode_column)
    return msgspec.msgpack.encode(_File(FORMAT, hashlib.sha256(inner).digest(), inner))


def decode(data: bytes, where: str = "block") -> ScoredBlock:
    """What `encode` wrote; `DataError` if it is something else, damaged, or of a later format."""
    try:
        file = msgspec.msgpack.decode(data, type=_File)
        if file.format != FORMAT:
            told = f"a block of format {file.format}; this Goldwire reads {FORMAT}"
            raise DataError(f"{where}: {told}: take it away, and make it anew")
        if hashlib.sha256(file.block).digest() != file.digest:
            raise DataError(f"{where}: damaged on its way; send it again")
        return msgspec.msgpack.decode(file.block, type=ScoredBlock, dec_hook=_decode_column)
    except BROKEN as error:
        raise DataError(f"{where}: no block of scored documents ({error})") from error


def _encode_column(value: Any) -> tuple[Any, ...]:
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, np.ascontiguousarray(value).tobytes()
    if isinstance(value, Strings):
        return value.held, value.size
    raise TypeError(f"{type(value).__name__} is not written")


def _decode_column(kept: type, value: Any) -> Any:
    if kept is Strings:
        return Strings(*msgspec.convert(value, tuple[tuple[bytes, ...], int]))
    kind, shape, data = msgspec.convert(value, tuple[str, tuple[int, ...], bytes])
    if kind not in _KINDS:
        raise ValueError(f"numbers of kind {kind!r}")
    return np.frombuffer(data, kind).reshape(shape)


_KINDS = ("|i1", "<i2", "<i4", "<i8", "<f8")
