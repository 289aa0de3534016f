"""Scoring on a cluster: workers read the blocks of a corpus on a shared folder, and give their counts.

Blocks are pieces of the files, cut where ids part them: each byte is read by one worker, once. Parts by the
hash of groups would have every worker read through the whole file, and counts add up whichever way documents
are divided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from goldwire.eval.cluster import files
from goldwire.eval.cluster.engine import Call, Cluster, encode
from goldwire.eval.cluster.files import SharedFile
from goldwire.eval.counting.chunks import Piece, Place, read_block
from goldwire.eval.scoring import blockwise
from goldwire.eval.scoring.blockwise import ScoredBlock
from goldwire.eval.scoring.find import score_block
from goldwire.eval.scoring.plan import Plan, decode_plan, encode_plan


class Common(NamedTuple):
    """What all blocks have in common: the plan, and the files as the client sees them."""

    plan: bytes
    files: tuple[SharedFile, ...]


class OnCluster:
    """What scores blocks on a cluster; `scored` says how many it has given."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self.scored = cluster, 0

    def __call__(self, places: Sequence[Place], plan: Plan) -> Iterator[ScoredBlock]:
        """The blocks of all places in their order."""
        common = encode(Common(encode_plan(plan), share(self._cluster, _paths(places))))
        calls = (
            Call(f"block {number} of {len(places)}", encode(_resolved(place)))
            for number, place in enumerate(places, 1)
        )
        for call, data in self._cluster.results(score_place, common, calls, in_order=True):
            self.scored += 1
            yield blockwise.decode(data, call.name)


def _paths(places: Sequence[Place]) -> list[Path]:
    """The files of places."""
    first = places[0]
    pieces = (first.documents, *first.layers, *filter(None, first.tokens))
    return list(dict.fromkeys(piece.path for piece in pieces))


def share(cluster: Cluster, paths: Sequence[Path]) -> tuple[SharedFile, ...]:
    """Files that all workers see as they are here; `ClusterError` if one does not."""
    found = files.look(paths)
    if any(cluster.everywhere(look, encode(found)).values()):
        return files.look(paths, whole=True)  # which workers hold theirs against
    return found


def _resolved(place: Place) -> Place:
    """A place by paths that do not depend on where a process runs."""
    return place._replace(
        documents=_whole(place.documents),
        layers=tuple(map(_whole, place.layers)),
        tokens=tuple(one and _whole(one) for one in place.tokens),
    )


def _whole(piece: Piece) -> Piece:
    return piece._replace(path=piece.path.resolve())


# ---------------------------------------------------------------- on a worker
def look(_: bytes, own: bytes) -> bytes:
    """Something where hashes are needed to tell whether files are the same (see `files`)."""
    return b"!" * files.need_hashes(msgspec.msgpack.decode(own, type=tuple[SharedFile, ...]))


def score_place(common: bytes, own: bytes) -> bytes:
    """The encoded block of a place."""
    plan, shared = _common(common)
    files.check(shared)
    place = msgspec.msgpack.decode(own, type=Place, dec_hook=_path)
    return blockwise.encode(score_block(read_block(place, plan.wanted, plan.options.scope), plan))


def _path(kind: type, value: str) -> Path:
    return kind(value) if kind is not Path else Path(value)


# All parts of a command have the same: it is read once by each worker.
@lru_cache(maxsize=2)
def _common(data: bytes) -> tuple[Plan, tuple[SharedFile, ...]]:
    common = msgspec.msgpack.decode(data, type=Common)
    return decode_plan(common.plan), common.files
