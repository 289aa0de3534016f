"""Alignments and lengths of documents by the workers of a cluster, for coefficients made on this machine.

Workers are sent what layers have marked, not files: coefficients are of layers as views show them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np

from goldwire.eval.cluster.engine import Call, Cluster, Work
from goldwire.eval.comparison import unitizing
from goldwire.eval.comparison.coefficients import Terms
from goldwire.eval.comparison.disorder import TooManyError, disorder
from goldwire.eval.comparison.unitizing import Continuum, Lengths
from goldwire.eval.statistics.resample import Floats

T = TypeVar("T")
CASES = 500  # that a worker is given at once: about a second
COLUMNS = 3  # of a side: begin, end, type


class _Measured(NamedTuple):
    """`Lengths` as they are sent."""

    length: dict[str, int]
    squares: dict[str, int]
    same: float
    gaps: float


def terms_on(cluster: Cluster, seed: int) -> Terms:
    """Terms by which a cluster aligns and measures documents; figures are those of one machine."""
    return Terms(seed, align=_Aligned(cluster), measure=_MeasuredBy(cluster))


class _Aligned:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def __call__(self, cases: Iterable[Sequence[Floats]]) -> Iterator[float]:
        """The disorder of each case, in order; `TooManyError` of the first that has one."""
        sent = ([side.tobytes() for side in sides] for sides in cases)
        for data in _iter_results(self._cluster, align, "alignments", sent):
            for found in msgspec.msgpack.decode(data, type=list[float | str]):
                if isinstance(found, str):
                    raise TooManyError(found)
                yield found


class _MeasuredBy:
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def __call__(self, continua: Iterable[Continuum]) -> Iterator[Lengths]:
        """The lengths of each document, in order."""
        for data in _iter_results(self._cluster, measure, "documents", continua):
            for length, squares, same, gaps in msgspec.msgpack.decode(data, type=list[_Measured]):
                yield Lengths(Counter(length), Counter(squares), same, gaps)


def _iter_results(cluster: Cluster, work: Work, what: str, cases: Iterable[T]) -> Iterator[bytes]:
    for _, data in cluster.results(work, b"", _calls(what, iter(cases)), in_order=True):
        yield data


def _calls(what: str, cases: Iterator[T]) -> Iterator[Call]:
    done = 0
    while some := [*islice(cases, CASES)]:
        yield Call(f"{what} {done + 1:,} to {done + len(some):,}", msgspec.msgpack.encode(some))
        done += len(some)


# ---------------------------------------------------------------- on a worker
def align(_: bytes, own: bytes) -> bytes:
    """The disorder of each case, or why it would take too long."""
    cases = msgspec.msgpack.decode(own, type=list[list[bytes]])
    return msgspec.msgpack.encode([_disorder(sides) for sides in cases])


def _disorder(sides: Sequence[bytes]) -> float | str:
    try:
        return float(disorder([np.frombuffer(side).reshape(-1, COLUMNS) for side in sides]))
    except TooManyError as error:
        return str(error)


def measure(_: bytes, own: bytes) -> bytes:
    """The lengths of each document."""
    continua = msgspec.msgpack.decode(own, type=list[Continuum])
    return msgspec.msgpack.encode([unitizing.measure(continuum) for continuum in continua])
