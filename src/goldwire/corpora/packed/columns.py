"""Columns of packed documents, layers and tokens, and the passage between them and lines of JSON.

What is asked for most has columns of its own, nested where it is; what is rare is JSON text in one. `line` is
the number of a line in its file, and `raw` the line itself where these columns do not give it to the byte
(somebody else wrote it: other blanks, another order of keys). polars reads and writes
the rows as JSON, which is ten times faster than value by value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, get_args, get_origin

import msgspec

from goldwire.corpora.codec import BROKEN, line_faults
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.packed.lines import Line
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Excluded,
    Held,
    Mention,
    Meta,
    Provenance,
    Rejected,
    Relation,
    Scalar,
    Span,
    Tokens,
)

if TYPE_CHECKING:
    import polars

T = TypeVar("T")
BATCH = 5000  # rows that are Python's objects at once, and a group of rows in a file
_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines
# Left out of a line where it is not given: told apart from one that is given and says nothing by identity.
_NO_META = Document(id="", text="", sha256="").meta
_NOBODY = Annotations(document="", sha256="").provenance


class _Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    line: Annotated[int, msgspec.Meta(ge=1)]
    raw: str | None = None


# ---------------------------------------------------------------- documents
class DocumentRow(_Row, frozen=True, kw_only=True, gc=False):
    """A row of `documents/`; `more` is JSON text, null where the line has no `meta`."""

    id: str
    text: str
    sha256: str
    group: str | None
    title: str | None
    source: str | None
    published: str | None
    url: str | None
    language: str | None
    more: str | None
    excluded: tuple[Excluded, ...]


def _document_row(item: Document, line: int) -> DocumentRow:
    meta = item.meta
    return DocumentRow(
        id=item.id, text=item.text, sha256=item.sha256, group=item.group, title=meta.title,
        source=meta.source, published=meta.published, url=meta.url, language=meta.language,
        more=None if meta is _NO_META else _encode(meta.more).decode(), excluded=item.excluded, line=line,
    )  # fmt: skip


def _document(row: DocumentRow) -> Document:
    meta = _NO_META if row.more is None else Meta(
        title=row.title, source=row.source, published=row.published, url=row.url, language=row.language,
        more=_value(row.more, dict[str, Scalar]),
    )  # fmt: skip
    return Document(
        id=row.id, text=row.text, sha256=row.sha256, meta=meta, excluded=row.excluded, group=row.group
    )


# ---------------------------------------------------------------- layers
class _Place(msgspec.Struct, frozen=True, gc=False):
    start: int
    end: int


_Places = tuple[_Place, ...]


class _Mention(msgspec.Struct, frozen=True, gc=False):
    id: str
    type: str
    spans: _Places
    head: _Place | None
    attributes: str | None
    cluster: str | None
    score: float | None


class _Argument(msgspec.Struct, frozen=True, gc=False):
    role: str
    mention: str
    alternatives: tuple[str, ...]
    score: float | None


class _Event(msgspec.Struct, frozen=True, gc=False):
    id: str
    type: str
    alternatives: tuple[str, ...]
    trigger: _Places
    arguments: tuple[_Argument, ...]
    attributes: str | None
    cluster: str | None
    score: float | None


class _Relation(msgspec.Struct, frozen=True, gc=False):
    id: str
    type: str
    source: str
    target: str
    score: float | None


class _Provenance(msgspec.Struct, frozen=True, gc=False):
    author: str | None
    tool: str | None
    created: str | None
    seconds: float | None
    status: str | None
    details: str | None


class LayerRow(_Row, frozen=True, kw_only=True, gc=False):
    """A row of `layers/NAME/`; `attributes`, `details` and `rejected` are JSON text."""

    document: str
    sha256: str
    mentions: tuple[_Mention, ...]
    events: tuple[_Event, ...]
    relations: tuple[_Relation, ...]
    provenance: _Provenance | None
    rejected: str | None


def _layer_row(item: Annotations, line: int) -> LayerRow:
    made = item.provenance
    return LayerRow(
        document=item.document,
        sha256=item.sha256,
        mentions=tuple([_mention_row(one) for one in item.mentions]),
        events=tuple([_event_row(one) for one in item.events]),
        relations=tuple(
            [_Relation(one.id, one.type, one.source, one.target, one.score) for one in item.relations]
        ),
        provenance=None if made is _NOBODY else _provenance_row(made),
        rejected=_text(item.rejected),
        line=line,
    )


def _provenance_row(one: Provenance) -> _Provenance:
    return _Provenance(one.author, one.tool, one.created, one.seconds, one.status, _text(one.details))


def _mention_row(one: Mention) -> _Mention:
    head = None if one.head is None else _Place(one.head.start, one.head.end)
    return _Mention(one.id, one.type, _places(one.spans), head, _text(one.attributes), one.cluster, one.score)


def _event_row(one: Event) -> _Event:
    arguments = tuple(
        _Argument(each.role, each.mention, each.alternatives, each.score) for each in one.arguments
    )
    return _Event(
        one.id, one.type, one.alternatives, _places(one.trigger), arguments, _text(one.attributes),
        one.cluster, one.score,
    )  # fmt: skip


def _places(spans: Sequence[Span]) -> _Places:
    return tuple([_Place(span.start, span.end) for span in spans])


def _annotations(row: LayerRow) -> Annotations:
    return Annotations(
        document=row.document,
        sha256=row.sha256,
        mentions=tuple(map(_mention, row.mentions)),
        events=tuple(map(_event, row.events)),
        relations=tuple(
            Relation(id=one.id, type=one.type, source=one.source, target=one.target, score=one.score)
            for one in row.relations
        ),
        provenance=_NOBODY if row.provenance is None else _made(row.provenance),
        rejected=_value(row.rejected, tuple[Rejected, ...]) or (),
    )


def _made(row: _Provenance) -> Provenance:
    return Provenance(
        author=row.author, tool=row.tool, created=row.created, seconds=row.seconds, status=row.status,
        details=_value(row.details, dict[str, Any]) or {},
    )  # fmt: skip


def _mention(one: _Mention) -> Mention:
    return Mention(
        id=one.id, type=one.type, spans=_spans(one.spans),
        head=None if one.head is None else Span(one.head.start, one.head.end),
        attributes=_value(one.attributes, dict[str, Held]) or {}, cluster=one.cluster, score=one.score,
    )  # fmt: skip


def _event(one: _Event) -> Event:
    arguments = tuple(
        Argument(role=each.role, mention=each.mention, alternatives=each.alternatives, score=each.score)
        for each in one.arguments
    )
    return Event(
        id=one.id, type=one.type, alternatives=one.alternatives, trigger=_spans(one.trigger),
        arguments=arguments, attributes=_value(one.attributes, dict[str, Held]) or {}, cluster=one.cluster,
        score=one.score,
    )  # fmt: skip


def _spans(places: _Places) -> tuple[Span, ...]:
    return tuple(Span(place.start, place.end) for place in places)


# ---------------------------------------------------------------- tokens
class TokensRow(_Row, frozen=True, kw_only=True, gc=False):
    """A row of `tokens/NAME/`; `tags` has the tags of a sentence, parted by tabs."""

    document: str
    sha256: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    tags: tuple[str, ...]
    scheme: str
    bound: str
    whole: bool


def _tokens_row(item: Tokens, line: int) -> TokensRow:
    return TokensRow(**{name: getattr(item, name) for name in Tokens.__struct_fields__}, line=line)


def _tokens(row: TokensRow) -> Tokens:
    return Tokens(**{name: getattr(row, name) for name in Tokens.__struct_fields__})


def _text(value: Any) -> str | None:
    return _encode(value).decode() if value else None


def _value(text: str | None, type: Any) -> Any:
    return None if text is None else msgspec.json.decode(text, type=type)


# ---------------------------------------------------------------- kinds of tables
class Kind(Generic[T]):
    """A kind of table: the type of its lines and of its rows, how one becomes the other, and its schema."""

    def __init__(
        self, item: type[T], row: type[Any], to_row: Callable[..., Any], to_item: Callable[[Any], T], key: str
    ) -> None:
        self.item, self.key = item, key
        self._read = msgspec.json.Decoder(item).decode
        self._rows = msgspec.json.Decoder(row).decode_lines
        self._to_row, self._to_item, self._row = to_row, to_item, row

    def schema(self) -> dict[str, Any]:
        """The columns, in order, and their types."""
        return {field.name: _column(field.type) for field in msgspec.structs.fields(self._row)}

    def items(self, lines: Sequence[Line], where: str) -> list[T]:
        """What lines say; `DataError` with the faults of the first that says nothing."""
        try:
            return [self._read(line.data) for line in lines]
        except BROKEN:  # one is wrong, or has something around it
            return [self._item(line, where) for line in lines]

    def _item(self, line: Line, where: str) -> T:
        text = line.content
        try:
            return self._read(text)
        except BROKEN as error:
            place = f"{where}:{line.number}"
            faults = line_faults(text, self.item, place, error)
            raise DataError(f"{where}: line {line.number} is wrong; nothing was packed", faults) from error

    def frame(self, lines: Sequence[Line], items: Sequence[T], where: str) -> polars.DataFrame:
        """The columns of lines, of which each gives its line back to the byte; `CorpusError` if none can."""
        import polars

        rows = [self._to_row(item, line.number) for line, item in zip(lines, items, strict=True)]
        try:
            frame = self._frame(text := _encode_lines(rows))
            given = self._given(frame, text, items, where)
        except (polars.exceptions.PolarsError, DataError) as error:
            told = str(error).partition("\n")[0][:200]
            raise CorpusError(
                f"{where}: has a value that no column can hold ({told}); nothing was packed: look at it with "
                "`goldwire corpus validate`"
            ) from error
        if given == [line.data for line in lines]:
            return frame
        return self._frame(
            _encode_lines(
                row if line.data == back else msgspec.structs.replace(row, raw=line.data.decode())
                for row, line, back in zip(rows, lines, given, strict=True)
            )
        )

    def _frame(self, rows: bytes) -> polars.DataFrame:
        """The columns of rows that are lines of JSON, which polars reads faster as one value."""
        import polars

        return polars.read_json(b"[" + rows.rstrip().replace(b"\n", b",") + b"]", schema=self.schema())

    def _given(self, frame: polars.DataFrame, rows: bytes, items: Sequence[T], where: str) -> list[bytes]:
        """The lines that columns give back, of the items that rows were made of.

        Rows say all that items say: where the columns hold the rows as they are, no line is made of them.
        """
        held = BytesIO()
        frame.write_ndjson(held)
        if held.getvalue() == rows:
            return _encode_lines(items).splitlines(keepends=True)
        return [line.data for line in self.lines(frame, where)]

    def lines(self, frame: polars.DataFrame, where: str) -> list[Line]:
        """The lines that columns stand for; `DataError` if they are not those of the kind."""
        try:
            rows = self._rows(frame.write_ndjson())
            return [Line(row.line, self._data(row)) for row in rows]
        except BROKEN as error:
            raise DataError(f"{where}: its rows are not those of packed lines ({error})") from error

    def _data(self, row: Any) -> bytes:
        return _encode(self._to_item(row)) + b"\n" if row.raw is None else row.raw.encode()


def _column(type: Any) -> Any:
    """The type of a column, by that of a field."""
    import polars

    if isinstance(type, UnionType):
        [type] = [one for one in get_args(type) if one is not NoneType]
    if get_origin(type) is Annotated:
        type = get_args(type)[0]
    if get_origin(type) is tuple:
        return polars.List(_column(get_args(type)[0]))
    plain = {str: polars.String, int: polars.Int64, float: polars.Float64, bool: polars.Boolean}
    if type in plain:
        return plain[type]
    return polars.Struct({field.name: _column(field.type) for field in msgspec.structs.fields(type)})


KINDS: dict[str, Kind[Any]] = {
    "documents": Kind(Document, DocumentRow, _document_row, _document, "id"),
    "layers": Kind(Annotations, LayerRow, _layer_row, _annotations, "document"),
    "tokens": Kind(Tokens, TokensRow, _tokens_row, _tokens, "document"),
}


def kind_of(table: str) -> Kind[Any]:
    """The kind of a table, by its place.

    >>> kind_of("layers/system/mine").key
    'document'
    """
    return KINDS[table.partition("/")[0]]
