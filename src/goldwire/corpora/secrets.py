"""Hides keys and tokens in whatever comes from outside, in all forms in which a server may repeat them.

A secret is registered where it is read. From then on `hide` takes it out of every text, whole or in part:
as it is, percent-encoded, in base64 or hexadecimal digits, and behind the stars with which servers cut it.
"""

from __future__ import annotations

import base64
import mmap
import os
import re
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

HIDDEN = "***"
PART = 8  # characters of a secret, or of one of its forms, that no message may have in a row
# Of data more, so that words that happen to be in a key stay in them; what is shorter than a key (EMPTY,
# ollama: servers on this machine take any) is left there altogether.
PART_OF_DATA, SHORTEST_KEY = 12, 12
_BLOCK = 6  # bytes: a part of data is as long as two, so it has one that begins at a multiple of 6 whole
_READ, _BLANK = 1 << 20, ord(" ")
_HOLLOW = "\x01"  # stands for blanks in a key
_ENDS = 3  # characters beside the stars of a cut secret that tell which it is
_FEWEST = 4  # characters; less is no secret, and stands in every text

_REGISTERED: dict[str, None] = {}
# What is a token by its looks: JSON web tokens, what follows a scheme of HTTP, passwords in addresses.
_LOOKS = re.compile(
    r"eyJ[\w-]{5,}(?:\.[\w-]+)+\.?"
    r"|(?<=Bearer )[\w.~+/=-]+|(?<=Token )[\w.~+/=-]+|(?<=Basic )[\w+/=-]+|(?<=://)[^/\s@]+(?=@)"
)
_CUT = re.compile(r"(?P<head>[\w-]*)(?P<stars>[*•…]+|\.{3,}|x{4,})(?P<tail>[\w-]*)")
_NAMED = re.compile("KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)


def register(secret: str) -> None:
    """Let no text have a secret from now on, for as long as this process lives."""
    if len(secret.strip()) >= _FEWEST:
        _REGISTERED[secret.strip()] = None


def hide(text: str) -> str:
    """A message without what is registered, what a variable of the environment that is called a key holds,
    and what is a token by its looks.
    """
    for secret in _REGISTERED:
        text = _without_parts(text, secret, PART)
    if _REGISTERED:
        text = _CODED.sub(_without_codes, _CUT.sub(_without_ends, text))
    for name, value in os.environ.items():
        if len(value) >= SHORTEST_KEY and value in text and _NAMED.search(name):
            text = text.replace(value, HIDDEN)
    return _LOOKS.sub(HIDDEN, text)


def hide_bytes(body: bytes) -> bytes:
    """Data that a server sent, as they are unless they have a registered key in them."""
    keys = _keys()
    for secret in keys if _may_hold(body, keys) else ():
        if any(block in body for block in _blocks(secret)):
            text = _without_parts(body.decode("utf-8", "surrogateescape"), secret, PART_OF_DATA)
            body = text.encode("utf-8", "surrogateescape")
    return body


def hide_file(path: Path) -> None:
    """`hide_bytes` of a file, of which no more is held than the system sees fit, if no key is in it."""
    if path.stat().st_size:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as body:
            if not _may_hold(body, _keys()):
                return
        path.write_bytes(hide_bytes(path.read_bytes()))


# ---------------------------------------------------------------- forms
@lru_cache
def _forms(secret: str) -> tuple[str, ...]:
    """A secret in all its forms; of base64 what does not depend on the bytes before and behind."""
    raw = secret.encode()
    found = [
        secret,
        quote(secret, safe=""),
        quote(quote(secret, safe=""), safe=""),
        raw.hex(),
        raw.hex().upper(),
    ]
    found.append(re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), found[1]))
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        found += [_inner(encode, raw, before) for before in range(3)]
    return tuple(dict.fromkeys(form for form in found if len(form) >= _FEWEST))


def _inner(encode: Callable[[bytes], bytes], raw: bytes, before: int) -> str:
    """The base64 digits that depend on `raw` alone, `before` so many bytes of something else."""
    digits = encode(b"\0" * before + raw).decode().rstrip("=")
    first = -(-before * 8 // 6)
    last = (before + len(raw)) * 8 // 6
    return digits[first:last]


@lru_cache
def _parts(secret: str, size: int) -> dict[int, frozenset[str]]:
    """All parts of so many characters, by their length: of a shorter form it is the whole."""
    found: dict[int, set[str]] = {}
    for form in _forms(secret):
        long = min(size, len(form))
        folded = form.translate(_FOLDED)
        found.setdefault(long, set()).update(folded[k : k + long] for k in range(len(form) - long + 1))
    return {long: frozenset(parts) for long, parts in found.items()}


@lru_cache
def _blocks(secret: str) -> tuple[bytes, ...]:
    """Pieces of all forms, of which any part of data has at least one whole."""
    forms = [form.encode() for form in _forms(secret)]
    return tuple(form[k : k + _BLOCK] for form in forms for k in range(0, len(form) - _BLOCK + 1, _BLOCK))


def _keys() -> tuple[str, ...]:
    """What is registered and long enough to be looked for in data."""
    return tuple(secret for secret in _REGISTERED if len(secret) >= SHORTEST_KEY)


def _may_hold(body: bytes | mmap.mmap, keys: tuple[str, ...]) -> bool:
    """Whether a part of a key may be in data, in time that does not grow with the keys.

    Of the runs of characters that keys have, long enough for a part, every sixth piece is looked up among all
    pieces of all forms: a part of data has two such pieces side by side, one of them whole.
    """
    if not keys:
        return False
    plain, pieces = _sieve(keys)
    for start in range(0, len(body), _READ):
        for run in bytes(body[start : start + _READ + PART_OF_DATA - 1]).translate(plain).split():
            if len(run) >= PART_OF_DATA:
                every_sixth = [run[k : k + _BLOCK] for k in range(0, len(run) - _BLOCK + 1, _BLOCK)]
                if not pieces.isdisjoint(every_sixth) and _is_part(run, keys):
                    return True
    return False


def _is_part(run: bytes, keys: Iterable[str]) -> bool:
    """Whether a part of a key is in a run: six characters, such as digits of a hash, may be so by chance."""
    text = run.decode("utf-8", "surrogateescape").translate(_FOLDED)
    windows = {text[k : k + PART_OF_DATA] for k in range(len(text) - PART_OF_DATA + 1)}
    return _HOLLOW in text or any(
        not windows.isdisjoint(parts) for key in keys for parts in _parts(key, PART_OF_DATA).values()
    )


@lru_cache(maxsize=4)
def _sieve(keys: tuple[str, ...]) -> tuple[bytes, frozenset[bytes]]:
    """What makes all characters that no key has blanks, and all pieces of keys behind it."""
    forms = [form.encode() for key in keys for form in _forms(key)]
    found = {code for form in forms for code in form}
    plain = bytes(
        (code if code > _BLANK else ord(_HOLLOW)) if code in found else _BLANK for code in range(256)
    )
    rest = (form.translate(plain) for form in forms)
    return plain, frozenset(form[k : k + _BLOCK] for form in rest for k in range(len(form) - _BLOCK + 1))


def _without_parts(text: str, secret: str, size: int) -> str:
    marked: set[int] = set()
    folded = text.translate(_FOLDED)
    for long, parts in _parts(secret, size).items():
        for k in range(len(text) - long + 1):
            if folded[k : k + long] in parts:
                marked.update(range(k, k + long))
    if not marked:
        return text
    first = (HIDDEN if k in marked else char for k, char in enumerate(text) if {k - 1, k} - marked)
    return "".join(first)


# Letters alike in either case: each stays one character, as `str.lower` does not promise.
_FOLDED = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
# What may be each character of a secret by its number: percent-encoded, as JSON, as HTML.
_CODED = re.compile(r"(?:%[0-9a-f]{2}|\\u[0-9a-f]{4}|&#x[0-9a-f]+;|&#[0-9]+;|[\w.~+/=-]){8,}", re.IGNORECASE)
_CODE = re.compile(r"%([0-9a-f]{2})|\\u([0-9a-f]{4})|&#x([0-9a-f]+);|&#([0-9]+);", re.IGNORECASE)


def _without_codes(found: re.Match[str]) -> str:
    """A run of characters in which some stand by their numbers, unless these are those of a secret."""
    plain = found[0]
    for _ in range(2):  # what was encoded twice
        plain = _CODE.sub(_character, plain)
    if plain != found[0] and any(_without_parts(plain, secret, PART) != plain for secret in _REGISTERED):
        return HIDDEN
    return found[0]


def _character(code: re.Match[str]) -> str:
    number = int(code[4]) if code[4] else int(code[1] or code[2] or code[3], 16)
    return chr(number) if number < sys.maxunicode else code[0]


def _without_ends(found: re.Match[str]) -> str:
    """What stands beside stars, unless it is the beginning or the end of a secret."""
    head, tail = found["head"], found["tail"]
    starts = len(head) >= _ENDS and any(secret.startswith(head) for secret in _REGISTERED)
    ends = len(tail) >= _ENDS and any(secret.endswith(tail) for secret in _REGISTERED)
    return f"{'' if starts else head}{found['stars']}{'' if ends else tail}"
