"""Slices: by what documents, or units, are parted, so that a figure can be said of each part.

A slice has a string form, `NAME` or `NAME:HOW`:

- of documents: a field of their metadata (`source`; `meta:split` where the name means something else here),
  a date in parts (`published:month`), `length:4` (quarters by length in code points), `split`, `prefill`
  (what annotators were shown before they began, or nothing);
- of units: `seen:layer=gold,split=train` and `frequency:layer=…` (are their words those of a unit of another
  layer or other documents, how often), `nested`, `discontinuous`, `unit-length` (tokens), `sentence` (is an
  argument in that of its trigger), `distance` (tokens between the two), `realis` (of the event).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

from goldwire.corpora.errors import MeasureError, among
from goldwire.corpora.types import PREFILL

Period = Literal["year", "month", "week", "day"]
PERIODS: tuple[Period, ...] = get_args(Period)
OF_OTHERS = ("seen", "frequency")  # which look at a layer besides
OF_ARGUMENTS = ("sentence", "distance")
OF_UNITS = (*OF_OTHERS, "nested", "discontinuous", "unit-length", *OF_ARGUMENTS, "realis")
META = "meta"
PARTS = 4  # into which lengths are parted if nothing is said
MOST_PARTS = 10


class Slice(msgspec.Struct, frozen=True, order=True):
    """What documents or units are parted by.

    `name` is a field of metadata, or of those above; `parts` of a length, `period` of a date. `layer` and
    `split` say where words are looked for.
    """

    name: str
    parts: int = 0
    period: Period | None = None
    layer: str = ""
    split: str = ""
    field: bool = False

    @property
    def of_units(self) -> bool:
        """Whether units are parted, and not documents."""
        return not self.field and self.name in OF_UNITS

    @property
    def looks_at_others(self) -> bool:
        """Whether it takes the words of another layer, or of other documents."""
        return self.of_units and self.name in OF_OTHERS

    @property
    def looks_at_texts(self) -> bool:
        """Whether the words of documents are looked at."""
        return not self.field and self.name in ("length", *OF_OTHERS, "unit-length", *OF_ARGUMENTS)

    def __str__(self) -> str:
        """The string form, which parses back."""
        named = f"{META}:{self.name}" if self.field and _is_ours(self.name) else self.name
        of = [f"{key}={value}" for key in ("layer", "split") if (value := getattr(self, key))]
        how = self.period or (str(self.parts) if self.parts else ",".join(of))
        return f"{named}:{how}" if how else named


def _is_ours(name: str) -> bool:
    return name in (*OF_UNITS, "length", "split", PREFILL, META)


def parse_slice(text: str) -> Slice:
    """A slice from its string form; `MeasureError` if it is none.

    >>> parse_slice("seen:layer=gold,split=train").split, str(parse_slice("length"))
    ('train', 'length:4')
    """
    name, colon, how = text.partition(":")
    if not name or (colon and not how):
        raise MeasureError(f"{text!r} is no slice; {_EXPECTED}")
    if name == META:
        field, _, period = how.partition(":")
        return _field(field, period, text)
    if name in OF_OTHERS:
        return _of_others(name, how, text)
    if name == "length":
        return Slice(name, parts=_parts(how or str(PARTS), text))
    if _is_ours(name):
        if how:
            raise MeasureError(f"{text!r}: {name} has nothing behind a colon; write --slice {name}")
        return Slice(name)
    return _field(name, how, text)


def parse_slices(texts: Iterable[str | Slice]) -> tuple[Slice, ...]:
    """Slices from their string forms, each once."""
    return tuple(dict.fromkeys(parse_slice(text) if isinstance(text, str) else text for text in texts))


_EXPECTED = (
    "expected a field of the metadata (source, published:month), length:4, split, prefill, "
    "seen:layer=gold,split=train, frequency:layer=…, nested, discontinuous, unit-length, sentence, distance "
    "or realis"
)


def _field(name: str, period: str, text: str) -> Slice:
    if not period:
        return Slice(name, field=True)
    for known in PERIODS:
        if period == known:
            return Slice(name, period=known, field=True)
    raise MeasureError(
        f"{text!r}: a field of the metadata is parted by its values ({name}), or by a date in it "
        f"({', '.join(f'{name}:{known}' for known in PERIODS)}); got {period!r}{among(period, PERIODS)}"
    )


def _parts(how: str, text: str) -> int:
    if not (how.isdecimal() and 2 <= int(how) <= MOST_PARTS):  # noqa: PLR2004 - one part is the whole
        raise MeasureError(f"{text!r}: lengths are in 2 to {MOST_PARTS} parts, such as length:{PARTS}")
    return int(how)


def _of_others(name: str, how: str, text: str) -> Slice:
    pairs = [part.partition("=") for part in how.split(",")] if how else []
    given = {key: value for key, equals, value in pairs if equals and value}
    if len(given) < len(pairs) or not {"layer"} <= given.keys() <= {"layer", "split"}:
        raise MeasureError(
            f"{text!r}: {name} needs the layer whose words count as seen, and may have a split; "
            f"write {name}:layer=gold,split=train"
        )
    return Slice(name, layer=given["layer"], split=given.get("split", ""))
