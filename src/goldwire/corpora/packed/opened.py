"""A packed corpus, opened: a `Corpus` whose files come into a cache when they are first asked for.

    CACHE/packed/DIGEST/            by the digest of the index: what it has never changes
    CACHE/packed/DIGEST/.goldwire.packed    the address and the index: by it the folder is known

The folder can be taken away at any time; what is asked for comes again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from math import gcd
from pathlib import Path

import msgspec

from goldwire.corpora.atomic import make_folder, write_atomic
from goldwire.corpora.codec import BROKEN, read_bytes
from goldwire.corpora.errors import DataError
from goldwire.corpora.lock import PACKED
from goldwire.corpora.packed import index as indexes
from goldwire.corpora.packed import room, storage, tables
from goldwire.corpora.packed.address import is_address, parse
from goldwire.corpora.packed.index import Index, stem
from goldwire.corpora.packed.pack import needed_index
from goldwire.corpora.packed.storage import Store
from goldwire.corpora.packed.unpack import bring_files
from goldwire.corpora.parts import Part
from goldwire.corpora.store import Corpus

_BRINGING = threading.Lock()


class _Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a folder of the cache says of itself."""

    address: str
    index: Index


class Source(msgspec.Struct, frozen=True):
    """Where the files of a packed corpus come from."""

    address: str
    index: Index
    folder: Path

    def store(self) -> Store:
        """The store that has them."""
        return storage.connect(parse(self.address))

    def layers(self) -> list[str]:
        """The names of all layers, sorted."""
        return sorted(self.index.layers)

    def bring(self, path: str) -> None:
        """See to it that a file of JSON lines is in the folder, whole, if the corpus has it."""
        place = self.folder / path
        with _BRINGING:  # threads may ask for the same file
            table = self.index.tables().get(stem(path))
            if table is not None and not (place.is_file() and place.stat().st_size == table.bytes):
                tables.write_file(self.store(), self.index, stem(path), place, _silent)

    def digest(self, table: str) -> str | None:
        """The SHA-256 of the file that was packed as a table; None if there is none."""
        found = self.index.tables().get(table)
        return None if found is None else found.sha256

    def lines(self, table: str, part: Part) -> Iterator[tuple[int, bytes]]:
        """The lines of those parts of a table that can have lines of a part, with their numbers.

        A hash that leaves a remainder by the number of one's parts leaves a known one by what both numbers
        have in common: all of 400 parts are read for one of 7, every 100th for one of 100.
        """
        common = gcd(part.of, self.index.parts)
        with room.working() as work:
            for one in self.index.tables()[table].parts:
                if (one.part - part.number) % common == 0:
                    frame = tables.read_part(
                        self.store(), table, one, self.index.parts, work / "part.parquet"
                    )
                    for line in tables.part_lines(frame, table, self.address):
                        yield line.number, line.content + b"\n"


def _silent(_: str) -> None:
    """Nothing is said: a command that reads says its own."""


def open_packed(path: Path) -> Corpus:
    """The packed corpus at an address, or that of a folder of the cache.

    Raises `CorpusError` if there is none, `DataError` if it is not sound.
    """
    if (path / PACKED).is_file():
        known = _read_known(path)
        return _corpus(known.address, known.index, path)
    address = parse(path)
    store = storage.connect(address)
    index = needed_index(store)
    folder = room.cache() / indexes.digest(indexes.encode(index))
    said = str(address) if is_address(path) else str(path)
    with _BRINGING:
        make_folder(folder)
        bring_files(store, index, folder)
        write_atomic(folder / PACKED, msgspec.json.encode(_Known(said, index)))
    return _corpus(said, index, folder)


def _read_known(folder: Path) -> _Known:
    try:
        return msgspec.json.decode(read_bytes(folder / PACKED), type=_Known)
    except BROKEN as error:
        raise DataError(
            f"{folder}: a folder of the cache that does not say what it is of ({error}); take it away, and "
            "name the corpus by its address: it comes again"
        ) from error


def _corpus(address: str, index: Index, folder: Path) -> Corpus:
    return Corpus(folder, index.manifest, Source(address, index, folder))
