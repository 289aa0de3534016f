"""Room on this machine: the cache of packed corpora, places to work, and whether the disk has enough."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from goldwire.corpora.atomic import beside, make_folder, remove_stale
from goldwire.corpora.errors import CorpusError

_WORK = "work"
SPARE = 2**24  # bytes that are left free


def cache() -> Path:
    """Where what was brought from packed corpora is kept, by the digest of their index."""
    import platformdirs

    return platformdirs.user_cache_path("goldwire") / "packed"


@contextmanager
def working() -> Iterator[Path]:
    """An empty folder, gone when the block ends; those of processes that were killed are cleared away."""
    own = beside(cache() / _WORK)
    if not own.is_dir():
        make_folder(cache())
        remove_stale(cache() / _WORK)
        make_folder(own)
    folder = Path(tempfile.mkdtemp(dir=own))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # others of this process may be at work
            own.rmdir()


def check(place: Path, need: int, what: str) -> None:
    """Raise `CorpusError` unless so many bytes can be written near a place."""
    near = next((folder for folder in (place, *place.absolute().parents) if folder.exists()), Path("/"))
    free = shutil.disk_usage(near).free
    if need + SPARE > free:
        raise CorpusError(
            f"{near}: {what} needs {amount(need)} there, and {amount(free)} are free; make room, or name a "
            "place on another disk (for the cache by XDG_CACHE_HOME)"
        )


def amount(size: int) -> str:
    """A number of bytes for people.

    >>> amount(999), amount(64 * 10**6), amount(3_210_000_000)
    ('999 bytes', '64 MB', '3.2 GB')
    """
    if size < 10**6:
        return f"{size:,} bytes"
    return f"{size / 10**6:.0f} MB" if size < 10**9 else f"{size / 10**9:.1f} GB"
