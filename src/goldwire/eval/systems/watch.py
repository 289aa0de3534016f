"""Watched files: named by patterns, hashed by content; they decide an output and are not seen otherwise."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from goldwire.corpora import parts
from goldwire.corpora.codec import check_file, hash_file
from goldwire.corpora.errors import ExtractorError


def digests(patterns: Sequence[str], leave_out: Sequence[Path] = ()) -> dict[str, str]:
    """The SHA-256 of each file that patterns name, by its path from the working folder.

    A folder stands for all files in it, but for hidden ones and those of `__pycache__`. What is in
    `leave_out`, and files of parts, are passed over: they change with every run. Raises `ExtractorError` for
    a pattern that names no file, or a file that cannot be read.
    """
    beside = tuple(path.resolve() for path in leave_out)
    found: dict[str, str] = {}
    for pattern in patterns:
        files = [file for file in _files(pattern) if not _is_written(file, beside)]
        if not files:
            raise ExtractorError(f"watch: {pattern!r} names no file (looked in {Path.cwd()})")
        found.update((os.path.relpath(file), digest(file)) for file in files)
    return dict(sorted(found.items()))


def _is_written(file: Path, folders: Sequence[Path]) -> bool:
    """Whether a file is in one of some folders, or is that of a part, wherever people keep those."""
    return parts.is_file(file.name) or any(file.resolve().is_relative_to(folder) for folder in folders)


def _files(pattern: str) -> Iterator[Path]:
    for name in glob.iglob(pattern, recursive=True):  # noqa: PTH207 - a pattern may be absolute
        if os.path.isdir(name):  # noqa: PTH112 - a string, as glob gives it
            yield from _inside(name)
        elif os.path.isfile(name) and "__pycache__" not in Path(name).parts:  # noqa: PTH113 - as above
            yield Path(name)


def _inside(folder: str) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        yield from (Path(place, name) for name in names if not name.startswith("."))


def digest(file: Path) -> str:
    """The SHA-256 of a file, which need not fit into memory; `ExtractorError` if it cannot be read."""
    try:
        check_file(file, ExtractorError)
        return hash_file(file)
    except OSError as error:
        raise ExtractorError(f"{file}: cannot be read ({error.strerror})") from error
