"""Names of files that stay apart on every system: Windows keeps some for itself, others know no case.

A corpus goes from Linux to Windows and macOS by archive and version control. There `CON.jsonl` is a device,
`Gold.jsonl` and `gold.jsonl` are one file, and so are two spellings of `é`. Such names are refused where a
file is made. What is there already can be read and replaced; ids inside files are not touched.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePath

from goldwire.corpora.errors import CorpusError

# Devices, with any ending or none; see "Naming Files, Paths, and Namespaces" in Microsoft's documentation of
# Win32. The digits of COM and LPT may be superscript.
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"]
)


def reason(name: str) -> str | None:
    """Why a file of this name cannot be on every system; None if it can.

    >>> reason("aux.jsonl"), reason("notes. "), reason("gold.jsonl")
    ("'AUX' is a device on Windows", 'Windows drops the dot or space at its end', None)
    """
    stem = name.partition(".")[0].rstrip(" ").upper()
    if stem in _DEVICES:
        return f"{stem!r} is a device on Windows"
    if name.endswith((".", " ")) and name.strip("."):
        return "Windows drops the dot or space at its end"
    return None


def fold(name: str) -> str:
    """What is the same for two names that some file system takes for one.

    >>> fold("Caf\\u00e9") == fold("cafe\\u0301")
    True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def check_new(root: Path, name: PurePath) -> None:
    """Raise `CorpusError` unless a file (with its folders) can be made in `root`, or is there already."""
    folder = root
    for part in name.parts:
        there: list[str] = []
        with suppress(OSError):  # not there yet, or to be passed through without being looked at
            there = [item.name for item in folder.iterdir()]
        if part not in there:
            _check(part, there, str(folder / part))
        folder = folder / part


def check_apart(names: Iterable[str], where: str) -> None:
    """Raise `CorpusError` unless files of these names, which may have folders, can be made side by side."""
    seen: dict[tuple[str, str], str] = {}
    for name in names:
        folder = ""
        for part in PurePath(name).parts:
            _check(part, [seen.setdefault((folder, fold(part)), part)], f"{where}: {name}")
            folder = f"{folder}/{part}"


def _check(name: str, others: Iterable[str], where: str) -> None:
    if (why := reason(name)) is not None:
        raise CorpusError(f"{where}: no file can be called {name!r} everywhere ({why}); choose another name")
    folded = fold(name)
    twin = next((other for other in others if other != name and fold(other) == folded), None)
    if twin is not None:
        raise CorpusError(
            f"{where}: {name!r} and {twin!r} differ only by case or by the coding of accents, and are one "
            "file on Windows or macOS; choose another name"
        )
