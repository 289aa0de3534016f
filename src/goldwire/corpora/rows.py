"""Articles from files that hold many: JSON lines, CSV and Parquet, a row each."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from goldwire.corpora import parquet
from goldwire.corpora.columns import Columns
from goldwire.corpora.encodings import normalise
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.metadata import KNOWN, OURS, Fields, Gathered, fields
from goldwire.corpora.types import Excluded, Meta

if TYPE_CHECKING:
    import polars

DELIMITERS = (",", ";", "\t", "|")
ID_DIGITS = 12  # of the SHA-256 of a text, as a fingerprint has: two of a million share them once in 500
ALL = Columns()  # each field in the column of its name, and all others kept
FIELD_LIMIT = 2**31 - 1  # characters in one CSV field; the default of 131,072 is less than a long report


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One article as a file gives it. `where` is `file:line`; `lost` are fields that are not kept, and why.

    A row without an id is `unnamed` and called by the hash of its text: the same in any file, at any line.
    """

    where: str
    id: str
    text: str
    meta: Meta = Meta()
    excluded: tuple[Excluded, ...] = ()
    sha256: str | None = None
    lost: Mapping[str, str] = {}
    unnamed: bool = False


Item = Row | Fault  # of a table: an article, or what is wrong with one


def iter_jsonl(lines: Iterable[str], where: str, columns: Columns = ALL) -> Iterator[Item]:
    """Rows of JSON lines; lines of a corpus's own `documents.jsonl` too, their regions with them.

    A column that is named has to be in one row at least, and that of the text in the first.
    """
    seen = dict[str, None]()
    for place, value in _json_values(lines, where):
        if isinstance(value, Fields):
            if columns != ALL and not seen and columns.of("text") not in value:
                yield Fault(place, "", columns.missing(value))
                return
            seen.update(dict.fromkeys(value))
        yield from _items(value, place, columns)
    if columns != ALL and seen and (missing := columns.missing(seen)):
        yield Fault(where, "", missing)


def iter_csv(lines: Iterable[str], where: str, columns: Columns = ALL) -> Iterator[Item]:
    """Rows of a CSV file with a header; comma, semicolon, tab or bar between columns.

    Read by Python's own reader: polars fills a row that is too short with nulls, and says of none where
    it is.
    """
    for place, value in _csv_values(lines, where, columns):
        yield from _items(value, place, columns)


def iter_parquet(
    path: Path, where: str, columns: Columns = ALL, beside: Mapping[str, Any] | None = None
) -> Iterator[Item]:
    """Rows of a Parquet file, which is called `where`; `beside` are columns that its folders give.

    Raises `DataError` if it is none, or damaged.
    """
    more = beside or {}
    head = parquet.read_head(path, where)
    if missing := columns.missing({**head.columns, **more}):
        yield Fault(where, "", missing)
        return
    more = {name: value for name, value in more.items() if name not in head.columns}
    number = 0
    for frame in parquet.iter_slices(path, columns.read(head.columns), where=where):
        for row in _iter_rows(frame, where):
            number += 1
            yield from _items(Fields({**row, **more}), f"{where}:{number}", columns)


def _iter_rows(frame: polars.DataFrame, where: str) -> Iterator[dict[str, Any]]:
    """The rows of a slice; times that Python's own cannot be are text."""
    try:
        yield from frame.rows(named=True)
    except (ValueError, OverflowError, KeyError, OSError) as error:
        told = f"has a value that Python has not ({error}); name columns to keep by --column more=…"
        raise DataError(f"{where}: cannot be read", [Fault(where, "", told)]) from error


_Values = Iterator[tuple[str, Fields | str]]  # place, and the values or why there are none


def _json_values(lines: Iterable[str], where: str) -> _Values:
    for number, line in enumerate(lines, start=1):
        place = f"{where}:{number}"
        if not line.strip():
            continue
        try:
            # msgspec refuses lone surrogates as a truncated line; here they get a message of their own
            value = json.loads(line, object_pairs_hook=fields)
        except (ValueError, RecursionError) as error:
            yield place, f"not valid JSON: {error}"
            continue
        yield place, value if isinstance(value, Fields) else "not a JSON object"


def _csv_values(lines: Iterable[str], where: str, columns: Columns) -> _Values:
    csv.field_size_limit(FIELD_LIMIT)
    rest = iter(lines)
    first = next(rest, "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(chain([first] if first else [], rest), delimiter=delimiter, strict=True)
    try:
        header = [_column(name, columns) for name in next(reader, [])]
        line = reader.line_num + 1
    except csv.Error as error:
        yield f"{where}:1", f"not valid CSV: {error}"
        return
    text, id = columns.of("text"), columns.of("id")
    if header.count(text) != 1 or header.count(id) > 1 or columns.missing(header):
        told = columns.missing(header) if columns != ALL else ""
        had = f"needs one column {text}, and one column {id} at most; the header has {', '.join(header)}"
        yield f"{where}:1", told or had
        return
    try:
        for cells in reader:
            place, line = f"{where}:{line}", reader.line_num + 1
            if len(cells) == len(header):
                yield place, fields(list(zip(header, cells, strict=True)))
            elif cells:
                yield place, f"{len(cells)} column(s), where the header has {len(header)}"
    except csv.Error as error:
        yield f"{where}:{line}", f"not valid CSV: {error}"


def _column(name: str, columns: Columns) -> str:
    """The name of a column; those that we know are known in capitals too."""
    name = name.strip()
    is_ours = name.lower() in (*KNOWN, *OURS) and name not in columns.named.values()
    return name.lower() if is_ours else name


def _items(value: Fields | str, place: str, columns: Columns) -> Iterator[Item]:
    row, found = (None, [("$", value)]) if isinstance(value, str) else _row(value, place, columns)
    yield from (Fault(place, path, message) for path, message in found)
    if row is not None and not found:
        yield row


def _row(given: Fields, where: str, columns: Columns) -> tuple[Row | None, list[tuple[str, str]]]:
    """A row, and what is wrong with it as path and message."""
    values = columns.apply(given)
    faults: list[tuple[str, str]] = []

    def take(
        name: str, read: Callable[[Any], Any], source: Mapping[str, Any] = values, path: str = "$"
    ) -> Any:
        try:
            return read(source.get(name))
        except (ValueError, msgspec.ValidationError) as error:
            faults.append((f"{path}.{columns.of(name)}", str(error)))

    faults += [(f"$.{name}", "is given twice, with two values") for name in _doubled(values)]
    id, text = take("id", _read_id), take("text", _read_text)
    gathered = Gathered(values)
    meta = {name: take(name, _READ.get(name, _read_string), gathered.known) for name in KNOWN}
    excluded = take("excluded", _read_excluded)
    sha256 = take("sha256", _read_string)
    if faults:
        return None, faults
    more, lost = gathered.more, gathered.lost
    if columns != ALL:
        more = {name: value for name, value in more.items() if columns.keeps(name)}
        lost = {name: why for name, why in lost.items() if columns.keeps(_last(name))}
        lost |= columns.displaced(given)
    row = Row(
        where=where, id=_id_of(text) if id is None else id, unnamed=id is None, text=text,
        meta=Meta(**meta, more=more), excluded=excluded, sha256=sha256, lost=lost,
    )  # fmt: skip
    return row, []


def _last(path: str) -> str:
    """The name of a value where it stands in `meta`."""
    return path.removeprefix("meta.").removeprefix("more.")


def _doubled(values: Fields) -> list[str]:
    return sorted(values.twice & {*KNOWN, *OURS, "meta"})


def _read_excluded(value: Any) -> tuple[Excluded, ...]:
    # A column of that name that holds no list of regions is metadata.
    return msgspec.convert(value, tuple[Excluded, ...]) if isinstance(value, list) else ()


def _read_id(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    value = _decoded(value)
    if not isinstance(value, str):
        raise ValueError(f"an id is text or a whole number, got {_shown(value)}")  # noqa: TRY004
    return _whole(value) or None


def _id_of(text: str) -> str:
    # Half a character is told as a fault of the text later, so it must not end in one here.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:ID_DIGITS]


def _decoded(value: Any) -> Any:
    """Text for the bytes of it, as Parquet has them where nobody said that they are text."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"holds bytes that are not UTF-8 (0x{value[error.start]:02x} at offset {error.start})"
        ) from error


def _read_text(value: Any) -> str:
    value = _decoded(value)
    if not isinstance(value, str):
        raise ValueError(f"a text is needed, got {_shown(value)}")  # noqa: TRY004 - a fault of data
    return normalise(value)


def _read_string(value: Any) -> str | None:
    value = _decoded(value)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"text is needed, got {_shown(value)}")
    return _whole(value) if value else None


def _whole(value: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("holds half a character (a lone surrogate)")
    return value


def _read_published(value: Any) -> str | None:
    if isinstance(value, date):
        return value.isoformat()
    text = _read_string(value)
    try:
        if text is not None:
            datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an ISO 8601 date or time such as 2021-08-11T09:30:00Z") from error
    return text


_READ: Mapping[str, Callable[[Any], str | None]] = {"published": _read_published}


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)[:60]
