"""WebAnno TSV 3, as WebAnno and INCEpTION write it: tokens with a column for each feature of each layer.

A layer of spans (`#T_SP`) holds mentions: named entities and layers of one's own (`webanno.custom.…`); other
layers of linguistics are passed over. A layer with slots (`ROLE_…`) holds events: the span is the trigger,
and what a slot points to is the mention that fills the role. A layer of links (`#T_RL`) holds relations, a
layer of chains (`#T_CH`) says which mentions are of one entity. The type is the feature `value`, `category`,
`label` or `type`, else the first one, or as the option `label` names it; other features are attributes.

The text is that of the `#Text` lines, each at the offset of its tokens; what was between sentences is a line
break, and spaces. Offsets are UTF-16 code units. The file is the document, and is called by its name.

Not kept: links of chains where there is no mention, slots of a layer with several kinds of them by name,
layers that are passed over. Form: the appendix of WebAnno's user guide, on its file format of version 3.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any, Literal

import msgspec

from goldwire.corpora.codec import read_bytes
from goldwire.corpora.encodings import decode
from goldwire.corpora.errors import DataError, Fault, Faults
from goldwire.corpora.formats import Facts, Reading
from goldwire.corpora.formats.gather import Gathering, Place, reject
from goldwire.corpora.formats.head import Head
from goldwire.corpora.formats.tsv3 import Layer, Row, fault, parse_layers, parse_rows, unescape
from goldwire.corpora.offsets import Converter, OffsetError, joined
from goldwire.corpora.types import Argument, Document, Event, Mention, Rejected, Relation, Span, Spans

COVERS: Literal["listed"] = "listed"
FACTS = Facts(
    about="WebAnno TSV 3, of WebAnno and INCEpTION: tokens with a column for each feature",
    loss="links of chains without a mention, white space between sentences",
    coverage="a file for the document",
    example="goldwire corpus new work --from exported/ --format webanno --layer gold",
)
_MARK = "#FORMAT=WebAnno TSV 3"
_ID = re.compile(r"(?<!\\)\[(\d+)\]$")
_LINK = re.compile(r"(\d+-\d+(?:\.\d+)*)(?:\[(\d+)(?:_(\d+))?\])?$")
_CHAIN = re.compile(r"(.*)->(\d+)-(\d+)$", re.DOTALL)
_PART = re.compile(r"(?<!\\)\|")
_LABELS = ("value", "category", "label", "type")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`label`: the feature that holds the type, in layers that have it."""

    label: str = ""
    encoding: str | None = None


@dataclass
class _Unit:
    """An annotation of a layer: its rows, and the value of each feature as it stands."""

    rows: list[Row] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


Units = dict[tuple[str, str], _Unit]  # by number, or by the address of the only row


def recognise(head: Head) -> bool:
    """The first line names the format."""
    return bool(head.lines) and head.lines[0].startswith(_MARK)


def read(paths: Sequence[Path], options: Options, documents: Sequence[Document] | None = None) -> Reading:
    """See `Format.read`."""
    gathering = Gathering(documents, options)
    faults = Faults()
    for path in _files(paths):
        with faults.noted():
            _take(path, options, gathering)
    faults.check()
    return gathering.reading()


def _files(paths: Iterable[Path]) -> list[Path]:
    return [p for path in paths for p in (sorted(path.rglob("*.tsv")) if path.is_dir() else [path])]


def _take(path: Path, options: Options, gathering: Gathering) -> None:
    lines = decode(read_bytes(path), str(path), options.encoding).split("\n")
    if not lines[0].startswith(_MARK):
        raise fault(f"{path}:1", f"the first line is {lines[0][:60]!r}, not {_MARK}.N")
    layers = parse_layers(lines)
    width = max((layer.first + len(layer.features) for layer in layers), default=0)
    rows, text = parse_rows(lines, str(path), width)
    place = gathering.text(path.stem, text, str(path))
    if place is not None:
        _Reader(layers, rows, text, place, gathering).take()


# ---------------------------------------------------------------- layers


class _Reader:
    """Reads the layers of one document."""

    def __init__(
        self, layers: Sequence[Layer], rows: Sequence[Row], text: str, place: Place, gathering: Gathering
    ) -> None:
        self.rows, self.text, self.place, self.gathering = rows, text, place, gathering
        self.converter = Converter(text, "utf-16")
        self.rejected: list[Rejected] = []
        self.layers = [layer for layer in layers if layer.is_read]
        self.by_key: dict[tuple[str, str], Mention] = {}
        self.by_span: dict[Spans, list[Mention]] = defaultdict(list)

    def take(self) -> None:
        if faults := [Fault(row.where, "", why) for row in self.rows if (why := self.wrong(row))]:
            raise DataError(f"{len(faults)} token(s) are not where they say", faults)
        units = [(layer, self.units(layer)) for layer in self.layers if layer.kind == "SP"]
        mentions = [m for layer, found in units if not layer.slots for m in self.mentions(layer, found)]
        for mention in mentions:
            self.by_span[mention.spans].append(mention)
        clusters = {id: c for layer in self.layers if layer.kind == "CH" for id, c in self.chains(layer)}
        mentions = [msgspec.structs.replace(m, cluster=clusters.get(m.id)) for m in mentions]
        events = [e for layer, found in units if layer.slots for e in self.events(layer, found)]
        relations = [r for layer in self.layers if layer.kind == "RL" for r in self.relations(layer)]
        self.gathering.add(
            self.place,
            mentions,
            [msgspec.structs.replace(e, id=f"e{i}") for i, e in enumerate(events, start=1)],
            [msgspec.structs.replace(r, id=f"r{i}") for i, r in enumerate(relations, start=1)],
            rejected=self.rejected,
        )

    def wrong(self, row: Row) -> str | None:
        """Why the words of a row are not where it says."""
        span = self.plain(row)
        got = None if span is None else self.text[span.start : span.end]
        return (
            None if got == row.words else f"{row.start}-{row.end} gives {got!r}, the token is {row.words!r}"
        )

    def plain(self, row: Row) -> Span | None:
        """The span of a row in the text of the file."""
        try:
            return Span(self.converter.decode(row.start), self.converter.decode(row.end))
        except OffsetError:
            return None

    def units(self, layer: Layer) -> Units:
        """The annotations of a layer: by number, or, of one row without a number, by its address."""
        found: Units = defaultdict(_Unit)
        for row in self.rows:
            columns = [_parts(row.cells[layer.first + i]) for i in range(len(layer.features))]
            for place, values in enumerate(zip_longest(*columns, fillvalue="_")):
                numbers = [match[1] for value in values if (match := _ID.search(value))]
                if all(value == "_" for value in values):
                    continue
                key = ("", numbers[0]) if numbers else (row.address, str(place))
                unit = found[key]
                unit.rows.append(row)
                for name, value in zip(layer.features, values, strict=True):
                    slot = name.startswith("TARGET_")  # there, the number is that of the target
                    unit.values.setdefault(name, value if slot else _ID.sub("", value))
        return dict(found)

    def spans(self, unit: _Unit) -> Spans:
        """Where a unit is; its tokens and what is between them."""
        parts = [self.place.span(*span) for row in unit.rows if (span := self.plain(row)) is not None]
        merged = joined(parts, self.place.document.text)
        return (Span(merged[0].start, merged[-1].end),)

    def label(self, layer: Layer, unit: _Unit) -> tuple[str | None, dict[str, str]]:
        """The type of a unit and its attributes; the name of the layer where it has no features."""
        own = {n: _value(v) for n, v in unit.values.items() if n and not n.startswith(("ROLE_", "TARGET_"))}
        asked = self.gathering.options.label
        names = [name for name in (asked, *_LABELS) if name in own] or list(own)[:1]
        if not names:
            return layer.name.rpartition(".")[2], {}
        rest = {name: value for name, value in own.items() if name != names[0] and value is not None}
        return own[names[0]], rest

    def sound(self, layer: Layer, unit: _Unit, kind: str) -> tuple[str, dict[str, str]] | None:
        type, attributes = self.label(layer, unit)
        if type:
            return type, attributes
        message = f"{unit.rows[0].where}: an annotation of {layer.name} without a label"
        self.rejected.append(reject(self.place, kind, "unlabelled", message, self.spans(unit)))
        return None

    def mentions(self, layer: Layer, units: Units) -> Iterator[Mention]:
        for (address, number), unit in units.items():
            if (found := self.sound(layer, unit, "mention")) is None:
                continue
            id = f"m{len(self.by_key) + 1}"
            mention = Mention(id=id, type=found[0], spans=self.spans(unit), attributes=found[1])
            self.by_key[(layer.name, f"{address}[{number}]")] = mention
            yield mention

    def target(self, address: str, number: str | None, layer: str) -> Mention | None:
        """The mention that a token's address, and a number where the token has several, point to."""
        names = [layer] if layer else [item.name for item in self.layers]
        key = f"{address}[0]" if number in (None, "0") else f"[{number}]"
        found = [self.by_key[(name, key)] for name in names if (name, key) in self.by_key]
        return found[0] if len(found) == 1 else None

    def events(self, layer: Layer, units: Units) -> Iterator[Event]:
        for unit in units.values():
            if (found := self.sound(layer, unit, "event")) is None:
                continue
            spans, (type, attributes) = self.spans(unit), found
            arguments = tuple(self.arguments(layer, unit, type, spans))
            yield Event(id="", type=type, trigger=spans, arguments=arguments, attributes=attributes)

    def arguments(self, layer: Layer, unit: _Unit, type: str, trigger: Spans) -> Iterator[Argument]:
        for roles, targets in pairwise(layer.features):
            if not roles.startswith("ROLE_"):
                continue
            names, points = unit.values[roles].split(";"), unit.values[targets].split(";")
            for name, point in zip_longest(names, points, fillvalue=""):
                role = _value(name) or roles.partition(":")[2].partition("_")[0]
                mention = self.pointed(point, targets.removeprefix("TARGET_"))
                if mention is not None:
                    yield Argument(role=role, mention=mention.id)
                elif point not in ("_", ""):
                    more: dict[str, Any] = {"type": type, "role": role, "trigger": tuple(map(tuple, trigger))}
                    message = f"{unit.rows[0].where}: no mention is at {point!r}"
                    self.rejected.append(reject(self.place, "argument", "no-mention", message, **more))

    def pointed(self, point: str, layer: str) -> Mention | None:
        match = _LINK.match(point)
        layer = "" if layer.startswith("uima.") else layer  # any annotation
        return None if match is None else self.target(match[1], match[2], layer)

    def relations(self, layer: Layer) -> Iterator[Relation]:
        *names, base = layer.features
        for row in self.rows:
            columns = [_parts(row.cells[layer.first + i]) for i in range(len(layer.features))]
            for *values, point in zip_longest(*columns, fillvalue="_"):
                if point != "_":
                    yield from self.relation(layer, row, dict(zip(names, values, strict=True)), point, base)

    def relation(
        self, layer: Layer, row: Row, values: Mapping[str, str], point: str, base: str
    ) -> Iterator[Relation]:
        """A relation stands in the row of its second end and points to the row of the first."""
        type, attributes = self.label(layer, _Unit([row], {n: _ID.sub("", v) for n, v in values.items()}))
        self.gathering.lost["attributes of relations"] += len(attributes)
        match, name = _LINK.match(point), base.removeprefix("BT_")
        source = None if match is None else self.target(match[1], match[2], name)
        target = None if match is None else self.target(row.address, match[3], name)
        if source is not None and target is not None and type:
            yield Relation(id="", type=type, source=source.id, target=target.id)
        else:
            kind = "no-mention" if type else "unlabelled"
            message = f"{row.where}: {point!r} and its own row do not name two mentions"
            self.rejected.append(reject(self.place, "relation", kind, message, type=type or None))

    def chains(self, layer: Layer) -> Iterator[tuple[str, str]]:
        """Mentions and the chains that they are in; a link is all rows with one number of chain and link."""
        links: dict[tuple[str, str], _Unit] = defaultdict(_Unit)
        for row in self.rows:
            cells = (row.cells[layer.first + i] for i in range(len(layer.features)))
            for value in (part for cell in cells for part in _parts(cell)):
                if (match := _CHAIN.match(_ID.sub("", value))) is not None:
                    links[(match[2], match[3])].rows.append(row)
        for (chain, _), unit in links.items():
            mentions = self.by_span.get(self.spans(unit), [])
            self.gathering.lost["links of chains that meet no mention"] += not mentions
            yield from ((mention.id, f"c{chain}") for mention in mentions)


def _parts(cell: str) -> list[str]:
    return _PART.split(cell)


def _value(text: str) -> str | None:
    """A value of a feature; None where it has none."""
    return None if text in ("_", "*", "") else unescape(text)
