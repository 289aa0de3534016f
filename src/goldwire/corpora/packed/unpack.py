"""Unpacking: a packed corpus into a directory, byte by byte what was packed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from goldwire.corpora.atomic import building, make_folder
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.lock import locked
from goldwire.corpora.names import check_apart
from goldwire.corpora.packed import room, storage, tables
from goldwire.corpora.packed.address import Address
from goldwire.corpora.packed.index import Index
from goldwire.corpora.packed.pack import is_same, needed_index
from goldwire.corpora.packed.storage import Store
from goldwire.corpora.packed.tables import Progress
from goldwire.corpora.store import LAYERS, MANIFEST, open_corpus


def unpack(address: Address, folder: Path, *, tell: Progress) -> Index:
    """Make a directory of a packed corpus, all or nothing; one that is there already, complete, stays.

    Gives the index, which says what is in it.

    Raises `CorpusError` if something else is there, `DataError` if an object is damaged or missing.
    """
    store = storage.connect(address)
    index = needed_index(store)
    need = sum(table.bytes for table in index.tables().values()) + sum(file.bytes for file in index.files)
    room.check(folder, need, f"unpacking {address}")
    check_apart(
        [*(f"{name}.jsonl" for name in index.tables()), *(file.path for file in index.files)], str(folder)
    )
    with locked(folder, "corpus unpack"):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            if (folder / MANIFEST).is_file() and is_same(open_corpus(folder), index):
                return index
            raise CorpusError(f"{folder}: something else is there already; choose another place")
        with building(folder) as new:
            (new / LAYERS).mkdir()
            for name in index.tables():
                tables.write_file(store, index, name, new / f"{name}.jsonl", tell)
            for file in index.files:
                bring_object(store, file.name, file.bytes, file.sha256, new / file.path)
    return index


def bring_object(store: Store, name: str, size: int, digest: str, place: Path) -> None:
    """An object into its place, whole or not at all, if it is what the index says."""
    make_folder(place.parent)
    room.check(place.parent, size, f"{name} of {store.address}")
    with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".", delete=False) as new:
        pass
    try:
        tables.bring(store, name, size, digest, Path(new.name))
        Path(new.name).chmod(0o644)
        Path(new.name).replace(place)
    finally:
        Path(new.name).unlink(missing_ok=True)
