"""Offsets of regions in UTF-16 units, as JavaScript and Java count them: told from others, and decoded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from goldwire.corpora.offsets import Converter, OffsetError
from goldwire.corpora.types import Span


def is_likely(results: Iterable[Any], text: str) -> bool:
    """Whether regions without words are words of the text more often if their offsets count UTF-16 units."""
    if text.isascii() or max(text) <= "\uffff":
        return False
    plain = encoded = 0
    for result in results:
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict) or value.get("text") is not None:
            continue
        start, end = value.get("start"), value.get("end")
        if isinstance(start, int) and isinstance(end, int):
            plain += _are_words(Span(start, end), text)
            encoded += _are_words(decode(start, end, text), text)
    return encoded > plain


def decode(start: int, end: int, text: str) -> Span | None:
    """UTF-16 offsets as code points; None if they are none of the text."""
    converter = Converter(text, "utf-16")
    try:
        return Span(converter.decode(start), converter.decode(end))
    except OffsetError:
        return None


def _are_words(span: Span | None, text: str) -> bool:
    """Whether a span begins and ends where words do."""
    if span is None or not 0 <= span.start < span.end <= len(text):
        return False
    words = text[span.start : span.end]
    before, after = text[span.start - 1 : span.start], text[span.end : span.end + 1]
    cuts = (before.isalnum() and words[0].isalnum()) or (words[-1].isalnum() and after.isalnum())
    return words == words.strip() and not cuts


def proved(start: int, end: int, words: str | None, text: str) -> Span | None:
    """The span if the offsets count UTF-16 units and the words of the region prove it."""
    if not words or text.isascii():
        return None
    span = decode(start, end, text)
    return span if span is not None and text[span.start : span.end] == words else None
