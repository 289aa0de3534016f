"""A corpus and its layers read side by side, a few megabytes of documents at a time, in memory that stays.

Layers are written in order of document id. Where the documents of the corpus are in that order too, the
files can be cut at the same ids, and each piece is read by itself, by whichever process. Where something
is out of order, all is read at once instead.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, pairwise, repeat, starmap
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from goldwire.corpora import tokens as kept_tokens
from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import DataError
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Tokens
from goldwire.eval.counting import reading, sight
from goldwire.eval.counting.columns import Codes
from goldwire.eval.counting.coverage import EVERYTHING, Cover, Scope, limit
from goldwire.eval.counting.cut import Cut
from goldwire.eval.counting.reading import Layer, Wanted
from goldwire.eval.counting.sight import Sight
from goldwire.eval.counting.texts import Texts, ascend, iter_chunks, read_texts

SIZE = 2**20  # bytes of documents in a block: more are not read faster, and leave a core idle at the end


class Block(msgspec.Struct, frozen=True):
    """Some documents of a corpus that are scored, and what each of the layers, gold first, has for them."""

    texts: Texts
    codes: Codes
    layers: tuple[Layer, ...]
    cover: Cover


class Piece(NamedTuple):
    """A part of a file: whole lines, from one byte up to another."""

    path: Path
    start: int
    end: int


class Place(NamedTuple):
    """Where a block is on disk: in the documents, in each layer, and in the tokens beside each.

    All its ids come before that of `end`, the first of the next block; the last block has none.
    """

    documents: Piece
    layers: tuple[Piece, ...]
    tokens: tuple[Piece | None, ...]
    end: str | None = None


class DisorderError(Exception):
    """Documents or lines are not in order of id: blocks read so far are of no use."""


# ---------------------------------------------------------------- cutting
def find_places(corpus: Corpus, sources: Sequence[str], need: Wanted = reading.PLAIN) -> list[Place]:
    """Where the blocks of documents with the layers `sources` are, if all is in order of id.

    Raises `CorpusError` if a layer is not there, `DisorderError` where the files cannot be cut.
    """
    documents = corpus.documents_path()
    with documents.open("rb") as file:
        starts = _cuts(file)
        if not starts:
            raise DisorderError  # no documents: lines of some that are not there are told when all is read
        firsts = [_Line.read(file, start).id for start in starts[1:-1]]
    layers = [_cut(corpus.layer_file(source), firsts) for source in sources]
    beside = [_tokens_file(corpus, source, need) for source in sources]
    tokens = [[None] * (len(firsts) + 1) if path is None else _cut(path, firsts) for path in beside]
    sides = zip(*layers, strict=True), zip(*tokens, strict=True)
    return list(starmap(Place, zip(_pieces(documents, starts), *sides, [*firsts, None], strict=True)))


def find_pieces(path: Path) -> list[Piece]:
    """A file of lines cut into pieces, in whatever order they are; none of an empty one."""
    with path.open("rb") as file:
        return _pieces(path, _cuts(file))


def _cut(path: Path, firsts: Sequence[str]) -> list[Piece]:
    """A file of lines for documents, cut where the lines for each of the `firsts` or later ones begin."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        return _pieces(path, [0, *(_find(file, end, first) for first in firsts), end])


def _tokens_file(corpus: Corpus, source: str, need: Wanted) -> Path | None:
    """The tokens beside a layer, if there are any and a measure looks at them."""
    path = corpus.tokens_path(source)
    return path if need.keeps_tokens and path.is_file() else None


def _cuts(file: BinaryIO) -> list[int]:
    """The first byte of each block, and the end of the file."""
    end = file.seek(0, 2)
    starts = [0]
    while (start := _line_after(file, starts[-1] + SIZE)) < end:
        starts.append(start)
    return [*starts, end] if end else []


def _pieces(path: Path, bounds: Sequence[int]) -> list[Piece]:
    if list(bounds) != sorted(bounds):
        raise DisorderError
    return [Piece(path, start, end) for start, end in pairwise(bounds)]


class _Line(msgspec.Struct):
    """What a line is about: a document by its `id`, or annotations of `document`."""

    id: str = ""
    document: str = ""

    @classmethod
    def read(cls, file: BinaryIO, start: int) -> _Line:
        file.seek(start)
        try:
            return msgspec.json.decode(file.readline(), type=cls)
        except BROKEN:
            raise DisorderError from None  # told with its place when all is read


def _find(file: BinaryIO, end: int, first: str) -> int:
    """Where the first line of a layer is that is not for a document before `first`."""

    def reached(position: int) -> bool:
        start = _line_after(file, position)
        return start >= end or _Line.read(file, start).document >= first

    return _line_after(file, bisect_left(range(end), True, key=reached))


def _line_after(file: BinaryIO, position: int) -> int:
    """Where the first line begins that begins at a position or after it."""
    if position:
        file.seek(position - 1)
        file.readline()
        return file.tell()
    return 0


# ---------------------------------------------------------------- reading
def read_block(place: Place, need: Wanted, scope: Scope = EVERYTHING) -> Block:
    """The block of a place; the first of its layers are gold's. The last says where units count, if need be.

    Raises `DisorderError` if its documents are not in order, `DataError` with the faults of its lines; one of
    them is a line of a layer that belongs to another block.
    """
    path, *bounds = place.documents
    texts = Texts(tuple(chain.from_iterable(iter_chunks(path, need.type, *bounds))))
    if not texts.rows or not ascend(texts.ids) or (place.end is not None and texts.ids[-1] >= place.end):
        raise DisorderError
    pieces = list(place.layers)
    inside = _read_lines(pieces.pop()) if need.inside else None
    tokens = [_read_tokens(piece) for piece in place.tokens]
    golds = [(str(piece.path), _read_lines(piece)) for piece in pieces[: need.references]]
    systems = [(str(piece.path), [_read_lines(piece)]) for piece in pieces[need.references :]]
    return make_block(texts, golds, systems, need, scope, tokens=tokens, inside=inside)


def _read_lines(piece: Piece) -> list[Annotations]:
    return list(chain.from_iterable(iter_chunks(piece.path, Annotations, *piece[1:])))


def _read_tokens(piece: Piece | None) -> list[Tokens]:
    if piece is None:
        return []
    try:
        return list(chain.from_iterable(iter_chunks(piece.path, Tokens, *piece[1:])))
    except DataError as error:
        raise kept_tokens.unreadable(piece.path, error) from error


def read_whole(
    corpus: Corpus,
    sources: Sequence[str],
    need: Wanted,
    scope: Scope = EVERYTHING,
    documents: Collection[str] | None = None,
) -> Block:
    """All documents in one block, in whatever order they are on disk; the first sources are gold's.

    With `documents`, as if files had only what is of these.
    """
    texts = read_texts(corpus, need.type, documents)
    paths = [corpus.layer_file(source) for source in sources]
    inside = _all_lines(paths.pop(), documents) if need.inside else None
    golds = [(str(path), _all_lines(path, documents)) for path in paths[: need.references]]
    systems = [(str(path), _iter_lines(path, documents)) for path in paths[need.references :]]
    beside = (_tokens_file(corpus, source, need) for source in sources)
    tokens = [[] if path is None else _of(documents, kept_tokens.read(path)) for path in beside]
    return make_block(texts, golds, systems, need, scope, tokens=tokens, inside=inside)


def _all_lines(path: Path, documents: Collection[str] | None) -> list[Annotations]:
    return list(chain.from_iterable(_iter_lines(path, documents)))


def _iter_lines(path: Path, documents: Collection[str] | None) -> Iterator[list[Annotations]]:
    return filter(None, (_of(documents, lines) for lines in iter_chunks(path, Annotations)))


T = TypeVar("T", Annotations, Tokens)


def _of(documents: Collection[str] | None, lines: list[T]) -> list[T]:
    """The lines that are for some documents."""
    return lines if documents is None else [line for line in lines if line.document in documents]


Lines = Iterable[Sequence[Annotations]]


def make_block(
    documents: Texts,
    golds: Sequence[tuple[str, Sequence[Annotations]]],
    systems: Iterable[tuple[str, Lines]],
    need: Wanted,
    scope: Scope,
    *,
    tokens: Sequence[Sequence[Tokens]] = (),
    inside: Sequence[Annotations] | None = None,
) -> Block:
    """A block from documents and from lines, which are named for messages; `tokens` are those beside each.

    Where there are lines `inside` of which units count, no others do.

    Rejected units of gold are noted, never counted: what is wrong in gold is no fault of a system.
    """
    texts, cover = limit(documents, [lines for _, lines in golds], scope)
    codes, of_gold = Codes(), replace(need, rejected=False)
    sides = [*((name, [lines], of_gold) for name, lines in golds), *((*system, need) for system in systems)]
    layers = tuple(
        _above(
            reading.make_layer(lines, texts, codes, looked_at, seen, where=name, tokens=kept),
            cut,
            texts,
            name if need.tags else "",
        )
        for (name, lines, looked_at), kept, seen, cut in zip(
            sides, tokens or repeat(()), _sights(need, inside), chain(need.cuts, repeat(None)), strict=False
        )
    )
    return Block(texts, codes, layers, cover)


def _above(layer: Layer, cut: Cut | None, texts: Texts, tagged: str) -> Layer:
    """What is left of a layer; `DataError` if mentions are read from tags and it (so called) has such."""
    if cut is None:
        return layer
    if tagged and layer.bonds.count:
        raise DataError(
            f"{tagged}: mentions are read anew from its tags, which have no scores; leave --at out"
        )
    return reading.cut_layer(layer, cut, texts.ids)


def _sights(need: Wanted, inside: Sequence[Annotations] | None) -> Iterator[Sight | None]:
    """How each of the layers is seen, gold first."""
    known = None if inside is None else sight.places(inside)
    for labels in chain(need.views, repeat(None)):
        plain = labels is None and known is None
        yield None if plain else Sight(labels, need.ontology, known)
