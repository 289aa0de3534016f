"""Digests of corpora and layers as sums, so that those of parts add up to that of the whole, in any order.

    of_documents(first) + of_documents(second) == of_documents([*second, *first])

Each line is hashed by itself, and the hashes are added: AdHash of Bellare and Micciancio (1997), "A New
Paradigm for Collision-free Hashing". It tells what was changed, by accident or by hand; somebody who looks
for other lines of the same sum, with much patience, may find some (Wagner 2002), as for any short name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from operator import attrgetter
from typing import Any, Protocol, Self

import msgspec

from goldwire.corpora.types import Annotations, Excluded

BYTES = 32  # of a SHA-256
DIGITS = 12  # of a name
_COUNT_BYTES = 8


class Digest(msgspec.Struct, frozen=True):
    """The sum modulo 2^256 of the SHA-256 of each of `count` lines, as bytes, the highest first.

    Lines that are there twice are added twice. Without the count, no line at all would be like lines whose
    hashes add up to nothing.
    """

    total: bytes = bytes(BYTES)
    count: int = 0

    def __post_init__(self) -> None:
        if len(self.total) != BYTES or self.count < 0:
            raise ValueError(f"no digest: {len(self.total)} bytes of {self.count} lines")

    @classmethod
    def of(cls, lines: Iterable[bytes]) -> Self:
        """The digest of lines, each without a newline at its end."""
        hashes = [*map(_hash, map(sha256, lines))]
        return cls._make(sum(map(int.from_bytes, hashes)), len(hashes))

    @classmethod
    def _make(cls, number: int, count: int) -> Self:
        return cls((number % 2 ** (8 * BYTES)).to_bytes(BYTES), count)

    def __add__(self, other: Digest) -> Self:
        return self._make(int.from_bytes(self.total) + int.from_bytes(other.total), self.count + other.count)

    @property
    def name(self) -> str:
        """What people see: the first 12 hexadecimal digits of the SHA-256 of sum and count.

        >>> Digest.of([b"one", b"two"]).name == Digest.of([b"two", b"one"]).name
        True
        >>> len({Digest().name, Digest.of([b""]).name, Digest.of([b"", b""]).name})
        3
        """
        return sha256(self.total + self.count.to_bytes(_COUNT_BYTES)).hexdigest()[:DIGITS]


# ---------------------------------------------------------------- what is digested
class _Document(Protocol):
    """What the digest of documents is of."""

    @property
    def id(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def excluded(self) -> tuple[Excluded, ...]: ...


def of_documents(documents: Iterable[_Document]) -> Digest:
    """The digest of texts: a line is id, hash of the text and excluded regions, as a JSON array."""
    return Digest.of(map(_encode, map(_in_places, map(_DOCUMENT, documents))))


def _in_places(row: tuple[str, str, tuple[Excluded, ...]]) -> tuple[Any, ...]:
    """A document's line; of what is excluded from it the places, without the reasons."""
    return (*row[:2], [(region.start, region.end) for region in row[2]]) if row[2] else row


def of_annotations(lines: Sequence[Annotations]) -> Digest:
    """The digest of what is annotated, and of what was rejected, without who did it and when.

    A line is document, hash of the text, mentions, events and relations, as a JSON array; one with rejected
    units has what decides how these count as one member more.
    """
    found = content if any(map(_TURNED_AWAY, lines)) else _ANNOTATED
    return Digest.of(map(_encode, map(found, lines)))


def content(line: Annotations) -> tuple[Any, ...]:
    """What the digest of a layer is of, of one line."""
    found: tuple[Any, ...] = _ANNOTATED(line)
    return (*found, tuple(map(_REJECTED, line.rejected))) if line.rejected else found


def of_bonds(bonds: Iterable[tuple[str, str]]) -> Digest:
    """The digest of the tokens beside a layer: a line is a document and what binds its tokens, as JSON."""
    return Digest.of(map(_encode, bonds))


_hash = type(sha256()).digest
_encode = msgspec.json.Encoder().encode
_DOCUMENT = attrgetter("id", "sha256", "excluded")
_TURNED_AWAY = attrgetter("rejected")
_ANNOTATED = attrgetter("document", "sha256", "mentions", "events", "relations")
_REJECTED = attrgetter("unit", "kind", "type", "role", "spans", "trigger", "words", "path")
