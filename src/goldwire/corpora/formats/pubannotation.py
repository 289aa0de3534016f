"""PubAnnotation's JSON, by the documentation of its annotation format."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Facts
from goldwire.corpora.formats.gather import Gathering, Place
from goldwire.corpora.formats.records import (
    Records,
    fields,
    items_of,
    listed,
    text_of,
)
from goldwire.corpora.offsets import joined
from goldwire.corpora.types import Mention, Rejected, Relation, Spans


class _Span(msgspec.Struct, frozen=True):
    begin: int
    end: int


class _Denotation(msgspec.Struct, frozen=True):
    span: _Span | list[_Span]
    obj: str
    id: str | int | None = None


class _Triple(msgspec.Struct, frozen=True):
    subj: str | int
    pred: str
    obj: str | int | bool
    id: str | int | None = None


class PubAnnotation(Records):
    """PubAnnotation's JSON: `text` with `denotations`, `relations` and `attributes`; a document or a list.

    A denotation is a mention, in parts where its span is a list; a chain of `_lexicallyChainedTo` joins
    parts as well. A relation has a subject, a predicate and an object. An attribute of a denotation has
    the predicate as its name. Offsets count code points. A document is called by `sourcedb` and `sourceid`
    (and `divid`), where given. Tracks, as PubAnnotation has one for each project, are read if there is one.

    Not kept: names of projects and spaces, second values of an attribute, attributes of relations.
    """

    FACTS = Facts(
        about="PubAnnotation's JSON: texts with denotations, relations and attributes",
        loss="second values of attributes, attributes of relations, other fields",
        coverage="a record with denotations, also none",
        example="goldwire corpus new work --from annotations.json --format pubannotation --layer gold",
    )

    class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """`track`: the project whose annotations are read, where a record has several."""

        track: str = ""

    def fits(self, record: Any) -> bool:
        """A text with denotations, its own or those of a track."""
        if not isinstance(record, dict) or not isinstance(record.get("text"), str):
            return False
        tracks = record.get("tracks")
        lines = tracks if isinstance(tracks, list) else [record]
        return any(isinstance(line, dict) and isinstance(line.get("denotations"), list) for line in lines)

    def may_fit(self, record: Any) -> bool:
        """As `fits`, or a text from a source."""
        return self.fits(record) or (isinstance(record, dict) and {"text", "sourceid"} <= record.keys())

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        line = fields(record, "text")
        text = text_of(line)
        track = _track(line, gathering.options.track)
        place = gathering.text(_source(line), text, where, record)
        if place is None or "denotations" not in track:
            return
        rejected: list[Rejected] = []
        mentions = list(_denoted(track, place, rejected, gathering.lost))
        relations = list(_related(track, place, rejected))
        mentions, relations = _chained(mentions, relations, place.document.text)
        known = {"text", "denotations", "relations", "attributes", *_NAMES, "tracks"}
        gathering.lost["other fields"] += len(line.keys() - known)
        gathering.add(place, mentions, relations=relations, rejected=rejected)


_NAMES = ("sourcedb", "sourceid", "divid", "target", "project")
_CHAIN = "_lexicallyChainedTo"


def _source(line: Mapping[str, Any]) -> str | None:
    parts = [str(line[name]) for name in _NAMES[:3] if line.get(name) not in (None, "")]
    return "-".join(parts) if line.get("sourceid") not in (None, "") else None


def _track(line: Mapping[str, Any], asked: str) -> Mapping[str, Any]:
    """Where the annotations of a record stand: in itself, or in the only track, or the one asked for."""
    tracks = [fields(item) for item in listed(line, "tracks")]
    if asked:
        tracks = [item for item in tracks if item.get("project") == asked]
    if len(tracks) > 1:
        names = ", ".join(str(item.get("project")) for item in tracks)
        raise DataError(f"it has several tracks, {names}: say which by -o track=NAME")
    return tracks[0] if tracks else line


def _denoted(
    track: Mapping[str, Any], place: Place, rejected: list[Rejected], lost: Counter[str]
) -> Iterator[Mention]:
    values = _attributes(track, place, rejected, lost)
    items = items_of(listed(track, "denotations"), _Denotation, "mention", place, rejected)
    for number, item in enumerate(items, start=1):
        id = str(item.id) if item.id is not None else f"T{number}"
        parts = item.span if isinstance(item.span, list) else [item.span]
        spans = tuple(place.span(part.begin, part.end) for part in parts)
        yield Mention(id=id, type=item.obj, spans=spans, attributes=values.pop(id, {}))
    lost["attributes of what is no denotation"] += sum(map(len, values.values()))


def _attributes(
    track: Mapping[str, Any], place: Place, rejected: list[Rejected], lost: Counter[str]
) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for item in items_of(listed(track, "attributes"), _Triple, "attribute", place, rejected):
        value = str(item.obj).lower() if isinstance(item.obj, bool) else str(item.obj)
        lost["second values of attributes"] += found[str(item.subj)].setdefault(item.pred, value) != value
    return dict(found)


def _related(track: Mapping[str, Any], place: Place, rejected: list[Rejected]) -> Iterator[Relation]:
    items = items_of(listed(track, "relations"), _Triple, "relation", place, rejected)
    for number, item in enumerate(items, start=1):
        id = str(item.id) if item.id is not None else f"R{number}"
        yield Relation(id=id, type=item.pred, source=str(item.subj), target=str(item.obj))


def _chained(
    mentions: Sequence[Mention], relations: Sequence[Relation], text: str
) -> tuple[list[Mention], list[Relation]]:
    """Mentions with the parts that are chained to them, and the relations that are none of such."""
    chain_ = {r.source: r.target for r in relations if r.type == _CHAIN}
    by_id = {mention.id: mention for mention in mentions}
    parts: dict[str, list[Spans]] = defaultdict(list)
    for id in chain_.keys() & by_id.keys():
        first, seen = id, {id}
        while (after := chain_.get(first)) in by_id and after not in seen:
            first = str(after)
            seen.add(first)
        parts[first].append(by_id[id].spans)
    kept = [m for m in mentions if m.id not in chain_]
    whole = [
        msgspec.structs.replace(m, spans=joined(chain.from_iterable([m.spans, *parts[m.id]]), text))
        if m.id in parts
        else m
        for m in kept
    ]
    return whole, [r for r in relations if r.type != _CHAIN]


pubannotation = PubAnnotation()
