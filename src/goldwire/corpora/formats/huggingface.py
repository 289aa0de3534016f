"""Hugging Face tables, Parquet or JSON lines: a row has tokens and their tags, or a text and its spans.

Tokens are a list of strings, tags a list of names or of numbers. Names of numbers (ClassLabel) are those
that `datasets` keeps in the Parquet's schema under the key `huggingface`, or the option `names`. Without
prefixes such as B- they are types of tokens, and a run of one type is a mention. Where several columns hold
tags, `tags` says which; columns of chunks and of parts of speech are none. I- without B- before it begins a
mention.

Spans are a list of records with start, end and label (code points, ends excluded), under `spans`, `entities`
or the name that the option gives, beside `text`.

A row is called by its `id`; where ids repeat, as from one split to the next, by its number. Read into a
corpus, a row of tokens belongs to the text with the same visible characters. Each row is judged.

Tokens and tags are kept beside the layer, for measures of tokens.

Not kept when read: other columns. Not held when written: everything but mentions, mentions with several
parts; as tags also those that overlap a longer one or have white space at their ends, and the white space of
the texts. PATH.parquet becomes Parquet with names of classes, any other name JSON lines.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import encode_lines
from goldwire.corpora.errors import DataError, Fault, Faults
from goldwire.corpora.formats import Facts, Reading, loss, tags
from goldwire.corpora.formats.classes import Table, read_table
from goldwire.corpora.formats.gather import Gathering, Place, reject
from goldwire.corpora.formats.head import Head
from goldwire.corpora.formats.records import id_of
from goldwire.corpora.formats.words import OUT_OF_WORDS, apart, whole, words
from goldwire.corpora.types import Annotations, Document, Mention, Provenance, Rejected

COVERS: Literal["listed"] = "listed"
FACTS = Facts(
    about="Hugging Face tables, Parquet or JSON lines: tokens with tags and their class names, or spans",
    loss="all but mentions; mentions in parts; as tags those that overlap, and white space of documents",
    coverage="a row for the text",
    example="goldwire corpus new conll --from train.parquet --format huggingface -o tags=ner_tags",
)
PARQUET = b"PAR1"
READ = Provenance(tool="huggingface", details={"tags": tags.reading("IOB2", "conlleval")})  # rows of tags
TOKENS = ("tokens", "words")
SPANS = ("spans", "entities", "ents")
STARTS, ENDS = ("start", "begin", "start_offset"), ("end", "stop", "end_offset")
LABELS = ("label", "type", "tag", "entity_group", "entity_type")
# Phrases of CoNLL-2000: where all types are of these, the column is one of chunks.
CHUNKS = frozenset({"NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP"})


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`tokens`, `tags`, `spans`: the names of columns; found out if not given.

    `names`: those of the numbers of tags, from 0, with commas between. `form`: what is written, tokens with
    `tags` or texts with `spans`.
    """

    tokens: str = ""
    tags: str = ""
    spans: str = ""
    names: str = ""
    form: Literal["tags", "spans"] = "tags"


class _Columns(NamedTuple):
    """Which columns matter: tokens and tags, or text and spans; and the names of the tags' numbers."""

    text: str
    marks: str
    are_tags: bool
    names: Sequence[str]


def recognise(head: Head) -> bool:
    """A Parquet file or JSON lines with tokens and tags; in Parquet also a text with spans."""
    if head.data.startswith(PARQUET):
        return _is_marked(head.path)
    rows = [row for row in head.records if isinstance(row, dict)]
    if not rows or len(rows) < len(head.records):
        return False
    table = Table(rows, {})
    return any(table.is_words(name) for name in TOKENS) and bool(_candidates(table, _first(table, TOKENS)))


def _is_marked(path: Path) -> bool:
    try:
        table = read_table(path, rows=50)
    except DataError:
        return False
    tokens, spans = _first(table, TOKENS), _first(table, SPANS)
    tagged = bool(tokens) and table.is_words(tokens) and bool(_candidates(table, tokens))
    return tagged or ("text" in table.columns and bool(spans) and table.is_records(spans))


def _first(table: Table, names: Iterable[str]) -> str:
    return next((name for name in names if name in table.columns), "")


def _candidates(table: Table, tokens: str) -> list[str]:
    """Columns that hold a tag for each token, those of names before numbers that nobody named."""
    found = [name for name in table.columns if name != tokens and _is_tags(table, name, tokens)]
    named = [name for name in found if table.is_words(name) or table.names(name)]
    return named or found


def _is_tags(table: Table, name: str, tokens: str) -> bool:
    labels = table.labels(name)
    if labels is None or not table.is_parallel(name, tokens):
        return False
    typed = {label.partition("-")[2] for label in labels if label != "O"}
    tags = not labels or "O" in labels or all(label[1:2] == "-" for label in labels)
    return tags and not (typed and typed <= CHUNKS)


def read(paths: Sequence[Path], options: Options, documents: Sequence[Document] | None = None) -> Reading:
    """See `Format.read`."""
    gathering = Gathering(documents)
    tables = {path: read_table(path) for path in paths}
    ids = [id_of(row.get("id")) for table in tables.values() for row in table.rows]
    repeated = len(set(ids)) < len(ids)
    faults = Faults()
    if repeated and any(ids):
        gathering.notes.append("ids repeat from row to row: documents are called by their numbers")
    for path, table in tables.items():
        columns = _columns(table, options, str(path))
        said = f"tags of {columns.marks}" if columns.are_tags else f"spans of {columns.marks}"
        gathering.notes.append(f"{path}: {said} on {columns.text}")
        others = len(set(table.columns) - {columns.text, columns.marks, "id"})
        gathering.lost["columns"] += others
        for number, row in enumerate(table.rows, start=1):
            id = None if repeated else id_of(row.get("id"))
            with faults.noted():
                _take(row, id, f"{path}:{number}", columns, gathering)
    faults.check("row(s) with tags that are none")
    return gathering.reading()


def _columns(table: Table, options: Options, where: str) -> _Columns:
    """The columns that are named, or the only ones that there are; `DataError` where that is not certain."""
    for name in filter(None, (options.tokens, options.tags, options.spans)):
        if name not in table.columns:
            raise _fault(where, f"no column {name!r}; there are: {', '.join(table.columns)}")
    tokens = options.tokens or _first(table, TOKENS)
    spans = options.spans or ("" if options.tags else _first(table, SPANS))
    if options.spans or (spans and "text" in table.columns and not tokens):
        return _Columns("text", spans, are_tags=False, names=_names(options) or table.names(spans))
    if not tokens:
        raise _fault(where, f"no column of tokens: name it by `-o tokens=`; there are {table.columns}")
    found = [options.tags] if options.tags else _candidates(table, tokens)
    if len(found) != 1:
        several = f"columns {', '.join(found)} hold tags" if found else "no column holds a tag for each token"
        raise _fault(where, f"{several}: say which by `-o tags=NAME`")
    names = _names(options) or table.names(found[0])
    if not names and not table.is_words(found[0]):
        message = f"{found[0]} holds numbers and the file no names for them: give them, from 0 on, by"
        raise _fault(where, f"{message} `-o names=O,B-PER,…`")
    return _Columns(tokens, found[0], are_tags=True, names=names)


def _names(options: Options) -> list[str]:
    return [name.strip() for name in options.names.split(",")] if options.names else []


def _fault(where: str, message: str) -> DataError:
    return DataError(f"{where}: cannot be read", [Fault(where, "", message)])


def _take(row: Mapping[str, Any], id: str | None, where: str, columns: _Columns, into: Gathering) -> None:
    given, marks = row.get(columns.text), row.get(columns.marks)
    if not columns.are_tags:
        _take_spans(row, id, where, columns, into)
    elif not isinstance(given, list) or not isinstance(marks, list) or not _fit(given, marks):
        message = f"`{columns.text}` and `{columns.marks}` are no lists of equal length"
        into.refuse("malformed", message, where, id, row)
    elif (place := into.tokens(id, [given], where, row)) is not None:
        given_tags = _tags_of(marks, columns, where)
        into.add(place, _of_tags(given_tags, place), provenance=READ, tags=given_tags)


def _take_spans(
    row: Mapping[str, Any], id: str | None, where: str, columns: _Columns, into: Gathering
) -> None:
    """A text with spans; one that has null in their place is a document that was not judged."""
    text, marks = row.get(columns.text), row.get(columns.marks)
    items = _turned(marks) if isinstance(marks, dict) else marks
    if not isinstance(text, str) or not (items is None or isinstance(items, list)):
        message = f"`{columns.text}` is no text, or `{columns.marks}` no list of spans"
        into.refuse("malformed", message, where, id, row)
        return
    place, rejected = into.text(id, text, where, row), list[Rejected]()
    if place is not None and items is not None:
        into.add(place, _of_spans(items, columns.names, place, rejected), rejected=rejected)


def _fit(tokens: Sequence[Any], marks: Sequence[Any]) -> bool:
    return len(tokens) == len(marks) and all(isinstance(token, str) for token in tokens)


def _tags_of(marks: Sequence[Any], columns: _Columns, where: str) -> list[str]:
    """The tags of a row; types alone get the prefix of scheme IO."""
    given = [_tag(mark, columns.names, where) for mark in marks]
    bare = not any(tag[1:2] == "-" for tag in columns.names or given)
    return [f"I-{tag}" if bare and tag != "O" else tag for tag in given]


def _of_tags(given: Sequence[str], place: Place) -> list[Mention]:
    """The mentions that tags mark, as conlleval reads them."""
    try:
        found = tags.decode(given)
    except DataError as error:
        raise _fault(place.where, "; ".join(fault.message for fault in error.faults)) from error
    return [
        Mention(id=f"m{number}", type=type, spans=(place.tokens(first, after),))
        for number, (first, after, type) in enumerate(found, start=1)
    ]


def _tag(mark: Any, names: Sequence[str], where: str) -> str:
    if isinstance(mark, str):
        return mark
    if isinstance(mark, int) and 0 <= mark < len(names):
        return names[mark]
    raise _fault(where, f"{mark!r} is none of the {len(names)} tags that have a name")


def _of_spans(
    items: Sequence[Any], names: Sequence[str], place: Place, rejected: list[Rejected]
) -> Iterator[Mention]:
    """The mentions of a list of records; labels that are numbers have names."""
    for number, item in enumerate(items, start=1):
        fields = item if isinstance(item, dict) else {}
        start, end, label = (_one_of(fields, names) for names in (STARTS, ENDS, LABELS))
        if isinstance(label, int) and 0 <= label < len(names):
            label = names[label]
        if isinstance(start, int) and isinstance(end, int) and isinstance(label, str):
            yield Mention(id=f"m{number}", type=label, spans=(place.span(start, end),))
        else:
            message = f"a span has {STARTS[0]}, {ENDS[0]} and {LABELS[0]}"
            rejected.append(reject(place, "mention", "malformed", message, value=item))


def _turned(value: Mapping[str, Any]) -> Any:
    """The list of records that a record of lists is, as older tables have them; itself if it is none."""
    if not all(isinstance(part, list) for part in value.values()):
        return value
    return [dict(zip(value, parts, strict=True)) for parts in zip(*value.values(), strict=False)]


def _one_of(fields: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((fields[name] for name in names if name in fields), None)


# ---------------------------------------------------------------- writing


def write(
    path: Path, documents: Iterable[Document], layer: Mapping[str, Annotations], options: Options
) -> dict[str, int]:
    """See `Format.write`."""
    lost = loss.count(layer.values())
    items = [(document, layer[document.id].mentions) for document in documents]
    rows = list((_span_rows if options.form == "spans" else _tag_rows)(items, lost))
    types = sorted({mention.type for _, mentions in items for mention in mentions})
    names = ["O", *(f"{prefix}-{type}" for type in types for prefix in "BI")]
    if path.suffix.lower() == ".parquet":
        write_atomic(path, _parquet(rows, options.form, names))
    else:
        write_atomic(path, encode_lines(rows))
    return loss.report(lost)


_Items = Iterable[tuple[Document, tuple[Mention, ...]]]


def _span_rows(items: _Items, lost: Counter[str]) -> Iterator[dict[str, Any]]:
    for document, mentions in items:
        spans = [
            {"start": mention.spans[0].start, "end": mention.spans[0].end, "label": mention.type}
            for mention in whole(mentions, lost)
        ]
        yield {"id": document.id, "text": document.text, "spans": spans}


def _tag_rows(items: _Items, lost: Counter[str]) -> Iterator[dict[str, Any]]:
    for document, mentions in items:
        lost["white space of documents"] += 1
        kept = apart(mentions, lost)
        counted = words(document, [mention.spans for mention in kept])
        found = [(place, mention) for mention in kept if (place := counted.of(mention.spans[0]))]
        lost[OUT_OF_WORDS] += len(kept) - len(found)
        marks = ["O"] * len(counted.spans)
        for (first, after), mention in found:
            marks[first:after] = [f"B-{mention.type}", *([f"I-{mention.type}"] * (after - first - 1))]
        tokens = [document.text[start:end] for start, end in counted.spans]
        yield {"id": document.id, "tokens": tokens, "ner_tags": marks}


_TEXT = {"dtype": "string", "_type": "Value"}
_NUMBER = {"dtype": "int64", "_type": "Value"}


def _parquet(rows: Sequence[Mapping[str, Any]], form: str, names: Sequence[str]) -> bytes:
    """Rows as Parquet; numbers in place of tags, and their names in the schema's metadata."""
    import polars

    features: dict[str, Any]
    schema: dict[str, Any]
    text, number = polars.String, polars.Int64
    if form == "spans":
        features = {"id": _TEXT, "text": _TEXT, "spans": [{"start": _NUMBER, "end": _NUMBER, "label": _TEXT}]}
        span = polars.Struct({"start": number, "end": number, "label": text})
        schema = {"id": text, "text": text, "spans": polars.List(span)}
    else:
        classes = {"names": list(names), "_type": "ClassLabel"}
        features = {
            "id": _TEXT,
            "tokens": {"feature": _TEXT, "_type": "Sequence"},
            "ner_tags": {"feature": classes, "_type": "Sequence"},
        }
        schema = {"id": text, "tokens": polars.List(text), "ner_tags": polars.List(number)}
        place = {name: number for number, name in enumerate(names)}
        rows = [{**row, "ner_tags": [place[tag] for tag in row["ner_tags"]]} for row in rows]
    file = io.BytesIO()
    said = json.dumps({"info": {"features": features}})
    polars.DataFrame(list(rows), schema=schema).write_parquet(file, metadata={"huggingface": said})
    return _with_plain_schema(file.getvalue())


def _with_plain_schema(data: bytes) -> bytes:
    """Parquet in which nobody finds the second copy of the schema, under the key ARROW:schema of the footer.

    polars writes it without the metadata, and pyarrow, by which `datasets` reads, takes it for the schema
    where it is there: then no class has a name.
    """
    size = int.from_bytes(data[-8:-4], "little")
    body, footer = data[: -8 - size], data[-8 - size :]
    return body + footer.replace(b"ARROW:schema", b"ARROW-schema")
