"""Files of articles: those given, in folders, of a pattern, and Parquet at addresses of a store.

    news/                 a folder, to the bottom; what is hidden or in the making is left out
    news/part-*.parquet   a pattern, where no shell has made files of it
    s3://BUCKET/news/     all Parquet there; or one object, or those of a pattern

Folders called `year=2024` give each row of the Parquet in them a column, as Hive and Spark write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import msgspec

from goldwire.corpora.errors import CorpusError
from goldwire.corpora.packed import address as addresses
from goldwire.corpora.packed.address import Address

PARQUET = ".parquet"
SUFFIXES = (".txt", ".jsonl", ".csv", ".html", ".htm", PARQUET)
SHOWN = 20  # files at an address that are named as passed over
_NOTHING = "__HIVE_DEFAULT_PARTITION__"
_PATTERN = re.compile(r"[*\[]")
_WHOLE = re.compile(r"-?[1-9][0-9]{0,17}|0")


class File(msgspec.Struct, frozen=True):
    """A file on this disk, or an object of a store by its `name` under an address; its `size` if known."""

    path: Path
    address: Address | None = None
    name: str = ""
    size: int | None = None

    @property
    def where(self) -> str:
        """What people call it."""
        return str(self.path) if self.address is None else f"{self.address}/{self.name}"

    @property
    def suffix(self) -> str:
        """The ending of its name, in lower case."""
        return self.path.suffix.lower()

    def beside(self) -> dict[str, str | int]:
        """The columns that its folders give, by name."""
        found = (part.partition("=") for part in PurePosixPath(self.where).parts[:-1])
        pairs = {unquote(name): unquote(value) for name, equals, value in found if equals and name}
        return {name: _number(value) for name, value in pairs.items() if value and value != _NOTHING}

    @contextmanager
    def here(self) -> Iterator[Path]:
        """The file on this disk until the end of the block; an object is brought there, and gone then.

        Raises `CorpusError` if it cannot be brought whole.
        """
        if self.address is None:
            yield self.path
            return
        from goldwire.corpora.packed import room, storage

        pieces = storage.connect(self.address).stream(self.name)
        if pieces is None:
            raise CorpusError(f"{self.where}: is there no more; run this again for what is there now")
        with room.working() as folder:
            room.check(folder, self.size or 0, f"reading {self.where}")
            place = folder / "brought.parquet"
            try:
                with place.open("wb") as file:
                    file.writelines(pieces)
            except OSError as error:
                raise CorpusError(f"{place}: cannot be written ({error.strerror})") from error
            if self.size not in (None, place.stat().st_size):
                raise CorpusError(f"{self.where}: did not come whole, or was changed; run this again")
            yield place


def _number(value: str) -> str | int:
    return int(value) if _WHOLE.fullmatch(value) else value


def find(paths: Iterable[Path]) -> tuple[list[File], list[str]]:
    """The files to read, each once, in order of path, and notes on what is there besides.

    Raises `CorpusError` for what is not there, or holds no article.
    """
    files: dict[Path | str, File] = {}
    notes: list[str] = []
    for path in paths:
        given = addresses.parse(path) if addresses.is_address(path) else None
        found = _at(given, notes) if given else _on_disk(path, notes)
        files |= {file.where if file.address else file.path.resolve(): file for file in found}
    return list(files.values()), notes


def _on_disk(path: Path, notes: list[str]) -> list[File]:
    inside = _inside(path)
    known = [p for p in inside if p.suffix.lower() in SUFFIXES]
    if not known:
        kinds = ", ".join(SUFFIXES)
        raise CorpusError(
            f"{path}: {'no file' if path.exists() else 'is not there; give one'} of {kinds}; "
            "`goldwire corpus formats` lists those of annotated files"
        )
    notes += [f"passed over: {p} (not one of {', '.join(SUFFIXES)})" for p in inside if p not in known]
    made = [p for p in known if path.is_dir() and _is_unfinished(p.relative_to(path), p.suffix)]
    notes += [f"passed over: {p} (in the making, or about other files, as its _ says)" for p in made]
    return [File(p) for p in known if p not in made]


def _inside(path: Path) -> list[Path]:
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file())
        return [p for p in inside if not _is_hidden(p.relative_to(path))]
    if not path.exists() and _PATTERN.search(path.name):
        return sorted(p for p in path.parent.glob(path.name) if p.is_file() and not p.name.startswith("."))
    return [path]


def _is_hidden(path: Path | PurePosixPath) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _is_unfinished(path: Path | PurePosixPath, suffix: str) -> bool:
    """Whether Parquet is what Spark has not finished yet, or about the Parquet beside it."""
    return suffix.lower() == PARQUET and any(part.startswith("_") and "=" not in part for part in path.parts)


# ---------------------------------------------------------------- at addresses
def _at(address: Address, notes: list[str]) -> list[File]:
    """The Parquet at an address: one object, those under a prefix, or those of a pattern."""
    base, pattern = _divided(address)
    if base.scheme == "file":
        root = Path(base.prefix)
        return _on_disk(root / pattern if pattern else root, notes)
    from goldwire.corpora.packed import storage

    if not pattern and base.prefix.lower().endswith(PARQUET):
        head, _, name = base.prefix.rpartition("/")
        above = msgspec.structs.replace(base, prefix=head)
        if storage.connect(above).stream(name) is not None:
            return [File(Path(name), above, name)]
    sizes = {entry.name: entry.size for entry in storage.connect(base).entries()}
    # What is empty and called otherwise stands for a folder, or for a job that is done.
    names = sorted(name for name, size in sizes.items() if size or name.lower().endswith(PARQUET))
    names = [name for name in names if not _is_hidden(PurePosixPath(name)) and _fits(name, pattern)]
    known = [name for name in names if name.lower().endswith(PARQUET)]
    known = [name for name in known if not _is_unfinished(PurePosixPath(name), PARQUET)]
    if not known:
        raise CorpusError(
            f"{address}: there is no object called *{PARQUET} ({len(names)} others); articles at addresses "
            "are read from Parquet, copy other files to this disk first"
        )
    besides = sorted({*names} - {*known})
    notes += [f"passed over: {base}/{name} (not *{PARQUET})" for name in besides[:SHOWN]]
    if len(besides) > SHOWN:
        notes.append(f"passed over: {len(besides) - SHOWN} more objects at {base}")
    return [File(Path(name), base, name, sizes[name]) for name in known]


def _divided(address: Address) -> tuple[Address, str]:
    """The part of an address before a pattern, and the pattern; empty if it has none."""
    parts = address.prefix.split("/")
    first = next((i for i, part in enumerate(parts) if _PATTERN.search(part)), len(parts))
    return msgspec.structs.replace(address, prefix="/".join(parts[:first])), "/".join(parts[first:])


def _fits(name: str, pattern: str) -> bool:
    """Whether the parts of a name fit those of a pattern; `**` is any number of them.

    >>> _fits("a/b.parquet", "*.parquet"), _fits("a/b.parquet", "*/b*"), _fits("a/b/c", "**/c")
    (False, True, True)
    """
    return not pattern or _fit(name.split("/"), pattern.split("/"))


def _fit(names: list[str], patterns: list[str]) -> bool:
    if not patterns or not names:
        return not names and all(pattern == "**" for pattern in patterns)
    if patterns[0] == "**":
        return _fit(names, patterns[1:]) or _fit(names[1:], patterns)
    return fnmatchcase(names[0], patterns[0]) and _fit(names[1:], patterns[1:])
