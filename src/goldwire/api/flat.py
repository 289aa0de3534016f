"""Units as rows: tuples, dicts and columns of data frames, each checked by itself and every fault kept."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any, TypeVar

import msgspec

from goldwire.corpora.errors import Fault, InputValueError
from goldwire.corpora.types import Annotations, Event, Mention, Relation, Span, Spans
from goldwire.eval.measures.phrases import amount

# What a column or key may be called, the first being ours. `id` alone is the unit's, never the document's.
NAMES: dict[str, tuple[str, ...]] = {
    "document": ("document", "doc_id", "doc", "document_id"),
    "start": ("start", "start_char", "start_offset", "begin"),
    "end": ("end", "end_char", "end_offset", "stop"),
    "type": ("type", "label", "entity_type", "entity_group"),
}
LARGEST = 2**31  # no text is so long
_ROW = "start, end and type, or what a line of the simple form has: mentions, events, relations"
_EXPECTED = "expected a whole number of characters"
ENDS = "0 <= start < end, the end behind the last character"
S = TypeVar("S", bound=msgspec.Struct)
Unit = Mention | Event | Relation


class Collector:
    """Reads one side and keeps its units by document, and every fault with its place."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.faults: list[Fault] = []
        self.words: dict[tuple[str, str], str] = {}
        self._units: dict[str, list[Unit]] = {}
        self._whole: dict[str, Annotations] = {}

    # ------------------------------------------------------------ what comes out

    def check(self) -> None:
        """Raise `InputValueError` with all faults, if there are some."""
        if self.faults:
            raise InputValueError(
                f"{self.where}: {amount(len(self.faults), 'faulty item')}; nothing was scored", self.faults
            )

    def lines(self) -> dict[str, Annotations]:
        """A line for each document, bound to no text yet."""
        return {id: _line(id, units) for id, units in self._units.items()} | self._whole

    def fault(self, path: str, message: str) -> None:
        """Note what is wrong, and where."""
        self.faults.append(Fault(self.where, path, message))

    # ------------------------------------------------------------ documents

    def document(self, value: Any, path: str) -> str | None:
        """The id of a document; a whole number is taken as the text of it."""
        if isinstance(value, str) and value:
            return str(value)
        number = None if isinstance(value, float) and math.isnan(value) else offset(value)
        if isinstance(number, int):
            return str(number)
        self.fault(path, f"got {value!r} for the document; expected its id")
        return None

    def name(self, id: str) -> None:
        """Know a document, which may have no unit."""
        self._units.setdefault(id, [])

    def begin(self, id: str, path: str) -> None:
        """Know a document that must not have come before."""
        if id in self._units or id in self._whole:
            self.fault(path, f"document {id!r} occurs twice")
        self.name(id)

    def add_line(self, line: Annotations, path: str, id: str | None = None) -> None:
        """Take in all that is said of a document; `id` is the one it should be of, where that is known."""
        if id is not None and line.document != id:
            self.fault(path, f"is of document {line.document!r}")
            return
        if line.document in self._whole or line.document in self._units:
            self.fault(path, f"document {line.document!r} occurs twice")
            return
        self._whole[line.document] = _of_ours(line)
        for mention in line.mentions:
            self._check_spans(mention.spans, f"{path}.{mention.id}", needed=True)
        for event in line.events:
            self._check_spans(event.trigger, f"{path}.{event.id}", needed=False)

    # ------------------------------------------------------------ units

    def add_row(
        self,
        document: Any,
        start: Any,
        end: Any,
        type: Any,
        *,
        path: str,
    ) -> None:
        """Take in a mention of one span."""
        id = self.document(document, path)
        span, label = self._span(start, end, path), self._label(type, path)
        if id is not None and span is not None and label is not None:
            self._add_mention(id, label, (span,), {}, path)

    def add_mapping(self, row: Mapping[str, Any], path: str, document: str | None = None) -> None:
        """Take in a row as a dict, of a document that it names or that is known."""
        found = {name: _first(row, names) for name, names in NAMES.items()}
        if all(found[name] is None for name in ("start", "end", "type")):
            self.fault(path, f"got the keys {', '.join(map(str, row))}; expected {_ROW}")
            return
        id = document if document is not None else self.document(found["document"], f"{path}['document']")
        label, spans = self._label(found["type"], path), self._spans_of(row, found, path)
        if id is not None and label is not None and spans:
            self._add_mention(id, label, spans, row, path)

    def add_unit(self, document: str, unit: Any, path: str) -> None:
        """Take in a unit of a document: (start, end, type), a dict, a Mention, an Event or a Relation."""
        if isinstance(unit, Mention | Event):
            spans = unit.spans if isinstance(unit, Mention) else unit.trigger
            self._check_spans(spans, path, needed=isinstance(unit, Mention))
        if isinstance(unit, Mention | Event | Relation):
            self._units.setdefault(document, []).append(unit)
        elif isinstance(unit, Mapping):
            self.add_mapping(unit, path, document)
        elif isinstance(unit, tuple | list) and len(unit) == 3:  # noqa: PLR2004 - start, end, type
            self.add_row(document, *unit, path=path)
        else:
            self.fault(path, f"got {unit!r}; expected (start, end, type), a dict or a Mention")

    def _add_mention(self, id: str, type: str, spans: Spans, more: Mapping[str, Any], path: str) -> None:
        units = self._units.setdefault(id, [])
        given, words = more.get("id"), more.get("text")
        name = f"m{len(units)}" if _is_nothing(given) else str(given)
        units.append(Mention(id=name, type=type, spans=spans, score=self._score(more.get("score"), path)))
        if isinstance(words, str):
            self.words[id, name] = words

    def _score(self, value: Any, path: str) -> float | None:
        if _is_nothing(value):
            return None
        if isinstance(value, Real):
            return float(value)
        self.fault(path, f"got {value!r} for the score; expected a number")
        return None

    def _label(self, value: Any, path: str) -> str | None:
        if isinstance(value, str) and value:
            return str(value)
        self.fault(path, f"got {value!r} for the type; expected its name")
        return None

    def _spans_of(self, row: Mapping[str, Any], found: Mapping[str, Any], path: str) -> Spans:
        """The spans of a row: `spans`, or `start` and `end`."""
        if row.get("spans") is not None:
            made = tuple(filter(None, (self._pair(pair, path) for pair in row["spans"])))
            self._check_spans(made, path, needed=True)
            return made
        span = self._span(found["start"], found["end"], path)
        return () if span is None else (span,)

    def _pair(self, pair: Any, path: str) -> Span | None:
        if isinstance(pair, Mapping):
            return self._span(pair.get("start"), pair.get("end"), path)
        if isinstance(pair, Sequence) and len(pair) == 2 and not isinstance(pair, str):  # noqa: PLR2004
            return self._span(pair[0], pair[1], path)
        self.fault(path, f"got {pair!r} for a span; expected (start, end)")
        return None

    def _span(self, start: Any, end: Any, path: str) -> Span | None:
        ends = (offset(start), offset(end))
        wrong = [
            f"got {given!r} for the {name}; {told}"
            for name, given, told in zip(("start", "end"), (start, end), ends, strict=True)
            if isinstance(told, str)
        ]
        low, high = ends
        if not wrong and not 0 <= low < high < LARGEST:  # type: ignore[operator]  # strings are wrong
            wrong = [f"got start {low} and end {high}; expected {ENDS}"]
        for message in wrong:
            self.fault(path, message)
        return None if wrong else Span(low, high)  # type: ignore[arg-type]  # strings are wrong

    def _check_spans(self, spans: Any, path: str, *, needed: bool) -> None:
        """Note what is wrong with spans of a unit that was made outside."""
        if not all(isinstance(span, Span) for span in spans):
            self.fault(path, f"got {spans!r}; expected Spans, as goldwire.Mention makes them of pairs")
        elif not all(0 <= span.start < span.end < LARGEST for span in spans) or (needed and not spans):
            shown = [tuple(span) for span in spans]
            self.fault(path, f"got spans {shown}; expected {ENDS}")

    # ------------------------------------------------------------ data frames

    def add_frame(self, frame: Any) -> None:
        """Take in the rows of a data frame, by the names of its columns (see `NAMES`)."""
        frame = frame.collect() if hasattr(frame, "collect") else frame
        columns = list(map(str, frame.columns))
        chosen = {name: next((c for c in names if c in columns), None) for name, names in NAMES.items()}
        missing = [name for name, column in chosen.items() if column is None]
        if missing:
            raise InputValueError(
                f"{self.where}: the frame has no column for {', '.join(missing)}; its columns are "
                f"{', '.join(columns) or 'none'}. Expected: "
                + "; ".join(f"{name} (or {', '.join(others)})" for name, (_, *others) in NAMES.items())
            )
        if "layer" in columns and len(layers := sorted(set(frame["layer"]))) > 1:
            raise InputValueError(
                f"{self.where}: the frame has units of {', '.join(map(str, layers))}; keep those of one layer"
            )
        named = {name: column for name, column in chosen.items() if column is not None}
        named |= {name: name for name in _MORE if name in columns}
        values = zip(*(list(frame[column]) for column in named.values()), strict=True)
        for number, row in enumerate(values):
            self.add_mapping(dict(zip(named, row, strict=True)), f"[{number}]")


_MORE = ("id", "score", "text", "spans")  # what a frame may say of a unit besides


def is_frame(value: Any) -> bool:
    """Whether something is a data frame: of polars, also a lazy one, of pandas, or what looks like one."""
    # A lazy frame is not asked for its columns before it is collected: that would work them out twice.
    return hasattr(value, "collect_schema") or (hasattr(value, "columns") and hasattr(value, "shape"))


def _line(id: str, units: Iterable[Unit]) -> Annotations:
    """A line of units, those without an id having one of their place."""
    parts: dict[type, list[Any]] = {Mention: [], Event: [], Relation: []}
    for number, unit in enumerate(units):
        kind = next(kind for kind in parts if isinstance(unit, kind))
        parts[kind].append(
            _of_type(unit if unit.id else msgspec.structs.replace(unit, id=f"u{number}"), kind)
        )
    mentions, events, relations = map(tuple, parts.values())
    return Annotations(document=id, sha256="", mentions=mentions, events=events, relations=relations)


def _of_ours(line: Annotations) -> Annotations:
    """A line and its units as they are on disk: those of `api.structs` have their fields in another order."""
    found = _of_type(line, Annotations)
    units: list[Unit] = [*found.mentions, *found.events, *found.relations]
    if all(type(unit) in (Mention, Event, Relation) and unit.id for unit in units):
        return found
    made = _line(found.document, units)
    parts = {"mentions": made.mentions, "events": made.events, "relations": made.relations}
    return msgspec.structs.replace(found, **parts)


def _of_type(value: S, kind: type[S]) -> S:
    if type(value) is kind:
        return value
    return kind(**{field: getattr(value, field) for field in kind.__struct_fields__})


def _first(row: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((row[name] for name in names if name in row), None)


def _is_nothing(value: Any) -> bool:
    """Whether a cell is empty: None, NaN, or what pandas has for it."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or str(value) == "<NA>"


def offset(value: Any) -> int | str:
    """A whole number, or what is expected instead.

    >>> offset(3.0), offset(3.5)
    (3, 'expected a whole number of characters')
    """
    if isinstance(value, bool):
        return _EXPECTED
    if hasattr(value, "__index__"):
        return operator.index(value)
    if isinstance(value, Real):
        number = float(value)
        return int(number) if number.is_integer() else _EXPECTED
    return _EXPECTED


def plain(value: Any) -> Any:
    """A number of numpy or its like as one that JSON has; a span as its pair."""
    if isinstance(value, Real):
        return operator.index(value) if hasattr(value, "__index__") else float(value)
    if hasattr(value, "__index__"):
        return operator.index(value)
    raise TypeError(f"got {type(value).__name__}; expected what JSON has")
