"""Label Studio's results, checked one by one: regions, choices and arrows, or the reason why not.

The server checks nothing: unknown labels, offsets past the text and arrows to nowhere come back as they went
in. What fails here is rejected with a reason, what a layer has no place for is counted as lost, and what can
be proved (offsets in UTF-16, an arrow drawn backwards) is repaired and counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from goldwire.annotate.exchange.controls import Control, Controls, attribute_name
from goldwire.annotate.interface import labelconfig
from goldwire.corpora.offsets import Converter, OffsetError
from goldwire.corpora.types import Span

Reason = Literal[
    "malformed",  # not of the form that Label Studio writes
    "unknown-control",  # its control is not in the configuration
    "unknown-label",  # its label or value is not in the configuration
    "unlabelled",  # a region or arrow that nobody gave a label
    "outside-text",
    "empty-span",
    "text-differs",  # the words it came with are not those at its offsets
    "excluded",  # it touches an excluded region
    "duplicate",
    "dangling",  # it belongs to a region that is not there or was rejected
    "parts-differ",  # `continued` joins regions of different labels
    "not-coreferent",  # `same` joins a mention and a trigger, or a region and itself
    "contradiction",  # two values for one attribute
    "type-not-allowed",  # the ontology has no such type
    "role-not-allowed",  # the event type has no such role, or the arrow joins no trigger with a mention
    "filler-not-allowed",  # the role does not take this type of mention
    "value-not-allowed",  # the attribute does not apply here or has no such value
    "no-text",  # the task has no text
    "unknown-document",  # no document of the corpus has this text
    "text-changed",  # the text is not the one that the document has now
    "superseded",  # the same person did the same document again later
    "base-changed",  # the layer that the frames were made from is another one now
    "unmatched-span",  # in frames: a new span with a role, and no mention there
]


class Rejected(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was not taken over: why, and its place in the list of results or else itself."""

    reason: Reason
    message: str
    index: int | None = None
    result: Any = None


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """A labelled span of the document; `meta` is what Goldwire put there, `score` a system's confidence."""

    index: int
    id: str
    control: str
    labels: tuple[str, ...]
    span: Span
    meta: dict[str, Any] = {}
    score: float | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A value chosen for a region."""

    index: int
    region: str
    attribute: str
    value: str


class Arrow(msgspec.Struct, frozen=True, kw_only=True):
    """An arrow between two regions with one label, by region ids, drawn left ones turned to the right."""

    index: int
    label: str
    source: str
    target: str
    both_ways: bool = False
    meta: dict[str, Any] = {}


class Sorted(msgspec.Struct, kw_only=True):
    """The results of one annotation, sorted by what they are; everything has its place in one of these."""

    regions: list[Region] = []
    choices: list[Choice] = []
    arrows: list[Arrow] = []
    verdicts: list[str] = []
    rejected: list[Rejected] = []
    lost: Counter[str] = msgspec.field(default_factory=Counter)
    repaired: Counter[str] = msgspec.field(default_factory=Counter)

    def reject(self, reason: Reason, message: str, index: int | None) -> None:
        """Note what is not taken over."""
        self.rejected.append(Rejected(reason=reason, message=message, index=index))


class _Value(msgspec.Struct):
    start: int
    end: int
    labels: tuple[str, ...] = ()
    text: str | None = None


class _Chosen(msgspec.Struct):
    choices: tuple[str, ...]


class _Raw(msgspec.Struct):
    from_name: str
    type: str
    id: str | None = None
    to_name: str | None = None
    value: dict[str, Any] = {}
    meta: dict[str, Any] | None = None
    score: float | None = None


class _RawArrow(msgspec.Struct):
    from_id: str
    to_id: str
    direction: Literal["left", "right", "bi"] | None = "right"
    labels: tuple[str, ...] | None = ()
    meta: dict[str, Any] | None = None


MARK = "_m"  # what ids of regions that show what is excluded begin with, and no others
OURS = "goldwire"  # the key in a region's meta under which cluster and head are kept


def sort(results: Any, text: str, controls: Controls, place: Callable[[int], int] = int) -> Sorted:
    """The results of one annotation, draft or prediction, checked against text and configuration.

    `text` is the text of the task; `place` takes an offset in it to one in the document where the two
    differ in their line ends. Offsets are code points.
    """
    sorter = _Sorter(text, controls, place)
    if not isinstance(results, list):
        message = f"a list of results is expected, got {type(results).__name__}"
        sorter.out.rejected.append(Rejected(reason="malformed", message=message, result=results))
        return sorter.out
    for index, result in enumerate(results):
        try:
            sorter.sort(index, result)
        except msgspec.ValidationError as error:
            sorter.out.reject("malformed", str(error), index)
    return sorter.out


class _Sorter:
    """Puts results, one after the other, where they belong in `out`."""

    def __init__(self, text: str, controls: Controls, place: Callable[[int], int]) -> None:
        self.text = text
        self.controls = controls
        self.place = place
        self.out = Sorted()
        self._seen: set[tuple[str, str]] = set()

    def sort(self, index: int, result: Any) -> None:
        """Sort one result; raises `msgspec.ValidationError` if it is not of the known form."""
        if isinstance(result, dict) and result.get("type") == "relation":
            self._arrow(index, result)
            return
        raw = msgspec.convert(result, _Raw)
        control = self.controls.controls.get(raw.from_name)
        if control is None or raw.to_name not in (None, self.controls.text):
            known = ", ".join(self.controls.controls)
            message = f"no control {raw.from_name!r} for {raw.to_name!r}; the configuration has: {known}"
            self.out.reject("unknown-control", message, index)
        elif control.name == labelconfig.EXCLUDED:
            if not (raw.id or "").startswith(MARK):  # those of Goldwire are there to be seen only
                self.out.lost["region marked as excluded"] += 1
        elif control.name in (*self.controls.entities, *self.controls.triggers):
            self._region(index, raw, control)
        elif control.tag == "choices":
            self._choice(index, raw, control)
        else:
            self.out.lost[f"{control.tag} {control.name}"] += 1

    def _region(self, index: int, raw: _Raw, control: Control) -> None:
        value = msgspec.convert(raw.value, _Value)
        if raw.id is None:
            self.out.reject("malformed", "a region without an id", index)
            return
        span = self._span(value, index)
        if span is None:
            return
        if (raw.id, control.name) in self._seen:
            self.out.reject("duplicate", f"region {raw.id!r} of {control.name} occurs twice", index)
            return
        self._seen.add((raw.id, control.name))
        labels = self._labels(index, value, control)
        if not labels:
            return
        if raw.meta and "text" in raw.meta:
            self.out.lost["note on a region"] += 1
        self.out.regions.append(
            Region(
                index=index,
                id=raw.id,
                control=control.name,
                labels=labels,
                span=Span(self.place(span.start), self.place(span.end)),
                meta=_ours(raw.meta),
                score=raw.score,
            )
        )

    def _span(self, value: _Value, index: int) -> Span | None:
        """The span in the task's text; None, and the reason noted, if there is none."""
        text, start, end = self.text, value.start, value.end
        fits = 0 <= start <= end <= len(text)
        if fits and (value.text is None or same_words(text[start:end], value.text)):
            if start < end:
                return Span(start, end)
            self.out.reject("empty-span", f"[{start}, {end}] covers nothing", index)
        elif (repaired := _from_utf16(value, text)) is not None:
            self.out.repaired["offsets in UTF-16"] += 1
            return repaired
        elif fits:
            message = f"at [{start}, {end}] the text has {text[start:end]!r}, the region says {value.text!r}"
            self.out.reject("text-differs", message, index)
        else:
            message = f"[{start}, {end}] is no span of a text of {len(text)} code points"
            self.out.reject("outside-text", message, index)
        return None

    def _labels(self, index: int, value: _Value, control: Control) -> tuple[str, ...]:
        if not value.labels:
            self.out.reject("unlabelled", "a region without a label", index)
        unknown = [label for label in value.labels if not control.dynamic and label not in control.values]
        for label in unknown:
            message = f"{control.name} has no label {label!r}; it has: {', '.join(control.values)}"
            self.out.reject("unknown-label", message, index)
        return tuple(dict.fromkeys(label for label in value.labels if label not in unknown))

    def _choice(self, index: int, raw: _Raw, control: Control) -> None:
        chosen = msgspec.convert(raw.value, _Chosen).choices
        if control.name == labelconfig.VERDICT:
            self.out.verdicts += [value for value in chosen if value in control.values]
            return
        if not control.per_region or raw.id is None:
            self.out.lost[f"choices {control.name}, of the whole text"] += 1
            return
        unknown = [value for value in chosen if value not in control.values]
        if unknown or len(chosen) != 1:
            reason: Reason = "unknown-label" if unknown else "contradiction"
            known = ", ".join(control.values)
            message = f"one of {known} is expected, got {', '.join(chosen) or 'none'}"
            self.out.reject(reason, message, index)
            return
        attribute = attribute_name(control.name)
        self.out.choices.append(Choice(index=index, region=raw.id, attribute=attribute, value=chosen[0]))

    def _arrow(self, index: int, result: Any) -> None:
        raw = msgspec.convert(result, _RawArrow)
        ends = (raw.to_id, raw.from_id) if raw.direction == "left" else (raw.from_id, raw.to_id)
        if not raw.labels:
            self.out.reject("unlabelled", f"the arrow from {ends[0]} to {ends[1]} has no label", index)
        for label in dict.fromkeys(raw.labels or ()):
            if label not in self.controls.arrows:
                known = ", ".join(self.controls.arrows) or "none"
                message = f"no arrow is called {label!r}; there are: {known}"
                self.out.reject("unknown-label", message, index)
                continue
            self.out.arrows.append(
                Arrow(
                    index=index,
                    label=label,
                    source=ends[0],
                    target=ends[1],
                    both_ways=raw.direction == "bi",
                    meta=_ours(raw.meta),
                )
            )


def _ours(meta: dict[str, Any] | None) -> dict[str, Any]:
    ours = (meta or {}).get(OURS, {})
    return ours if isinstance(ours, dict) else {}


_SPACE = re.compile(r"(?:\\[nrt]|\s)+")


def same_words(got: str, said: str) -> bool:
    """Whether a region's own words are those of the text; white space counts as one space.

    Label Studio writes a line break as a backslash and an n.

    >>> same_words("Balkh\\nprovince", "Balkh\\\\nprovince"), same_words("Balkh", "Herat")
    (True, False)
    """
    return got == said or _SPACE.sub(" ", got).strip() == _SPACE.sub(" ", said).strip()


def _from_utf16(value: _Value, text: str) -> Span | None:
    """The span if the offsets count UTF-16 units and the words prove it."""
    if not value.text or text.isascii():
        return None
    converter = Converter(text, "utf-16")
    try:
        span = Span(converter.decode(value.start), converter.decode(value.end))
    except OffsetError:
        return None
    return span if text[span.start : span.end] == value.text else None
