"""Kept files of the cache, believed as long as they are the ones that were checked.

    FOLDER/.NAME.checked     which file was checked: its digest, size, number, and when it was changed;
                             its own time of change is when that file was used last

A file that is not as it was then is read and checked anew, which costs a second a gigabyte.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import BROKEN, hash_file
from goldwire.corpora.errors import CorpusError

_CHECKED = ".checked"


class _Checked(msgspec.Struct, frozen=True):
    """A file whose digest was worked out; `changed` are the times of its content and of its entry."""

    sha256: str
    size: int
    number: int
    changed: tuple[int, int]


def is_sound(path: Path, size: int, sha256: str) -> bool:
    """Whether a file is there and is the one of this size and digest."""
    try:
        now = _look(path, sha256)
        if now.size != size:
            return False
        return _read(path) == now or (hash_file(path) == sha256 and _mark(path, now))
    except OSError:
        return False


def use(path: Path) -> None:
    """Note that a file that was checked is used now."""
    with suppress(OSError):
        os.utime(_note(path))


def forget(path: Path) -> None:
    """Take away what was noted of a file."""
    _note(path).unlink(missing_ok=True)


def note_name(name: str) -> str:
    """The name of what is noted of a file, which lies beside it."""
    return f".{name}{_CHECKED}"


def is_note(name: str) -> bool:
    """Whether a name is that of what is noted of a file."""
    return name.startswith(".") and name.endswith(_CHECKED)


def mark(path: Path, sha256: str) -> None:
    """Note that a file was checked, which was put into its place just now."""
    with suppress(OSError):
        _mark(path, _look(path, sha256))


def _look(path: Path, sha256: str) -> _Checked:
    found = os.stat(path)  # noqa: PTH116 - as often as a command asks for the file
    return _Checked(sha256, found.st_size, found.st_ino, (found.st_mtime_ns, found.st_ctime_ns))


def _note(path: Path) -> Path:
    return path.with_name(note_name(path.name))


def _read(path: Path) -> _Checked | None:
    try:
        return msgspec.json.decode(_note(path).read_bytes(), type=_Checked)
    except (OSError, *BROKEN):
        return None


def _mark(path: Path, now: _Checked) -> bool:
    with suppress(CorpusError):  # no room: it is checked again the next time
        write_atomic(_note(path), msgspec.json.encode(now))
    return True
