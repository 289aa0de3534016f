"""Which documents are meant: all, those of a file, of a split, or those that have a line in a layer."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec

from goldwire.corpora import encodings, splits
from goldwire.corpora.codec import read_bytes, read_lines
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import Corpus

SHOWN = 10  # ids named in a message; the rest is counted


class _Line(msgspec.Struct, frozen=True):
    """What of a layer's line says which document it is for."""

    document: str


def select(corpus: Corpus, text: str) -> frozenset[str]:
    """The ids of the documents that `text` names: `all`, `split:NAME`, `layer:NAME`, or a file of ids.

    `layer:NAME` are the documents that have a line in that layer, whatever the line holds; a file has an id
    a line. Raises `CorpusError` where there is no such split, layer, file or document, and where no document
    is left; `all` and `split:` in front of a file's name are told apart from it by `./`.
    """
    kind, colon, name = text.partition(":")
    if text == "all":
        found = frozenset(corpus.hashes())
    elif colon and kind == "split":
        found = _of_split(corpus, name)
    elif colon and kind == "layer":
        found = _of_layer(corpus, name)
    else:
        found = _of_file(corpus, Path(text))
    if not found:
        raise CorpusError(f"{text!r} names none of the {len(corpus.hashes())} document(s) of {corpus.path}")
    return found


def named(ids: Collection[str]) -> str:
    """Ids for a message, sorted: the first few by name, the rest by number.

    >>> named(["b", "a"])
    'a, b'
    """
    first = ", ".join(sorted(ids)[:SHOWN])
    return f"{first} and {len(ids) - SHOWN} more" if len(ids) > SHOWN else first


def _of_split(corpus: Corpus, name: str) -> frozenset[str]:
    parts = splits.parts(corpus)
    if name not in parts:
        raise CorpusError(f"{corpus.path}: no split {name!r}; there are: {', '.join(parts)}")
    return frozenset(parts[name])


def _of_layer(corpus: Corpus, name: str) -> frozenset[str]:
    path = corpus.layer_path(name)
    if not path.is_file():
        there = ", ".join(corpus.layers()) or "none"
        raise CorpusError(f"{corpus.path}: no layer {name!r}; there are: {there}")
    return _known(corpus, frozenset(line.document for line in read_lines(path, _Line)), str(path))


def _of_file(corpus: Corpus, path: Path) -> frozenset[str]:
    if not path.is_file():
        raise CorpusError(f"{path}: no file of ids, and not `all`, `split:NAME` or `layer:NAME` either")
    lines = encodings.decode(read_bytes(path), str(path)).split("\n")
    return _known(corpus, frozenset(line.strip() for line in lines if line.strip()), str(path))


def _known(corpus: Corpus, ids: frozenset[str], where: str) -> frozenset[str]:
    if unknown := ids - corpus.hashes().keys():
        raise CorpusError(
            f"{where}: {len(unknown)} of {len(ids)} ids are not in {corpus.path}: {named(unknown)}; "
            f"`goldwire corpus show` lists its documents"
        )
    return ids
