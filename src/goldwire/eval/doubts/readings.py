"""Values that tell of doubts, as they are kept in a file for people, for a project and for decisions."""

from __future__ import annotations

from typing import Literal

import msgspec

from goldwire.corpora.types import Spans

UnitName = Literal["mention", "trigger", "argument", "attribute"]
Kind = Literal["type", "boundary", "boundary+type", "spurious", "missing", "value"]
Decision = Literal["gold", "other", "both", "neither", "unclear"]
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

    A `control` was not in doubt: it was drawn with this probability, of all such units. `decision` is null
    until somebody decides which reading is right: `gold`, `other`, `both` (either will do), `neither`, or
    `unclear` where the text does not say. A `correction` says what is right instead. `by` whom and `when`
    may be told.
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
    control: float | None = None
    decision: Decision | None
    correction: Reading | None = None
    by: str | None = None
    when: str | None = None

    @property
    def truth(self) -> Reading | None:
        """What people say is there, None for nothing; only where `is_known`."""
        if self.decision == "other":
            return self.other
        return self.correction if self.decision == "neither" else self.gold

    @property
    def is_known(self) -> bool:
        """Whether people say what is there."""
        return self.decision in ("gold", "other", "both") or (
            self.decision == "neither" and self.correction is not None
        )

    @property
    def is_error(self) -> bool | None:
        """Whether gold is wrong here; None where nobody has decided, or could."""
        if self.decision in (None, "unclear"):
            return None
        return self.decision in ("other", "neither")


class Base(_Struct, frozen=True, kw_only=True):
    """A system against gold before any decision: right units, all units of the system, and of gold."""

    right: int
    system: int
    gold: int


class Head(_Struct, frozen=True, kw_only=True):
    """The first line of a file of doubts: of which corpus and layers it tells.

    `layers` has the fingerprint of each layer that was read, gold's and that of each source. `systems` and
    `annotators` are the sources, `units` how many units of gold were looked at, by name of unit, `found`
    how many doubts there were before the first `asked` of them were taken. `frame` counts the units that
    controls were drawn from: those of `gold`, and `missing` ones, that sources have and gold has not.
    `base` has what each system that has all documents gets by gold, by name of unit.
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
    frame: dict[str, int] = {}
    base: dict[str, dict[str, Base]] = {}
    notes: tuple[str, ...] = ()
    format: int = FORMAT


class Doubts(msgspec.Struct, frozen=True):
    """Doubts about a gold layer, the greatest first."""

    head: Head
    doubts: tuple[Doubt, ...]
