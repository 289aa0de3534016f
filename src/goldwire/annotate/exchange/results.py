"""Label Studio's results, checked one by one: regions, choices and arrows, or the reason why not.

The server checks nothing: unknown labels, offsets past the text and arrows to nowhere come back as they went
in. What fails here is rejected with a reason, what a layer has no place for is counted as lost, and what can
be proved (offsets in UTF-16, an arrow drawn backwards) is repaired and counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

from goldwire.annotate.exchange import utf16
from goldwire.annotate.exchange.controls import Control, Controls, attribute_name
from goldwire.annotate.interface import labelconfig
from goldwire.corpora.encodings import composed
from goldwire.corpora.rejected import raw_spans
from goldwire.corpora.types import Rejected, Span
from goldwire.corpora.validate import Flaw

Unit = Literal["mention", "event", "argument", "attribute", "relation", "cluster"]


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
    """A value chosen for a region; one of `several` that may be chosen together, or the only one."""

    index: int
    region: str
    attribute: str
    value: str
    several: bool = False


class Arrow(msgspec.Struct, frozen=True, kw_only=True):
    """An arrow between two regions with one label, by region ids, drawn left ones turned to the right."""

    index: int
    label: str
    source: str
    target: str
    both_ways: bool = False
    meta: dict[str, Any] = {}


class Sorted(msgspec.Struct, kw_only=True):
    """The results of one annotation, sorted by what they are; everything has its place in one of these.

    `given` are the results as they came; `unlisted` are arrows with labels that the configuration lacks. So
    many regions are `unverified`: they carry no words that their offsets could be held against.
    """

    given: list[Any] = []
    regions: list[Region] = []
    choices: list[Choice] = []
    arrows: list[Arrow] = []
    unlisted: list[Arrow] = []
    verdicts: list[str] = []
    unverified: int = 0
    rejected: list[Rejected] = []
    lost: Counter[str] = msgspec.field(default_factory=Counter)
    repaired: Counter[str] = msgspec.field(default_factory=Counter)

    def reject(self, unit: Unit, kind: str, message: str, index: int, **more: Any) -> None:
        """Note what is not taken over of the result at a place in the list."""
        found = Rejected(
            unit=unit, kind=kind, message=message, path=place(index), value=self.given[index], **more
        )
        self.rejected.append(found)


def place(index: int) -> str:
    """The JSON path of a result in an annotation.

    >>> place(3)
    '$.result[3]'
    """
    return f"$.result[{index}]"


def in_order(rejected: Iterable[Rejected]) -> tuple[Rejected, ...]:
    """What was rejected in the order of the results; what is of none of them first."""
    return tuple(sorted(rejected, key=lambda item: (len(item.path), item.path)))


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
        sorter.out.rejected.append(
            Rejected(unit="document", kind="malformed", message=message, value=results)
        )
        return sorter.out
    sorter.out.given = results
    plain = [_plain(result, index) for index, result in enumerate(results)]
    sorter.in_utf16 = utf16.is_likely(plain, text)
    for index, result in enumerate(plain):
        try:
            sorter.sort(index, result)
        except msgspec.ValidationError as error:
            sorter.out.reject(sorter.unit(result), "malformed", str(error), index, **_read(result))
    return sorter.out


class _Sorter:
    """Puts results, one after the other, where they belong in `out`."""

    def __init__(self, text: str, controls: Controls, place: Callable[[int], int]) -> None:
        self.text = text
        self.controls = controls
        self.place = place
        self.out = Sorted()
        self.in_utf16 = False  # whether offsets without words look as if they counted UTF-16 units
        self._seen: dict[tuple[str, str], _Raw] = {}

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
            self.out.reject(self.unit(result), "unknown-control", message, index, **_read(result))
        elif control.name == labelconfig.EXCLUDED:
            if not (raw.id or "").startswith(MARK):  # those of Goldwire are there to be seen only
                self.out.lost["region marked as excluded"] += 1
        elif control.name in (*self.controls.entities, *self.controls.triggers):
            self._region(index, raw, control)
        elif control.tag == "choices":
            self._choice(index, raw, control)
        else:
            self.out.lost[f"{control.tag} {control.name}"] += 1

    def unit(self, result: Any) -> Unit:
        """What a result is meant to be, as far as it can be told."""
        kind = result.get("type") if isinstance(result, dict) else None
        if kind in ("relation", "choices"):
            return "argument" if kind == "relation" else "attribute"
        return "event" if kind and result.get("from_name") in self.controls.triggers else "mention"

    def _region(self, index: int, raw: _Raw, control: Control) -> None:
        value = msgspec.convert(raw.value, _Value)
        labels = dict.fromkeys(value.labels)
        if raw.id is None:  # of a type that is not named above
            self._reject(index, raw, "malformed", "a region without an id", *labels)
            return
        span = self._doubt(value) or self._span(value)
        if isinstance(span, Flaw):
            self._reject(index, raw, span.kind, span.message, *labels)
            return
        if (earlier := self._seen.setdefault((raw.id, control.name), raw)) is not raw:
            kind = "duplicate" if earlier == raw else "repeated-id"
            self._reject(index, raw, kind, f"region {raw.id!r} of {control.name} occurs twice", *labels)
            return
        span = Span(self.place(span.start), self.place(span.end))
        kept = self._labels(index, raw, control, span)
        if not kept:
            return
        self.out.unverified += value.text is None
        if raw.meta and "text" in raw.meta:
            self.out.lost["note on a region"] += 1
        self.out.regions.append(
            Region(
                index=index,
                id=raw.id,
                control=control.name,
                labels=kept,
                span=span,
                meta=_ours(raw.meta),
                score=raw.score,
            )
        )

    def _reject(
        self, index: int, raw: _Raw, kind: str, message: str, *labels: str, span: Span | None = None
    ) -> None:
        """Note a region: once for each of its labels, as it would be taken over."""
        result = self.out.given[index]
        read = _read(result) if span is None else {**_read(result), "spans": raw_spans([span])}
        for label in labels or (None,):
            self.out.reject(self.unit(result), kind, message, index, **{**read, "id": raw.id, "type": label})

    def _doubt(self, value: _Value) -> Flaw | None:
        """Why the offsets of a region without words are not believed."""
        if not self.in_utf16 or value.text is not None or value.start == value.end:
            return None
        other = utf16.decode(value.start, value.end, self.text)
        if other == Span(value.start, value.end):
            return None
        here = self.text[value.start : value.end]
        there = f", and {self.text[slice(*other)]!r} if they count UTF-16 units" if other else ""
        message = f"it carries no words; at [{value.start}, {value.end}] the text has {here!r}{there}"
        return Flaw("", "doubtful-offsets", message)

    def _span(self, value: _Value) -> Span | Flaw:
        """The span in the task's text, or why there is none."""
        text, start, end = self.text, value.start, value.end
        fits = 0 <= start <= end <= len(text)
        if fits and (value.text is None or same_words(text[start:end], value.text)):
            if start < end:
                return Span(start, end)
            return Flaw("", "empty-span", f"[{start}, {end}] covers nothing")
        if (repaired := utf16.proved(value.start, value.end, value.text, text)) is not None:
            self.out.repaired["offsets in UTF-16"] += 1
            return repaired
        if fits:
            hint = composed(text[start:end], value.text or "", text)
            message = f"at [{start}, {end}] the text has {text[start:end]!r}, the region says {value.text!r}"
            return Flaw("", "words-differ", message + hint)
        message = f"[{start}, {end}] is no span of a text of {len(text)} code points"
        return Flaw("", "outside-text", message)

    def _labels(self, index: int, raw: _Raw, control: Control, span: Span) -> tuple[str, ...]:
        labels = dict.fromkeys(msgspec.convert(raw.value, _Value).labels)
        if not labels:
            self._reject(index, raw, "unlabelled", "a region without a label", span=span)
        unknown = [label for label in labels if not control.dynamic and label not in control.values]
        for label in unknown:
            message = f"{control.name} has no label {label!r}; it has: {', '.join(control.values)}"
            self._reject(index, raw, "unknown-type", message, label, span=span)
        return tuple(label for label in labels if label not in unknown)

    def _choice(self, index: int, raw: _Raw, control: Control) -> None:
        chosen = msgspec.convert(raw.value, _Chosen).choices
        if control.name == labelconfig.VERDICT:
            self.out.verdicts += [value for value in chosen if value in control.values]
            return
        if not control.per_region or raw.id is None:
            self.out.lost[f"choices {control.name}, of the whole text"] += 1
            return
        known = tuple(value for value in chosen if value in control.values)
        fits = bool(chosen) if control.multiple else len(chosen) == 1
        if not fits or known != chosen:
            kind = "contradiction" if known == chosen else "unknown-value"
            of = f"{'some' if control.multiple else 'one'} of {', '.join(control.values)}"
            self.out.reject("attribute", kind, f"{of} is expected, got {', '.join(chosen) or 'none'}", index)
        for value in dict.fromkeys(known if control.multiple or (fits and known == chosen) else ()):
            attribute = attribute_name(control.name)
            found = Choice(
                index=index, region=raw.id, attribute=attribute, value=value, several=control.multiple
            )
            self.out.choices.append(found)

    def _arrow(self, index: int, result: Any) -> None:
        raw = msgspec.convert(result, _RawArrow)
        ends = (raw.to_id, raw.from_id) if raw.direction == "left" else (raw.from_id, raw.to_id)
        if not raw.labels:
            message = f"the arrow from {ends[0]} to {ends[1]} has no label"
            self.out.reject("argument", "unlabelled", message, index)
        for label in dict.fromkeys(raw.labels or ()):
            listed = label in self.controls.arrows
            (self.out.arrows if listed else self.out.unlisted).append(
                Arrow(
                    index=index,
                    label=label,
                    source=ends[0],
                    target=ends[1],
                    both_ways=raw.direction == "bi",
                    meta=_ours(raw.meta),
                )
            )


def _plain(result: Any, index: int) -> Any:
    """A result in one form: ids are text, as Label Studio takes numbers and regions without one; offsets are
    integers, also where scripts wrote 3.0 or "3".
    """
    if not isinstance(result, dict):
        return result
    ids = {key: result[key] for key in ("id", "from_id", "to_id") if type(result.get(key)) is int}
    plain = {**result, **{key: str(id) for key, id in ids.items()}}
    if plain.get("id") is None and plain.get("type") == "labels":
        plain["id"] = f"unnamed-{index}"
    if isinstance(value := plain.get("value"), dict):
        plain["value"] = {**value, **{key: _whole(value[key]) for key in ("start", "end") if key in value}}
    return plain


def _whole(value: Any) -> Any:
    """An offset as an integer, if it is a whole number written otherwise."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value.partition(".")[0]) if isinstance(value, str) and _WHOLE.fullmatch(value) else value


def _read(result: Any) -> dict[str, Any]:
    """What can be read of a region that is not taken over: id, label, place and words."""
    value = result.get("value") if isinstance(result, dict) else None
    if not isinstance(value, dict):
        return {}
    labels = value.get("labels")
    found = {
        "id": result.get("id"),
        "type": labels[0] if isinstance(labels, list) and labels else None,
        "words": value.get("text"),
    }
    texts: dict[str, Any] = {name: given for name, given in found.items() if isinstance(given, str)}
    return {**texts, "spans": raw_spans([[value.get("start"), value.get("end")]])}


def _ours(meta: dict[str, Any] | None) -> dict[str, Any]:
    ours = (meta or {}).get(OURS, {})
    return ours if isinstance(ours, dict) else {}


_WHOLE = re.compile(r"-?[0-9]{1,18}(\.0+)?")
_SPACE = re.compile(r"(?:\\[nrt]|\s)+")


def same_words(got: str, said: str) -> bool:
    """Whether a region's own words are those of the text; white space counts as one space.

    Label Studio writes a line break as a backslash and an n.

    >>> same_words("Balkh\\nprovince", "Balkh\\\\nprovince"), same_words("Balkh", "Herat")
    (True, False)
    """
    return got == said or _SPACE.sub(" ", got).strip() == _SPACE.sub(" ", said).strip()
