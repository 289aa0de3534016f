"""Near-duplicates: the same report printed twice, or reworked. They share a group and are never parted.

Two texts are near-duplicates if at least `THRESHOLD` of their runs of `RUN` words are the same (Jaccard
similarity of the sets of runs; case and punctuation do not count, excluded regions are left out). Texts of
fewer than `SHORT` words have too few runs to compare: they are near-duplicates only if their words are the
same. Groups are what such pairs link together.

Pairs are found by MinHash (Broder 1997) with datasketch and then measured exactly, so no pair is wrong. One
may be missed: the more alike two texts are, the less likely (`CANDIDATE` is well below the threshold).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from goldwire.corpora.types import Document

RUN = 3  # words; a sentence reworded by one word loses three runs
THRESHOLD = 0.5  # of all runs; reworked wire reports share more, reports of one event by two desks less
CANDIDATE = 0.3  # given to MinHash: at 0.5 it then misses 7 pairs in 1,000, at 0.6 1 in 10,000
SHORT = 50  # words
HASHES = 128  # of each text; the default of datasketch
_WORD = re.compile(r"\w+")


class Pair(msgspec.Struct, frozen=True, order=True):
    """Two documents by id, in the order of the corpus, and how alike their texts are (0 to 1)."""

    first: str
    second: str
    similarity: float


def pairs(documents: Sequence[Document]) -> list[Pair]:
    """All pairs of near-duplicates that were found, in the order of the corpus."""
    texts = [_words(document) for document in documents]
    found = [(i, j, 1.0) for i, j in _same(texts)]
    runs = {i: _runs(words) for i, words in enumerate(texts) if len(words) >= SHORT}
    for i, j in _candidates(runs):
        similarity = len(runs[i] & runs[j]) / len(runs[i] | runs[j])
        if similarity >= THRESHOLD:
            found.append((i, j, similarity))
    return [Pair(documents[i].id, documents[j].id, similarity) for i, j, similarity in sorted(set(found))]


def group(documents: Sequence[Document]) -> list[Document]:
    """The documents with their groups: the id of the first of those that pairs link, None for the rest.

    Documents that are added behind others change no group, unless they link two: then the later joins the
    earlier.
    """
    links = [(pair.first, pair.second) for pair in pairs(documents)]
    groups = _components(links, {document.id: i for i, document in enumerate(documents)})
    return [msgspec.structs.replace(document, group=groups.get(document.id)) for document in documents]


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


def _words(document: Document) -> list[str]:
    text = document.text
    for region in sorted(document.excluded, key=lambda region: -region.start):
        text = text[: region.start] + text[region.end :]
    return _WORD.findall(text.lower())


def _runs(words: Sequence[str]) -> frozenset[str]:
    return frozenset(" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1))


def _same(texts: Iterable[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Each text whose words are those of an earlier one, with the first of these."""
    first: dict[tuple[str, ...], int] = {}
    for i, words in enumerate(texts):
        # A text of signs alone (emoji, a line) has no words to go by.
        if words and (earlier := first.setdefault(tuple(words), i)) != i:
            yield earlier, i


def _candidates(runs: Mapping[int, frozenset[str]]) -> Iterator[tuple[int, int]]:
    """Pairs whose MinHash values meet in a band."""
    if len(runs) <= 1:
        return
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=CANDIDATE, num_perm=HASHES)
    for i in sorted(runs):
        # Sorted, since the order of a set of strings differs from run to run of Python.
        encoded = sorted(run.encode() for run in runs[i])
        values = MinHash(num_perm=HASHES, seed=1, hashfunc=zlib.crc32)
        values.update_batch(encoded)
        for j in index.query(values):
            yield j, i
        index.insert(i, values)


def _components(links: Iterable[tuple[str, str]], order: Mapping[str, int]) -> dict[str, str]:
    """The first id of each connected component, by id; ids without a link are absent."""
    parents: dict[str, str] = {}

    def root(id: str) -> str:
        while parents.setdefault(id, id) != id:
            id = parents[id]
        return id

    for first, second in links:
        early, late = sorted((root(first), root(second)), key=order.__getitem__)
        parents[late] = early
    return {id: root(id) for id in parents}
