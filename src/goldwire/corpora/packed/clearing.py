"""Clearing of the cache of packed corpora: what was not used for longest goes where there is too much of it.

    CACHE/packed/.DIGEST.used    locked by every process that reads the folder DIGEST, until it ends

A folder that is in use stays, however large. A stored part may go at any moment: who has it open reads it to
the end, and who has not brings it again.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from goldwire.corpora.atomic import DAY
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.lock import PACKED
from goldwire.corpora.packed import kept, room

VARIABLE = "GOLDWIRE_CACHE_GB"
LARGEST = "50"  # GB that the cache may have if the variable says nothing
OBJECTS = "objects"  # in the cache: parts as they are stored, by their digest
_DIGEST = re.compile(r"[0-9a-f]{64}")
_held: dict[Path, int] = {}  # the open files that this process has locked, by their places


class _Unit(NamedTuple):
    """What goes as a whole: when it was used last, its bytes, and how it goes, which says whether it did."""

    used: float
    bytes: int
    path: Path
    remove: Callable[[Path], bool]


def hold(folder: Path) -> None:
    """Keep a folder of the cache until this process ends, whoever makes room meanwhile.

    Where the file system has no locks, folders are never cleared away.
    """
    place = _lock(folder)
    with suppress(OSError):
        if place not in _held:
            place.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                fcntl.flock(handle, fcntl.LOCK_SH)  # waits for who clears the folder away
            except OSError:
                os.close(handle)
                raise
            _held[place] = handle
        os.utime(place)


def make_room(need: int) -> None:
    """Clear away what is not used, oldest first, until so many bytes more are not too many.

    Too many are more than the variable says, or than the disk has, as far as it helps there. Raises
    `CorpusError` if the variable is no number.
    """
    most = _most()
    if not room.cache().is_dir():
        return
    units = [*_objects(), *_folders()]
    total = sum(unit.bytes for unit in units)
    short = need + room.SPARE - shutil.disk_usage(room.cache()).free
    excess = max(total + need - most, short if short <= total else 0)
    for unit in sorted(units, key=lambda unit: unit.used):
        if excess <= 0:
            return
        if unit.remove(unit.path):
            excess -= unit.bytes


def _most() -> float:
    value = os.environ.get(VARIABLE) or LARGEST
    with suppress(ValueError):
        if 0 <= (gigabytes := float(value)) < float("inf"):
            return gigabytes * 10**9
    raise CorpusError(f"{VARIABLE}: is {value!r}, not a number of gigabytes such as {LARGEST}")


# ---------------------------------------------------------------- stored parts
def _objects() -> Iterator[_Unit]:
    """All stored parts; what killed commands left beside them goes after a day."""
    folder = room.cache() / OBJECTS
    found = {}
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # somebody else clears, too
                found[entry.name] = entry.stat()
    for name, stat in found.items():
        if not name.startswith("."):
            noted = found.get(kept.note_name(name))
            used = 0.0 if noted is None else noted.st_mtime
            yield _Unit(used, stat.st_size, folder / name, _remove_object)
        elif not kept.is_note(name) and time.time() - stat.st_mtime > DAY:
            (folder / name).unlink(missing_ok=True)


def _remove_object(path: Path) -> bool:
    with suppress(OSError):
        kept.forget(path)
        path.unlink(missing_ok=True)
        return True
    return False


# ---------------------------------------------------------------- folders
def _folders() -> Iterator[_Unit]:
    """All folders of corpora."""
    with suppress(FileNotFoundError):
        for path in room.cache().iterdir():
            if _DIGEST.fullmatch(path.name) and path.is_dir():
                yield _Unit(_used(path), _size(path), path, _remove_folder)


def _used(folder: Path) -> float:
    with suppress(FileNotFoundError):
        return _lock(folder).stat().st_mtime
    return 0.0


def _size(folder: Path) -> int:
    size = 0
    for inside, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                size += Path(inside, name).stat().st_size
    return size


def _remove_folder(folder: Path) -> bool:
    """Take a folder away that no process has locked."""
    with suppress(OSError):
        handle = os.open(_lock(folder), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (folder / PACKED).unlink(missing_ok=True)  # killed half-way, it is no corpus
            shutil.rmtree(folder)
            return True
        finally:
            os.close(handle)
    return False


def _lock(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.used")
