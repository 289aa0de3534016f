"""Lines of layers read by the workers of a cluster, for a draw that is made on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from goldwire.corpora.errors import DataError
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations
from goldwire.eval.cluster.engine import Cluster
from goldwire.eval.cluster.lines import iter_results, lines
from goldwire.eval.sampling.lines import LOOKS, Look, read

_Seen = tuple[str, str, Any]  # the document and the text that a line is of, and what a look found


class ClusterReader:
    """What reads lines as `lines.read` does, on a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def __call__(self, corpus: Corpus, layer: str, look: Look) -> Iterator[tuple[str, Any]]:
        """See `lines.read`. Where a line is faulty all are read here, which tells every fault."""
        hashes = corpus.hashes()
        try:
            seen = [*self._iter_seen(corpus, layer, look)]
        except DataError:
            return read(corpus, layer, look)
        fitting = [(document, found) for document, sha256, found in seen if hashes.get(document) == sha256]
        if len({document for document, _ in fitting}) < len(fitting):
            return read(corpus, layer, look)
        return iter(fitting)

    def _iter_seen(self, corpus: Corpus, layer: str, look: Look) -> Iterator[_Seen]:
        for data in iter_results(self._cluster, corpus.layer_file(layer), partial(see_lines, look)):
            yield from msgspec.msgpack.decode(data, type=list[_Seen])


# ---------------------------------------------------------------- on a worker
def see_lines(look: Look, common: bytes, own: bytes) -> bytes:
    """What a look at some lines finds, encoded."""
    of = LOOKS[look]
    return msgspec.msgpack.encode(
        [(line.document, line.sha256, of(line)) for line in lines(common, own, Annotations)]
    )
