"""Layers from disk, as the tables that scoring works on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from goldwire.corpora import exclude
from goldwire.corpora.errors import CorpusError, DataError, Fault
from goldwire.corpora.formats.tags import Policy
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus, layer_faults
from goldwire.corpora.tokens import by_document, fits
from goldwire.corpora.types import Annotations, Tokens
from goldwire.eval.counting import align, rejected, tables
from goldwire.eval.counting.counts import Patterns
from goldwire.eval.counting.tables import NONE, Codes, Extents, Ints, Table
from goldwire.eval.counting.tags import read_as
from goldwire.eval.counting.texts import Row, TextRow, Texts, ascend, iter_chunks


class Need(msgspec.Struct, frozen=True):
    """What the measures of a scoring look at besides types and spans.

    The `attributes` of these names, with defaults from the `ontology`; with `items`, annotations whole;
    with `texts`, the texts of the documents; with `rejected`, the rejected units of systems (see
    `counting.rejected`); with `tokens`, those that layers came with. `tags` is the policy by which mentions
    are read from the tags of such tokens, whatever the layer was read by; None for its mentions as they are.
    """

    attributes: tuple[str, ...] = ()
    ontology: Ontology | None = None
    items: bool = False
    texts: bool = False
    rejected: bool = False
    tokens: bool = False
    tags: Policy | None = None

    @property
    def keeps_tokens(self) -> bool:
        """Whether the tokens that layers came with are read at all."""
        return self.tokens or self.tags is not None

    @property
    def type(self) -> type[Row]:
        """What documents are read as."""
        return TextRow if self.texts else Row


PLAIN = Need()  # types and spans alone


class Layer(msgspec.Struct, frozen=True):
    """One layer of a scoring: its table, and the annotations themselves where a measure wants them.

    Annotations are in the order of the table's rows.

    `documents` is how many documents have a line, `failed` on how many of them the system failed, and `empty`
    how many lines have no unit. `excluded` is how many units touched an excluded region and were taken out of
    both, `uncounted` how many are in documents that are not scored, `triggerless` how many events have no
    trigger. `rejections` has what was rejected (see `Record.rejections`). `content` is what is annotated, as
    JSON lines in order of document, without who did it and when. `tags` says how tags were read where the
    annotations come from such (see `corpora.formats.tags`). `tokens` are those that lines came with and that
    are bound to them still, by document.
    """

    table: Table
    items: tuple[Annotations, ...]
    documents: int
    content: bytes
    rejections: Patterns
    failed: int = 0
    empty: int = 0
    excluded: int = 0
    uncounted: int = 0
    triggerless: int = 0
    tags: frozenset[str] = frozenset()
    tokens: Mapping[str, Tokens] = {}

    @property
    def fingerprint(self) -> str:
        """The first 12 hexadecimal digits of the SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()[:12]


def read_layer(
    corpus: Corpus,
    name: str,
    texts: Texts,
    codes: Codes,
    need: Need = PLAIN,
) -> Layer:
    """A layer of a corpus as a table.

    Raises `CorpusError` if there is no such layer, `DataError` with all faults if a line cannot be read, a
    document occurs twice or is not in the corpus, a text is another one, a span is no span, an argument
    or relation names a mention that is not there.
    """
    path = layer_file(corpus, name)
    return make_layer(iter_chunks(path, Annotations), texts, codes, need, where=str(path))


def layer_file(corpus: Corpus, name: str) -> Path:
    """Where a layer is; `CorpusError` if it is not."""
    path = corpus.layer_path(name)
    if not path.is_file():
        raise CorpusError(
            f"{corpus.path}: no layer {name!r}; there are: {', '.join(corpus.layers()) or 'none'}"
        )
    return path


def make_layer(
    chunks: Iterable[Sequence[Annotations]],
    texts: Texts,
    codes: Codes,
    need: Need = PLAIN,
    *,
    where: str = "layer",
    tokens: Sequence[Tokens] = (),
) -> Layer:
    """A layer from its annotations, given in any number of lists, and the tokens kept beside it."""
    maker = _Maker(texts, codes, need, tokens)
    for chunk in chunks:
        maker.take(chunk)
    return maker.layer(where)


class _Maker:
    """A layer as its lines come in."""

    def __init__(self, texts: Texts, codes: Codes, need: Need, tokens: Sequence[Tokens]) -> None:
        self.texts, self.codes, self.need = texts, codes, need
        self.given = by_document(tokens)
        self.tokens: dict[str, Tokens] = {}
        self.binding = _Binding(texts)
        self.parts: list[Table] = []
        self.content: list[bytes] = []
        self.ids: list[str] = []
        self.kept: list[Annotations] = []
        self.faults: list[Fault] = []
        self.rejected: list[tuple[int, str]] = []  # the number of a document, and the kind
        self.tags: set[str] = set()
        self.failed = 0

    def take(self, chunk: Sequence[Annotations]) -> None:
        """Take in some lines."""
        fitting, numbers = self.binding.check(chunk)
        turned_away = any(map(_TURNED_AWAY, fitting))
        self.content.append(_ENCODE_LINES(list(map(_content if turned_away else _ANNOTATED, fitting))))
        self.ids += self.texts.ids if fitting is chunk else map(_DOCUMENT, fitting)
        fitting = self.with_tokens(fitting) if self.given else fitting
        self.note(fitting)
        lines = self.with_rejected(fitting, numbers) if turned_away else fitting
        table = _table(lines, numbers, self.codes, self.need, holders=lines is not fitting)
        if table is None:
            self.faults += [fault for item in fitting for fault in unit_faults(item)]
        else:
            self.parts.append(table)
        if self.need.items:
            self.kept += lines

    def with_tokens(self, lines: Sequence[Annotations]) -> Sequence[Annotations]:
        """The lines as their tags are to be read; tokens that are bound to them are kept."""
        found, policy = list(lines), self.need.tags
        for place, line in enumerate(lines):
            kept = self.given.get(line.document)
            if kept is not None and fits(kept, line):
                self.tokens[line.document] = kept
                found[place] = line if policy is None else read_as(line, kept, policy)
        return found

    def note(self, lines: Sequence[Annotations]) -> None:
        """How the tags that annotations come from were read, and where the system failed."""
        for details in filter(None, map(attrgetter("provenance.details"), lines)):
            if "tags" in details:
                self.tags.add(str(details["tags"]))
            self.failed += "failed" in details

    def with_rejected(self, lines: Sequence[Annotations], numbers: Ints) -> Sequence[Annotations]:
        """The lines with their rejected units put back, if those are to be counted; they are noted anyway."""
        found = list(lines)
        for place, (item, number) in enumerate(zip(lines, numbers.tolist(), strict=True)):
            units = rejected.countable(item, self.texts.rows[number].excluded) if item.rejected else []
            self.rejected += [(number, unit.kind) for unit in units]
            if units and self.need.rejected:
                found[place] = rejected.put_back(item, units, self.need.attributes)
        return found

    def layer(self, where: str) -> Layer:
        """All that came in; `DataError` with all that is wrong with it."""
        faults = [*self.binding.faults(), *self.faults]
        if faults:
            raise DataError(f"{where}: {len(faults)} fault(s); nothing was scored", faults)
        if not self.parts:
            self.parts.append(tables.make_table((), _NO_NUMBERS, self.codes, self.need.attributes))
        whole = tables.concatenate(self.parts)
        regions, rows = self.texts.regions, self.texts.rows
        table, gone = tables.keep(whole, _clear(whole.mentions, regions), _clear(whole.events, regions))
        inside = [exclude.leave_out(i, rows[self.texts.number[i.document]].excluded)[0] for i in self.kept]
        return Layer(
            table=table,
            items=tuple(inside),
            documents=len(self.ids),
            content=_in_order(self.ids, b"".join(self.content).removesuffix(b"\n")),
            rejections=self.rejections(table),
            failed=self.failed,
            empty=len(self.ids) - _with_units(whole, len(rows)),
            excluded=gone,
            uncounted=self.binding.uncounted,
            triggerless=int((~table.triggered & (table.event_type != NONE)).sum()),
            tags=frozenset(self.tags),
            tokens=self.tokens,
        )

    def rejections(self, table: Table) -> Patterns:
        """What was rejected, of all that was given."""
        given = _given(table, len(self.texts.rows))
        if not self.need.rejected:  # what is not put back is not in the table
            for number, _ in self.rejected:
                given[number] += 1
        return rejected.tabulate(self.texts.ids, given, self.rejected)


def _given(table: Table, size: int) -> Ints:
    """How many mentions, events, arguments and relations each document has; none that only holds another."""
    mention, event = table.mentions.document, table.events.document
    columns = [mention[table.mention_type != NONE]]
    if len(event):
        columns += [event[table.event_type != NONE], event[table.argument_event]]
    if len(table.relation_source):
        columns.append(mention[table.relation_source])
    return np.bincount(np.concatenate(columns), minlength=size)


def _with_units(table: Table, size: int) -> int:
    """How many documents have a mention or an event."""
    found = np.zeros(size, np.bool_)
    found[table.mentions.document] = found[table.events.document] = True
    return int(found.sum())


def _in_order(ids: list[str], content: bytes) -> bytes:
    """The lines of content, those of `ids`, in order of id."""
    if ascend(ids):
        return content
    return b"\n".join(map(itemgetter(1), sorted(zip(ids, content.split(b"\n"), strict=True))))


_DOCUMENT = attrgetter("document")
_TURNED_AWAY = attrgetter("rejected")
# What is annotated, without who did it and when.
_ANNOTATED = attrgetter("document", "sha256", "mentions", "events", "relations")
# What decides how a rejected unit counts.
_REJECTED = attrgetter("unit", "kind", "type", "role", "spans", "trigger", "words", "path")


def _content(item: Annotations) -> tuple[Any, ...]:
    """What the fingerprint of a layer is of; lines without rejected units have no field for them."""
    found: tuple[Any, ...] = _ANNOTATED(item)
    return (*found, tuple(map(_REJECTED, item.rejected))) if item.rejected else found


_ENCODE_LINES = msgspec.json.Encoder().encode_lines
_NO_NUMBERS = np.zeros(0, np.int64)


def _table(
    chunk: Sequence[Annotations], numbers: Ints, codes: Codes, need: Need, *, holders: bool
) -> Table | None:
    """The table of some lines, given the numbers of their documents; None if units in them are faulty."""
    try:
        table = tables.make_table(chunk, numbers, codes, need.attributes, need.ontology)
    except (KeyError, IndexError):
        return None
    if holders:
        table = _without_type(table, chunk)
    return table if _is_sound(table) else None


def _without_type(table: Table, chunk: Sequence[Annotations]) -> Table:
    """Mentions and events that only hold a rejected unit have no type, and so are no units."""
    columns = [("mention_type", "mentions"), ("event_type", "events")]
    found = {}
    for column, field in columns:
        ids = [one.id for item in chunk for one in getattr(item, field)]
        holder = np.fromiter(map(rejected.is_holder, ids), np.bool_, len(ids))
        found[column] = np.where(holder, NONE, getattr(table, column))
    return msgspec.structs.replace(table, **found)


def _is_sound(table: Table) -> bool:
    """Whether every unit has a span and every span a character."""
    for extents in (table.mentions, table.events):
        if not ((extents.starts < extents.ends).all() and (np.diff(extents.offset) > 0).all()):
            return False
    return True


def unit_faults(item: Annotations) -> Iterator[Fault]:
    """What keeps annotations from being scored: spans that are none, mentions named that are not there."""
    units = [("mentions", i, "spans", mention.spans) for i, mention in enumerate(item.mentions)]
    units += [("events", i, "trigger", event.trigger) for i, event in enumerate(item.events) if event.trigger]
    for kind, i, field, spans in units:
        if not spans:
            yield Fault(item.document, f"$.{kind}[{i}].{field}", "at least one span is needed")
        for j, span in enumerate(spans):
            if span.start >= span.end:
                path = f"$.{kind}[{i}].{field}[{j}]"
                yield Fault(item.document, path, f"[{span.start}, {span.end}] is not a span")
    known = {mention.id for mention in item.mentions}
    for path, name in _references(item):
        if name not in known:
            yield Fault(item.document, path, f"there is no mention {name!r}")


def _references(item: Annotations) -> Iterator[tuple[str, str]]:
    for i, event in enumerate(item.events):
        for j, argument in enumerate(event.arguments):
            yield f"$.events[{i}].arguments[{j}].mention", argument.mention
    for i, relation in enumerate(item.relations):
        yield f"$.relations[{i}].source", relation.source
        yield f"$.relations[{i}].target", relation.target


class _Binding:
    """Sees that each line of a layer belongs to a text of the corpus, and no two to the same.

    Lines of documents that are not scored are passed over, and their units counted.
    """

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self.seen = np.zeros(len(texts.rows), np.bool_)
        self.passed: set[str] = set()
        self.uncounted = 0
        self.doubtful: list[Annotations] = []

    def check(self, chunk: Sequence[Annotations]) -> tuple[Sequence[Annotations], Ints]:
        """The lines that fit, and the numbers of their documents; the others are put aside for `faults`."""
        if self._is_whole(chunk):
            self.seen[:] = True
            return chunk, np.arange(len(chunk))
        fitting, numbers = [], []
        for item in chunk:
            number = self.texts.number.get(item.document)
            if number is None and self._is_left_out(item):
                self.passed.add(item.document)
                self.uncounted += _units(item)
            elif number is None or self.seen[number] or self.texts.hashes[number] != item.sha256:
                self.doubtful.append(item)
            else:
                self.seen[number] = True
                fitting.append(item)
                numbers.append(number)
        return fitting, np.array(numbers, np.int64)

    def _is_left_out(self, item: Annotations) -> bool:
        """Whether a line is the first of a document that is not scored, made for its text."""
        return self.texts.left_out.get(item.document) == item.sha256 and item.document not in self.passed

    def _is_whole(self, chunk: Sequence[Annotations]) -> bool:
        """Whether there is a line for each text, in order: then there is nothing to look up."""
        texts = self.texts
        return (
            len(chunk) == len(texts.rows)
            and not self.seen.any()
            and tuple(map(_DOCUMENT, chunk)) == texts.ids
            and tuple(map(attrgetter("sha256"), chunk)) == texts.hashes
        )

    def faults(self) -> list[Fault]:
        """All that is wrong with the lines put aside."""
        if not self.doubtful:
            return []
        number = self.texts.number
        hashes = {**dict(zip(self.texts.ids, self.texts.hashes, strict=True)), **self.texts.left_out}
        again = {item.document for item in self.doubtful}
        taken = {id for id in again if id in self.passed or (id in number and self.seen[number[id]])}
        first = [Annotations(document=id, sha256=hashes[id]) for id in sorted(taken)]
        return layer_faults([*first, *self.doubtful], hashes)


def _units(item: Annotations) -> int:
    """How many mentions, events, arguments and relations a line has."""
    arguments = sum(len(event.arguments) for event in item.events)
    return len(item.mentions) + len(item.events) + arguments + len(item.relations)


# ---------------------------------------------------------------- excluded regions
def _clear(extents: Extents, regions: Extents) -> tables.Bools:
    """Which units touch no excluded region."""
    clear = np.ones(len(extents), np.bool_)
    if len(regions):
        clear[align.overlaps(extents, regions).gold] = False
    return clear
