"""Lines of a file on a shared folder: each worker reads some of its bytes, and each byte is read once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from goldwire.eval.cluster import files
from goldwire.eval.cluster.engine import Call, Cluster, Work, encode
from goldwire.eval.cluster.files import SharedFile
from goldwire.eval.cluster.score import share
from goldwire.eval.counting.chunks import find_pieces
from goldwire.eval.counting.texts import iter_chunks

T = TypeVar("T")


class _Range(NamedTuple):
    """Whole lines of a file, from one byte up to another."""

    path: str
    start: int
    end: int


def iter_results(cluster: Cluster, path: Path, work: Work) -> Iterator[bytes]:
    """What workers give for the lines of a file, in its order; `work` reads its own by `lines`."""
    pieces = find_pieces(path)
    common = encode(share(cluster, [path]))
    whole = str(path.resolve())
    calls = (
        Call(f"bytes {piece.start:,} to {piece.end:,} of {path.name}", encode((whole, *piece[1:])))
        for piece in pieces
    )
    for _, data in cluster.results(work, common, calls, in_order=True):
        yield data


# ---------------------------------------------------------------- on a worker
def lines(common: bytes, own: bytes, type: type[T]) -> Iterator[T]:
    """The lines that a worker was given; `DataError` with the faults of the file if one is wrong."""
    files.check(_files(common))
    path, *bounds = msgspec.msgpack.decode(own, type=_Range)
    return chain.from_iterable(iter_chunks(Path(path), type, *bounds))


@lru_cache(maxsize=2)
def _files(common: bytes) -> tuple[SharedFile, ...]:
    return msgspec.msgpack.decode(common, type=tuple[SharedFile, ...])
