"""Files that workers share with this machine: the same ones, or copies that are equal.

A file on a shared folder has the same size and time of change everywhere. A copy may have another time; then
contents are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from goldwire.corpora.codec import hash_file
from goldwire.corpora.errors import ClusterError


class SharedFile(msgspec.Struct, frozen=True):
    """A file as this machine sees it: size in bytes, when it was changed, and, if need be, its SHA-256."""

    path: str
    size: int
    changed: int
    sha256: str = ""


def look(paths: Iterable[Path], *, whole: bool = False) -> tuple[SharedFile, ...]:
    """Files as they are on this machine; with their hashes if `whole`."""
    return tuple(_look(path, whole) for path in paths)


def _look(path: Path, whole: bool) -> SharedFile:
    path = path.resolve()
    size, changed = _state(path)
    return SharedFile(str(path), size, changed, _sha256(str(path), size, changed) if whole else "")


def _state(path: Path) -> tuple[int, int]:
    with path.open("rb") as file:  # NFS looks at the server's file when it is opened, not when it is asked
        file.seek(0, 2)
        found = path.stat()
    return found.st_size, found.st_mtime_ns


@lru_cache(maxsize=64)
def _sha256(path: str, size: int, changed: int) -> str:  # noqa: ARG001 - what a kept hash is of
    return hash_file(Path(path))


def need_hashes(files: Sequence[SharedFile]) -> bool:
    """Whether a file is here with another time, so that its content decides.

    Raises `ClusterError` where one is not there, or is another one at the first glance.
    """
    return [*map(_compare, files)].count(True) > 0


def check(files: Iterable[SharedFile]) -> None:
    """Raise `ClusterError` unless files are here as they were on the machine that looked at them."""
    for file in files:
        if _compare(file):
            raise ClusterError(
                f"{file.path} was changed since the command began, or is another file here; run the command "
                "again when nobody writes to the corpus"
            )


def _compare(file: SharedFile) -> bool:
    """Whether a file differs in its time alone, with nothing known of its content."""
    path = Path(file.path)
    try:
        size, changed = _state(path)
    except OSError as error:
        raise ClusterError(
            f"does not see {file.path} ({error.strerror}); put the corpus on a folder that all machines "
            "share under this path, or pack it (`goldwire corpus pack`)"
        ) from error
    if size != file.size or (
        changed != file.changed and file.sha256 and _sha256(file.path, size, changed) != file.sha256
    ):
        raise ClusterError(
            f"{file.path} has another content there ({size:,} bytes; {file.size:,} on this machine); put the "
            "corpus on a folder that all machines share, and let nobody write to it meanwhile"
        )
    return changed != file.changed and not file.sha256
