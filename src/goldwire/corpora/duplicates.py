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
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from goldwire.corpora.types import Document

RUN = 3  # words; a sentence reworded by one word loses three runs
THRESHOLD = 0.5  # of all runs; reworked wire reports share more, reports of one event by two desks less
BANDS, ROWS = 37, 3  # of MinHash values: 7 pairs in 1,000 are missed at 0.5, 1 in 10,000 at 0.6
SHORT = 50  # words
BLOCK = 4096  # runs that are hashed at once: a megabyte for each of a few steps, however long a text is
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
    ids = list[str]()

    def iter_sketches() -> Iterator[Sketch]:
        for id, one in documents:
            ids.append(id)
            yield one

    found = sorted(_Linker().iter_links(iter_sketches()))
    return [Pair(ids[i], ids[j], similarity) for i, j, similarity in found]


def group(documents: Sequence[Document], known: int = 0) -> list[Document]:
    """The documents with their groups: the id of the first of those that pairs link, None for the rest.

    The first `known` have the groups that were found when they came, and are not compared with each other
    again. Documents that are added behind others change no group, unless they link two: then the later
    joins the earlier.
    """
    linker = _Linker()
    linker.trust(documents[:known])
    deque(linker.iter_links(map(sketch, documents[known:])), maxlen=0)
    firsts = linker.firsts()
    return [
        msgspec.structs.replace(document, group=None if first is None else documents[first].id)
        for document, first in zip(documents, firsts, strict=True)
    ]


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
    keys = (document.sha256.encode(), *([_digest(words)] if words else []))
    if len(words) < SHORT:
        return Sketch(keys, b"", ())
    runs = (" ".join(words[k : k + RUN]) for k in range(len(words) - RUN + 1))
    return Sketch(keys, _codes(words).tobytes(), tuple(_bands(runs)))


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
    """Documents that are linked, one after the other, to those before that they are alike to."""

    def __init__(self) -> None:
        self.parent: list[int] = []  # towards the first of a group
        self.texts: dict[bytes, int] = {}  # the first document of each text, by hashes of it and of its words
        self.runs: dict[int, Hashes] = {}  # of each document that is long enough, sorted
        # For each band of MinHash values: the documents that have them, those in a list of one group.
        self.bands: dict[bytes, list[list[int]]] = {}

    def trust(self, documents: Sequence[Document]) -> None:
        """Take documents as they are grouped."""
        first: dict[str, int] = {}
        for document in documents:
            i = self.add()
            if document.group is not None:
                self.unite(first.setdefault(document.group, i), i)
        for i, one in enumerate(map(sketch, documents)):
            for key in one.keys:
                self.texts.setdefault(key, i)
            self.runs[i] = np.frombuffer(one.runs, np.uint64)
            for band in one.bands:
                self.put(band, i)

    def iter_links(self, sketches: Iterable[Sketch]) -> Iterator[tuple[int, int, float]]:
        """What links each of further documents to earlier ones."""
        for one in sketches:
            i = self.add()
            for key in one.keys:
                earlier = self.texts.setdefault(key, i)
                if self.root(earlier) != self.root(i):
                    self.unite(earlier, i)
                    yield earlier, i, 1.0
            self.runs[i] = np.frombuffer(one.runs, np.uint64)
            for j, similarity in self.iter_alike(i, one.bands):
                self.unite(j, i)
                yield j, i, similarity
            for band in one.bands:
                self.put(band, i)

    def add(self) -> int:
        """The number of a further document."""
        self.parent.append(len(self.parent))
        return len(self.parent) - 1

    def iter_alike(self, i: int, bands: Iterable[bytes]) -> Iterator[tuple[int, float]]:
        """Documents of other groups that are near-duplicates of a document; one of each group."""
        compared = set()
        for band in bands:
            for members in self.bands.get(band, ()):
                for j in members:
                    if self.root(j) == self.root(i):
                        break
                    if j not in compared:
                        compared.add(j)
                        if (similarity := self.similarity(i, j)) >= THRESHOLD:
                            yield j, similarity

    def similarity(self, i: int, j: int) -> float:
        both = len(np.intersect1d(self.runs[i], self.runs[j], assume_unique=True))
        return both / (len(self.runs[i]) + len(self.runs[j]) - both)

    def put(self, band: bytes, i: int) -> None:
        found = self.bands.setdefault(band, [])
        for members in found:
            if self.root(members[0]) == self.root(i):
                members.append(i)
                return
        found.append([i])

    def root(self, i: int) -> int:
        while (up := self.parent[i]) != i:
            i = self.parent[i] = self.parent[up]
        return i

    def unite(self, i: int, j: int) -> None:
        early, late = sorted((self.root(i), self.root(j)))
        self.parent[late] = early

    def firsts(self) -> list[int | None]:
        """The first document of the group of each; None for those that stand alone."""
        roots = [self.root(i) for i in range(len(self.parent))]
        size = Counter(roots)
        return [root if size[root] > 1 else None for root in roots]


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
