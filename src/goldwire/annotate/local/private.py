"""Files for their owner alone: passwords and tokens, whole or not at all, at no moment readable by others."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from goldwire.corpora.errors import ServerError


@contextlib.contextmanager
def owned(path: Path) -> Iterator[int]:
    """A new file to append to, readable by its owner alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write(path: Path, data: bytes) -> None:
    """Put a secret at `path`."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    with owned(temporary) as descriptor:
        os.write(descriptor, data)
        os.fsync(descriptor)
    temporary.replace(path)


def check(path: Path) -> None:
    """Raise `ServerError` for a file that others than its owner can read, or change."""
    with contextlib.suppress(OSError):
        if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ServerError(f"{path}: others than you may open it; first: chmod 600 {path}")
