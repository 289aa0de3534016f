"""Kinds of what is rejected (a closed list), what of it stays in a line, and the one quarantine file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora import exclude
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import BROKEN, encode_lines
from goldwire.corpora.types import Annotations, Document, RawSpans, Rejected, Span

NOT_FOUND = "quote-not-found"  # the words stand in `Rejected.words`
TEXT_CORRECTED = "text-corrected"  # its spans, and `Rejected.words`, are of the text before
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
    "doubtful-offsets": "offsets without words, which fit words of the text only if they count UTF-16 units",
    NOT_FOUND: "the quoted words, given without a place, are not in the text",
    "excluded": "it touches an excluded region",
    TEXT_CORRECTED: "the text was corrected, and its words, or those of what it hangs on, are others now",
    "repeated-id": "its id is that of an earlier unit",
    "duplicate": "the same thing is said twice; the first is kept",
    "no-mention": "the mention or trigger it names is not there, or was rejected itself",
    "ambiguous": "several mentions are where it names one",
    "head-outside": "the head is not inside its mention",
    "contradiction": "two values for one attribute, or two clusters for one mention",
    "parts-differ": "parts that are said to be one unit have different labels",
    "not-coreferent": "a link that joins a mention and a trigger, or a unit and itself",
    "unknown-control": "its control is not in the labeling configuration",
    "unmatched-span": "a span with a role where there is no mention",
    # documents
    "failed": "the system failed on the document",
    "no-document": "a line that does not say which document it is for",
    "unknown-document": "the corpus has no document of this id or text",
    "ambiguous-document": "several documents have its text, and nothing says which of them is meant",
    "text-changed": "made for another text than the document has",
    "repeated-document": "the document has an earlier line",
    "no-text": "the task or record has no text that can be annotated",
    "superseded": "the same person did the same document again later",
    "base-changed": "the layer that it was made from is another one now",
}
# Kinds of units that stand where they say they do: only their label is wrong. They are judged by the rest.
IN_PLACE = frozenset({"unknown-type", "unknown-role", "filler-not-allowed"})
# Kinds of units of which the place is wrong and nothing else: what they say in words can still be compared.
MISPLACED = frozenset({NOT_FOUND, "words-differ", "outside-text", "empty-span", "parts-out-of-order"})
# Kinds that say nothing against whoever gave the unit: in the quarantine file only, never in a line.
TOLD_ONLY = frozenset({"excluded", "duplicate"})
_LARGEST = 2**63 - 1


def raw_spans(value: Any) -> RawSpans:
    """Spans as they were given, sound or not; () if they are not all pairs of integers of 64 bits.

    >>> raw_spans([[-1, 99]]), raw_spans([[0, "6"]])
    (((-1, 99),), ())
    """
    items = value if isinstance(value, list | tuple) else ()
    pairs = [tuple(item) for item in items if isinstance(item, list | tuple | Span)]
    whole = len(pairs) == len(items) and all(len(pair) == 2 and all(map(_fits, pair)) for pair in pairs)  # noqa: PLR2004
    return tuple(pairs) if whole else ()


def raw_value(raw: msgspec.Raw) -> Any:
    """An item as it came; its text where it cannot be read, for a number out of range or how deep it goes."""
    try:
        return msgspec.json.decode(raw)
    except BROKEN:
        return bytes(raw).decode("utf-8", "replace")


def _fits(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def in_line(items: Iterable[Rejected], document: Document) -> tuple[Rejected, ...]:
    """What of it stays in the line of the document: nothing in an excluded region, nothing that is told only.

    `where`, `document` and `value` are for the quarantine file: a line does not say how it came.
    """
    return tuple(
        msgspec.structs.replace(item, where="", document=None, value=None)
        for item in items
        if item.kind not in TOLD_ONLY and not is_excluded(item, document)
    )


def is_excluded(item: Rejected, document: Document) -> bool:
    """Whether a unit is in an excluded region, by its kind or by spans that are in the text."""
    if item.kind == TEXT_CORRECTED:
        return False
    return item.kind == "excluded" or any(
        _touches(spans, document) for spans in (item.spans, item.trigger) if document.excluded and spans
    )


def _touches(spans: RawSpans, document: Document) -> bool:
    inside = all(0 <= start <= end <= len(document.text) for start, end in spans)
    return inside and exclude.reason(tuple(Span(*pair) for pair in spans), document.excluded) is not None


def by_kind(items: Iterable[Rejected]) -> dict[str, int]:
    """How many there are of each kind, the most frequent first."""
    return dict(sorted(Counter(item.kind for item in items).items(), key=lambda pair: (-pair[1], pair[0])))


def tell(kinds: Mapping[str, int], *paths: Path | str) -> str:
    """How many of which kind were rejected, and where they are, in a line.

    >>> tell({"words-differ": 2, "unknown-type": 1}, "q.jsonl"), tell({})
    ('rejected: 2 words-differ, 1 unknown-type; see q.jsonl', 'rejected: nothing')
    """
    numbers = ", ".join(f"{number} {kind}" for kind, number in kinds.items()) or "nothing"
    return f"rejected: {numbers}" + (f"; see {', '.join(map(str, paths))}" if kinds and paths else "")


def survives(line: Annotations) -> bool:
    """Whether anything of a line is left: a unit, or the word of whoever made it that there is none."""
    units = line.mentions or line.events or line.relations
    return bool(units) or not (line.rejected or "failed" in line.provenance.details)


def is_all_rejected(lines: Iterable[Annotations], quarantined: Iterable[Rejected] = ()) -> bool:
    """Whether something was rejected and nothing is left; of nothing at all, False."""
    found = list(lines)
    return (bool(found) or any(True for _ in quarantined)) and not any(map(survives, found))


def write_quarantine(path: Path, items: Iterable[Rejected]) -> Path | None:
    """Put what was rejected where it can be looked at, one a line; no file where there is nothing."""
    found = list(items)
    if not found:
        path.unlink(missing_ok=True)
        return None
    write_atomic(path, encode_lines(found))
    return path
