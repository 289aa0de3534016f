"""Documents and units as people write them in Python; on disk and inside they are those of `corpora.types`.

Offsets may be pairs, the hash of a text is computed, and what is no span is refused at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import force_setattr

from goldwire.api.flat import ENDS, LARGEST, offset
from goldwire.corpora import types
from goldwire.corpora.errors import InputTypeError, InputValueError
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.types import Argument, Relation, Span, Spans

__all__ = ["Annotations", "Argument", "Document", "Event", "Mention", "Relation", "Span"]


def spans_of(value: Any, what: str) -> Spans:
    """Spans from pairs, or from one pair alone.

    >>> spans_of([(0, 3)], "spans"), spans_of((0, 3), "spans")
    ((Span(start=0, end=3),), (Span(start=0, end=3),))
    """
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InputTypeError(f"{what}: got {value!r}; expected (start, end) pairs")
    parts = list(value)
    alone = len(parts) == 2 and not any(isinstance(part, Iterable) for part in parts)  # noqa: PLR2004 - a pair
    return tuple(_span(part, what) for part in ([parts] if alone else parts))


def _span(value: Any, what: str) -> Span:
    ends = [*value] if isinstance(value, Iterable) and not isinstance(value, str) else []
    if len(ends) != 2:  # noqa: PLR2004 - start and end
        raise InputValueError(f"{what}: got {value!r}; expected a (start, end) pair")
    start, end = map(offset, ends)
    if isinstance(start, str) or isinstance(end, str) or not 0 <= start < end < LARGEST:
        raise InputValueError(f"{what}: got {value!r}; expected whole numbers, {ENDS}")
    return Span(start, end)


class Document(types.Document, frozen=True, kw_only=True):
    """A text under an id; its hash is computed.

    >>> Document(id="a", text="Kabul fell.").sha256[:8]
    '42bf532f'
    """

    sha256: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or not isinstance(self.id, str):
            raise InputTypeError(f"got id {self.id!r} and text {self.text!r}; expected words for both")
        computed = hash_text(self.text)
        if self.sha256 not in ("", computed):
            raise InputValueError(f"document {self.id!r}: sha256 is not the hash of its text; leave it out")
        force_setattr(self, "sha256", computed)


class Mention(types.Mention, frozen=True, kw_only=True):
    """A mention; without an id it gets one when it is scored.

    >>> Mention(type="PER", spans=[(0, 3)]).spans
    (Span(start=0, end=3),)
    """

    id: str = ""

    def __post_init__(self) -> None:
        made = spans_of(self.spans, "spans")
        if not made:
            raise InputValueError("spans: got none; expected (start, end) pairs")
        force_setattr(self, "spans", made)
        if self.head is not None:
            force_setattr(self, "head", _span(self.head, "head"))


class Event(types.Event, frozen=True, kw_only=True):
    """An event; without an id it gets one when it is scored. `trigger` is empty where there is none."""

    id: str = ""

    def __post_init__(self) -> None:
        force_setattr(self, "trigger", spans_of(self.trigger, "trigger"))
        force_setattr(self, "arguments", tuple(self.arguments))


class Annotations(types.Annotations, frozen=True, kw_only=True):
    """All that one party says of a document; without a hash it is of whatever text the document has."""

    sha256: str = ""

    def __post_init__(self) -> None:
        for field in ("mentions", "events", "relations"):
            force_setattr(self, field, tuple(getattr(self, field)))
