"""A corpus and its layers read side by side, some thousand documents at a time, in memory that stays.

Layers are written in order of document id. Where the documents of the corpus are in that order too, a
block of them is read, with the lines of every layer that belong to it; then the next. Where something is
out of order, all is read at once instead.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any

from goldwire.corpora.errors import DataError
from goldwire.corpora.store import DOCUMENTS, Corpus
from goldwire.corpora.types import Annotations
from goldwire.eval.counting import load
from goldwire.eval.counting.load import Layer, Need, Row, Texts
from goldwire.eval.counting.tables import Codes

# A block ends after so many documents, or chunks of their file (8 MB): more are not read faster.
SIZE, CHUNKS = 20_000, 32


@dataclass(frozen=True)
class Block:
    """Some documents of a corpus, and what each of the layers has for them."""

    texts: Texts
    codes: Codes
    layers: tuple[Layer, ...]


class DisorderError(Exception):
    """Documents or lines are not in order of id: blocks given out so far are of no use."""


def iter_blocks(corpus: Corpus, sources: Sequence[str], need: Need) -> Iterator[Block]:
    """Blocks of documents in order of id, with the layers `sources`.

    Raises `DisorderError` if that cannot be, else as `load.read_layer`: all faults of a layer at once.
    """
    paths = [load.layer_file(corpus, source) for source in sources]
    cursors = [_Cursor(path) for path in paths]
    try:
        last = ""
        for rows in _iter_rows(corpus.path / DOCUMENTS, need.type):
            texts, codes = load.make_texts(rows), Codes()
            if texts.ids[0] <= last or len(texts.number) < len(rows):
                raise DisorderError
            last = texts.ids[-1]
            layers = [cursor.read(texts, codes, need) for cursor in cursors]
            yield Block(texts, codes, tuple(layers))
        if not last or any(cursor.lines for cursor in cursors):
            raise DisorderError  # no documents, or lines of some that are not there: told when all is read
    except DataError as error:
        read_whole(corpus, sources, need)  # raises, naming what is wrong in all blocks
        raise DisorderError from error


def read_whole(corpus: Corpus, sources: Sequence[str], need: Need) -> Block:
    """All documents in one block, in whatever order they are on disk."""
    texts, codes = load.read_texts(corpus, texts=need.texts), Codes()
    layers = [load.read_layer(corpus, source, texts, codes, need) for source in sources]
    return Block(texts, codes, tuple(layers))


def _iter_rows(path: Path, type: type[Row]) -> Iterator[list[Any]]:
    """Documents, `SIZE` or `CHUNKS` at a time."""
    rows: list[Any] = []
    for number, chunk in enumerate(load.iter_chunks(path, type), start=1):
        rows += chunk
        if len(rows) >= SIZE or number % CHUNKS == 0:
            yield rows
            rows = []
    if rows:
        yield rows


class _Cursor:
    """A place in a layer: `lines` are read but not given out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.chunks = load.iter_chunks(path, Annotations)
        self.lines: list[Annotations] = next(self.chunks, [])

    def read(self, texts: Texts, codes: Codes, need: Need) -> Layer:
        """The layer for a block of documents: all lines up to its last one."""
        taken = list(chain.from_iterable(self._take(texts.ids[-1])))
        ids = list(map(attrgetter("document"), taken))
        if ids != sorted(ids) or (ids and ids[0] < texts.ids[0]):
            raise DisorderError
        return load.make_layer([taken], texts, codes, need, where=str(self.path))

    def _take(self, last: str) -> Iterator[list[Annotations]]:
        while self.lines and self.lines[-1].document <= last:
            yield self.lines
            self.lines = next(self.chunks, [])
        here = bisect_right(self.lines, last, key=attrgetter("document"))
        yield self.lines[:here]
        self.lines = self.lines[here:]
