"""Articles from files that hold many: JSON lines, CSV and Parquet, a row each."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from goldwire.corpora.codec import check_file
from goldwire.corpora.encodings import normalise
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.metadata import KNOWN, OURS, Fields, Gathered, fields
from goldwire.corpora.types import Excluded, Meta

if TYPE_CHECKING:
    import polars

DELIMITERS = (",", ";", "\t", "|")
ID_DIGITS = 12  # of the SHA-256 of a text, as a fingerprint has: two of a million share them once in 500
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


def decode_jsonl(text: str, where: str) -> list[Row]:
    """Rows of JSON lines; lines of a corpus's own `documents.jsonl` too, their regions with them."""
    return _collect(_json_values(text, where), where)


def decode_csv(text: str, where: str) -> list[Row]:
    """Rows of a CSV file with a header; comma, semicolon, tab or bar between columns.

    Read by Python's own reader: polars fills a row that is too short with nulls, and says of none where
    it is.
    """
    return _collect(_csv_values(text, where), where)


def read_parquet(path: Path) -> list[Row]:
    """Rows of a Parquet file."""
    frame, _ = read_frame(path)
    numbered = enumerate(frame.iter_rows(named=True), start=1)
    return _collect(((f"{path}:{number}", Fields(row)) for number, row in numbered), str(path))


def read_frame(path: Path, rows: int | None = None) -> tuple[polars.DataFrame, dict[str, str]]:
    """A Parquet file, or so many rows of it, and its metadata; `DataError` if it is none, or damaged.

    Damage of some kinds ends the process that reads it, so another one reads it first.
    """
    import polars

    with suppress(OSError):
        check_file(path)
    state = path.stat() if path.is_file() else None
    if state is not None and (ended := _ending(path, state.st_size, state.st_mtime_ns)) < 0:
        told = f"not a Parquet file, or damaged: what reads it was ended by {signal.Signals(-ended).name}"
        raise DataError(f"{path}: not a Parquet file", [Fault(str(path), "", told)])
    try:
        with _silence():
            return polars.read_parquet(path, n_rows=rows), polars.read_parquet_metadata(path)
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError) as error:
        said = str(error).partition("\n")[0]
        fault = Fault(str(path), "", f"not a Parquet file, or damaged: {said}")
        raise DataError(f"{path}: not a Parquet file", [fault]) from error


@lru_cache(maxsize=8)
def _ending(path: Path, size: int, time: int) -> int:  # noqa: ARG001 - of which size and time the file was
    """How a process of its own that reads a Parquet file ends: below 0 if by a signal."""
    code = "import sys, polars; polars.read_parquet(sys.argv[1]); polars.read_parquet_metadata(sys.argv[1])"
    command = [sys.executable, "-c", code, str(path)]
    return subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    ).returncode


@contextmanager
def _silence() -> Iterator[None]:
    """Let a library write nothing to standard error: polars tells of damage there, frame by frame."""
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - a descriptor is wanted
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


_Values = Iterator[tuple[str, Fields | str]]  # place, and the values or why there are none


def _json_values(text: str, where: str) -> _Values:
    for number, line in enumerate(text.split("\n"), start=1):
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


def _csv_values(text: str, where: str) -> _Values:
    csv.field_size_limit(FIELD_LIMIT)
    header_line = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header, line = [_column(name) for name in next(reader, [])], reader.line_num + 1
    except csv.Error as error:
        yield f"{where}:1", f"not valid CSV: {error}"
        return
    if header.count("text") != 1 or header.count("id") > 1:
        told = f"needs one column text, and one column id at most; the header has {', '.join(header)}"
        yield f"{where}:1", told
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


def _column(name: str) -> str:
    """The name of a column; those that we know are known in capitals too."""
    name = name.strip()
    return name.lower() if name.lower() in (*KNOWN, *OURS) else name


def _collect(values: _Values, where: str) -> list[Row]:
    rows, faults = [], []
    for place, value in values:
        row, found = (None, [("$", value)]) if isinstance(value, str) else _row(value, place)
        faults += [Fault(place, path, message) for path, message in found]
        if row is not None and not found:
            rows.append(row)
    if faults:
        raise DataError(f"{where}: {len(faults)} fault(s)", faults)
    return rows


def _row(values: Fields, where: str) -> tuple[Row | None, list[tuple[str, str]]]:
    """A row, and what is wrong with it as path and message."""
    faults: list[tuple[str, str]] = []

    def take(
        name: str, read: Callable[[Any], Any], source: Mapping[str, Any] = values, path: str = "$"
    ) -> Any:
        try:
            return read(source.get(name))
        except (ValueError, msgspec.ValidationError) as error:
            faults.append((f"{path}.{name}", str(error)))

    faults += [(f"$.{name}", "is given twice, with two values") for name in _doubled(values)]
    id, text = take("id", _read_id), take("text", _read_text)
    gathered = Gathered(values)
    meta = {name: take(name, _READ.get(name, _read_string), gathered.known) for name in KNOWN}
    excluded = take("excluded", _read_excluded)
    sha256 = take("sha256", _read_string)
    if faults:
        return None, faults
    row = Row(
        where=where, id=_id_of(text) if id is None else id, unnamed=id is None, text=text,
        meta=Meta(**meta, more=gathered.more), excluded=excluded, sha256=sha256, lost=gathered.lost,
    )  # fmt: skip
    return row, []


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
    if not isinstance(value, str):
        raise ValueError(f"an id is text or a whole number, got {_shown(value)}")  # noqa: TRY004 - a fault of data
    return _whole(value)


def _id_of(text: str) -> str:
    # Half a character is told as a fault of the text later, so it must not end in one here.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:ID_DIGITS]


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a text is needed, got {_shown(value)}")  # noqa: TRY004 - a fault of data
    return normalise(value)


def _read_string(value: Any) -> str | None:
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
