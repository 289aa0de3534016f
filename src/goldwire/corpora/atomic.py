"""Atomic writing: files and folders appear whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import glob
import hashlib
import os
import platform
import re
import shutil
import stat
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Self

from goldwire.corpora.errors import CorpusError
from goldwire.corpora.names import check_new

DAY = 86_400  # seconds
_ADDRESS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+):/")  # how an address begins that is taken as a path


def write_atomic(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Put `data`, or its parts, at `path` whole or not at all, surviving a kill or a power cut at any moment.

    Folders on the way are made. A device or a pipe takes the data and stays what it is. Raises `CorpusError`
    if the place cannot be written.
    """
    if _is_stream(path):
        _send(path, data)
        return
    temporary = beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_stale(path)
        _write(temporary, data)
        temporary.replace(path)
        sync(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise CorpusError(f"{path}: cannot be written ({error.strerror})") from error


def _is_stream(path: Path) -> bool:
    """Whether what is there takes data and keeps none, such as `/dev/null` or a pipe to another program.

    A file in its place would be read by nobody, and `/dev/null` would be gone for all of the machine.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # nothing there, or no name of a file: told when it is written
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)


def _send(path: Path, data: bytes | Iterable[bytes]) -> None:
    try:
        with path.open("wb") as file:
            file.writelines([data] if isinstance(data, bytes) else data)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be written ({error.strerror})") from error


class Staged:
    """A file that grows beside `path` and takes its place as a whole; use it in a `with` statement.

    What is not put there is gone at the end of the block. Raises `CorpusError` where it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.temporary = path, beside(path)

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            remove_stale(self.path)
            self._file = self.temporary.open("wb")
        except OSError as error:
            raise self._told(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self.temporary.unlink()

    def write(self, data: bytes) -> None:
        """Put data at its end."""
        try:
            self._file.write(data)
        except OSError as error:
            raise self._told(error) from error

    def close(self) -> None:
        """See to it that all of it is on the disk; no more is written."""
        try:
            self._file.flush()
            os.fsync(self._file)
            self._file.close()
        except OSError as error:
            raise self._told(error) from error

    def put(self) -> None:
        """Put it in its place."""
        try:
            self.temporary.replace(self.path)
            sync(self.path.parent)
        except OSError as error:
            raise self._told(error) from error

    def _told(self, error: OSError) -> CorpusError:
        return CorpusError(f"{self.path}: cannot be written ({error.strerror})")


def check_on_disk(path: Path) -> None:
    """Raise `CorpusError` for an address: a folder called `s3:` would be taken for the bucket.

    What comes after its scheme is not repeated, for it may hold a key.
    """
    found = _ADDRESS.match(str(path))
    if found and not Path(f"{found[1]}:").is_dir():
        raise CorpusError(
            f"{found[1]}://…: an address, and this is written to a disk of this machine; name a file or "
            "folder, and copy what is there with the tools of the store (a corpus: `goldwire corpus pack`)"
        )


def make_folder(path: Path) -> None:
    """Make a folder, unless it is there. Raises `CorpusError` if it cannot be made."""
    check_on_disk(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be made ({error.strerror})") from error


def write_output(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Put a file where a person wants it: `write_atomic`, under a name that can be new there."""
    check_new(path.parent, Path(path.name))
    write_atomic(path, data)


def write_folder(
    path: Path, contents: Mapping[str, bytes | Iterable[bytes]], folders: Sequence[str] = ()
) -> None:
    """Make a folder of files, or their parts, and folders, by relative name, all or nothing.

    `path` is absent or empty.
    """
    with building(path) as new:
        for name in folders:
            (new / name).mkdir(parents=True)
        for name, data in contents.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            _write(new / name, data)


@contextmanager
def building(path: Path) -> Iterator[Path]:
    """A folder to be filled, which is at `path` whole when the block ends, or not at all.

    `path` is absent or empty. Raises `CorpusError` if the place cannot be written.
    """
    new = beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_stale(path)
        new.mkdir(parents=True)
        yield new
        for folder in (new, *(item for item in new.rglob("*") if item.is_dir())):
            sync(folder)
        new.rename(path)
        sync(path.parent)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _write(path: Path, data: bytes | Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines([data] if isinstance(data, bytes) else data)
        file.flush()
        os.fsync(file.fileno())


def beside(path: Path) -> Path:
    """Where this process writes what comes to be at `path`: `remove_stale` clears it away if it is killed."""
    if not path.name or path.name == "..":
        raise CorpusError(f"{path}: is a folder; name a file in it")
    check_on_disk(path)
    return path.with_name(f".{path.name}.{_machine()}-{os.getpid()}.tmp")


@cache
def _machine() -> str:
    """This machine among those that share a folder: on two, processes may have one number."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def remove_stale(path: Path) -> None:
    """Clear what killed writers of `path` left beside it; those still running keep theirs.

    Of those on other machines nothing is known here: they keep theirs for a day.
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        if not _is_held(left):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


def _is_held(left: Path) -> bool:
    """Whether somebody may still write what is beside its place."""
    machine, _, process = left.name.split(".")[-2].rpartition("-")
    if machine not in ("", _machine()):
        with suppress(FileNotFoundError):  # it is in its place by now
            return time.time() - left.stat().st_mtime < DAY
        return True
    return process.isdigit() and int(process) != os.getpid() and _runs(int(process))


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def sync(path: Path) -> None:
    """See to it that a file, or what a folder lists, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
