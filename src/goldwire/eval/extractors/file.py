"""`file:PATH`: predictions that another system made, one line per document in the simple form."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.codec import read_lines
from goldwire.corpora.errors import DataError, ExtractorError, Fault
from goldwire.corpora.simple import Prediction
from goldwire.corpora.store import open_corpus
from goldwire.corpora.types import Document
from goldwire.eval.extractors import Context, options

SHOWN = 10  # documents named in a note


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """None: a file says it all."""


class FileExtractor:
    """Gives back what a file says of each document; a document that it does not hold gets nothing."""

    version = ""
    provides = frozenset({"mentions", "triggers", "arguments", "attributes", "relations", "clusters"})
    batch = 100  # nothing is computed: the messages are what costs

    def __init__(self, path: Path, predictions: dict[str, Prediction], notes: tuple[str, ...] = ()) -> None:
        self.name = path.name
        self.notes = notes
        self._predictions = predictions

    def extract(self, documents: Sequence[Document]) -> Iterator[Prediction]:
        """The prediction of each document; whether it was made for this text is seen by the runner."""
        for document in documents:
            yield self._predictions.get(document.id, Prediction(document=document.id))


def load(target: str, context: Context) -> FileExtractor:
    """Read and check the file; `DataError` if a line is not in the simple form or a document comes twice."""
    options(context, Options)
    path = Path(target)
    predictions = read_lines(path, Prediction)
    faults = [*_document_faults(predictions, str(path))]
    if faults:
        raise DataError(f"{path}: {len(faults)} fault(s); nothing was read", faults)
    found = {str(prediction.document): prediction for prediction in predictions}
    ids = (
        [document.id for document in open_corpus(Path(context.corpus)).documents()] if context.corpus else []
    )
    return FileExtractor(path, found, tuple(_notes(found, ids)) if ids else ())


def identity(target: str, context: Context) -> list[Any]:  # noqa: ARG001 - the file is all there is
    """The hash of the file."""
    try:
        return [hashlib.sha256(Path(target).read_bytes()).hexdigest()]
    except OSError as error:
        raise ExtractorError(f"{target or 'file:'}: cannot be read ({error.strerror})") from error


def _document_faults(predictions: Sequence[Prediction], where: str) -> Iterator[Fault]:
    for id, times in Counter(prediction.document for prediction in predictions).items():
        if id is None:
            yield Fault(where, "$.document", f"is missing in {times} line(s)")
        elif times > 1:
            yield Fault(where, "$.document", f"{id!r} occurs {times} times")


def _notes(predictions: dict[str, Prediction], ids: Sequence[str]) -> Iterator[str]:
    unmatched = sorted(predictions.keys() - set(ids))
    if unmatched:
        yield f"{len(unmatched)} prediction(s) for documents the corpus does not have: {_some(unmatched)}"
    missing = sorted(set(ids) - predictions.keys())
    if missing:
        yield f"{len(missing)} document(s) without a prediction, scored as empty: {_some(missing)}"


def _some(names: Sequence[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
