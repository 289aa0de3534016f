"""Files of records: encoded and decoded, read and written, with all faults of one told at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.atomic import write_output
from goldwire.corpora.codec import decode_versioned, read_bytes
from goldwire.corpora.errors import DataError, Fault
from goldwire.eval.measures.phrases import amount
from goldwire.eval.scoring.record import FORMAT, Record
from goldwire.eval.scoring.verify import iter_faults


def encode_record(record: Record) -> bytes:
    """A record as JSON, fields in their order, a newline at the end."""
    return msgspec.json.Encoder().encode_lines([record])  # adding the newline would copy it once more


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
    write_output(path, encode_record(record))
    return path


def schema() -> dict[str, Any]:
    """The JSON Schema of a record, as published in docs/record.schema.json."""
    return msgspec.json.schema(Record)
