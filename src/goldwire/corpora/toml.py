"""TOML that people write, or that ships: found by name or path, decoded with a clear fault."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from goldwire import configs
from goldwire.corpora.codec import read_bytes
from goldwire.corpora.conform import conform
from goldwire.corpora.errors import DataError, Fault, GoldwireError, nearest

T = TypeVar("T")
FEW = 5  # names that a message lists; of more it tells those that are like the one asked for


def find(kind: str, what: str, source: str | Path, error: type[GoldwireError]) -> tuple[str, str]:
    """The text of a config that ships (see `configs.names`), or else of a file; and what to call it.

    Raises `error`, naming `what` was looked for, if there is neither; else as `read`.
    """
    name = str(source)
    if name in configs.names(kind):
        return configs.read(kind, name), name
    path = Path(source)
    if not os.path.isfile(path):  # noqa: PTH113 - `Path.is_file` raises of what is too long for a name
        known = configs.names(kind)
        near = nearest(path.stem, known) if len(known) > FEW else ""
        told = near or f" ({', '.join(known)})"
        raise error(f"no {what} {name!r}: neither a file nor one that ships{told}")
    return read(path, error), name


def read(path: Path, error: type[GoldwireError]) -> str:
    """The text of a file; `error` if it cannot be opened, `DataError` if it is not UTF-8."""
    try:
        return read_bytes(path, error).decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        raise DataError(f"{path}: not UTF-8 text", [Fault(str(path), "", str(cause))]) from cause


def decode(text: str, type: type[T], what: str, where: str) -> T:
    """A value of `type` from TOML text; `DataError`, saying that it is not `what`, with all that is wrong."""
    raw = decode_plain(text, what, where)
    try:
        return msgspec.convert(raw, type)
    except msgspec.ValidationError as error:
        _, misfits = conform(raw, type)
        faults = [Fault(where, ".".join(path), message) for path, message in misfits]
        raise DataError(f"{where}: not {what}", faults or [Fault(where, "", str(error))]) from error


def decode_plain(text: str, what: str, where: str) -> dict[str, Any]:
    """The tables of TOML text; `DataError`, saying that it is not `what`, if it is no TOML."""
    try:
        found: dict[str, Any] = msgspec.toml.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DataError(f"{where}: not {what}", [Fault(where, "", f"not valid TOML: {error}")]) from error
    return found
