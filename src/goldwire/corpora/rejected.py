"""What is turned away, why, and the file that keeps it: the kinds are a closed list."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from goldwire.corpora.codec import encode_lines
from goldwire.corpora.store import write_atomic
from goldwire.corpora.types import Rejected

# Every kind there is, and what it says. docs/rejected.md shows this table.
KINDS: dict[str, str] = {
    # units
    "malformed": "not of the form that it should have: a field is missing, unknown or of another type",
    "unknown-type": "the ontology has no such type, and the label map no counterpart of the label",
    "unknown-role": "the type of event has no such role",
    "filler-not-allowed": "the role, or the end of the relation, does not take this type of mention",
    "unknown-value": "the attribute is not one of this type, or has no such value",
    "unlabelled": "a region or an arrow without a label",
    "empty-span": "no span, or a span without a character",
    "outside-text": "offsets that are not in the text",
    "parts-out-of-order": "parts of a discontinuous unit that overlap or are not in the order of the text",
    "words-differ": "the words that came with it are not those at its offsets",
    "quote-not-found": "the quoted words are not in the text",
    "excluded": "it touches an excluded region",
    "repeated-id": "its id is that of an earlier unit",
    "no-mention": "the mention it names is not there, or was rejected itself",
    "head-outside": "the head is not inside its mention",
    "contradiction": "two values for one attribute, or the same thing said in two ways",
    "parts-differ": "parts that are said to be one unit have different labels",
    "not-coreferent": "a link that joins a mention and a trigger, or a unit and itself",
    "unknown-control": "its control is not in the labeling configuration",
    "unmatched-span": "a span with a role where there is no mention",
    # documents
    "failed": "the system failed on the document",
    "no-document": "a line that does not say which document it is for",
    "unknown-document": "the corpus has no document of this id or text",
    "text-changed": "made for another text than the document has",
    "repeated-document": "the document has an earlier line",
    "no-text": "the task has no text",
    "superseded": "the same person did the same document again later",
    "base-changed": "the layer that it was made from is another one now",
}
# Kinds of units that stand where they say they do: only their label is wrong. They are judged by the rest.
IN_PLACE = frozenset({"unknown-type", "unknown-role", "filler-not-allowed"})


def write_quarantine(path: Path, items: Iterable[Rejected]) -> Path | None:
    """Put what was rejected where it can be looked at, one a line; no file where there is nothing."""
    found = list(items)
    if not found:
        path.unlink(missing_ok=True)
        return None
    write_atomic(path, encode_lines(found))
    return path
