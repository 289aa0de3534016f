"""Files of records: encoded and decoded, read and written, with all faults of one told at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.atomic import write_output
from goldwire.corpora.codec import decode_versioned, read_bytes
from goldwire.corpora.errors import DataError, Fault
from goldwire.eval.measures.phrases import amount
from goldwire.eval.scoring.lists import Listed
from goldwire.eval.scoring.record import FORMAT, Record
from goldwire.eval.scoring.tables import CountTable
from goldwire.eval.scoring.verify import iter_faults

_HERE = b"\0"  # where a list comes: no byte that JSON has


def encode_record(record: Record) -> bytes:
    """A record as JSON, fields in their order, a newline at the end."""
    return b"".join(iter_encoded(record))


def iter_encoded(record: Record) -> Iterator[bytes]:
    """The same in parts: what it has for each document is never there as a whole."""
    lists = list[Listed[Any]]()

    def leave_out(value: Any) -> msgspec.Raw:
        if not isinstance(value, Listed):
            raise TypeError(f"{type(value).__name__} is nothing that JSON has")
        lists.append(value)
        return msgspec.Raw(_HERE)

    encoded = msgspec.json.Encoder(enc_hook=leave_out).encode_lines([record])
    return _put_back(encoded.split(_HERE), lists)


def _put_back(parts: Sequence[bytes], lists: Sequence[Listed[Any]]) -> Iterator[bytes]:
    """Parts of a record, each followed by the list that comes there."""
    for part, listed in zip(parts, lists, strict=False):
        yield part
        yield from listed.json()
    yield parts[-1]


def plain(record: Record) -> Record:
    """The same record with tuples in it, which any encoder writes."""
    return msgspec.structs.replace(
        record,
        documents=tuple(record.documents),
        texts=tuple(record.texts),
        counts=_plain(record.counts),
        rejections=_plain(record.rejections),
        slices=tuple(msgspec.structs.replace(part, counts=_plain(part.counts)) for part in record.slices),
    )


def _plain(tables: Sequence[CountTable]) -> tuple[CountTable, ...]:
    return tuple(msgspec.structs.replace(table, documents=tuple(table.documents)) for table in tables)


def decode_record(data: bytes, where: str = "record") -> Record:
    """A record from JSON; `DataError` with every fault if it is none or damaged, or of a later format."""
    record = decode_versioned(data, Record, "a record", where, FORMAT)
    check(iter_faults(record, where), "a record", where)
    return record


def check(faults: Iterable[Fault], what: str, where: str) -> None:
    """Raise `DataError` if a file, which should be `what`, was found to be damaged."""
    found = list(faults)
    if found:
        raise DataError(f"{where}: not {what}, or damaged ({amount(len(found), 'fault')})", found)


def read_record(path: Path) -> Record:
    """The record in a file."""
    return decode_record(read_bytes(path), str(path))


def write_record(record: Record, path: Path) -> Path:
    """Put a record at `path`, whole or not at all; folders are made."""
    write_output(path, iter_encoded(record))
    return path


def schema() -> dict[str, Any]:
    """The JSON Schema of a record, as published in docs/record.schema.json."""
    return msgspec.json.schema(Record, schema_hook=_plain_schema)


def _plain_schema(type: Any) -> dict[str, Any]:
    """The schema of what a type of our own is written as."""
    return msgspec.json.schema(type.plain)
