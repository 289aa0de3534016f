"""Measures as values: the units counted, the key that must agree, and how spans are matched.

A measure is hashable and has a string form that parses back: `parse(str(m)) == m`.

    UNITS:KEY+KEY…@MATCH[>=THRESHOLD][,OPTION=VALUE]…
    entity:span+type@exact          argument:trigger+type+role+span@head,triggers=gold
    entity:span@iou>=0.5            cluster:span@b3

Names of the field (`TI`, `AC+`, `CEAF-e`) are short for such strings; see `ALIASES`. A measure of an
installed package is `PACKAGE:NAME[,OPTION=VALUE]…`; whether it is there is asked when it is counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import msgspec

from goldwire.corpora.errors import MeasureError, nearest
from goldwire.eval.measures.aliases import ALIASES
from goldwire.eval.measures.vocabulary import (
    ATTRIBUTED,
    BY_TYPE,
    CHOICES,
    DICES,
    FORM_KEYS,
    FORMS,
    KEYS,
    MATCHES,
    MEANS,
    NEEDED,
    THRESHOLDS,
    Average,
    Bearer,
    Each,
    Labels,
    Triggers,
    Units,
    Words,
)
from goldwire.extensions import normal

_NAME = r"[A-Za-z][\w\-]*"
_FORM = re.compile(
    rf"(?P<units>{_NAME}):(?P<key>{_NAME}(?:\+{_NAME})*)@(?P<match>[a-z][a-z0-9\-]*)"
    r"(?:>=(?P<threshold>[0-9.]+))?(?P<options>(?:,[a-z]+=[^,=\s]+)*)"
)
_EXTENSION = re.compile(
    r"(?P<package>[A-Za-z0-9][\w.\-]*):(?P<name>\w[\w.\-]*)(?P<options>(?:,[a-z]+=[^,=\s]+)*)"
)


class Measure(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """What is counted; make one with `parse` or `make`, which check that the parts fit together.

    `key` is in canonical order. With `each` type, a trigger tagged with two types is two units, though the
    type need not agree. `words` says how forms are compared: `folded`, without case, spacing and
    typography, or `exact`. `triggers` says whose events' arguments count: `all`; those of `gold`
    triggers (system arguments of other triggers are left out); those of `matched` triggers (on either
    side). `labels`: whether averages over types run over the types of gold or of `all` sides.
    `average` is the figure that stands for the measure; `beta` weighs recall against precision. Averages over
    types leave out those that gold has less often than `minimum`. One of an installed package has no key, and
    `PACKAGE:NAME` as its match.
    """

    units: Units
    key: tuple[str, ...]
    match: str = "exact"
    threshold: float | None = None
    each: Each = ""
    words: Words = "folded"
    triggers: Triggers = "all"
    labels: Labels = "gold"
    average: Average = "micro"
    beta: float = 1.0
    minimum: int = 0

    def __str__(self) -> str:
        """The form that `parse` reads; options at their default are left out."""
        threshold = "" if self.threshold is None else f">={self.threshold!r}"
        options = [
            f",{name}={value}"
            for name, default in defaults(self.match).items()
            if (value := getattr(self, name)) != default
        ]
        form = self.match if self.is_extension else f"{self.units}:{'+'.join(self.key)}@{self.match}"
        return f"{form}{threshold}{''.join(options)}"

    @property
    def is_extension(self) -> bool:
        """Whether an installed package counts."""
        return self.units == "extension"

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names in the key that are attributes of mentions or events."""
        return tuple(name for name in self.key if name not in _keys(self.units, self.match))

    @property
    def by_entity(self) -> bool:
        """Whether relations join entities, whichever mentions name them."""
        return self.units == "relation" and self.match == "coref"

    @property
    def bearer(self) -> Bearer:
        """What has the attributes that the key names."""
        return "event" if "trigger" in self.key else "mention"

    @property
    def on_triggers(self) -> bool:
        """Whether an event without a trigger is no unit, nor are its arguments."""
        return "trigger" in self.key or self.triggers != "all"

    @property
    def plain(self) -> Measure:
        """The measure without its options, but for `each` and `words`, which say what the units are."""
        kept = {"each": self.each, "words": self.words}
        return msgspec.structs.replace(self, **(defaults(self.match) | kept))

    @property
    def counted(self) -> Measure:
        """The measure that yields the same counts: averages and beta at their defaults."""
        return msgspec.structs.replace(self.plain, triggers=self.triggers)


def defaults(match: str) -> dict[str, str | float]:
    """The options that the string form leaves out; BLANC and CoNLL are means over their parts.

    CoNLL takes the parts that either side has. BLANC takes those that gold has: where gold has one kind of
    link only, that one decides (Luo et al. 2014, as their scorer has it).
    """
    return {
        "each": "",
        "words": "folded",
        "triggers": "all",
        "labels": "all" if match == "conll" else "gold",
        "average": "macro" if match in MEANS else "micro",
        "beta": 1.0,
        "minimum": 0,
    }


def parse(text: str) -> Measure:
    """A measure from its string form or from a name of `ALIASES`; `MeasureError` if it is neither.

    >>> str(parse("TC")), str(parse("AC+,triggers=gold"))
    ('event:trigger+type@exact', 'argument:trigger+type+role+span@exact,triggers=gold')
    >>> str(parse("entity:type+span@iou>=.50"))
    'entity:span+type@iou>=0.5'
    """
    short, *options = text.split(",")
    form = ",".join([ALIASES.get(short, short), *options])
    if (theirs := _EXTENSION.fullmatch(form)) is not None and theirs["package"] not in KEYS:
        return _extension(theirs["package"], theirs["name"], _pairs(theirs["options"], text))
    found = _FORM.fullmatch(form)
    if found is None:
        raise MeasureError(
            f"{text!r} is no measure: neither a name nor of the form units:key+key@match, such as "
            f"entity:span+type@exact{nearest(short, ALIASES)}"
        )
    return make(
        found["units"],
        tuple(found["key"].split("+")),
        found["match"],
        _number(found["threshold"], text) if found["threshold"] else None,
        _pairs(found["options"], text),
    )


def _extension(package: str, name: str, options: dict[str, str]) -> Measure:
    match = f"{normal(package)}:{name}"
    given = defaults(match) | _options(options)
    measure = Measure(units="extension", key=(), match=match, **given)  # type: ignore[arg-type]
    for wrong in _wrong_options(measure):
        raise MeasureError(f"{measure}: {wrong}")
    return measure


def _pairs(options: str, text: str) -> dict[str, str]:
    pairs = [pair.split("=") for pair in options.split(",")[1:]]
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise MeasureError(f"{text!r} gives the option {name} twice")
    return dict(pairs)


def make(
    kind: str,
    key: tuple[str, ...],
    match: str = "exact",
    threshold: float | None = None,
    options: dict[str, str] | None = None,
) -> Measure:
    """A measure from its parts, with the key put in canonical order; `MeasureError` if they do not fit."""
    units = _units(kind)
    if match not in MATCHES[units]:
        raise MeasureError(f"{units} is not matched by {match!r}{nearest(match, MATCHES[units])}")
    if (threshold is not None) != (match in THRESHOLDS):
        raise MeasureError(
            f"{match} needs a threshold, as in {match}>=0.5"
            if match in THRESHOLDS
            else f"{match} takes no threshold; {', '.join(THRESHOLDS)} do"
        )
    if threshold is not None and not 0 < threshold <= 1:
        raise MeasureError(f"the threshold {threshold:g} is not above 0 and up to 1")
    measure = Measure(
        units=units,
        key=_canonical(units, key, match),
        match=match,
        threshold=threshold,
        **(defaults(match) | _options(options or {})),  # type: ignore[arg-type]  # checked by _options
    )
    _check(measure)
    return measure


def name(measure: Measure) -> str:
    """A measure as people type and read it; `parse` reads it back.

    That is the field's name, with what departs from it; a measure without one by its string form.

    >>> name(parse("argument:trigger+type+role+span@exact,triggers=matched")), name(parse("entity:span@dice"))
    ('AC+,triggers=matched', 'entity:span@dice')
    """
    known = alias(measure)
    if known is None and (plain := alias(measure.plain)):
        return plain + str(measure).removeprefix(str(measure.plain))
    return known or str(measure)


def form_of(measure: str | Measure, *, counted: bool = False) -> str:
    """The string form by which records know a measure that is given in whichever way.

    With `counted` that of its counts, which measures share that differ in averages or beta alone.

    >>> form_of("TC"), form_of("event:type+trigger@exact,average=macro", counted=True)
    ('event:trigger+type@exact', 'event:trigger+type@exact')
    """
    found = parse(measure) if isinstance(measure, str) else measure
    return str(found.counted if counted else found)


def alias(measure: Measure) -> str | None:
    """The shortest of `ALIASES` that stands for just this measure, if there is one."""
    form = str(measure)
    return min((short for short, long in ALIASES.items() if long == form), key=len, default=None)


def _units(kind: str) -> Units:
    for units in KEYS:
        if units == kind:
            return units
    raise MeasureError(f"{kind!r} are no units{nearest(kind, KEYS)}")


def _keys(units: Units, match: str) -> tuple[str, ...]:
    return FORM_KEYS[units] if match in FORMS else KEYS.get(units, ())


def _canonical(units: Units, key: tuple[str, ...], match: str) -> tuple[str, ...]:
    known = _keys(units, match)
    unknown = sorted(part for part in key if part not in known)
    if unknown and (units not in ATTRIBUTED or match in FORMS):
        raise MeasureError(f"{unknown[0]!r} is no key of {units}{nearest(unknown[0], known)}")
    if len(set(key)) < len(key):
        raise MeasureError(f"{'+'.join(key)!r} names a key twice")
    return (*(part for part in known if part in key), *unknown)


def _options(given: dict[str, str]) -> dict[str, str | float]:
    options: dict[str, str | float] = {}
    for name, value in given.items():
        if name == "beta":
            options[name] = math.inf if value == "inf" else _number(value, f"beta={value}")
        elif name == "minimum":
            options[name] = _whole(value)
        elif name not in CHOICES:
            known = [*CHOICES, "beta", "minimum"]
            raise MeasureError(f"{name!r} is no option of a measure{nearest(name, known)}")
        elif value not in CHOICES[name]:
            raise MeasureError(f"{name}={value} is no option of a measure{nearest(value, CHOICES[name])}")
        else:
            options[name] = value
    return options


def _number(text: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise MeasureError(f"{where!r}: {text!r} is not a number above 0")
    return number


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise MeasureError(f"minimum={text}: {text!r} is not a whole number above 0")
    return int(text)


def _check(measure: Measure) -> None:
    """Raise `MeasureError` if the parts do not fit together."""
    for wrong in (*_wrong_keys(measure), *_wrong_options(measure)):
        raise MeasureError(f"{measure}: {wrong}")


def _wrong_keys(measure: Measure) -> Iterator[str]:
    units, key = measure.units, set(measure.key)
    for group in NEEDED[units] if measure.match not in FORMS else (FORM_KEYS[units][:1],):
        if not key & set(group):
            yield f"the key of {units} needs {' or '.join(group)}"
    if units == "attribute" and not measure.attributes:
        yield "the key of attribute needs the name of an attribute"
    if units == "attribute" and len(measure.attributes) > 1:
        yield "one attribute at a time"
    if units in ("cluster", "attribute") and {"span", "trigger"} <= key:
        yield "either span (mentions) or trigger (events), not both"
    if measure.match == "first-overlap" and measure.attributes:
        yield "first-overlap compares span and type alone, as HIPE's scorer does"
    if units == "entity" and "surface" in key and ("span" in key or measure.match != "exact"):
        yield "surface stands in place of span, and matches exactly"


def _wrong_options(measure: Measure) -> Iterator[str]:
    if measure.triggers != "all" and measure.units != "argument":
        yield f"triggers={measure.triggers} is an option of arguments only"
    if measure.each and measure.units != "event":
        yield f"each={measure.each} is an option of events only"
    if measure.each and (measure.match not in DICES or "type" in measure.key):
        yield f"each={measure.each} is for a key without type, matched by {' or '.join(DICES)}"
    if measure.minimum and (measure.average not in BY_TYPE or measure.match in MEANS):
        yield f"minimum={measure.minimum} is an option of averages over types: average=macro or weighted"
    if measure.minimum and measure.labels == "all":
        yield "labels=all has no effect with a minimum: types that gold does not have are too rare"
    if measure.words != "folded" and "form" not in measure.key:
        yield f"words={measure.words} is an option of form only"
    if measure.match in MEANS and measure.average != "macro":
        yield f"{measure.match} is the mean over its parts and has no average={measure.average}"
