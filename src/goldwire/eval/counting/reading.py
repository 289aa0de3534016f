"""Layers from disk, as the tables that scoring works on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

import msgspec
import numpy as np

from goldwire.corpora import exclude
from goldwire.corpora.digest import Digest, of_annotations, of_bonds
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.formats.loss import alternatives
from goldwire.corpora.formats.tags import Policy
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.tokens import by_document, fits
from goldwire.corpora.types import Annotations, Tokens
from goldwire.eval.counting import align, columns, rejected
from goldwire.eval.counting.binding import Binding
from goldwire.eval.counting.columns import NONE, NOWHERE, Codes, Extents, Ints, Table
from goldwire.eval.counting.counts import Patterns
from goldwire.eval.counting.cut import Cut, cut_line, cut_table, keep
from goldwire.eval.counting.faults import unit_faults
from goldwire.eval.counting.sight import Sight
from goldwire.eval.counting.tabulate import make_table
from goldwire.eval.counting.tags import read_as
from goldwire.eval.counting.texts import MetaRow, MetaTextRow, Row, TextRow, Texts, iter_chunks


class Wanted(msgspec.Struct, frozen=True):
    """What the measures of a scoring look at besides types and spans.

    The `attributes` of these names, with defaults from the `ontology`; with `items`, annotations whole;
    with `texts`, the texts of the documents; with `meta`, their metadata; with `rejected`, the rejected
    units of systems (see `counting.rejected`); with `tokens`, those that layers came with. `tags` is
    the policy by which mentions are read from the tags of such tokens, whatever the layer was read by; None
    for its mentions as they are.

    `views` are the plain maps that layers are seen through, gold's first, `symmetric` the types of relations
    that are then the same either way; with `inside`, one more layer says where units count. The first layers,
    as many as there are `references`, are gold. Scores are read with `scores`; `cuts`, by layer, say below
    which of them units go.
    """

    attributes: tuple[str, ...] = ()
    ontology: Ontology | None = None
    items: bool = False
    texts: bool = False
    rejected: bool = False
    views: tuple[LabelMap | None, ...] = ()
    symmetric: frozenset[str] = frozenset()
    inside: bool = False
    tokens: bool = False
    tags: Policy | None = None
    meta: bool = False
    references: int = 1
    scores: bool = False
    cuts: tuple[Cut | None, ...] = ()

    @property
    def keeps_tokens(self) -> bool:
        """Whether the tokens that layers came with are read at all."""
        return self.tokens or self.tags is not None

    @property
    def type(self) -> type[Row]:
        """What documents are read as."""
        if self.meta:
            return MetaTextRow if self.texts else MetaRow
        return TextRow if self.texts else Row


PLAIN = Wanted()  # types and spans alone


class Layer(msgspec.Struct, frozen=True):
    """One layer of a scoring: its table, and the annotations themselves where a measure wants them.

    Annotations are in the order of the table's rows.

    `documents` is how many documents have a line, `failed` on how many of them the system failed, and `empty`
    how many lines have no unit. `excluded` is how many units touched an excluded region and were taken out of
    both, `uncounted` how many are in documents that are not scored, `triggerless` how many events have no
    trigger, `alternatives` how many types and fillers have such; `dropped` units have labels that the view
    leaves out, `outside` ones do not stand inside the layer that says where, `below` ones are below the
    threshold, or hung on such. `rejections` has what was rejected (see `Record.rejections`). `digest` is
    of what is annotated, without who did it and when. `tags` says how tags were read where the annotations
    come from such (see `corpora.formats.tags`). `tokens` are those that lines came with and that are bound to
    them still, by document: none where labels are seen as others. `bonds` is the digest of those that were
    looked at.
    """

    table: Table
    items: tuple[Annotations, ...]
    documents: int
    digest: Digest
    rejections: Patterns
    failed: int = 0
    empty: int = 0
    excluded: int = 0
    uncounted: int = 0
    dropped: int = 0
    outside: int = 0
    below: int = 0
    triggerless: int = 0
    alternatives: dict[str, int] = {}
    tags: frozenset[str] = frozenset()
    tokens: Mapping[str, Tokens] = {}
    bonds: Digest = Digest()


def read_layer(
    corpus: Corpus,
    name: str,
    texts: Texts,
    codes: Codes,
    need: Wanted = PLAIN,
) -> Layer:
    """A layer of a corpus as a table.

    Raises `CorpusError` if there is no such layer, `DataError` with all faults if a line cannot be read, a
    document occurs twice or is not in the corpus, a text is another one, a span is no span, an argument
    or relation names a mention that is not there.
    """
    path = corpus.layer_file(name)
    return make_layer(iter_chunks(path, Annotations), texts, codes, need, where=str(path))


def make_layer(
    chunks: Iterable[Sequence[Annotations]],
    texts: Texts,
    codes: Codes,
    need: Wanted = PLAIN,
    sight: Sight | None = None,
    *,
    where: str = "layer",
    tokens: Sequence[Tokens] = (),
) -> Layer:
    """A layer from its annotations, given in any number of lists, as it is seen, and the tokens beside it."""
    maker = _Maker(texts, codes, need, sight, tokens)
    for chunk in chunks:
        maker.take(chunk)
    return maker.layer(where)


class _Maker:
    """A layer as its lines come in."""

    def __init__(
        self, texts: Texts, codes: Codes, need: Wanted, sight: Sight | None, tokens: Sequence[Tokens]
    ) -> None:
        self.texts, self.codes, self.need, self.sight = texts, codes, need, sight
        self.given = by_document(tokens)
        self.tokens: dict[str, Tokens] = {}
        self.bonds: list[tuple[str, str]] = []  # of tokens that were looked at, with their documents
        self.binding = Binding(texts, sight)
        self.parts: list[Table] = []
        self.digest = Digest()
        self.documents = 0
        self.kept: list[Annotations] = []
        self.faults: list[Fault] = []
        self.rejected: list[tuple[int, str]] = []  # the number of a document, and the kind
        self.tags: set[str] = set()
        self.alternatives: Counter[str] = Counter()
        self.failed = self.dropped = self.outside = 0

    def take(self, chunk: Sequence[Annotations]) -> None:
        """Take in some lines."""
        fitting, numbers = self.binding.check(chunk)
        turned_away = any(map(_TURNED_AWAY, fitting))
        self.digest += of_annotations(fitting)
        self.documents += len(fitting)
        fitting = self.with_tokens(fitting) if self.given else fitting
        self.note(fitting)
        lines = fitting if self.sight is None else list(map(self.look, fitting))
        lines = self.with_rejected(lines, numbers) if turned_away else lines
        table = _table(lines, numbers, self.codes, self.need, holders=turned_away)
        if table is None:
            found = [fault for item in fitting for fault in unit_faults(item)]
            self.faults += found or [Fault(fitting[0].document, "$", "units here or below cannot be counted")]
        else:
            self.parts.append(table)
        if self.need.items:
            self.kept += lines

    def look(self, line: Annotations) -> Annotations:
        """What is seen of a line."""
        seen, dropped, outside = (line, 0, 0) if self.sight is None else self.sight.look(line)
        self.dropped += dropped
        self.outside += outside
        return seen

    def with_tokens(self, lines: Sequence[Annotations]) -> Sequence[Annotations]:
        """The lines as their tags are to be read; tokens that are bound to them are kept."""
        found, policy = list(lines), self.need.tags
        for place, line in enumerate(lines):
            kept = self.given.get(line.document)
            if kept is not None and fits(kept, line):
                if self.sight is None:  # its tags have the layer's own labels
                    self.tokens[line.document] = kept
                if self.sight is None or policy is not None:
                    self.bonds.append((line.document, kept.bound))
                found[place] = line if policy is None else read_as(line, kept, policy)
        return found

    def note(self, lines: Sequence[Annotations]) -> None:
        """How tags were read that annotations come from, where the system failed, what has alternatives."""
        for item in filter(_EVENTS, lines):
            self.alternatives.update(alternatives(item))
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
            self.parts.append(make_table((), _NO_NUMBERS, self.codes, self.need.attributes))
        whole = columns.concatenate(self.parts)
        regions, rows = self.texts.regions, self.texts.rows
        table, gone = keep(whole, _clear(whole.mentions, regions), _clear(whole.events, regions))
        inside = [exclude.leave_out(i, rows[self.texts.number[i.document]].excluded)[0] for i in self.kept]
        return Layer(
            table=table,
            items=tuple(inside),
            documents=self.documents,
            digest=self.digest,
            rejections=self.rejections(table),
            failed=self.failed,
            empty=self.documents - _with_units(whole, len(rows)),
            excluded=gone,
            uncounted=self.binding.uncounted,
            dropped=self.dropped,
            outside=self.outside,
            triggerless=int((~table.triggered & (table.event_type != NONE)).sum()),
            alternatives=dict(+self.alternatives),
            tags=frozenset(self.tags),
            tokens=self.tokens,
            bonds=of_bonds(self.bonds),
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


_EVENTS = attrgetter("events")
_TURNED_AWAY = attrgetter("rejected")
_NO_NUMBERS = np.zeros(0, np.int64)


def _table(
    chunk: Sequence[Annotations], numbers: Ints, codes: Codes, need: Wanted, *, holders: bool
) -> Table | None:
    """The table of some lines, given the numbers of their documents; None if units in them are faulty."""
    try:
        table = make_table(
            chunk,
            numbers,
            codes,
            need.attributes,
            need.ontology,
            symmetric=need.symmetric,
            scores=need.scores,
        )
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
    """Whether every unit has a span, and every span a character that may be in a text."""
    for extents in (table.mentions, table.events):
        if not ((extents.starts < extents.ends).all() and (np.diff(extents.offset) > 0).all()):
            return False
        if extents.ends.max(initial=0) > NOWHERE + 1:
            return False
    return True


def cut_layer(layer: Layer, cut: Cut, ids: Sequence[str]) -> Layer:
    """What is left of a layer above its threshold; `ids` are those of the documents, by number.

    Tags that it came with say what it was before, and are believed no longer.
    """
    table, gone = cut_table(layer.table, cut.column(ids))
    items = tuple(cut_line(item, cut.of(item.document)) for item in layer.items)
    return msgspec.structs.replace(layer, table=table, items=items, below=gone, tokens={})


# ---------------------------------------------------------------- excluded regions
def _clear(extents: Extents, regions: Extents) -> columns.Bools:
    """Which units touch no excluded region."""
    clear = np.ones(len(extents), np.bool_)
    if len(regions):
        clear[align.overlaps(extents, regions).gold] = False
    return clear
