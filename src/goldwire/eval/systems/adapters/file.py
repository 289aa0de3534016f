"""`file:PATH`: predictions that another system made, one line per document in the simple form."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.codec import read_bytes
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.predictions import Line, Prediction, read_lines
from goldwire.corpora.store import open_corpus
from goldwire.corpora.types import Document
from goldwire.eval.systems.extractor import Context, options

SHOWN = 10  # documents named in a note


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """None: a file says it all."""


class FileExtractor:
    """Gives back what a file says of each document; a document that it does not hold gets nothing.

    On a document whose line cannot be read it fails, as the line says why.
    """

    version = ""
    provides = frozenset({"mentions", "triggers", "arguments", "attributes", "relations", "clusters"})
    batch = 100  # nothing is computed: the messages are what costs

    def __init__(self, path: Path, lines: dict[str, Line], notes: tuple[str, ...] = ()) -> None:
        self.name = path.name
        self.notes = notes
        self._lines = lines

    def extract(self, documents: Sequence[Document]) -> Iterator[Prediction]:
        """The prediction of each document, one with `error` where there is none to be had."""
        for document in documents:
            line = self._lines.get(document.id)
            if line is None:
                yield Prediction(document=document.id)
            elif line.prediction is None:
                yield Prediction(document=document.id, error=line.reason)
            else:
                yield line.prediction


def load(target: str, context: Context) -> FileExtractor:
    """Read the file; `DataError` if not one of its lines is in the simple form."""
    options(context, Options)
    path = Path(target)
    lines = read_lines(path)
    found: dict[str, Line] = {}
    for line in lines:
        if line.document is not None:
            found.setdefault(line.document, line)
    ids = (
        [document.id for document in open_corpus(Path(context.corpus)).documents()] if context.corpus else []
    )
    return FileExtractor(path, found, (*_line_notes(lines), *(_notes(found, ids) if ids else ())))


def identity(target: str, context: Context) -> list[Any]:  # noqa: ARG001 - the file is all there is
    """The hash of the file."""
    if not target:
        raise ExtractorError("file: names no file")
    return [hashlib.sha256(read_bytes(Path(target), ExtractorError)).hexdigest()]


def _line_notes(lines: Sequence[Line]) -> Iterator[str]:
    """What is wrong with lines that fail no document."""
    nameless = [line.where for line in lines if line.document is None]
    if nameless:
        yield f"{len(nameless)} line(s) that name no document, left out: {_some(nameless)}"
    times = Counter(line.document for line in lines if line.document is not None)
    repeated = sorted(id for id, number in times.items() if number > 1)
    if repeated:
        yield f"{len(repeated)} document(s) with several lines, of which the first counts: {_some(repeated)}"


def _notes(predictions: dict[str, Line], ids: Sequence[str]) -> Iterator[str]:
    unmatched = sorted(predictions.keys() - set(ids))
    if unmatched:
        yield f"{len(unmatched)} prediction(s) for documents the corpus does not have: {_some(unmatched)}"
    missing = sorted(set(ids) - predictions.keys())
    if missing:
        yield f"{len(missing)} document(s) without a prediction, scored as empty: {_some(missing)}"


def _some(names: Sequence[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
