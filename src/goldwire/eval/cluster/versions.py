"""Versions that decide what is computed: equal on this machine, the scheduler's, and every worker's."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import goldwire

LIBRARIES = ("dask", "distributed", "msgspec", "numpy", "polars")


@cache
def here() -> dict[str, str]:
    """The versions of this process, by name."""
    major, minor, _ = platform.python_version_tuple()
    return {
        "goldwire": f"{goldwire.__version__} (code {_code()})",
        "python": f"{major}.{minor}",
        **{library: _version(library) for library in LIBRARIES},
    }


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def _code() -> str:
    """12 hexadecimal digits for code and data of the package: two states of it may have the same version."""
    root, found = Path(goldwire.__file__).parent, hashlib.sha256()
    for file in sorted(file for file in root.rglob("*") if file.suffix in (".py", ".toml")):
        found.update(file.relative_to(root).as_posix().encode() + b"\0")
        found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()[:12]


def unlike(ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[str]:
    """What differs, in words.

    >>> [*unlike({"numpy": "2.1", "python": "3.11"}, {"numpy": "2.0", "python": "3.11"})]
    ['numpy 2.0, here 2.1']
    """
    for name, own in ours.items():
        if theirs.get(name) != own:
            yield f"{name} {theirs.get(name, 'not known')}, here {own}"
