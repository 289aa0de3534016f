"""Corpora that ship with Goldwire, and gold for texts that cannot ship.

A folder with `corpus.toml` is a corpus. A folder with `gold.jsonl` alone is a stand-off layer without its
texts: it binds to a user's own copy of an article when the SHA-256 of the text is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from goldwire.corpora.atomic import write_folder
from goldwire.corpora.codec import read_lines
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.lock import locked
from goldwire.corpora.offsets import by_text
from goldwire.corpora.spool import Chosen, Documents
from goldwire.corpora.store import MANIFEST, Corpus, open_corpus
from goldwire.corpora.types import Annotations, Document

GOLD = "gold"


def names() -> list[str]:
    """The corpora that ship with their texts, sorted.

    >>> "mazar-2021" in names()
    True
    """
    return [folder.name for folder in _folders() if (folder / MANIFEST).is_file()]


def standoff() -> list[str]:
    """The gold layers that ship without their texts, sorted."""
    return [folder.name for folder in _folders() if not (folder / MANIFEST).is_file()]


def open(name: str) -> Corpus:  # noqa: A001 - library.open(name) is how it reads
    """A corpus that ships, in place: read it, and `copy` it before writing."""
    return open_corpus(_path(name, names()))


def copy(name: str, path: Path) -> Corpus:
    """A corpus that ships, copied to a folder of the user's that is absent or empty, all or nothing."""
    source = _path(name, names())
    inside = (item for item in source.rglob("*") if item.is_file() and item.suffix != ".pyc")
    contents = {item.relative_to(source).as_posix(): item.read_bytes() for item in inside}
    with locked(path, f"copies {name}"):
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise CorpusError(f"{path}: is there already; choose another place")
        write_folder(path, contents)
    return open_corpus(path)


def read_standoff(name: str) -> list[Annotations]:
    """The gold layer of a name in `standoff`, as it ships: document ids are those it was made with."""
    return read_lines(_path(name, standoff()) / f"{GOLD}.jsonl", Annotations)


def bind(annotations: Iterable[Annotations], documents: Iterable[Document]) -> list[Annotations]:
    """The annotations whose text one of the documents has, under its id; see `doubtful` for the others."""
    ids = by_text(documents)
    return [
        msgspec.structs.replace(item, document=ids[item.sha256][0])
        for item in annotations
        if len(ids.get(item.sha256, ())) == 1
    ]


def doubtful(annotations: Iterable[Annotations], documents: Iterable[Document]) -> str:
    """The ids of documents that annotations fit which fit others too; empty if there are none."""
    ids = by_text(documents)
    several = (ids.get(item.sha256, ()) for item in annotations)
    return "; ".join(", ".join(found) for found in several if len(found) > 1)


def fitting(documents: Documents) -> Documents:
    """Those of documents that have a text for which gold ships."""
    texts = {item.sha256 for name in standoff() for item in read_standoff(name)}
    return Chosen(documents, [number for number, one in enumerate(documents) if one.sha256 in texts])


def gold_for(documents: Documents) -> dict[str, list[Annotations]]:
    """The gold that ships for some of these texts, by the name of its set; sets that fit none are absent."""
    some = fitting(documents)
    bound = {name: bind(read_standoff(name), some) for name in standoff()}
    return {name: annotations for name, annotations in bound.items() if annotations}


def _folders() -> list[Path]:
    root = Path(__file__).parent
    return sorted(item for item in root.iterdir() if item.is_dir() and not item.name.startswith(("_", ".")))


def _path(name: str, known: list[str]) -> Path:
    if name not in known:
        raise CorpusError(f"no {name!r} ships with Goldwire; there are: {', '.join(known) or 'none'}")
    return Path(__file__).parent / name
