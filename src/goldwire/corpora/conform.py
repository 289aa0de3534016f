"""Checks plain data against a type: everything that does not fit it, at once, and the rest that does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from goldwire.corpora.errors import among

Path = tuple[str, ...]
NOTHING = object()  # what is left of a value of which nothing fits


class Misfit(NamedTuple):
    """What does not fit, by the names that lead there."""

    path: Path
    message: str


def conform(value: Any, kind: Any, path: Path = ()) -> tuple[Any, list[Misfit]]:
    """What is left of a value that fits `kind`, and what does not fit.

    Structs, dictionaries and tuples are gone into. A field that is
    needed and does not fit is left empty. `NOTHING` is left where no more can be said.
    """
    origin, args = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        return _conform_struct(value, kind, path)
    if origin is dict and isinstance(value, dict):
        return _conform_items(value, dict.fromkeys(value, args[1]), path)
    if origin is tuple and args[-1] is ... and isinstance(value, list):
        numbered = {str(number): item for number, item in enumerate(value, start=1)}
        kept, misfits = _conform_items(numbered, dict.fromkeys(numbered, args[0]), path)
        return [*kept.values()], misfits
    message = _refusal(value, kind)
    if message is not None and origin is Literal:
        message = f"{value!r} is none of: {', '.join(map(str, args))}"
    return (value, []) if message is None else (NOTHING, [Misfit(path, message)])


def _conform_struct(
    value: dict[str, Any], kind: type[msgspec.Struct], path: Path
) -> tuple[Any, list[Misfit]]:
    fields = _fields(kind)
    known = {name: item for name, item in value.items() if name in fields}
    kept, misfits = _conform_items(known, {name: field.type for name, field in fields.items()}, path)
    if kind.__struct_config__.forbid_unknown_fields:
        misfits += [*_unknown(value, fields, path)]
    needed = [name for name, field in fields.items() if field.required]
    misfits += [Misfit(path, f"missing required field `{name}`") for name in needed if name not in value]
    if not misfits and (message := _refusal(kept, kind)) is not None:
        misfits.append(Misfit(path, message))
    empty = {name: _empty(fields[name].type) for name in needed if name not in kept}
    kept |= empty
    return (NOTHING if NOTHING in kept.values() else kept), misfits


@cache
def _fields(kind: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """The fields of a struct by the names that data have for them; msgspec finds them anew each time."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def _unknown(value: dict[str, Any], fields: dict[str, Any], path: Path) -> Iterator[Misfit]:
    for name in [name for name in value if name not in fields]:
        yield Misfit(path, f"unknown field `{name}`{among(name, fields)}")


def _conform_items(
    value: dict[str, Any], kinds: dict[str, Any], path: Path
) -> tuple[dict[str, Any], list[Misfit]]:
    kept, misfits = {}, list[Misfit]()
    for name, item in value.items():
        left, found = conform(item, kinds[name], (*path, name))
        misfits += found
        if left is not NOTHING:
            kept[name] = left
    return kept, misfits


def _refusal(value: Any, kind: Any) -> str | None:
    """Why a value is not of a kind; None if it is."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message, _, _ = str(error).partition(" - at `")
        return _KIND.sub(lambda found: _KINDS.get(found[0], found[0]), message)
    return None


# What msgspec calls kinds of values, and what people who write TOML call them.
_KINDS = {
    "`object`": "a table",
    "`array`": "a list",
    "`str`": "text",
    "`int`": "a whole number",
    "`float`": "a number",
    "`bool`": "true or false",
}
_KIND = re.compile("`[a-z]+`")


def _empty(kind: Any) -> Any:
    """The least that fits a kind."""
    origin = get_origin(kind)
    if origin is Literal:
        return get_args(kind)[0]
    return {dict: {}, tuple: [], str: ""}.get(origin or kind, NOTHING)
