"""Near-duplicates: the same report printed twice, or reworked. They share a group and are never parted.

Two texts are near-duplicates if they are equal, or if at least `THRESHOLD` of their runs of `RUN` words are
the same (Jaccard similarity of the sets of runs; case and punctuation do not count, excluded regions are left
out). Texts of fewer than `SHORT` words have too few runs to compare: they are near-duplicates only if their
words are the same. Groups are what such pairs link together.

Pairs are found by MinHash in bands (Broder 1997; Indyk and Motwani 1998) and then measured by all of their
runs, so no pair is wrong; those that are linked already are not measured, so that a thousand copies cost a
thousand comparisons. A pair may be missed: of similarity s with a chance of (1 - s**ROWS)**BANDS.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from array import array
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from goldwire.corpora.spool import Documents, Grouped
from goldwire.corpora.types import Document

RUN = 3  # words; a sentence reworded by one word loses three runs
THRESHOLD = 0.5  # of all runs; reworked wire reports share more, reports of one event by two desks less
BANDS, ROWS = 37, 3  # of MinHash values: 7 pairs in 1,000 are missed at 0.5, 1 in 10,000 at 0.6
SHORT = 50  # words
BLOCK = 4096  # runs that are hashed at once: a megabyte for each of a few steps, however long a text is
KEPT = 2**25  # bytes of runs that are kept while documents are compared: of 1,200 texts of 20,000 characters
_WORD = re.compile(r"\w+")
# A space for all that is no word, of ASCII alone: its words are found faster so.
_ASCII = "".join(char if _WORD.match(char) else " " for char in map(chr, range(128)))
Hashes = NDArray[np.uint64]
# Of the mixer of MurmurHash3, for 64 bits (Appleby 2011).
_SHIFT, _FACTOR = np.uint64(33), np.uint64(0xFF51AFD7ED558CCD)


class Pair(msgspec.Struct, frozen=True, order=True):
    """Two documents by id, in the order of the corpus, and how alike their texts are (0 to 1)."""

    first: str
    second: str
    similarity: float


class Sketch(msgspec.Struct, frozen=True):
    """What is compared of a document, so that its text is not needed any more.

    `keys` are hashes of what is equal in near-duplicates of any length: the text, and its words if it has
    any. `runs` are codes of its runs of words, ascending, each of 8 bytes as numpy has them, and `bands` the
    hashes of its bands of MinHash values; both are empty if the text is short.
    """

    keys: tuple[bytes, ...]
    runs: bytes
    bands: tuple[bytes, ...]


def dedupe(documents: Sequence[Document]) -> tuple[dict[str, list[str]], list[Pair]]:
    """The groups that documents have, and the pairs that link those of groups."""
    return groups(documents), links([document for document in documents if document.group is not None])


def links(documents: Sequence[Document]) -> list[Pair]:
    """Pairs of near-duplicates, in the order of the corpus, that link each group of them together.

    One less than a group has documents: two that are linked already are not compared, however alike they are.
    """
    return link((document.id, sketch(document)) for document in documents)


def link(documents: Iterable[tuple[str, Sketch]]) -> list[Pair]:
    """`links` of documents of which there are the ids and the sketches, in the order of the corpus."""
    ids, runs = list[str](), list[Hashes]()
    linker = _Linker(runs.__getitem__)

    def iter_links() -> Iterator[tuple[int, int, float]]:
        for id, one in documents:
            ids.append(id)
            runs.append(np.frombuffer(one.runs, np.uint64))
            i = linker.add()
            yield from ((j, i, 1.0) for j in linker.iter_equal(i, one.keys))
            yield from ((j, i, similarity) for j, similarity in linker.iter_alike(i, one.bands))
            linker.put(i, one.bands)

    return [Pair(ids[i], ids[j], similarity) for i, j, similarity in sorted(iter_links())]


def group(documents: Sequence[Document], known: int = 0) -> list[Document]:
    """The documents with the groups that `find` finds."""
    return [*Grouped(documents, find(documents, known))]


def find(documents: Documents, known: int = 0) -> list[str | None]:
    """The groups of documents: the id of the first of those that pairs link, None for the rest.

    The first `known` have the groups that were found when they came, and are not compared with each other
    again. Documents that are added behind others change no group, unless they link two: then the later
    joins the earlier.

    Documents are gone through once, and those that may have a near-duplicate are asked for again: in memory
    are some hundred bytes of each, `KEPT` of runs of words and one text.
    """
    ids, bands = list[str](), _Bands()
    linker = _Linker(_Runs(documents))
    first: dict[str, int] = {}
    for document in documents:
        ids.append(document.id)
        i = linker.add()
        if i < known and document.group is not None:
            linker.unite(first.setdefault(document.group, i), i)
        words = _words(document)
        if i < known:
            linker.know(i, _keys(document, words))
        else:
            deque(linker.iter_equal(i, _keys(document, words)), maxlen=0)
        if len(words) >= SHORT:
            bands.put(i, _bands(_runs(words)))
    linker.texts.clear()
    for i, shared in bands.iter_shared(np.array([*map(linker.root, range(len(ids)))], np.int64), known):
        if i >= known:
            deque(linker.iter_alike(i, shared), maxlen=0)
        linker.put(i, shared)
    return [None if number is None else ids[number] for number in linker.firsts()]


def independent(documents: Iterable[Document]) -> int:
    """How many documents there are, those of a group counted once."""
    return len({document.group or document.id for document in documents})


def groups(documents: Iterable[Document]) -> dict[str, list[str]]:
    """The ids of each group that documents have, in the order of the corpus."""
    found: dict[str, list[str]] = {}
    for document in documents:
        if document.group is not None:
            found.setdefault(document.group, []).append(document.id)
    return found


# ---------------------------------------------------------------- sketches
def sketch(document: Document) -> Sketch:
    """What is compared of a document; the same in every run on every machine."""
    words = _words(document)
    keys = _keys(document, words)
    if len(words) < SHORT:
        return Sketch(keys, b"", ())
    return Sketch(keys, _codes(words).tobytes(), tuple(_bands(_runs(words))))


def _keys(document: Document, words: Sequence[str]) -> tuple[bytes, ...]:
    return (document.sha256.encode(), *([_digest(words)] if words else []))


def _runs(words: Sequence[str]) -> Iterator[str]:
    return (" ".join(words[k : k + RUN]) for k in range(len(words) - RUN + 1))


def _digest(words: Sequence[str]) -> bytes:
    return hashlib.sha256(" ".join(words).encode()).digest()


def _words(document: Document) -> list[str]:
    text = document.text
    for region in sorted(document.excluded, key=lambda region: -region.start):
        text = text[: region.start] + text[region.end :]
    lower = text.lower()
    return lower.translate(_ASCII).split() if lower.isascii() else _WORD.findall(lower)


def _codes(words: Sequence[str]) -> Hashes:
    """The set of the runs of words, as ascending codes of 64 bits.

    Two texts of 1,000 words have some runs of the same code by chance with a probability of 1 in 10**13.
    """
    codes = np.fromiter(map(_code, words), np.uint64, len(words))
    several = len(codes) - RUN + 1
    mixed = codes[:several]
    for place in range(1, RUN):
        mixed = (mixed ^ (mixed >> _SHIFT)) * _FACTOR + codes[place : place + several]
    return np.unique(mixed)


@lru_cache(maxsize=2**18)  # more than most languages have words in use
def _code(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())


# ---------------------------------------------------------------- links
class _Linker:
    """Documents that are linked, one after the other, to those before that they are alike to.

    `runs` gives those of a document that is long enough by its number.
    """

    def __init__(self, runs: Callable[[int], Hashes]) -> None:
        self.runs = runs
        self.parent: list[int] = []  # towards the first of a group
        self.texts: dict[bytes, int] = {}  # the first document of each text, by hashes of it and of its words
        # For each band of MinHash values: the documents that have them, those in a list of one group.
        self.bands: dict[bytes, list[list[int]]] = {}

    def add(self) -> int:
        """The number of a further document."""
        self.parent.append(len(self.parent))
        return len(self.parent) - 1

    def know(self, i: int, keys: Iterable[bytes]) -> None:
        """Note what is equal in near-duplicates of a document, without linking it."""
        for key in keys:
            self.texts.setdefault(key, i)

    def iter_equal(self, i: int, keys: Iterable[bytes]) -> Iterator[int]:
        """Documents of other groups of equal text or words, which are of one group with a document then."""
        for key in keys:
            earlier = self.texts.setdefault(key, i)
            if self.root(earlier) != self.root(i):
                self.unite(earlier, i)
                yield earlier

    def iter_alike(self, i: int, bands: Iterable[bytes]) -> Iterator[tuple[int, float]]:
        """The same of near-duplicates; one of each group."""
        compared = set()
        for band in bands:
            for members in self.bands.get(band, ()):
                for j in members:
                    if self.root(j) == self.root(i):
                        break
                    if j not in compared:
                        compared.add(j)
                        if (similarity := self.similarity(i, j)) >= THRESHOLD:
                            self.unite(j, i)
                            yield j, similarity

    def similarity(self, i: int, j: int) -> float:
        one, other = self.runs(i), self.runs(j)
        both = len(np.intersect1d(one, other, assume_unique=True))
        return both / (len(one) + len(other) - both)

    def put(self, i: int, bands: Iterable[bytes]) -> None:
        """Note the bands of a document, for those that come."""
        for band in bands:
            found = self.bands.setdefault(band, [])
            for members in found:
                if self.root(members[0]) == self.root(i):
                    members.append(i)
                    break
            else:
                found.append([i])

    def root(self, i: int) -> int:
        while (up := self.parent[i]) != i:
            self.parent[i] = self.parent[up]
            i = up
        return i

    def unite(self, i: int, j: int) -> None:
        early, late = sorted((self.root(i), self.root(j)))
        self.parent[late] = early

    def firsts(self) -> list[int | None]:
        """The first document of the group of each; None for those that stand alone."""
        roots = [self.root(i) for i in range(len(self.parent))]
        size = Counter(roots)
        return [root if size[root] > 1 else None for root in roots]


class _Runs:
    """The runs of documents by number, worked out when they are asked for; the last `KEPT` bytes are kept."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.kept: OrderedDict[int, Hashes] = OrderedDict()
        self.size = 0

    def __call__(self, i: int) -> Hashes:
        if i in self.kept:
            self.kept.move_to_end(i)
            return self.kept[i]
        found = _codes(_words(self.documents[i]))
        self.kept[i] = found
        self.size += found.nbytes
        while self.size > KEPT:
            self.size -= self.kept.popitem(last=False)[1].nbytes
        return found


class _Bands:
    """The bands of documents, of which most are of one document alone."""

    def __init__(self) -> None:
        self.numbers, self.values = array("Q"), array("Q")

    def put(self, i: int, bands: Iterable[bytes]) -> None:
        """Note the bands of a document, which comes behind those that were noted."""
        self.numbers.append(i)
        self.values.frombytes(b"".join(bands))

    def iter_shared(self, groups: NDArray[np.int64], known: int) -> Iterator[tuple[int, list[bytes]]]:
        """Documents, and those of their bands that link anything: with a new document, of two `groups`."""
        numbers = np.array(self.numbers, np.int64)
        values = np.frombuffer(self.values, np.uint64).reshape(-1, BANDS)
        shared = np.zeros(values.shape, np.bool_)
        for band in range(BANDS if len(numbers) else 0):
            order = np.argsort(values[:, band], kind="stable")
            column, group = values[order, band], groups[numbers[order]]
            starts = np.flatnonzero(np.concatenate(([True], column[1:] != column[:-1])))
            links = np.minimum.reduceat(group, starts) != np.maximum.reduceat(group, starts)
            links &= np.maximum.reduceat(numbers[order], starts) >= known
            shared[order, band] = np.repeat(links, np.diff(starts, append=len(order)))
        for place in np.flatnonzero(shared.any(axis=1)):
            yield int(numbers[place]), [value.tobytes() for value in values[place][shared[place]]]


# ---------------------------------------------------------------- MinHash
def _bands(runs: Iterable[str]) -> list[bytes]:
    """The MinHash values of runs in bands, as hashes: texts that are alike have one in common."""
    values = _minima(np.fromiter((zlib.crc32(run.encode()) for run in runs), np.uint64))
    return [
        hashlib.blake2b(band.tobytes(), digest_size=8, key=bytes([number])).digest()
        for number, band in enumerate(values.reshape(BANDS, ROWS))
    ]


def _minima(codes: Hashes) -> Hashes:
    """The least value that each hash function has of some codes of 32 bits."""
    factors, summands = _functions()
    blocks = (codes[start : start + BLOCK, np.newaxis] for start in range(0, len(codes), BLOCK))
    # Multiply, add, shift (Dietzfelbinger 1996): pairwise independent, of 64 bits that wrap around.
    rows = [((block * factors + summands) >> np.uint64(32)).min(axis=0) for block in blocks]
    least: Hashes = np.min(rows, axis=0)
    return least


@cache
def _functions() -> tuple[Hashes, Hashes]:
    """Factors and summands of the hash functions: random numbers, the same in every run on every machine."""
    drawn = hashlib.shake_256(b"near-duplicates").digest(2 * 8 * BANDS * ROWS)
    factors, summands = np.frombuffer(drawn, "<u8").astype(np.uint64).reshape(2, -1)
    return factors, summands
