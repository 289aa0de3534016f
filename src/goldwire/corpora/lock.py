"""One writer at a time: a lock of the operating system on a folder that is read, changed and written.

    FOLDER/.goldwire.lock          while somebody writes in FOLDER: the process, and what it does there
    .NAME.goldwire.lock            beside a folder NAME that is about to be made

The lock ends with its process, however that ends; what a killed one leaves is an empty claim, taken by the
next. It is held while files are changed, never while a system runs, a server is asked or a person is waited
for. Who only reads needs none: files are replaced whole.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from goldwire.corpora.atomic import check_on_disk
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.visible import word

NAME = ".goldwire.lock"
PACKED = ".goldwire.packed"  # in a folder of the cache: files of a packed corpus are in it
PATIENCE = 120.0  # seconds until a command gives up; writing takes seconds, grouping 100,000 texts a minute
SAY_AFTER = 1.0  # seconds until it says whom it waits for
_LOOK = 0.02  # seconds between two tries
# What `flock` says where a file system has no locks: NFS without its lock daemon, Lustre mounted without
# `flock`, some of FUSE.
_NONE = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL, errno.EBADF})

_log = logging.getLogger(__name__)  # without a handler, its warnings are lines on standard error


class _Held(threading.local):
    """The locks of this thread, by their files: a command that holds one may call what takes it again."""

    def __init__(self) -> None:
        self.paths: set[Path] = set()


_held = _Held()


@contextmanager
def locked(folder: Path, what: str) -> Iterator[None]:
    """Keep all other writers out of a folder, or from making it; `what` is said to those who wait.

    Raises `CorpusError` if the folder cannot be written, is an address or that of a packed corpus, or another
    process has it for `PATIENCE` seconds.
    """
    check_on_disk(folder)
    check_own(folder)
    with ExitStack() as locks:
        locks.enter_context(_locked(_place(folder), what))
        # Where the folder was made by whom we waited for, its writers have another lock by now.
        locks.enter_context(_locked(_place(folder), what))
        clear(folder)
        yield


def check_own(folder: Path) -> None:
    """Raise `CorpusError` for a folder with files of a packed corpus: a change would be lost."""
    if (folder / PACKED).is_file():
        address = _address(folder)
        raise CorpusError(
            f"{address}: a packed corpus is not changed; unpack it "
            f"(`goldwire corpus unpack {word(address)} DIR`), change that, and pack it again to another "
            "address; a layer of the same documents is added with "
            "`goldwire corpus pack DIR ADDRESS --layer NAME`"
        )


def _address(folder: Path) -> str:
    """What a folder of the cache says that it is of; its path where it says nothing that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads((folder / PACKED).read_bytes())["address"])
    return str(folder)


def _place(folder: Path) -> Path:
    """The file to lock: in the folder, or beside it as long as there is none, or nothing in it."""
    whole = folder.resolve()
    if whole.is_dir() and any(whole.iterdir()):
        return whole / NAME
    return _beside(whole)


def _beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}{NAME}")


def clear(folder: Path) -> None:
    """Take away a file beside a folder that somebody left who was killed just when the folder was made."""
    path = _beside(folder.resolve())
    with suppress(CorpusError):
        if path not in _held.paths and path.exists():
            handle = _open(path)
            if grab(handle, path):
                _give_back(path, handle)
            else:
                os.close(handle)


@contextmanager
def _locked(path: Path, what: str) -> Iterator[None]:
    if path in _held.paths:
        yield
        return
    handle = _take(path, what)
    _held.paths.add(path)
    try:
        yield
    finally:
        _held.paths.discard(path)
        _give_back(path, handle)


def _take(path: Path, what: str) -> int:
    """The open file of a lock that is ours now."""
    began, said = time.monotonic(), False
    while True:
        handle = _open(path)
        try:
            if grab(handle, path):
                if _is_at(path, handle):
                    _sign(handle, what)
                    return handle
            else:
                said = _wait(path, time.monotonic() - began, said)
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except PermissionError:
            if not path.exists():
                raise
            return os.open(path, os.O_RDONLY)  # that of another user, which can be locked and not be signed
    except OSError as error:
        raise CorpusError(f"{path.parent}: cannot be written ({error.strerror})") from error


def _is_at(path: Path, handle: int) -> bool:
    """Whether the file we have locked is still the one in its place: whoever had it has taken it away."""
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(handle))
    return False


def _sign(handle: int, what: str) -> None:
    with suppress(OSError):  # a full disk, or another user's file: then those who wait are told less
        os.ftruncate(handle, 0)
        os.write(handle, f"process {os.getpid()} ({what})".encode())


def _give_back(path: Path, handle: int) -> None:
    """Take the file away while it is still locked, so that nobody locks one that goes."""
    try:
        if _is_at(path, handle):
            with suppress(OSError):
                path.unlink()
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)
    finally:
        os.close(handle)


def _wait(path: Path, waited: float, said: bool) -> bool:
    """Wait for a moment; whether it was said for whom."""
    if waited >= PATIENCE:
        raise CorpusError(
            f"{_folder(path)}: waited {PATIENCE:g} s for {_holder(path)}, which is writing there; run the "
            "same command again when it is done"
        )
    if waited >= SAY_AFTER and not said:
        _log.warning("%s: waiting for %s, which is writing there", _folder(path), _holder(path))
        said = True
    time.sleep(_LOOK)
    return said


def _folder(path: Path) -> Path:
    """The folder that a lock is for."""
    if path.name == NAME:
        return path.parent
    return path.with_name(path.name.removesuffix(NAME).removeprefix("."))


def _holder(path: Path) -> str:
    with suppress(OSError):
        return path.read_bytes().decode(errors="replace") or "another process"
    return "another process"


# ---------------------------------------------------------------- what file systems can
def grab(handle: int, path: Path) -> bool:
    """Lock an open file for this process alone; whether nobody else has it.

    Where the file system has no locks it counts as ours, and that is said, once for each file system.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NONE:
            raise CorpusError(f"{path}: cannot be locked ({error.strerror})") from error
        _tell_without(path, error.strerror or "")
    return True


_told: set[str] = set()


def _tell_without(path: Path, reason: str) -> None:
    system = file_system(path)
    if system not in _told:
        _told.add(system)
        _log.warning(
            "%s: %s has no locks (%s): run one goldwire command at a time there, or keep the corpus on a "
            "local disk (Lustre has locks when mounted with -o flock, NFS with its lock daemon)",
            path.parent,
            system,
            reason,
        )


def file_system(path: Path, read: Callable[[], str] = lambda: Path("/proc/self/mounts").read_text()) -> str:
    """The kind of file system that a path is on and where it is mounted, as far as it can be known.

    >>> file_system(Path("/data/work/x"), lambda: "/dev/a / ext4 rw 0 0\\nsrv:/x /data nfs4 rw 0 0\\n")
    'nfs4 at /data'
    """
    best = ("", "its file system")
    with suppress(OSError, UnicodeDecodeError):
        for line in read().splitlines():
            _, mounted, kind, *_ = line.split()
            place = mounted.encode().decode("unicode_escape")  # a space is \040 there
            if path.resolve().is_relative_to(place) and len(place) >= len(best[0]):
                best = (place, f"{kind} at {place}")
    return best[1]
