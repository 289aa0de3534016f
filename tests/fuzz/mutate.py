"""Faulty inputs made of sound ones: their structure is kept, and a few things in it are made wrong."""

import json
import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import msgspec

# Values that readers have fallen over, here or elsewhere.
STRINGS = [
    "", " ", "\x00", "\ud800", "\udcff", "é" * 300, "a" * 5000, "\u202eabc", "ﬁ", "İ", "𝒳", "\r\n", "\t",
    "-1", "0", "1e999", "NaN", "null", "true", "../../x", "/", ".", "..", "a/b", "CON", "*", "(", "[", "(?P<",
    "(a+)+$", "[[0,4]]", "t1,t2", "t0", "T1", "E1", "T1 T1", "&lt;", "<", "]]>", '"', "'", "=", ":", "%", "{",
    "http://[::1",
    "2021-13-45", "9999-12-31T23:59:59+99:99", "span+type", "entity:span@exact", "none",
    "all", "each", "gold",
    "PER", "GPE", "Attack", "mention", "document", "٣", "１", "^", "\\", "\\d", "$x", "#", "##", "@",
]  # fmt: skip
NUMBERS: list[Any] = [
    0, 1, -1, 2, 3, 255, 2**31 - 1, 2**31, -(2**31), 2**53, 2**63 - 1, 2**63, 2**64, -(2**63) - 1,
    10**30, -(10**30),
    0.0, -0.0, 0.5, 1.5, 1e-320, 1e15, 1e308, -1e308, float("nan"), float("inf"), float("-inf"), 10**400,
]  # fmt: skip
PLAIN: list[Any] = [None, True, False, [], {}, [[]], [None], {"": None}, [{}]]
BYTES = [
    b"\xff",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xfe\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\n",
    b"\r",
    b"\t",
    b"{",
    b"1e999",
]
LONG = 100_000  # bytes that are not made more
DEPTHS = (3, 60, 1200, 20_000)

Kind = str
Dice = random.Random


def mutate(data: bytes, kind: Kind, dice: Dice) -> bytes:
    """One to three things made wrong, and sometimes the bytes as well."""
    make = _KINDS[kind]
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        data = make(data, dice) if len(data) < LONG else data
    return _bytes(data, dice) if dice.random() < 0.1 else data


# ---------------------------------------------------------------- JSON
def _json(data: bytes, dice: Dice) -> bytes:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _bytes(data, dice)
    places = list(_places(value))
    if not places:
        return _dump(_poison(dice))
    holder, key = dice.choice(places)
    _TREE[dice.randrange(len(_TREE))](holder, key, places, dice)
    return _dump(value)


def _msgpack(data: bytes, dice: Dice) -> bytes:
    """As in JSON; what it cannot hold, such as a longer number, is damaged in its bytes instead."""
    with suppress(msgspec.DecodeError, TypeError, ValueError, OverflowError, RecursionError):
        value = msgspec.msgpack.decode(data)
        places = list(_places(value))
        holder, key = dice.choice(places)
        if isinstance(holder[key], bytes):
            holder[key] = dice.choice((_bytes(holder[key], dice), b"", holder[key] * 2, _poison(dice)))
        else:
            _TREE[dice.randrange(len(_TREE))](holder, key, places, dice)
        return msgspec.msgpack.encode(value)
    return _bytes(data, dice)


def _dump(value: Any) -> bytes:
    try:
        return json.dumps(value).encode()
    except RecursionError:
        return b"[" * 9000


def _lines_of_json(data: bytes, dice: Dice) -> bytes:
    lines = data.split(b"\n")
    if dice.random() < 0.15:
        return _lines(data, dice)
    at = dice.randrange(len(lines))
    lines[at] = _json(lines[at], dice)
    return b"\n".join(lines)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container with each of its keys, from the outside in."""
    stack = [value]
    while stack:
        holder = stack.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in list(keys):
            yield holder, key
            stack.append(holder[key])


def _poison(dice: Dice) -> Any:
    return dice.choice(dice.choice((STRINGS, NUMBERS, PLAIN)))


def _replace(holder: Any, key: Any, places: list[Any], dice: Dice) -> None:
    holder[key] = _poison(dice)


def _like(holder: Any, key: Any, places: list[Any], dice: Dice) -> None:
    """A wrong value of the right type."""
    old = holder[key]
    if isinstance(old, bool) or old is None:
        holder[key] = not old
    elif isinstance(old, int | float):
        holder[key] = dice.choice([*NUMBERS, old + 1, old - 1, -old, old * 1000])
    elif isinstance(old, str):
        cut = dice.randrange(len(old) + 1)
        holder[key] = dice.choice(
            [*STRINGS, old[:cut], old + old, old.upper(), old[:cut] + "\u0301" + old[cut:]]
        )
    elif isinstance(old, list):
        holder[key] = dice.choice(
            [old * 2, old[::-1], old[1:], [*old, _poison(dice)], old * 50 if len(old) < 50 else []]
        )
    else:
        holder[key] = {**old, dice.choice([*STRINGS, "id", "type", "text"]): _poison(dice)}


def _remove(holder: Any, key: Any, places: list[Any], dice: Dice) -> None:
    del holder[key]


def _rename(holder: Any, key: Any, places: list[Any], dice: Dice) -> None:
    if isinstance(holder, dict):
        holder[dice.choice([*STRINGS, *holder])] = holder.pop(key)
    else:
        holder.insert(key, holder[key])


def _exchange(holder: Any, key: Any, places: list[Any], dice: Dice) -> None:
    other, place = dice.choice(places)
    copied = json.dumps(other[place])
    if len(copied) < 20_000:
        holder[key] = json.loads(copied)


def _wrap(holder: Any, key: Any, places: list[Any], dice: Dice) -> None:
    value = holder[key]
    for _ in range(dice.choice(DEPTHS[:3])):
        value = [value] if dice.random() < 0.9 else {"x": value}
    holder[key] = value


_TREE: list[Callable[[Any, Any, list[Any], Dice], None]] = [
    _replace, _replace, _like, _like, _like, _remove, _remove, _rename, _exchange, _wrap,
]  # fmt: skip


# ---------------------------------------------------------------- lines, TOML, XML
_FIELD = re.compile(r"[^\s;,:=\[\]{}\"'<>/|]+")
_STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|-?\d+(?:\.\d+)?|true|false")
_TAG = re.compile(r"<[^<>]*>")


def _text(make: Callable[[str, Dice], str]) -> Callable[[bytes, Dice], bytes]:
    def made(data: bytes, dice: Dice) -> bytes:
        text = data.decode("utf-8", "surrogateescape")
        return make(text, dice).encode("utf-8", "surrogatepass" if dice.random() < 0.5 else "replace")

    return made


def _swap_lines(text: str, dice: Dice) -> str:
    lines = text.split("\n")
    first, second = (dice.randrange(len(lines)) for _ in range(2))
    deed = dice.randrange(6)
    if deed == 0:
        del lines[first]
    elif deed == 1:
        lines.insert(second, lines[first])
    elif deed == 2:
        lines[first], lines[second] = lines[second], lines[first]
    elif deed == 3:
        lines[first] = lines[first] + lines[second]
    elif deed == 4:
        lines[first] = lines[first][: dice.randrange(len(lines[first]) + 1)]
    else:
        lines[first] = lines[first] * dice.choice((2, 100))
    return "\n".join(lines)


def _put(pattern: re.Pattern[str], values: Callable[[str, Dice], str]) -> Callable[[str, Dice], str]:
    def made(text: str, dice: Dice) -> str:
        found = list(pattern.finditer(text))
        if not found:
            return text + str(_poison(dice))
        match = dice.choice(found)
        return text[: match.start()] + values(match.group(), dice) + text[match.end() :]

    return made


def _field(old: str, dice: Dice) -> str:
    if old.isdecimal() and dice.random() < 0.7:
        return str(dice.choice([int(old) + 1, int(old) - 1, *NUMBERS]))
    return dice.choice([*STRINGS, old * 2, old[:1], old[::-1], ""])


def _literal(old: str, dice: Dice) -> str:
    value = _poison(dice)
    if isinstance(value, str):
        return json.dumps(value) if dice.random() < 0.8 else value
    return (
        {None: "[]", True: "true", False: "false"}.get(value, "")
        if isinstance(value, bool | None)
        else (
            str(value)
            if isinstance(value, int | float)
            else dice.choice(["[]", "{}", "[[1]]", "[" * dice.choice(DEPTHS)])
        )
    )


def _tag(old: str, dice: Dice) -> str:
    return dice.choice([
        "", old * 2, old * dice.choice((50, 1500)), "</" + old[1:], old[:-1] + "/>", "<View>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]>",
        "<!--", "<![CDATA[", "<?xml version='1.0' encoding='utf-16'?>", old.replace('name="', 'names="'),
        "&x;", old.replace("toName", "name"), "<x:y/>", old.lower(),
    ])  # fmt: skip


_lines = _text(
    lambda text, dice: dice.choice((_swap_lines, _put(_FIELD, _field), _put(_FIELD, _field)))(text, dice)
)
_toml = _text(
    lambda text, dice: dice.choice(
        (_swap_lines, _put(_STRING, _literal), _put(_STRING, _literal), _put(_FIELD, _field))
    )(text, dice)
)
_xml = _text(
    lambda text, dice: dice.choice(
        (_put(_TAG, _tag), _put(_STRING, _literal), _put(_FIELD, _field), _swap_lines)
    )(text, dice)
)


# ---------------------------------------------------------------- bytes
def _bytes(data: bytes, dice: Dice) -> bytes:
    at, end = sorted(dice.randrange(len(data) + 1) for _ in range(2))
    deed = dice.randrange(5)
    if deed == 0:
        return data[:at]
    if deed == 1:
        return data[:at] + dice.choice(BYTES) + data[at:]
    if deed == 2:
        return data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]
    if deed == 3:
        return data[:at] + data[min(end, at + 40) :]
    return data[:at] + data[at:end] * 2 + data[end:]


_KINDS: dict[Kind, Callable[[bytes, Dice], bytes]] = {
    "json": _json, "jsonl": _lines_of_json, "msgpack": _msgpack, "lines": _lines, "toml": _toml, "xml": _xml,
    "bytes": _bytes,
}  # fmt: skip
