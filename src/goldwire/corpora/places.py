"""Places of the items of one document: the offsets that came with them, or where their words stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from goldwire.corpora import offsets
from goldwire.corpora.encodings import composed
from goldwire.corpora.offsets import Converter, OffsetError, surface
from goldwire.corpora.quotes import Finder
from goldwire.corpora.rejected import NOT_FOUND
from goldwire.corpora.types import Document, Span, Spans
from goldwire.corpora.validate import Flaw, span_flaws

_REPAIRS: tuple[offsets.Unit, ...] = ("utf-16", "byte")


class Placer:
    """Finds where items stand; `repaired` counts those whose offsets were in another unit.

    Words without offsets are found as `quotes.Finder` does. Without an `occurrence`, the k-th mention (or
    trigger) of equal words is at their k-th place.
    """

    def __init__(self, document: Document) -> None:
        self.document, self.repaired = document, 0
        self._finder = Finder(document)
        self._mentions: Counter[str] = Counter()  # how often words came without a place
        self._triggers: Counter[str] = Counter()
        self._converters: list[Converter] | None = None

    def mention(self, spans: Spans | None, text: str | None, occurrence: int | None) -> Spans | Flaw:
        """The spans of a mention, or why there are none; `()` where that was said."""
        if spans is None and text is None:
            return Flaw("", "malformed", "a mention needs spans, or text")
        return self._place(spans, text, occurrence, self._mentions)

    def trigger(self, spans: Spans | None, text: str | None, occurrence: int | None) -> Spans | Flaw:
        """As of a mention; `()` for an event of which neither a trigger nor the words of one are given."""
        return self._place(spans, text, occurrence, self._triggers)

    def argument(self, spans: Spans | None, text: str | None, occurrence: int | None) -> Spans | Flaw:
        """As of a mention; words stand where they stand first, for an argument names and does not list."""
        if not spans and text is None:
            return Flaw("", "malformed", "an argument needs the id of a mention, spans, or text")
        return self._place(spans, text, occurrence or 1, Counter())

    def places(self, text: str) -> Sequence[Spans]:
        """All places of some words."""
        return [(place.span,) for place in self._finder.places(text)]

    def _place(
        self, spans: Spans | None, text: str | None, occurrence: int | None, before: Counter[str]
    ) -> Spans | Flaw:
        if spans or text is None:
            return self._spans(spans or (), text)
        before[text] += 1
        return self._found(text, occurrence or before[text])

    def _found(self, text: str, occurrence: int) -> Spans | Flaw:
        located = self._finder.locate(text, occurrence)
        if located is not None:
            return (located.span,)
        times = len(self._finder.places(text))
        more = f" so often: place {occurrence} is wanted, there are {times}" if times else ""
        more = more or composed("", text, self.document.text)
        return Flaw("", NOT_FOUND, f"the words {text!r} are not in the text{more}")

    def _spans(self, spans: Spans, text: str | None) -> Spans | Flaw:
        """The spans in code points, or why they cannot give the surface that came with them."""
        if text is None or surface(self.document.text, spans) == text:
            return spans
        for converter in self._other_units():
            repaired = _converted(spans, converter)
            if repaired and surface(self.document.text, repaired) == text:
                self.repaired += 1
                return repaired
        # Where they are no spans of the text, that says more than the words.
        wrong = next((flaw for flaw in span_flaws(spans, self.document) if flaw.kind != "excluded"), None)
        got = surface(self.document.text, spans)
        told = f"the offsets give {got!r}, the system says {text!r}{composed(got, text, self.document.text)}"
        return wrong or Flaw("", "words-differ", told)

    def _other_units(self) -> list[Converter]:
        """Converters from units that offsets may be in; made once a document, none where all are alike."""
        if self._converters is None:
            units = () if self.document.text.isascii() else _REPAIRS
            self._converters = [Converter(self.document.text, unit) for unit in units]
        return self._converters


def _converted(spans: Spans, converter: Converter) -> Spans | None:
    try:
        return tuple(Span(converter.decode(span.start), converter.decode(span.end)) for span in spans)
    except OffsetError:
        return None
