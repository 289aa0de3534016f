"""Values that tell of doubts, as they are kept in a file for people, for a project and for decisions."""

from __future__ import annotations

from typing import Literal

import msgspec

from goldwire.corpora.types import Spans

UnitName = Literal["mention", "trigger", "argument", "attribute"]
Kind = Literal["type", "boundary", "boundary+type", "spurious", "missing", "value"]
FORMAT = 1


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class Holder(_Struct, frozen=True, kw_only=True):
    """The event or mention that an argument or attribute belongs to; that of gold."""

    unit: Literal["mention", "trigger"]
    type: str
    spans: Spans
    words: str


class Reading(_Struct, frozen=True, kw_only=True):
    """A view of a place: the type (of an argument the role, of an attribute the value) of spans, with their
    words.

    An attribute without a value has the empty string.
    """

    label: str
    spans: Spans
    words: str


class Doubt(_Struct, frozen=True, kw_only=True):
    """One unit of gold that may be wrong, or one that may be missing from it.

    `gold` and `other` are the two readings, None for no unit there: of a `kind` that is spurious `other`, of
    a missing one `gold`. `on` is what an argument or attribute belongs to, `name` that of an attribute.
    `doubt` is what is said against gold's reading less what is said for it, in natural logarithms of odds
    (see `rank`): no probability. `reasons` say in words what it is made of, the heaviest first, `says` what
    each source reads, None for nothing. `sentence` is around it and starts at the code point `at`.
    """

    id: str
    document: str
    sha256: str
    unit: UnitName
    kind: Kind
    gold: Reading | None
    other: Reading | None
    on: Holder | None = None
    name: str | None = None
    doubt: float
    reasons: tuple[str, ...]
    says: dict[str, Reading | None] = {}
    sentence: str
    at: int


class Head(_Struct, frozen=True, kw_only=True):
    """The first line of a file of doubts: of which corpus and layers it tells.

    `layers` has the fingerprint of each layer that was read, gold's and that of each source. `systems` and
    `annotators` are the sources, `units` how many units of gold were looked at, by name of unit, `found` how
    many doubts there were before the first `asked` of them were taken.
    """

    doubts: str
    corpus: str
    gold: str
    systems: tuple[str, ...] = ()
    annotators: tuple[str, ...] = ()
    layers: dict[str, str] = {}
    documents: int
    units: dict[str, int]
    found: int
    asked: int
    notes: tuple[str, ...] = ()
    format: int = FORMAT


class Doubts(msgspec.Struct, frozen=True):
    """Doubts about a gold layer, the greatest first."""

    head: Head
    doubts: tuple[Doubt, ...]
