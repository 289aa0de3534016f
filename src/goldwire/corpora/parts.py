"""Parts of a corpus, for machines that work side by side: documents by the hash of their group, or id.

    17/400      the 17th of 400 parts, counted from 1

A document is in one part, near-duplicates are in the same one, and which one it is depends on nothing else:
not on the order of documents, not on which others there are.
"""

from __future__ import annotations

import hashlib
import re
import struct
from typing import Self

import msgspec

from goldwire.corpora.errors import CorpusError

MOST = 1_000_000  # parts of a corpus
_FILE = re.compile(r"(?:run|score)-.+-\d{5,7}-of-\d{5,7}-[0-9a-f]{12}\.part", re.ASCII)
_FIRST = struct.Struct(">Q")  # of the bytes of a digest, as a number
_FORM = re.compile(r"(\d{1,7})/(\d{1,7})", re.ASCII)


def place(key: str, of: int) -> int:
    """The part, from 1, of a document whose group is `key`; of one without a group, it is its id.

    The first eight bytes of the SHA-256 of the key, as a number, by its remainder: so a part of 400 lies in
    one part of 100, 200, or any other number that divides 400.

    >>> place("d17", 400), place("d17", 100)
    (322, 22)
    """
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    first: int = _FIRST.unpack_from(digest)[0]
    return first % of + 1


class Part(msgspec.Struct, frozen=True, order=True):
    """One of `of` parts of a corpus, by its number from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The part of a string form; `CorpusError` if it is none.

        >>> Part.parse("17/400")
        Part(number=17, of=400)
        """
        found = _FORM.fullmatch(text.strip())
        number, of = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= of <= MOST:
            raise CorpusError(
                f"{text!r} is no part: write NUMBER/OF, such as 17/400, from 1/400 to 400/400, "
                f"and no more than {MOST:,} parts"
            )
        return cls(number, of)

    def takes(self, id: str, group: str | None) -> bool:
        """Whether a document of this id and group is in the part."""
        return place(group or id, self.of) == self.number


def is_file(name: str) -> bool:
    """Whether a file has the name of one that a part was written into (see `eval.parts.file`).

    >>> is_file("run-rules-5a3f-00017-of-00400-8c1e99f0a7d4.part"), is_file("model.part")
    (True, False)
    """
    return _FILE.fullmatch(name) is not None
