"""JSON lines in and out: all faults of a file at once, each with `file:line $.path`."""

from __future__ import annotations

import hashlib
import json
import stat
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from goldwire.corpora import visible
from goldwire.corpora.errors import CorpusError, DataError, Fault, GoldwireError

T = TypeVar("T")

# What msgspec raises on a line: no JSON or another type, bytes that are no UTF-8, nesting without end.
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
BOM = b"\xef\xbb\xbf"
_NAMED = 6  # fields of a file of another kind that are told
NULL = msgspec.Raw(b"null")  # where there is nothing: a raw field cannot be optional


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def encode_lines(items: Iterable[Any]) -> bytes:
    """One JSON value a line, UTF-8, a newline after each."""
    return msgspec.json.Encoder().encode_lines(items)


def iter_encoded(items: Iterable[Any]) -> Iterator[bytes]:
    """The lines of `encode_lines`, one by one."""
    encode = msgspec.json.Encoder().encode
    return (encode(item) + b"\n" for item in items)


def with_sorted_sets(value: Any) -> Any:
    """A value to be encoded, with lists in place of the sets in it, whose order differs between processes.

    >>> with_sorted_sets({"b": frozenset({"y", "x"}), "a": (1, 2)})
    {'b': ['x', 'y'], 'a': (1, 2)}
    """
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        changed = {name: new for name, old in fields.items() if (new := with_sorted_sets(old)) is not old}
        return msgspec.structs.replace(value, **changed) if changed else value
    if isinstance(value, Mapping):
        return {key: with_sorted_sets(held) for key, held in value.items()}
    if isinstance(value, list | tuple) and not (value and isinstance(value[0], _PLAIN)):
        return [*map(with_sorted_sets, value)]
    return value


_PLAIN = (str, bytes, int, float)  # of a long list that begins with such a value, none has a set in it


def decode_lines(data: bytes, type: type[T], where: str = "input", *, first: int = 1) -> list[T]:
    """The values of `data`, one a line; empty lines and a byte order mark are passed over.

    Raises `DataError` with every fault of every line, which are counted from `first`.

    >>> from goldwire.corpora.types import Span
    >>> decode_lines(b"[0,3]\\n[4,9]\\n", Span)
    [Span(start=0, end=3), Span(start=4, end=9)]
    """
    decode, lines = msgspec.json.Decoder(type).decode, data.removeprefix(BOM).split(b"\n")
    try:
        # What a type leaves undecoded (`Raw`), msgspec passes over: hence `str`.
        return [decode(line) for line in lines if str(line, "utf-8") and not line.isspace()]
    except BROKEN:
        faults = [*_faults(lines, type, where, first)]
    raise DataError(f"{where}: {len(faults)} fault(s); nothing was read", faults)


def _faults(lines: Iterable[bytes], type: Any, where: str, first: int) -> Iterator[Fault]:
    decoder = msgspec.json.Decoder(type)
    for number, line in enumerate(lines, start=first):
        if not line.strip():
            continue
        try:
            str(line, "utf-8")
            decoder.decode(line)
        except BROKEN as error:
            yield from line_faults(line, type, f"{where}:{number}", error)


def all_faults(lines: Iterable[bytes], type: type[Any], where: str) -> DataError:
    """What `decode_lines` raises for such lines of a file, gone through one by one."""
    bare = (line.removeprefix(BOM if number == 1 else b"") for number, line in enumerate(lines, start=1))
    faults = [*_faults((line.removesuffix(b"\n") for line in bare), type, where, 1)]
    return DataError(f"{where}: {len(faults)} fault(s); nothing was read", faults)


def read_bytes(path: Path, error: type[GoldwireError] = CorpusError) -> bytes:
    """All of a file; `error` if it cannot be read, or is none: a pipe or a device may never end."""
    try:
        check_file(path, error)
        return path.read_bytes()
    except OSError as cause:
        raise error(f"{path}: cannot be read ({cause.strerror})") from cause


def check_file(path: Path, error: type[GoldwireError] = CorpusError) -> None:
    """Raise `error` for what is there and is neither a file nor a folder. Raises `OSError` if nothing is."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        kind = "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
        raise error(f"{path}: is {kind}, not a file: write what comes from there into a file first")


def read_lines(path: Path, type: type[T]) -> list[T]:
    """`decode_lines` of a file; `CorpusError` if it cannot be read."""
    return decode_lines(read_bytes(path), type, str(path))


def iter_lines(path: Path, type: type[T]) -> Iterator[T]:
    """The values of a file one by one, in memory that does not grow with the file.

    Raises `DataError` with the faults of the first bad line only.
    """
    decoder = msgspec.json.Decoder(type)
    try:
        check_file(path)
        file = path.open("rb")
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error
    with file:
        for number, line in enumerate(file, start=1):
            text = line.removeprefix(BOM) if number == 1 else line
            if not text.strip():
                continue
            try:
                yield decoder.decode(text)
            except BROKEN as error:
                where = f"{path}:{number}"
                raise DataError(
                    f"{path}: line {number} is wrong", line_faults(text, type, where, error)
                ) from error


def decode_versioned(data: bytes, type: type[T], what: str, where: str, newest: int) -> T:
    """A JSON value whose `format` is a number up to `newest`.

    Raises `DataError`, saying that it is not `what`, with every fault; a later format is told as such first.
    """
    try:
        found = msgspec.json.decode(data, type=type, dec_hook=from_plain)
    except BROKEN as error:
        _check_format(_format(data, what, where), newest, where)
        faults = _of_another_kind(data, type, where) or line_faults(data, type, where, error)
        many = f"{len(faults):,} fault{'s' if len(faults) > 1 else ''}"
        raise DataError(f"{where}: not {what} ({many})", faults) from error
    _check_format(getattr(found, "format", 0), newest, where)
    return found


def _of_another_kind(data: bytes, type: Any, where: str) -> list[Fault]:
    """One fault in place of one for each field, where a sound file is none of those that were asked for."""
    try:
        given = [name for name in msgspec.json.decode(data, type=dict[str, msgspec.Raw]) if name != "format"]
    except BROKEN:
        return []
    known = {field.encode_name: field.required for field in msgspec.structs.fields(type)}
    if not given or not known.keys().isdisjoint(given):
        return []
    needed = ", ".join(name for name, required in known.items() if required and name != "format")
    there = ", ".join(map(visible.line, given[:_NAMED])) + (", …" if len(given) > _NAMED else "")
    return [Fault(where, "$", f"is another kind of file: it has {there}, and should have {needed}")]


def from_plain(type: Any, value: Any) -> Any:
    """A value of a type of our own, which says in `plain` what it is written as, and makes itself of that."""
    return type.of(msgspec.convert(value, type.plain))


def _check_format(format: int, newest: int, where: str) -> None:
    """Raise `DataError` for a format that is not known yet."""
    if format > newest:
        message = f"format {format} is newer than this Goldwire reads ({newest}); install a later one"
        raise DataError(f"{where}: cannot be read", [Fault(where, "$.format", message)])


class _Versioned(msgspec.Struct):
    """The format alone: reading the rest as well takes as long as the file is."""

    format: int = 0


def _format(data: bytes, what: str, where: str) -> int:
    """The number of a format; 0 where there is none, which is a fault of its own later."""
    try:
        return msgspec.json.decode(data, type=_Versioned).format
    except msgspec.ValidationError:
        return 0
    except BROKEN as error:
        raise DataError(f"{where}: not {what}", [Fault(where, "$", f"not valid JSON: {error}")]) from error


def line_faults(line: bytes, type: Any, where: str, error: Exception) -> list[Fault]:
    """Everything wrong with one line; msgspec itself stops at the first."""
    try:
        value = msgspec.json.decode(line)
    except BROKEN as broken:
        return [Fault(where, "$", f"not valid JSON: {_why_broken(line, broken)}")]
    return list(value_faults(value, type, where, "$")) or [Fault(where, "$", str(error))]


def _why_broken(line: bytes, error: Exception) -> str:
    """msgspec's reason; it calls a lone surrogate a truncated line."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    try:
        text = json.dumps(json.loads(line), ensure_ascii=False)
    except (ValueError, RecursionError):
        return str(error)
    lone = any("\ud800" <= char <= "\udfff" for char in text)
    return "a string holds half a character (a lone surrogate)" if lone else str(error)


def value_faults(value: Any, type: Any, where: str, path: str) -> Iterator[Fault]:
    """Faults of a decoded JSON value against a type, each at the deepest path that shows it."""
    found = False
    for part, part_type, part_path in _parts(value, type, path):
        for fault in value_faults(part, part_type, where, part_path):
            found = True
            yield fault
    if isinstance(value, dict) and _is_struct(type):
        for message in _field_faults(value, type):
            found = True
            yield Fault(where, path, message)
    if not found:
        try:  # from JSON again: `convert` takes no value for one that is to be decoded later on, `Raw`
            msgspec.json.decode(msgspec.json.encode(value), type=type, dec_hook=from_plain)
        except msgspec.ValidationError as error:
            message, _, deeper = str(error).partition(" - at `$")
            yield Fault(where, path + deeper.rstrip("`"), message + _choices(type))


def _choices(type: Any) -> str:
    """What a value of a few can be; nothing is said of other types."""
    type = _without_none(type)
    if typing.get_origin(type) is not typing.Literal:
        return ""
    return f"; expected is one of {', '.join(map(str, typing.get_args(type)))}"


@cache
def _fields(type: Any) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The fields of a struct; msgspec works them out anew each time, in half a millisecond."""
    return msgspec.structs.fields(type)


def _is_struct(type: Any) -> bool:
    return hasattr(type, "__struct_fields__")


def _parts(value: Any, type: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    """The direct parts of a value whose types are known."""
    type = _without_none(type)
    origin = typing.get_origin(type)
    if _is_struct(type) and isinstance(value, dict):
        for field in _fields(type):
            if field.encode_name in value:
                yield value[field.encode_name], field.type, f"{path}.{field.encode_name}"
    elif origin in (tuple, list) and isinstance(value, list):
        types = typing.get_args(type)
        fixed = origin is tuple and Ellipsis not in types
        for index, item in enumerate(value[: len(types)] if fixed else value):
            yield item, types[index if fixed else 0], f"{path}[{index}]"
    elif origin in (dict, Mapping) and isinstance(value, dict):
        for key, item in value.items():
            yield item, typing.get_args(type)[1], f"{path}.{key}"


def _without_none(type: Any) -> Any:
    type = getattr(type, "plain", type)
    if isinstance(type, types.UnionType) or typing.get_origin(type) is typing.Union:
        rest = [arg for arg in typing.get_args(type) if arg is not types.NoneType]
        return rest[0] if len(rest) == 1 else type
    return type


def _field_faults(value: dict[str, Any], type: Any) -> Iterator[str]:
    fields = {field.encode_name: field for field in _fields(type)}
    for name, field in fields.items():
        if field.required and name not in value:
            yield f"required field `{name}` is missing"
    if type.__struct_config__.forbid_unknown_fields:
        for name in sorted(value.keys() - fields.keys()):
            yield f"unknown field `{name}`; known are {', '.join(fields)}"
