"""Near-duplicates on a cluster: workers read texts and sketch them, and this machine compares sketches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from goldwire.corpora import duplicates
from goldwire.corpora.duplicates import Pair, Sketch
from goldwire.corpora.errors import DataError
from goldwire.corpora.integrity import document_faults
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document
from goldwire.eval.cluster.engine import Cluster
from goldwire.eval.cluster.lines import iter_results, lines


class Sketched(NamedTuple):
    """A document: its id, its group, and its sketch if it has a group."""

    id: str
    group: str | None
    sketch: Sketch | None


def dedupe_on(cluster: Cluster, corpus: Corpus) -> tuple[dict[str, list[str]], list[Pair]]:
    """The groups of near-duplicates and the pairs that link them (see `duplicates.groups` and `links`).

    Where a document is faulty it is all done here, which tells every fault, as on one machine.
    """
    found, seen = dict[str, list[str]](), set[str]()

    def iter_grouped() -> Iterator[tuple[str, Sketch]]:
        for data in iter_results(cluster, corpus.documents_path(), sketch_lines):
            for one in msgspec.msgpack.decode(data, type=list[Sketched]):
                if one.id in seen:
                    raise DataError(f"{one.id} is the id of two documents")
                seen.add(one.id)
                if one.group is not None and one.sketch is not None:
                    found.setdefault(one.group, []).append(one.id)
                    yield one.id, one.sketch

    try:
        pairs = duplicates.link(iter_grouped())
    except DataError:
        return duplicates.dedupe(corpus.documents())
    return found, pairs


# ---------------------------------------------------------------- on a worker
def sketch_lines(common: bytes, own: bytes) -> bytes:
    """The encoded documents of some lines; `DataError` if one is not what its hash says."""
    documents = [*lines(common, own, Document)]
    if faults := [*document_faults(documents)]:
        raise DataError(f"{len(faults)} fault(s)", faults)
    return msgspec.msgpack.encode([_sketched(document) for document in documents])


def _sketched(document: Document) -> Sketched:
    alone = document.group is None
    return Sketched(document.id, document.group, None if alone else duplicates.sketch(document))
