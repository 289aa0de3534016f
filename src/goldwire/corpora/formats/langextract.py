"""LangExtract's JSON lines, as `save_annotated_documents` writes them, and what looks like them.

Form: langextract's `data.py` (`AnnotatedDocument`, `Extraction`, `CharInterval`); offsets count code points.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from goldwire.corpora import predictions
from goldwire.corpora.formats import Facts
from goldwire.corpora.formats.gather import Gathering, Place
from goldwire.corpora.formats.records import Records, fields, id_of, items_of, listed, text_of
from goldwire.corpora.offsets import surface
from goldwire.corpora.types import Provenance, Rejected


class _Interval(msgspec.Struct, frozen=True):
    start_pos: int | None = None
    end_pos: int | None = None


class _Extraction(msgspec.Struct, frozen=True):
    extraction_class: str
    extraction_text: str
    char_interval: _Interval | None = None
    attributes: dict[str, Any] | None = None
    description: str | None = None


class LangExtract(Records):
    """LangExtract's JSON lines: a `text` and its `extractions`, each a class and words of the text.

    An extraction is a mention where its `char_interval` has its words, but for case and spacing. Where it has
    none, or one of other words (LangExtract also gives the part that it recognised), the words are looked
    for as in the simple form: the k-th extraction of some words stands at their k-th place, and words that
    are not in the text are rejected. Attributes that are text are kept. A document is called by its
    `document_id`, else by its number.

    Not kept: attributes that are no text, descriptions, groups, how words were aligned. Read only.
    """

    FACTS = Facts(
        about="LangExtract's JSON lines, extractions of a language model with their words",
        loss="attributes that are no text, descriptions, groups",
        coverage="a line for the document",
        example="goldwire corpus import work extractions.jsonl --format langextract --layer system/x",
    )

    def fits(self, record: Any) -> bool:
        """A text, and extractions that are a list of objects with a class and words."""
        if not isinstance(record, dict) or not isinstance(record.get("text"), str):
            return False
        found = record.get("extractions")
        return isinstance(found, list) and all(_is_extraction(item) for item in found)

    def may_fit(self, record: Any) -> bool:
        """As `fits`, or a document from which nothing came."""
        return self.fits(record) or (isinstance(record, dict) and {"text", "extractions"} <= record.keys())

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        line = fields(record, "text", "extractions")
        place = gathering.text(id_of(line.get("document_id")), text_of(line), where, record)
        if place is None:
            return
        rejected: list[Rejected] = []
        found = items_of(listed(line, "extractions"), _Extraction, "mention", place, rejected)
        mentions = [_mention(item, place, gathering.lost) for item in found]
        said = predictions.read(_prediction(mentions), place.document, where=where).annotations
        gathering.add(
            place,
            said.mentions,
            rejected=[*rejected, *said.rejected],
            provenance=Provenance(tool="langextract"),
        )


def _is_extraction(item: Any) -> bool:
    return isinstance(item, dict) and {"extraction_class", "extraction_text"} <= item.keys()


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _mention(item: _Extraction, place: Place, lost: Counter[str]) -> dict[str, Any]:
    """An extraction as a mention of the simple form: with its spans, or with its words alone."""
    given = item.attributes or {}
    attributes = {name: value for name, value in given.items() if _is_text(value)}
    lost["attributes that are no text"] += len(given) - len(attributes)
    lost["descriptions"] += item.description is not None
    spans = _spans(item, place)
    where = {"text": item.extraction_text} if spans is None else {"spans": spans}
    return {"type": item.extraction_class, "attributes": attributes, **where}


def _spans(item: _Extraction, place: Place) -> list[list[int]] | None:
    """The interval of an extraction, if it has the words of the extraction."""
    at = item.char_interval
    if at is None or at.start_pos is None or at.end_pos is None:
        return None
    span = place.span(at.start_pos, at.end_pos)
    words = surface(place.document.text, (span,)) if 0 <= span.start < span.end else ""
    return [[span.start, span.end]] if _plain(words) == _plain(item.extraction_text) != "" else None


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())


def _prediction(mentions: list[dict[str, Any]]) -> predictions.Prediction:
    return predictions.Prediction(mentions=tuple(msgspec.Raw(msgspec.json.encode(item)) for item in mentions))


langextract = LangExtract()
