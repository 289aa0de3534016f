"""Scoring on a cluster: workers read the blocks of a corpus on a shared folder, and give their counts.

Blocks are pieces of the files, cut where ids part them: each byte is read by one worker, once. Parts by the
hash of groups would have every worker read through the whole file, and counts add up whichever way documents
are divided. Of a packed corpus they are its parts, each of which lies in files of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from goldwire.corpora import taking
from goldwire.corpora.parts import Part
from goldwire.corpora.store import LAYERS, Corpus
from goldwire.corpora.tokens import TOKENS
from goldwire.eval.cluster import files
from goldwire.eval.cluster.engine import Call, Cluster, encode
from goldwire.eval.cluster.files import SharedFile
from goldwire.eval.cluster.shared import SharedCorpus, opened, share_packed
from goldwire.eval.counting.chunks import Piece, Place, find_places, read_block
from goldwire.eval.parts.score import score_taken
from goldwire.eval.scoring import blockwise
from goldwire.eval.scoring.blockwise import ScoredBlock
from goldwire.eval.scoring.find import score_block
from goldwire.eval.scoring.plan import Plan, decode_plan, encode_plan


class Common(NamedTuple):
    """What all blocks have in common: the plan, and the files as the client sees them."""

    plan: bytes
    files: tuple[SharedFile, ...]


class PackedCommon(NamedTuple):
    """What all parts of a packed corpus have in common."""

    plan: bytes
    corpus: SharedCorpus


class OnCluster:
    """What scores blocks on a cluster; `scored` says how many it has given."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self.scored = cluster, 0

    def __call__(self, corpus: Corpus, plan: Plan) -> Iterator[ScoredBlock]:
        """The blocks of a corpus in their order."""
        for call, data in self._packed(corpus, plan) if corpus.source else self._cut(corpus, plan):
            self.scored += 1
            yield blockwise.decode(data, call.name)

    def _cut(self, corpus: Corpus, plan: Plan) -> Iterator[tuple[Call, bytes]]:
        places = find_places(corpus, plan.sources, plan.wanted)
        common = encode(Common(encode_plan(plan), share(self._cluster, _paths(places))))
        calls = (
            Call(f"block {number} of {len(places)}", encode(_resolved(place)))
            for number, place in enumerate(places, 1)
        )
        return self._cluster.results(score_place, common, calls, in_order=True)

    def _packed(self, corpus: Corpus, plan: Plan) -> Iterator[tuple[Call, bytes]]:
        assert corpus.source is not None  # noqa: S101 - for the type checker
        names = [f"{LAYERS}/{name}" for name in plan.sources]
        names += [f"{TOKENS}/{name}" for name in plan.sources if plan.wanted.keeps_tokens]
        shared = share_packed(self._cluster, corpus, [taking.SOURCE, *names])
        of = corpus.source.parts
        calls = (Call(f"part {number} of {of}", f"{number}/{of}".encode()) for number in range(1, of + 1))
        common = encode(PackedCommon(encode_plan(plan), shared))
        return self._cluster.results(score_packed, common, calls, in_order=True)


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


def score_packed(common: bytes, own: bytes) -> bytes:
    """The encoded block of a part of a packed corpus."""
    plan, shared = _packed_common(common)
    return blockwise.encode(score_taken(opened(shared), plan, Part.parse(own.decode())))


@lru_cache(maxsize=2)
def _packed_common(data: bytes) -> tuple[Plan, SharedCorpus]:
    common = msgspec.msgpack.decode(data, type=PackedCommon)
    return decode_plan(common.plan), common.corpus


def _path(kind: type, value: str) -> Path:
    return kind(value) if kind is not Path else Path(value)


# All parts of a command have the same: it is read once by each worker.
@lru_cache(maxsize=2)
def _common(data: bytes) -> tuple[Plan, tuple[SharedFile, ...]]:
    common = msgspec.msgpack.decode(data, type=Common)
    return decode_plan(common.plan), common.files
