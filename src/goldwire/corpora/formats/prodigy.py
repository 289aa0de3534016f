"""Prodigy's JSON lines (form: prodi.gy/docs/api-interfaces). Offsets count code points, ends excluded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from goldwire.corpora.encodings import composed
from goldwire.corpora.errors import DataError
from goldwire.corpora.formats import Facts
from goldwire.corpora.formats.gather import Gathering, Place, reject
from goldwire.corpora.formats.records import (
    Written,
    bound,
    fields,
    id_of,
    is_list_of,
    items_of,
    listed,
    text_of,
)
from goldwire.corpora.formats.words import Words, whole, words
from goldwire.corpora.types import SKIPPED, Annotations, Document, Mention, Provenance, Rejected, Relation


class ProdigyOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`annotator`: whose lines are read, by `_annotator_id` or `_session_id`; all if not given."""

    annotator: str = ""


class _Region(msgspec.Struct, frozen=True):
    start: int
    end: int
    label: str | None = None
    text: str | None = None
    token_end: int | None = None


class _Arc(msgspec.Struct, frozen=True):
    label: str
    head: int | None = None
    child: int | None = None
    head_span: _Region | None = None
    child_span: _Region | None = None


class Prodigy(Written):
    """Prodigy's JSON lines, as `db-out` writes them: `text`, `spans`, `relations` and an `answer`.

    Lines with the answer `accept` are judged, and so are lines without one. `ignore` is a document that was
    skipped, and so is `reject`: what it says no to is not known to be wrong as a whole. Relations lead from
    their head to their child, the spans that they name, or those that end with the tokens they name.
    A document is called by its `id`, or that of its `meta`, else by its number. Prodigy has one line for each
    answer: where several people, or several questions, had one text, the first is kept and the others are
    rejected; the option `annotator` chooses.

    Not kept when read: meta, options and other fields, suggestions that were turned down. Not held when
    written: events, mentions with several parts, clusters, attributes, heads, scores. Tokens are written as
    Goldwire counts them, parted where a mention begins or ends.
    """

    FACTS = Facts(
        about="Prodigy's JSON lines, as db-out writes them: texts with spans, relations and an answer",
        loss="events, clusters, attributes, scores; mentions in parts; read: meta, what was turned down",
        coverage="the answer accept, or none; ignore and reject are skipped",
        example="goldwire corpus new work --from ner.jsonl --format prodigy --layer gold",
    )
    HELD = ("relations",)
    Options = ProdigyOptions

    def fits(self, record: Any) -> bool:
        """A text with spans that have a start and an end, or with Prodigy's hashes or answers."""
        if not isinstance(record, dict) or not isinstance(record.get("text"), str):
            return False
        marked = bool(record.keys() & {"_input_hash", "_task_hash"}) or record.get("answer") in _ANSWERS
        spans = record.get("spans")
        return isinstance(spans, list) and is_list_of(spans, _Region) and (bool(spans) or marked)

    def may_fit(self, record: Any) -> bool:
        """As `fits`, or a text that was not looked at."""
        return self.fits(record) or (isinstance(record, dict) and "text" in record and "answer" in record)

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """See `Records.take`."""
        line = fields(record, "text")
        author, wanted = line.get("_annotator_id") or line.get("_session_id"), gathering.options.annotator
        if wanted and wanted not in (author, line.get("_session_id")):
            gathering.lost["lines of others"] += 1
            return
        text = text_of(line)
        if self._again(text, where, gathering, record):
            return
        meta = line.get("meta")
        id = id_of(line.get("id")) or id_of(meta.get("id") if isinstance(meta, dict) else None)
        place = gathering.text(id, text, where, record)
        if place is None:
            return
        provenance = Provenance(author=id_of(author), tool="prodigy", created=_time(line.get("_timestamp")))
        answer = line.get("answer", "accept")
        if answer not in _ANSWERS:
            raise DataError(f"`answer` is one of {', '.join(_ANSWERS)}, got {answer!r}")
        if answer != "accept":
            gathering.lost["spans that were turned down"] += len(listed(line, "spans"))
            skipped = msgspec.structs.replace(provenance, status=SKIPPED, details={"answer": answer})
            gathering.add(place, provenance=skipped)
            return
        rejected: list[Rejected] = []
        mentions = list(self._read_spans(line, place, rejected))
        relations = list(self._read_arcs(line, mentions, place, rejected))
        gathering.lost["other fields"] += sum(name not in _FIELDS and name[:1] != "_" for name in line)
        gathering.add(place, mentions, relations=relations, rejected=rejected, provenance=provenance)

    def _again(self, text: str, where: str, gathering: Gathering, record: Any) -> bool:
        """Whether a text had a line before: another person's, or another question."""
        seen = text in gathering.texts
        if seen:
            message = "the text has an earlier line; `-o annotator=NAME` takes those of one person"
            gathering.refuse("repeated-document", message, where, None, record)
        gathering.texts.add(text)
        return seen

    def _read_spans(
        self, line: Mapping[str, Any], place: Place, rejected: list[Rejected]
    ) -> Iterator[Mention]:
        regions = items_of(listed(line, "spans"), _Region, "mention", place, rejected)
        for number, region in enumerate(regions, start=1):
            span = place.span(region.start, region.end)
            got = place.document.text[max(0, span.start) : max(0, span.end)]
            if region.label is None:
                why = ("unlabelled", "a span without a label")
            elif region.text is not None and region.text != got:
                hint = composed(got, region.text, place.document.text)
                why = ("words-differ", f"the offsets give {got!r}, the file says {region.text!r}{hint}")
            else:
                yield Mention(id=f"m{number}", type=region.label, spans=(span,))
                continue
            rejected.append(reject(place, "mention", *why, [span], type=region.label, words=region.text))

    def _read_arcs(
        self, line: Mapping[str, Any], mentions: Iterable[Mention], place: Place, rejected: list[Rejected]
    ) -> Iterator[Relation]:
        by_span = {mention.spans[0]: mention.id for mention in reversed(list(mentions))}
        by_token = {
            region.token_end: (region.start, region.end)
            for region in items_of(listed(line, "spans"), _Region, "mention", place, [])
        }
        for number, arc in enumerate(
            items_of(listed(line, "relations"), _Arc, "relation", place, rejected), 1
        ):
            ends = []
            for region, token in ((arc.head_span, arc.head), (arc.child_span, arc.child)):
                given = (region.start, region.end) if region else by_token.get(token, (-1, -1))
                ends.append(by_span.get(place.span(*given), ""))
            if all(ends):
                yield Relation(id=f"r{number}", type=arc.label, source=ends[0], target=ends[1])
            else:
                message = "no span is where an end of the relation is"
                value = msgspec.to_builtins(arc)
                rejected.append(reject(place, "relation", "no-mention", message, type=arc.label, value=value))

    def give(
        self, items: Sequence[tuple[Document, Annotations]], lost: Counter[str]
    ) -> Iterator[dict[str, Any]]:
        """See `Written.give`."""
        view = "relations" if any(line.relations for _, line in items) else "spans_manual"
        for document, line in items:
            mentions = whole(line.mentions, lost)
            counted = words(document, [mention.spans for mention in mentions])
            regions = {mention.id: _region(mention, counted) for mention in mentions}
            yield {
                "id": document.id,
                "text": document.text,
                "tokens": list(_tokens(counted, document.text)),
                "spans": list(regions.values()),
                "relations": [
                    {
                        "head": regions[x.source].get("token_end"),
                        "child": regions[x.target].get("token_end"),
                        "head_span": regions[x.source],
                        "child_span": regions[x.target],
                        "label": x.type,
                    }
                    for x in bound(line.relations, regions, lost)
                ],
                "answer": "accept",
                "_view_id": view,
            }


_ANSWERS = ("accept", "reject", "ignore")
_FIELDS = frozenset({"id", "text", "tokens", "spans", "relations", "answer"})


def _time(value: Any) -> str | None:
    """Seconds since 1970 as ISO 8601."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def _region(mention: Mention, counted: Words) -> dict[str, Any]:
    (span,) = mention.spans
    tokens = counted.of(span)
    where = {} if tokens is None else {"token_start": tokens[0], "token_end": tokens[1] - 1}
    return {"start": span.start, "end": span.end, "label": mention.type, **where}


def _tokens(counted: Words, text: str) -> Iterator[dict[str, Any]]:
    for number, (start, end) in enumerate(counted.spans):
        space = text[end : end + 1].isspace()
        yield {"text": text[start:end], "start": start, "end": end, "id": number, "ws": space}


prodigy = Prodigy()
