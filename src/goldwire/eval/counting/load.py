"""Corpora and layers from disk, as the tables that scoring works on."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import count, islice
from operator import attrgetter, itemgetter, lt
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from goldwire.corpora import exclude
from goldwire.corpora.codec import read_lines
from goldwire.corpora.errors import CorpusError, DataError, Fault
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import DOCUMENTS, Corpus, layer_faults
from goldwire.corpora.types import Annotations, Excluded
from goldwire.eval.counting import align, tables
from goldwire.eval.counting.tables import Codes, Extents, Ints, Table

# Bytes of lines decoded at once: small enough for the processor's cache, which is measurably faster.
CHUNK = 2**18


class Row(msgspec.Struct, frozen=True, gc=False):
    """What scoring needs to know of a document; the text is read only for measures that look at it."""

    id: str
    sha256: str
    excluded: tuple[Excluded, ...] = ()
    group: str | None = None


class TextRow(Row, frozen=True, gc=False, kw_only=True):
    """A document with its text."""

    text: str


class Texts(msgspec.Struct, frozen=True, dict=True):
    """The documents of a scoring, in order of id; `rows[i]` is document number i of all tables."""

    rows: tuple[Row, ...]

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """All document ids, sorted."""
        return tuple(map(attrgetter("id"), self.rows))

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """The hashes of all texts, in the same order."""
        return tuple(map(attrgetter("sha256"), self.rows))

    @cached_property
    def number(self) -> Mapping[str, int]:
        """The number of each document, by id."""
        return dict(zip(self.ids, count(), strict=False))

    def fingerprint(self) -> str:
        """That of `store.fingerprint`, made from rows that are in order already."""
        return hashlib.sha256(b"[" + self.content() + b"]").hexdigest()[:12]

    def content(self) -> bytes:
        """What the fingerprint is of: ids, hashes and excluded regions, as members of a JSON array."""
        regions = map(attrgetter("excluded"), self.rows)
        excluded = [[(region.start, region.end) for region in found] if found else () for found in regions]
        rows = list(zip(self.ids, self.hashes, excluded, strict=True))
        return msgspec.json.encode(rows)[1:-1]

    @cached_property
    def regions(self) -> Extents:
        """The excluded regions of all documents, as units."""
        return tables.excluded_extents([row.excluded for row in self.rows])

    def text(self, number: int) -> str:
        """The text of a document; only where texts were read."""
        row = self.rows[number]
        if not isinstance(row, TextRow):
            raise TypeError("the texts were not read")
        return row.text


class Need(msgspec.Struct, frozen=True):
    """What the measures of a scoring look at besides types and spans.

    The `attributes` of these names, with defaults from the `ontology`; with `items`, annotations whole;
    with `texts`, the texts of the documents.
    """

    attributes: tuple[str, ...] = ()
    ontology: Ontology | None = None
    items: bool = False
    texts: bool = False

    @property
    def type(self) -> type[Row]:
        """What documents are read as."""
        return TextRow if self.texts else Row


PLAIN = Need()  # types and spans alone


class Layer(msgspec.Struct, frozen=True):
    """One layer of a scoring: its table, and the annotations themselves where a measure wants them.

    Annotations are in the order of the table's rows.

    `documents` is how many documents have a line. `excluded` is how many units touched an excluded region
    and were taken out of both. `content` is what is annotated, as JSON lines in order of document, without
    who did it and when. `tags` says how tags were read where the annotations come from such (see
    `corpora.formats.tags`).
    """

    table: Table
    items: tuple[Annotations, ...]
    documents: int
    content: bytes
    excluded: int = 0
    tags: frozenset[str] = frozenset()

    @property
    def fingerprint(self) -> str:
        """The first 12 hexadecimal digits of the SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()[:12]


def make_texts(rows: Iterable[Row]) -> Texts:
    """Documents put in order of id."""
    return Texts(tuple(sorted(rows, key=attrgetter("id"))))


def read_texts(corpus: Corpus, *, texts: bool = False) -> Texts:
    """The documents of a corpus, with their texts if wanted; `DataError` names all that is wrong."""
    path = corpus.path / DOCUMENTS
    rows = [row for chunk in iter_chunks(path, TextRow if texts else Row) for row in chunk]
    found = make_texts(rows)
    if len(found.number) < len(rows):
        corpus.documents()  # raises, naming the ids that occur twice
    return found


def iter_chunks(path: Path, type: type[Any], start: int = 0, end: int | None = None) -> Iterator[list[Any]]:
    """The values of a file of JSON lines, or of those from byte `start` to `end`, some hundred at a time.

    If a line is wrong, `DataError` names every fault of the whole file.
    """
    decode = msgspec.json.Decoder(type).decode_lines
    try:
        for lines in _iter_lines(path, start, end):
            yield decode(lines)
    except (msgspec.DecodeError, UnicodeDecodeError):
        read_lines(path, type)
        raise
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error


def _iter_lines(path: Path, start: int, end: int | None) -> Iterator[bytes]:
    """Whole lines, about `CHUNK` bytes at a time."""
    rest = b""
    with path.open("rb") as file:
        left = (file.seek(0, 2) if end is None else end) - start
        file.seek(start)
        while block := file.read(min(CHUNK, left)):
            left -= len(block)
            whole = block.rfind(b"\n") + 1
            if whole:
                yield rest + block[:whole]
            rest = block[whole:] if whole else rest + block
    if rest:
        yield rest


@contextmanager
def no_collection() -> Iterator[None]:
    """Hold the garbage collector back: it would go through thousands of new objects over and over."""
    held = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if held:
            gc.enable()


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
) -> Layer:
    """A layer from its annotations, given in any number of lists; see `read_layer`."""
    parts: list[Table] = []
    content: list[bytes] = []
    ids: list[str] = []
    tags: set[str] = set()
    kept: list[Annotations] = []
    faults: list[Fault] = []
    binding = _Binding(texts)
    for chunk in chunks:
        fitting, numbers = binding.check(chunk)
        table = _table(fitting, numbers, codes, need)
        content.append(_ENCODE_LINES(list(map(_CONTENT, chunk))))
        ids += map(_DOCUMENT, chunk)
        tags.update(_tags(chunk))
        if table is None:
            faults += [fault for item in fitting for fault in unit_faults(item)]
        else:
            parts.append(table)
        if need.items:
            kept += fitting
    faults = [*binding.faults(), *faults]
    if faults:
        raise DataError(f"{where}: {len(faults)} fault(s); nothing was scored", faults)
    table = tables.concatenate(parts or [tables.make_table((), _NO_NUMBERS, codes, need.attributes)])
    regions = texts.regions
    table, gone = tables.keep(table, _clear(table.mentions, regions), _clear(table.events, regions))
    inside = [exclude.leave_out(item, texts.rows[texts.number[item.document]].excluded)[0] for item in kept]
    return Layer(
        table=table,
        items=tuple(inside),
        documents=len(ids),
        content=_in_order(ids, b"".join(content).removesuffix(b"\n")),
        excluded=gone,
        tags=frozenset(tags),
    )


def _tags(chunk: Sequence[Annotations]) -> Iterator[str]:
    """How the tags that annotations come from were read."""
    for details in filter(None, map(attrgetter("provenance.details"), chunk)):
        if "tags" in details:
            yield str(details["tags"])


def _in_order(ids: list[str], content: bytes) -> bytes:
    """The lines of content, those of `ids`, in order of id."""
    if ascend(ids):
        return content
    return b"\n".join(map(itemgetter(1), sorted(zip(ids, content.split(b"\n"), strict=True))))


def ascend(ids: Sequence[str]) -> bool:
    """Whether each comes after the one before."""
    return all(map(lt, ids, islice(ids, 1, None)))


_DOCUMENT = attrgetter("document")
# What is annotated, without who did it and when.
_CONTENT = attrgetter("document", "sha256", "mentions", "events", "relations")
_ENCODE_LINES = msgspec.json.Encoder().encode_lines
_NO_NUMBERS = np.zeros(0, np.int64)


def _table(chunk: Sequence[Annotations], numbers: Ints, codes: Codes, need: Need) -> Table | None:
    """The table of some lines, given the numbers of their documents; None if units in them are faulty."""
    try:
        table = tables.make_table(chunk, numbers, codes, need.attributes, need.ontology)
    except (KeyError, IndexError):
        return None
    return table if _is_sound(table) else None


def _is_sound(table: Table) -> bool:
    """Whether every unit has a span and every span a character."""
    for extents in (table.mentions, table.events):
        if not ((extents.starts < extents.ends).all() and (np.diff(extents.offset) > 0).all()):
            return False
    return True


def unit_faults(item: Annotations) -> Iterator[Fault]:
    """What keeps annotations from being scored: spans that are none, mentions named that are not there."""
    units = [("mentions", i, "spans", mention.spans) for i, mention in enumerate(item.mentions)]
    units += [("events", i, "trigger", event.trigger) for i, event in enumerate(item.events)]
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
    """Sees that each line of a layer belongs to a text of the corpus, and no two to the same."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self.seen = np.zeros(len(texts.rows), np.bool_)
        self.doubtful: list[Annotations] = []

    def check(self, chunk: Sequence[Annotations]) -> tuple[Sequence[Annotations], Ints]:
        """The lines that fit, and the numbers of their documents; the others are put aside for `faults`."""
        if self._is_whole(chunk):
            self.seen[:] = True
            return chunk, np.arange(len(chunk))
        fitting, numbers = [], []
        for item in chunk:
            number = self.texts.number.get(item.document)
            if number is None or self.seen[number] or self.texts.hashes[number] != item.sha256:
                self.doubtful.append(item)
            else:
                self.seen[number] = True
                fitting.append(item)
                numbers.append(number)
        return fitting, np.array(numbers, np.int64)

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
        number, hashes = self.texts.number, dict(zip(self.texts.ids, self.texts.hashes, strict=True))
        again = {item.document for item in self.doubtful if item.document in number}
        first = [Annotations(document=id, sha256=hashes[id]) for id in sorted(again) if self.seen[number[id]]]
        return layer_faults([*first, *self.doubtful], hashes)


# ---------------------------------------------------------------- excluded regions
def _clear(extents: Extents, regions: Extents) -> tables.Bools:
    """Which units touch no excluded region."""
    clear = np.ones(len(extents), np.bool_)
    if len(regions):
        clear[align.overlaps(extents, regions).gold] = False
    return clear
