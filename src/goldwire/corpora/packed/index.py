"""The index of a packed corpus: what it is made of, written last; and the names of the objects.

    goldwire.json                                             the index
    documents/part-00017-of-00400-DIGEST.parquet              documents of a part, in order of id
    layers/NAME/part-00017-of-00400-DIGEST.parquet            lines of a layer about them
    tokens/NAME/part-00017-of-00400-DIGEST.parquet            the tokens that came with them
    files/DIGEST/PATH                                         every other file of the corpus

A table is the documents, a layer or its tokens: a file of JSON lines in a corpus directory. Its `sha256`
is of that file, so what is read back is known to be what was packed. DIGEST is the beginning of the
SHA-256 of the object: an object never changes, and nothing in the index can name one elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath
from typing import Annotated

import msgspec

from goldwire.corpora.codec import decode_versioned
from goldwire.corpora.errors import CorpusError, DataError, Fault
from goldwire.corpora.integrity import check_layer
from goldwire.corpora.parts import MOST
from goldwire.corpora.store import DOCUMENTS, INDEX, LAYERS, MANIFEST, Manifest
from goldwire.corpora.tokens import TOKENS

FORMAT = 1
FILES = "files"
LARGEST = 2**30  # bytes of an index; a part takes 150 in each table
DIGITS = 16  # of a digest, in a name
_SHA256 = r"^[0-9a-f]{64}$"
_OURS = re.compile(
    r"(documents|layers/.+|tokens/.+)/part-\d{5,7}-of-\d{5,7}-[0-9a-f]{16}\.parquet|files/[0-9a-f]{16}/.+"
)

Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Digest = Annotated[str, msgspec.Meta(pattern=_SHA256)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Parquet file of a table: the part that it is, its rows, its size and digest."""

    part: Annotated[int, msgspec.Meta(ge=1, le=MOST)]
    rows: Count
    bytes: Count
    sha256: Digest


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of JSON lines of the corpus: its lines, size and digest, and the parts that have some of it."""

    rows: Count
    bytes: Count
    sha256: Digest
    parts: tuple[Part, ...]


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another file of the corpus, by its path in the directory."""

    path: str
    bytes: Count
    sha256: Digest

    @property
    def name(self) -> str:
        """The object that has its content."""
        return f"{FILES}/{self.sha256[:DIGITS]}/{self.path}"


class Index(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A packed corpus: its manifest, in how many parts it is, and all that is in it."""

    format: int = FORMAT
    goldwire: str
    manifest: Manifest
    parts: Annotated[int, msgspec.Meta(ge=1, le=MOST)]
    documents: Table
    layers: dict[str, Table] = {}
    tokens: dict[str, Table] = {}
    files: tuple[File, ...] = ()

    def tables(self) -> dict[str, Table]:
        """All tables by where their parts are, which is also the path of the file of JSON lines."""
        found = {stem(DOCUMENTS): self.documents}
        found |= {f"{LAYERS}/{name}": table for name, table in self.layers.items()}
        return found | {f"{TOKENS}/{name}": table for name, table in self.tokens.items()}

    def stored(self) -> int:
        """The bytes of all objects."""
        parts = [part.bytes for table in self.tables().values() for part in table.parts]
        return sum(parts) + sum(file.bytes for file in self.files)

    def same(self, other: Index) -> bool:
        """Whether another has the same corpus, in whatever parts."""

        def content(index: Index) -> object:
            tables = {name: table.sha256 for name, table in index.tables().items()}
            return index.manifest, tables, sorted((file.path, file.sha256) for file in index.files)

        return content(self) == content(other)


def stem(path: str) -> str:
    """A table's place, by its file in a corpus directory.

    >>> stem("layers/system/mine.jsonl")
    'layers/system/mine'
    """
    return path.removesuffix(".jsonl")


def object_name(table: str, part: Part, of: int) -> str:
    """The name of the object with a part of a table.

    >>> object_name("documents", Part(17, 2, 9, "ab" * 32), 400)
    'documents/part-00017-of-00400-abababababababab.parquet'
    """
    return f"{table}/part-{part.part:05}-of-{of:05}-{part.sha256[:DIGITS]}.parquet"


def is_ours(name: str) -> bool:
    """Whether an object may be of a packed corpus, by its name."""
    return name == INDEX or _OURS.fullmatch(name) is not None


def encode(index: Index) -> bytes:
    """An index as it is stored."""
    return msgspec.json.format(msgspec.json.encode(index), indent=1) + b"\n"


def decode(data: bytes, where: str) -> Index:
    """An index; `DataError` if it is none, is of a later format, or names what no corpus has."""
    index = decode_versioned(data, Index, "the index of a packed corpus", where, FORMAT)
    faults = [Fault(where, path, told) for path, told in _faults(index)]
    if faults:
        raise DataError(f"{where}: not a sound index of a packed corpus", faults)
    return index


def digest(data: bytes) -> str:
    """What an index, and the corpus that it is of, is known by."""
    return hashlib.sha256(data).hexdigest()


def _faults(index: Index) -> list[tuple[str, str]]:
    found = [fault for name, table in index.tables().items() for fault in _table_faults(name, table, index)]
    for kind, names in ((LAYERS, index.layers), (TOKENS, index.tokens)):
        for name in names:
            try:
                check_layer(name)
            except CorpusError as error:
                found.append((f"$.{kind}", str(error)))
    paths = [file.path for file in index.files]
    found += [("$.files", f"{path!r} is no path in a corpus") for path in paths if not _is_inside(path)]
    if len(set(paths)) < len(paths) or MANIFEST not in paths:
        found.append(("$.files", f"names a path twice, or has no {MANIFEST}"))
    return found


def _table_faults(name: str, table: Table, index: Index) -> list[tuple[str, str]]:
    numbers = [part.part for part in table.parts]
    found = []
    if numbers != sorted(set(numbers)) or any(number > index.parts for number in numbers):
        found.append((f"$.{name}.parts", f"must be different ones of {index.parts} parts, in order"))
    if sum(part.rows for part in table.parts) != table.rows:
        found.append((f"$.{name}.rows", "is not the sum of the rows of its parts"))
    return found


def _is_inside(path: str) -> bool:
    """Whether a path stays in the directory of a corpus, and away from what has tables of its own."""
    parts = PurePosixPath(path).parts
    plain = bool(parts) and PurePosixPath(path).as_posix() == path and "\\" not in path and path.isprintable()
    hidden = any(part.startswith(".") for part in parts) or path.startswith("/")
    table = path == DOCUMENTS or (parts[:1] in ((LAYERS,), (TOKENS,)) and path.endswith(".jsonl"))
    return plain and not hidden and not table and path != INDEX
