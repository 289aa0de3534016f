"""Corpora as workers find them: a folder whose files all machines see, or a packed one at its address.

Of a packed one each worker reads the index by itself, with credentials of its own, and compares the digests
of what it will read with those that this machine has seen. Layers that are added meanwhile change none.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

from goldwire.corpora.errors import ClusterError, GoldwireError
from goldwire.corpora.packed.address import is_address
from goldwire.corpora.store import MANIFEST, Corpus, open_corpus
from goldwire.eval.cluster import files
from goldwire.eval.cluster.engine import Cluster, encode
from goldwire.eval.cluster.files import SharedFile


class SharedCorpus(msgspec.Struct, frozen=True):
    """Where a corpus is, and its files as this machine sees them; of a packed one digests, by name."""

    where: str
    files: tuple[SharedFile, ...] = ()
    digests: dict[str, str | None] = {}


def share_packed(cluster: Cluster, corpus: Corpus, names: Iterable[str]) -> SharedCorpus:
    """A packed corpus, of which `names` will be read; `ClusterError` if a worker does not see it as it is."""
    assert corpus.source is not None  # noqa: S101 - for the type checker
    where = corpus.where if is_address(corpus.where) else str(Path(corpus.where).resolve())
    read = [*names, MANIFEST, *filter(None, [corpus.manifest.ontology])]
    shared = SharedCorpus(where, digests={name: corpus.source.digest(name) for name in read})
    cluster.everywhere(look, encode(shared))
    return shared


# ---------------------------------------------------------------- on a worker
def look(_: bytes, own: bytes) -> bytes:
    """Nothing, if a worker sees a packed corpus as it is."""
    opened(msgspec.msgpack.decode(own, type=SharedCorpus))
    return b""


def opened(shared: SharedCorpus) -> Corpus:
    """The corpus; `ClusterError` unless it is as it was on the machine that looked at it."""
    if not shared.digests:
        files.check(shared.files)
        return open_corpus(Path(shared.where))
    found = _opened(encode(shared))
    if not found.path.is_dir():  # the cache was taken away
        _opened.cache_clear()
        found = _opened(encode(shared))
    return found


@lru_cache(maxsize=4)
def _opened(data: bytes) -> Corpus:
    """A packed corpus: the index is read once for all parts of a command."""
    shared = msgspec.msgpack.decode(data, type=SharedCorpus)
    try:
        corpus = open_corpus(Path(shared.where))
    except GoldwireError as error:
        raise ClusterError(
            f"cannot read the packed corpus ({error}); workers read it by themselves, with credentials from "
            "the environment in which they were started"
        ) from error
    source = corpus.source
    unlike = [
        name for name, digest in shared.digests.items() if source is None or source.digest(name) != digest
    ]
    if unlike:
        raise ClusterError(
            f"sees another corpus at {shared.where} ({', '.join(unlike)} differ); give all machines the same "
            "address and store"
        )
    return corpus
