"""Clusters as `--on` names them: nothing of one is imported where all is done on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from goldwire.corpora.errors import ClusterError
from goldwire.corpora.visible import word

if TYPE_CHECKING:
    from goldwire.corpora.store import Corpus
    from goldwire.eval.cluster.engine import Cluster

LOCAL = "local"


@contextmanager
def cluster_of(on: str, corpus: Corpus, *, packed: bool = False) -> Iterator[Cluster | None]:
    """The cluster of an option, checked; None for this machine.

    Raises `ClusterError` if the corpus is a packed one, and the command can have workers read no such.
    """
    if on == LOCAL:
        yield None
        return
    if corpus.source is not None and not packed:
        raise ClusterError(
            f"{corpus.where}: workers read a corpus in a folder that all of them share, not a packed one; "
            f"`goldwire corpus unpack {word(corpus.where)} DIR` there, or leave out --on, and this machine "
            "reads it"
        )
    from goldwire.eval.cluster.engine import connected

    with connected(on) as cluster:
        yield cluster
