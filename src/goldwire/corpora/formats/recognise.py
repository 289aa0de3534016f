"""Recognises what files are by their content, or says what they are that is not read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from goldwire.corpora import formats
from goldwire.corpora.coverage import shown
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.formats import unread
from goldwire.corpora.formats.head import Head, look

ARTICLES = (".txt", ".html", ".htm")  # files that are an article each if they are in no format


class Found(NamedTuple):
    """The format of files, None if they are in none that is known; which they are, and what is to be said."""

    format: str | None
    paths: list[Path]
    notes: list[str]


def recognise(paths: Sequence[Path]) -> Found:
    """The one format that all paths are in; a folder is in it as a whole, or each of its files is.

    Raises `CorpusError` where files are in a format that is not read, in several, or not all in the same.
    """
    kinds: dict[Path, tuple[str, ...]] = {}
    notes: list[str] = []
    every_format = formats.names()  # asked once: installed packages are searched for it
    for path in paths:
        found, passed = _of_path(path, every_format)
        kinds |= found
        notes += [f"passed over: {item} (in no format that is known)" for item in passed]
    every = set(kinds.values())
    if every <= {()}:
        return Found(None, list(paths), [])
    if () in every:
        raise CorpusError(_mixed(kinds))
    common = [name for name in every_format if all(name in names for names in every)]
    if len(common) != 1:
        raise CorpusError(_tie(kinds, common))
    return Found(common[0], list(kinds), notes)


def _of_path(path: Path, known: Sequence[str]) -> tuple[dict[Path, tuple[str, ...]], list[Path]]:
    """Formats by path: of the path itself, or of the files in a folder; and files there that are nothing."""
    head = look(path)
    if names := _of_head(head, known):
        return {path: names}, []
    if not head.names:
        return {path: _nameless(head)}, []
    inside = {path / name: _of_head(look(path / name), known) for name in head.names}
    if not any(inside.values()):
        return {path: ()}, []
    passed = [file for file, names in inside.items() if not names and file.suffix.lower() not in ARTICLES]
    return {file: names for file, names in inside.items() if file not in passed}, passed


def _of_head(head: Head, known: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in known if formats.recognises(name, head))


def _nameless(head: Head) -> tuple[str, ...]:
    """No format; an error if it is known as one that is not read."""
    if (what := unread.name(head)) is not None:
        this, _, hint = what.partition("; ")
        raise CorpusError(f"{head.path}: this is {this}, which is not read{f' ({hint})' if hint else ''}")
    return ()


def _mixed(kinds: dict[Path, tuple[str, ...]]) -> str:
    known = [f"{path} ({' or '.join(names)})" for path, names in kinds.items() if names]
    rest = [str(path) for path, names in kinds.items() if not names]
    return (
        f"some of the files are annotated, {shown(known)}, and some are in no format that is known, "
        f"{shown(rest)}: give them one by one, or say what all are by --format"
    )


def _tie(kinds: dict[Path, tuple[str, ...]], common: Iterable[str]) -> str:
    names = list(common)
    if names:
        files = shown([str(path) for path in kinds])
        return f"{files}: can be read as {' or '.join(names)}; say which by --format"
    told = [f"{path} is {' or '.join(found)}" for path, found in kinds.items()]
    return f"the files are in several formats, {shown(told)}: give them one by one"
