"""Bytes to text, once: byte order marks, line ends and encodings are settled here or refused with a hint."""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from goldwire.corpora.codec import check_file
from goldwire.corpora.errors import DataError, Fault

# The longer marks first: that of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What UTF-8 read as cp1252 looks like: â€ begins dashes and quotes, Ã and a sign an accented letter.
MOJIBAKE = re.compile(r"â€[\u0080-\uffff]|Ã[\u0080-\u00bf]")
CONTROL = re.compile("[\x01-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")
_NOT_OF_FILES = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
SHOWN = 20  # characters on each side of a byte that cannot be read


def decode(data: bytes, where: str, encoding: str | None = None) -> str:
    """The text of a file, without byte order mark and with `\\n` as its only line end.

    Without `encoding` a byte order mark decides, else it is UTF-8. Raises `DataError` if bytes do not fit,
    if `encoding` is unknown, or if the text holds NUL as binary files do.

    >>> decode(b"\\xff\\xfea\\x00\\r\\x00\\n\\x00", "a.txt")
    'a\\n'
    """
    return normalise(decode_exactly(data, where, encoding))


def decode_exactly(data: bytes, where: str, encoding: str | None = None) -> str:
    """As `decode`, with the line ends that the file has: for offsets that count them."""
    mark, marked = next(((mark, name) for mark, name in MARKS if data.startswith(mark)), (b"", None))
    if encoding is not None and not _is_known(encoding):
        raise _refused(where, f"there is no encoding {encoding!r}; name one such as cp1252 or utf-16-le")
    name = marked or encoding or "utf-8"
    try:
        text = data[len(mark) :].decode(name)
    except UnicodeDecodeError as error:
        raise _refused(where, _why(data[len(mark) :], name, error)) from error
    except (ValueError, IndexError, OverflowError) as error:
        raise _refused(where, f"is not {name.upper()}: {error}") from error
    if "\0" in text:
        raise _refused(where, _nul(text, name))
    return text


def iter_text(path: Path, where: str, encoding: str | None = None) -> Iterator[str]:
    """The lines of what `decode` gives for a file, each with its end, in memory that is that of a line.

    Raises what that raises, behind the lines before the fault.
    """
    check_file(path)
    if encoding is not None and not _is_known(encoding):
        decode(b"", where, encoding)  # raises
    with path.open("rb") as file:
        start = file.read(max(len(mark) for mark, _ in MARKS))
        mark, marked = next(((mark, name) for mark, name in MARKS if start.startswith(mark)), (b"", None))
        file.seek(len(mark))
        lines = io.TextIOWrapper(file, marked or encoding or "utf-8", newline=None)
        first, sound = True, True
        try:
            for line in lines:
                sound = "\0" not in line
                if not sound:
                    break
                yield line.removeprefix("\ufeff") if first else line
                first = False
        except (ValueError, IndexError, OverflowError):
            sound = False
    if not sound:
        decode(path.read_bytes(), where, encoding)  # raises, with the place in the file
        raise _refused(where, "was changed while it was read; run this again")


def normalise(text: str) -> str:
    """A text with `\\n` as its only line end and no byte order mark in front."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def text_faults(text: str) -> list[str]:
    """Why a text cannot be annotated: it is empty, or holds what is no character."""
    faults = []
    if not text.strip():
        faults.append("is empty")
    if "\0" in text:
        faults.append("holds NUL characters, as binary data do")
    if (place := re.search("[\ud800-\udfff]", text)) is not None:
        faults.append(f"holds half a character (a lone surrogate) at code point {place.start()}")
    return faults


def text_warnings(text: str) -> list[str]:
    """Signs that a text was damaged before it came here; it is taken as it is."""
    warnings = []
    if (lost := text.count("\ufffd")) > 0:
        warnings.append(f"{lost} character(s) lost by an earlier conversion (U+FFFD)")
    if (place := MOJIBAKE.search(text)) is not None:
        warnings.append(f"looks like UTF-8 that was read as cp1252 ({place.group()!r})")
    if (sign := CONTROL.search(text)) is not None:
        warnings.append(f"control character U+{ord(sign.group()):04X} at code point {sign.start()}")
    return warnings


def _is_known(encoding: str) -> bool:
    """Whether files are written in it; Python knows more, that are for names of hosts and for source code."""
    try:
        b" ".decode(encoding, "replace")
        return codecs.lookup(encoding).name not in _NOT_OF_FILES
    except (LookupError, ValueError):
        return False


def _why(data: bytes, name: str, error: UnicodeDecodeError) -> str:
    at, line = error.start, data.count(b"\n", 0, error.start) + 1
    what = f"byte 0x{data[at]:02x} at offset {at} (line {line}) is not {name.upper()}"
    if b"\0" in data:
        return f"{what}: a binary file, or one that was cut off"
    shown = data[max(0, at - SHOWN) : at + SHOWN].decode("cp1252", "replace")
    return f"{what}; if {shown!r} reads well, give --encoding cp1252, else name the right one"


def _nul(text: str, name: str) -> str:
    # Every second byte of English in UTF-16 is NUL; in a binary file it is not so regular.
    halves = [text[0::2].count("\0"), text[1::2].count("\0")]
    if name == "utf-8" and max(halves) * 3 > len(text):
        guess = "utf-16-le" if halves[1] > halves[0] else "utf-16-be"
        return f"holds NUL bytes: UTF-16 without a byte order mark? Then give --encoding {guess}"
    return "holds NUL characters: a binary file cannot be annotated"


def _refused(where: str, message: str) -> DataError:
    return DataError(f"{where}: cannot be read as text", [Fault(where, "", message)])


def composed(got: str, said: str, text: str = "") -> str:
    """What to add to a message that words differ from those of a text: that they are the same letters, if so.

    In one form an accent is a character of its own, so the offsets differ too: then the words are looked for
    in the whole `text`.

    >>> composed("Zoe\\u0308", "Zo\\xeb")
    ' (the same letters in another Unicode form: NFD in the text, NFC here)'
    >>> composed("Zoe", "Zo\\xeb", "Zoe\\u0308"), composed("Zoe", "Zoe"), composed("Zoe", "Ann", "Zoe")
    (' (the same letters in another Unicode form: NFD in the text, NFC here)', '', '')
    """
    if _normal(said) == _normal(got) != "":
        there = got
    elif (
        not said.isascii()
        and len(text) <= _LOOKED_THROUGH
        and said not in text
        and _normal(said) in _normal(text)
    ):
        there = text
    else:
        return ""
    if there == said:
        return ""
    return f" (the same letters in another Unicode form: {_form(there)} in the text, {_form(said)} here)"


_LOOKED_THROUGH = 100_000  # code points; every faulty word of a text is looked for


@lru_cache(maxsize=8)
def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _form(text: str) -> str:
    known = (form for form in ("NFC", "NFD") if unicodedata.is_normalized(form, text))
    return next(known, "a mixed one")
